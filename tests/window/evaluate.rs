//! Evaluate: scores of a run on a list, kept with the run, down to the wrong pixels.

use std::fs;

use eframe::egui::accesskit::{Role, Toggled};
use eframe::egui::{
    Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, pos2, vec2,
};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::engine::{KeptEvaluation, RunNotes, VOID};
use fcn_workbench::ui::command::{Command, PanelKind};
use fcn_workbench::ui::state::AppState;
use fcn_workbench::ui::view_model::format::percent;

use super::desk::Desk;
use crate::common::{SIZE, TinySet};

fn show(desk: &mut Desk) {
    desk.app().send(Command::ShowPanel(PanelKind::Evaluate));
    desk.frames(3);
}

/// What is kept with the run.
fn kept(desk: &Desk) -> std::sync::Arc<KeptEvaluation> {
    let names = [desk.run().name.clone()];
    let found = desk.engine().kept_evaluations(&names).join();
    let found = found.expect("read");
    assert!(found.damaged.is_empty(), "{found:?}");
    let [kept] = &found.readable[..] else {
        panic!("one evaluation: {found:?}");
    };
    kept.clone()
}

#[test]
fn a_run_is_evaluated_down_to_the_confused_pixels() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    show(&mut desk);
    assert!(desk.says("No trained run to evaluate"));
    desk.train();
    show(&mut desk);
    desk.until("nothing is kept yet", |desk| desk.says("Not evaluated yet"));
    desk.click("Start evaluation");
    desk.until("the scores are there", |desk| desk.says("mIoU (pooled)"));

    let found = kept(&desk);
    let evaluation = &found.evaluation;
    assert!(found.changes.is_empty(), "{:?}", found.changes);
    assert_eq!(evaluation.images, 2);
    // All but the row of void.
    let labeled = u64::from(2 * SIZE * (SIZE - 1));
    assert_eq!(evaluation.counts.confusion().total(), labeled);
    assert!(desk.says(&percent(evaluation.scores.mean_iu)));
    assert!(desk.says("mIoU (mean over images)"));
    assert!(desk.says(&percent(evaluation.mean_iu_over_images)));
    assert!(desk.finds("is left out of the mean"), "the rule is stated");

    // The Dataset panel has a heading of this name.
    let tab = desk.window.get_by_role_and_label(Role::Button, "Classes");
    tab.click();
    desk.frames(3);
    let ius = evaluation.scores.class_iu.iter();
    let names = ["ground", "red square", "blue square"];
    for ((iu, boundary), name) in ius.zip(&evaluation.boundary.class_iu).zip(names) {
        let bar = format!(
            "{name}: IoU {}, boundary IoU {}",
            percent(*iu),
            percent(*boundary)
        );
        assert!(desk.says(&bar), "{bar}");
    }

    desk.click("Boundaries and sizes");
    for row in ["up to 5 px", "whole images", "small, under 32 × 32 px"] {
        assert!(desk.says(row), "{row}");
    }
    views_are_scrolled(&mut desk);
    desk.click("Calibration");
    assert!(desk.says("Reliability diagram"));
    let (_, error) = evaluation.counts.calibration().expect("confidences");
    let error = percent(Some(error));
    assert!(desk.says(&format!("expected calibration error {error}")));

    desk.click("Confusion");
    desk.click("Counts");
    desk.click("Row %");
    let matrix = evaluation.counts.confusion();
    let confused = (0..3_u8).flat_map(|truth| (0..3_u8).map(move |found| (truth, found)));
    let (truth, predicted) = confused
        .filter(|(truth, found)| truth != found)
        .find(|(truth, found)| matrix.count(usize::from(*truth), usize::from(*found)) > 0)
        .expect("one epoch is not enough to be right everywhere");
    let [from, to] = [truth, predicted].map(|label| names[usize::from(label)]);
    let name = format!("{from} taken for {to}: ");
    let cell = desk.window.get_by_label_contains(&name);
    let text = cell.accesskit_node().label().expect("a name");
    cell.click();
    desk.frames(3);
    let worst = evaluation.images_with(truth, predicted)[0];
    let image = format!("Evaluated image image{}", 8 + worst.0);
    desk.until("the worst image is shown", |desk| desk.says(&image));
    assert!(text.contains(" px, "), "{text}");
    // What the numbers are of, in the list and over the image.
    let listed = format!("each with its pixels of {from} taken for {to}");
    assert!(desk.finds(&listed), "{listed}");
    let outlined = format!(" px of {from} taken for {to}, ");
    assert!(desk.finds(&outlined) && desk.finds("of the labeled pixels of the image"));
    for fill in ["True mask", "Image alone"] {
        desk.click(fill);
    }
    assert_ne!(truth, VOID);
}

