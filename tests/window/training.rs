//! Runs beside the window: those of other programs, what they keep and write, and room for all of it.

use std::fs::{self, File};

use eframe::egui::Vec2;
use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use fcn_workbench::dataset::DatasetRecord;
use fcn_workbench::engine::{BestBy, InitialWeights, RunSnapshot, RunState, Variant};
use fcn_workbench::training::checkpoint::EndMark;
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;

#[test]
fn a_run_of_another_program_is_followed_to_its_end() {
    let mut desk = Desk::new(|_| ());
    assert!(desk.says("Idle"));
    // 4 steps an epoch.
    let folder = desk.set.run(|config| config.epochs = 4);
    let record = DatasetRecord::of(&desk.set.open());
    folder.set_dataset(&record).expect("written");
    let lock = File::create(folder.path().join("lock")).expect("a file");
    lock.lock().expect("the lock");
    let line = |step: usize| {
        format!("{{\"step\":{step},\"epoch\":1,\"loss\":1.5,\"learning_rate\":0.1,\"secs\":0.5}}\n")
    };
    let steps: String = (1..=4).map(line).collect();
    fs::write(folder.path().join("steps.jsonl"), steps).expect("written");
    desk.until("it is seen", |desk| {
        desk.says("Step 4 of 16 · 2.0 steps/s · 6 s left")
    });
    assert!(desk.finds("trained by another program"));
    assert!(
        desk.finds("Training in another program"),
        "{}",
        "in the status bar"
    );
    desk.app().send(Command::ShowPanel(PanelKind::Live));
    desk.until("Live names it", |desk| {
        desk.says("Training in another program")
            && desk.finds("6 s left. Its masks appear here after each of its epochs")
    });
    assert!(!desk.says("Nothing is training") && desk.finds("on tiny, "));
    assert!(
        desk.app().state().selection.contains("run"),
        "Curves shows it"
    );
    let alarm = r#"[{"kind":"dead","text":"it stands still","remedy":{"learning-rate":0.05}}]"#;
    fs::write(folder.path().join("alarms.json"), alarm).expect("written");
    desk.until("the alarm is seen", |desk| {
        desk.says("The loss does not move")
    });
    assert!(desk.says("Start again with learning rate 0.05"));
    let end = EndMark::Failed {
        message: "disk full".to_owned(),
    };
    folder.set_end(&end).expect("written");
    drop(lock);
    desk.until("its end is told", |desk| {
        desk.has_message("trained by another program, failed: disk full")
    });
    assert!(desk.says("Idle") && !desk.says("The loss does not move"));
    desk.until("Live does not wait for it", |desk| {
        desk.says("Nothing is training")
    });
}

#[test]
fn masks_of_a_run_of_another_program_are_those_of_its_film() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();
    let own = desk.run().name.clone();
    desk.app().send(Command::ShowPanel(PanelKind::Live));
    desk.until("its masks are there", |desk| {
        desk.says("masks after step 4")
    });
    // The same run as another program trains it: it goes on after the first of two epochs.
    let other = desk.set.runs().join("other");
    fs::create_dir(&other).expect("a folder");
    for file in fs::read_dir(desk.set.runs().join(&own)).expect("a folder") {
        let file = file.expect("a file").path();
        let name = file.file_name().expect("a name");
        if file.is_file() && name != "end.json" {
            fs::copy(&file, other.join(name)).expect("a copy");
        }
    }
    let lock = File::create(other.join("lock")).expect("a file");
    lock.lock().expect("the lock");
    desk.until("it is followed", |desk| {
        desk.finds("trained by another program · Step 4")
    });
    desk.until("its film is shown", |desk| {
        desk.app().state().live.filmed_run() == Some("other") && desk.says("masks after step 4")
    });
    drop(lock);
    desk.until("it is over", |desk| {
        !desk.finds("trained by another program")
    });
}

#[test]
fn checkpoints_and_copies_of_the_log_are_chosen_in_the_form() {
    let mut desk = Desk::new(|config| config.epochs = 3);
    for group in ["Advanced", "Checkpoints"] {
        desk.find(group).click_accesskit();
        desk.frames(20);
    }
    desk.set("Minutes between checkpoints", 0.0);
    desk.set("Epochs between checkpoints", 2.0);
    desk.set("Last checkpoints that are kept", 0.0);
    assert!(desk.finds("it must be 1 or more") && !desk.is_enabled("Start training"));
    desk.set("Last checkpoints that are kept", 1.0);
    desk.set("Best checkpoints that are kept", 3.0);
    for label in [
        "Save after steps",
        "Keep epochs for good",
        "TensorBoard",
        "CSV",
    ] {
        desk.window
            .get_by_role_and_label(Role::CheckBox, label)
            .click_accesskit();
        desk.frames(3);
    }
    desk.set("Steps between checkpoints", 3.0);
    desk.set("Epochs between checkpoints kept for good", 2.0);
    desk.train();
    assert_eq!(desk.run().state, RunState::Finished);
    let policy = &desk.run().config.checkpoints;
    assert_eq!(
        (policy.minutes, policy.steps, policy.epochs),
        (0.0, Some(3), 2)
    );
    assert_eq!(
        (policy.keep_last, policy.keep_best, policy.keep_every),
        (1, 3, Some(2))
    );
    assert_eq!(policy.best_by, BestBy::MeanIu);
    let folder = desk.set.runs().join(&desk.run().name);
    // 4 steps an epoch.
    assert!(folder.join("checkpoint-00000008.json").is_file());
    assert!(folder.join("history.csv").is_file() && folder.join("tensorboard").is_dir());
}

