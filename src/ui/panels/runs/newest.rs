//! The newest runs in a few lines each, for the Train panel.

use eframe::egui::{Align, Button, Layout, RichText, Ui};

use super::{actions, table};
use crate::engine::{RunSnapshot, RunState};
use crate::ui::command::{Command, PanelKind};
use crate::ui::context::PanelCtx;
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::when::AddWhen as _;

/// Height of the heading, and of a run with the gap below it.
const HEADING: f32 = 28.0;
const CARD: f32 = 62.0;
/// More are looked for in the table.
const MOST: usize = 8;

/// As many of the newest runs as have room in this height, but one in any case. Archived ones are left out, as
/// in the table.
pub fn newest_runs_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, height: f32) {
    let engine = ctx.engine;
    ui.horizontal(|ui| {
        ui.section("Runs");
        ui.weak(format::count(engine.runs().len()));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let all = ui.button("All runs");
            if all.on_hover_text("Show the table of all runs").clicked() {
                ctx.commands.send(Command::ShowPanel(PanelKind::Runs));
            }
        });
    });
    if engine.runs().is_empty() {
        ui.weak("No runs yet: the first run appears here when training starts");
        return;
    }
    let runs = engine.runs().iter().filter(|run| !run.notes.archived);
    for run in runs.take(count_in(height)) {
        run_ui(ctx, ui, run);
    }
}

fn count_in(height: f32) -> usize {
    let cards = ((height - HEADING) / CARD).floor();
    (cards.max(1.0) as usize).min(MOST)
}

fn run_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, run: &RunSnapshot) {
    let title = run.title();
    ui.card(|ui| {
        ui.truncated(RichText::new(&title).strong(), &actions::details(run));
        ui.horizontal(|ui| {
            table::state_ui(ui, run);
            let best = run.best().and_then(|epoch| epoch.scores.mean_iu);
            ui.label(RichText::new(format!("mIoU {}", format::percent(best))).small())
                .tells_and_teaches("Best mIoU on the validation images", Term::MeanIou);
            if run.can_resume && run.state != RunState::Active {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let is_free = ctx.engine.active().is_none();
                    let resume = ui
                        .add_when(is_free, Button::new("Resume"))
                        .accessible_name(format!("Resume {title}"))
                        .on_hover_text(actions::resume_tooltip(run))
                        .on_disabled_hover_text("Another run is active");
                    if resume.clicked() {
                        ctx.commands.send(Command::ResumeRun(run.name.clone()));
                    }
                });
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_runs_as_have_room_and_one_in_any_case() {
        assert_eq!(count_in(-40.0), 1);
        assert_eq!(count_in(HEADING + 2.5 * CARD), 2);
        assert_eq!(count_in(5000.0), MOST);
    }
}
