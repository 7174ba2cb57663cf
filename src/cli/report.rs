//! The events of training for people (a bar and a line per epoch) and for programs.
//!
//! JSON lines of `train`, each with `event` and `run`:
//! - `started`: `folder`, `variant`, `trunk`, `geometry`, `input`, `init`, `device`, `parameters`,
//!   `steps_per_epoch`, `total_steps`, `first_step` (steps done before a resume), `arithmetic` (what
//!   steps compute with), `repeats` (`bit-equal`, `up-to-rounding`: how a resumed run repeats the
//!   numbers of an unbroken one), `estimated_memory_bytes`, `estimated_secs` (where an earlier run
//!   tells; on the CPU else roughly)
//! - `step`: `step`, `epoch`, `loss`, `learning_rate`, `secs`, and `grad_norm` on the CPU, with a clip norm, or in f16
//! - `epoch`: `epoch`, `step`, `train_loss`, `val_loss`, `scores`, `elapsed_secs`, `best`
//! - `alarm`: `kind` (`rate`, `void`, `start`, `exploded`, `not-finite`, `dead`, `one-class`, `data-changed`), `text` (what
//!   was seen, its likely cause, what to do), `remedy` (the setting that is likely to mend it)
//! - `waiting`: `problem`: why the run cannot be saved; it waits until it can
//! - `continues`: it can be saved again
//! - `ended`: `state` (`finished`, `stopped`, `failed`), `message`, `best_epoch`,
//!   `scores` and `classes` of the best epoch
//!
//! What is not known is `null`.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::expected::Expected;
use super::output::{self, ClassScore, duration, percent};
use crate::engine::{
    ActiveRun, Alarm, EpochRecord, Geometry, InitialWeights, Phase, Remedy, Repeats, RunEventKind,
    RunInfo, RunSnapshot, RunState, Scores, StepRecord, Trunk, Variant,
};
use crate::text;

/// Where the events of runs go. Order of one run: `started (step | epoch | alarm | waiting | continues)* ended`,
/// with `progress` at any time between `started` and `ended`.
pub trait Report {
    /// The run is on its device. `info` is `None` where it ended before it got there.
    fn started(&mut self, run: &RunSnapshot, info: Option<&RunInfo>, expected: &Expected);
    /// One step is done.
    fn step(&mut self, run: &RunSnapshot, step: &StepRecord);
    /// One epoch was trained and validated.
    fn epoch(&mut self, run: &RunSnapshot, epoch: &EpochRecord);
    /// Something is likely to be wrong. People are told by a notice.
    fn alarm(&mut self, _run: &RunSnapshot, _alarm: &Alarm) {}
    /// It cannot be saved, and waits. People are told by a notice.
    fn waiting(&mut self, _run: &RunSnapshot, _problem: &str) {}
    /// It can be saved again.
    fn continues(&mut self, run: &RunSnapshot);
    /// How far it is, for a progress bar.
    fn progress(&mut self, run: &RunSnapshot, active: &ActiveRun);
    /// The run is over; `run.state` says how.
    fn ended(&mut self, run: &RunSnapshot);

