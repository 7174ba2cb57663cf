//! Houses.

use rand::RngExt as _;

use super::super::canvas::{Area, Canvas, Mark, coverage, polygon, rectangle};
use super::super::labels::HOUSE;
use super::super::light::Light;
use super::super::texture::{Color, Noise, chance, lit, mix, pick, within};
use super::{Place, shadow};
use crate::dataset::Rng;

const WALLS: [Color; 6] = [
    [0.86, 0.82, 0.74],
    [0.78, 0.42, 0.32],
    [0.84, 0.70, 0.42],
    [0.56, 0.66, 0.72],
    [0.52, 0.58, 0.40],
    [0.62, 0.48, 0.38],
];
const ROOFS: [Color; 4] = [
    [0.60, 0.24, 0.18],
    [0.32, 0.30, 0.32],
    [0.44, 0.30, 0.22],
    [0.36, 0.42, 0.50],
];

/// A house with a lit and a shaded wall, a gable roof, windows and a door.
pub(in super::super) fn house(canvas: &mut Canvas, light: &Light, place: Place, rng: &mut Rng) {
    let house = House::plan(light, place, rng);
    shadow(canvas, light, place, house.width * 0.56);
    canvas.begin_object();
    house.paint_walls(canvas, light);
    house.paint_roof(canvas, light);
    house.paint_windows(canvas, light);
}

/// Columns from left to right, in pixels.
#[derive(Clone, Copy)]
struct Span {
    left: f32,
    right: f32,
}

/// What a house looks like, in pixels of the picture.
struct House {
    place: Place,
    wall: Color,
    roof: Color,
    width: f32,
    /// Of the walls.
    height: f32,
    /// Row of the eaves.
    eaves: f32,
    /// Row of the ridge.
    ridge: f32,
    /// The gable wall takes the part of the front on one side of an edge.
    gable: Span,
    /// The long wall, with the windows, takes the other.
    long: Span,
    gable_is_right: bool,
    gable_light: f32,
    long_light: f32,
    grain: Noise,
    windows: u8,
}

impl House {
    fn plan(light: &Light, place: Place, rng: &mut Rng) -> Self {
        let (wall, roof) = (pick(rng, &WALLS, 0.12), pick(rng, &ROOFS, 0.14));
        let width = place
            .scaled(light, within(rng, 30.0, 56.0))
            .max(6.0 * light.unit);
        let height = width * within(rng, 0.42, 0.72);
        let rise = width * within(rng, 0.24, 0.46);
        let split = within(rng, 0.3, 0.44) * if chance(rng, 0.5) { 1.0 } else { -1.0 };
        let grain = Noise::new(rng);
        let windows = rng.random_range(2..=4_u8);
        let edge = place.x + split.signum() * width * (0.5 - split.abs());
        let gable_is_right = split > 0.0;
        let on_left = Span {
            left: place.x - width / 2.0,
            right: edge,
        };
        let on_right = Span {
            left: edge,
            right: place.x + width / 2.0,
        };
        let (gable, long) = if gable_is_right {
            (on_right, on_left)
        } else {
            (on_left, on_right)
        };
        let (gable_light, long_light) = if (light.sun > 0.0) == gable_is_right {
            (1.08, 0.72)
        } else {
            (0.68, 1.02)
        };
        let eaves = place.y - height;
        Self {
            place,
            wall,
            roof,
            width,
            height,
            eaves,
            ridge: eaves - rise,
            gable,
            long,
            gable_is_right,
            gable_light,
            long_light,
            grain,
            windows,
        }
    }

    fn body(&self) -> Area {
        Area {
            left: self.place.x - self.width / 2.0,
            top: self.ridge - 2.0,
            right: self.place.x + self.width / 2.0,
            bottom: self.place.y + 1.0,
        }
    }

    /// Column of the top of the gable.
    fn gable_top(&self) -> f32 {
        f32::midpoint(self.gable.left, self.gable.right)
    }

    fn paint_walls(&self, canvas: &mut Canvas, light: &Light) {
        let Self {
            place,
            gable,
            height,
            eaves,
            ..
        } = *self;
        let plaster = |x: f32, y: f32, strength: f32| {
            let grain = 0.92 + 0.16 * self.grain.at(x / 1.7, y / 1.7);
            light.on(lit(self.wall, grain), strength, place.far())
        };
        canvas.paint(self.body(), Mark::Label(HOUSE), |x, y| {
            let wall = rectangle(
                x - place.x,
                y - f32::midpoint(eaves, place.y),
                self.width / 2.0,
                height / 2.0,
            );
            let on_gable = x > gable.left && x < gable.right;
            let strength = if on_gable {
                self.gable_light
            } else {
                self.long_light
            };
            (coverage(wall), plaster(x, y, strength))
        });
        let triangle = [
            [gable.left, eaves + 0.5],
            [self.gable_top(), self.ridge],
            [gable.right, eaves + 0.5],
        ];
        canvas.paint(self.body(), Mark::Label(HOUSE), |x, y| {
            (
                coverage(polygon(x, y, &triangle)),
                plaster(x, y, self.gable_light),
            )
        });
    }

    /// The roof reaches over the walls a little and leans toward the far end.
    fn paint_roof(&self, canvas: &mut Canvas, light: &Light) {
        let (eaves, ridge, top) = (self.eaves, self.ridge, self.gable_top());
        let over = self.width * 0.04;
        let (near_end, far_end) = if self.gable_is_right {
            (self.long.right, self.long.left - over)
        } else {
            (self.long.left, self.long.right + over)
        };
        let lean = (far_end - near_end) * 0.86;
        let mut slope = [
            [near_end, eaves + 1.0],
            [top, ridge - 0.5],
            [top + lean, ridge - 0.5],
            [far_end, eaves + 1.0],
        ];
        if self.gable_is_right {
            slope.reverse();
        }
        let tile = (self.width / 16.0).max(1.6);
        let body = self.body();
        let area = Area {
            left: body.left - over - 2.0,
            right: body.right + over + 2.0,
            ..body
        };
        canvas.paint(area, Mark::Label(HOUSE), |x, y| {
            let course = if (y / tile).fract() < 0.35 { 0.80 } else { 1.0 };
            let tone = course * (0.9 + 0.2 * self.grain.at(x / 1.3, y / 2.0));
            let strength = tone * self.long_light.max(0.8);
            (
                coverage(polygon(x, y, &slope)),
                light.on(self.roof, strength, self.place.far()),
            )
        });
    }

    /// Windows, and a door in the place of the second.
    fn paint_windows(&self, canvas: &mut Canvas, light: &Light) {
        let Self {
            place,
            long,
            height,
            eaves,
            ..
        } = *self;
        let windows = f32::from(self.windows);
        let pane = mix([0.14, 0.17, 0.22], light.zenith, 0.25);
        let size = ((long.right - long.left) / (windows * 2.4)).max(1.0);
        for window in 0..self.windows {
            let x = long.left + (long.right - long.left) * (f32::from(window) + 0.5) / windows;
            let door = window == 1;
            let (y, half_height) = if door {
                (place.y - height * 0.3, height * 0.3)
            } else {
                (eaves + height * 0.42, height * 0.17)
            };
            let color = if door { lit(self.roof, 0.7) } else { pane };
            let area = Area::around(x, y, size + 1.0, half_height + 1.0);
            canvas.paint(area, Mark::Label(HOUSE), |px, py| {
                (
                    0.95 * coverage(rectangle(px - x, py - y, size / 2.0, half_height)),
                    light.on(color, 1.0, place.far()),
                )
            });
        }
    }
}
