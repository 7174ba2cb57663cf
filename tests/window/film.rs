//! The film below the live masks: scrubbed, played, saved, and a moment of it as a run.

use eframe::egui::accesskit::Role;
use eframe::egui::vec2;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::engine::{FilmFile, RunNotes};
use fcn_workbench::ui::command::{Command, PanelKind};
use fcn_workbench::ui::state::AppState;
use fcn_workbench::ui::view_model::format::{loss, percent};

use super::desk::Desk;

#[test]
fn a_film_is_scrubbed_played_saved_and_used() {
    let mut desk = Desk::new(|config| config.epochs = 2);
    desk.train();
    desk.app().send(Command::ShowPanel(PanelKind::Live));
    desk.until("the film is read to its end", |desk| {
        desk.finds(": step 8, ")
    });
    desk.find("Film scrubber").set_value_accesskit(0.0);
    desk.until("its first masks are drawn", |desk| {
        desk.says("masks after step 0") && desk.finds("Frame 1 of ")
    });
    assert!(desk.says("No validation yet at this step"));
    // The numbers above are of this moment, too.
    assert!(desk.says("Step 0 · loss – · not validated yet"));
    assert!(!desk.finds("Training loss from "));
    assert!(
        !desk.is_enabled("Use this"),
        "no weights of step 0 are kept"
    );

    desk.click("Play the film");
    desk.until("it has played to its end", |desk| {
        desk.finds(": step 8, ") && desk.says("Play the film")
    });
    desk.until("the last masks are drawn", |desk| {
        desk.says("masks after step 8")
    });
    let score = desk.run().epochs[1].scores.mean_iu;
    let score = percent(score);
    assert!(desk.says(&format!("Epoch 2: mIoU {score}")));
    // How the run does is told here, without Curves.
    let last = desk.run().steps.last().expect("a step").loss;
    let numbers = format!(
        "Step 8 · loss {} · mIoU {score} (epoch 2)",
        loss(Some(last))
    );
    assert!(desk.says(&numbers), "{numbers}");
    assert!(desk.finds("Training loss from "));

    let gif = desk.set.dir.path().join("film.gif");
    desk.app()
        .send(Command::SaveFilm(FilmFile::Gif, gif.clone()));
    desk.until("the animation is saved", |desk| {
        desk.has_message("Film saved")
    });
    let bytes = std::fs::read(&gif).expect("a file");
    assert!(bytes.starts_with(b"GIF89a"));
    let pictures = desk.set.dir.path().join("film.png");
    desk.app().send(Command::SaveFilm(FilmFile::Pngs, pictures));
    let first = desk.set.dir.path().join("film-0001.png");
    desk.until("the pictures are saved", |_| first.is_file());

    desk.click("Use this");
    desk.until("there is a run of it", |desk| {
        desk.engine().runs().len() == 2
    });
    // It is called as people do.
    desk.until("its name is told", |desk| {
        desk.has_message(" on tiny, step 8")
    });
    let scrubber = desk.window.get_all_by_label("Film scrubber").next();
    assert!(scrubber.is_some_and(|node| !node.accesskit_node().is_disabled()));
}

#[test]
fn a_film_and_the_curves_of_its_run_have_one_cursor() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();
    let first = desk.run().name.clone();
    let notes = RunNotes {
        name: "the first one".to_owned(),
        ..RunNotes::default()
    };
    desk.engine()
        .set_run_notes("Name", vec![(first.clone(), notes)]);
    desk.until("it has its name", |desk| {
        desk.run().title() == "the first one"
    });
    let score = desk.run().best().expect("a score").scores.mean_iu;
    let entry = format!("the first one  ·  mIoU {}", percent(score));
    desk.train();
    let is_ticked = |desk: &Desk| desk.app().state().selection.contains(&first);
    assert!(!is_ticked(&desk), "the second one is in its place");

    desk.app().send(Command::ShowPanel(PanelKind::Live));
    desk.until("the film is read", |desk| desk.says("Film scrubber"));
    desk.choose("Film of", &entry);
    desk.until("that of the first one is read", |desk| {
        desk.app().state().live.filmed_run() == Some(first.as_str())
    });
    desk.find("Film scrubber").set_value_accesskit(0.0);
    desk.until("its curves are drawn", is_ticked);
    assert!(desk.finds("Frame 1 of "));

    // The other way: the film goes to the step under the pointer.
    desk.app().send(Command::ShowPanel(PanelKind::Curves));
    desk.until("the curves are drawn", |desk| {
        let model = desk.app().state().curves.model(&first);
        desk.says("Plot: Loss") && model.is_some_and(|model| model.loss.len() == 4)
    });
    let plot = desk.find("Plot: Loss").rect();
    desk.window.hover_at(plot.right_center() - vec2(6.0, 0.0));
    desk.frames(4);
    let pointed = desk
        .app()
        .state()
        .curves
        .pointed_step(desk.engine(), Some(&first));
    assert_eq!(pointed, Some((first.clone(), 4)));
    desk.until("the film is there, too", |desk| {
        desk.finds("Frame ") && !desk.finds("Frame 1 of ")
    });
}

