//! Texts about the progress of the active run.

use super::format;
use std::time::Duration;

use crate::engine::{
    ActiveRun, Meters, Phase, Plan, Preparation, RunSnapshot, StepPhase, StepProgress, memory_text,
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
            in_step: match (&active.phase, active.preparing_for()) {
                (Phase::Preparing(what), Some(time)) => Some(preparation_text(*what, time)),
                (Phase::Waiting(problem), _) => Some(format!(
                    "{problem}. It continues by itself once it can be saved; a stop loses what came after the last \
                     checkpoint"
                )),
                _ => active.in_step.as_ref().and_then(step_text),
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
        Phase::Waiting(_) => "Waiting until it can be saved".to_owned(),
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
            Some("2.0 steps/s · 7 min 05 s left without validation")
        );
        assert_eq!(progress.share, Some(0.075));
    }

    #[test]
    fn several_runs_are_counted_together() {
        let mut active = active(Some(RunInfo {
            run: "run".to_owned(),
            device: "cpu".to_owned(),
            arithmetic: "f32".to_owned(),
            parameters: 1,
            steps_per_epoch: 50,
            total_steps: 200,
            first_step: 0,
            repeats: None,
        }));
        active.remaining_secs = Some(60.0);
        active.was_validated = true;
        let speed = RunProgress::new(&active).speed;
        assert_eq!(
            speed.as_deref(),
            Some("2.0 steps/s · 1 min 00 s left with validation")
        );
        let plan = Plan {
            runs: vec!["first".to_owned(), "run".to_owned()],
            total: 3,
            done: false,
            alarms: Vec::new(),
        };
        // 150 of 200 steps of the second: 1.75 of 3 runs. A quarter takes 60 s, the third one 240 s.
        let progress = PlanProgress::new(Some(&plan), &active).expect("a plan");
        assert_eq!(progress.text, "All 3 runs: 58 %, about 5 min left");
        assert!((progress.share - 1.75 / 3.0).abs() < 1e-6);
        let alone = Plan { total: 1, ..plan };
        assert_eq!(PlanProgress::new(Some(&alone), &active), None);
    }

    #[test]
    fn a_run_that_cannot_be_saved_says_what_is_wrong() {
        let mut active = active(None);
        active.phase = Phase::Waiting("last.json: no space is left".to_owned());
        let progress = RunProgress::new(&active);
        assert_eq!(progress.phase, "Waiting until it can be saved");
        let text = progress.in_step.expect("a line");
        assert!(text.starts_with("last.json: no space is left. It continues by itself once"));
    }

    #[test]
    fn what_the_machine_tells_is_said_and_nothing_else() {
        let meters = Meters {
            program_memory: Some(3 << 29),
            free_memory: Some(8 << 30),
            processor_use: Some(0.846),
            gpu_celsius: Some(70.6),
            ..Meters::default()
        };
        assert_eq!(
            machine_text(&meters, Some(0.031)),
            "Memory 1.5 GiB in the whole program, 8.0 GiB free · processor 85 % · GPU 71 °C · waiting for data 3 %"
        );
        assert_eq!(machine_text(&Meters::default(), None), "");
        assert_eq!(
            machine_text(&Meters::default(), Some(0.5)),
            "Waiting for data 50 %"
        );
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
    fn the_preparation_of_a_gpu_says_what_it_does_and_for_how_long() {
        let text = |what, secs| preparation_text(what, Duration::from_secs(secs));
        assert_eq!(
            text(Preparation::Opening, 3),
            "Starting its driver, 3 s so far"
        );
        let long = text(Preparation::Kernels, 75);
        assert!(
            long.starts_with("Compiling its kernels, 1 min 15 s so far; the first use"),
            "{long}"
        );
        let phase = Phase::Preparing(Preparation::Weights);
        assert_eq!(phase_text(&phase), "Preparing the GPU");
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
