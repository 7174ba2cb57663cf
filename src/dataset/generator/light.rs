//! The light of a scene.

use rand::RngExt as _;

use super::canvas::Canvas;
use super::texture::{Color, mix, pick, within};
use crate::dataset::Rng;

/// The light of a scene, shared by all that is in it.
pub(super) struct Light {
    /// Where the sun stands: -1 at the left to 1 at the right.
    pub sun: f32,
    /// Color of the sky overhead.
    pub zenith: Color,
    /// Color of the sky over the horizon, in which distance fades.
    pub haze: Color,
    /// Tint of what is lit.
    pub tint: Color,
    /// Row of the horizon, in pixels.
    pub horizon: f32,
    /// Pixels for one pixel of a picture of 192x144.
    pub unit: f32,
}

impl Light {
    /// The light of a random time of day.
    pub(super) fn draw(canvas: &Canvas, rng: &mut Rng) -> Self {
        let daytime = &DAYTIMES[rng.random_range(0..DAYTIMES.len())];
        let change = |rng: &mut Rng, color: Color| pick(rng, &[color], 0.06);
        Self {
            sun: within(rng, -1.0, 1.0),
            zenith: change(rng, daytime.zenith),
            haze: change(rng, daytime.haze),
            tint: daytime.tint,
            horizon: canvas.height * within(rng, 0.34, 0.56),
            unit: (canvas.height / 144.0).min(canvas.width / 192.0).max(0.25),
        }
    }

    /// A surface's color under this light, as far away as a row of the ground.
    pub(super) fn on(&self, color: Color, light: f32, far: f32) -> Color {
        let tinted: Color =
            std::array::from_fn(|channel| color[channel] * self.tint[channel] * light);
        mix(tinted, self.haze, far)
    }
}

/// The colors of [`Light`] at one time of day.
struct Daytime {
    zenith: Color,
    haze: Color,
    tint: Color,
}

impl Daytime {
    const fn new(zenith: Color, haze: Color, tint: Color) -> Self {
        Self { zenith, haze, tint }
    }
}

const DAYTIMES: [Daytime; 6] = [
    // Noon, a second deeper blue, overcast, morning, evening, late dusk.
    Daytime::new([0.30, 0.54, 0.86], [0.76, 0.87, 0.95], [1.0, 1.0, 0.98]),
    Daytime::new([0.18, 0.42, 0.78], [0.64, 0.80, 0.93], [1.04, 1.02, 0.95]),
    Daytime::new([0.58, 0.63, 0.68], [0.80, 0.82, 0.83], [0.88, 0.90, 0.92]),
    Daytime::new([0.46, 0.62, 0.80], [0.97, 0.86, 0.74], [1.06, 0.98, 0.86]),
    Daytime::new([0.36, 0.38, 0.62], [0.98, 0.66, 0.45], [1.08, 0.86, 0.70]),
    Daytime::new([0.24, 0.26, 0.46], [0.80, 0.56, 0.58], [0.80, 0.72, 0.78]),
];
