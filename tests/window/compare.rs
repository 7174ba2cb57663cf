//! Compare: panes, the divider, blinking, sorted images, and what is saved.

use std::fs;
use std::path::{Path, PathBuf};

use eframe::egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::engine::{DatasetRef, DatasetState};
use fcn_workbench::training::checkpoint::{RunFolder, run_of_step};
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;
use crate::common::TinySet;

/// A window with Compare in front, which shows FCN-32s, 16s and 8s after a step each.
fn desk() -> Desk {
    let mut desk = Desk::new(|config| {
        config.max_steps = Some(2);
        config.batch_size = 8;
        config.checkpoints.steps = Some(1);
    });
    desk.click("Train 32s, 16s, 8s");
    desk.until("all runs are over", |desk| {
        desk.engine().plan().is_some_and(|plan| plan.done)
    });
    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::Compare));
    desk.until("the masks are there", |desk| {
        desk.says("Ground truth") && desk.is_enabled("Errors")
    });
    desk
}

fn hold(desk: &mut Desk, key: Key, pressed: bool) {
    desk.window.event(Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    });
    desk.frames(3);
}

/// Opens an entry of the menu and saves under the proposed name.
fn export(desk: &mut Desk, entry: &str, name: &str) -> PathBuf {
    desk.click("Export comparison");
    desk.find(entry).click();
    desk.until("the place is asked for", |desk| desk.says("Save as"));
    desk.frames(5);
    let proposed = PathBuf::from(desk.find("Path").value().expect("a path"));
    assert!(proposed.ends_with(name), "{}", proposed.display());
    // Not in the home folder of whoever tests.
    let path = desk.set.dir.path().join(name);
    desk.find("Path").focus();
    desk.frames(2);
    desk.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    desk.frames(2);
    desk.find("Path").type_text(&path.to_string_lossy());
    desk.frames(5);
    desk.click("Save");
    desk.until("it is told", |desk| desk.has_message(name));
    path
}

#[test]
fn networks_are_compared_pane_by_pane_and_image_by_image() {
    let mut desk = desk();
    // Three networks and the ground truth; one more pane for the image.
    assert!(!desk.says("without a mask"));
    desk.click("Image pane");
    desk.until("the image has a pane", |desk| desk.says("without a mask"));
    desk.click("Truth pane");
    desk.until("the ground truth has none", |desk| {
        !desk.says("Ground truth")
    });
    desk.click("Truth pane");
    desk.until("it is back", |desk| desk.says("Ground truth"));
    desk.click("Errors");
    desk.until("they disagree by some share or agree", |desk| {
        desk.finds("pixel acc. ") && desk.finds(" %")
    });

    // A checkpoint of a run beside its best weights: the sixth pane.
    desk.click("Add run");
    desk.until("a checkpoint is shown", |desk| desk.finds(", step "));
    assert!(!desk.is_enabled("Add run"), "there are six panes");
    desk.click("Remove run 4");
    desk.until("it is gone", |desk| !desk.finds(", step "));

    // They are there again in the next window.
    let state = serde_json::to_value(desk.app().state()).expect("a state");
    let kept = state["compare"]["networks"].as_array();
    assert_eq!(kept.map(Vec::len), Some(3));

    swipe(&mut desk);
    scores_are_in_sight_in_a_low_window(&mut desk);
    sort(&mut desk);
    save(&mut desk);
}

#[test]
fn a_run_that_is_the_first_of_several_is_not_denied() {
    // An epoch of many steps: nothing is saved while the panel is looked at.
    let mut desk = Desk::with_set(TinySet::new(200, 2), |config| config.batch_size = 1);
    desk.click("Train 32s, 16s, 8s");
    desk.until("the first run has begun", |desk| {
        desk.active().is_some() && desk.says("Run 1 of 3")
    });
    desk.app().send(Command::ShowPanel(PanelKind::Compare));
    desk.frames(3);
    assert!(desk.engine().runs_with_weights().next().is_none());
    assert!(desk.says("Run 1 of 3 is training"));
    assert!(desk.says("It can be compared once it has a checkpoint"));
    assert!(!desk.says("No trained runs to compare"));
    desk.click("Stop");
    desk.until("it has stopped", |desk| desk.active().is_none());
}

