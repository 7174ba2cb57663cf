//! Random changes of training images, and resizing.
//!
//! Works on decoded images only. Must not read files or know about batches.

use crate::dataset::Size;
use image::imageops::{self, FilterType};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{LabelMap, Rgb, VOID};

/// The random numbers of augmentation and shuffling: small, fast, and the same
/// on every machine.
pub type Rng = rand_pcg::Pcg64Mcg;

/// Color of padding, RGB: the mean of `ImageNet`, which
/// normalizes to about 0.
const PADDING: [u8; 3] = [124, 116, 104];
/// Random scales are kept inside, so that a typing error cannot fill the memory.
const SCALE_LIMITS: [f32; 2] = [0.1, 10.0];

/// Random changes of training images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Augment {
    /// Size of the training crop, 1 or more each way; `None` = the whole image.
    pub crop: Option<Size>,
    /// Whether the crop lies at a random place, else in the middle. What is left over is
    /// the same on both sides, or a pixel more to the right and below.
    #[serde(default = "yes")]
    pub random_crop: bool,
    /// Smallest and largest random scale, `0.1..=10.0`; `[1.0, 1.0]` = none.
    pub scale: [f32; 2],
    /// Mirror left and right at random.
    pub flip: bool,
    /// Amount of random brightness and contrast, `0.0..=1.0`, 0 = off. With 0.2
    /// the contrast is multiplied by 0.8..=1.2 and up to 0.2 of white added or
    /// taken away.
    pub brightness: f32,
}

/// Crops were always at random places before there was a choice.
fn yes() -> bool {
    true
}

impl Augment {
    /// Nothing random: whole images, or what lies in their middle.
    pub const fn none(crop: Option<Size>) -> Self {
        Self {
            crop,
            random_crop: false,
            scale: [1.0, 1.0],
            flip: false,
            brightness: 0.0,
        }
    }

    /// Draws what is done to an image of this size. It comes back at exactly the crop's size; where
    /// it is smaller it is padded, with a mean color and [`VOID`]. Without a crop it keeps the size
    /// that it was scaled to.
    pub fn draw(&self, size: Size, rng: &mut Rng) -> Change {
        let scale = between(self.scale, rng).clamp(SCALE_LIMITS[0], SCALE_LIMITS[1]);
        let scaled = ((scale - 1.0).abs() >= 1e-3).then(|| {
            let side = |side: u32| ((side as f32 * scale).round() as u32).max(1);
            Size::new(side(size.width), side(size.height))
        });
        let size = scaled.unwrap_or(size);
        let mirrored = self.flip && rng.random();
        let crop = self.crop.unwrap_or(size);
        let (width, height) = (crop.width.max(1), crop.height.max(1));
        let spare = [
            i64::from(size.width) - i64::from(width),
            i64::from(size.height) - i64::from(height),
        ];
        let [left, top] = spare.map(|spare| {
            if self.random_crop {
                rng.random_range(spare.min(0)..=spare.max(0))
            } else {
                spare.div_euclid(2)
            }
        });
        Change {
            scaled,
            left,
            top,
            width,
            height,
            mirrored,
            light: self.draw_light(rng),
        }
    }

    fn draw_light(&self, rng: &mut Rng) -> Option<Light> {
        let amount = self.brightness.clamp(0.0, 1.0);
        (amount > 0.0).then(|| Light {
            contrast: between([1.0 - amount, 1.0 + amount], rng),
            offset: 255.0 * between([-amount, amount], rng),
        })
    }
}

/// What is done to one training image, with nothing random left.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The size to which it is scaled first; `None` = as it is.
    pub scaled: Option<Size>,
    /// The first column of the crop; negative where the crop sticks out.
    pub left: i64,
    /// Its first row.
    pub top: i64,
    /// Its columns.
    pub width: u32,
    /// Its rows.
    pub height: u32,
    /// Whether the crop is mirrored left and right.
    pub mirrored: bool,
    /// What is done to the crop's values last.
    pub light: Option<Light>,
}

/// Each value becomes `(value - 127.5) * contrast + 127.5 + offset`, rounded and kept in a byte.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Light {
    /// A factor about 1.
    pub contrast: f32,
    /// In values of a byte.
    pub offset: f32,
}

