use super::*;
use crate::model::Trunk;
use crate::training::objective::ClassWeights;
use crate::training::preset;
use crate::training::{Reduction, Schedule};

#[test]
fn each_value_is_checked_and_named() {
    let cases: [(Edit, &str); 13] = [
        (
            |config| (config.trunk, config.recompute_activations) = (Trunk::Googlenet, true),
            "recompute activations is on",
        ),
        (
            |config| config.learning.accumulation = 0,
            "accumulation is 0",
        ),
        (
            |config| config.learning.accumulation = 65_537,
            "accumulation is 65537; it must be at most 65536",
        ),
        (
            |config| config.batch_size = 65_537,
            "batch size is 65537; it must be at most 65536",
        ),
        (|config| config.learning.bias_rate = -1.0, "bias rate is -1"),
        (
            |config| config.learning.bias_rate = f64::INFINITY,
            "bias rate is inf",
        ),
        (
            |config| config.learning.clip_norm = Some(0.0),
            "clip norm is 0",
        ),
        (
            |config| config.learning.clip_norm = Some(f64::NAN),
            "clip norm is NaN",
        ),
        (
            |config| config.learning.schedule = Schedule::Poly { power: 0.0 },
            "schedule is poly:0",
        ),
        (
            |config| {
                config.learning.schedule = Schedule::Step {
                    every_steps: 0,
                    factor: 0.1,
                }
            },
            "schedule is step:0,0.1",
        ),
        (
            |config| config.learning.schedule = Schedule::Cosine { min_rate: 9.0 },
            "schedule is cosine:9",
        ),
        (|config| config.augment.crop = None, "batch size is 4"),
        (
            |config| config.augment.crop = Some(Size::new(0, 5)),
            "training size is 0x5",
        ),
    ];
    assert_broken(&cases);
}

#[test]
fn losses_and_recipes_beside_the_papers_are_checked_and_named() {
    let cases: [(Edit, &str); 12] = [
        (|config| config.early_stop = Some(0), "early stop is 0"),
        (|config| config.ema = Some(1.0), "EMA decay is 1"),
        (
            |config| config.rare_sampling = Some(0.0),
            "rare sampling is 0",
        ),
        (
            |config| {
                (config.rare_sampling, config.order) = (Some(0.1), SampleOrder::Sequential);
            },
            "rare sampling is 0.1; it draws",
        ),
        (
            |config| config.learning.stage_rates = "stem=0".parse().expect("rates"),
            "stage rates is stem=0",
        ),
        (
            |config| config.learning.stage_rates = "fc=-1".parse().expect("rates"),
            "stage rates is fc=-1",
        ),
        (
            |config| {
                config.learning.stage_rates = "fc=0".parse().expect("rates");
                config.recompute_activations = true;
            },
            "recompute activations is on; a frozen stage",
        ),
        (
            |config| config.learning.objective.focal_gamma = -1.0,
            "focal gamma is -1",
        ),
        (
            |config| config.learning.objective.dice_share = 1.5,
            "dice share is 1.5",
        ),
        (
            |config| {
                config.learning.objective.dice_share = 0.5;
                config.learning.reduction = Reduction::Sum;
            },
            "dice share is 0.5; Dice has no sum",
        ),
        (
            |config| {
                config.learning.objective.dice_share = 1.0;
                config.learning.objective.class_weights = ClassWeights::Median;
            },
            "dice share is 1; class weights",
        ),
        (
            |config| config.learning.objective.class_weights = ClassWeights::Given(vec![0.0, 0.0]),
            "class weights is 0,0",
        ),
    ];
    assert_broken(&cases);
}

/// Changes a preset.
type Edit = fn(&mut RunConfig);

/// Each edit makes a value of which the message says these words first.
#[track_caller]
fn assert_broken(cases: &[(Edit, &str)]) {
    for (edit, words) in cases {
        let mut config = preset(Trunk::Vgg16Slim);
        config.validate().expect("the preset is sound");
        edit(&mut config);
        let message = config.validate().expect_err(words).to_string();
        assert!(message.starts_with(words), "{message}");
    }
}

#[test]
fn amounts_of_augmentation_and_the_cache_have_limits() {
    let cases: [(Edit, &str); 8] = [
        (
            |config| config.augment.brightness = -0.1,
            "brightness is -0.1",
        ),
        (
            |config| config.augment.rotation = 181.0,
            "rotation is 181; it must be 0 to 180 degrees",
        ),
        (|config| config.augment.elastic = 101.0, "elastic is 101"),
        (
            |config| config.augment.saturation = 1.5,
            "saturation is 1.5",
        ),
        (|config| config.augment.hue = -1.0, "hue is -1"),
        (
            |config| config.augment.blur = 20.5,
            "blur is 20.5; it must be 0 to 20 pixels",
        ),
        (|config| config.augment.noise = 2.0, "noise is 2"),
        (|config| config.augment.noise = f32::NAN, "noise is NaN"),
    ];
    assert_broken(&cases);
}

#[test]
fn whole_images_go_with_any_accumulation() {
    let mut config = preset(Trunk::Vgg16Slim);
    (
        config.augment.crop,
        config.batch_size,
        config.learning.accumulation,
    ) = (None, 1, 20);
    config.validate().expect("one image a batch");
}

#[test]
fn the_last_step_of_an_epoch_takes_the_batches_that_are_left() {
    let mut config = preset(Trunk::Vgg16Slim);
    assert_eq!(config.steps_per_epoch(7), 7);
    config.learning.accumulation = 3;
    assert_eq!(
        [0, 1, 3, 6, 7].map(|batches| config.steps_per_epoch(batches)),
        [0, 1, 1, 2, 3]
    );
    config.epochs = 2;
    assert_eq!(config.total_steps(config.steps_per_epoch(7)), 6);
    config.max_steps = Some(5);
    assert_eq!(config.total_steps(3), 5);
}

#[test]
fn configurations_of_older_runs_are_read() {
    let config = preset(Trunk::Vgg16Slim);
    let mut json = serde_json::to_value(&config).expect("JSON");
    json["learning"] = serde_json::json!({
        "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 5e-4, "schedule": "poly",
    });
    for later in [
        "order",
        "precision",
        "recompute_activations",
        "early_stop",
        "ema",
        "rare_sampling",
    ] {
        json.as_object_mut().expect("an object").remove(later);
    }
    json["augment"] = serde_json::json!({ "crop": [160, 128], "scale": [1.0, 1.0], "flip": true, "brightness": 0.0 });
    assert_eq!(
        serde_json::from_value::<RunConfig>(json).expect("read"),
        config
    );
}