fn swipe(desk: &mut Desk) {
    desk.click("Swipe");
    assert!(
        desk.says("FCN-32s and FCN-8s"),
        "the first and the last network"
    );
    let share = |desk: &Desk| {
        let node = desk.find("Divider").accesskit_node().numeric_value();
        node.expect("a value")
    };
    assert_eq!(share(desk), 50.0);
    desk.find("Divider").focus();
    desk.frames(2);
    desk.window.key_press(Key::ArrowRight);
    desk.frames(3);
    assert!(share(desk) > 50.0, "{}", share(desk));
    // The pointer is over the panel: keys are for it.
    let middle = desk.find("FCN-32s and FCN-8s").rect().center();
    desk.window.hover_at(middle);
    desk.frames(2);
    hold(desk, Key::B, true);
    assert!(
        desk.says("FCN-8s and FCN-32s"),
        "exchanged while the key is held"
    );
    hold(desk, Key::B, false);
    assert!(desk.says("FCN-32s and FCN-8s"));
    desk.choose("Right", "Ground truth");
    assert!(desk.says("FCN-32s and Ground truth"));
    desk.click("Swipe");
    assert!(!desk.says("Divider"));
}

/// Where the panels beside Dataset and Train begin.
const LEFT_COLUMN: f32 = 340.0;

fn scores_are_in_sight_in_a_low_window(desk: &mut Desk) {
    let before = desk.window.ctx.content_rect().size();
    desk.window.set_size(eframe::egui::vec2(1280.0, 720.0));
    desk.app().send(Command::ShowPanel(PanelKind::Compare));
    desk.frames(6);
    let titles: Vec<String> = desk
        .engine()
        .runs()
        .iter()
        .map(fcn_workbench::engine::RunSnapshot::title)
        .collect();
    for title in titles {
        // The lowest of them is in the table; the others are in the lists of runs above the images. The Train
        // panel, to the left, lists runs too.
        let nodes = desk
            .window
            .query_all_by_label(&title)
            .map(|node| node.rect());
        let rows = nodes.filter(|place| place.left() > LEFT_COLUMN);
        let bottom = rows.map(|place| place.bottom()).fold(0.0, f32::max);
        assert!(bottom > 500.0 && bottom < 698.0, "{title} at {bottom}");
    }
    // In the smallest window, the mean IoU is in sight beside the names of the runs.
    desk.window.set_size(eframe::egui::vec2(900.0, 600.0));
    desk.frames(6);
    let headers = desk.window.query_all_by_label("mIoU");
    let headers: Vec<_> = headers.map(|header| header.rect()).collect();
    let is_shown = |header: &eframe::egui::Rect| {
        header.left() > LEFT_COLUMN && header.right() < 890.0 && header.bottom() < 580.0
    };
    assert!(headers.iter().any(is_shown), "{headers:?}");
    desk.window.set_size(before);
    desk.frames(6);
}

fn sort(desk: &mut Desk) {
    desk.choose("Sort", "Most disagreement");
    // Both validation images are predicted by all networks; then the list says by how much they
    // disagree.
    desk.until("the images are compared", |desk| {
        !desk.says("Cancel the comparison")
    });
    desk.window
        .get_by_role_and_label(eframe::egui::accesskit::Role::ComboBox, "Image")
        .click();
    desk.frames(4);
    assert!(desk.finds("image8  ·  ") && desk.finds("image9  ·  "));
    desk.window.key_press(Key::Escape);
    desk.frames(3);
}

fn save(desk: &mut Desk) {
    let drawing = export(desk, "Figure as SVG…", "comparison.svg");
    let text = fs::read_to_string(drawing).expect("a drawing");
    // The image, three masks and the ground truth.
    assert_eq!(text.matches("<image ").count(), 5);
    for title in [
        "Image",
        "FCN-32s",
        "FCN-16s",
        "FCN-8s",
        "Ground truth",
        "ground",
    ] {
        assert!(text.contains(&format!(">{title}</text>")), "{title}");
    }
    let picture = export(desk, "Figure as PNG…", "comparison.png");
    let picture = image::open(picture).expect("a picture");
    // Images of 32 pixels are shown seven times as large.
    assert_eq!(picture.width(), 5 * 224 + 4 * 10 + 2 * 16);

    let table = export(desk, "Scores as CSV…", "scores.csv");
    let lines = fs::read_to_string(table).expect("a table");
    assert_eq!(lines.lines().count(), 4, "a header and three runs: {lines}");
    let table = export(desk, "Scores as Markdown…", "scores.md");
    let lines = fs::read_to_string(table).expect("a table");
    // A header, the line below it, and three runs.
    let rows = lines.lines().filter(|line| line.starts_with("| "));
    assert!(rows.count() >= 4 && lines.contains("| FCN-16s"), "{lines}");
    let table = export(desk, "Scores as LaTeX…", "scores.tex");
    assert!(
        fs::read_to_string(table)
            .expect("a table")
            .contains("\\toprule")
    );
    let images = export(desk, "Scores per image as CSV…", "images.csv");
    let lines = fs::read_to_string(images).expect("a table");
    assert!(
        lines.starts_with("image,disagreement,gain,mIoU FCN-32s,"),
        "{lines}"
    );
    assert_eq!(lines.lines().count(), 3, "a header and two images: {lines}");
}

