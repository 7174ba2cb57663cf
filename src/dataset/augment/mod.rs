//! Random changes of training images, and resizing.
//!
//! Works on decoded images only. Must not read files or know about batches.

mod change;
mod values;
mod warp;

pub use change::Change;
pub use values::{Light, Noise, Tint};
pub use warp::Warp;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use self::values::nearly_normal;
use self::warp::BENDS;
use super::{LabelMap, Rgb, Size};

/// The random numbers of augmentation and shuffling: small, fast, and the same
/// on every machine.
pub type Rng = rand_pcg::Pcg64Mcg;

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
    /// Largest random rotation each way, in degrees, `0.0..=180.0`, 0 = off.
    #[serde(default)]
    pub rotation: f32,
    /// Deviation of the random vectors by which the points of a 3 by 3 grid over the crop are moved, in
    /// pixels, `0.0..=100.0`, 0 = off; 10 in Ronneberger et al. 2015 (U-Net, section 3.1).
    #[serde(default)]
    pub elastic: f32,
    /// Amount of random saturation, `0.0..=1.0`, 0 = off. With 0.2 the distance of a color from gray is
    /// multiplied by 0.8..=1.2.
    #[serde(default)]
    pub saturation: f32,
    /// Largest random turn of the hue each way, in degrees of the color circle, `0.0..=180.0`, 0 = off.
    #[serde(default)]
    pub hue: f32,
    /// Largest deviation of a random Gaussian blur, in pixels, `0.0..=20.0`, 0 = off.
    #[serde(default)]
    pub blur: f32,
    /// Largest deviation of random noise, as a share of white, `0.0..=1.0`, 0 = off.
    #[serde(default)]
    pub noise: f32,
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
            rotation: 0.0,
            elastic: 0.0,
            saturation: 0.0,
            hue: 0.0,
            blur: 0.0,
            noise: 0.0,
        }
    }

    /// Draws what is done to an image of this size. It comes back at exactly the crop's size; where
    /// it is smaller it is padded, with a mean color and void. Without a crop it keeps the size
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
        // In the order in which they came to the program, and nothing is drawn for what is off: old
        // settings go on to draw what they drew.
        let light = self.draw_light(rng);
        let warp = self.draw_warp(rng);
        let tint = self.draw_tint(rng);
        Change {
            scaled,
            left,
            top,
            width,
            height,
            mirrored,
            warp,
            blur: (self.blur > 0.0).then(|| between([0.0, self.blur], rng)),
            tint,
            light,
            noise: (self.noise > 0.0).then(|| Noise {
                deviation: 255.0 * between([0.0, self.noise], rng),
                seed: rng.random(),
            }),
        }
    }

    fn draw_light(&self, rng: &mut Rng) -> Option<Light> {
        let amount = self.brightness.clamp(0.0, 1.0);
        (amount > 0.0).then(|| Light {
            contrast: between([1.0 - amount, 1.0 + amount], rng),
            offset: 255.0 * between([-amount, amount], rng),
        })
    }

    fn draw_warp(&self, rng: &mut Rng) -> Option<Warp> {
        let is_turned = self.rotation > 0.0;
        let degrees = if is_turned {
            between([-self.rotation, self.rotation], rng)
        } else {
            0.0
        };
        let is_bent = self.elastic > 0.0;
        let points = if is_bent { BENDS * BENDS } else { 0 };
        let bends = (0..points)
            .map(|_| [(); 2].map(|()| self.elastic * nearly_normal(rng.random())))
            .collect();
        (is_turned || is_bent).then_some(Warp { degrees, bends })
    }

    fn draw_tint(&self, rng: &mut Rng) -> Option<Tint> {
        let amount = self.saturation.clamp(0.0, 1.0);
        let is_saturated = amount > 0.0;
        let saturation = if is_saturated {
            between([1.0 - amount, 1.0 + amount], rng)
        } else {
            1.0
        };
        let is_turned = self.hue > 0.0;
        let hue_degrees = if is_turned {
            between([-self.hue, self.hue], rng)
        } else {
            0.0
        };
        (is_saturated || is_turned).then_some(Tint {
            saturation,
            hue_degrees,
        })
    }
}

/// A random value between two, whichever is larger.
fn between(limits: [f32; 2], rng: &mut Rng) -> f32 {
    limits[0] + (limits[1] - limits[0]) * rng.random::<f32>()
}

/// The image at another size, 1 or more each; bilinear, and averaging over what one pixel covers where it
/// becomes smaller, as Pillow does. Weights are integers, so every processor gives the same values.
pub fn resize_rgb(rgb: &Rgb, size: Size) -> Rgb {
    if rgb.size() == size {
        return rgb.clone();
    }
    let Size { width, height } = size;
    let mut pixels = vec![0; 3 * width as usize * height as usize];
    let source = ImageRef::new(rgb.width, rgb.height, &rgb.pixels, PixelType::U8x3);
    let target = Image::from_slice_u8(width, height, &mut pixels, PixelType::U8x3);
    // Fewer bytes than width x height x 3 break the type's promise; there is nothing to resize then.
    if let (Ok(source), Ok(mut target)) = (source, target) {
        let bilinear = ResizeAlg::Convolution(FilterType::Bilinear);
        let options = ResizeOptions::new().resize_alg(bilinear);
        if let Err(err) = Resizer::new().resize(&source, &mut target, &options) {
            log::error!("an image of {} was not scaled to {size}: {err}", rgb.size());
        }
    }
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
