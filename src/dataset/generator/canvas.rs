//! The picture in the making: colors, labels, and which object each pixel shows.
//!
//! Shapes are signed distances in pixels (negative inside), so that edges come
//! out smooth. Must not know what a scene holds.

use rand::RngExt as _;

use super::texture::{Color, mix};
use crate::dataset::{LabelMap, Rgb, Rng, VOID};

/// What a stroke leaves in the label map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Pixels belong to this class and to the object begun last.
    Label(u8),
    /// Pixels keep what they are: shadows and light.
    None,
}

/// A rectangle of the picture in pixels; the far sides are not part of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Area {
    /// The area around a point.
    pub(super) fn around(x: f32, y: f32, half_width: f32, half_height: f32) -> Self {
        Self {
            left: x - half_width,
            top: y - half_height,
            right: x + half_width,
            bottom: y + half_height,
        }
    }
}

/// The picture in the making.
pub(super) struct Canvas {
    pub width: f32,
    pub height: f32,
    columns: usize,
    colors: Vec<Color>,
    labels: Vec<u8>,
    objects: Vec<u16>,
    object: u16,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let pixels = width as usize * height as usize;
        Self {
            width: width as f32,
            height: height as f32,
            columns: width as usize,
            colors: vec![[0.0; 3]; pixels],
            labels: vec![0; pixels],
            objects: vec![0; pixels],
            object: 0,
        }
    }

    /// What is painted from now on is another object: a border is left around it.
    pub(super) fn begin_object(&mut self) {
        self.object = self.object.wrapping_add(1);
    }

    /// The label at a point, if it is in the picture.
    pub(super) fn label_at(&self, x: f32, y: f32) -> Option<u8> {
        let inside = (0.0..self.width).contains(&x) && (0.0..self.height).contains(&y);
        inside.then(|| self.labels[y as usize * self.columns + x as usize])
    }

    /// Paints over an area. `shade` gets the center of a pixel and returns how much
    /// of it is covered (0..=1) and in which color; half covered counts as covered.
    pub(super) fn paint(
        &mut self,
        area: Area,
        mark: Mark,
        shade: impl Fn(f32, f32) -> (f32, Color),
    ) {
        let clip = |value: f32, limit: f32| value.clamp(0.0, limit) as usize;
        let columns = clip(area.left.floor(), self.width)..clip(area.right.ceil(), self.width);
        for row in clip(area.top.floor(), self.height)..clip(area.bottom.ceil(), self.height) {
            for column in columns.clone() {
                let (coverage, color) = shade(column as f32 + 0.5, row as f32 + 0.5);
                if coverage <= 0.0 {
                    continue;
                }
                let at = row * self.columns + column;
                self.colors[at] = mix(self.colors[at], color, coverage.min(1.0));
                if let Mark::Label(label) = mark
                    && coverage >= 0.5
                {
                    self.labels[at] = label;
                    self.objects[at] = self.object;
                }
            }
        }
    }

    /// Changes every color by its place, as light and lens do.
    pub(super) fn map_colors(&mut self, change: impl Fn(f32, f32, Color) -> Color) {
        for (at, color) in self.colors.iter_mut().enumerate() {
            *color = change(
                (at % self.columns) as f32 + 0.5,
                (at / self.columns) as f32 + 0.5,
                *color,
            );
        }
    }

    /// Spreads each pixel to its neighbors: `spread` (0..=0.33) goes to each side.
    pub(super) fn blur(&mut self, spread: f32) {
        let columns = self.columns.max(1);
        let rows = self.colors.len() / columns;
        for (step, count) in [(1, columns), (columns, rows)] {
            let before = self.colors.clone();
            for (at, color) in self.colors.iter_mut().enumerate() {
                let position = (at / step) % count;
                let previous = if position > 0 {
                    before[at - step]
                } else {
                    *color
                };
                let next = if position + 1 < count {
                    before[at + step]
                } else {
                    *color
                };
                *color = std::array::from_fn(|channel| {
                    color[channel] * (1.0 - 2.0 * spread)
                        + (previous[channel] + next[channel]) * spread
                });
            }
        }
    }

    /// The picture as a camera with this much noise (standard deviation, on 0..=1) takes it.
    pub(super) fn photograph(&self, noise: f32, rng: &mut Rng) -> Rgb {
        // The sum of four uniform values is close enough to a bell curve; its deviation is 1 / sqrt(3).
        let mut grain = |strength: f32| {
            let sum: f32 = (0..4).map(|_| rng.random::<f32>()).sum();
            (sum - 2.0) * 1.732 * strength
        };
        let pixels = self.colors.iter().flat_map(|color| {
            let shared = grain(noise);
            color.map(|value| ((value + shared + grain(noise * 0.5)) * 255.0).round() as u8)
        });
        Rgb {
            width: self.width as u32,
            height: self.height as u32,
            pixels: pixels.collect(),
        }
    }

    /// The labels, with a border of void, one pixel wide, between objects.
    pub(super) fn label_map(&self) -> LabelMap {
        let columns = self.columns.max(1);
        let at_border = |at: usize| {
            let differs = |other: usize| {
                self.objects
                    .get(other)
                    .is_some_and(|object| *object != self.objects[at])
            };
            (!(at + 1).is_multiple_of(columns) && differs(at + 1)) || differs(at + columns)
        };
        let labels = self
            .labels
            .iter()
            .enumerate()
            .map(|(at, label)| if at_border(at) { VOID } else { *label });
        LabelMap {
            width: self.width as u32,
            height: self.height as u32,
            labels: labels.collect(),
        }
    }
}

