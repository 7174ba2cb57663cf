//! Takes in what dialogs and the desktop answered.

use std::path::PathBuf;

use super::App;
use crate::engine::{DatasetRef, EngineError, Lost, NoticeLevel, Poll, Task};
use crate::ui::command::Command;
use crate::ui::dialogs;

/// A request to the desktop to show a folder.
pub(super) struct FolderRequest {
    folder: PathBuf,
    task: Task<Result<(), opener::OpenError>>,
}

impl App {
    /// Goes on with what tasks answered. Call once a frame.
    pub(super) fn poll_tasks(&mut self) {
        match Task::poll_slot(&mut self.folder_dialog) {
            Poll::Ready(Some(folder)) => {
                self.send(Command::OpenDataset(DatasetRef::Folder(folder)));
            }
            Poll::Pending | Poll::Ready(None) => {}
            Poll::Lost => self.send(dialogs::lost_notice()),
        }
        match Task::poll_slot(&mut self.image_dialog) {
            Poll::Ready(Some(images)) if !images.is_empty() => self.send(Command::Inspect(images)),
            Poll::Pending | Poll::Ready(_) => {}
            Poll::Lost => self.send(dialogs::lost_notice()),
        }
        let mut problems = Vec::new();
        self.folder_requests
            .retain_mut(|FolderRequest { folder, task }| {
                let problem = match task.poll() {
                    Poll::Pending => return true,
                    Poll::Ready(Ok(())) => return false,
                    Poll::Ready(Err(err)) => err.to_string(),
                    Poll::Lost => Lost.to_string(),
                };
                let folder = folder.display();
                problems.push(format!("No file manager could show {folder}: {problem}"));
                false
            });
        for problem in problems {
            self.toasts.add(NoticeLevel::Warning, problem);
        }
    }

    /// Asks the desktop to show a folder.
    pub(super) fn show_folder(&mut self, folder: PathBuf) {
        let path = folder.clone();
        let task = self
            .engine
            .spawn_waiting("open-folder", move |_| opener::open(path));
        self.folder_requests.push(FolderRequest { folder, task });
    }

    /// Shows why something was not done.
    pub(super) fn report(&mut self, result: Result<(), EngineError>) {
        let Err(err) = result else { return };
        let level = match err {
            EngineError::Cancelled => return,
            EngineError::Busy { .. } | EngineError::EntryBusy { .. } | EngineError::NotTraining => {
                NoticeLevel::Warning
            }
            _ => NoticeLevel::Error,
        };
        self.toasts.add(level, err.to_string());
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use eframe::egui;
    use tempfile::TempDir;

    use super::*;
    use crate::ui::command::UiCommand;
    use crate::ui::state::AppState;
    use crate::ui::test_engine::engine;

    fn app(dir: &TempDir) -> App {
        let mut state = AppState::default();
        state.prefs.last_dataset = Some(DatasetRef::Folder(dir.path().to_owned()));
        App::with_engine(&egui::Context::default(), state, engine(dir))
    }

    /// Polls until `ended`, then carries out what that led to.
    #[track_caller]
    fn until(app: &mut App, ended: impl Fn(&App) -> bool) {
        let since = Instant::now();
        while !ended(app) {
            assert!(since.elapsed() < Duration::from_mins(1), "not in time");
            std::thread::yield_now();
            app.poll_tasks();
        }
        app.run_commands();
    }

    fn is_told(app: &App, words: &str) -> bool {
        app.toasts.shown().any(|text| text.contains(words))
    }

    #[test]
    fn a_lost_folder_dialog_is_told_and_can_be_opened_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut app = app(&dir);
        app.folder_dialog = Some(app.engine.spawn_waiting("dialog", |_| panic!("on purpose")));
        assert!(!app.is_enabled(UiCommand::OpenFolder));
        until(&mut app, |app| app.folder_dialog.is_none());
        assert!(app.is_enabled(UiCommand::OpenFolder));
        assert!(is_told(&app, "file dialog ended unexpectedly"));
    }

    #[test]
    fn a_lost_image_dialog_is_told_and_can_be_opened_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut app = app(&dir);
        app.image_dialog = Some(app.engine.spawn_waiting("dialog", |_| panic!("on purpose")));
        assert!(!app.is_enabled(UiCommand::OpenImages));
        until(&mut app, |app| app.image_dialog.is_none());
        assert!(app.is_enabled(UiCommand::OpenImages));
        assert!(is_told(&app, "file dialog ended unexpectedly"));
    }

    #[test]
    fn a_folder_that_cannot_be_shown_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut app = app(&dir);
        app.show_folder(dir.path().join("absent"));
        until(&mut app, |app| app.folder_requests.is_empty());
        assert!(is_told(&app, "absent"));
    }
}
