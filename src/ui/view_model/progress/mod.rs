//! Texts about the progress of the active run.

use super::format;
use std::time::Duration;

use crate::engine::{
    ActiveRun, Meters, Phase, Plan, Preparation, RunSnapshot, STOP_GRACE, StepPhase, StepProgress,
    memory_text,
};

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
    /// Speed of the last steps, and time left with what is done between steps.
    pub speed: Option<String>,
    /// `Step 13: backward pass, 62 % after 34 s`, of a step that takes long; or what is done before
    /// the first.
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
                    Some(secs) => {
                        let with = if active.was_validated {
                            "with"
                        } else {
                            "without"
                        };
                        format!(
                            "{speed} · {} left {with} validation",
                            format::duration(secs)
                        )
                    }
                    None => speed,
                }
            });
        Self {
            phase: match active.stop_waits_for() {
                Some(_) => format!("{UNSAVED}, then it stops"),
                None => phase_text(&active.phase),
            },
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
            in_step: match (&active.phase, active.preparing_for()) {
                (Phase::Preparing(what), Some(time)) => Some(preparation_text(*what, time)),
                (Phase::Waiting(problem), _) => Some(format!(
                    "{problem}. It continues by itself once it can be saved; a stop loses what came after the last \
                     checkpoint"
                )),
                _ => match active.stop_waits_for() {
                    Some(problem) => Some(format!(
                        "{problem}. It stops by itself once it can be saved; after {} seconds, or with Stop now, it gives \
                         up what came after the last checkpoint",
                        STOP_GRACE.as_secs()
                    )),
                    None => active.in_step.as_ref().and_then(step_text),
                },
            },
        }
    }
}

/// `Step 12 of 800 · 2.0 steps/s · 7 min left`, of a run that another program trains.
pub fn followed_text(run: &RunSnapshot) -> String {
    let done = format::count(run.steps_done());
    let mut parts = vec![match run.total_steps {
        Some(total) => format!("Step {done} of {}", format::count(total)),
        None => format!("Step {done}"),
    }];
    parts.extend(run.steps_per_sec().map(format::speed));
    let left = run.remaining_secs().filter(|secs| secs.is_finite());
    let with = if run.epochs.is_empty() {
        ""
    } else {
        " with validation"
    };
    parts.extend(left.map(|secs| format!("{} left{with}", format::duration(secs))));
    parts.join(" · ")
}

/// `Memory 1.2 GiB in the whole program, 3.4 GiB free · processor 85 %, 71 °C · waiting for data 3 %`; what
/// is not known is left out.
pub fn machine_text(meters: &Meters, waiting_share: Option<f64>) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let celsius = |degrees: f64| format!("{degrees:.0} °C");
    let part = |name: &str, values: [Option<String>; 3]| {
        let values: Vec<String> = values.into_iter().flatten().collect();
        (!values.is_empty()).then(|| format!("{name} {}", values.join(", ")))
    };
    let free = meters.free_memory;
    let memory = [
        // The run, which is estimated before its start, is a part of it.
        meters
            .program_memory
            .map(|bytes| format!("{} in the whole program", memory_text(bytes))),
        free.map(|bytes| format!("{} free", memory_text(bytes))),
        None,
    ];
    let processor = [
        meters.processor_use.map(percent),
        meters.processor_celsius.map(celsius),
        None,
    ];
    let gpu = [
        meters.gpu_use.map(percent),
        meters.gpu_celsius.map(celsius),
        meters.gpu_memory.map(memory_text),
    ];
    let parts = [
        part("Memory", memory),
        part("processor", processor),
        part("GPU", gpu),
        part("waiting for data", [waiting_share.map(percent), None, None]),
    ];
    format::sentence(&parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
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

/// What is done before the first step on a GPU.
fn preparation_text(what: Preparation, time: Duration) -> String {
    let doing = match what {
        Preparation::Opening => "Starting its driver",
        Preparation::Weights => "Preparing the weights",
        Preparation::Kernels => "Compiling its kernels",
    };
    let secs = time.as_secs_f64();
    let text = format!("{doing}, {} so far", format::duration(secs));
    if secs < LONG_PREPARATION {
        text
    } else {
        format!("{text}; the first use of a GPU can take minutes. Stop now leaves it")
    }
}

/// Seconds from which on people wonder.
const LONG_PREPARATION: f64 = 10.0;

/// Of a run whose folder cannot be written.
const UNSAVED: &str = "Waiting until it can be saved";

/// The text of a phase.
pub fn phase_text(phase: &Phase) -> String {
    match phase {
        Phase::Starting => "Starting".to_owned(),
        Phase::Checking { done, total } => format!("Checking mask {done} of {total}"),
        Phase::Preparing(_) => "Preparing the GPU".to_owned(),
        Phase::Training => "Training".to_owned(),
        Phase::Validating { done, total } => format!("Validating image {done} of {total}"),
        Phase::Pausing => "Pausing after this step".to_owned(),
        Phase::Paused => "Paused".to_owned(),
        Phase::Waiting(_) => UNSAVED.to_owned(),
        Phase::Stopping => "Saving and stopping".to_owned(),
        Phase::StoppingNow => "Stopping".to_owned(),
    }
}

/// `Run 2 of 3`.
pub fn plan_position(plan: &Plan) -> String {
    format!("Run {} of {}", plan.runs.len().max(1), plan.total)
}

/// How far several runs are that are trained one after another.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanProgress {
    /// Share of all, each run counted alike.
    pub share: f32,
    /// `All 3 runs: 45 %, about 12 min left`.
    pub text: String,
}

impl PlanProgress {
    /// Of the plan that the active run belongs to; `None` where it is alone.
    pub fn new(plan: Option<&Plan>, active: &ActiveRun) -> Option<Self> {
        let plan = plan.filter(|plan| plan.total > 1 && !plan.done)?;
        let before = plan.runs.len().saturating_sub(1);
        let share = (before as f32 + active.share()) / plan.total as f32;
        let mut text = format!("All {} runs: {:.0} %", plan.total, (100.0 * share).floor());
        if let (Some(left), Some(whole)) = (active.remaining_secs, active.whole_secs()) {
            // The others are as long, as far as is known.
            let others = plan.total.saturating_sub(before + 1);
            let left = format::rough_duration(left + others as f64 * whole);
            text = format!("{text}, about {left} left");
        }
        Some(Self { share, text })
    }
}

#[cfg(test)]
mod tests;
