//! The Runs panel: hundreds of runs, found, named, deleted and brought back; runs of others.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use eframe::egui::accesskit::{Role, Toggled};
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::engine::{DeviceId, RunConfig, RunState};
use fcn_workbench::ui::command::{Command, PanelKind};
use fcn_workbench::ui::state::AppState;

use super::desk::Desk;
use crate::common::TinySet;

/// A run folder as another program leaves it.
pub fn make_run(runs: &Path, name: &str, created: u64, config: &RunConfig) {
    let folder = runs.join(name);
    fs::create_dir_all(&folder).expect("a folder");
    let classes = serde_json::json!([{"name": "ground", "color": [1, 2, 3]}, {"name": "sky", "color": [4, 5, 6]}]);
    let meta = serde_json::json!({
        "config": config, "classes": classes, "dataset_name": "street", "created": created,
    });
    fs::write(folder.join("config.json"), meta.to_string()).expect("a file");
    fs::write(folder.join("end.json"), r#"{"outcome":"stopped"}"#).expect("a file");
}

pub fn step(number: usize) -> String {
    format!("{{\"step\":{number},\"epoch\":1,\"loss\":0.5,\"learning_rate\":0.1,\"secs\":2.0}}\n")
}

/// A checkpoint after step 2.
const LAST: &str = r#"{"step":2,"epoch":1,"batch":2,"elapsed_secs":4.0,"epoch_loss":1.0,"weights":"w","optimizer":"o"}"#;

/// A window with `count` runs in its folder and the Runs panel in front.
pub fn desk(count: u64) -> Desk {
    let mut desk = Desk::new(|_| ());
    let config = desk.set.config();
    for number in 0..count {
        let mut config = config.clone();
        config.seed = number;
        make_run(
            &desk.set.runs(),
            &format!("run{number:03}"),
            1_795_442_701 + number,
            &config,
        );
    }
    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::Runs));
    desk.until("the runs of the folder are there", |desk| {
        desk.engine().runs().len() == count as usize
    });
    desk
}

/// `FCN-8s VGG16 slim on street, 2026-11-23 14:05:01` and so on.
pub fn title(desk: &Desk, name: &str) -> String {
    desk.engine().run(name).expect("a run").title()
}

fn is_row(desk: &Desk, title: &str) -> bool {
    desk.window
        .query_by_role_and_label(Role::Button, title)
        .is_some()
}

#[track_caller]
pub fn click_row(desk: &mut Desk, title: &str, modifiers: Modifiers) {
    let row = desk.window.get_by_role_and_label(Role::Button, title);
    row.click_modifiers(modifiers);
    desk.frames(3);
}

#[test]
fn a_run_is_found_among_hundreds() {
    let mut desk = desk(300);
    assert!(desk.says("300 runs"));
    let rows = desk.window.query_all_by_role(Role::Button);
    let rows = rows
        .filter(|node| {
            node.accesskit_node()
                .label()
                .is_some_and(|label| label.contains("on street, "))
        })
        .count();
    assert!(
        (5..60).contains(&rows),
        "only rows in sight are laid out: {rows}"
    );
    let (newest, oldest) = (title(&desk, "run299"), title(&desk, "run000"));
    assert!(newest.ends_with("2026-11-23 14:10:00"), "{newest}");
    assert!(is_row(&desk, &newest) && !is_row(&desk, &oldest));

    desk.click("Sort by Started (UTC)");
    assert!(is_row(&desk, &oldest) && !is_row(&desk, &newest));

    desk.click("Search runs");
    desk.find("Search runs").type_text("14:07:31 street");
    desk.frames(3);
    assert!(desk.says("1 of 300 runs") && is_row(&desk, &title(&desk, "run150")));

    let states = |desk: &Desk| {
        let name = "State of the runs";
        desk.window
            .get_by_role_and_label(Role::ComboBox, name)
            .click();
    };
    for (state, count) in [("failed", "0 of 300 runs"), ("stopped", "1 of 300 runs")] {
        states(&desk);
        desk.frames(3);
        let entries = desk.window.query_all_by_label(state);
        // Its row says so too.
        entries.last().expect("an entry").click();
        desk.frames(3);
        assert!(desk.says(count), "{state}");
    }

    desk.click("Columns");
    desk.click("Seed");
    desk.frames(3);
    desk.window.key_press(Key::Escape);
    desk.frames(3);
    assert!(desk.says("Sort by Seed") && desk.says("150"));
}

