//! Single things of a scene: houses, trees, posts, fences and balloons.
//!
//! Each paints itself at a place, in a size that fits its distance.

use rand::RngExt as _;

use super::canvas::{Area, Canvas, Mark, bar, coverage, ellipse, polygon, rectangle};
use super::scene::{BALLOON, HOUSE, Light, POST, TREE};
use super::texture::{Color, Noise, chance, lit, mix, pick, smoothstep, within};
use crate::dataset::Rng;

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

/// A house with a lit and a shaded wall, a gable roof, windows and a door.
pub(super) fn house(canvas: &mut Canvas, light: &Light, place: Place, rng: &mut Rng) {
    let walls = [
        [0.86, 0.82, 0.74],
        [0.78, 0.42, 0.32],
        [0.84, 0.70, 0.42],
        [0.56, 0.66, 0.72],
        [0.52, 0.58, 0.40],
        [0.62, 0.48, 0.38],
    ];
    let roofs = [
        [0.60, 0.24, 0.18],
        [0.32, 0.30, 0.32],
        [0.44, 0.30, 0.22],
        [0.36, 0.42, 0.50],
    ];
    let (wall, roof) = (pick(rng, &walls, 0.12), pick(rng, &roofs, 0.14));
    let width = place
        .scaled(light, within(rng, 30.0, 56.0))
        .max(6.0 * light.unit);
    let height = width * within(rng, 0.42, 0.72);
    let rise = width * within(rng, 0.24, 0.46);
    let split = within(rng, 0.3, 0.44) * if chance(rng, 0.5) { 1.0 } else { -1.0 };
    let grain = Noise::new(rng);
    let windows = rng.random_range(2..=4_u8);
    shadow(canvas, light, place, width * 0.56);
    canvas.begin_object();

    // The gable wall takes the part of the front on one side of the edge.
    let edge = place.x + split.signum() * width * (0.5 - split.abs());
    let (eaves, bottom) = (place.y - height, place.y);
    let (left, right) = (place.x - width / 2.0, place.x + width / 2.0);
    let gable = if split > 0.0 {
        (edge, right)
    } else {
        (left, edge)
    };
    let long = if split > 0.0 {
        (left, edge)
    } else {
        (edge, right)
    };
    let gable_is_lit = (light.sun > 0.0) == (split > 0.0);
    let (gable_light, long_light) = if gable_is_lit {
        (1.08, 0.72)
    } else {
        (0.68, 1.02)
    };
    let plaster = |x: f32, y: f32, strength: f32| {
        light.on(
            lit(wall, 0.92 + 0.16 * grain.at(x / 1.7, y / 1.7)),
            strength,
            place.far(),
        )
    };

    let body = Area {
        left,
        top: eaves - rise - 2.0,
        right,
        bottom: bottom + 1.0,
    };
    canvas.paint(body, Mark::Label(HOUSE), |x, y| {
        let wall = rectangle(
            x - place.x,
            y - f32::midpoint(eaves, bottom),
            width / 2.0,
            height / 2.0,
        );
        let on_gable = x > gable.0 && x < gable.1;
        (
            coverage(wall),
            plaster(x, y, if on_gable { gable_light } else { long_light }),
        )
    });
    let ridge = f32::midpoint(gable.0, gable.1);
    let triangle = [
        [gable.0, eaves + 0.5],
        [ridge, eaves - rise],
        [gable.1, eaves + 0.5],
    ];
    canvas.paint(body, Mark::Label(HOUSE), |x, y| {
        (
            coverage(polygon(x, y, &triangle)),
            plaster(x, y, gable_light),
        )
    });

    // The roof reaches over the walls a little and leans toward the far end.
    let over = width * 0.04;
    let far_end = if split > 0.0 {
        long.0 - over
    } else {
        long.1 + over
    };
    let near_end = if split > 0.0 { edge } else { long.0 };
    let lean = (far_end - near_end) * 0.86;
    let mut slope = vec![
        [near_end, eaves + 1.0],
        [ridge, eaves - rise - 0.5],
        [ridge + lean, eaves - rise - 0.5],
        [far_end, eaves + 1.0],
    ];
    if split > 0.0 {
        slope.reverse();
    }
    let tile = (width / 16.0).max(1.6);
    let all = Area {
        left: left - over - 2.0,
        right: right + over + 2.0,
        ..body
    };
    canvas.paint(all, Mark::Label(HOUSE), |x, y| {
        let course = if (y / tile).fract() < 0.35 { 0.80 } else { 1.0 };
        let tone = course * (0.9 + 0.2 * grain.at(x / 1.3, y / 2.0));
        (
            coverage(polygon(x, y, &slope)),
            light.on(roof, tone * long_light.max(0.8), place.far()),
        )
    });

    let pane = mix([0.14, 0.17, 0.22], light.zenith, 0.25);
    let size = ((long.1 - long.0) / (f32::from(windows) * 2.4)).max(1.0);
    for window in 0..windows {
        let x = long.0 + (long.1 - long.0) * (f32::from(window) + 0.5) / f32::from(windows);
        let door = window == 1;
        let (y, half_height) = if door {
            (bottom - height * 0.3, height * 0.3)
        } else {
            (eaves + height * 0.42, height * 0.17)
        };
        let color = if door { lit(roof, 0.7) } else { pane };
        let area = Area::around(x, y, size + 1.0, half_height + 1.0);
        canvas.paint(area, Mark::Label(HOUSE), |px, py| {
            (
                0.95 * coverage(rectangle(px - x, py - y, size / 2.0, half_height)),
                light.on(color, 1.0, place.far()),
            )
        });
    }
}

