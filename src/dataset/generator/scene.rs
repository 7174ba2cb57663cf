//! Scenes: a landscape with sky, hills, meadow and water, and what stands in it.
//!
//! Decides what is where and paints the large surfaces; single things are
//! painted by [`objects`](super::objects). Must not write files.

use rand::RngExt as _;

use super::canvas::{Area, Canvas, Mark, coverage};
use super::labels::{MEADOW, WATER};
use super::light::Light;
use super::objects;
use super::texture::{Noise, chance, lit, mix, pick, smoothstep, within};
use crate::dataset::{LabelMap, Rgb, Rng};

/// Draws a scene: the photograph and its labels.
pub(super) fn draw(width: u32, height: u32, rng: &mut Rng) -> (Rgb, LabelMap) {
    let mut canvas = Canvas::new(width, height);
    let light = Light::draw(&canvas, rng);
    sky(&mut canvas, &light, rng);
    hills(&mut canvas, &light, rng);
    meadow(&mut canvas, &light, rng);
    if chance(rng, 0.78) {
        water(&mut canvas, &light, rng);
    }
    things(&mut canvas, &light, rng);
    let picture = develop(&mut canvas, rng);
    (picture, canvas.label_map())
}

fn sky(canvas: &mut Canvas, light: &Light, rng: &mut Rng) {
    let clouds = Noise::new(rng);
    let (cover, size) = (
        within(rng, 0.42, 0.68),
        light.unit * within(rng, 26.0, 52.0),
    );
    let sun_x = canvas.width * (0.5 + 0.5 * light.sun);
    let sun_y = light.horizon * within(rng, 0.15, 0.8);
    let cloud_color = mix(light.haze, [1.0; 3], 0.7);
    let area = Area {
        left: 0.0,
        top: 0.0,
        right: canvas.width,
        bottom: canvas.height,
    };
    canvas.paint(area, Mark::None, |x, y| {
        let down = (y / light.horizon).min(1.0);
        let clear = mix(light.zenith, light.haze, down.powf(1.4));
        let glow = (-((x - sun_x).hypot(y - sun_y) / (light.unit * 22.0)).powi(2)).exp();
        // Clouds lie flatter and closer together toward the horizon.
        let (cloud_x, cloud_y) = (x / size, y / size * (1.6 + 1.8 * down));
        let density = smoothstep(cover, cover + 0.22, clouds.layered(cloud_x, cloud_y, 4));
        let underside = 1.0
            - 0.22
                * smoothstep(
                    cover + 0.1,
                    cover + 0.35,
                    clouds.layered(cloud_x, cloud_y - 0.12, 3),
                );
        let clouded = mix(clear, lit(cloud_color, underside), density * 0.9);
        (1.0, mix(clouded, [1.0, 0.97, 0.88], 0.75 * glow))
    });
}

/// One to three ranges of hills, the farthest first. They are background.
fn hills(canvas: &mut Canvas, light: &Light, rng: &mut Rng) {
    let base = pick(
        rng,
        &[
            [0.30, 0.42, 0.30],
            [0.34, 0.36, 0.44],
            [0.42, 0.38, 0.30],
            [0.26, 0.36, 0.40],
        ],
        0.1,
    );
    let ranges = rng.random_range(1..=3_u8);
    for range in 0..ranges {
        let (ridge, surface) = (Noise::new(rng), Noise::new(rng));
        let nearness = f32::from(range + 1) / f32::from(ranges + 1);
        let height = light.unit * within(rng, 8.0, 34.0) * (1.25 - nearness);
        let length = light.unit * within(rng, 34.0, 80.0);
        let color = light.on(base, 0.95, 0.80 - 0.5 * nearness);
        let area = Area {
            left: 0.0,
            top: 0.0,
            right: canvas.width,
            bottom: light.horizon + 2.0,
        };
        canvas.paint(area, Mark::None, |x, y| {
            let top = light.horizon - height * (0.25 + 1.1 * ridge.layered(x / length, 0.5, 4));
            let grain = 0.94 + 0.12 * surface.layered(x / 6.0, y / 5.0, 2);
            (coverage(top - y), lit(color, grain))
        });
    }
}

