//! What Live says where there are no masks.

use eframe::egui::Ui;

use crate::engine::RunSnapshot;
use crate::ui::context::PanelCtx;
use crate::ui::panels::go_to_train;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::progress::followed_text;

/// Width of a bar of progress.
const BAR: f32 = 220.0;

/// Why there are none; `run` is the one whose film would be shown.
pub(super) fn nothing_live_ui(
    ctx: &PanelCtx<'_>,
    ui: &mut Ui,
    run: Option<&RunSnapshot>,
    has_film: bool,
) {
    let is_shown = |other: &&RunSnapshot| run.is_some_and(|run| run.name == other.name);
    if let Some(run) = ctx.engine.followed().find(is_shown) {
        followed_ui(ui, run, has_film);
        return;
    }
    let is_training = ctx.engine.active().is_some();
    let (title, hint) = if is_training {
        ("No masks yet", "The first masks appear in a moment")
    } else if has_film {
        (
            "Nothing is training",
            "Below is the film of a run: move the scrubber, or play it",
        )
    } else {
        (
            "Nothing is training",
            "Start training to see masks of validation images here",
        )
    };
    ui.empty_state(title, hint, |ui| {
        if !is_training {
            go_to_train(ctx, ui);
        }
    });
}

/// A run of another program, whose masks are not there (yet): they are those of its film.
fn followed_ui(ui: &mut Ui, run: &RunSnapshot, has_film: bool) {
    let keeps_masks = run.config.preview_images > 0 || !run.config.probe_images.is_empty();
    let masks = if has_film {
        "Below is its film, which grows after each of its epochs"
    } else if keeps_masks {
        "Its masks appear here after each of its epochs"
    } else {
        "It keeps no masks"
    };
    let hint = format!("{} · {}. {masks}", run.title(), followed_text(run));
    ui.empty_state("Training in another program", &hint, |ui| {
        let share = run.share().unwrap_or(0.0);
        ui.progress_bar(share, BAR, "Progress of the run of another program in Live");
    });
}
