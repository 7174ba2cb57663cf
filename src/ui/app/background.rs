//! Takes in what dialogs and the desktop answered.

use super::App;
use crate::engine::{EngineError, Lost, NoticeLevel, Poll, Task};

impl App {
    /// Handles the results of finished tasks. Call once a frame.
    pub(super) fn poll_tasks(&mut self) {
        self.poll_dialogs();
        self.poll_pasted();
        for command in self.drop_target.poll(&self.engine) {
            self.send(command);
        }
        if let Some(Err(err)) = self.drop_target.poll_copy(&self.sender) {
            self.report(Err(err));
        }
        match Task::poll_slot(&mut self.file_manager) {
            Poll::Pending | Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(message)) => self.toasts.add(NoticeLevel::Warning, message),
            Poll::Lost => {
                let text = format!("The file manager could not be opened: {Lost}");
                self.toasts.add(NoticeLevel::Warning, text);
            }
        }
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
        self.toasts.add(level, self.text_of(&err));
    }

    /// The text of an error, with the title of a run instead of the name of its folder.
    fn text_of(&self, err: &EngineError) -> String {
        let text = err.to_string();
        let (EngineError::Busy { run } | EngineError::Active { run }) = err else {
            return text;
        };
        match (self.engine.run(run), text.strip_prefix(run.as_str())) {
            (Some(snapshot), Some(rest)) => format!("{}{rest}", snapshot.title()),
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use eframe::egui;
    use tempfile::TempDir;

    use super::*;
    use crate::engine::DatasetRef;
    use crate::ui::command::Command;
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
        app.run_commands(&egui::Context::default());
    }

    #[track_caller]
    fn assert_told(app: &App, words: &str) {
        let texts: Vec<&str> = app.toasts.shown().collect();
        assert!(texts.iter().any(|text| text.contains(words)), "{texts:?}");
    }

    #[test]
    fn a_file_manager_that_is_lost_or_finds_no_folder_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut app = app(&dir);
        app.file_manager = Some(app.engine.spawn_waiting("dialog", |_| panic!("on purpose")));
        until(&mut app, |app| app.file_manager.is_none());
        assert_told(&app, "file manager could not be opened");

        let absent = dir.path().join("absent");
        app.send(Command::OpenFileManager(absent));
        app.run_commands(&egui::Context::default());
        until(&mut app, |app| app.file_manager.is_none());
        assert_told(&app, "absent");
    }
}