#[test]
fn images_are_chosen_for_the_film_where_they_are_seen() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    let own = desk.set.dir.path().join("own.png");
    std::fs::copy(desk.set.image_path(0), &own).expect("a copy");
    desk.app().send(Command::ShowPanel(PanelKind::Live));
    desk.until("Live is in front", |desk| desk.says("Nothing is training"));
    // Dropped on Live.
    let middle = desk.find("Nothing is training").rect().center();
    desk.window.hover_at(middle);
    desk.frames(2);
    desk.drop_files(&[&own]);
    desk.until("it is told", |desk| {
        desk.has_message("1 image of your choice will be filmed")
    });
    assert!(desk.app().state().layout.is_in_front(PanelKind::Live));

    // One of the validation list, in Inspect.
    let known = desk.set.image_path(9);
    desk.app().send(Command::Inspect(vec![known.clone()]));
    desk.until("it is in the list", |desk| desk.says("image9.png"));
    desk.click("Film this image");
    desk.until("it is told", |desk| {
        desk.has_message("2 images of your choice will be filmed")
    });
    let probes = &desk.app().state().train.settings().probe_images;
    assert_eq!(probes, &[own, known]);

    desk.train();
    desk.app().send(Command::ShowPanel(PanelKind::Live));
    desk.until("the film is read", |desk| {
        desk.says("Prediction of own.png") && desk.says("Prediction of image9")
    });
    assert!(desk.says("Ground truth of image9"));
    // Of an image of one's own there is none.
    assert!(desk.says("no ground truth") && !desk.says("Ground truth of own.png"));
}

#[test]
fn the_film_is_below_the_masks_where_there_is_no_room_for_both() {
    let mut desk = Desk::new(|config| config.epochs = 2);
    desk.train();
    desk.app().send(Command::ShowPanel(PanelKind::Live));
    desk.until("the last masks are drawn", |desk| {
        desk.finds(": step 8, ") && desk.says("masks after step 8")
    });
    // What 1280 x 720 pixels have at 300 %.
    desk.window.set_size(vec2(427.0, 240.0));
    desk.frames(6);
    let film = desk.find("Play the film").rect();
    let images = desk.window.query_all_by_role(Role::Image);
    let bottoms: Vec<f32> = images
        .filter(|image| {
            let name = image.accesskit_node().label().unwrap_or_default();
            name.starts_with("Prediction of")
        })
        .map(|image| image.rect().bottom())
        .collect();
    assert!(!bottoms.is_empty(), "the masks are there");
    for bottom in bottoms {
        assert!(bottom <= film.top(), "{bottom} is below {film:?}");
    }
}

#[test]
fn a_damaged_film_says_what_is_missing() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();
    let path = desk.set.runs().join(&desk.run().name).join("film.bin");
    let whole = std::fs::read(&path).expect("a film");
    // A bit of its last frame.
    let mut flipped = whole.clone();
    *flipped.last_mut().expect("bytes") ^= 4;
    let mut desk = reopened(desk, &path, &flipped);
    desk.until("the frames before are there", |desk| {
        desk.says("Film scrubber") && desk.says("damaged behind the last frame")
    });
    // A bit of its images.
    let mut flipped = whole;
    flipped[20] ^= 4;
    let mut desk = reopened(desk, &path, &flipped);
    desk.until("it is told", |desk| {
        desk.has_message("The film cannot be read: ")
    });
    assert!(desk.has_message("film.bin: this film of a run is damaged"));
    assert!(!desk.says("Film scrubber"));
}

/// The window again, on Live, with another film.
fn reopened(desk: Desk, path: &std::path::Path, film: &[u8]) -> Desk {
    let Desk { window, set } = desk;
    drop(window);
    std::fs::write(path, film).expect("written");
    let root = set.root();
    let mut desk = Desk::open(set, AppState::default(), root);
    desk.until("the runs are there", |desk| {
        !desk.engine().runs().is_empty()
    });
    desk.app().send(Command::ShowPanel(PanelKind::Live));
    desk
}