/// How much of a pixel lies inside a shape at this signed distance.
pub(super) fn coverage(distance: f32) -> f32 {
    (0.5 - distance).clamp(0.0, 1.0)
}

/// Signed distance to an ellipse, near enough for drawing.
pub(super) fn ellipse(x: f32, y: f32, half_width: f32, half_height: f32) -> f32 {
    let radius = ((x / half_width).powi(2) + (y / half_height).powi(2)).sqrt();
    (radius - 1.0) * half_width.min(half_height)
}

/// Signed distance to a rectangle around 0, 0.
pub(super) fn rectangle(x: f32, y: f32, half_width: f32, half_height: f32) -> f32 {
    (x.abs() - half_width).max(y.abs() - half_height)
}

/// Signed distance to a convex shape whose corners run clockwise on the screen.
pub(super) fn polygon(x: f32, y: f32, corners: &[[f32; 2]]) -> f32 {
    let next = corners.iter().cycle().skip(1);
    let sides = corners.iter().zip(next).map(|(from, to)| {
        let (along_x, along_y) = (to[0] - from[0], to[1] - from[1]);
        let length = along_x.hypot(along_y).max(1e-6);
        (along_y * (x - from[0]) - along_x * (y - from[1])) / length
    });
    sides.fold(f32::NEG_INFINITY, f32::max)
}

/// Signed distance to a straight bar of this width.
pub(super) fn bar(x: f32, y: f32, from: [f32; 2], to: [f32; 2], width: f32) -> f32 {
    let (along_x, along_y) = (to[0] - from[0], to[1] - from[1]);
    let length = (along_x * along_x + along_y * along_y).max(1e-6);
    let share = (((x - from[0]) * along_x + (y - from[1]) * along_y) / length).clamp(0.0, 1.0);
    (x - from[0] - along_x * share).hypot(y - from[1] - along_y * share) - width / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_negative_inside() {
        let square = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]];
        assert!((polygon(2.0, 1.0, &square) + 1.0).abs() < 1e-6);
        assert!((polygon(6.0, 2.0, &square) - 2.0).abs() < 1e-6);
        assert!((bar(2.0, 3.0, [0.0, 0.0], [4.0, 0.0], 2.0) - 2.0).abs() < 1e-6);
        assert!((ellipse(0.0, 6.0, 4.0, 4.0) - 2.0).abs() < 1e-6);
        assert!((rectangle(1.0, 0.0, 3.0, 1.0) + 1.0).abs() < 1e-6);
    }

    #[test]
    fn objects_get_a_border_of_void() {
        let mut canvas = Canvas::new(4, 3);
        canvas.begin_object();
        let right = Area {
            left: 2.0,
            top: 0.0,
            right: 4.0,
            bottom: 3.0,
        };
        canvas.paint(right, Mark::Label(2), |_, _| (1.0, [1.0; 3]));
        canvas.begin_object();
        let corner = Area {
            left: 3.0,
            top: 2.0,
            right: 4.0,
            bottom: 3.0,
        };
        canvas.paint(corner, Mark::Label(2), |_, _| (1.0, [1.0; 3]));
        canvas.paint(right, Mark::None, |_, _| (1.0, [0.0; 3]));
        assert_eq!(
            canvas.label_map().labels,
            [0, VOID, 2, 2, 0, VOID, 2, VOID, 0, VOID, VOID, 2]
        );
    }
}
