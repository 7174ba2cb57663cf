use strum::VariantArray as _;

use super::*;
use crate::engine::{
    Augment, BandChoice, ClassWeights, DatasetRef, FinalUpsampling, Geometry, Learning, Objective,
    OptimizerKind, Precision, Recipe, Reduction, SampleOrder, Schedule, Size, Trunk, preset,
};

fn train(words: &str) -> Result<Box<TrainArgs>, clap::Error> {
    let words = ["fcn-workbench", "train"]
        .into_iter()
        .chain(words.split_whitespace());
    Args::parsed(words).map(|args| match args.command {
        Some(Command::Train(train)) => train,
        other => panic!("parsed as {other:?}"),
    })
}

#[test]
fn the_definition_is_sound() {
    Args::command().debug_assert();
}

#[test]
fn files_open_the_window_and_typing_errors_do_not() {
    let parse = |words: &[&str]| {
        let words = std::iter::once("fcn-workbench").chain(words.iter().copied());
        Args::parsed(words)
    };
    let here = env!("CARGO_MANIFEST_DIR");
    let args = parse(&[here]).unwrap();
    assert!(args.command.is_none() && args.files == [PathBuf::from(here)]);
    let err = parse(&["trian"]).unwrap_err();
    assert_eq!(err.kind(), ErrorKind::InvalidSubcommand);
    let text = err.to_string();
    let reason = "trian: there is no such subcommand or file";
    assert!(text.contains(reason), "{text}");
    assert!(parse(&["devices"]).unwrap().files.is_empty());
    let err = parse(&[here, "devices"]).unwrap_err();
    assert_eq!(err.kind(), ErrorKind::ArgumentConflict);
    // A folder may have the name of a subcommand.
    let args = parse(&["--data-dir", "data", "--runs-dir", "train", "runs"]).unwrap();
    assert_eq!(args.data_dir, Some("data".into()));
    assert_eq!(args.runs_dir, Some("train".into()));
    assert!(matches!(args.command, Some(Command::Runs)));
}

#[test]
fn what_is_not_given_is_the_preset() {
    let config = train("").unwrap().config(None).unwrap();
    let expected = preset(Trunk::Vgg16Slim);
    assert_eq!(config, expected);
}

#[test]
fn every_setting_arrives() {
    let config = train(
        "--dataset sample --variant fcn16s --trunk vgg16 --device gpu:1 --epochs 3 --max-steps 7 \
         --batch-size 2 --lr 0.01 --momentum 0.5 --weight-decay 0 --schedule step:30,0.5 --dropout 0.25 \
         --final-upsampling all-fixed --train-size 64x48 --scale 0.5,2 --no-flip --test-size native \
         --seed 9 --workers 2 --accumulation 5 --bias-rate 2 --decay-biases false --reduction sum \
         --clip-norm 10 --warmup-steps 6 --order sequential --crop center --brightness 0.2 \
         --rotation 15 --elastic 10 --saturation 0.3 --hue 18.5 --blur 1.5 --noise 0.05 \
         --precision bf16 --recompute-activations true",
    )
    .unwrap()
    .config(None).unwrap();
    assert_eq!(config.dataset, DatasetRef::Sample);
    assert_eq!(
        (config.variant, config.trunk),
        (Variant::Fcn16s, Trunk::Vgg16)
    );
    assert_eq!(config.device, DeviceId::Gpu(1));
    assert_eq!(
        (config.precision, config.recompute_activations),
        (Precision::Bf16, true)
    );
    assert_eq!(
        (config.epochs, config.max_steps, config.batch_size),
        (3, Some(7), 2)
    );
    assert_eq!(config.test_size, None);
    let augment = Augment {
        crop: Some(Size::new(64, 48)),
        random_crop: false,
        flip: false,
        scale: [0.5, 2.0],
        brightness: 0.2,
        rotation: 15.0,
        elastic: 10.0,
        saturation: 0.3,
        hue: 18.5,
        blur: 1.5,
        noise: 0.05,
    };
    assert_eq!(config.augment, augment);
    assert_eq!((config.seed, config.workers), (9, 2));
    assert_eq!(
        (config.final_upsampling, config.order),
        (FinalUpsampling::AllFixed, SampleOrder::Sequential)
    );
    assert_eq!(config.dropout, 0.25);
    let expected = Learning {
        schedule: Schedule::Step {
            every_steps: 30,
            factor: 0.5,
        },
        warmup_steps: 6,
        bias_rate: 2.0,
        decay_biases: false,
        reduction: Reduction::Sum,
        accumulation: 5,
        clip_norm: Some(10.0),
        ..Learning::sgd(0.01, 0.5, 0.0)
    };
    assert_eq!(config.learning, expected);
}

