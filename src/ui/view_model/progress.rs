//! Texts about the progress of the active run.

use super::format;
use crate::engine::{ActiveRun, Phase, Plan, StepPhase, StepProgress};

/// Progress of a run as texts.
#[derive(Debug, Clone, PartialEq)]
pub struct RunProgress {
    /// The current phase.
    pub phase: String,
    /// Share of the steps that is done; `None` while it is not known.
    pub share: Option<f32>,
    /// `Step 12 of 800`.
    pub steps: Option<String>,
    /// `Epoch 2 of 40`.
    pub epoch: String,
    /// Speed and time left.
    pub speed: Option<String>,
    /// `Step 13: backward pass, 62 % after 34 s`, of a step that takes long.
    pub in_step: Option<String>,
}

impl RunProgress {
    /// The texts for the active run.
    pub fn new(active: &ActiveRun) -> Self {
        let epochs = active.config.epochs;
        let epoch = active.epoch.clamp(1, epochs.max(1));
        let total = active
            .info
            .as_ref()
            .map(|info| info.total_steps)
            .filter(|total| *total > 0);
        let speed = active
            .steps_per_sec
            .filter(|speed| speed.is_finite() && *speed > 0.0)
            .map(|speed| {
                let speed = format::speed(speed);
                match active
                    .remaining_secs
                    .filter(|secs| secs.is_finite() && *secs >= 0.0)
                {
                    Some(secs) => format!("{speed} · {} left", format::duration(secs)),
                    None => speed,
                }
            });
        Self {
            phase: phase_text(&active.phase),
            share: total.map(|total| (active.step as f32 / total as f32).clamp(0.0, 1.0)),
            steps: total.map(|total| {
                format!(
                    "Step {} of {}",
                    format::count(active.step),
                    format::count(total)
                )
            }),
            epoch: format!("Epoch {epoch} of {epochs}"),
            speed,
            in_step: active.in_step.as_ref().and_then(step_text),
        }
    }
}

/// Seconds from which on a step is shown from within.
const LONG_STEP: f64 = 10.0;

/// How far a step is that takes long; `None` for others.
fn step_text(step: &StepProgress) -> Option<String> {
    if step.secs < LONG_STEP {
        return None;
    }
    let phase = match step.phase {
        StepPhase::Loading => "loading images",
        StepPhase::Forward => "forward pass",
        StepPhase::Backward => "backward pass",
        StepPhase::Computing => "computing",
        StepPhase::Updating => "updating weights",
    };
    let mut parts = vec![phase.to_owned()];
    let images = step.batches * step.batch_size;
    if step.batches > 1 {
        let done = step.batches_done * step.batch_size;
        parts.push(format!("{done} of {images} images"));
    } else if images > 1 {
        parts.push(format!("{images} images"));
    }
    if let Some(share) = step.share {
        parts.push(format::percent(Some(share)));
    }
    Some(format!(
        "Step {}: {} after {}",
        format::count(step.step),
        parts.join(", "),
        format::duration(step.secs)
    ))
}

/// The text of a phase.
pub fn phase_text(phase: &Phase) -> String {
    match phase {
        Phase::Starting => "Starting".to_owned(),
        Phase::Checking { done, total } => format!("Checking mask {done} of {total}"),
        Phase::Training => "Training".to_owned(),
        Phase::Validating { done, total } => format!("Validating image {done} of {total}"),
        Phase::Pausing => "Pausing after this step".to_owned(),
        Phase::Paused => "Paused".to_owned(),
        Phase::Stopping => "Saving and stopping".to_owned(),
        Phase::StoppingNow => "Stopping".to_owned(),
    }
}

/// `Run 2 of 3`.
pub fn plan_position(plan: &Plan) -> String {
    format!("Run {} of {}", plan.runs.len().max(1), plan.total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{RunInfo, Trunk, preset};

    fn active(info: Option<RunInfo>) -> ActiveRun {
        let mut active = ActiveRun::new(preset(Trunk::Vgg16Slim));
        active.run = "run".to_owned();
        active.phase = Phase::Validating { done: 3, total: 9 };
        active.info = info;
        active.step = 150;
        active.epoch = 3;
        active.steps_per_sec = Some(2.0);
        active.remaining_secs = Some(425.0);
        active
    }

    #[test]
    fn progress_is_in_words() {
        let info = RunInfo {
            run: "run".to_owned(),
            device: "cpu".to_owned(),
            arithmetic: "f32".to_owned(),
            parameters: 1,
            steps_per_epoch: 50,
            total_steps: 2_000,
            first_step: 0,
            repeats: None,
        };
        let progress = RunProgress::new(&active(Some(info)));
        assert_eq!(progress.phase, "Validating image 3 of 9");
        assert_eq!(progress.steps.as_deref(), Some("Step 150 of 2,000"));
        assert_eq!(progress.epoch, "Epoch 3 of 40");
        assert_eq!(
            progress.speed.as_deref(),
            Some("2.0 steps/s · 7 min 05 s left")
        );
        assert_eq!(progress.share, Some(0.075));
    }

    #[test]
    fn a_long_step_is_shown_from_within() {
        let mut step = StepProgress {
            step: 1_013,
            secs: 9.9,
            batches_done: 3,
            batches: 20,
            batch_size: 2,
            phase: StepPhase::Backward,
            share: Some(0.1875),
        };
        assert_eq!(step_text(&step), None);
        step.secs = 34.0;
        assert_eq!(
            step_text(&step).as_deref(),
            Some("Step 1,013: backward pass, 6 of 40 images, 18.8 % after 34 s")
        );
        (step.batches, step.batches_done, step.share) = (1, 0, None);
        step.phase = StepPhase::Computing;
        assert_eq!(
            step_text(&step).as_deref(),
            Some("Step 1,013: computing, 2 images after 34 s")
        );
    }

    #[test]
    fn nothing_is_claimed_before_the_start() {
        let mut active = active(None);
        (active.steps_per_sec, active.epoch) = (None, 0);
        let progress = RunProgress::new(&active);
        assert_eq!(
            (progress.share, progress.steps, progress.speed),
            (None, None, None)
        );
        assert_eq!(progress.epoch, "Epoch 1 of 40");
    }
}
