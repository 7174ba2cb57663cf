//! Hot-air balloons.

use rand::RngExt as _;

use super::super::canvas::{Area, Canvas, Mark, bar, coverage, ellipse, polygon, rectangle};
use super::super::labels::BALLOON;
use super::super::light::Light;
use super::super::texture::{chance, pick, within};
use super::Place;
use crate::dataset::Rng;

/// A hot-air balloon; most are in the sky, some low over the ground.
pub(in super::super) fn balloon(canvas: &mut Canvas, light: &Light, place: Place, rng: &mut Rng) {
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
