//! A combo box of the runs that can predict.

use eframe::egui::{ComboBox, Ui};

use crate::engine::{Engine, RunSnapshot};
use crate::ui::elided;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::percent;

/// Wide enough for the title of a run.
pub const WIDTH: f32 = 250.0;
/// Of the name before the combo box, with the room between them.
const LABEL: f32 = 80.0;
/// Of the arrow in the combo box, and around the text.
const ARROW: f32 = 34.0;

/// A labeled combo box of some width, in one line; returns the run that was picked in this frame.
pub fn run_picker(
    ui: &mut Ui,
    engine: &Engine,
    label: &str,
    width: f32,
    current: &str,
) -> Option<String> {
    let mut picked = None;
    let shown = engine.run(current).map_or_else(
        || "Choose a run".to_owned(),
        crate::engine::RunSnapshot::title,
    );
    ui.together(width + LABEL, |ui| {
        let name = ui.label(label);
        // Truncated text takes all the available width.
        ui.set_max_width(name.rect.width() + ui.spacing().item_spacing.x + width);
        ComboBox::from_id_salt(label)
            .width(width)
            .truncate()
            .selected_text(elided::run_within(ui, &shown, width - ARROW))
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
