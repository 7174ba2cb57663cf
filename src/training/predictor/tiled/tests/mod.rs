mod no_numbers;

use std::sync::Mutex;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Tensor};

use super::*;
use crate::dataset::{ClassList, ImageReading};
use crate::model::{Geometry, Trunk, Variant};
use crate::training::DeviceId;
use crate::training::checkpoint::RunMeta;
use crate::training::preset;

const CLASSES: usize = 3;

/// Score layers start at 0, where every class is as likely.
struct Shaken;

impl ModuleMapper for Shaken {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weight| {
            let noise = weight.random_like(Distribution::Uniform(-0.05, 0.1));
            weight + noise
        })
    }
}

fn predictor(variant: Variant, geometry: Geometry, test_size: Option<Size>) -> Predictor {
    let device = Device::flex();
    device.seed(5);
    let mut config = preset(Trunk::Vgg16Slim);
    (config.variant, config.geometry) = (variant, geometry);
    config.test_size = test_size;
    let model = config.network(CLASSES).init(&device).map(&mut Shaken);
    let segmenter = Segmenter::new(&model, &config.normalization, CLASSES, &device);
    Predictor {
        segmenter,
        meta: RunMeta {
            config,
            classes: ClassList::numbered(CLASSES),
            images: ImageReading::default(),
            dataset_name: "noise".to_owned(),
            created: 0,
        },
        step: 0,
        device: DeviceId::Cpu,
    }
}

fn noise(width: u32, height: u32) -> Rgb {
    let value = |n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8;
    Rgb {
        width,
        height,
        pixels: (0..3 * width * height).map(value).collect(),
    }
}

fn sides(side: u32) -> Tiling {
    Tiling {
        side: Some(side),
        skip_empty: false,
    }
}

fn mask(predictor: &Predictor, image: &Rgb, options: &PredictOptions) -> (LabelMap, usize) {
    let plan = predictor.plan(image.size(), &options.tiling);
    let mut tiles = 0;
    let mask = predictor
        .predict(
            &image.clone().into(),
            &plan,
            options,
            |_| true,
            &mut |_, _| tiles += 1,
        )
        .expect("no error")
        .expect("a mask");
    (mask, tiles)
}

/// Also where neither side is a multiple of the stride, along both axes.
#[test]
fn tiles_have_no_seams_in_either_geometry() {
    for (variant, geometry) in [
        (Variant::Fcn8s, Geometry::Padded),
        (Variant::Fcn8s, Geometry::Reference),
        (Variant::Fcn32s, Geometry::Padded),
    ] {
        let predictor = predictor(variant, geometry, None);
        for (width, height) in [(1009, 21), (21, 1009)] {
            // 100 pixels of padding make it much more to compute.
            if geometry == Geometry::Reference && height > width {
                continue;
            }
            let image = noise(width, height);
            let whole = predictor.plan(image.size(), &Tiling::default());
            let tiled = predictor.plan(image.size(), &sides(640));
            assert!(whole.is_whole() && tiled.tiles.len() > 2);
            let [expected, found] = [&whole, &tiled].map(|plan| {
                predictor
                    .logits(&image.clone().into(), plan)
                    .expect("logits")
            });
            let largest = expected
                .iter()
                .fold(0.0_f32, |most, value| most.max(value.abs()));
            assert!(largest > 0.0);
            for (found, expected) in found.iter().zip(&expected) {
                let error = (found - expected).abs() / largest;
                assert!(
                    error < 1e-5,
                    "{variant} {geometry}: {found} is not {expected}"
                );
            }
            let options = PredictOptions {
                tiling: sides(640),
                ..PredictOptions::default()
            };
            let (in_tiles, tiles) = mask(&predictor, &image, &options);
            let (at_once, none) = mask(&predictor, &image, &PredictOptions::default());
            assert_eq!((tiles, none), (tiled.tiles.len(), 0));
            let plane = image.size().pixels() as usize;
            let labels = in_tiles.labels.iter().zip(&at_once.labels);
            for (pixel, (found, label)) in labels.enumerate() {
                // Scores that are equal up to rounding may fall either way.
                let score = |label: u8| expected[usize::from(label) * plane + pixel];
                let gap = (score(*found) - score(*label)).abs() / largest;
                assert!(gap < 2e-5, "pixel {pixel}: {found} instead of {label}");
            }
        }
    }
}

