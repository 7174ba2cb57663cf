//! Images at other sizes: against Pillow, against the definition, and what must not happen.

use rand::{RngExt as _, SeedableRng as _};

use super::super::{Rng, resize_rgb};
use super::reds;
use crate::dataset::{Rgb, Size};

fn random_image(size: Size, rng: &mut Rng) -> Rgb {
    Rgb {
        width: size.width,
        height: size.height,
        pixels: (0..3 * size.pixels()).map(|_| rng.random()).collect(),
    }
}

/// The largest difference of a value.
fn farthest(one: &[u8], other: &[f64]) -> f64 {
    assert_eq!(one.len(), other.len());
    let pairs = one.iter().zip(other);
    pairs.fold(0.0, |most, (one, other)| {
        f64::max(most, (f64::from(*one) - other).abs())
    })
}

/// The weights of a row's pixels in one pixel of the row it becomes: a triangle about the middle of what the
/// pixel covers, as wide as two of the larger pixels.
fn triangle(from: u32, to: u32, position: u32) -> Vec<f64> {
    let scale = f64::from(from) / f64::from(to);
    let (middle, radius) = ((f64::from(position) + 0.5) * scale, scale.max(1.0));
    let weights: Vec<f64> = (0..from)
        .map(|at| (1.0 - (f64::from(at) + 0.5 - middle).abs() / radius).max(0.0))
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// The image at another size by the definition, in 64 bits.
fn by_definition(rgb: &Rgb, size: Size) -> Vec<f64> {
    let columns: Vec<_> = (0..size.width)
        .map(|column| triangle(rgb.width, size.width, column))
        .collect();
    let mut pixels = Vec::new();
    for row in 0..size.height {
        let rows = triangle(rgb.height, size.height, row);
        for columns in &columns {
            let mut pixel = [0.0; 3];
            for (by_row, line) in rows.iter().zip(rgb.pixels.chunks(3 * rgb.width as usize)) {
                for (by_column, source) in columns.iter().zip(line.as_chunks::<3>().0) {
                    for (value, source) in pixel.iter_mut().zip(source) {
                        *value += by_row * by_column * f64::from(*source);
                    }
                }
            }
            pixels.extend(pixel);
        }
    }
    pixels
}

#[test]
fn images_are_resized_to_the_size_asked_for() {
    let rgb = Rgb {
        width: 2,
        height: 1,
        pixels: vec![0, 0, 0, 200, 200, 200],
    };
    let large = resize_rgb(&rgb, Size::new(4, 2));
    assert_eq!(reds(&large), [0, 50, 150, 200, 0, 50, 150, 200]);
    assert_eq!(reds(&resize_rgb(&rgb, Size::new(1, 1))), [100]);
}

/// What `Image.resize` of Pillow 13.0 makes of it with `Resampling.BILINEAR`.
#[test]
fn images_are_resized_as_pillow_does() {
    let rgb = Rgb {
        width: 3,
        height: 2,
        pixels: vec![
            10, 0, 255, 50, 90, 0, 200, 7, 128, 0, 255, 31, 99, 1, 2, 255, 128, 64,
        ],
    };
    let pillow: [(Size, &[u8]); 3] = [
        (Size::new(2, 1), &[31, 97, 90, 171, 59, 61]),
        (Size::new(1, 1), &[98, 76, 69]),
        (
            Size::new(3, 4),
            &[
                10, 0, 255, 50, 90, 0, 200, 7, 128, 8, 64, 199, 62, 68, 1, 214, 37, 112, 3, 191,
                87, 87, 23, 2, 241, 98, 80, 0, 255, 31, 99, 1, 2, 255, 128, 64,
            ],
        ),
    ];
    for (size, expected) in pillow {
        let expected: Vec<f64> = expected.iter().copied().map(f64::from).collect();
        let resized = resize_rgb(&rgb, size);
        assert_eq!(resized.size(), size);
        // A level of rounding between two integers.
        assert!(farthest(&resized.pixels, &expected) <= 1.0, "{size}");
    }
}

#[test]
fn resized_images_are_within_a_level_of_the_definition() {
    let mut rng = Rng::seed_from_u64(7);
    for _ in 0..60 {
        let [from, to] = [(); 2].map(|()| {
            let mut side = || rng.random_range(1..=24);
            Size::new(side(), side())
        });
        let rgb = random_image(from, &mut rng);
        let error = farthest(&resize_rgb(&rgb, to).pixels, &by_definition(&rgb, to));
        // Half a level for each of the two axes, and the rounded weights.
        assert!(error <= 1.05, "{from} to {to}: {error}");
    }
}

#[test]
fn a_plain_image_stays_plain_at_any_size() {
    for (from, to) in [
        (Size::new(1, 1), Size::new(300, 2)),
        (Size::new(3000, 2), Size::new(1, 1)),
        (Size::new(7, 1), Size::new(5, 1999)),
        (Size::new(640, 480), Size::new(64, 48)),
    ] {
        for value in [0, 1, 127, 255] {
            let pixels = vec![value; 3 * from.pixels() as usize];
            let plain = Rgb {
                width: from.width,
                height: from.height,
                pixels,
            };
            let resized = resize_rgb(&plain, to);
            assert_eq!(resized.pixels.len() as u64, 3 * to.pixels());
            assert!(
                resized.pixels.iter().all(|one| *one == value),
                "{from} to {to}: {value}"
            );
        }
    }
}