#[test]
fn losses_and_optimizers_beside_those_of_the_papers_arrive() {
    let config = train(
        "--optimizer adamw --class-weights 1,0.5,2 --focal-gamma 2 --dice-share 0.25 --early-stop 10 \
         --ema 0.99 --rare-sampling 0.1 --stage-rates head=10,stage1=0 --tensorboard --batches /tmp/dumped",
    )
    .unwrap()
    .config(None)
    .unwrap();
    let learning = &config.learning;
    assert_eq!(learning.optimizer, OptimizerKind::AdamW);
    assert_eq!(
        learning.objective,
        Objective {
            class_weights: ClassWeights::Given(vec![1.0, 0.5, 2.0]),
            focal_gamma: 2.0,
            dice_share: 0.25,
        }
    );
    assert_eq!(config.rare_sampling, Some(0.1));
    assert_eq!(config.batches, Some("/tmp/dumped".into()));
    assert_eq!((config.early_stop, config.ema), (Some(10), Some(0.99)));
    assert_eq!(learning.stage_rates.to_string(), "stage1=0,head=10");
    assert!(config.extra_logs.tensorboard && !config.extra_logs.csv);
    let words = config.command_line().expect("a command line").join(" ");
    let again = train(words.strip_prefix("train ").expect("a command"))
        .unwrap()
        .config(None)
        .unwrap();
    assert_eq!(again, config, "{words}");
    train("--class-weights 1,two").expect_err("not a number");
}

#[test]
fn the_test_size_is_that_of_the_crops_on_request() {
    let sizes = |words: &str| {
        let config = train(words).unwrap().config(None).unwrap();
        (config.test_size, config.augment.crop)
    };
    let size = Some(Size::new(96, 64));
    let (test, train) = ("--test-size train", "--train-size 96x64");
    assert_eq!(sizes(&format!("{test} {train}")), (size, size));
    let native = format!("{test} --train-size native --batch-size 1");
    assert_eq!(sizes(&native), (None, None));
}

#[test]
fn a_recipe_comes_before_what_is_given_with_it() {
    for &recipe in Recipe::VARIANTS {
        let words = format!("--variant fcn16s --recipe {}", recipe.id());
        let config = train(&words).unwrap().config(None).unwrap();
        assert_eq!(Recipe::of(&config), Some(recipe), "{words}");
    }
    let config = train("--lr 3e-12 --recipe pami-heavy --epochs 2")
        .unwrap()
        .config(None)
        .unwrap();
    assert_eq!((config.learning.learning_rate, config.epochs), (3e-12, 2));
    assert_eq!(
        (config.learning.reduction, config.augment.crop),
        (Reduction::Sum, None)
    );
    train("--recipe soup").expect_err("not a recipe");
}

#[test]
fn no_augmentation_is_whole_images_or_their_middle() {
    let augment = |words: &str| train(words).unwrap().config(None).unwrap().augment;
    assert_eq!(
        augment("--augment none"),
        Augment::none(Some(Size::new(160, 128)))
    );
    assert_eq!(
        augment("--augment none --batch-size 1"),
        Augment::none(None)
    );
    assert_eq!(augment("--augment none --trunk vgg16"), Augment::none(None));
    let words = "--augment none --batch-size 1 --train-size 64x48";
    assert_eq!(augment(words), Augment::none(Some(Size::new(64, 48))));
    assert_eq!(augment("--train-size native --batch-size 1").crop, None);
    let more = "--flip;--scale 1,2;--brightness 0.1;--crop random;--rotation 10;--elastic 10;--saturation 0.1;\
                --hue 10;--blur 1;--noise 0.1";
    for more in more.split(';') {
        train(&format!("--augment none {more}")).expect_err(more);
    }
}

