//! The training loop on a tiny dataset: it learns, stops, resumes, fails with a message.

mod alarms;
mod arithmetic;
mod clock;
mod faults;
mod film;
mod for_pytorch;
mod recipes;
mod resume;
mod storage;

use std::fs;

use crate::common::{Recorder, SIZE, TinySet};
use fcn_workbench::dataset::{Augment, Size};
use fcn_workbench::files::{Existing, Outputs};
use fcn_workbench::model::Variant;
use fcn_workbench::training::checkpoint::EndMark;
use fcn_workbench::training::{
    Averaging, Control, DeviceId, EpochRecord, InitialTensors, InitialWeights, Outcome, Predictor,
    RunConfig, SampleOrder, SavedWeights, TrainEvent, TrainOptions, export_run, train, train_with,
};

fn epochs(sink: &Recorder) -> Vec<&EpochRecord> {
    let epochs = sink.events.iter().filter_map(|event| match event {
        TrainEvent::EpochEnded(epoch) => Some(epoch),
        _ => None,
    });
    epochs.collect()
}

#[test]
fn a_tiny_network_learns_two_images_by_heart() {
    let set = TinySet::new(2, 2);
    // Validation on the very images it learns.
    let lists = set.root().join("ImageSets/Segmentation");
    fs::copy(lists.join("train.txt"), lists.join("val.txt")).expect("the same list");
    let folder = set.run(|config| {
        config.epochs = 100;
        config.dropout = 0.0;
        config.augment.flip = false;
        config.augment.brightness = 0.0;
    });
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut sink);
    assert_eq!(sink.outcome(), Some(&Outcome::Finished));
    let losses = sink.losses();
    assert!(losses[losses.len() - 1] < 0.1 * losses[0], "{losses:?}");
    let epochs = epochs(&sink);
    let score = |epoch: &EpochRecord| epoch.scores.mean_iu.expect("a score");
    let best = epochs.iter().map(|epoch| score(epoch)).fold(0.0, f64::max);
    assert!(best > 0.9, "best mIoU {best}");

    // The saved best weights predict what the validation saw.
    let predictor = Predictor::load(&folder, DeviceId::Cpu).expect("weights");
    let evaluation = predictor
        .evaluate(
            &set.open(),
            fcn_workbench::dataset::Split::Val,
            (3, &Averaging::default()),
            &Control::default(),
            &mut |_, _| {},
        )
        .expect("scores")
        .expect("not stopped");
    assert!((evaluation.counts.scores().mean_iu.expect("a score") - best).abs() < 1e-9);
    assert!(
        evaluation.counts.mean_iu_over_images().expect("a score") > 0.8,
        "{evaluation:?}"
    );
    let right_at_boundaries = evaluation
        .counts
        .boundary_scores()
        .pixel_accuracy
        .expect("the squares have boundaries");
    assert!(
        right_at_boundaries < evaluation.counts.scores().pixel_accuracy.expect("a score") + 1e-9,
        "{evaluation:?}"
    );
    assert_eq!(evaluation.counts.boundary_width(), 3);
}

#[test]
fn events_come_in_the_promised_order() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|config| config.epochs = 2);
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut sink);
    let names: Vec<&str> = sink
        .events
        .iter()
        .filter_map(|event| match event {
            TrainEvent::Started(_) => Some("started"),
            TrainEvent::Step(_) => Some("step"),
            TrainEvent::EpochEnded(_) => Some("epoch"),
            TrainEvent::Ended(_) => Some("ended"),
            _ => None,
        })
        .collect();
    assert_eq!(
        names,
        [
            "started", "step", "step", "epoch", "step", "step", "epoch", "ended"
        ]
    );
    let previews = sink
        .events
        .iter()
        .filter(|event| matches!(event, TrainEvent::Preview(_)))
        .count();
    assert!(
        previews >= 3,
        "before the first step and after each epoch, not {previews}"
    );
    assert_eq!(folder.steps().len(), 4);
    assert_eq!(folder.epochs().len(), 2);
    assert_eq!(folder.end(), Some(EndMark::Finished));
}

