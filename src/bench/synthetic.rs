//! Synthetic images and masks, which another program can make in a line.

use super::case::NUM_CLASSES;
use crate::dataset::{Batch, LabelMap, Normalization, Rgb, Size, VOID};

/// Grain: byte `n` is the highest one of `n * 2654435761` in 32 bits (Knuth's multiplicative
/// hash).
pub fn photo(Size { width, height }: Size) -> Rgb {
    let pixels = (0..width * height * 3).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8);
    Rgb {
        width,
        height,
        pixels: pixels.collect(),
    }
}

/// Patches of 25x25 pixels of one label, every 22nd of them void; the first `left` columns
/// are cut off.
pub fn labels(Size { width, height }: Size, left: u32) -> LabelMap {
    let label = |x: u32, y: u32| {
        let patch = ((x + left) / 25 + y / 25 * 7) % (NUM_CLASSES as u32 + 1);
        if patch as usize == NUM_CLASSES {
            VOID
        } else {
            patch as u8
        }
    };
    let labels = (0..height).flat_map(|y| (0..width).map(move |x| label(x, y)));
    LabelMap {
        width,
        height,
        labels: labels.collect(),
    }
}

/// A mask as a network predicts it: without void, and right in four pixels of five.
pub fn mask(size: Size) -> LabelMap {
    let mut mask = labels(size, 5);
    for label in &mut mask.labels {
        if *label == VOID {
            *label = 0;
        }
    }
    mask
}

/// A batch of the same image and labels.
pub fn batch(size: Size, batch_size: usize, normalization: &Normalization) -> Batch {
    let photo = photo(size);
    let mut image = vec![0.0; photo.pixels.len()];
    normalization.write_chw(&photo, &mut image);
    Batch {
        images: image.repeat(batch_size),
        labels: labels(size, 0).labels.repeat(batch_size),
        batch_size,
        height: size.height as usize,
        width: size.width as usize,
        ids: vec!["synthetic".to_owned(); batch_size],
        changes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_values_are_hand_computed() {
        // 2654435761 is 0x9e3779b1: multiples of it modulo 2^32 begin with 9e, 3c, da.
        assert_eq!(photo(Size::new(2, 1)).pixels[..4], [0x00, 0x9e, 0x3c, 0xda]);
        let truth = labels(Size::new(600, 30), 0);
        let at = |x: usize, y: usize| truth.labels[y * 600 + x];
        assert_eq!([at(0, 0), at(24, 24), at(25, 0), at(0, 25)], [0, 0, 1, 7]);
        assert_eq!([at(525, 0), at(549, 0), at(550, 0)], [VOID, VOID, 0]);
        let mask = mask(Size::new(600, 30)).labels;
        assert!(!mask.contains(&VOID));
        assert_eq!([mask[19], mask[20], mask[520]], [0, 1, 0]);
    }
}