    /// Passes an event on.
    fn event(&mut self, run: &RunSnapshot, kind: &RunEventKind, expected: &Expected) {
        match kind {
            RunEventKind::Started(info) => self.started(run, info.as_ref(), expected),
            RunEventKind::Step(step) => self.step(run, step),
            RunEventKind::Epoch(epoch) => self.epoch(run, epoch),
            RunEventKind::Alarm(alarm) => self.alarm(run, alarm),
            RunEventKind::Waiting(problem) => self.waiting(run, problem),
            RunEventKind::Continues => self.continues(run),
            RunEventKind::Ended => self.ended(run),
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    run: &'a str,
    #[serde(flatten)]
    event: Event<'a>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    Started {
        folder: PathBuf,
        variant: Variant,
        trunk: Trunk,
        geometry: Geometry,
        /// As the option says it; `null` for values that have no name.
        input: Option<&'static str>,
        init: &'a InitialWeights,
        device: Option<&'a str>,
        parameters: Option<usize>,
        steps_per_epoch: Option<usize>,
        total_steps: Option<usize>,
        first_step: Option<usize>,
        arithmetic: Option<&'a str>,
        repeats: Option<Repeats>,
        estimated_memory_bytes: Option<u64>,
        estimated_secs: Option<f64>,
    },
    Step(&'a StepRecord),
    Epoch(&'a EpochRecord),
    Alarm {
        kind: &'static str,
        text: &'a str,
        remedy: Option<String>,
    },
    Waiting {
        problem: &'a str,
    },
    Continues,
    Ended {
        state: &'static str,
        message: Option<&'a str>,
        best_epoch: Option<usize>,
        scores: Option<&'a Scores>,
        classes: Vec<ClassScore<'a>>,
    },
}

/// Writes JSON lines to stdout.
pub struct JsonReport<'a> {
    pub runs_dir: &'a Path,
}

impl Report for JsonReport<'_> {
    fn started(&mut self, run: &RunSnapshot, info: Option<&RunInfo>, expected: &Expected) {
        let event = Event::Started {
            folder: self.runs_dir.join(&run.name),
            variant: run.config.variant,
            trunk: run.config.trunk,
            geometry: run.config.geometry,
            input: run.config.normalization.name(),
            init: &run.config.init,
            device: info.map(|info| info.device.as_str()),
            parameters: info.map(|info| info.parameters),
            steps_per_epoch: info.map(|info| info.steps_per_epoch),
            total_steps: info.map(|info| info.total_steps),
            first_step: info.map(|info| info.first_step),
            arithmetic: info.map(|info| info.arithmetic.as_str()),
            repeats: info.and_then(|info| info.repeats),
            estimated_memory_bytes: expected.memory,
            estimated_secs: expected.time.as_ref().map(|time| time.total_secs),
        };
        output::json(&Line {
            run: &run.name,
            event,
        });
    }

    fn step(&mut self, run: &RunSnapshot, step: &StepRecord) {
        output::json(&Line {
            run: &run.name,
            event: Event::Step(step),
        });
    }

    fn epoch(&mut self, run: &RunSnapshot, epoch: &EpochRecord) {
        output::json(&Line {
            run: &run.name,
            event: Event::Epoch(epoch),
        });
    }

    fn alarm(&mut self, run: &RunSnapshot, alarm: &Alarm) {
        output::json(&Line {
            run: &run.name,
            event: Event::Alarm {
                kind: alarm.kind.id(),
                text: &alarm.text,
                remedy: alarm.remedy.as_ref().and_then(Remedy::setting),
            },
        });
    }

    fn waiting(&mut self, run: &RunSnapshot, problem: &str) {
        output::json(&Line {
            run: &run.name,
            event: Event::Waiting { problem },
        });
    }

    fn continues(&mut self, run: &RunSnapshot) {
        output::json(&Line {
            run: &run.name,
            event: Event::Continues,
        });
    }

    fn progress(&mut self, _: &RunSnapshot, _: &ActiveRun) {}

    fn ended(&mut self, run: &RunSnapshot) {
        let (state, message) = (run.state.word(), run.state.message());
        let best = run.best();
        let event = Event::Ended {
            state,
            message,
            best_epoch: best.map(|best| best.epoch),
            scores: best.map(|best| &best.scores),
            classes: best.map_or_else(Vec::new, |best| {
                output::class_scores(&best.scores, &run.classes)
            }),
        };
        output::json(&Line {
            run: &run.name,
            event,
        });
    }
}

/// What a run starts from, behind its network.
fn start_text(init: &InitialWeights) -> String {
    match init {
        InitialWeights::Random => String::new(),
        InitialWeights::Run(name) => format!(", from the run {name},"),
        InitialWeights::File(path) => format!(", from {},", path.display()),
    }
}

/// Seconds from which on a step is shown from within.
const LONG_STEP: f64 = 10.0;

/// Draws a bar on stderr where that is a terminal, and writes to stdout.
pub struct TextReport<'a> {
    runs_dir: &'a Path,
    bar: ProgressBar,
    loss: Option<f64>,
    learning_rate: f64,
}

impl<'a> TextReport<'a> {
    /// A report on runs below `runs_dir`.
    pub fn new(runs_dir: &'a Path) -> Self {
        Self {
            runs_dir,
            bar: ProgressBar::hidden(),
            loss: None,
            learning_rate: 0.0,
        }
    }

    // `ProgressBar::println` is silent where the bar is hidden, as in a pipe.
    fn line(&self, text: &str) {
        self.bar.suspend(|| output::line(text));
    }
}

