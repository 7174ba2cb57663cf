//! Whose masks are shown, and how that run does: Live alone tells it where Curves is behind it.

use eframe::egui::{Label, RichText, Ui};

use super::LiveMasks;
use super::loss_line::{self, steps_up_to};
use crate::engine::RunSnapshot;
use crate::ui::context::PanelCtx;
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::view_model::format;
use crate::ui::view_model::progress::followed_text;

/// The run, the step of its masks, and its newest numbers; those at `moment`, a step, where its film shows one.
pub(super) fn ui(ctx: &PanelCtx<'_>, ui: &mut Ui, masks: &LiveMasks, moment: Option<usize>) {
    let run = ctx.engine.run(&masks.run);
    let title = run.map_or_else(|| masks.run.clone(), RunSnapshot::title);
    // On the next line as a whole where there is no room.
    ui.add(Label::new(RichText::new(title).strong()).extend());
    let step = format!("masks after step {}", format::count(masks.preview.step));
    ui.add(Label::new(step).extend());
    if let Some(run) = run {
        loss_line::ui(ctx, ui, run, moment);
        // Last: its numbers grow.
        ui.add(Label::new(numbers_text(run, moment)).extend())
            .tells_and_teaches(
                "Loss of this step, mIoU of the validation list in the last epoch before",
                Term::MeanIou,
            );
    }
    if let Some(run) = ctx.engine.followed().find(|run| run.name == masks.run) {
        let text = format!("trained by another program · {}", followed_text(run));
        ui.add(Label::new(RichText::new(text).weak()).extend())
            .on_hover_text("Its masks are those of its film, which grows after each of its epochs");
    }
}

/// `Step 163 · loss 0.4312 · mIoU 56.1 % (epoch 3)`.
fn numbers_text(run: &RunSnapshot, moment: Option<usize>) -> String {
    let steps = &run.steps[..steps_up_to(run, moment)];
    let step = moment.unwrap_or(run.steps_done());
    let mut text = format!(
        "Step {} · loss {}",
        format::count(step),
        format::loss(steps.last().map(|step| step.loss))
    );
    let is_before = |of: usize| moment.is_none_or(|moment| of <= moment);
    let mut epochs = run.epochs.iter().rev();
    match epochs.find(|epoch| is_before(epoch.step)) {
        Some(epoch) => {
            let score = format::percent(epoch.scores.mean_iu);
            text = format!("{text} · mIoU {score} (epoch {})", epoch.epoch);
        }
        None => text.push_str(" · not validated yet"),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::StepRecord;
    use crate::engine::test_runs::{epoch, run};

    #[test]
    fn the_newest_numbers_are_told_and_those_of_a_moment() {
        let mut run = run("a", 1);
        assert_eq!(
            numbers_text(&run, None),
            "Step 0 · loss – · not validated yet"
        );
        let step = |(step, loss)| StepRecord {
            step,
            epoch: 1,
            loss,
            learning_rate: 0.1,
            grad_norm: None,
            secs: 1.0,
        };
        run.steps = [(1, 2.0), (2, 1.5), (3, 0.25)].map(step).to_vec();
        run.epochs = vec![epoch(1, 2, 2.0)];
        run.epochs[0].scores.mean_iu = Some(0.5);
        assert_eq!(
            numbers_text(&run, None),
            "Step 3 · loss 0.2500 · mIoU 50.0 % (epoch 1)"
        );
        assert_eq!(
            numbers_text(&run, Some(1)),
            "Step 1 · loss 2.000 · not validated yet"
        );
    }
}
