//! Changes of an image's values: light, color, blur and noise. Labels stay.

use serde::Serialize;

use crate::dataset::Rgb;

/// Blur below is none, in pixels.
const LEAST_BLUR: f32 = 0.1;

/// Each value becomes `(value - 127.5) * contrast + 127.5 + offset`, rounded and kept in a byte.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Light {
    /// A factor about 1.
    pub contrast: f32,
    /// In values of a byte.
    pub offset: f32,
}

impl Light {
    pub(super) fn apply(self, rgb: &mut Rgb) {
        let table: [u8; 256] = std::array::from_fn(|value| {
            ((value as f32 - 127.5) * self.contrast + 127.5 + self.offset).round() as u8
        });
        for value in &mut rgb.pixels {
            *value = table[usize::from(*value)];
        }
    }
}

/// What is done to the colors, around the gray of the same luma (BT.601), which stays.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tint {
    /// A factor on the distance from gray; 0 = gray, 1 = as it is.
    pub saturation: f32,
    /// By how much the hue is turned: the chroma plane (U, V) about gray, from blue to red.
    pub hue_degrees: f32,
}

/// Weights of red, green and blue in the luma, and of blue and red in the chroma (BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];
const CHROMA: [f32; 2] = [0.492, 0.877];

impl Tint {
    pub(super) fn apply(self, rgb: &mut Rgb) {
        let (sine, cosine) = self.hue_degrees.to_radians().sin_cos();
        let [sine, cosine] = [sine * self.saturation, cosine * self.saturation];
        for pixel in rgb.pixels.as_chunks_mut::<3>().0 {
            let [red, green, blue] = pixel.map(f32::from);
            let luma = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue;
            let [u, v] = [CHROMA[0] * (blue - luma), CHROMA[1] * (red - luma)];
            let red = luma + (u * sine + v * cosine) / CHROMA[1];
            let blue = luma + (u * cosine - v * sine) / CHROMA[0];
            let green = (luma - LUMA[0] * red - LUMA[2] * blue) / LUMA[1];
            *pixel = [red, green, blue].map(|value| value.round() as u8);
        }
    }
}

/// A Gaussian blur of this deviation in pixels; beyond the border are the pixels at it.
pub(super) fn blur(rgb: &mut Rgb, deviation: f32) {
    let [width, height] = [rgb.width as usize, rgb.height as usize];
    if deviation < LEAST_BLUR || width == 0 || height == 0 {
        return;
    }
    let weights = gauss(deviation);
    let reach = weights.len() / 2;
    // The position `offset` steps from `at`, counted from `reach` before it, kept in the image.
    let near =
        |at: usize, offset: usize, side: usize| (at + offset).saturating_sub(reach).min(side - 1);
    let mut across = vec![0.0_f32; rgb.pixels.len()];
    for (row, target) in across.chunks_exact_mut(3 * width).enumerate() {
        let source = &rgb.pixels[3 * width * row..][..3 * width];
        for (column, target) in target.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            for (offset, weight) in weights.iter().enumerate() {
                let from = 3 * near(column, offset, width);
                for (target, value) in target.iter_mut().zip(&source[from..from + 3]) {
                    *target += weight * f32::from(*value);
                }
            }
        }
    }
    let mut sums = vec![0.0_f32; 3 * width];
    for (row, target) in rgb.pixels.chunks_exact_mut(3 * width).enumerate() {
        sums.fill(0.0);
        for (offset, weight) in weights.iter().enumerate() {
            let from = 3 * width * near(row, offset, height);
            for (sum, value) in sums.iter_mut().zip(&across[from..from + 3 * width]) {
                *sum += weight * value;
            }
        }
        for (target, sum) in target.iter_mut().zip(&sums) {
            *target = sum.round() as u8;
        }
    }
}

/// The weights of a Gaussian up to three deviations each way, with the sum 1.
fn gauss(deviation: f32) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil() as i32;
    let weight = |at: i32| (-0.5 * (at as f32 / deviation).powi(2)).exp();
    let weights: Vec<f32> = (-reach..=reach).map(weight).collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Noise of every value by itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Noise {
    /// Its standard deviation, in values of a byte.
    pub deviation: f32,
    /// From which all values of the image are drawn.
    pub seed: u32,
}

impl Noise {
    pub(super) fn apply(self, rgb: &mut Rgb) {
        for (place, value) in (1_u64..).zip(&mut rgb.pixels) {
            let noise = self.deviation * nearly_normal(self.bits(place));
            *value = (f32::from(*value) + noise).round() as u8;
        }
    }

    /// The number of a place, unrelated to those of others: SplitMix64 (Steele et al. 2014).
    fn bits(self, place: u64) -> u64 {
        let state = u64::from(self.seed).wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ (state >> 31)
    }
}

/// A number of mean 0 and deviation 1 from 64 random bits: the sum of four uniform ones, which is
/// within 3.5 and nearly normal.
pub(super) fn nearly_normal(bits: u64) -> f32 {
    let parts = [0, 16, 32, 48].map(|shift| (bits >> shift) & 0xffff);
    let sum = parts.iter().sum::<u64>() as f32;
    // The variance of a uniform number between 0 and 1 is 1/12.
    (sum / 65_535.0 - 2.0) * 3_f32.sqrt()
}