#[test]
fn runs_on_an_image_of_another_dataset_are_told_from_its_own() {
    let mut desk = Desk::new(|config| config.max_steps = Some(2));
    desk.train();
    let run = desk.run().name.clone();
    let compare = Command::Compare {
        runs: vec![run],
        image: None,
    };
    let foreign = "Trained on tiny; this image is of street";
    let heading = "Whole validation set of tiny, best epoch of each run";
    desk.app().send(compare);
    desk.until("the mask is there", |desk| {
        desk.says("Errors") && desk.is_enabled("Errors")
    });
    assert!(desk.says(heading) && !desk.finds("Trained on"));

    // The same files under another name.
    let street = desk.set.dir.path().join("street");
    copy_folder(&desk.set.root(), &street);
    let open = Command::OpenDataset(DatasetRef::Folder(street.clone()));
    desk.app().send(open);
    desk.until("the other one is open", |desk| {
        matches!(desk.engine().dataset(), DatasetState::Ready(open) if open.dataset.root == street)
    });
    desk.app().send(Command::ShowPanel(PanelKind::Compare));
    desk.until("both are named", |desk| desk.says(foreign));
    assert!(desk.says(heading), "the scores are of the first");

    // A picture of no dataset that is open.
    let image = desk.set.image_path(8);
    desk.app().send(Command::CompareImage(image));
    desk.until("nothing is said of it", |desk| !desk.says(foreign));

    // Nor of a picture that lies in the folder of the open one and is in none of its lists.
    let listed = street.join("JPEGImages/image8.png");
    desk.app().send(Command::CompareImage(listed.clone()));
    desk.until("both are named again", |desk| desk.says(foreign));
    let nested = street.join("other/images/0.png");
    fs::create_dir_all(street.join("other/images")).expect("a folder");
    fs::copy(&listed, &nested).expect("a copy");
    desk.app().send(Command::CompareImage(nested));
    desk.until("nothing is said of it", |desk| !desk.says(foreign));
}

#[test]
fn a_moment_of_a_run_is_told_from_another_dataset_also_where_both_have_one_name() {
    let mut desk = Desk::new(|config| config.max_steps = Some(2));
    desk.train();
    let run = RunFolder::at(desk.set.runs().join(&desk.run().name));
    let moment = run_of_step(&desk.set.runs(), &run, 2, 7).expect("a run");
    desk.engine().refresh_runs();
    desk.until("it is there", |desk| {
        desk.engine().run(&moment.name()).is_some()
    });
    desk.app().send(Command::Compare {
        runs: vec![moment.name()],
        image: None,
    });
    // A copy in another place is taken for the same dataset.
    let root = desk.set.root();
    let elsewhere = desk.set.dir.path().join("elsewhere").join("tiny");
    let open = |desk: &mut Desk, set: &Path| {
        let which = DatasetRef::Folder(set.to_owned());
        desk.app().send(Command::OpenDataset(which));
        desk.app()
            .send(Command::CompareImage(set.join("JPEGImages/image8.png")));
        desk.until("it is open, and the mask is there", |desk| {
            matches!(desk.engine().dataset(), DatasetState::Ready(open) if open.dataset.root == set)
                && desk.is_enabled("Errors")
        });
    };
    copy_folder(&root, &elsewhere);
    open(&mut desk, &elsewhere);
    assert!(!desk.finds("Trained on"));
    open(&mut desk, &root);
    fs::write(elsewhere.join("classes.txt"), "road\ncar\ntree\n").expect("written");
    open(&mut desk, &elsewhere);
    let told = format!(
        "Trained on {}; this image is of {}",
        root.display(),
        elsewhere.display()
    );
    desk.until("the folders are told", |desk| desk.says(&told));
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}