#[test]
fn a_tile_of_one_color_is_left_out_where_that_is_wanted() {
    let predictor = predictor(Variant::Fcn8s, Geometry::Padded, None);
    let mut image = noise(1600, 8);
    for row in image.pixels.chunks_exact_mut(3 * 1600) {
        row[3 * 600..].fill(240);
    }
    let mut options = PredictOptions {
        tiling: sides(640),
        ..PredictOptions::default()
    };
    let (full, _) = mask(&predictor, &image, &options);
    options.tiling.skip_empty = true;
    let shares = std::sync::Arc::new(Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&shares);
    let go_on = move |share| {
        seen.lock().expect("no panic").push(share);
        true
    };
    let plan = predictor.plan(image.size(), &options.tiling);
    let found = predictor
        .predict(
            &image.clone().into(),
            &plan,
            &options,
            go_on,
            &mut |_, _| {},
        )
        .expect("no error")
        .expect("a mask");
    assert!(full.labels.iter().all(|label| *label != VOID));
    assert_eq!(found.labels[0], full.labels[0]);
    assert_eq!(found.labels[1599], VOID, "far from all noise");
    let shares = shares.lock().expect("no panic");
    assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
}

#[test]
fn a_mask_that_is_not_wanted_any_more_ends_between_its_tiles() {
    let predictor = predictor(Variant::Fcn8s, Geometry::Padded, None);
    let image = noise(1009, 8);
    let options = PredictOptions {
        tiling: sides(640),
        ..PredictOptions::default()
    };
    let plan = predictor.plan(image.size(), &options.tiling);
    let mut tiles = 0;
    let found = predictor
        .predict(
            &image.clone().into(),
            &plan,
            &options,
            |_| false,
            &mut |_, _| tiles += 1,
        )
        .expect("no error");
    assert!(found.is_none() && tiles == 0);
}

#[test]
fn an_image_seen_at_another_size_is_enlarged_in_strips_as_at_once() {
    let size = Size::new(40, 24);
    let predictor = predictor(Variant::Fcn8s, Geometry::Padded, Some(size));
    let image = noise(130, 100);
    let whole = predictor.plan(image.size(), &Tiling::default());
    assert!(whole.is_whole());
    let strips = TilePlan::of_strips(image.size(), 130 * 33, 0, 12);
    assert_eq!(strips.tiles.len(), 4);
    let options = PredictOptions::default();
    let masks = [&whole, &strips].map(|plan| {
        predictor
            .predict(
                &image.clone().into(),
                plan,
                &options,
                |_| true,
                &mut |_, _| {},
            )
            .expect("no error")
            .expect("a mask")
    });
    let differ = masks[0].labels.iter().zip(&masks[1].labels);
    let differ = differ.filter(|(a, b)| a != b).count();
    // Scores that are equal up to rounding may fall either way.
    assert!(differ <= 13, "{differ} of 13,000 pixels");
}

#[test]
fn unsure_pixels_are_void_and_averages_need_one_piece() {
    let predictor = predictor(Variant::Fcn8s, Geometry::Padded, None);
    let image = noise(64, 48);
    let with = |threshold| PredictOptions {
        threshold: Some(threshold),
        ..PredictOptions::default()
    };
    let (all, _) = mask(&predictor, &image, &PredictOptions::default());
    let (sure, _) = mask(&predictor, &image, &with(0.0));
    assert!(sure.labels.iter().all(|label| *label != VOID));
    let (none, _) = mask(&predictor, &image, &with(1.01));
    assert!(none.labels.iter().all(|label| *label == VOID));
    let (some, _) = mask(&predictor, &image, &with(0.34));
    let mut kept = some.labels.iter().zip(&sure.labels);
    assert!(kept.all(|(some, sure)| some == sure || *some == VOID));
    assert_eq!(all.labels.len(), sure.labels.len());

    let averaged = PredictOptions {
        tiling: sides(640),
        averaging: Averaging {
            scales: vec![0.5, 1.0],
            flip: true,
        },
        ..PredictOptions::default()
    };
    assert_eq!(mask(&predictor, &image, &averaged).0.labels.len(), 64 * 48);
    let large = noise(1009, 8);
    let plan = predictor.plan(large.size(), &averaged.tiling);
    let err = predictor
        .predict(&large.into(), &plan, &averaged, |_| true, &mut |_, _| {})
        .expect_err("refused");
    assert!(err.to_string().contains("1009x8"), "{err}");
}

