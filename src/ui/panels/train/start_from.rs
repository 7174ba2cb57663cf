//! A weights file that the user chose: what is in it, and what to do with it.

use std::path::PathBuf;

use eframe::egui::{self, Response, RichText, ScrollArea, Ui};

use crate::engine::{
    Engine, EngineError, NoticeLevel, RunConfig, StartingPoint, Task, WeightsChoice, WeightsRow,
    WeightsRowState, WeightsSummary,
};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::file_label::file_label;
use crate::ui::view_model::format;
use crate::ui::when::AddWhen as _;

/// From the file to the decision.
#[derive(Default)]
pub enum WeightsPick {
    /// Nothing was chosen.
    #[default]
    None,
    /// The file is being read.
    Reading(PathBuf, Task<Result<WeightsSummary, EngineError>>),
    /// Its layers are shown.
    Shown(PathBuf, Box<WeightsSummary>),
    /// It is being imported as a run.
    Importing(Task<Result<String, EngineError>>),
}

/// Height of the table of layers.
const TABLE_HEIGHT: f32 = 260.0;
const NAME_WIDTH: f32 = 230.0;
const SHAPE_WIDTH: f32 = 110.0;

impl WeightsPick {
    /// Reads a file.
    pub fn read(&mut self, engine: &Engine, path: PathBuf) {
        let choice = WeightsChoice::of(path.clone());
        *self = Self::Reading(path, engine.inspect_weights(choice));
    }

    /// Collects results of tasks, and shows the layers of a file that was read.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &Ui, config: &mut RunConfig) {
        self.poll(ctx);
        let Self::Shown(path, summary) = self else {
            return;
        };
        let mut decision = None;
        let title = format!("Weights of {}", file_label(path));
        let closed = ui.question("weights file", &title, |ui| {
            summary_ui(ui, summary);
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                if ui.default_button(egui::Button::new("Start from these weights")) {
                    decision = Some(Decision::Start);
                }
                let predicts = summary.classes.is_some();
                let predict = ui
                    .add_when(predicts, egui::Button::new("Import as run"))
                    .on_hover_text("Add a finished run with these weights, for Inspect and Compare")
                    .on_disabled_hover_text(
                        "A classifier has no score layers: start a run from it first",
                    );
                if predict.clicked() {
                    decision = Some(Decision::Import);
                }
                if ui.button("Cancel").clicked() {
                    ui.close();
                }
            });
        });
        match decision {
            Some(Decision::Start) => {
                config.start_from(&StartingPoint::of_file(path.clone(), summary));
                *self = Self::None;
            }
            Some(Decision::Import) => {
                *self = Self::Importing(ctx.engine.import_weights(WeightsChoice::of(path.clone())));
            }
            None if closed => *self = Self::None,
            None => {}
        }
    }

    fn poll(&mut self, ctx: &PanelCtx<'_>) {
        match self {
            Self::Reading(path, task) => match task.poll_result() {
                None => {}
                Some(Ok(summary)) => *self = Self::Shown(std::mem::take(path), Box::new(summary)),
                Some(Err(err)) => self.fail(ctx, &err),
            },
            Self::Importing(task) => match task.poll_result() {
                None => {}
                Some(Ok(run)) => {
                    ctx.commands.send(Command::RunImported(run));
                    *self = Self::None;
                }
                Some(Err(err)) => self.fail(ctx, &err),
            },
            Self::None | Self::Shown(..) => {}
        }
    }

    fn fail(&mut self, ctx: &PanelCtx<'_>, err: &EngineError) {
        let text = format!("The weights could not be used: {err}");
        ctx.commands.send(Command::Notify(NoticeLevel::Error, text));
        *self = Self::None;
    }
}

#[derive(Clone, Copy)]
enum Decision {
    Start,
    Import,
}

/// The network in the file, and for each layer whether it is loaded.
fn summary_ui(ui: &mut Ui, summary: &WeightsSummary) {
    ui.set_width(560.0);
    let count = |wanted: fn(&WeightsRowState) -> bool| {
        summary.rows.iter().filter(|row| wanted(&row.state)).count()
    };
    let loaded = count(|state| {
        matches!(
            state,
            WeightsRowState::Loaded | WeightsRowState::Reshaped { .. }
        )
    });
    let initialized = count(|state| matches!(state, WeightsRowState::Initialized { .. }));
    let skipped = count(|state| matches!(state, WeightsRowState::Skipped { .. }));
    ui.label(RichText::new(summary.layout.to_string()).strong());
    ui.label(format!(
        "{} on {}: {}, {}, {} of the file skipped",
        summary.config.variant,
        summary.config.trunk,
        format::plural(loaded, "layer is loaded", "layers are loaded"),
        format::plural(initialized, "keeps initial values", "keep initial values"),
        format::count(skipped)
    ));
    if let Some(choice) = &summary.choice {
        ui.add(egui::Label::new(format::sentence(choice)).wrap());
    }
    ui.add_space(4.0);
    let height = ui.text_style_height(&egui::TextStyle::Body);
    ScrollArea::vertical()
        .max_height(TABLE_HEIGHT)
        .auto_shrink([false, true])
        .show_rows(ui, height, summary.rows.len(), |ui, range| {
            for row in summary.rows.get(range).unwrap_or_default() {
                row_ui(ui, row);
            }
        });
}

fn row_ui(ui: &mut Ui, row: &WeightsRow) {
    let palette = theme::palette(ui.visuals());
    let (text, color) = match &row.state {
        WeightsRowState::Loaded => ("loaded".to_owned(), palette.success),
        WeightsRowState::Reshaped { from } => (
            format!("loaded, reshaped from {}", shape_text(from)),
            palette.success,
        ),
        WeightsRowState::Initialized { reason } => {
            (format!("keeps initial values: {reason}"), palette.warning)
        }
        WeightsRowState::Skipped { reason } => (format!("skipped: {reason}"), palette.info),
    };
    ui.horizontal(|ui| {
        column_ui(ui, NAME_WIDTH, |ui| {
            ui.truncated(row.name.as_str(), &row.name)
        });
        column_ui(ui, SHAPE_WIDTH, |ui| ui.weak(shape_text(&row.shape)));
        ui.truncated(RichText::new(&text).color(color), &text);
    });
}

/// Exactly `width` wide, so that the rows align.
fn column_ui(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui) -> Response) {
    ui.together(width, |ui| {
        ui.set_min_width(width);
        add(ui)
    });
}

/// `64×3×7×7`
fn shape_text(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "scalar".to_owned();
    }
    shape
        .iter()
        .map(usize::to_string)
        .collect::<Vec<_>>()
        .join("×")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_engine::Bench;

    #[test]
    fn lost_work_is_told_and_gives_way_to_the_next() {
        let bench = Bench::new();
        let path = PathBuf::from("weights.pth");
        for mut pick in [
            WeightsPick::Reading(path, bench.lost()),
            WeightsPick::Importing(bench.lost()),
        ] {
            bench.until(|ctx| {
                pick.poll(ctx);
                matches!(pick, WeightsPick::None)
            });
            let errors = bench.errors();
            assert!(
                errors.len() == 1 && errors[0].contains("ended unexpectedly"),
                "{errors:?}"
            );
        }
    }
}