#[test]
fn runs_are_named_archived_deleted_and_brought_back() {
    let mut desk = desk(4);
    let titles: Vec<String> = (0..4)
        .map(|number| title(&desk, &format!("run{number:03}")))
        .collect();
    assert!(!desk.is_enabled("Delete") && !desk.is_enabled("Differences…"));
    click_row(&mut desk, &titles[0], Modifiers::NONE);
    desk.click("Name and notes…");
    desk.find("Name").type_text("baseline");
    desk.window.key_press(Key::Enter);
    desk.until("it has a name", |desk| is_row(desk, "baseline"));
    let saved = fs::read_to_string(desk.set.runs().join("run000/notes.json")).expect("notes");
    assert!(saved.contains("baseline"), "{saved}");

    // In the note, Enter begins a line.
    desk.click("Name and notes…");
    desk.click("Note");
    desk.find("Note").type_text("no augmentation");
    desk.frames(2);
    desk.window
        .key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    let notes = desk.set.runs().join("run000/notes.json");
    desk.until("it has a note", |_| {
        fs::read_to_string(&notes).is_ok_and(|text| text.contains("\"no augmentation\""))
    });

    // From the last click to this one.
    click_row(&mut desk, &titles[2], Modifiers::SHIFT);
    assert!(desk.says("3 chosen"));
    desk.click("Differences…");
    assert!(desk.says("Differences between settings") && desk.says("seed"));
    desk.window.key_press(Key::Escape);
    desk.frames(3);

    desk.click("Delete");
    desk.until("they are gone", |desk| desk.engine().runs().len() == 1);
    desk.until("the row is gone", |desk| !is_row(desk, "baseline"));
    assert!(desk.set.runs().join("run003").exists() && !desk.set.runs().join("run000").exists());
    desk.click("Undo: Delete 3 runs");
    desk.until("they are back", |desk| {
        is_row(desk, "baseline") && is_row(desk, &titles[2])
    });

    click_row(&mut desk, "baseline", Modifiers::NONE);
    desk.click("Archive");
    desk.until("it is hidden", |desk| !is_row(desk, "baseline"));
    assert!(desk.says("3 of 4 runs"));
    desk.click("Archived");
    desk.until("it is shown again", |desk| is_row(desk, "baseline"));

    click_row(&mut desk, &titles[1], Modifiers::NONE);
    desk.click("Delete");
    desk.until("it is gone", |desk| desk.engine().run("run001").is_none());
    desk.click("Empty trash…");
    assert!(desk.says("Delete for good?"));
    desk.click("Delete for good");
    desk.until("nothing can come back", |desk| {
        !desk.says("Empty trash…")
            && fs::read_dir(desk.set.runs().join(".trash")).is_ok_and(|rest| rest.count() == 0)
    });
}

#[test]
fn the_table_stays_where_it_is_whatever_is_chosen() {
    let mut desk = desk(30);
    for width in [1440.0, 1280.0, 900.0] {
        desk.window.set_size([width, 900.0].into());
        desk.frames(4);
        let titles = [29, 28, 27, 26].map(|number| title(&desk, &format!("run{number:03}")));
        let top = |desk: &Desk| {
            let row = desk.window.get_by_role_and_label(Role::Button, &titles[3]);
            row.rect().top()
        };
        let before = top(&desk);
        click_row(&mut desk, &titles[0], Modifiers::NONE);
        assert_eq!(top(&desk), before, "one is chosen at {width}");
        click_row(&mut desk, &titles[2], Modifiers::SHIFT);
        assert!(desk.says("3 chosen"));
        assert_eq!(top(&desk), before, "three are chosen at {width}");
        desk.click("Archive");
        desk.until("they are hidden", |desk| !is_row(desk, &titles[0]));
        desk.click("Undo: Archive 3 runs");
        desk.until("they are back", |desk| is_row(desk, &titles[0]));
        assert_eq!(top(&desk), before, "it was taken back at {width}");
        desk.click("Choose none");
    }
}

#[test]
fn a_tick_shows_a_run_in_curves() {
    let mut desk = desk(2);
    let title = title(&desk, "run000");
    let name = format!("Show {title}");
    desk.click(&name);
    assert_eq!(
        desk.find(&name).accesskit_node().toggled(),
        Some(Toggled::True)
    );
    assert!(desk.app().state().selection.contains("run000"));
}

