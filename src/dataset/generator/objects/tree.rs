//! Trees.

use rand::RngExt as _;

use super::super::canvas::{Area, Canvas, Mark, bar, coverage};
use super::super::labels::TREE;
use super::super::light::Light;
use super::super::texture::{Noise, chance, pick, within};
use super::{Place, WOOD, shadow};
use crate::dataset::Rng;

/// A tree: broad-leaved with a crown of several balls, or a conifer.
pub(in super::super) fn tree(canvas: &mut Canvas, light: &Light, place: Place, rng: &mut Rng) {
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
