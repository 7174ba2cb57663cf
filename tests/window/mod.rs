//! The window as a person uses it: real clicks, a real engine, a tiny dataset.

mod before_start;
mod calm;
mod class_curves;
mod classes;
mod comfort;
mod compare;
mod curves;
mod dataset_settings;
mod dataset_view;
mod desk;
mod differences;
mod documents;
mod drafts;
mod evaluate;
mod faults;
mod files;
mod film;
mod findings;
#[cfg(all(unix, feature = "wgpu"))]
mod gpu;
mod inspect;
mod keys;
mod large;
mod layout;
mod look_inside;
mod numbers;
mod queue;
mod recipes;
mod reports;
mod run_columns;
mod runs;
mod shown;
mod small;
mod training;
mod weights;

use std::fs;
use std::sync::Arc;

use crate::common::{SIZE, TinySet};
use desk::Desk;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use fcn_workbench::engine::{DatasetState, LabelMap, Phase, RunState};
use fcn_workbench::ui::command::{Command, PanelKind};
use fcn_workbench::ui::state::AppState;
use fcn_workbench::ui::upload_counter::UploadCounter;
use fcn_workbench::ui::view_model::format::percent;

#[test]
fn a_run_is_trained_from_a_pasted_path_to_its_scores() {
    let set = TinySet::new(8, 2);
    let nowhere = set.dir.path().join("nowhere");
    let mut desk = Desk::open(set, AppState::default(), nowhere);
    desk.until("the wrong folder is refused", |desk| {
        matches!(desk.engine().dataset(), DatasetState::Failed { .. })
    });
    assert!(desk.has_message("nowhere"));
    assert!(!desk.is_enabled("Start training") && desk.says("Open a dataset first"));

    let path = desk.set.root().display().to_string();
    desk.click("Folder path");
    desk.find("Folder path").type_text(&path);
    desk.window.key_press(Key::Enter);
    desk.until("the dataset is open", |desk| {
        desk.says("8 train · 2 val · 3 classes · 32 × 32 px")
    });
    desk.until("the classes are counted", |desk| {
        desk.window.query_by_label_contains("ground 7").is_some()
    });

    desk.set("Epochs", 20.0);
    desk.set("Batch size", 2.0);
    desk.find("Advanced").click_accesskit();
    desk.frames(20);
    desk.set("Crop width", f64::from(SIZE));
    desk.set("Crop height", f64::from(SIZE));
    assert!(desk.says("3 changes"));

    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::Compare));
    desk.frames(2);
    desk.click("Start training");
    desk.until("the run has begun", |desk| desk.active().is_some());
    assert!(
        desk.app().state().layout.is_in_front(PanelKind::Live),
        "whoever trains sees masks"
    );

    let mut masks: Vec<(usize, Arc<LabelMap>)> = Vec::new();
    let mut steps = Vec::new();
    desk.until("the run is over", |desk| {
        if let Some(active) = desk.active() {
            steps.push(active.step);
        }
        if let Some(live) = desk.engine().live()
            && masks
                .last()
                .is_none_or(|(step, _)| *step != live.preview.step)
        {
            masks.push((live.preview.step, Arc::clone(&live.preview.items[0].mask)));
        }
        desk.active().is_none() && !masks.is_empty()
    });
    assert!(
        steps.is_sorted() && steps.iter().any(|step| (1..80).contains(step)),
        "{steps:?}"
    );
    assert!(
        masks.len() > 1,
        "{:?}",
        masks.iter().map(|(step, _)| step).collect::<Vec<_>>()
    );
    assert!(
        masks
            .iter()
            .any(|(_, mask)| mask.labels != masks[0].1.labels),
        "the masks never changed"
    );
    desk.until("the last masks are drawn", |desk| {
        desk.says("masks after step 80")
    });
    for id in ["image8", "image9"] {
        assert!(
            desk.says(id) && desk.says(&format!("Prediction of {id}")),
            "{id}"
        );
    }

    let run = desk.run().clone();
    assert_eq!(
        (&run.state, run.steps.len(), run.epochs.len()),
        (&RunState::Finished, 80, 20)
    );
    let best = run.best().expect("an epoch").scores.mean_iu;
    assert!(best.is_some());
    assert!(desk.says("finished") && desk.says(&format!("mIoU {}", percent(best))));
    let drawn = |desk: &Desk| {
        desk.app()
            .state()
            .curves
            .model(&run.name)
            .map(|model| model.loss.len())
    };
    desk.until("all steps are drawn", |desk| drawn(desk) == Some(80));
    let model = desk.app().state().curves.model(&run.name).expect("curves");
    assert_eq!((model.smoothed.len(), model.mean_iu.len()), (80, 20));
    assert!(desk.is_enabled("Start training"));
}