#[test]
fn the_command_line_of_a_run_is_copied() {
    let mut desk = desk(2);
    let title = title(&desk, "run001");
    click_row(&mut desk, &title, Modifiers::NONE);
    assert!(desk.is_enabled("Open folder"));
    // The menu of a row has the same entries as the buttons.
    let row = desk.window.get_by_role_and_label(Role::Button, &title);
    row.click_secondary();
    desk.frames(4);
    assert_eq!(desk.window.query_all_by_label("Open folder").count(), 2);
    desk.window.key_press(Key::Escape);
    desk.frames(4);
    desk.click("Copy as command line");
    assert!(desk.has_message("The command line was copied"));
    let line = desk.engine().command_line("run001").expect("a line");
    assert!(
        line.starts_with("fcn-workbench train --dataset") && line.contains("--seed 1"),
        "{line}"
    );
}

#[test]
fn runs_of_another_program_are_followed_and_an_interrupted_one_is_announced() {
    let mut desk = desk(1);
    let config = desk.set.config();
    make_run(&desk.set.runs(), "other", 1_800_000_000, &config);
    let folder = desk.set.runs().join("other");
    fs::remove_file(folder.join("end.json")).expect("removed");
    let lock = File::create(folder.join("lock")).expect("a file");
    lock.lock().expect("the lock");
    let mut log = File::create(folder.join("steps.jsonl")).expect("a log");
    desk.until("it is there", |desk| desk.engine().run("other").is_some());
    let title = title(&desk, "other");
    desk.until("its row is there", |desk| {
        is_row(desk, &title) && desk.says("active")
    });
    click_row(&mut desk, &title, Modifiers::NONE);
    assert!(!desk.is_enabled("Delete") && !desk.is_enabled("Resume"));
    desk.until("Curves shows it", |desk| {
        desk.app().state().selection.contains("other")
    });
    for number in 1..=2 {
        log.write_all(step(number).as_bytes()).expect("written");
        desk.until("its curve grows", |desk| {
            let model = desk.app().state().curves.model("other");
            model.is_some_and(|model| model.loss.len() == number)
        });
    }
    fs::write(folder.join("last.json"), LAST).expect("a checkpoint");
    drop(lock);
    desk.until("it was interrupted", |desk| {
        desk.engine()
            .run("other")
            .is_some_and(|run| run.state == RunState::Interrupted && run.can_resume)
    });
    assert!(desk.says(&format!("{title} was interrupted after step 2")));
    assert!(desk.is_enabled("Resume interrupted run"));
    desk.click("Dismiss");
    assert!(!desk.says("Resume interrupted run"));
}

#[test]
fn an_interrupted_run_is_announced_when_the_window_opens() {
    let set = TinySet::new(4, 2);
    make_run(&set.runs(), "old", 1_795_442_701, &set.config());
    let folder = set.runs().join("old");
    fs::remove_file(folder.join("end.json")).expect("removed");
    fs::write(folder.join("steps.jsonl"), step(1) + &step(2)).expect("a log");
    fs::write(folder.join("last.json"), LAST).expect("a checkpoint");
    let root = set.root();
    let mut desk = Desk::open(set, AppState::default(), root);
    desk.until("it is told", |desk| {
        desk.has_message("was interrupted after step 2. Resume it in Runs")
    });
    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::Runs));
    desk.frames(4);
    assert!(desk.is_enabled("Resume interrupted run"));
    desk.find("Resume interrupted run").hover();
    desk.until("it says how the run will go on", |desk| {
        desk.finds("The run goes on bit-equal to an unbroken run")
    });
}

#[test]
fn a_run_on_a_gpu_goes_on_up_to_rounding() {
    let set = TinySet::new(4, 2);
    let config = RunConfig {
        device: DeviceId::Gpu(0),
        ..set.config()
    };
    make_run(&set.runs(), "old", 1_795_442_701, &config);
    let folder = set.runs().join("old");
    fs::write(folder.join("steps.jsonl"), step(1) + &step(2)).expect("a log");
    fs::write(folder.join("last.json"), LAST).expect("a checkpoint");
    let root = set.root();
    let mut desk = Desk::open(set, AppState::default(), root);
    desk.until("the run is there", |desk| {
        desk.engine().run("old").is_some()
    });
    let resume = format!("Resume {}", title(&desk, "old"));
    desk.find(&resume).hover();
    desk.until("it says how the run will go on", |desk| {
        desk.finds("the same as an unbroken run up to rounding")
    });
}
