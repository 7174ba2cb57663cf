//! How images are predicted: averages, and from which probability on a pixel has a class.

use eframe::egui::{Slider, Ui};

use super::InspectPanel;
use crate::engine::PredictOptions;
use crate::ui::panels::averaging::{averaging_ui, options_menu};
use crate::ui::view_model::format::percent;

const SLIDER_WIDTH: f32 = 180.0;

impl InspectPanel {
    /// The menu; after a change, images are predicted anew.
    pub(super) fn options_ui(&mut self, ui: &mut Ui) {
        let is_on = self.options.text().is_some();
        options_menu(ui, ("Options", is_on), |ui| self.entries_ui(ui))
            .on_hover_text("Average over mirror images and sizes, and leave unsure pixels unknown")
            .accessible_name("Prediction options");
        let options = PredictOptions {
            averaging: self.options.averaging.normalized(),
            ..self.options.clone()
        };
        self.predictions.set_options(&options);
    }

    fn entries_ui(&mut self, ui: &mut Ui) {
        averaging_ui(ui, &mut self.options.averaging);
        ui.separator();
        let name = ui.label("Unknown below");
        ui.horizontal(|ui| {
            ui.spacing_mut().slider_width = SLIDER_WIDTH;
            let slider = Slider::new(&mut self.threshold, 0.0..=1.0)
                .step_by(0.01)
                .show_value(false);
            let slider = ui.add(slider).labelled_by(name.id).on_hover_text(
                "Pixels whose largest probability is below this have no class: they are void in the mask, and \
                 count as wrong where there is ground truth",
            );
            ui.weak(if self.threshold > 0.0 {
                percent(Some(f64::from(self.threshold)))
            } else {
                "off".to_owned()
            });
            // Each value is a prediction of its own.
            if !slider.dragged() {
                self.options.threshold = (self.threshold > 0.0).then_some(self.threshold);
            }
        });
    }
}