#[test]
fn a_folder_is_kept_as_an_absolute_path() {
    let config = train("--dataset some/folder")
        .unwrap()
        .config(None)
        .unwrap();
    let DatasetRef::Folder(folder) = config.dataset else {
        panic!("not a folder: {:?}", config.dataset)
    };
    assert!(
        folder.is_absolute() && folder.ends_with("some/folder"),
        "{folder:?}"
    );
}

#[test]
fn resuming_takes_no_settings() {
    train("--resume latest").unwrap();
    let on_another_device = train("--resume latest --device cpu").unwrap();
    assert_eq!(on_another_device.device, Some(DeviceId::Cpu));
    let moved = train("--resume latest --dataset sample --accept-changes").unwrap();
    assert_eq!(
        (moved.dataset, moved.accept_changes),
        (Some(DatasetRef::Sample), true)
    );
    for more in ["--epochs 3", "--flip", "--compare"] {
        train(&format!("--resume latest {more}")).expect_err(more);
    }
    train("--accept-changes").expect_err("of a new run");
    train("--compare --variant fcn8s").expect_err("a comparison has all variants");
}

#[test]
fn a_run_or_masks_are_scored_but_not_both() {
    let parse = |words: &str| {
        Args::parsed(
            ["fcn-workbench", "evaluate"]
                .into_iter()
                .chain(words.split_whitespace()),
        )
    };
    for words in [
        "--run latest",
        "--run latest --boundary-width 3",
        "--run latest --device gpu:1",
        "--predictions p --labels l",
        "--predictions p --labels l --classes c.txt --list v.txt",
        "--predictions p --labels l --num-classes 4 --boundary-width 1",
    ] {
        parse(words).expect(words);
    }
    for words in [
        "",
        "--run a --predictions p --labels l",
        "--split val --predictions p --labels l",
        "--predictions p",
        "--labels l",
        "--run a --labels l",
        "--predictions p --labels l --device cpu",
        "--run a --classes c.txt",
        "--run a --list v.txt",
        "--predictions p --labels l --classes c.txt --num-classes 3",
        "--predictions p --labels l --num-classes 0",
        "--run a --boundary-width 0",
    ] {
        parse(words).expect_err(words);
    }
}

#[test]
fn values_out_of_range_are_refused() {
    for words in [
        "--epochs 0",
        "--lr 0",
        "--lr NaN",
        "--momentum 1",
        "--dropout -0.1",
        "--train-size 64",
        "--train-size 0x64",
        "--scale 2,1",
        "--scale 1",
        "--batch-size 0",
        "--workers 0",
        "--device toaster",
        "--variant fcn4s",
        "--weight-decay inf",
        "--accumulation 0",
        "--clip-norm 0",
        "--bias-rate -1",
        "--brightness 2",
        "--rotation 181",
        "--elastic -1",
        "--saturation 1.1",
        "--hue NaN",
        "--blur 21",
        "--noise 2",
        "--schedule step",
        "--schedule cosine:-1",
        "--warmup-steps -1",
        "--reduction median",
    ] {
        let (name, value) = words.split_once(' ').expect("two words");
        train(&format!("{name}={value}")).expect_err(words);
    }
    for words in ["--lr -1", "--epochs -3", "--dropout -0.5"] {
        let message = train(words).expect_err(words).to_string();
        assert!(message.contains("invalid value '-"), "{message}");
    }
}

