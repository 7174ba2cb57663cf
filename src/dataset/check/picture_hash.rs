//! A short description of a picture that survives another size, format or compression.
//!
//! The difference hash (Krawetz 2013): whether brightness rises from each cell of a coarse grid
//! to the next, along rows here.

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

    /// Whether both are of one picture.
    pub fn is_same(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        pairs.map(|(a, b)| (a ^ b).count_ones()).sum::<u32>() <= SAME
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
    fn plain_pictures_have_none() {
        let plain = Rgb {
            width: 64,
            height: 48,
            pixels: vec![90; 64 * 48 * 3],
        };
        assert_eq!(PictureHash::of(&plain), None);
    }
}
