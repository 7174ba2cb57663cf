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

    /// Scales, mirrors, crops and brightens an image and its labels alike. Both
    /// come back at exactly the crop's size; where the image is smaller it is
    /// padded, with a mean color and [`VOID`]. Without a crop they keep the size that
    /// they were scaled to.
    ///
    /// Image and labels must be of one size.
    pub fn apply(&self, rgb: &Rgb, labels: &LabelMap, rng: &mut Rng) -> (Rgb, LabelMap) {
        let scale = between(self.scale, rng).clamp(SCALE_LIMITS[0], SCALE_LIMITS[1]);
        let window = |rgb: &Rgb, labels: &LabelMap, rng: &mut Rng| {
            let mirrored = self.flip && rng.random();
            let size = rgb.size();
            let crop = self.crop.unwrap_or(size);
            let window = if self.random_crop {
                Window::random(size, crop, mirrored, rng)
            } else {
                Window::middle(size, crop, mirrored)
            };
            (window.cut_rgb(rgb), window.cut_labels(labels))
        };
        let (mut rgb, labels) = if (scale - 1.0).abs() < 1e-3 {
            window(rgb, labels, rng)
        } else {
            let scaled = |side: u32| ((side as f32 * scale).round() as u32).max(1);
            let size = Size::new(scaled(rgb.width), scaled(rgb.height));
            window(&resize_rgb(rgb, size), &resize_labels(labels, size), rng)
        };
        self.brighten(&mut rgb, rng);
        (rgb, labels)
    }

    fn brighten(&self, rgb: &mut Rgb, rng: &mut Rng) {
        let amount = self.brightness.clamp(0.0, 1.0);
        if amount <= 0.0 {
            return;
        }
        let contrast = between([1.0 - amount, 1.0 + amount], rng);
        let offset = 255.0 * between([-amount, amount], rng);
        let table: [u8; 256] = std::array::from_fn(|value| {
            ((value as f32 - 127.5) * contrast + 127.5 + offset).round() as u8
        });
        for value in &mut rgb.pixels {
            *value = table[usize::from(*value)];
        }
    }
}

/// Where a crop lies over an image; the offsets are negative where it sticks out.
struct Window {
    left: i64,
    top: i64,
    width: usize,
    height: usize,
    mirrored: bool,
}

impl Window {
    fn random(size: Size, crop: Size, mirrored: bool, rng: &mut Rng) -> Self {
        Self::place(size, crop, mirrored, |spare| {
            rng.random_range(spare.min(0)..=spare.max(0))
        })
    }

    fn middle(size: Size, crop: Size, mirrored: bool) -> Self {
        Self::place(size, crop, mirrored, |spare| spare.div_euclid(2))
    }

    /// `offset` gets the number of pixels by which a side is longer than the crop; negative where
    /// it is shorter.
    fn place(size: Size, crop: Size, mirrored: bool, mut offset: impl FnMut(i64) -> i64) -> Self {
        let (width, height) = (crop.width.max(1), crop.height.max(1));
        Self {
            left: offset(i64::from(size.width) - i64::from(width)),
            top: offset(i64::from(size.height) - i64::from(height)),
            width: width as usize,
            height: height as usize,
            mirrored,
        }
    }

    fn cut_rgb(&self, rgb: &Rgb) -> Rgb {
        let source = rgb.pixels.as_chunks::<3>().0;
        let pixels = self.cut(source, rgb.size(), PADDING);
        Rgb {
            width: self.width as u32,
            height: self.height as u32,
            pixels: pixels.into_flattened(),
        }
    }

    fn cut_labels(&self, labels: &LabelMap) -> LabelMap {
        let cut = self.cut(&labels.labels, labels.size(), VOID);
        LabelMap {
            width: self.width as u32,
            height: self.height as u32,
            labels: cut,
        }
    }

    fn cut<T: Copy>(&self, source: &[T], size: Size, padding: T) -> Vec<T> {
        let (width, height) = (i64::from(size.width), i64::from(size.height));
        let mut cut = vec![padding; self.width * self.height];
        for (row, target) in cut.chunks_exact_mut(self.width).enumerate() {
            let y = self.top + row as i64;
            if !(0..height).contains(&y) {
                continue;
            }
            let first = self.left.max(0);
            let last = (self.left + self.width as i64).min(width);
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
