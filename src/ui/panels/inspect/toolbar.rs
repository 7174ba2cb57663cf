//! The controls above the inspected image.

use eframe::egui::{Atom, Button, Checkbox, ComboBox, Ui};
use strum::IntoEnumIterator as _;

use super::InspectPanel;
use super::overlay::truth_of;
use super::run_picker::{self, run_picker};
use crate::engine::RunWeights;
use crate::ui::canvas::controls::{ZOOM_WIDTH, opacity_slider, zoom_buttons};
use crate::ui::command::{InspectedFile, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::panels::{command_button, controls_line, divider};
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::theme;
use crate::ui::ui_ext::{SWATCH, paint_swatch};
use crate::ui::view_model::blend::Blend;
use crate::ui::view_model::mask;
use crate::ui::when::AddWhen as _;

/// Room for the buttons behind the runs.
const BUTTONS: f32 = 660.0;
/// Widths of the controls that are first in their group.
const OPTIONS: f32 = 72.0;
const TOGGLE: f32 = 48.0;
/// Narrower run names say nothing.
const MIN_RUN: f32 = 130.0;

impl InspectPanel {
    pub(super) fn toolbar_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, is_low: bool) {
        controls_line(ui, ("inspect_run", is_low), |ui| {
            let is_outdated = self.run_ui(ctx, ui);
            divider(ui, OPTIONS);
            self.options_ui(ui);
            self.save_ui(ctx, ui);
            // Last: it comes with an epoch, and must not move a button.
            if is_outdated {
                ui.weak("better weights are available");
            }
        });
        controls_line(ui, ("inspect_layers", is_low), |ui| {
            opacity_slider(ui, &mut self.opacity);
            divider(ui, TOGGLE);
            self.toggles_ui(ui);
            divider(ui, ZOOM_WIDTH);
            zoom_buttons(ui, &mut self.view);
        });
    }

    /// Returns whether the run has better weights than those that predicted the mask.
    fn run_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) -> bool {
        let run = self.run(ctx).unwrap_or_default();
        let width = (ui.available_width() - BUTTONS).clamp(MIN_RUN, run_picker::WIDTH);
        if let Some(picked) = run_picker(ui, ctx.engine, "Run", width, &run) {
            self.chosen_run = Some(picked);
        }
        let is_outdated = self.list.selected().is_some_and(|image| {
            self.predictions
                .is_outdated(ctx.engine, &RunWeights::best(&*run), image)
        });
        let refresh = ui
            .add_when(
                !run.is_empty(),
                Button::new("Predict again").selected(is_outdated),
            )
            .on_hover_text("Predict again with the newest weights of this run");
        if refresh.clicked() {
            self.predictions.forget(&RunWeights::best(run));
        }
        is_outdated
    }

    fn toggles_ui(&mut self, ui: &mut Ui) {
        ui.checkbox(&mut self.toggles.fill, "Fill")
            .on_hover_text("Paint each class in its color");
        ui.checkbox(&mut self.toggles.outlines, "Outlines")
            .on_hover_text("Draw the borders between classes");
        blend_ui(ui, &mut self.toggles.blend);
        let has_truth = self
            .shown
            .as_ref()
            .is_some_and(|overlay| overlay.subject.truth().is_some());
        let has_errors = self.shown.as_ref().is_some_and(|overlay| {
            let prediction = overlay.subject.prediction();
            prediction.is_some_and(|prediction| truth_of(prediction).is_some())
        });
        let unknown = "The open dataset has no ground truth for this image";
        ui.add_when(
            has_truth,
            Checkbox::new(&mut self.toggles.truth, "Ground truth"),
        )
        .on_hover_text("Show the ground truth instead of the prediction")
        .on_disabled_hover_text(unknown);
        let classes = self
            .shown
            .as_ref()
            .and_then(|overlay| overlay.classes.clone());
        let errors = &mut self.toggles.errors;
        let color = classes.map(|classes| theme::class_color(mask::error_color(&classes)));
        // Empty where there is no mask, so that the buttons behind it stay.
        let square = Atom::paint(SWATCH, move |ui, args| {
            if let Some(color) = color {
                paint_swatch(ui, args.rect, color);
            }
        });
        let errors = Checkbox::new(errors, (square, "Errors"));
        ui.add_when(has_errors, errors)
            .tells_and_teaches(
                "Highlight wrong pixels; void pixels are ignored",
                Term::Void,
            )
            .on_disabled_hover_text(if has_truth {
                "The network has none of the classes of the open dataset"
            } else {
                unknown
            });
    }

    fn save_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let problem = self.save_problem(ctx);
        for file in [
            InspectedFile::Mask,
            InspectedFile::Overlay,
            InspectedFile::Probabilities,
        ] {
            command_button(ctx, ui, UiCommand::Save(file), problem);
        }
        self.save_all_ui(ctx, ui);
    }
}

fn blend_ui(ui: &mut Ui, blend: &mut Blend) {
    let name = ui.label("Blend");
    ComboBox::from_id_salt("inspect_blend")
        .width(84.0)
        .selected_text(blend.label())
        .show_ui(ui, |ui| {
            for mode in Blend::iter() {
                ui.selectable_value(blend, mode, mode.label())
                    .on_hover_text(mode.explanation());
            }
        })
        .response
        .labelled_by(name.id)
        .on_hover_text("How the colors of the classes are laid over the image");
}
