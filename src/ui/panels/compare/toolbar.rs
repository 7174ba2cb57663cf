//! The controls above the compared images.

use eframe::egui::{Checkbox, CollapsingHeader, Ui, Vec2};

use super::{ComparePanel, PanesOn};
use crate::ui::canvas::controls::{ZOOM_WIDTH, opacity_slider, zoom_buttons};
use crate::ui::context::PanelCtx;
use crate::ui::panels::{LOW_PANEL, controls_line, divider};
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::view_model::format::percent;
use crate::ui::when::AddWhen as _;

/// In narrower panels each line of controls breaks into two or three.
const NARROW: f32 = 640.0;
/// In narrow panels of less height these would leave no room for images.
const LOW_AND_NARROW: f32 = 600.0;
/// Widths of the controls that are first in their group.
const PANE_BOX: f32 = 96.0;
const SWIPE: f32 = 56.0;

/// How much room there is for controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Enough,
    /// What is seldom touched is folded.
    Narrow,
    /// Each line is one that can be scrolled.
    Low,
}

impl Room {
    pub(super) fn of(panel: Vec2) -> Self {
        if panel.y < LOW_PANEL {
            Self::Low
        } else if panel.x < NARROW && panel.y < LOW_AND_NARROW {
            Self::Narrow
        } else {
            Self::Enough
        }
    }
}

impl ComparePanel {
    pub(super) fn toolbar_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, room: Room) {
        let is_low = room == Room::Low;
        controls_line(ui, ("compare_networks", is_low), |ui| {
            self.networks_ui(ctx, ui);
        });
        controls_line(ui, ("compare_image", is_low), |ui| {
            self.image_picker_ui(ctx, ui);
            if room != Room::Narrow {
                self.order_ui(ctx, ui);
            }
        });
        if room == Room::Narrow {
            CollapsingHeader::new("What is shown")
                .default_open(false)
                .show_unindented(ui, |ui| {
                    ui.horizontal_wrapped(|ui| self.order_ui(ctx, ui));
                    ui.horizontal_wrapped(|ui| self.layers_ui(ui));
                });
        } else {
            controls_line(ui, ("compare_layers", is_low), |ui| self.layers_ui(ui));
        }
    }

    /// The order of the images, and which panes there are.
    fn order_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let titles = self.titles(ctx);
        let networks = std::mem::take(&mut self.networks);
        self.ranking.ui(ctx, ui, &networks, &titles);
        self.networks = networks;
        divider(ui, PANE_BOX);
        self.panes_on_ui(ui);
    }

    /// What is drawn in the panes, and how.
    fn layers_ui(&mut self, ui: &mut Ui) {
        opacity_slider(ui, &mut self.opacity);
        self.layers_on_ui(ui);
        divider(ui, ZOOM_WIDTH);
        zoom_buttons(ui, &mut self.view);
        divider(ui, SWIPE);
        ui.toggle_value(&mut self.swipe.on, "Swipe").on_hover_text(
            "Two panes in one place, with a divider to drag between them; hold B to exchange them",
        );
        if self.swipe.on {
            self.sides_ui(ui);
        }
    }

    /// Which panes there are beside those of networks.
    fn panes_on_ui(&mut self, ui: &mut Ui) {
        let has_room = self.has_room();
        let full = "There are six panes already";
        let PanesOn { image, truth } = &mut self.panes_on;
        ui.add_when(*image || has_room, Checkbox::new(image, "Image pane"))
            .on_hover_text("A pane with the image alone")
            .on_disabled_hover_text(full);
        ui.add_when(*truth || has_room, Checkbox::new(truth, "Truth pane"))
            .on_hover_text("A pane with the ground truth, where the open dataset has it")
            .on_disabled_hover_text(full);
    }

    fn layers_on_ui(&mut self, ui: &mut Ui) {
        ui.checkbox(&mut self.layers_on.fill, "Fill")
            .on_hover_text("Paint each class in its color");
        ui.checkbox(&mut self.layers_on.outlines, "Outlines")
            .on_hover_text("Draw the borders between classes");
        let has_truth = self.shown.as_ref().is_some_and(|shown| {
            let mut masks = shown.network_masks();
            masks.any(|(_, mask)| mask.truth.is_some())
        });
        ui.add_when(
            has_truth,
            Checkbox::new(&mut self.layers_on.errors, "Errors"),
        )
        .tells_and_teaches(
            "Highlight the pixels that differ from the ground truth; void pixels are ignored",
            Term::Void,
        )
        .on_disabled_hover_text("The open dataset has no ground truth for this image");
        ui.checkbox(&mut self.layers_on.disagreement, "Disagreement")
            .on_hover_text("Highlight the pixels on which the networks disagree");
        if let Some(share) = self.agreement.share() {
            ui.weak(percent(Some(share)))
                .on_hover_text("Share of the pixels to which not all networks give the same class");
        }
    }
}
