//! Rotation, bends, colors, blur and noise.

use super::*;
use crate::dataset::augment::values::blur;

/// A square whose red channel counts the pixels, and labels that do too.
fn square(side: u32) -> (Rgb, LabelMap) {
    let count = u8::try_from(side * side).expect("few pixels");
    let rgb = Rgb {
        width: side,
        height: side,
        pixels: (0..count).flat_map(|value| [value, 100, 200]).collect(),
    };
    let labels = LabelMap {
        width: side,
        height: side,
        labels: (0..count).collect(),
    };
    (rgb, labels)
}

/// What is cut from the middle of a square image of so many pixels a side, and nothing else.
fn middle(side: u32, crop: u32) -> Change {
    let crop = Size::new(crop, crop);
    Augment::none(Some(crop)).draw(Size::new(side, side), &mut Rng::seed_from_u64(0))
}

fn turned(degrees: f32, side: u32, crop: u32) -> Change {
    Change {
        warp: Some(Warp {
            degrees,
            bends: Vec::new(),
        }),
        ..middle(side, crop)
    }
}

fn gray(values: &[u8]) -> Rgb {
    Rgb {
        width: u32::try_from(values.len()).expect("few pixels"),
        height: 1,
        pixels: values.iter().flat_map(|value| [*value; 3]).collect(),
    }
}