#[test]
fn a_run_in_the_lists_order_without_augmentation_and_dropout_has_nothing_random_but_its_weights() {
    let set = TinySet::new(8, 1);
    let losses = |order: SampleOrder, crop: Option<Size>| {
        let folder = set.run(|config| {
            (config.order, config.augment) = (order, Augment::none(crop));
            (config.dropout, config.batch_size, config.epochs) = (0.0, 1, 1);
        });
        let mut sink = Recorder::default();
        train(&folder, &set.open(), &Control::default(), &mut sink);
        assert_eq!(sink.outcome(), Some(&Outcome::Finished));
        sink.losses()
    };
    let listed = losses(SampleOrder::Sequential, None);
    assert_eq!(listed.len(), 8);
    // The middle of an image at its own size is all of it.
    assert_eq!(
        losses(SampleOrder::Sequential, Some(Size::new(SIZE, SIZE))),
        listed
    );
    assert_ne!(losses(SampleOrder::Shuffled, None), listed);
    // The same images, the other way around.
    let list = set.root().join("ImageSets/Segmentation/train.txt");
    let names = fs::read_to_string(&list).expect("a list");
    let reversed: Vec<&str> = names.lines().rev().collect();
    fs::write(&list, reversed.join("\n")).expect("a list");
    assert_ne!(losses(SampleOrder::Sequential, None), listed);
}

#[test]
fn a_run_is_the_same_whether_somebody_looks_at_its_masks_or_not() {
    let set = TinySet::new(4, 1);
    let losses = |unwatched: bool| {
        let folder = set.run(|config| config.epochs = 1);
        let mut sink = Recorder {
            unwatched,
            ..Recorder::default()
        };
        train(&folder, &set.open(), &Control::default(), &mut sink);
        assert_eq!(sink.outcome(), Some(&Outcome::Finished));
        sink.losses()
    };
    assert_eq!(losses(true), losses(false));
}

#[test]
fn whole_images_in_batches_are_rejected() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|config| config.augment.crop = None);
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut sink);
    let Some(Outcome::Failed(message)) = sink.outcome() else {
        panic!("{:?}", sink.outcome());
    };
    assert!(
        message.contains("batch size is 2") && message.contains("training size"),
        "{message}"
    );
}

#[test]
fn weights_without_a_manifest_do_not_count() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|_| {});
    let leftover = folder.path().join("weights-00000099.bpk");
    fs::write(&leftover, b"half a file").expect("a file");
    fs::write(folder.path().join("steps.jsonl"), "{\"step\":1,\"ep").expect("half a line");
    assert_eq!(folder.last(), None);
    let error = Predictor::load(&folder, DeviceId::Cpu)
        .err()
        .expect("no weights")
        .to_string();
    assert!(error.contains("no saved weights"), "{error}");

    train(
        &folder,
        &set.open(),
        &Control::default(),
        &mut Recorder::default(),
    );
    assert_eq!(folder.steps().len(), 2);
    assert!(folder.last().is_some());
    assert!(!leftover.exists(), "a leftover of a crash is removed");
}

#[test]
fn damaged_weights_name_their_file() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|_| {});
    train(
        &folder,
        &set.open(),
        &Control::default(),
        &mut Recorder::default(),
    );
    let weights = fs::read_dir(folder.path())
        .expect("files")
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().contains("weights-"))
        .expect("weights");
    let bytes = fs::read(&weights).expect("bytes");
    fs::write(&weights, &bytes[..bytes.len() / 2]).expect("half of it");
    let error = Predictor::load(&folder, DeviceId::Cpu)
        .err()
        .expect("damaged")
        .to_string();
    assert!(error.contains(&weights.display().to_string()), "{error}");
}

#[test]
fn a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|_| {});
    train(
        &folder,
        &set.open(),
        &Control::default(),
        &mut Recorder::default(),
    );
    let before = folder.last().expect("a checkpoint");

    let mut meta = folder.meta().expect("the configuration");
    meta.config.epochs = 50;
    meta.config.learning.learning_rate = 1e30;
    let text = serde_json::to_string(&meta).expect("JSON");
    fs::write(folder.path().join("config.json"), text).expect("written");
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut sink);
    let Some(Outcome::Failed(message)) = sink.outcome() else {
        panic!("{:?}", sink.outcome());
    };
    assert!(message.contains("learning rate"), "{message}");
    assert!(matches!(folder.end(), Some(EndMark::Failed { .. })));
    assert!(folder.last().expect("a checkpoint").step >= before.step);
    Predictor::load(&folder, DeviceId::Cpu).expect("the kept weights load");
}

