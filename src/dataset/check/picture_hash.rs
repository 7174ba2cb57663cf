//! A short description of a picture that survives another size, format or compression.
//!
//! The difference hash (Krawetz 2013): whether brightness rises from each cell of a coarse grid
//! to the next, along rows here.

use std::collections::HashMap;

use crate::dataset::Rgb;

/// Cells of a row, one less than which gives the bits of a row.
const COLUMNS: usize = 17;
const ROWS: usize = 16;
/// Bits in which copies may differ: rounding, mostly.
const SAME: u32 = 6;
/// A step of brightness below this is noise.
const NOISE: f64 = 1.0;
/// Steps that a picture needs to be told from another.
const MIN_STEPS: u32 = 48;

/// The bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PictureHash([u64; 4]);

impl PictureHash {
    /// The hash of an image; `None` for one that is too plain or too small to be told from another.
    pub fn of(rgb: &Rgb) -> Option<Self> {
        let (width, height) = (rgb.width as usize, rgb.height as usize);
        if width < COLUMNS || height < ROWS {
            return None;
        }
        let mut cells = [[0.0; COLUMNS]; ROWS];
        for (row, cells) in cells.iter_mut().enumerate() {
            for (y, row_weight) in overlaps(row, ROWS, height) {
                let line = &rgb.pixels[y * width * 3..];
                for (column, cell) in cells.iter_mut().enumerate() {
                    for (x, weight) in overlaps(column, COLUMNS, width) {
                        let sum: u16 = line[x * 3..x * 3 + 3].iter().map(|v| u16::from(*v)).sum();
                        *cell += f64::from(sum) * weight * row_weight / 3.0;
                    }
                }
            }
        }
        let mut bits = [0; 4];
        let mut steps = 0;
        for (row, cells) in cells.iter().enumerate() {
            for (column, pair) in cells.windows(2).enumerate() {
                let at = row * (COLUMNS - 1) + column;
                let step = pair[1] - pair[0];
                steps += u32::from(step.abs() > NOISE);
                bits[at / 64] |= u64::from(step > NOISE) << (at % 64);
            }
        }
        (steps >= MIN_STEPS).then_some(Self(bits))
    }

    /// Its bits in parts of nearly the same length.
    fn parts(&self) -> [u64; PARTS] {
        const BITS: usize = (COLUMNS - 1) * ROWS;
        let bit = |at: usize| self.0[at / 64] >> (at % 64) & 1;
        std::array::from_fn(|part| {
            let bits = BITS * part / PARTS..BITS * (part + 1) / PARTS;
            bits.fold(0, |value, at| value << 1 | bit(at))
        })
    }

    /// Whether both are of one picture.
    pub fn is_same(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        pairs.map(|(a, b)| (a ^ b).count_ones()).sum::<u32>() <= SAME
    }
}

/// Of bits that differ in at most [`SAME`] places, one of so many parts is the same.
const PARTS: usize = SAME as usize + 1;

/// Hashes among which those of one picture are found without comparing all of them.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    hashes: Vec<PictureHash>,
    /// The places of those that have a part, in order.
    by_part: [HashMap<u64, Vec<usize>>; PARTS],
}

impl Pictures {
    pub(super) fn of(hashes: impl Iterator<Item = PictureHash>) -> Self {
        let mut pictures = Self::default();
        for hash in hashes {
            let place = pictures.hashes.len();
            for (places, part) in pictures.by_part.iter_mut().zip(hash.parts()) {
                places.entry(part).or_default().push(place);
            }
            pictures.hashes.push(hash);
        }
        pictures
    }

    /// The place of the first hash of the same picture that is wanted.
    pub(super) fn first_of(
        &self,
        hash: &PictureHash,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let is_it = |place: &&usize| self.hashes[**place].is_same(hash) && is_wanted(**place);
        let parts = self.by_part.iter().zip(hash.parts());
        let found = parts.filter_map(|(places, part)| places.get(&part)?.iter().find(is_it));
        found.min().copied()
    }
}

/// The pixels of a side under one of its cells, with the share of the cell that each covers.
fn overlaps(cell: usize, cells: usize, length: usize) -> impl Iterator<Item = (usize, f64)> {
    let scale = length as f64 / cells as f64;
    let (from, to) = (cell as f64 * scale, (cell + 1) as f64 * scale);
    let last = (to.ceil() as usize).min(length);
    (from as usize..last).map(move |at| {
        let covered = to.min((at + 1) as f64) - from.max(at as f64);
        (at, covered / scale)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Size, resize_rgb};

    /// Waves of brightness, as light and shadow have them.
    fn picture(seed: u64) -> Rgb {
        let waves = (1..6).map(|wave| (wave as f64 * 0.021, (seed * wave) as f64 * 1.7));
        let waves: Vec<(f64, f64)> = waves.collect();
        let value = |at: usize| {
            let (x, y) = ((at % 160) as f64, (at / 160) as f64);
            let sum: f64 = waves
                .iter()
                .map(|(step, phase)| (step * x + phase).sin() + (step * y - phase).cos())
                .sum();
            [(127.0 + 12.0 * sum) as u8; 3]
        };
        Rgb {
            width: 160,
            height: 120,
            pixels: (0..160 * 120).flat_map(value).collect(),
        }
    }

    #[test]
    fn a_copy_of_another_size_is_the_same_picture() {
        let hash = |rgb: &Rgb| PictureHash::of(rgb).expect("not plain");
        let one = picture(1);
        let small = resize_rgb(&one, Size::new(80, 60));
        assert!(hash(&one).is_same(&hash(&small)));
        let mut darker = one.clone();
        for value in &mut darker.pixels {
            *value = (u16::from(*value) * 9 / 10) as u8;
        }
        assert!(hash(&one).is_same(&hash(&darker)));
        assert!(!hash(&one).is_same(&hash(&picture(2))));
    }

    #[test]
    fn whatever_bits_differ_a_picture_is_found_again() {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state >> 20
        };
        let hashes: Vec<PictureHash> = (0..200)
            .map(|_| PictureHash([(); 4].map(|()| next() << 32 ^ next())))
            .collect();
        let pictures = Pictures::of(hashes.iter().copied());
        for (place, hash) in hashes.iter().enumerate() {
            let mut copy = *hash;
            for _ in 0..SAME {
                let bit = next() as usize % 256;
                copy.0[bit / 64] ^= 1 << (bit % 64);
            }
            // As among all of them, one by one.
            let plain = hashes.iter().position(|other| other.is_same(&copy));
            assert_eq!(pictures.first_of(&copy, |_| true), plain);
            assert_eq!(plain, Some(place));
            assert_eq!(pictures.first_of(&copy, |found| found != place), None);
        }
        let twice = Pictures::of([hashes[0], hashes[1], hashes[0]].into_iter());
        assert_eq!(twice.first_of(&hashes[0], |_| true), Some(0));
        assert_eq!(twice.first_of(&hashes[0], |place| place > 0), Some(2));
    }

    #[test]
    fn plain_pictures_have_none() {
        let plain = Rgb {
            width: 64,
            height: 48,
            pixels: vec![90; 64 * 48 * 3],
        };
        assert_eq!(PictureHash::of(&plain), None);
    }
}
