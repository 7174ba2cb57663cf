//! The film below the live masks: scrubbed, played, saved, and a moment of it as a run.

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::engine::FilmFile;
use fcn_workbench::ui::command::{Command, PanelKind};

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
        desk.says("after step 0") && desk.finds("Frame 1 of ")
    });
    assert!(desk.says("No validation yet at this step"));
    assert!(
        !desk.is_enabled("Use this"),
        "no weights of step 0 are kept"
    );

    desk.click("Play the film");
    desk.until("it has played to its end", |desk| {
        desk.finds(": step 8, ") && desk.says("Play the film")
    });
    desk.until("the last masks are drawn", |desk| desk.says("after step 8"));
    let score = desk.run().epochs[1].scores.mean_iu;
    let score = fcn_workbench::ui::view_model::format::percent(score);
    assert!(desk.says(&format!("Epoch 2: mIoU {score}")));

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
    assert!(desk.has_message("-step-8"));
    let scrubber = desk.window.get_all_by_label("Film scrubber").next();
    assert!(scrubber.is_some_and(|node| !node.accesskit_node().is_disabled()));
}
