//! The form of the Train panel, from the network to what is advanced.

use eframe::egui::{CollapsingHeader, Ui};

use super::advanced::{Around, advanced_ui};
use super::{TrainPanel, device, learning, network, optimizer};
use crate::engine::RunConfig;
use crate::ui::command::{Ask, Command};
use crate::ui::context::PanelCtx;
use crate::ui::number::rule_ui;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::plural;

impl TrainPanel {
    pub(super) fn form_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.section(match ctx.engine.active() {
                Some(_) => "Settings of the next run",
                None => "Settings",
            });
            let changed = self.settings.changes_from_preset();
            if !changed.is_empty() {
                let color = theme::palette(ui.visuals()).warning;
                let text = if changed.len() == 1 {
                    "1 change".to_owned()
                } else {
                    format!("{} changes", changed.len())
                };
                ui.tag(&text, color).on_hover_text(format!(
                    "Changed from the preset of {}: {}",
                    self.settings.trunk,
                    changed.join(", ")
                ));
                if ui
                    .small_button("Reset to preset")
                    .on_hover_text("Reset all values to the preset")
                    .clicked()
                {
                    self.settings.reset_to_preset();
                }
            }
        });
        let device = self.device(ctx.engine);
        self.before.auto_ui(ctx, ui, device);
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
}
