//! Masks and overlays of all images of the list as files, in the background.

use std::path::PathBuf;

use eframe::egui::Ui;

use super::InspectPanel;
use crate::engine::{EngineError, NetworkSource, NoticeLevel, PredictedAll, Task, WhatToWrite};
use crate::ui::command::{Command, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::panels::command_button;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::view_model::format::percent;

/// One list at a time.
#[derive(Default)]
pub struct SaveAll {
    task: Option<Task<Result<PredictedAll, EngineError>>>,
}

impl SaveAll {
    /// Tells what became of the list. Call once per frame.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        let Some(result) = self.task.as_mut().and_then(Task::poll_result) else {
            return;
        };
        self.task = None;
        let (level, text) = told(&result);
        if let Some(text) = text {
            ctx.commands.send(Command::Notify(level, text));
        }
    }
}

fn told(result: &Result<PredictedAll, EngineError>) -> (NoticeLevel, Option<String>) {
    match result {
        Ok(all) => {
            let written = format::plural(all.written, "image", "images");
            let text = format!(
                "Masks and overlays of {written} saved\n{}",
                all.folder.display()
            );
            match all.problems.first() {
                None => (NoticeLevel::Info, Some(text)),
                Some(problem) => {
                    let failed = format::plural(all.problems.len(), "image", "images");
                    let text = format!("{text}\n{failed} could not be saved. {problem}");
                    (NoticeLevel::Warning, Some(text))
                }
            }
        }
        Err(EngineError::Cancelled) => (NoticeLevel::Info, None),
        Err(err) => {
            let text = format!("The images could not be saved: {err}");
            (NoticeLevel::Error, Some(text))
        }
    }
}

impl InspectPanel {
    /// Writes masks and overlays of all images into a folder.
    pub fn save_all(&mut self, ctx: &PanelCtx<'_>, folder: PathBuf) {
        let Some(run) = self.run(ctx) else { return };
        let Some(snapshot) = ctx.engine.run(&run) else {
            return;
        };
        let visible = self.visible;
        let what = WhatToWrite {
            opacity: self.opacity,
            classes: ctx.colors.of(&snapshot.classes),
            shown: Box::new(move |label| visible.contains(label)),
            options: self.options.clone(),
        };
        let images = self.list.images().to_vec();
        let network = NetworkSource::Run(run, None);
        let task = ctx.engine.predict_all(&network, images, folder, what);
        self.save_all.task = Some(task);
    }

    /// The button, or the progress.
    pub(super) fn save_all_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if let Some(task) = &self.save_all.task {
            let share = task.progress().unwrap_or(0.0);
            ui.progress_bar(share, 80.0, "Progress of saving all images");
            ui.weak(percent(Some(f64::from(share))));
            let cancel = ui.button("Cancel");
            if cancel.accessible_name("Cancel saving all images").clicked() {
                // What is written stays.
                self.save_all.task = None;
            }
            return;
        }
        command_button(ctx, ui, UiCommand::SaveAll, self.save_all_problem(ctx));
    }

    /// Why the images of the list cannot be saved; `None` = they can.
    pub fn save_all_problem(&self, ctx: &PanelCtx<'_>) -> Option<&'static str> {
        if self.save_all.task.is_some() {
            Some("The images are being saved")
        } else if self.list.is_empty() {
            Some("No image is open in Inspect")
        } else if self.run(ctx).is_none() {
            Some("There is no run to predict with")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_saved_is_told_beside_what_was() {
        let all = |problems: &[&str]| {
            Ok(PredictedAll {
                folder: PathBuf::from("out"),
                written: 2,
                problems: problems.iter().map(|text| (*text).to_owned()).collect(),
            })
        };
        let (level, text) = told(&all(&[]));
        assert_eq!(level, NoticeLevel::Info);
        assert_eq!(
            text.as_deref(),
            Some("Masks and overlays of 2 images saved\nout")
        );
        let (level, text) = told(&all(&["a.png: no image", "b.png: no image"]));
        assert_eq!(level, NoticeLevel::Warning);
        let text = text.expect("a text");
        assert!(
            text.contains("2 images could not be saved. a.png: no image"),
            "{text}"
        );
        assert_eq!(told(&Err(EngineError::Cancelled)).1, None);
    }
}
