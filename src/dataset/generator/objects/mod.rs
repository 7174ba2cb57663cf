//! Single things of a scene: houses, trees, posts, fences and balloons.
//!
//! Each paints itself at a place, in a size that fits its distance.

mod balloon;
mod house;
mod post;
mod tree;

pub(super) use balloon::balloon;
pub(super) use house::house;
pub(super) use post::{fence, post};
pub(super) use tree::tree;

use super::canvas::{Area, Canvas, Mark, coverage, ellipse};
use super::light::Light;
use super::texture::Color;

/// Where a thing stands: the middle of its foot in pixels, and its distance,
/// 0 at the horizon to 1 at the lower edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub x: f32,
    pub y: f32,
    pub near: f32,
}

impl Place {
    /// Size in pixels of what is `size` pixels large up front.
    fn scaled(&self, light: &Light, size: f32) -> f32 {
        size * light.unit * (0.4 + 0.6 * self.near)
    }

    /// How much the haze hides at this distance.
    fn far(&self) -> f32 {
        0.32 * (1.0 - self.near).powi(2)
    }
}

const WOOD: [Color; 5] = [
    [0.36, 0.26, 0.18],
    [0.46, 0.40, 0.34],
    [0.24, 0.19, 0.15],
    [0.58, 0.52, 0.44],
    [0.72, 0.72, 0.70],
];

/// The shadow that a thing throws away from the sun. It changes no label.
fn shadow(canvas: &mut Canvas, light: &Light, place: Place, half_width: f32) {
    let (x, half_height) = (
        place.x - light.sun * half_width * 0.6,
        (half_width * 0.22).max(0.8),
    );
    let area = Area::around(x, place.y, half_width * 1.5 + 1.0, half_height + 2.0);
    canvas.paint(area, Mark::None, |px, py| {
        let inside = ellipse(px - x, py - place.y, half_width * 1.3, half_height);
        (0.42 * coverage(inside / 2.0), [0.05, 0.07, 0.06])
    });
}
