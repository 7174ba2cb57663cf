//! The choice of a device.

use eframe::egui::{Align, Button, ComboBox, Label, Layout, RichText, Ui};

use super::explained::setting_now_ui;
use crate::engine::{DeviceEntry, DeviceId};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::when::AddWhen as _;

const POPUP_WIDTH: f32 = 280.0;

/// Draws the list of devices; `wanted` is the user's choice.
pub fn device_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, wanted: &mut Option<DeviceId>) {
    let devices = ctx.engine.devices();
    let chosen = devices.choose(*wanted);
    let current = devices.entry(chosen);
    let now = current.map_or_else(|| chosen.to_string(), describe);
    setting_now_ui(ui, "Device", &now, |ui| {
        ui.horizontal(|ui| {
            let room = if devices.probing { 28.0 } else { 0.0 };
            let text = current.map_or_else(|| chosen.to_string(), |entry| entry.name.clone());
            let width = ui.available_width() - room;
            let list = |ui: &mut Ui| {
                ui.set_min_width(POPUP_WIDTH);
                for entry in &devices.entries {
                    entry_ui(ui, entry, chosen, wanted);
                }
                if devices.probing {
                    ui.weak("Looking for GPUs");
                }
            };
            ui.scope(|ui| {
                ui.set_max_width(width);
                ComboBox::from_id_salt("device")
                    .selected_text(text)
                    .width(width)
                    .truncate()
                    .show_ui(ui, list);
            });
            if devices.probing {
                ui.busy("Looking for devices")
                    .on_hover_text("Looking for GPUs");
            }
        })
        .response
    });
    let lost = wanted.filter(|wanted| *wanted != chosen && !devices.probing);
    if let Some(lost) = lost {
        ui.small(format!("{lost} is not available; using {chosen}"));
    }
}

fn entry_ui(ui: &mut Ui, entry: &DeviceEntry, chosen: DeviceId, wanted: &mut Option<DeviceId>) {
    let problem = &entry.problem;
    let button =
        Button::selectable(entry.id == chosen, format!("{} · {}", entry.id, entry.name)).truncate();
    let response = ui
        .add_when(problem.is_none(), button)
        .on_hover_text(describe(entry));
    let text = match problem {
        Some(problem) => format!("{} · {problem}", describe(entry)),
        None => describe(entry),
    };
    ui.with_layout(Layout::top_down(Align::LEFT), |ui| {
        ui.add(Label::new(RichText::new(text).small().weak()).wrap());
    });
    if response.clicked() {
        *wanted = Some(entry.id);
    }
}

fn describe(entry: &DeviceEntry) -> String {
    format!("{}, {} through {}", entry.id, entry.kind, entry.backend)
}