impl Light {
    fn apply(self, rgb: &mut Rgb) {
        let table: [u8; 256] = std::array::from_fn(|value| {
            ((value as f32 - 127.5) * self.contrast + 127.5 + self.offset).round() as u8
        });
        for value in &mut rgb.pixels {
            *value = table[usize::from(*value)];
        }
    }
}

impl Change {
    /// The image and its labels, changed alike.
    pub fn apply(&self, rgb: &Rgb, labels: &LabelMap) -> (Rgb, LabelMap) {
        let mut changed = match self.scaled {
            None => self.cut_rgb(rgb),
            Some(size) => self.cut_rgb(&resize_rgb(rgb, size)),
        };
        if let Some(light) = self.light {
            light.apply(&mut changed);
        }
        (changed, self.apply_to_labels(labels))
    }

    /// The labels alone.
    pub fn apply_to_labels(&self, labels: &LabelMap) -> LabelMap {
        match self.scaled {
            None => self.cut_labels(labels),
            Some(size) => self.cut_labels(&resize_labels(labels, size)),
        }
    }

    fn cut_rgb(&self, rgb: &Rgb) -> Rgb {
        let source = rgb.pixels.as_chunks::<3>().0;
        let pixels = self.cut(source, rgb.size(), PADDING);
        Rgb {
            width: self.width,
            height: self.height,
            pixels: pixels.into_flattened(),
        }
    }

    fn cut_labels(&self, labels: &LabelMap) -> LabelMap {
        let cut = self.cut(&labels.labels, labels.size(), VOID);
        LabelMap {
            width: self.width,
            height: self.height,
            labels: cut,
        }
    }

    fn cut<T: Copy>(&self, source: &[T], size: Size, padding: T) -> Vec<T> {
        let (width, height) = (i64::from(size.width), i64::from(size.height));
        let [columns, rows] = [self.width as usize, self.height as usize];
        let mut cut = vec![padding; columns * rows];
        for (row, target) in cut.chunks_exact_mut(columns).enumerate() {
            let y = self.top + row as i64;
            if !(0..height).contains(&y) {
                continue;
            }
            let first = self.left.max(0);
            let last = (self.left + i64::from(self.width)).min(width);
            let from = &source[(y * width + first) as usize..(y * width + last) as usize];
            let at = (first - self.left) as usize;
            target[at..at + from.len()].copy_from_slice(from);
            if self.mirrored {
                target.reverse();
            }
        }
        cut
    }
}

/// A random value between two, whichever is larger.
fn between(limits: [f32; 2], rng: &mut Rng) -> f32 {
    limits[0] + (limits[1] - limits[0]) * rng.random::<f32>()
}

/// The image at another size, 1 or more each; bilinear, and averaging over what
/// one pixel covers where it becomes smaller.
pub fn resize_rgb(rgb: &Rgb, size: Size) -> Rgb {
    let Size { width, height } = size;
    if rgb.size() == size {
        return rgb.clone();
    }
    let view =
        image::ImageBuffer::<image::Rgb<u8>, &[u8]>::from_raw(rgb.width, rgb.height, &rgb.pixels);
    // Fewer bytes than width x height x 3 break the type's promise; there is nothing to resize then.
    let pixels = view.map_or_else(
        || vec![0; 3 * width as usize * height as usize],
        |view| imageops::resize(&view, width, height, FilterType::Triangle).into_raw(),
    );
    Rgb {
        width,
        height,
        pixels,
    }
}

/// The labels at another size, 1 or more each; each pixel takes the label at its
/// center, since labels cannot be averaged.
pub fn resize_labels(labels: &LabelMap, Size { width, height }: Size) -> LabelMap {
    let sources = |from: u32, to: u32| -> Vec<usize> {
        let (from, to) = (u64::from(from), u64::from(to));
        (0..to)
            .map(|position| ((2 * position + 1) * from / (2 * to)) as usize)
            .collect()
    };
    let columns = sources(labels.width, width);
    let mut resized = Vec::with_capacity(width as usize * height as usize);
    for row in sources(labels.height, height) {
        let source = &labels.labels[row * labels.width as usize..][..labels.width as usize];
        resized.extend(columns.iter().map(|column| source[*column]));
    }
    LabelMap {
        width,
        height,
        labels: resized,
    }
}

#[cfg(test)]
mod tests;
