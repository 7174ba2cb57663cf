//! The film of a run: its masks from start to end, also of one that was stopped.

use fcn_workbench::dataset::{LabelMap, Rgb, read_rgb};
use fcn_workbench::training::checkpoint::{RunFolder, run_of_step};
use fcn_workbench::training::film::{Film, read_film};
use fcn_workbench::training::{
    Control, DeviceId, Outcome, PredictOptions, Predictor, Preview, Tiling, TrainEvent, train,
};

use crate::common::{Recorder, TinySet};

fn film(folder: &RunFolder) -> Film {
    let film = read_film(&folder.film(), None).expect("read");
    film.expect("a film")
}

fn steps(film: &Film) -> Vec<usize> {
    film.frames.iter().map(|frame| frame.step).collect()
}

fn previews(sink: &Recorder) -> Vec<&Preview> {
    let previews = sink.events.iter().filter_map(|event| match event {
        TrainEvent::Preview(preview) => Some(preview),
        _ => None,
    });
    previews.collect()
}

/// The mask of a whole image.
fn predicted(predictor: &Predictor, image: &Rgb) -> Option<LabelMap> {
    let plan = predictor.plan(image.size(), &Tiling::default());
    let options = PredictOptions::default();
    predictor
        .predict(
            &image.clone().into(),
            &plan,
            &options,
            |_| true,
            &mut |_, _| (),
        )
        .expect("a mask")
}

#[test]
fn a_stopped_run_continues_its_film() {
    let set = TinySet::new(6, 2);
    let folder = set.run(|config| {
        config.epochs = 3;
        config.preview_images = 2;
    });
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(4, move || stopper.stop());
    train(&folder, &set.open(), &control, &mut first);
    let before = steps(&film(&folder));
    assert!(
        before.starts_with(&[0]) && before.contains(&3),
        "{before:?}"
    );

    let mut rest = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut rest);
    assert_eq!(rest.outcome(), Some(&Outcome::Finished));
    let found = film(&folder);
    let after = steps(&found);
    assert!(after.starts_with(&before), "{before:?} and {after:?}");
    assert!(after.contains(&6) && after.ends_with(&[9]), "{after:?}");
    let ids: Vec<&str> = found.probes.iter().map(|probe| probe.id.as_str()).collect();
    assert_eq!(ids, ["image6", "image7"]);

    // Its masks are those that were shown.
    let sent = [previews(&first), previews(&rest)].concat();
    for (place, frame) in found.frames.iter().enumerate() {
        let shown = sent.iter().rfind(|preview| preview.step == frame.step);
        let shown = shown.expect("it was shown");
        let masks: Vec<LabelMap> = shown
            .items
            .iter()
            .map(|item| (*item.mask).clone())
            .collect();
        assert_eq!(found.masks(place), Some(masks), "step {}", frame.step);
        assert_eq!(frame.mean_iu[0], shown.items[0].mean_iu);
    }
}

#[test]
fn a_run_that_nobody_watches_is_filmed_at_its_epochs() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|config| config.epochs = 2);
    let mut sink = Recorder {
        unwatched: true,
        ..Recorder::default()
    };
    train(&folder, &set.open(), &Control::default(), &mut sink);
    assert!(previews(&sink).is_empty());
    assert_eq!(steps(&film(&folder)), [2, 4]);
}

#[test]
fn a_run_that_nobody_watches_is_filmed_between_its_epochs_where_that_is_wanted() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|config| {
        config.epochs = 2;
        // So long that the frames are those of the start and of the epochs.
        config.film_secs = Some(3600.0);
    });
    let mut sink = Recorder {
        unwatched: true,
        ..Recorder::default()
    };
    train(&folder, &set.open(), &Control::default(), &mut sink);
    assert!(previews(&sink).is_empty(), "nobody looks at them");
    assert_eq!(steps(&film(&folder)), [0, 2, 4]);
}

#[test]
fn a_moment_whose_weights_are_kept_becomes_a_run() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|config| {
        config.epochs = 3;
        config.checkpoints.keep_every = Some(1);
    });
    train(
        &folder,
        &set.open(),
        &Control::default(),
        &mut Recorder::default(),
    );
    assert_eq!(folder.kept_steps(), [2, 4, 6]);
    let film = film(&folder);
    let made = run_of_step(&set.runs(), &folder, 4, 7).expect("a run");
    assert_eq!(made.name(), format!("{}-step-4", folder.name()));
    let config = folder.meta().expect("settings").config;
    let title = format!("{} {} on tiny, step 4", config.variant, config.trunk);
    assert_eq!(made.notes().expect("notes").name, title);
    // It predicts what the film shows of that moment.
    let predictor = Predictor::load(&made, DeviceId::Cpu).expect("weights");
    let image = read_rgb(&set.image_path(4)).expect("an image");
    let mask = predicted(&predictor, &image);
    let shown = film.masks(film.frame_at(4)).expect("a frame");
    assert_eq!(mask.as_ref(), shown.first());

    let err = run_of_step(&set.runs(), &folder, 3, 7).expect_err("not kept");
    assert!(err.to_string().contains("step 3 is not kept"), "{err}");
}

#[test]
fn a_chosen_validation_image_is_filmed_with_its_ground_truth() {
    let set = TinySet::new(2, 2);
    let folder = set.run(|config| {
        config.epochs = 1;
        // The first one is pinned anyway.
        config.probe_images = vec![set.image_path(3), set.image_path(2)];
    });
    let mut sink = Recorder {
        unwatched: true,
        ..Recorder::default()
    };
    train(&folder, &set.open(), &Control::default(), &mut sink);
    let film = film(&folder);
    let ids: Vec<&str> = film.probes.iter().map(|probe| probe.id.as_str()).collect();
    assert_eq!(ids, ["image2", "image3"]);
    assert!(film.probes[1].truth.labels.contains(&2), "its blue square");
    assert!(film.frames[0].mean_iu.iter().all(Option::is_some));
}

#[test]
fn images_of_ones_own_are_filmed_beside_those_of_the_list() {
    let set = TinySet::new(4, 1);
    let own = set.dir.path().join("own.png");
    std::fs::copy(set.image_path(0), &own).expect("a copy");
    let folder = set.run(|config| {
        config.epochs = 1;
        config.probe_images = vec![own.clone(), set.dir.path().join("absent.png")];
    });
    let mut sink = Recorder {
        unwatched: true,
        ..Recorder::default()
    };
    train(&folder, &set.open(), &Control::default(), &mut sink);
    assert_eq!(sink.outcome(), Some(&Outcome::Finished));
    let told = sink
        .events
        .iter()
        .any(|event| matches!(event, TrainEvent::Warning(text) if text.contains("absent.png")));
    assert!(told, "the image that is not there is named");
    let film = film(&folder);
    let ids: Vec<&str> = film.probes.iter().map(|probe| probe.id.as_str()).collect();
    assert_eq!(ids, ["image4", "own.png"]);
    assert_eq!(steps(&film), [2]);
    // It has no ground truth, and so no score.
    assert!(
        film.probes[1]
            .truth
            .labels
            .iter()
            .all(|label| *label == 255)
    );
    assert!(film.frames[0].mean_iu[0].is_some() && film.frames[0].mean_iu[1].is_none());
    let masks = film.masks(0).expect("a frame");
    let predictor = Predictor::load(&folder, DeviceId::Cpu).expect("weights");
    let image = read_rgb(&own).expect("an image");
    assert_eq!(predicted(&predictor, &image).as_ref(), masks.get(1));
}