/// Height of a window in which the table of bands is scrolled.
const LOW: f32 = 440.0;

/// The headers of the table of bands are in sight while its rows are, and other views stay where they are.
fn views_are_scrolled(desk: &mut Desk) {
    let before = desk.window.ctx.content_rect().size();
    desk.window.set_size(vec2(1280.0, LOW));
    desk.frames(4);
    let stays = |desk: &Desk| {
        let name = "of the ring";
        let found = desk
            .window
            .query_all_by_role_and_label(Role::ColumnHeader, name);
        found.map(|header| header.rect()).next()
    };
    assert_eq!(stays(desk), None, "it is where it belongs");
    let top = desk.find("Boundaries and sizes").rect().bottom();
    desk.window.hover_at(pos2(1000.0, LOW - 60.0));
    desk.frames(2);
    for _ in 0..60 {
        if stays(desk).is_some() {
            break;
        }
        desk.window.event(Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(0.0, -30.0),
            phase: TouchPhase::Move,
            source: MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        });
        desk.frames(8);
    }
    let header = stays(desk).expect("headers that stay");
    assert!(header.top() >= top && header.bottom() < LOW, "{header}");
    // Another view is not scrolled with it.
    desk.click("Calibration");
    let first = desk.find("Reliability diagram").rect();
    assert!(first.top() >= top, "{first} is above {top}");
    desk.click("Boundaries and sizes");
    assert!(stays(desk).is_some(), "this one is where it was");
    desk.window.set_size(before);
    desk.window.remove_cursor();
    desk.frames(4);
}

#[test]
fn nothing_in_the_toolbar_moves_while_a_run_is_evaluated() {
    // So many images that the evaluation takes some frames.
    let mut desk = Desk::with_set(TinySet::new(8, 60), |config| config.epochs = 1);
    desk.train();
    desk.window.set_size(vec2(1280.0, 720.0));
    show(&mut desk);
    desk.until("nothing is kept yet", |desk| desk.says("Not evaluated yet"));
    desk.frames(4);
    let tabs =
        |desk: &Desk| ["Overview", "Confusion", "Calibration"].map(|tab| desk.find(tab).rect());
    let before = tabs(&desk);
    desk.find("Start evaluation").click();
    let (mut during, mut cancel) = (Vec::new(), Vec::new());
    desk.until("the scores are there", |desk| {
        if let Some(button) = desk.window.query_by_label("Cancel the evaluation") {
            during.push(tabs(desk));
            cancel.push(button.rect());
        }
        desk.says("mIoU (pooled)")
    });
    assert!(!during.is_empty(), "it was seen at work");
    assert!(during.iter().all(|tabs| *tabs == before), "{during:?}");
    assert!(cancel.iter().all(|place| *place == cancel[0]), "{cancel:?}");
    assert!(cancel[0].bottom() <= before[0].top(), "above the tabs");
    assert_eq!(tabs(&desk), before);
}

#[test]
fn every_chosen_run_has_a_row_and_the_choice_is_kept() {
    let mut desk = Desk::new(|config| config.max_steps = Some(1));
    desk.train();
    let notes = RunNotes {
        name: "the first one".to_owned(),
        ..RunNotes::default()
    };
    let first = desk.run().name.clone();
    desk.engine().set_run_notes("Name", vec![(first, notes)]);
    desk.train();
    desk.until("it has its name", |desk| {
        desk.engine().runs()[1].title() == "the first one"
    });
    show(&mut desk);
    desk.click("Start evaluation");
    desk.until("the scores are there", |desk| desk.says("mIoU (pooled)"));
    assert!(!desk.says("not evaluated yet"));

    // It looks like the other lists beside it.
    desk.window
        .get_by_role_and_label(Role::ComboBox, "Runs to evaluate")
        .click();
    desk.frames(3);
    let boxes = |desk: &Desk| -> Vec<bool> {
        let nodes = desk.window.query_all_by_label("the first one");
        let nodes = nodes.filter(|node| node.accesskit_node().role() == Role::CheckBox);
        nodes
            .map(|node| node.accesskit_node().toggled() == Some(Toggled::True))
            .collect()
    };
    assert_eq!(boxes(&desk), [false]);
    let tick = |desk: &mut Desk| {
        {
            let mut nodes = desk.window.query_all_by_label("the first one");
            let node = nodes.find(|node| node.accesskit_node().role() == Role::CheckBox);
            node.expect("a box").click();
        }
        desk.frames(4);
    };
    tick(&mut desk);
    assert_eq!(boxes(&desk), [true], "the list stays open");
    desk.window.key_press(Key::Escape);
    desk.frames(3);
    assert!(desk.says("not evaluated yet"), "its row");
    desk.click("Calibration");
    assert!(desk.says("Not evaluated yet: the first one"));
    // The button has room for the start of a name at most.
    desk.find("Runs to evaluate").hover();
    desk.until("the names are told in full", |desk| {
        desk.finds("the first one\n") && desk.finds("\nThe runs to evaluate, one or several")
    });
    desk.window.remove_cursor();
    desk.frames(3);

    let state = serde_json::to_value(desk.app().state()).expect("a state");
    let chosen = state["evaluate"]["chosen"].as_array();
    assert_eq!(chosen.map(Vec::len), Some(2));
}