/// A tree: broad-leaved with a crown of several balls, or a conifer.
pub(super) fn tree(canvas: &mut Canvas, light: &Light, place: Place, rng: &mut Rng) {
    let leaves = [
        [0.20, 0.38, 0.14],
        [0.30, 0.46, 0.16],
        [0.14, 0.30, 0.18],
        [0.72, 0.42, 0.14],
        [0.62, 0.24, 0.14],
        [0.70, 0.60, 0.20],
        [0.40, 0.48, 0.24],
    ];
    let (leaf, wood) = (pick(rng, &leaves, 0.16), pick(rng, &WOOD[..4], 0.1));
    let height = place
        .scaled(light, within(rng, 46.0, 84.0))
        .max(9.0 * light.unit);
    let trunk = (height * 0.085).max(2.6 * light.unit);
    let foliage = Noise::new(rng);
    let conifer = chance(rng, 0.32);
    let crown_base = if conifer {
        0.18
    } else {
        within(rng, 0.28, 0.42)
    };
    shadow(canvas, light, place, height * 0.26);
    canvas.begin_object();

    let slant = within(rng, -0.05, 0.05) * height;
    let foot = [place.x, place.y];
    let fork = [place.x + slant, place.y - height * (crown_base + 0.2)];
    let stem = Area::around(
        place.x,
        place.y - height / 2.0,
        trunk + slant.abs() + 2.0,
        height / 2.0 + 2.0,
    );
    canvas.paint(stem, Mark::Label(TREE), |x, y| {
        let side = ((x - place.x) / trunk * light.sun).clamp(-0.5, 0.5);
        let bark = 0.8 + 0.4 * foliage.at(x / 1.2, y / 4.0);
        (
            coverage(bar(x, y, foot, fork, trunk)),
            light.on(wood, bark * (0.9 + 0.5 * side), place.far()),
        )
    });

    let (top, base) = (place.y - height, place.y - height * crown_base);
    let balls: Vec<[f32; 3]> = (0..rng.random_range(4..=7_u8))
        .map(|_| {
            let radius = height * within(rng, 0.16, 0.24);
            let x = place.x + slant + height * within(rng, -0.2, 0.2);
            [x, within(rng, top + radius, base - radius * 0.6), radius]
        })
        .collect();
    let tiers = f32::from(rng.random_range(3..=5_u8));
    let half_width = height * within(rng, 0.17, 0.25);
    let crown = |x: f32, y: f32| {
        if conifer {
            let down = ((y - top) / (base - top)).clamp(-0.1, 1.0);
            let tier = (down * tiers).fract();
            let reach = half_width * (down * 0.75 + 0.3 * tier * down.max(0.2));
            ((x - place.x - slant * (1.0 - down)).abs() - reach).max(y - base)
        } else {
            balls
                .iter()
                .map(|[cx, cy, radius]| (x - cx).hypot(y - cy) - radius)
                .fold(f32::INFINITY, f32::min)
        }
    };
    let clump = (height / 13.0).max(1.6);
    let area = Area::around(
        place.x + slant,
        f32::midpoint(top, base),
        height * 0.48 + 2.0,
        (base - top) * 0.62 + 2.0,
    );
    canvas.paint(area, Mark::Label(TREE), |x, y| {
        let ragged = (foliage.layered(x / clump, y / clump, 2) - 0.5) * clump * 1.5;
        let tuft = foliage.layered(x / (clump * 0.55) + 9.0, y / (clump * 0.55), 2);
        let sunny =
            0.22 * light.sun * (x - place.x) / (height * 0.3) - 0.34 * (y - top) / (base - top);
        let tone = (0.92 + sunny + 1.1 * (tuft - 0.5)).clamp(0.3, 1.6);
        (
            coverage(crown(x, y) + ragged),
            light.on(leaf, tone, place.far()),
        )
    });
}

