//! Pages about runs that are being written.

use std::path::PathBuf;

use eframe::egui::{ProgressBar, Ui};

use crate::engine::{Engine, EngineError, Existing, NoticeLevel, SaveTo, Task};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;

/// Those that are not done yet.
#[derive(Default)]
pub struct Reports {
    writing: Vec<Task<Result<PathBuf, EngineError>>>,
}

impl Reports {
    /// Starts a page about `runs`.
    pub fn start(
        &mut self,
        engine: &Engine,
        runs: &[String],
        path: PathBuf,
    ) -> Result<(), EngineError> {
        // The dialog has asked whether to replace a file; one that is not ours stays even so.
        let to = SaveTo::Path(path, Existing::ReplaceOwn);
        self.writing.push(engine.save_report(runs, None, to)?);
        Ok(())
    }

    /// Takes in what was written. Call once a frame.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        self.writing.retain_mut(|task| {
            let Some(result) = task.poll_result() else {
                return true;
            };
            let notice = match result {
                Ok(path) => (
                    NoticeLevel::Info,
                    format!("Report saved\n{}", path.display()),
                ),
                Err(EngineError::Cancelled) => {
                    (NoticeLevel::Info, "The report was not saved".to_owned())
                }
                Err(err) => (
                    NoticeLevel::Error,
                    format!("The report could not be saved: {err}"),
                ),
            };
            ctx.commands.send(Command::Notify(notice.0, notice.1));
            false
        });
    }

    /// How far they are, each with a button that cancels it.
    pub fn ui(&self, ui: &mut Ui) {
        for task in &self.writing {
            ui.horizontal(|ui| {
                ui.label("Writing a report");
                ui.add(ProgressBar::new(task.progress().unwrap_or(0.0)).desired_width(160.0));
                let cancel = ui.button("Cancel report");
                if cancel.on_hover_text("Do not write this page").clicked() {
                    task.cancel();
                }
            });
        }
    }
}