#[test]
fn a_label_outside_the_classes_ends_the_run_and_names_the_mask() {
    let set = TinySet::new(4, 1);
    let dataset = set.open();
    let folder = set.run(|_| {});
    let mut labels = vec![0; (SIZE * SIZE) as usize];
    labels[5] = 9;
    set.write_mask("image2", labels);
    let mut sink = Recorder::default();
    train(&folder, &dataset, &Control::default(), &mut sink);
    let Some(Outcome::Failed(message)) = sink.outcome() else {
        panic!("{:?}", sink.outcome());
    };
    assert!(
        message.contains("image2.png") && message.contains("label 9"),
        "{message}"
    );
}

#[test]
fn a_run_is_trained_by_one_program_at_a_time() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|_| {});
    let (same, dataset) = (folder.clone(), set.open());
    let (sender, second) = std::sync::mpsc::channel();
    let mut sink = Recorder::after(1, move || {
        let mut sink = Recorder::default();
        train(&same, &dataset, &Control::default(), &mut sink);
        sender
            .send((sink.outcome().cloned(), same.is_locked()))
            .expect("a listener");
    });
    train(&folder, &set.open(), &Control::default(), &mut sink);
    assert_eq!(sink.outcome(), Some(&Outcome::Finished));
    let (outcome, locked) = second.recv().expect("an answer");
    assert!(
        matches!(&outcome, Some(Outcome::Failed(message)) if message.contains("another program")),
        "{outcome:?}"
    );
    assert!(locked);
    assert!(!folder.is_locked());
}

#[test]
fn invalid_values_are_rejected_by_name() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|config| config.learning.momentum = 1.5);
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut sink);
    let Some(Outcome::Failed(message)) = sink.outcome() else {
        panic!("{:?}", sink.outcome());
    };
    assert!(message.contains("momentum is 1.5"), "{message}");
}

#[test]
fn of_equal_epochs_the_first_is_the_best_in_the_folder_and_in_the_log() {
    let set = TinySet::new(2, 1);
    // Steps this small change no weight: the score layers stay at zero, and all pixels class 0.
    let folder = set.run(|config| {
        config.epochs = 3;
        config.learning.learning_rate = 1e-30;
    });
    train(
        &folder,
        &set.open(),
        &Control::default(),
        &mut Recorder::default(),
    );
    let epochs = folder.epochs();
    let score = epochs[0].scores.mean_iu;
    assert!(score.is_some() && epochs.iter().all(|epoch| epoch.scores.mean_iu == score));
    let best = EpochRecord::best_of(&epochs).expect("a score").epoch;
    assert_eq!((folder.best().expect("weights").epoch, best), (1, 1));
}

#[test]
fn weights_that_were_read_before_the_start_are_not_read_again() {
    let set = TinySet::new(4, 1);
    let parent = set.run(|config| config.variant = Variant::Fcn32s);
    train(
        &parent,
        &set.open(),
        &Control::default(),
        &mut Recorder::default(),
    );
    let file = set.dir.path().join("parent.safetensors");
    let output = Outputs::new(Existing::Keep).claim(&file).expect("a name");
    export_run(&parent, SavedWeights::Best, &output).expect("a file");

    for init in [
        InitialWeights::Run(parent.name()),
        InitialWeights::File(file.clone()),
    ] {
        // The score layer of pool4 is in neither and is drawn.
        let edit = |config: &mut RunConfig| {
            config.variant = Variant::Fcn16s;
            config.init = init.clone();
        };
        let mut itself = Recorder::default();
        train(
            &set.run(edit),
            &set.open(),
            &Control::default(),
            &mut itself,
        );

        let folder = set.run(edit);
        let config = folder.meta().expect("settings").config;
        let initial = InitialTensors::read(&config, 3, &set.runs()).expect("weights");
        assert!(initial.is_some());
        let away = set.dir.path().join("away");
        let source = match &init {
            InitialWeights::File(file) => file,
            _ => parent.path(),
        };
        fs::rename(source, &away).expect("moved");
        let options = TrainOptions {
            initial,
            ..TrainOptions::default()
        };
        let mut given = Recorder::default();
        train_with(
            options,
            &folder,
            &set.open(),
            &Control::default(),
            &mut given,
        );
        assert_eq!(given.outcome(), Some(&Outcome::Finished));
        assert_eq!(given.losses(), itself.losses());
        fs::rename(&away, source).expect("back");
    }
}