/// A lamp, a telegraph pole, a striped pole or a signpost: thin and tall.
pub(super) fn post(canvas: &mut Canvas, light: &Light, place: Place, rng: &mut Rng) {
    let kind = rng.random_range(0..4_u8);
    let width = (within(rng, 6.0, 8.5) * (0.76 + 0.24 * place.near) * light.unit).max(2.0);
    let height = place
        .scaled(light, within(rng, 60.0, 104.0))
        .max(18.0 * light.unit);
    let color = if kind == 2 {
        [0.92, 0.90, 0.86]
    } else {
        pick(rng, &WOOD, 0.12)
    };
    let stripe = pick(
        rng,
        &[[0.80, 0.16, 0.14], [0.14, 0.22, 0.56], [0.14, 0.14, 0.15]],
        0.08,
    );
    let band = width * within(rng, 1.1, 1.8);
    let grain = Noise::new(rng);
    let top = place.y - height;
    shadow(canvas, light, place, width * 1.2);
    canvas.begin_object();

    let round = |x: f32, y: f32| {
        let side = ((x - place.x) / width).clamp(-0.6, 0.6);
        let striped = kind == 2 && ((y - top) / band) as i32 % 2 == 1;
        let tone = (1.02 + 0.7 * side * light.sun - 0.5 * side * side)
            * (0.9 + 0.2 * grain.at(x / 1.5, y / 6.0));
        light.on(if striped { stripe } else { color }, tone, place.far())
    };
    let shaft = Area {
        left: place.x - width,
        top: top - 1.0,
        right: place.x + width,
        bottom: place.y + 1.0,
    };
    canvas.paint(shaft, Mark::Label(POST), |x, y| {
        (
            coverage(rectangle(
                x - place.x,
                y - f32::midpoint(top, place.y),
                width / 2.0,
                height / 2.0,
            )),
            round(x, y),
        )
    });
    let side = if chance(rng, 0.5) { 1.0 } else { -1.0 };
    let (from, to, thickness) = match kind {
        // A lamp's arm, the cross-arm of a telegraph pole, a knob, a board.
        0 => (
            [place.x, top + width * 0.4],
            [place.x + side * height * 0.22, top + width * 0.1],
            width * 0.8,
        ),
        1 => (
            [place.x - height * 0.16, top + height * 0.1],
            [place.x + height * 0.16, top + height * 0.1],
            width * 0.8,
        ),
        2 => ([place.x, top], [place.x, top], width * 1.7),
        _ => (
            [place.x - side * width * 0.3, top + height * 0.14],
            [place.x + side * height * 0.24, top + height * 0.12],
            width * 1.5,
        ),
    };
    let reach = height * 0.3 + width * 2.0;
    let area = Area::around(
        place.x,
        top + height * 0.1,
        reach,
        height * 0.12 + width * 2.0,
    );
    canvas.paint(area, Mark::Label(POST), |x, y| {
        let tone = 1.0 - 0.25 * smoothstep(-1.0, 1.0, (y - from[1]) / thickness);
        let painted = if kind >= 2 { stripe } else { color };
        (
            coverage(bar(x, y, from, to, thickness)),
            light.on(painted, tone, place.far()),
        )
    });
    if kind == 0 {
        let lamp = Area::around(to[0], to[1] + width * 0.5, width * 1.2, width * 1.2);
        canvas.paint(lamp, Mark::Label(POST), |x, y| {
            (
                coverage(ellipse(
                    x - to[0],
                    y - to[1] - width * 0.4,
                    width * 0.9,
                    width * 0.62,
                )),
                [0.98, 0.94, 0.78],
            )
        });
    }
}

