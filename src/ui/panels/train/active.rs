//! Progress of the active run, and its buttons.

use std::time::Duration;

use eframe::egui::{Align, Label, Layout, RichText, Ui};

use crate::engine::{ActiveRun, DatasetState, InitialWeights, Phase, RunSnapshot};
use crate::ui::command::UiCommand;
use crate::ui::context::PanelCtx;
use crate::ui::panels::command_button;
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::view_model::progress::{self, PlanProgress, RunProgress};

/// Between two looks at how far a long step is.
const LONG_STEP_TICK: Duration = Duration::from_secs(1);
/// With less width, in points, the epoch says nothing.
const LEAST_EPOCH: f32 = 30.0;

/// Network, phase, epoch, share and scores of the active run: lines that are there all the time.
pub fn phase_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, active: &ActiveRun) {
    let progress = RunProgress::new(active);
    ui.horizontal(|ui| {
        let mut title = format!("{} · {}", active.config.variant, active.config.trunk);
        if let DatasetState::Ready(open) = ctx.engine.dataset()
            && open.which.place() != active.config.dataset.place()
        {
            // Not the one that is open.
            title = format!("{title} on {}", active.config.dataset.name());
        }
        ui.strong(title).on_hover_text(&active.run);
        if let Some(plan) = ctx
            .engine
            .plan()
            .filter(|plan| plan.total > 1 && !plan.done)
        {
            let color = theme::palette(ui.visuals()).info;
            ui.tag(&progress::plan_position(plan), color)
                .on_hover_text("These runs are trained one after another");
        }
        if let InitialWeights::Run(start) = &active.config.init {
            let start = ctx.engine.run(start);
            let title = start.map_or_else(String::new, RunSnapshot::title);
            let text = start.map_or_else(
                || "from a run".to_owned(),
                |run| format!("from {}", run.config.variant),
            );
            ui.truncated(
                RichText::new(text).small().weak(),
                &format!("It started from the weights of {title}"),
            );
        }
    });
    ui.horizontal(|ui| {
        // The share first: in a narrow panel the others make room for it.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(share) = progress.share {
                ui.label(format::percent(Some(f64::from(share))));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                phase_line_ui(ui, active, &progress);
            });
        });
    });
    let width = ui.available_width();
    ui.progress_bar(progress.share.unwrap_or(0.0), width, "Progress of training");
    // Here, where a low panel has room for it: the buttons that start took more.
    if let Some(run) = ctx.engine.run(&active.run) {
        ui.add(Label::new(scores_text(run)).wrap())
            .tells_and_teaches(
                "Loss of the last step, validation mIoU of the last epoch",
                Term::MeanIou,
            );
    }
}

fn phase_line_ui(ui: &mut Ui, active: &ActiveRun, progress: &RunProgress) {
    if matches!(
        active.phase,
        Phase::Starting
            | Phase::Checking { .. }
            | Phase::Preparing(_)
            | Phase::Stopping
            | Phase::StoppingNow
            | Phase::Pausing
    ) {
        ui.busy(&progress.phase);
    }
    let phase = RichText::new(&progress.phase).color(phase_color(ui, &active.phase));
    ui.add(Label::new(phase).truncate());
    if ui.available_width() > LEAST_EPOCH {
        ui.add(Label::new(RichText::new(&progress.epoch).weak()).truncate());
    }
}

/// What the active run tells: lines that come and go.
pub fn lines_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, active: &ActiveRun) {
    let progress = RunProgress::new(active);
    if let Some(text) = &progress.in_step {
        ui.add(Label::new(RichText::new(text).small()).wrap());
    }
    if active.info.is_some() || active.preparing_for().is_some() {
        // A long step sends no events.
        ui.ctx().request_repaint_after(LONG_STEP_TICK);
    }
    let line = [progress.steps, progress.speed]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ");
    if !line.is_empty() {
        ui.add(Label::new(RichText::new(line).small()).wrap())
            .on_hover_text(
                "The rate is that of the last 20 steps alone. The time left goes by all the time so far, with live masks \
                 and, once there was one, validation between the epochs",
            );
    }
    if let Some(all) = PlanProgress::new(ctx.engine.plan(), active) {
        let width = ui.available_width();
        ui.add(Label::new(RichText::new(&all.text).small()).wrap())
            .on_hover_text("As if each of the runs took as long as this one");
        ui.progress_bar(all.share, width, "Progress of all runs");
    }
    let meters = ctx.engine.meters().unwrap_or_default();
    let line = progress::machine_text(&meters, active.waiting_share);
    if !line.is_empty() {
        let tooltip = "Memory of the whole program, with the window and what it shows, not of the run alone; use and temperature of the processor and the GPU as the system \
                       tells them, and the share of the last steps in which the training waited for images. More \
                       loader threads help where that is large";
        ui.add(Label::new(RichText::new(line).small().weak()).wrap())
            .on_hover_text(tooltip);
    }
    if let Some((info, repeats)) = active
        .info
        .as_ref()
        .and_then(|info| Some((info, info.repeats?)))
    {
        let text = format!(
            "Resumed after step {}, {}",
            format::count(info.first_step),
            repeats.text()
        );
        ui.add(Label::new(RichText::new(text).small()).wrap());
    }
}

fn scores_text(run: &RunSnapshot) -> String {
    let loss = run.steps.last().map(|step| step.loss);
    let epoch = run.epochs.last();
    let mean_iu = epoch.and_then(|epoch| epoch.scores.mean_iu);
    let text = format!(
        "Loss {} · mIoU {}",
        format::loss(loss),
        format::percent(mean_iu)
    );
    match run.best() {
        Some(best) => format!(
            "{text} · best {} in epoch {}",
            format::percent(best.scores.mean_iu),
            best.epoch
        ),
        None => text,
    }
}

fn phase_color(ui: &Ui, phase: &Phase) -> eframe::egui::Color32 {
    let palette = theme::palette(ui.visuals());
    match phase {
        Phase::Training | Phase::Validating { .. } => palette.success,
        Phase::Starting | Phase::Checking { .. } | Phase::Preparing(_) => palette.info,
        Phase::Pausing
        | Phase::Paused
        | Phase::Waiting(_)
        | Phase::Stopping
        | Phase::StoppingNow => palette.warning,
    }
}

/// Why the active run cannot be paused, continued or stopped; `None` = it can.
pub fn active_problem(active: Option<&ActiveRun>, command: UiCommand) -> Option<&'static str> {
    let Some(active) = active else {
        return Some("No run is active");
    };
    let (possible, problem) = match command {
        UiCommand::Pause => (
            matches!(active.phase, Phase::Training | Phase::Validating { .. }),
            "The run can be paused while it is training or validating",
        ),
        UiCommand::Unpause => (active.phase == Phase::Paused, "The run is not paused"),
        UiCommand::StopNow => (active.phase != Phase::StoppingNow, "The run is being left"),
        _ => (
            !matches!(active.phase, Phase::Stopping | Phase::StoppingNow),
            "The run is stopping",
        ),
    };
    (!possible).then_some(problem)
}

/// Stop, Stop now, Pause or Continue.
pub fn buttons_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, active: &ActiveRun) {
    ui.horizontal(|ui| {
        let pause = if active.phase == Phase::Paused {
            UiCommand::Unpause
        } else {
            UiCommand::Pause
        };
        // Last the one whose text changes, so that the others stay where they are.
        for command in [UiCommand::Stop, UiCommand::StopNow, pause] {
            command_button(ctx, ui, command, active_problem(Some(active), command));
        }
    });
}
