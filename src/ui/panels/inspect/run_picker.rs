//! A combo box of the runs that can predict.

use eframe::egui::{ComboBox, Ui};

use crate::engine::{Engine, RunSnapshot};
use crate::ui::view_model::format::percent;

/// Wide enough for the title of a run.
pub const WIDTH: f32 = 250.0;

/// A labeled combo box of some width; returns the run that was picked in this frame.
pub fn run_picker(
    ui: &mut Ui,
    engine: &Engine,
    label: &str,
    width: f32,
    current: &str,
) -> Option<String> {
    let mut picked = None;
    let name = ui.label(label);
    let shown = engine.run(current).map_or_else(
        || "Choose a run".to_owned(),
        crate::engine::RunSnapshot::title,
    );
    // Truncated text takes all the available width.
    ui.scope(|ui| {
        ui.set_max_width(width);
        ComboBox::from_id_salt(label)
            .width(width)
            .truncate()
            .selected_text(&shown)
            .show_ui(ui, |ui| {
                for run in engine.runs_with_weights() {
                    let entry = ui
                        .selectable_label(run.name == current, entry_text(run))
                        .on_hover_text(&run.name);
                    if entry.clicked() {
                        picked = Some(run.name.clone());
                    }
                }
            })
            .response
            .labelled_by(name.id)
            .on_hover_text(shown);
    });
    picked
}

fn entry_text(run: &RunSnapshot) -> String {
    let score = run.best().map_or_else(
        || "not validated yet".to_owned(),
        |best| format!("mIoU {}", percent(best.scores.mean_iu)),
    );
    format!("{}  ·  {score}", run.title())
}
