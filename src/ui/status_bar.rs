//! The status bar at the bottom: folders, device, the active run.

use std::path::Path;

use eframe::egui::{Align, Layout, RichText, Sense, Ui};

use super::command::{Command, PanelKind};
use super::context::PanelCtx;
use super::focus::focus_outline;
use super::ui_ext::UiExt as _;
use super::view_model::format;
use super::view_model::progress::{self, PlanProgress, RunProgress};
use crate::engine::{ActiveRun, DeviceId, Dirs, RunSnapshot};

/// With less width, in points, the folders are left out; Help has them, too.
const LEAST_FOLDERS: f32 = 170.0;

/// Draws the line; `device` is what the next run would use.
pub fn status_bar_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, device: DeviceId) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            match ctx.engine.active() {
                Some(active) => active_ui(ctx, ui, active),
                None => match ctx.engine.followed().next() {
                    Some(run) => followed_ui(ctx, ui, run),
                    None => {
                        ui.label(RichText::new("Idle").small())
                            .on_hover_text("No run is active");
                    }
                },
            }
            ui.separator();
            device_ui(ctx, ui, device);
            ui.separator();
            if ui.available_width() < LEAST_FOLDERS {
                return;
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let dirs = ctx.engine.dirs();
                let data = dirs.data.display().to_string();
                let runs = dirs.runs.display().to_string();
                let half = (ui.available_width() * 0.5 - 40.0).max(40.0);
                folder_ui(ui, "Data", &data, half);
                folder_ui(ui, "Runs", &runs, half);
            });
        });
    });
}

fn folder_ui(ui: &mut Ui, what: &str, path: &str, width: f32) {
    ui.scope(|ui| {
        ui.set_max_width(width);
        let reason = Dirs::reason(Path::new(path));
        let here = reason.map_or("", |_| " (here)");
        let text = RichText::new(format!("{what} {path}{here}")).small();
        let response = ui
            .add(
                eframe::egui::Label::new(text)
                    .truncate()
                    .sense(Sense::click())
                    .show_tooltip_when_elided(false),
            )
            .on_hover_text(match reason {
                Some(reason) => {
                    format!("{what} folder: {path}\n{reason}\nClick to copy the path")
                }
                None => format!("{what} folder: {path}\nClick to copy the path"),
            });
        focus_outline(ui, &response);
        if response.clicked() {
            ui.ctx().copy_text(path.to_owned());
        }
    });
}

fn device_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, next: DeviceId) {
    let devices = ctx.engine.devices();
    let id = ctx
        .engine
        .active()
        .map_or(next, |active| active.config.device);
    let name = devices
        .entries
        .iter()
        .find(|entry| entry.id == id)
        .map(|entry| entry.name.as_str());
    let text = match name {
        Some(name) => format!("{id} · {name}"),
        None => id.to_string(),
    };
    ui.label(RichText::new(text).small())
        .on_hover_text(match ctx.engine.active() {
            Some(active) => match &active.info {
                // Also how its numbers may differ from the processor's.
                Some(info) => format!("The active run uses this device: {}", info.arithmetic),
                None => "The active run uses this device".to_owned(),
            },
            None => "The next run uses this device; change it in Train".to_owned(),
        });
}

fn active_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, active: &ActiveRun) {
    let progress = RunProgress::new(active);
    let share = progress.share.unwrap_or(0.0);
    ui.progress_bar(share, 120.0, "Progress of the run");
    let mut text = progress.phase.clone();
    if let Some(share) = progress.share {
        text = format!("{text} · {}", format::percent(Some(f64::from(share))));
    }
    if let Some(plan) = ctx
        .engine
        .plan()
        .filter(|plan| plan.total > 1 && !plan.done)
    {
        text = format!("{} · {text}", progress::plan_position(plan));
    }
    if let Some(all) = PlanProgress::new(ctx.engine.plan(), active) {
        text = format!("{text} · all {:.0} %", (100.0 * all.share).floor());
    }
    to_train_ui(ctx, ui, text);
}

/// How far a run is that another program trains.
fn followed_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, run: &RunSnapshot) {
    let share = run.share();
    ui.progress_bar(share.unwrap_or(0.0), 120.0, "Progress of the run");
    let mut text = "Training in another program".to_owned();
    if let Some(share) = share {
        text = format!("{text} · {}", format::percent(Some(f64::from(share))));
    }
    to_train_ui(ctx, ui, text);
}

/// A text that leads to the Train panel.
fn to_train_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, text: String) {
    let response = ui
        .add(eframe::egui::Label::new(RichText::new(text).small()).sense(Sense::click()))
        .on_hover_text("Show the Train panel");
    focus_outline(ui, &response);
    if response.clicked() {
        ctx.commands.send(Command::ShowPanel(PanelKind::Train));
    }
}
