//! A trial of the settings, and what it found.

use std::time::Duration;

use eframe::egui::{Label, ProgressBar, RichText, Ui};

use crate::engine::{Engine, EngineError, NoticeLevel, RunConfig, RunTime, Task, Trial, Verdict};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;

/// How long it trains.
const TIME: Duration = Duration::from_mins(1);

/// The trial that is running, and the last one.
#[derive(Default)]
pub struct TrialBox {
    running: Option<Task<Result<Trial, EngineError>>>,
    /// The settings that are tried or were.
    config: Option<RunConfig>,
    found: Option<Trial>,
}

impl TrialBox {
    /// Whether one is running.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Starts one.
    pub fn start(&mut self, engine: &Engine, config: RunConfig) -> Result<(), EngineError> {
        self.running = Some(engine.try_run(config.clone(), TIME)?);
        self.config = Some(config);
        self.found = None;
        Ok(())
    }

    /// How long a run with these settings takes, where they were tried.
    pub fn time(&self, config: &RunConfig) -> Option<RunTime> {
        let found = self.found.as_ref()?;
        found
            .time()
            .filter(|_| self.config.as_ref() == Some(config))
    }

    /// How far it is, or what it found.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if let Some(result) = self.running.as_mut().and_then(Task::poll_result) {
            self.running = None;
            match result {
                Ok(trial) => self.found = Some(trial),
                Err(EngineError::Cancelled) => {}
                Err(err) => {
                    let text = format!("The trial ended early: {err}");
                    ctx.commands.send(Command::Notify(NoticeLevel::Error, text));
                }
            }
        }
        // Another dataset may have been opened since.
        let tried = self.config.as_ref().map(|config| config.dataset.name());
        let on = format!("on {}", tried.unwrap_or_default());
        if let Some(running) = &self.running {
            ui.horizontal(|ui| {
                ui.busy("Trying the settings");
                ui.add(ProgressBar::new(running.progress().unwrap_or(0.0)).desired_width(140.0));
                if ui.button("Cancel trial").clicked() {
                    running.cancel();
                }
                ui.truncated(RichText::new(&on).small(), &on);
            });
            // It tells how far it is without events.
            ui.ctx().request_repaint_after(Duration::from_millis(200));
        }
        let mut closed = false;
        if let Some(found) = &self.found {
            let level = match found.verdict {
                Verdict::Learns => NoticeLevel::Info,
                _ => NoticeLevel::Warning,
            };
            ui.notice_box(level, |ui| {
                ui.add(Label::new(format!("Trial {on}: {}", found.text())).wrap());
                closed = ui.button("Close trial").clicked();
            });
        }
        if closed {
            self.found = None;
        }
    }
}