#[test]
fn a_run_can_be_held_stopped_and_taken_up_again() {
    let mut desk = Desk::new(|config| config.epochs = 5_000);
    desk.click("Start training");
    desk.until("some steps are done", |desk| {
        desk.active().is_some_and(|active| active.step >= 2)
    });
    desk.click("Pause");
    desk.until("it waits", |desk| desk.phase() == Some(&Phase::Paused));
    let held = desk.active().expect("a run").step;
    desk.frames(60);
    assert_eq!(desk.active().expect("a run").step, held);
    assert!(desk.says("Paused"));

    desk.click("Continue");
    desk.until("it goes on", |desk| {
        desk.active().is_some_and(|active| active.step > held)
    });
    desk.click("Stop");
    desk.until("it has stopped", |desk| desk.active().is_none());
    assert_eq!(desk.run().state, RunState::Stopped);
    assert!(desk.says("stopped") && desk.has_message("was stopped and saved after step"));
    let saved = desk.run().steps.last().expect("steps").step;

    let resume = format!("Resume {}", desk.run().title());
    desk.click(&resume);
    desk.until("it goes on from there", |desk| {
        desk.active().is_some_and(|active| active.step > saved)
    });
    assert_eq!(desk.engine().runs().len(), 1, "it is the same run");
    let resumed = format!("Resumed after step {saved}, bit-equal to an unbroken run");
    assert!(desk.says(&resumed));
    assert!(!desk.says(&resume));
    // The key does what the button does.
    desk.window.key_press_modifiers(Modifiers::SHIFT, Key::F5);
    desk.until("it has stopped again", |desk| desk.active().is_none());
    assert!(
        desk.run()
            .steps
            .iter()
            .map(|step| step.step)
            .eq(1..=desk.run().steps.len())
    );
    let saved = desk.run().steps.len();

    std::fs::copy(desk.set.mask_path(1), desk.set.mask_path(0)).expect("another mask");
    desk.click(&resume);
    desk.until("it is refused", |desk| {
        desk.says("Accept the changes and resume")
    });
    assert!(desk.finds("changed masks in the training list"));
    desk.click("Accept the changes and resume");
    desk.until("it goes on from there", |desk| {
        desk.active().is_some_and(|active| active.step > saved)
    });
    desk.until("what is predicted is told", |desk| {
        desk.finds("Predicted classes")
    });
    let shares = desk.window.get_by_label_contains("Predicted classes");
    shares.click_accesskit();
    desk.frames(4);
    assert!(desk.finds("Share of the pixels at step ") && desk.says("Predicted"));
    desk.click("Stop");
    desk.until("it has stopped at last", |desk| desk.active().is_none());
}

#[test]
fn textures_go_to_the_graphics_card_only_when_they_change() {
    let mut desk = Desk::new(|config| config.epochs = 2);
    desk.train();
    desk.until("the last masks are drawn", |desk| {
        desk.says("masks after step 8")
    });
    let uploads = |desk: &Desk| UploadCounter::of(&desk.window.ctx);
    desk.until("the pointer is away and all letters are there", |desk| {
        desk.says("finished") && desk.finds(": step 8, ")
    });
    desk.frames(20);
    let before = uploads(&desk);
    assert!(
        before.count > 4 && before.pixels > 4 * (SIZE * SIZE) as usize,
        "{before:?}"
    );
    desk.frames(60);
    assert_eq!(uploads(&desk), before, "nothing changed");
    desk.find("Opacity").click_accesskit();
    desk.frames(20);
    assert!(
        uploads(&desk).count <= before.count + 1,
        "letters of a hint at most"
    );

    let before = uploads(&desk);
    let masks = desk.engine().live().expect("masks").preview.items.len();
    desk.click("None");
    desk.frames(20);
    let hidden = uploads(&desk).count - before.count;
    assert!(
        (2 * masks..=2 * masks + 1).contains(&hidden),
        "truth and prediction of {masks}: {hidden}"
    );
}