/// A fence of posts and one or two rails across part of the picture, open between them.
pub(super) fn fence(canvas: &mut Canvas, light: &Light, place: Place, rng: &mut Rng) {
    let near = 0.35 + 0.65 * place.near;
    let (height, width) = (
        light.unit * 30.0 * near,
        (light.unit * 6.8 * near).max(4.2 * light.unit),
    );
    let spacing = height * within(rng, 0.9, 1.3);
    let posts = rng.random_range(3..=7_u8);
    let rails = if chance(rng, 0.5) {
        &[0.38_f32][..]
    } else {
        &[0.26_f32, 0.70][..]
    };
    let color = pick(rng, &WOOD, 0.12);
    let grain = Noise::new(rng);
    let tilt = within(rng, -0.06, 0.06);
    let foot = |index: f32| [place.x + index * spacing, place.y + tilt * index * spacing];
    let (first, last) = (-f32::from(posts) / 2.0, f32::from(posts) / 2.0);
    canvas.begin_object();
    let half = f32::from(posts) / 2.0 * spacing + width;
    let area = Area::around(
        place.x,
        place.y - height / 2.0,
        half,
        height / 2.0 + half * 0.07 + 2.0,
    );
    canvas.paint(area, Mark::Label(POST), |x, y| {
        let rail = rails.iter().map(|share| {
            let lifted = |index: f32| [foot(index)[0], foot(index)[1] - height * (1.0 - share)];
            bar(x, y, lifted(first), lifted(last), width * 0.8)
        });
        let index = ((x - place.x) / spacing - first)
            .round()
            .clamp(0.0, f32::from(posts))
            + first;
        let [foot_x, foot_y] = foot(index);
        let upright = rectangle(
            x - foot_x,
            y - foot_y + height / 2.0,
            width / 2.0,
            height / 2.0,
        );
        let tone =
            (0.86 + 0.28 * grain.at(x / 3.0, y / 1.6)) * if upright < 0.0 { 1.0 } else { 0.88 };
        (
            coverage(rail.fold(upright, f32::min)),
            light.on(color, tone, place.far()),
        )
    });
}

/// A hot-air balloon; most are in the sky, some low over the ground.
pub(super) fn balloon(canvas: &mut Canvas, light: &Light, place: Place, rng: &mut Rng) {
    let colors = [
        [0.88, 0.24, 0.20],
        [0.96, 0.72, 0.18],
        [0.22, 0.42, 0.74],
        [0.94, 0.92, 0.88],
        [0.26, 0.58, 0.36],
        [0.56, 0.28, 0.60],
        [0.94, 0.50, 0.20],
    ];
    let (main, second) = (pick(rng, &colors, 0.08), pick(rng, &colors, 0.08));
    let radius = light.unit * (6.5 + 16.0 * place.near * within(rng, 0.5, 1.0));
    let ceiling = if chance(rng, 0.8) {
        light.horizon
    } else {
        canvas.height * 0.85
    };
    let y = within(rng, radius * 0.7, (ceiling - radius).max(radius + 1.0));
    let gores = f32::from(rng.random_range(2..=5_u8));
    let rings = chance(rng, 0.3);
    let far = 0.25 * (1.0 - place.near);
    canvas.begin_object();

    let basket = [place.x, y + radius * 1.62];
    let size = (radius * 0.2).max(1.0);
    let below = Area::around(place.x, y + radius, radius, radius);
    canvas.paint(below, Mark::Label(BALLOON), |x, py| {
        let ropes = [-0.5_f32, 0.5].map(|side| {
            bar(
                x,
                py,
                [place.x + side * radius, y + radius * 0.8],
                [basket[0] + side * size, basket[1]],
                0.9,
            )
        });
        let weave = rectangle(x - basket[0], py - basket[1], size, size * 0.8);
        (
            coverage(weave).max(0.7 * coverage(ropes[0].min(ropes[1]))),
            light.on([0.36, 0.24, 0.14], 0.9, far),
        )
    });
    let area = Area::around(place.x, y + radius * 0.2, radius + 2.0, radius * 1.4);
    canvas.paint(area, Mark::Label(BALLOON), |x, py| {
        let (across, down) = ((x - place.x) / radius, (py - y) / radius);
        // Below its middle the envelope narrows to a mouth.
        let round = ellipse(x - place.x, py - y, radius, radius);
        let cone = [[-0.80, 0.55], [0.80, 0.55], [0.26, 1.28], [-0.26, 1.28]]
            .map(|[px, py]: [f32; 2]| [place.x + px * radius, y + py * radius]);
        let envelope = round.min(polygon(x, py, &cone));
        let bulge = (1.0 - (down * 0.9).powi(2)).max(0.2).sqrt();
        let turn = (across / bulge).clamp(-1.0, 1.0).asin();
        let banded = if rings {
            (down + 1.0) * gores * 0.5
        } else {
            turn / std::f32::consts::PI * gores * 2.0 + 20.0
        };
        let color = if banded as i32 % 2 == 0 { main } else { second };
        let tone = 1.02 + 0.34 * across * light.sun
            - 0.26 * down
            - 0.22 * (across * across + down * down).min(1.2);
        (coverage(envelope), light.on(color, tone.max(0.35), far))
    });
}
