//! The form of the Train panel, from the network to what is advanced.

use eframe::egui::{Align, CollapsingHeader, Label, Layout, RichText, Ui, vec2};

use super::advanced::{Around, advanced_ui};
use super::{TrainPanel, device, learning, network, optimizer};
use crate::engine::{DeviceId, RunConfig};
use crate::ui::command::{Ask, Command};
use crate::ui::context::PanelCtx;
use crate::ui::number::rule_ui;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::plural;

/// Room that the number of changes and its button take, in points.
const CHANGES_WIDTH: f32 = 130.0;
/// Room for either title.
const TITLE_WIDTH: f32 = 60.0;

impl TrainPanel {
    pub(super) fn form_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let device = self.device(ctx.engine);
        self.heading_ui(ctx, ui, device);
        if network::network_ui(ctx.engine, ui, &mut self.settings) {
            ctx.commands.send(Command::Ask(Ask::Weights));
        }
        device::device_ui(ctx, ui, &mut self.device);
        optimizer::recipe_ui(ui, &mut self.settings);
        let broken = self.settings.broken_rules();
        learning::learning_ui(ui, &mut self.settings, &broken);
        let searched = RunConfig {
            device,
            ..self.settings.clone()
        };
        let rate = &mut self.settings.learning.learning_rate;
        self.rates.ui(ctx, ui, &searched, rate);
        let around = Around::of(ctx.engine);
        let advanced = CollapsingHeader::new("Advanced")
            .id_salt("advanced")
            .show_unindented(ui, |ui| {
                advanced_ui(ui, &mut self.settings, around, &broken);
            });
        let hidden = broken.iter().filter(|broken| !learning::has(broken.field));
        let hidden = hidden.count();
        if advanced.fully_closed() && hidden > 0 {
            let text = plural(
                hidden,
                "value in Advanced is wrong",
                "values in Advanced are wrong",
            );
            rule_ui(ui, &text);
        }
    }

    /// What the form is of, the button that fills it, and how much of it was changed: one line, as a low panel
    /// shows few. The button stays where it is, whatever the title says and whether there is a scroll bar.
    fn heading_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, device: DeviceId) {
        ui.horizontal(|ui| {
            let title = match ctx.engine.active() {
                Some(_) => "Next run",
                None => "Settings",
            };
            let room = vec2(TITLE_WIDTH, ui.spacing().interact_size.y);
            let layout = Layout::left_to_right(Align::Center);
            ui.allocate_ui_with_layout(room, layout, |ui| {
                ui.set_min_width(TITLE_WIDTH);
                let title = RichText::new(title).strong().size(13.5);
                ui.add(Label::new(title).truncate());
            });
            self.before.auto_ui(ctx, ui, device);
            self.changes_ui(ui);
        });
    }

    fn changes_ui(&mut self, ui: &mut Ui) {
        let changed = self.settings.changes_from_preset();
        if changed.is_empty() {
            return;
        }
        let told = format!(
            "Changed from the preset of {}: {}",
            self.settings.trunk,
            changed.join(", ")
        );
        // Without room for its words, its button says it.
        if ui.available_width() > CHANGES_WIDTH {
            let color = theme::palette(ui.visuals()).warning;
            let text = plural(changed.len(), "change", "changes");
            ui.tag(&text, color).on_hover_text(&told);
        }
        let reset = ui
            .button("Reset")
            .accessible_name("Reset to preset")
            .on_hover_text(format!("Reset all values to the preset\n{told}"));
        if reset.clicked() {
            self.settings.reset_to_preset();
        }
    }
}