#[test]
fn dropped_images_are_segmented() {
    let mut desk = Desk::new(|config| config.epochs = 2);
    desk.train();
    let image = desk.set.image_path(8);
    desk.drop_files(&[&image]);
    assert!(desk.app().state().layout.is_in_front(PanelKind::Inspect));
    desk.until("the mask is there", |desk| {
        desk.says("Inspected image") && desk.is_enabled("Save mask…")
    });
    for control in ["Save overlay…", "Ground truth", "Errors"] {
        assert!(desk.is_enabled(control), "{control}");
    }
    for class in ["ground", "red square", "blue square"] {
        assert!(desk.says(class), "{class}");
    }
    let middle = desk.find("Inspected image").rect().center();
    desk.window.hover_at(middle);
    desk.frames(3);
    assert!(desk.says("x 16, y 16") || desk.says("x 15, y 15"));
    assert!(
        desk.window
            .query_by_label_contains("ground truth: ")
            .is_some()
    );

    // A name of its own is no dataset image: nothing to compare with.
    let own = desk.set.dir.path().join("own.png");
    fs::copy(&image, &own).expect("a copy");
    let broken = desk.set.dir.path().join("broken.png");
    fs::write(&broken, "no image").expect("a file");
    desk.drop_files(&[&broken, &own]);
    desk.until("the error is told", |desk| {
        desk.says("broken.png cannot be segmented")
    });
    assert!(!desk.is_enabled("Save mask…"));
    desk.click("own.png");
    desk.until("the next one is shown", |desk| {
        desk.says("Inspected image") && desk.is_enabled("Save mask…")
    });
    assert!(!desk.is_enabled("Ground truth"));

    let text = desk.set.dir.path().join("notes.txt");
    fs::write(&text, "no image").expect("a file");
    desk.drop_files(&[&text]);
    desk.until("it is refused", |desk| {
        desk.has_message("notes.txt: Only images, folders of images")
    });
}

#[test]
fn images_are_opened_while_inspect_is_hidden() {
    let mut desk = Desk::new(|_| ());
    let empty = desk.set.dir.path().join("empty");
    fs::create_dir(&empty).expect("a folder");
    desk.window.state().send(Command::Inspect(vec![empty]));
    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::Live));
    desk.until("the problem is told", |desk| {
        desk.has_message("no images here")
    });
    assert!(!desk.app().state().layout.is_in_front(PanelKind::Inspect));
}

#[test]
fn three_strides_are_trained_and_compared() {
    let mut desk = Desk::new(|config| config.max_steps = Some(3));
    desk.click("Train 32s, 16s, 8s");
    desk.until("the first run has begun", |desk| desk.says("Run 1 of 3"));
    desk.until("all of them are counted, too", |desk| {
        desk.finds("All 3 runs: ") && desk.says("Progress of all runs")
    });
    desk.until("all runs are over", |desk| {
        desk.engine().plan().is_some_and(|plan| plan.done)
    });
    assert!(
        desk.engine()
            .runs()
            .iter()
            .all(|run| run.state == RunState::Finished)
    );
    desk.until("the masks are there", |desk| {
        desk.app().state().layout.is_in_front(PanelKind::Compare) && desk.says("Ground truth")
    });
    assert!(desk.says("Whole validation set of tiny, best epoch of each run"));
    let runs: Vec<_> = desk
        .engine()
        .runs()
        .iter()
        .map(|run| (run.title(), run.config.variant))
        .collect();
    assert_eq!(runs.len(), 3);
    for (title, variant) in &runs {
        // In the table; its stride is below its image.
        assert!(desk.says(title), "{title}");
        assert!(desk.says(&variant.to_string()), "{variant}");
    }
    // Every panel can be drawn in a window that is far too small for it.
    for size in [[900.0, 600.0], [420.0, 260.0], [1440.0, 1300.0]] {
        desk.window.set_size(size.into());
        for panel in PanelKind::ALL.into_iter().chain([PanelKind::Compare]) {
            desk.window.state().send(Command::ShowPanel(panel));
            desk.frames(3);
        }
    }
    desk.click("Next image");
    desk.until("the other image is shown", |desk| {
        desk.window
            .query_all_by_label_contains("% · VGG16 slim")
            .next()
            .is_some()
    });
}

#[test]
fn a_wrong_mask_is_found_before_a_run_begins() {
    let mut desk = Desk::new(|config| config.epochs = 2);
    desk.until(
        "the masks are read",
        |desk| matches!(desk.engine().dataset(), DatasetState::Ready(open) if open.stats.is_some()),
    );
    let good = desk
        .set
        .open()
        .mask_reader()
        .read_pair(&desk.set.open().train[3])
        .expect("a pair")
        .1;
    let mut labels = good.labels.clone();
    labels[100] = 9;
    desk.set.write_mask("image3", labels);
    desk.click("Start training");
    desk.until("the mask is named", |desk| desk.has_message("image3.png"));
    assert!(desk.engine().runs().is_empty(), "nothing was trained");
    assert!(desk.is_enabled("Start training"));

    desk.set.write_mask("image3", good.labels);
    desk.train();
    assert_eq!(desk.run().state, RunState::Finished);
}