fn meadow(canvas: &mut Canvas, light: &Light, rng: &mut Rng) {
    let greens = [
        [0.34, 0.52, 0.20],
        [0.44, 0.56, 0.22],
        [0.26, 0.44, 0.18],
        [0.62, 0.56, 0.26],
        [0.50, 0.48, 0.24],
        [0.70, 0.60, 0.34],
    ];
    let (color, patch) = (pick(rng, &greens, 0.14), pick(rng, &greens, 0.14));
    let (patches, blades, edge) = (Noise::new(rng), Noise::new(rng), Noise::new(rng));
    let (stripes, vanishing) = (
        if chance(rng, 0.35) {
            within(rng, 0.08, 0.16)
        } else {
            0.0
        },
        canvas.width * within(rng, 0.2, 0.8),
    );
    let flowers = chance(rng, 0.35).then(|| {
        pick(
            rng,
            &[
                [0.95, 0.92, 0.85],
                [0.95, 0.80, 0.25],
                [0.85, 0.30, 0.30],
                [0.70, 0.50, 0.85],
            ],
            0.05,
        )
    });
    let area = Area {
        left: 0.0,
        top: light.horizon - 4.0,
        right: canvas.width,
        bottom: canvas.height,
    };
    let depth_of = depth_of(canvas, light);
    canvas.begin_object();
    canvas.paint(area, Mark::Label(MEADOW), |x, y| {
        let top = light.horizon - light.unit * 3.0 * edge.layered(x / (light.unit * 40.0), 0.5, 2);
        let near = depth_of(y).max(0.03);
        let (ground_x, ground_y) = ((x - vanishing) / near, light.unit * 14.0 / near);
        let large = patches.layered(ground_x / (light.unit * 50.0), ground_y / 3.6, 3);
        // Blades of grass stand upright: fine from left to right, longer from top to bottom.
        let fine = blades.layered(x / (0.8 + 1.4 * near), y / (1.4 + 3.4 * near), 2);
        let row = 1.0 + stripes * (ground_x / (light.unit * 9.0)).sin().signum();
        let base = mix(color, patch, smoothstep(0.36, 0.64, large));
        let shade = (0.62 + 0.76 * fine) * row * (0.88 + 0.16 * near);
        let cell = blades.hash((x / 2.0) as i32, (y / 2.0) as i32);
        let lit_color = match flowers {
            Some(flower) if cell > 1.0 - 0.09 * near => light.on(flower, 0.95, 0.0),
            _ => light.on(base, shade, 0.45 * (1.0 - near).powi(3)),
        };
        (coverage(top - y), lit_color)
    });
}

/// A sea at the horizon, a lake or a river. It mirrors the sky, so its color says little.
fn water(canvas: &mut Canvas, light: &Light, rng: &mut Rng) {
    let (ripples, shore) = (Noise::new(rng), Noise::new(rng));
    let (width, ground) = (canvas.width, canvas.height - light.horizon);
    let kind = rng.random_range(0..3_u8);
    let (center_x, center_y) = (
        width * within(rng, 0.15, 0.85),
        light.horizon + ground * within(rng, 0.3, 0.8),
    );
    let (half_width, half_height) = (
        width * within(rng, 0.22, 0.5),
        ground * within(rng, 0.14, 0.3),
    );
    let depth = ground * within(rng, 0.15, 0.4);
    let (bend, drift) = (
        within(rng, 0.06, 0.2) * width,
        within(rng, -0.5, 0.5) * width,
    );
    let distance = |x: f32, y: f32| {
        let wave = shore.layered(x / (light.unit * 26.0), y / (light.unit * 16.0), 3) - 0.5;
        let down = (y - light.horizon) / ground;
        match kind {
            0 => (light.horizon + light.unit - y)
                .max(y - light.horizon - depth - wave * light.unit * 22.0),
            1 => {
                let radius = ((x - center_x) / half_width).hypot((y - center_y) / half_height);
                (radius - 1.0 - wave * 0.7) * half_height
            }
            _ => {
                let middle = center_x + drift * down + bend * (down * 5.0 + center_y).sin();
                let reach = (0.02 + 0.24 * down) * width * (1.0 + 0.5 * wave);
                ((x - middle).abs() - reach).max(light.horizon - y)
            }
        }
    };
    let murk = pick(
        rng,
        &[[0.16, 0.30, 0.36], [0.22, 0.32, 0.30], [0.12, 0.24, 0.40]],
        0.1,
    );
    let bank = pick(
        rng,
        &[[0.62, 0.54, 0.38], [0.46, 0.38, 0.26], [0.28, 0.36, 0.18]],
        0.1,
    );
    let depth_of = depth_of(canvas, light);
    let area = Area {
        left: 0.0,
        top: light.horizon - 2.0,
        right: width,
        bottom: canvas.height,
    };
    canvas.paint(area, Mark::None, |x, y| {
        (
            coverage(distance(x, y) - light.unit * 2.0 * depth_of(y)),
            light.on(bank, 0.9, 0.0),
        )
    });
    canvas.begin_object();
    canvas.paint(area, Mark::Label(WATER), |x, y| {
        let near = depth_of(y).max(0.03);
        let mirrored = mix(light.haze, light.zenith, (near * 1.3).min(1.0));
        // Ripples lie flat: long from left to right, short from top to bottom.
        let ripple = ripples.layered(
            x / (light.unit * (4.0 + 14.0 * near)),
            y / (light.unit * (0.7 + 2.2 * near)),
            3,
        );
        let glint = smoothstep(0.66, 0.78, ripple) * 0.28;
        let base = mix(mirrored, light.on(murk, 1.0, 0.0), 0.25 + 0.4 * near);
        (
            coverage(distance(x, y)),
            mix(lit(base, 0.78 + 0.44 * ripple), [1.0; 3], glint),
        )
    });
}

