//! The file dialogs of the window: where they start, what they remember.

use std::path::{Path, PathBuf};

use eframe::egui::Ui;

use super::{App, STATUS_HEIGHT};
use crate::engine::{DatasetRef, NoticeLevel};
use crate::ui::command::{Ask, Command};
use crate::ui::dialogs::{Place, Start, place_name};

impl App {
    /// Opens a file dialog, or says why not.
    pub(super) fn ask(&mut self, ask: Ask) {
        if let Some(problem) = self.dialogs.problem() {
            self.toasts.add(NoticeLevel::Info, problem);
            return;
        }
        let start = self.dialog_start();
        self.dialogs.ask(&self.engine, ask, &start);
    }

    /// Handles the answer of a dialog of the desktop.
    pub(super) fn poll_dialogs(&mut self) {
        if self.dialogs.problem().is_none() {
            return;
        }
        let start = self.dialog_start();
        if let Some(command) = self.dialogs.poll(&self.engine, &start) {
            self.send(command);
        }
    }

    /// Draws the dialog that is open, and returns its answer.
    pub(super) fn dialogs_ui(&mut self, ui: &Ui) -> Option<Command> {
        self.dialogs.problem()?;
        let start = self.dialog_start();
        self.dialogs.ui(&self.engine, ui, &start, STATUS_HEIGHT)
    }

    /// Remembers what a command opens, and from which folder.
    pub(super) fn remember(&mut self, command: &Command) {
        let recent = &mut self.state.recent;
        match command {
            Command::Inspect(paths) => {
                recent.add_images(paths);
                // Nobody looks for files among those that were pasted.
                let pasted = self.engine.pasted_folder();
                if let Some(first) = paths.first().filter(|path| !path.starts_with(pasted)) {
                    recent.add_folder_of(first);
                }
            }
            Command::OpenDataset(
                DatasetRef::Folder(path) | DatasetRef::Mapped { folder: path, .. },
            )
            | Command::ResumeElsewhere {
                dataset: DatasetRef::Folder(path),
                ..
            }
            | Command::CompareImage(path)
            | Command::UseWeights(path)
            | Command::AddWeights { path, .. }
            | Command::SaveInspected(path)
            | Command::SaveReport { path, .. }
            | Command::SavePlots(path)
            | Command::SaveComparison(path)
            | Command::SaveTable(path)
            | Command::SaveFilm(_, path) => recent.add_folder_of(path),
            _ => {}
        }
    }

    /// Begins where a file was chosen last, and offers the folders that are likely.
    fn dialog_start(&self) -> Start {
        let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
        let recent = &self.state.recent;
        let mut places = Vec::new();
        let mut add = |name: String, folder: &Path| {
            if !places.iter().any(|place: &Place| place.folder == folder) {
                let folder = folder.to_owned();
                places.push(Place { name, folder });
            }
        };
        if let Some(home) = &home {
            add("Home".to_owned(), home);
        }
        let dirs = self.engine.dirs();
        add("Data".to_owned(), &dirs.data);
        add("Runs".to_owned(), &dirs.runs);
        for folder in recent.folders.iter().chain(&recent.datasets) {
            add(place_name(folder), folder);
        }
        Start {
            folder: recent
                .folders
                .first()
                .cloned()
                .or(home)
                .unwrap_or_else(|| PathBuf::from(std::path::MAIN_SEPARATOR_STR)),
            runs: dirs.runs.clone(),
            places,
        }
    }
}
