//! Noise, colors and the small mathematics of drawing.
//!
//! Must not know what a scene holds.

use rand::RngExt as _;

use crate::dataset::Rng;

/// RGB, 0..=1 each; lighter than white until the camera cuts it off.
pub(super) type Color = [f32; 3];

/// `from` at 0, `to` at 1.
pub(super) fn mix(from: Color, to: Color, share: f32) -> Color {
    std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * share)
}

/// A color made lighter or darker.
pub(super) fn lit(color: Color, light: f32) -> Color {
    color.map(|value| value * light)
}

/// 0 below `from`, 1 above `to`, smooth between.
pub(super) fn smoothstep(from: f32, to: f32, value: f32) -> f32 {
    let share = ((value - from) / (to - from)).clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// A random value in a range.
pub(super) fn within(rng: &mut Rng, from: f32, to: f32) -> f32 {
    from + (to - from) * rng.random::<f32>()
}

/// Whether something of this probability happens.
pub(super) fn chance(rng: &mut Rng, probability: f32) -> bool {
    rng.random::<f32>() < probability
}

/// One of several colors, a little changed.
pub(super) fn pick(rng: &mut Rng, colors: &[Color], change: f32) -> Color {
    let index = rng.random_range(0..colors.len().max(1));
    let color = colors.get(index).copied().unwrap_or([0.5; 3]);
    let light = within(rng, 1.0 - change, 1.0 + change);
    color.map(|value| (value * light + within(rng, -change, change) * 0.3).clamp(0.02, 0.98))
}

/// Smooth random values over the plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    seed: u32,
}

impl Noise {
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self { seed: rng.random() }
    }

    /// A value in 0..=1 that changes over a distance of about 1.
    pub(super) fn at(self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (share_x, share_y) = (
            smoothstep(0.0, 1.0, x - left),
            smoothstep(0.0, 1.0, y - top),
        );
        let corner = |right: i32, down: i32| {
            self.hash(
                (left as i32).wrapping_add(right),
                (top as i32).wrapping_add(down),
            )
        };
        let upper = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * share_x;
        let lower = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * share_x;
        upper + (lower - upper) * share_y
    }

    /// Several layers of noise, each at twice the frequency and half the height; 0..=1.
    pub(super) fn layered(self, x: f32, y: f32, layers: u32) -> f32 {
        let (mut sum, mut total, mut height, mut frequency) = (0.0, 0.0, 1.0, 1.0);
        for layer in 0..layers {
            let shifted = Self {
                seed: self.seed.wrapping_add(layer.wrapping_mul(0x9e37_79b9)),
            };
            sum += height * shifted.at(x * frequency, y * frequency);
            total += height;
            height *= 0.5;
            frequency *= 2.0;
        }
        sum / f32::max(total, 1e-6)
    }

    /// A value in 0..=1 for a cell of the unit grid, unrelated to its neighbors.
    pub(super) fn hash(self, x: i32, y: i32) -> f32 {
        let mut state = self.seed
            ^ x.cast_unsigned().wrapping_mul(0x85eb_ca6b)
            ^ y.cast_unsigned().wrapping_mul(0xc2b2_ae35);
        state = (state ^ (state >> 16)).wrapping_mul(0x7feb_352d);
        state = (state ^ (state >> 15)).wrapping_mul(0x846c_a68b);
        (state ^ (state >> 16)) as f32 / u32::MAX as f32
    }
}