/// How near a row of the ground is: 0 at the horizon, 1 at the lower edge.
fn depth_of(canvas: &Canvas, light: &Light) -> impl Fn(f32) -> f32 + use<> {
    let (horizon, height) = (light.horizon, canvas.height);
    move |y| ((y - horizon) / (height - horizon)).clamp(0.0, 1.0)
}

/// A thing that stands on the ground, or floats before it.
#[derive(Clone, Copy)]
enum Thing {
    House,
    Tree,
    Post,
    Fence,
    Balloon,
}

/// Houses, trees, posts, fences and balloons, the far ones first.
fn things(canvas: &mut Canvas, light: &Light, rng: &mut Rng) {
    let mut planned = Vec::new();
    let mut plan = |thing: Thing, at_least: usize, at_most: usize, rng: &mut Rng| {
        for _ in 0..rng.random_range(at_least..=at_most) {
            planned.push((thing, within(rng, 0.0, 1.0).powf(1.3)));
        }
    };
    plan(Thing::House, 0, 3, rng);
    plan(Thing::Tree, 1, 5, rng);
    plan(Thing::Post, 1, 4, rng);
    plan(Thing::Fence, 0, 1, rng);
    plan(Thing::Balloon, 0, 4, rng);
    planned.sort_by(|one, other| one.1.total_cmp(&other.1));
    for (thing, near) in planned {
        let y = light.horizon + (canvas.height - light.horizon) * (0.03 + 0.9 * near);
        let place = objects::Place {
            x: canvas.width * within(rng, 0.02, 0.98),
            y,
            near,
        };
        match thing {
            Thing::Balloon => objects::balloon(canvas, light, place, rng),
            Thing::Post => objects::post(canvas, light, place, rng),
            Thing::Fence => objects::fence(canvas, light, place, rng),
            Thing::House | Thing::Tree => {
                let Some(place) = dry_place(canvas, place, rng) else {
                    continue;
                };
                match thing {
                    Thing::House => objects::house(canvas, light, place, rng),
                    _ => objects::tree(canvas, light, place, rng),
                }
            }
        }
    }
}

/// A place at the same distance where the meadow shows; `None` when none is found.
fn dry_place(canvas: &Canvas, place: objects::Place, rng: &mut Rng) -> Option<objects::Place> {
    (0..12)
        .map(|_| objects::Place {
            x: canvas.width * within(rng, 0.02, 0.98),
            ..place
        })
        .find(|place| canvas.label_at(place.x, place.y) == Some(MEADOW))
}

/// What the camera does: exposure, uneven light, softness, grain.
fn develop(canvas: &mut Canvas, rng: &mut Rng) -> Rgb {
    let (exposure, slope, corner) = (
        within(rng, 0.88, 1.24),
        within(rng, -0.14, 0.14),
        within(rng, 0.0, 0.22),
    );
    let warmth = within(rng, -0.05, 0.05);
    let (width, height) = (canvas.width, canvas.height);
    canvas.map_colors(|x, y, color| {
        let (across, down) = (x / width - 0.5, y / height - 0.5);
        let level = exposure
            * (1.0 + slope * across)
            * (1.0 - corner * (across * across + down * down) * 2.0);
        [
            color[0] * level * (1.0 + warmth),
            color[1] * level,
            color[2] * level * (1.0 - warmth),
        ]
    });
    canvas.blur(within(rng, 0.02, 0.16));
    let noise = within(rng, 0.005, 0.017);
    canvas.photograph(noise, rng)
}
