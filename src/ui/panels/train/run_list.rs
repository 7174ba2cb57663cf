//! The list of runs: tick, resume, compare, delete.

use eframe::egui::{self, Align, Layout, RichText, Ui};

use crate::engine::{InitialWeights, RunSnapshot, RunState};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::icons::Icon;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::view_model::run_selection::RunSelection;

/// Draws all runs, newest first. `deleting` takes the run that the user wants to delete.
pub fn runs_ui(
    ctx: &PanelCtx<'_>,
    ui: &mut Ui,
    selection: &mut RunSelection,
    deleting: &mut Option<String>,
) {
    let runs = ctx.engine.runs();
    ui.horizontal(|ui| {
        ui.section("Runs")
            .on_hover_text("Ticked runs are shown in Curves");
        ui.weak(format::count(runs.len()));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let ticked: Vec<String> = runs
                .iter()
                .filter(|run| selection.contains(&run.name))
                .map(|run| run.name.clone())
                .collect();
            let response = ui
                .add_enabled(!ticked.is_empty(), egui::Button::new("Compare ticked"))
                .on_hover_text("Show the ticked runs side by side")
                .on_disabled_hover_text("Tick the runs to compare");
            if response.clicked() {
                ctx.commands.send(Command::Compare {
                    runs: ticked,
                    image: None,
                });
            }
        });
    });
    if runs.is_empty() {
        ui.weak("No runs yet: the first run appears here when training starts");
        return;
    }
    let busy = ctx.engine.active().is_some();
    // All cards have the same height, so hidden ones need no layout.
    let mut height: Option<f32> = None;
    for run in runs {
        let size = egui::vec2(ui.available_width(), height.unwrap_or_default());
        if height.is_some() && !ui.is_rect_visible(egui::Rect::from_min_size(ui.cursor().min, size))
        {
            ui.allocate_space(size);
            continue;
        }
        let card = ui.push_id(&run.name, |ui| {
            ui.card(|ui| run_ui(ctx, ui, run, selection, deleting, busy));
        });
        height = Some(card.response.rect.height());
    }
}

fn run_ui(
    ctx: &PanelCtx<'_>,
    ui: &mut Ui,
    run: &RunSnapshot,
    selection: &mut RunSelection,
    deleting: &mut Option<String>,
    busy: bool,
) {
    let title = run.title();
    let active = run.state == RunState::Active;
    ui.horizontal(|ui| {
        let mut ticked = selection.contains(&run.name);
        let response = ui
            .checkbox(&mut ticked, "")
            .accessible_name(format!("Show {title}"))
            .on_hover_text("Show this run in Curves and select it for Compare");
        if response.changed() {
            selection.set(&run.name, ticked);
        }
        if let Some(slot) = selection.slot(&run.name) {
            ui.swatch(theme::run_color(slot))
                .on_hover_text("Color of this run in Curves");
        }
        ui.truncated(RichText::new(&title).strong(), &details(run));
    });
    ui.horizontal(|ui| {
        let color = state_color(ui, &run.state);
        let imported = run.steps.is_empty() && run.state == RunState::Finished;
        let tag = ui.tag(
            if imported {
                "imported"
            } else {
                run.state.word()
            },
            color,
        );
        if let RunState::Failed(message) = &run.state {
            tag.on_hover_text(message);
        }
        let best = run.best().and_then(|epoch| epoch.scores.mean_iu);
        ui.label(RichText::new(format!("mIoU {}", format::percent(best))).small())
            .on_hover_text("Best mIoU on the validation images");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if !active
                && ui
                    .icon_button(Icon::Bin, &format!("Delete {title}"))
                    .clicked()
            {
                *deleting = Some(run.name.clone());
            }
            if run.can_resume && !active {
                let response = ui
                    .add_enabled(!busy, egui::Button::new("Resume").small())
                    .accessible_name(format!("Resume {title}"))
                    .on_hover_text("Resume from the last checkpoint")
                    .on_disabled_hover_text("Another run is active");
                if response.clicked() {
                    ctx.commands.send(Command::ResumeRun(run.name.clone()));
                }
            }
        });
    });
}

fn details(run: &RunSnapshot) -> String {
    let config = &run.config;
    let mut text = format!(
        "{}\nStarted {}\nDataset {}\nDevice {}\n{} steps, {} of {} epochs\nBatch {}, learning rate {}, seed {}",
        run.name,
        run.created_text(),
        run.dataset_name,
        config.device,
        format::count(run.steps.last().map_or(0, |step| step.step)),
        run.epochs.last().map_or(0, |epoch| epoch.epoch),
        config.epochs,
        config.batch_size,
        format::scientific(config.learning.learning_rate),
        config.seed,
    );
    let start = match &config.init {
        InitialWeights::Random => None,
        InitialWeights::Run(parent) => Some(parent.clone()),
        InitialWeights::File(path) => Some(path.display().to_string()),
    };
    if let Some(start) = start {
        text.push_str("\nStarted from ");
        text.push_str(&start);
    }
    if !run.has_weights {
        text.push_str("\nNo weights were saved");
    }
    text
}

fn state_color(ui: &Ui, state: &RunState) -> egui::Color32 {
    let palette = theme::palette(ui.visuals());
    match state {
        RunState::Active => palette.info,
        RunState::Finished => palette.success,
        RunState::Stopped | RunState::Interrupted => palette.warning,
        RunState::Failed(_) => palette.error,
    }
}

/// Asks before a run is deleted.
pub fn confirm_delete_ui(ctx: &PanelCtx<'_>, ui: &Ui, deleting: &mut Option<String>) {
    let Some(name) = deleting.clone() else { return };
    let Some(run) = ctx.engine.run(&name) else {
        *deleting = None;
        return;
    };
    let title = run.title();
    let closed = ui.question("delete run", "Delete this run?", |ui| {
        ui.label(format!(
            "{title}: its folder with weights and history is deleted. This cannot be undone"
        ));
        ui.small(&name);
        ui.add_space(6.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let palette = theme::palette(ui.visuals());
            let text = RichText::new("Delete run").color(palette.on_accent);
            if ui.default_button(egui::Button::new(text).fill(palette.error)) {
                ctx.commands.send(Command::DeleteRun(name.clone()));
                ui.close();
            }
            if ui.button("Keep run").clicked() {
                ui.close();
            }
        });
    });
    if closed {
        *deleting = None;
    }
}
