//! Posts and fences.

use rand::RngExt as _;

use super::super::canvas::{Area, Canvas, Mark, bar, coverage, ellipse, rectangle};
use super::super::labels::POST;
use super::super::light::Light;
use super::super::texture::{Noise, chance, pick, smoothstep, within};
use super::{Place, WOOD, shadow};
use crate::dataset::Rng;

/// A lamp, a telegraph pole, a striped pole or a signpost: thin and tall.
pub(in super::super) fn post(canvas: &mut Canvas, light: &Light, place: Place, rng: &mut Rng) {
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
pub(in super::super) fn fence(canvas: &mut Canvas, light: &Light, place: Place, rng: &mut Rng) {
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