#[test]
fn what_a_run_takes_is_shown_while_it_is_trained() {
    let mut desk = Desk::new(|config| {
        config.epochs = 5_000;
        config.learning.learning_rate = 1e-4;
    });
    desk.click("Start training");
    desk.until("rate and time left are known", |desk| {
        desk.finds(" steps/s · ") && desk.finds(" left with")
    });
    desk.until("it waited for images, or not", |desk| {
        desk.finds("waiting for data ")
    });
    if cfg!(target_os = "linux") {
        desk.until("the machine is measured", |desk| {
            desk.finds(" in the whole program, ") && desk.finds(" · processor ")
        });
    }
    desk.click("Stop now");
    desk.until("it has ended", |desk| desk.active().is_none());
    assert!(!desk.finds("waiting for data "));
}

#[test]
fn the_form_keeps_its_room_whatever_is_said_below_it() {
    let mut desk = Desk::new(|config| {
        config.epochs = 500;
        config.learning.learning_rate = 1e-10;
    });
    desk.window.set_size(Vec2::new(1280.0, 720.0));
    desk.frames(5);
    desk.click("Start training");
    desk.until("there is much to say", |desk| {
        desk.says("The learning rate is far off") && desk.finds("Predicted classes")
    });
    let shares = desk
        .window
        .query_all_by_label_contains("Predicted classes")
        .next();
    shares.expect("a header").click_accesskit();
    desk.frames(20);
    let form = desk.find("Next run").rect();
    let alarm = desk.find("The learning rate is far off").rect();
    let stop = desk.find("Stop").rect();
    assert!(form.top() + 100.0 < alarm.top(), "{form:?} {alarm:?}");
    assert!(alarm.bottom() < stop.top(), "{alarm:?} {stop:?}");
    desk.click("Stop now");
    desk.until("it has ended", |desk| desk.active().is_none());
}

#[test]
fn in_a_low_window_nothing_of_the_form_and_the_progress_is_cut() {
    let mut desk = Desk::new(|config| {
        config.epochs = 5_000;
        config.learning.learning_rate = 1e-4;
    });
    desk.window.set_size(Vec2::new(1280.0, 720.0));
    desk.frames(5);
    desk.click("Start training");
    desk.until("all lines are there", |desk| {
        desk.finds("Predicted classes") && desk.finds("waiting for data ")
    });
    desk.frames(3);
    let rect = |part: &str| {
        let mut found = desk.window.query_all_by_label_contains(part);
        found.next().expect("a line").rect()
    };
    let shares = rect("Predicted classes");
    let stop = desk.find("Stop").rect();
    assert!(shares.bottom() <= stop.top(), "{shares:?} {stop:?}");
    // Three settings and what is said of the trunk are above the first line.
    let trunk = desk.set.config().trunk.summary();
    let (said, line) = (desk.find(trunk).rect(), rect(" steps/s"));
    assert!(said.bottom() <= line.top(), "{said:?} {line:?}");
    let mut scores = desk.window.query_all_by_label_contains(" · mIoU ");
    let has_room = scores.any(|node| {
        let line = node.rect();
        line.top() >= stop.bottom() && line.bottom() <= 700.0
    });
    assert!(has_room, "loss and scores are below the buttons");
    drop(scores);
    desk.click("Stop now");
    desk.until("it has ended", |desk| desk.active().is_none());
}

#[test]
fn stages_start_from_the_coarser_one_and_end_in_compare() {
    let mut desk = Desk::new(|config| config.epochs = 4);
    desk.click("Train in stages");
    desk.until("the second says what it starts from", |desk| {
        desk.says("Run 2 of 3") && desk.says("from FCN-32s")
    });
    desk.until("all are trained", |desk| {
        desk.engine().plan().is_some_and(|plan| plan.done) && desk.active().is_none()
    });
    let runs = desk.engine().runs();
    let [fine, middle, coarse] = runs else {
        panic!("{} runs", runs.len());
    };
    let variants = [coarse, middle, fine].map(|run| run.config.variant);
    assert_eq!(variants, [Variant::Fcn32s, Variant::Fcn16s, Variant::Fcn8s]);
    assert_eq!(coarse.config.init, InitialWeights::Random);
    for (run, from) in [(middle, coarse), (fine, middle)] {
        assert_eq!(run.config.init, InitialWeights::Run(from.name.clone()));
    }
    let titles: Vec<String> = runs.iter().map(RunSnapshot::title).collect();
    desk.app().send(Command::ShowPanel(PanelKind::Compare));
    desk.until("Compare has a row of scores for each", |desk| {
        desk.finds("Whole validation set of tiny") && titles.iter().all(|title| desk.says(title))
    });
}