#[test]
fn scores_are_kept_with_the_run_and_say_when_the_data_changed() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();
    show(&mut desk);
    desk.click("Start evaluation");
    desk.until("the scores are there", |desk| desk.says("mIoU (pooled)"));
    let score = percent(kept(&desk).evaluation.scores.mean_iu);
    assert!(!desk.says("outdated"));

    // Averaged scores are others, and are kept beside these.
    let average = |desk: &mut Desk| {
        desk.click("Averaging");
        desk.click("Average over mirror images");
        desk.window.key_press(Key::Escape);
        desk.frames(3);
    };
    average(&mut desk);
    desk.until("nothing is shown of them", |desk| {
        desk.says("Not evaluated yet")
    });
    desk.click("Start evaluation");
    desk.until("they are there", |desk| {
        desk.finds(", averaged over mirror images, ")
    });
    average(&mut desk);
    desk.until("the others are back", |desk| {
        desk.says(&score) && !desk.finds("averaged over mirror images, ")
    });

    let Desk { window, set } = desk;
    drop(window);
    // A validation mask of another length.
    fs::copy(set.mask_path(1), set.mask_path(8)).expect("a copy");
    let blank = vec![0; (SIZE * SIZE) as usize];
    set.write_mask("image8", blank);
    let root = set.root();
    let mut desk = Desk::open(set, AppState::default(), root);
    show(&mut desk);
    desk.until("the scores are read", |desk| desk.says(&score));
    desk.until("they are marked", |desk| desk.says("outdated"));
    assert!(desk.finds("added, removed or changed"));
    // In every view, not only where the reasons are.
    for tab in [
        "Classes",
        "Confusion",
        "Images",
        "Boundaries and sizes",
        "Calibration",
    ] {
        let button = desk.window.get_by_role_and_label(Role::Button, tab);
        button.click();
        desk.frames(3);
        assert!(desk.says("outdated"), "{tab}");
    }
}

#[test]
fn earlier_scores_that_are_damaged_are_named_until_they_are_made_anew() {
    let mut desk = Desk::new(|config| config.max_steps = Some(1));
    desk.train();
    show(&mut desk);
    desk.click("Start evaluation");
    desk.until("the scores are there", |desk| desk.says("mIoU (pooled)"));
    let folder = desk.set.runs().join(&desk.run().name);
    let files = fs::read_dir(&folder).expect("a run");
    let mut files = files.map(|file| file.expect("a file").path());
    let is_kept = |path: &std::path::PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy();
        name.starts_with("evaluation-val-")
    };
    let path = files.find(is_kept).expect("kept scores");
    let name = path.file_name().expect("a name").to_string_lossy();

    let Desk { window, set } = desk;
    drop(window);
    fs::write(&path, "{").expect("damaged");
    let root = set.root();
    let mut desk = Desk::open(set, AppState::default(), root);
    show(&mut desk);
    desk.until("it is said", |desk| {
        desk.says("Earlier scores cannot be read")
    });
    assert!(desk.finds(&name) && desk.finds("made anew"), "{name}");
    desk.click("Start evaluation");
    desk.until("the scores are there", |desk| desk.says("mIoU (pooled)"));
    desk.until("nothing is said any more", |desk| {
        !desk.says("Earlier scores cannot be read")
    });
    kept(&desk);
}