impl Report for TextReport<'_> {
    fn started(&mut self, run: &RunSnapshot, info: Option<&RunInfo>, expected: &Expected) {
        let Some(info) = info else { return };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}");
        self.bar = ProgressBar::new(info.total_steps as u64)
            .with_position(info.first_step as u64)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.loss = None;
        let resumed = match info.first_step {
            0 => String::new(),
            step => {
                let repeats = info.repeats.map(|repeats| format!(", {}", repeats.text()));
                let repeats = repeats.unwrap_or_default();
                format!(", resumed after step {step}{repeats}")
            }
        };
        self.line(&format!(
            "{} with {}, {} geometry, {} input{} on {}, {}: {} parameters, {} of {}{resumed}\n{}",
            run.config.variant,
            run.config.trunk,
            run.config.geometry.id(),
            run.config.normalization.name().unwrap_or("its own"),
            start_text(&run.config.init),
            info.device,
            info.arithmetic,
            info.parameters,
            text::plural(info.total_steps, "step", "steps"),
            text::plural(run.config.batch_size, "image", "images"),
            self.runs_dir.join(&run.name).display(),
        ));
        if let Some(text) = expected.text() {
            self.line(&text);
        }
    }

    fn step(&mut self, _: &RunSnapshot, step: &StepRecord) {
        self.loss = Some(step.loss);
        self.learning_rate = step.learning_rate;
        self.bar.set_position(step.step as u64);
    }

    fn epoch(&mut self, run: &RunSnapshot, epoch: &EpochRecord) {
        let val_loss = epoch.val_loss.map_or_else(|| "n/a".to_owned(), text::loss);
        self.line(&format!(
            "epoch {}/{}  step {}  loss {}  val loss {val_loss}  mIoU {}  pixel accuracy {}  {}{}",
            epoch.epoch,
            run.config.epochs,
            epoch.step,
            text::loss(epoch.train_loss),
            percent(epoch.scores.mean_iu),
            percent(epoch.scores.pixel_accuracy),
            duration(epoch.elapsed_secs),
            if epoch.best { "  best so far" } else { "" },
        ));
    }

    fn continues(&mut self, run: &RunSnapshot) {
        let text = format!("{} continues: its folder can be written again", run.name);
        self.bar.suspend(|| output::problem("note", &text));
    }

    fn progress(&mut self, run: &RunSnapshot, active: &ActiveRun) {
        let mut parts = vec![match &active.phase {
            Phase::Checking { done, total } => format!("checking masks {done}/{total}"),
            Phase::Validating { done, total } => format!("validating {done}/{total}"),
            Phase::Preparing(_) => "preparing the GPU".to_owned(),
            _ if active.stop_waits_for().is_some() => {
                "waiting until it can be saved, then it stops".to_owned()
            }
            Phase::Stopping | Phase::StoppingNow => "stopping".to_owned(),
            Phase::Waiting(_) => "waiting until it can be saved".to_owned(),
            _ => format!("epoch {}/{}", active.epoch.max(1), run.config.epochs),
        }];
        if let Some(loss) = self.loss {
            parts.push(format!("loss {}", text::loss(loss)));
            parts.push(format!("lr {}", text::number(self.learning_rate)));
        }
        if let Some(rate) = active.steps_per_sec {
            parts.push(format!("{} steps/s", text::column_number(rate)));
        }
        if let Some(secs) = active.remaining_secs {
            parts.push(format!("{} left", duration(secs)));
        }
        // What more loader threads would help against.
        if let Some(share) = active.waiting_share.filter(|share| *share >= 0.05) {
            parts.push(format!("waiting for data {}", percent(Some(share))));
        }
        if let Some(step) = active
            .in_step
            .as_ref()
            .filter(|step| step.secs >= LONG_STEP)
            && let Some(share) = step.share
        {
            parts.push(format!("step {}: {}", step.step, percent(Some(share))));
        }
        self.bar.set_message(parts.join("  "));
    }

    fn ended(&mut self, run: &RunSnapshot) {
        self.bar.finish_and_clear();
        if let Some(best) = run.best() {
            let scores = output::scores_text(&best.scores, &run.classes);
            self.line(&format!("\nbest epoch {}\n{scores}", best.epoch));
        }
        match &run.state {
            RunState::Finished => self.line(&format!("\n{} is finished", run.name)),
            RunState::Stopped => {
                self.line(&format!(
                    "\n{name} was stopped; `train --resume {name}` resumes it",
                    name = run.name
                ));
            }
            // A failure is an error message, and those go to stderr.
            RunState::Active | RunState::Failed(_) | RunState::Interrupted => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_flat_object() {
        let step = StepRecord {
            step: 1,
            epoch: 1,
            loss: 1.0,
            learning_rate: 0.1,
            grad_norm: None,
            secs: 0.1,
        };
        let line = Line {
            run: "r",
            event: Event::Step(&step),
        };
        let value = serde_json::to_value(&line).unwrap();
        assert_eq!(value["event"], "step");
        assert_eq!(value["run"], "r");
        assert_eq!(value["step"], 1);
        assert_eq!(value["loss"], 1.0);
    }
}
