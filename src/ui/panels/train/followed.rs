//! A run that another program trains, as far as its files tell.

use eframe::egui::{Label, RichText, Ui};

use super::alarms::alarm_box;
use crate::engine::{RunAlarm, RunSnapshot};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::view_model::progress::followed_text;

/// How far the newest of them is, and what is likely to be wrong with it.
pub fn followed_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let Some(run) = ctx.engine.followed().next() else {
        return;
    };
    for alarm in &run.alarms {
        let found = RunAlarm {
            run: run.name.clone(),
            config: run.config.clone(),
            alarm: alarm.clone(),
        };
        alarm_box(ctx, ui, &found);
    }
    ui.add(
        Label::new(RichText::new(format!(
            "{}, trained by another program",
            run.title()
        )))
        .wrap(),
    )
    .on_hover_text(
        "A `train` or `queue` of the command line, or another window; it is stopped there",
    );
    let width = ui.available_width();
    ui.progress_bar(
        run.share().unwrap_or(0.0),
        width,
        "Progress of the run of another program",
    );
    ui.add(Label::new(RichText::new(followed_text(run)).small()).wrap());
    ui.add(Label::new(RichText::new(scores_text(run)).small()).wrap());
    ui.separator();
}

fn scores_text(run: &RunSnapshot) -> String {
    let loss = run.steps.last().map(|step| step.loss);
    let best = run.best().and_then(|best| best.scores.mean_iu);
    format!(
        "Loss {} · best mIoU {}",
        format::loss(loss),
        format::percent(best)
    )
}