#[test]
fn an_image_in_a_file_has_the_mask_of_the_same_image_in_memory() {
    let predictor = predictor(Variant::Fcn8s, Geometry::Padded, None);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wide.tif");
    let image = noise(1009, 8);
    image::RgbImage::from_raw(1009, 8, image.pixels.clone())
        .and_then(|image| image.save(&path).ok())
        .expect("written");
    let options = PredictOptions {
        tiling: sides(640),
        ..PredictOptions::default()
    };
    let in_file = Pixels::in_file(&path);
    let plan = predictor.plan_of(in_file.facts(), &options.tiling);
    assert!(plan.is_in_file && !plan.is_whole());
    let found = predictor
        .predict(&in_file, &plan, &options, |_| true, &mut |_, _| {})
        .expect("no error")
        .expect("a mask");
    assert_eq!(found, mask(&predictor, &image, &options).0);
    let [logits, expected] =
        [in_file, image.into()].map(|image| predictor.logits(&image, &plan).expect("logits"));
    assert_eq!(logits, expected);
}

/// A symmetric image has a symmetric mean over itself and its mirror image.
#[test]
fn the_mean_over_mirror_images_is_symmetric() {
    let predictor = predictor(Variant::Fcn8s, Geometry::Padded, None);
    let mut image = noise(64, 32);
    for row in image.pixels.chunks_exact_mut(3 * 64) {
        for x in 0..32 {
            let (left, right) = (3 * x, 3 * (63 - x));
            let pixel = [row[left], row[left + 1], row[left + 2]];
            row[right..right + 3].copy_from_slice(&pixel);
        }
    }
    let averaging = Averaging {
        scales: Vec::new(),
        flip: true,
    };
    let shares = predictor.segmenter.averaged(&image, None, &averaging);
    let shares = predictor.segmenter.numbers(shares).expect("numbers");
    for row in shares.chunks_exact(64) {
        for x in 0..32 {
            assert!((row[x] - row[63 - x]).abs() < 1e-5);
        }
    }
    let sum: f32 = (0..CLASSES).map(|class| shares[class * 64 * 32]).sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
}

/// The network sees what is around a pixel alone, and finds what it finds in the whole image.
#[test]
fn the_gradient_around_a_pixel_is_that_of_the_whole_image() {
    let predictor = predictor(Variant::Fcn8s, Geometry::Padded, None);
    let image = noise(1009, 8);
    let found = predictor
        .input_gradient(&image.clone().into(), [700, 5], 1, || true)
        .expect("no error")
        .expect("a gradient");
    assert_eq!((found.pixel, found.seen), ([700, 5], image.size()));
    assert!(found.area.left > 0 && found.area.left + found.area.size.width < 1009);
    let logit = crate::model::LogitPlace {
        label: 1,
        pixel: [5, 700],
    };
    let whole = Tile::whole(image.size());
    let expected = predictor
        .segmenter
        .input_gradient(&image, None, &whole.part(image.size()), logit)
        .expect("a gradient");
    assert!((found.score - expected.score).abs() < 1e-3 * expected.score.abs().max(1.0));
    let total: f32 = expected.values.iter().sum();
    assert!(total > 0.0);
    let mut inside = 0.0;
    for (place, expected) in expected.values.iter().enumerate() {
        let (x, y) = (place as u32 % 1009, place as u32 / 1009);
        let column = x.checked_sub(found.area.left);
        match column.filter(|column| *column < found.area.size.width) {
            Some(column) => {
                let value = found.values[(y * found.area.size.width + column) as usize];
                let error = (value - expected).abs();
                assert!(error < 1e-4 * total, "{x},{y}: {value} is not {expected}");
                inside += expected;
            }
            None => assert_eq!(*expected, 0.0, "{x},{y} is outside of the field"),
        }
    }
    assert!((inside - total).abs() < 1e-3 * total);
    let unwanted = predictor.input_gradient(&image.into(), [700, 5], 1, || false);
    assert!(unwanted.expect("no error").is_none());
}

#[test]
fn a_layer_is_named_and_one_that_is_not_there_names_the_others() {
    let predictor = predictor(Variant::Fcn16s, Geometry::Padded, None);
    let image = noise(40, 24).into();
    let found = predictor.layer_maps(&image, "pool4", || true);
    let maps = found.expect("no error").expect("maps");
    assert_eq!((maps.channels, maps.size), (64, Size::new(3, 2)));
    assert_eq!(maps.values.len(), 64 * 6);
    assert!(
        maps.values.iter().all(|value| *value >= 0.0),
        "behind its ReLU"
    );
    let err = predictor
        .layer_maps(&image, "score_pool3", || true)
        .expect_err("an FCN-16s has none");
    let text = err.to_string();
    assert!(
        text.contains("score_pool3") && text.contains("score_pool4"),
        "{text}"
    );
    let unwanted = predictor.contributions(&image, || false);
    assert!(unwanted.expect("no error").is_none());
}