#[test]
fn a_quarter_turn_goes_counterclockwise() {
    let (rgb, labels) = square(3);
    // 0 1 2
    // 3 4 5
    // 6 7 8
    for (degrees, expected) in [
        (0.0, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (90.0, [2, 5, 8, 1, 4, 7, 0, 3, 6]),
        (-90.0, [6, 3, 0, 7, 4, 1, 8, 5, 2]),
        (180.0, [8, 7, 6, 5, 4, 3, 2, 1, 0]),
    ] {
        let (image, mask) = turned(degrees, 3, 3).apply(&rgb, &labels);
        assert_eq!(mask.labels, expected, "{degrees} degrees");
        assert_eq!(reds(&image), expected, "{degrees} degrees");
    }
    // The crop is mirrored behind that.
    let change = Change {
        mirrored: true,
        ..turned(90.0, 3, 3)
    };
    let (image, mask) = change.apply(&rgb, &labels);
    assert_eq!(mask.labels, [8, 5, 2, 7, 4, 1, 6, 3, 0]);
    assert_eq!(reds(&image), mask.labels);
}

#[test]
fn a_turned_crop_shows_what_lies_beside_it_and_void_beyond_the_image() {
    let (rgb, labels) = square(3);
    // An eighth of a turn: the corners of the crop lie 1.41 pixels above, below and beside the middle.
    let (image, mask) = turned(45.0, 3, 3).apply(&rgb, &labels);
    assert_eq!(mask.labels, [1, 2, 5, 0, 4, 8, 3, 6, 7], "the nearest one");
    assert!(!image.pixels.as_chunks::<3>().0.contains(&PADDING));
    // Of a larger crop the corners lie 2.83 pixels away, which is outside.
    let (image, mask) = turned(45.0, 3, 5).apply(&rgb, &labels);
    for corner in [0, 4, 20, 24] {
        assert_eq!(mask.labels[corner], VOID);
        assert_eq!(image.pixels.as_chunks::<3>().0[corner], PADDING);
    }
    assert_eq!(mask.labels[12], 4);
    // In a larger image they do not.
    let (rgb, labels) = square(9);
    let (_, mask) = turned(45.0, 9, 5).apply(&rgb, &labels);
    assert!(!mask.labels.contains(&VOID));
}

#[test]
fn pixels_between_are_blended_and_labels_are_not() {
    let rgb = gray(&[0, 100, 200]);
    let labels = LabelMap {
        width: 3,
        height: 1,
        labels: vec![7, 8, 9],
    };
    // A quarter of a pixel to the right for all points: the bend is the same everywhere.
    let change = Change {
        warp: Some(Warp {
            degrees: 0.0,
            bends: vec![[0.25, 0.0]; 9],
        }),
        ..Augment::none(None).draw(rgb.size(), &mut Rng::seed_from_u64(0))
    };
    let (image, mask) = change.apply(&rgb, &labels);
    // The last one lies beyond the last middle, where the image has its border.
    assert_eq!(reds(&image), [25, 125, 200]);
    assert_eq!(mask.labels, [7, 8, 9]);
}

#[test]
fn a_bend_moves_the_points_of_its_grid() {
    let (rgb, labels) = square(5);
    let mut bends = vec![[0.0; 2]; 9];
    // The point in the middle takes what lies a pixel to the right and two below.
    bends[4] = [1.0, 2.0];
    let change = Change {
        warp: Some(Warp {
            degrees: 0.0,
            bends,
        }),
        ..middle(5, 5)
    };
    let (image, mask) = change.apply(&rgb, &labels);
    let at = |column: usize, row: usize| mask.labels[row * 5 + column];
    assert_eq!(at(2, 2), 2 + 1 + 5 * (2 + 2));
    assert_eq!(reds(&image)[12], 23);
    // The other points stay.
    for (column, row) in [(0, 0), (4, 0), (0, 2), (4, 2), (2, 0), (2, 4), (4, 4)] {
        assert_eq!(usize::from(at(column, row)), column + 5 * row);
    }
    // Halfway between two points the cubic has 9/16 of the near one: 0.56 and 1.13 pixels.
    assert_eq!(at(1, 2), 1 + 1 + 5 * (2 + 1));
}

/// Everything that changes places and values at once.
fn everything() -> Augment {
    Augment {
        random_crop: true,
        scale: [0.7, 1.4],
        flip: true,
        brightness: 0.2,
        rotation: 30.0,
        elastic: 2.0,
        saturation: 0.3,
        hue: 20.0,
        blur: 1.5,
        noise: 0.1,
        ..Augment::none(Some(Size::new(9, 7)))
    }
}

#[test]
fn masks_hold_labels_that_were_there_or_void() {
    let (rgb, mut labels) = square(12);
    for label in &mut labels.labels {
        *label = 40 + *label % 3;
    }
    for seed in 0..50 {
        let change = everything().draw(rgb.size(), &mut Rng::seed_from_u64(seed));
        let (image, mask) = change.apply(&rgb, &labels);
        assert_eq!(image.size(), Size::new(9, 7));
        assert_eq!(mask.size(), image.size());
        let known = |label: &u8| [40, 41, 42, VOID].contains(label);
        assert!(mask.labels.iter().all(known), "{:?}", mask.labels);
    }
}

#[test]
fn image_and_mask_move_together() {
    // Two halves; far from their border the color says the label.
    let (width, height) = (40, 30);
    let half = |column: u32| u8::from(column >= width / 2);
    let columns = (0..height).flat_map(|_| 0..width);
    let rgb = Rgb {
        width,
        height,
        pixels: columns
            .clone()
            .flat_map(|column| [200 * half(column); 3])
            .collect(),
    };
    let labels = LabelMap {
        width,
        height,
        labels: columns.map(half).collect(),
    };
    let augment = Augment {
        random_crop: true,
        flip: true,
        rotation: 180.0,
        elastic: 3.0,
        ..Augment::none(Some(Size::new(32, 32)))
    };
    let mut seen = [0, 0, 0];
    for seed in 0..20 {
        let change = augment.draw(rgb.size(), &mut Rng::seed_from_u64(seed));
        let (image, mask) = change.apply(&rgb, &labels);
        for (pixel, label) in image.pixels.as_chunks::<3>().0.iter().zip(&mask.labels) {
            match (*pixel, *label) {
                (PADDING, VOID) => seen[2] += 1,
                ([value, ..], 0) if value <= 100 => seen[0] += 1,
                ([value, ..], 1) if value >= 100 => seen[1] += 1,
                other => panic!("{other:?} with seed {seed}"),
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

#[test]
fn the_same_seed_gives_the_same_image_and_another_another() {
    let (rgb, labels) = square(12);
    let made = |seed| everything().apply(&rgb, &labels, &mut Rng::seed_from_u64(seed));
    assert_eq!(made(5), made(5));
    assert_ne!(made(5).0, made(6).0);
}

#[test]
fn what_was_drawn_before_there_was_more_is_drawn_still() {
    let old = Augment {
        random_crop: true,
        scale: [0.5, 2.0],
        flip: true,
        brightness: 0.2,
        ..Augment::none(Some(Size::new(5, 4)))
    };
    let size = Size::new(20, 10);
    for seed in 0..20 {
        // The numbers in the order of the first version: scale, mirror, column, row, contrast, offset.
        let mut rng = Rng::seed_from_u64(seed);
        let scale = 0.5 + 1.5 * rng.random::<f32>();
        let side = |side: f32| (side * scale).round() as i64;
        let mirrored: bool = rng.random();
        let mut start = |spare: i64| rng.random_range(spare.min(0)..=spare.max(0));
        let (left, top) = (start(side(20.0) - 5), start(side(10.0) - 4));
        let light = Light {
            contrast: 0.8 + (1.2 - 0.8) * rng.random::<f32>(),
            offset: 255.0 * (-0.2 + (0.2 + 0.2) * rng.random::<f32>()),
        };
        let next: u64 = rng.random();

        let mut rng = Rng::seed_from_u64(seed);
        let change = old.draw(size, &mut rng);
        assert_eq!((change.left, change.top), (left, top));
        assert_eq!(change.mirrored, mirrored);
        let found = change.light.expect("light");
        assert!((found.contrast - light.contrast).abs() < 1e-6);
        assert!((found.offset - light.offset).abs() < 1e-4);
        assert_eq!((&change.warp, change.blur), (&None, None));
        assert_eq!((change.tint, change.noise), (None, None));
        assert_eq!(rng.random::<u64>(), next, "nothing else was drawn");

        // What is new is drawn behind it.
        let more = Augment {
            rotation: 10.0,
            elastic: 1.0,
            hue: 5.0,
            blur: 1.0,
            noise: 0.1,
            ..old.clone()
        };
        let more = more.draw(size, &mut Rng::seed_from_u64(seed));
        let without = Change {
            warp: None,
            tint: None,
            blur: None,
            noise: None,
            ..more
        };
        assert_eq!(without, change);
    }
}

#[test]
fn amounts_stay_in_their_limits() {
    let augment = everything();
    for seed in 0..200 {
        let change = augment.draw(Size::new(12, 12), &mut Rng::seed_from_u64(seed));
        let (warp, tint) = (change.warp.expect("a warp"), change.tint.expect("a tint"));
        assert!(warp.degrees.abs() <= 30.0 && warp.bends.len() == 9);
        assert!((0.7..=1.3).contains(&tint.saturation));
        assert!(tint.hue_degrees.abs() <= 20.0);
        assert!((0.0..=1.5).contains(&change.blur.expect("a blur")));
        let noise = change.noise.expect("noise");
        assert!((0.0..=25.5).contains(&noise.deviation));
    }
}

#[test]
fn tints_turn_about_gray() {
    let tinted = |pixel: [u8; 3], saturation, hue_degrees| {
        let mut rgb = Rgb {
            width: 1,
            height: 1,
            pixels: pixel.to_vec(),
        };
        let tint = Tint {
            saturation,
            hue_degrees,
        };
        tint.apply(&mut rgb);
        [rgb.pixels[0], rgb.pixels[1], rgb.pixels[2]]
    };
    assert_eq!(tinted([10, 90, 200], 1.0, 0.0), [10, 90, 200]);
    assert_eq!(tinted([77, 77, 77], 1.7, 123.0), [77; 3]);
    // Without saturation the luma is left: 0.299 * 100 + 0.587 * 50 + 0.114 * 200 = 82.05.
    assert_eq!(tinted([100, 50, 200], 0.0, 40.0), [82; 3]);
    // Half a turn takes the other side of gray: 2 * 82.05 - value, cut off below 0.
    assert_eq!(tinted([100, 50, 200], 1.0, 180.0), [64, 114, 0]);
    // Twice as far from gray: 82.05 + 2 * (value - 82.05).
    assert_eq!(tinted([100, 50, 120], 2.0, 0.0), [127, 27, 167]);
}

#[test]
fn blur_is_a_gaussian_and_keeps_what_is_even() {
    let mut even = gray(&[90; 5]);
    blur(&mut even, 2.0);
    assert_eq!(even, gray(&[90; 5]));
    let mut point = gray(&[0, 0, 0, 0, 200, 0, 0, 0, 0]);
    blur(&mut point, 1.0);
    // exp(0), exp(-1/2), exp(-2) and exp(-9/2), over their sum both ways of 2.5059.
    assert_eq!(point, gray(&[0, 1, 11, 48, 80, 48, 11, 1, 0]));
    let before = gray(&[0, 200, 0]);
    let mut sharp = before.clone();
    blur(&mut sharp, 0.05);
    assert_eq!(sharp, before);
}

#[test]
fn noise_has_the_deviation_that_was_asked_for() {
    let mut rgb = Rgb {
        width: 100,
        height: 100,
        pixels: vec![128; 30_000],
    };
    let noise = Noise {
        deviation: 10.0,
        seed: 3,
    };
    noise.apply(&mut rgb);
    let differences = rgb.pixels.iter().map(|value| f64::from(*value) - 128.0);
    let mean = differences.clone().sum::<f64>() / 30_000.0;
    let square = differences.clone().map(|one| one * one).sum::<f64>() / 30_000.0;
    // The mean of 30,000 has a deviation of 0.06, the deviation one of 0.04.
    assert!(mean.abs() < 0.4, "{mean}");
    assert!((square.sqrt() - 10.0).abs() < 0.3, "{}", square.sqrt());
    // Never more than 2 * sqrt(3) deviations.
    assert!(differences.clone().all(|one| one.abs() <= 35.0));
    assert_eq!(nearly_normal(0), -2.0 * 3_f32.sqrt());
    assert_eq!(nearly_normal(u64::MAX), 2.0 * 3_f32.sqrt());
}