#[test]
fn runs_and_files_predict_on_any_device() {
    for source in ["--run latest", "--weights net.pth", ""] {
        let words = format!("fcn-workbench predict a.png --out o {source} --device cuda:1");
        let args = Args::parsed(words.split_whitespace()).unwrap();
        let Some(Command::Predict(predict)) = args.command else {
            panic!("not a prediction: {words}")
        };
        assert_eq!(predict.source.device, Some(DeviceId::Cuda(1)));
    }
}

/// What the words of a run's command line are read as.
#[track_caller]
fn read_back(config: &RunConfig, start: Option<&StartingPoint>) -> RunConfig {
    let words = config.command_line().expect("a command line");
    let words = std::iter::once("fcn-workbench".to_owned()).chain(words);
    match Args::parsed(words).expect("understood").command {
        Some(Command::Train(train)) => train.config(start).expect("settings"),
        other => panic!("parsed as {other:?}"),
    }
}

#[test]
fn the_command_line_of_a_run_says_the_same_run() {
    for &trunk in Trunk::VARIANTS {
        assert_eq!(read_back(&preset(trunk), None), preset(trunk), "{trunk}");
    }
    for &recipe in Recipe::VARIANTS {
        let mut config = preset(Trunk::Vgg16);
        recipe.apply(&mut config);
        assert_eq!(read_back(&config, None), config, "{}", recipe.id());
    }
    let mut config = train(
        "--variant fcn16s --trunk vgg16 --device gpu:1 --epochs 3 --max-steps 7 --batch-size 2 --lr 0.01 \
         --momentum 0.5 --weight-decay 0 --schedule step:30,0.5 --dropout 0.25 --final-upsampling all-fixed \
         --train-size 64x48 --scale 0.5,2 --no-flip --test-size native --seed 9 --workers 2 --accumulation 5 \
         --bias-rate 2 --decay-biases false --reduction sum --clip-norm 10 --warmup-steps 6 --order sequential \
         --crop center --brightness 0.2 --rotation 15 --elastic 10 --saturation 0.3 --hue 18.5 --blur 1.5 \
         --noise 0.05 --cache kept --cache-gib 2.5 --precision bf16 --input caffe --geometry reference",
    )
    .unwrap()
    .config(None)
    .unwrap();
    let cache = config.decoded_cache.clone().unwrap();
    assert_eq!((cache.folder.ends_with("kept"), cache.gib), (true, 2.5));
    train("--cache-gib 2").expect_err("of no cache");
    config.dataset = DatasetRef::Folder(std::path::absolute("my data").unwrap());
    config.learning.learning_rate = 9.915_585_312_589_867e-5;
    assert_eq!(read_back(&config, None), config);
    let map = std::path::absolute("map.json").unwrap();
    config.dataset = config
        .dataset
        .mapped(Some(map), &[], &BandChoice::default());
    assert_eq!(read_back(&config, None), config);

    let start = StartingPoint::of_run("parent", &preset(Trunk::Vgg16));
    config.start_from(&start);
    config.geometry = Geometry::Reference;
    assert_eq!(read_back(&config, Some(&start)), config);
}

#[test]
fn a_value_without_an_option_is_not_left_out_in_silence() {
    let mut config = preset(Trunk::Vgg16Slim);
    config.normalization.mean[0] += 0.125;
    let err = config.command_line().expect_err("an input of its own");
    assert!(err.to_string().contains("the input normalization"), "{err}");
}

#[test]
fn paths_are_understood_as_they_are_pasted() {
    let words = "fcn-workbench predict file:///my%20data/a.png --out=file:///out --run x";
    let args = Args::parsed(words.split_whitespace()).unwrap();
    let Some(Command::Predict(predict)) = args.command else {
        panic!("not predict")
    };
    assert_eq!(predict.images, [std::path::Path::new("/my data/a.png")]);
    assert_eq!(predict.out, Some("/out".into()));
    let config = train("--dataset file:///my%20data").unwrap();
    let dataset = config.config(None).unwrap().dataset;
    assert_eq!(dataset, DatasetRef::Folder("/my data".into()));
}
