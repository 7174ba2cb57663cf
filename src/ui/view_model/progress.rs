//! Texts about the progress of the active run.

use super::format;
use crate::engine::{ActiveRun, Phase, Plan};

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
        }
    }
}

/// The text of a phase.
pub fn phase_text(phase: &Phase) -> String {
    match phase {
        Phase::Starting => "Starting".to_owned(),
        Phase::Training => "Training".to_owned(),
        Phase::Validating { done, total } => format!("Validating image {done} of {total}"),
        Phase::Pausing => "Pausing after this step".to_owned(),
        Phase::Paused => "Paused".to_owned(),
        Phase::Stopping => "Saving and stopping".to_owned(),
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
            parameters: 1,
            steps_per_epoch: 50,
            total_steps: 2_000,
            first_step: 0,
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
