//! A page about runs, asked for in the Runs panel.

use std::fs;
use std::path::Path;

use egui_kittest::kittest::Queryable as _;
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;

#[test]
fn a_report_of_a_run_is_saved_from_its_row() {
    let mut desk = Desk::new(|config| {
        config.max_steps = Some(2);
        (config.extra_logs.tensorboard, config.extra_logs.csv) = (true, true);
    });
    desk.train();
    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::Runs));
    desk.frames(3);
    assert!(!desk.is_enabled("Report…"));
    let title = desk.run().title();
    let row = desk
        .window
        .query_all_by_label(&title)
        .last()
        .expect("its row");
    row.click();
    desk.frames(3);
    let images = vec![desk.set.image_path(8)];
    desk.app().send(Command::Inspect(images));
    desk.frames(3);
    desk.app().send(Command::ShowPanel(PanelKind::Runs));
    desk.frames(3);
    desk.click("Report…");
    desk.until("the dialog asks where to", |desk| {
        desk.says("Save report as")
    });
    desk.frames(5);
    let proposed = desk.find("Path").value().expect("a path");
    let at_runs = desk.set.runs().join("report.html");
    assert_eq!(
        Path::new(&proposed),
        at_runs,
        "not where an image was opened"
    );
    let path = desk.set.dir.path().join("report.html");
    let run = desk.run().name.clone();
    let runs = vec![run.clone()];
    // What the dialog answers.
    desk.window.state().send(Command::SaveReport {
        runs: runs.clone(),
        path: path.clone(),
    });
    desk.until("it is saved", |desk| desk.has_message("Report saved"));
    let page = fs::read_to_string(&path).expect("a page");
    for part in [
        title.as_str(),
        "red square",
        "Prediction, mIoU",
        "--dataset",
    ] {
        assert!(page.contains(part), "no {part}");
    }
    // A page of somebody else stays.
    fs::write(&path, "a diary").expect("a file");
    desk.window.state().send(Command::SaveReport {
        runs,
        path: path.clone(),
    });
    desk.until("it is refused", |desk| {
        desk.has_message("The report could not be saved")
    });
    assert_eq!(fs::read_to_string(&path).expect("a file"), "a diary");

    let folder = desk.set.runs().join(&run);
    let table = fs::read_to_string(folder.join("history.csv")).expect("a table");
    assert_eq!(table.lines().count(), 1 + 2 + 1, "{table}");
    let events = fs::read_dir(folder.join("tensorboard")).expect("a folder");
    assert_eq!(events.count(), 1);
}
