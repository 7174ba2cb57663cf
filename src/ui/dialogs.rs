//! File dialogs, on a worker so that the window goes on drawing.

use std::path::PathBuf;

use super::command::Command;
use crate::engine::{Engine, IMAGE_EXTENSIONS, NoticeLevel, Task, WEIGHTS_EXTENSIONS};

/// Said where a dialog ended without an answer.
pub fn lost_notice() -> Command {
    let text = "The file dialog ended unexpectedly. Open it again; the log says more".to_owned();
    Command::Notify(NoticeLevel::Error, text)
}

/// Asks for a folder.
pub fn pick_folder(engine: &Engine, title: &'static str) -> Task<Option<PathBuf>> {
    engine.spawn_waiting("dialog", move |_| {
        rfd::FileDialog::new().set_title(title).pick_folder()
    })
}

/// Asks for images.
pub fn pick_images(engine: &Engine) -> Task<Option<Vec<PathBuf>>> {
    engine.spawn_waiting("dialog", |_| {
        rfd::FileDialog::new()
            .set_title("Open images")
            .add_filter("Images", IMAGE_EXTENSIONS)
            .pick_files()
    })
}

/// Asks for a file of weights.
pub fn pick_weights(engine: &Engine) -> Task<Option<PathBuf>> {
    engine.spawn_waiting("dialog", |_| {
        rfd::FileDialog::new()
            .set_title("Choose weights")
            .add_filter("Weights", &WEIGHTS_EXTENSIONS)
            .add_filter("All files", &["*"])
            .pick_file()
    })
}

/// Asks where to save a PNG.
pub fn save_png(engine: &Engine, file_name: String) -> Task<Option<PathBuf>> {
    engine.spawn_waiting("dialog", move |_| {
        rfd::FileDialog::new()
            .set_title("Save as")
            .set_file_name(file_name)
            .add_filter("PNG image", &["png"])
            .save_file()
    })
}
