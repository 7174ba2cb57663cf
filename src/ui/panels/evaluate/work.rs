//! Evaluations that run, those that wait for their turn, and those that are kept.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::engine::{
    BOUNDARY_WIDTH, DatasetState, EngineError, KeptEvaluation, KeptEvaluations, NoticeLevel, Poll,
    RunSnapshot, ScoredSplit, Task,
};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::view_model::format::percent;

type Running = Task<Result<Arc<KeptEvaluation>, EngineError>>;

/// What decides which evaluations are there, and whether they are outdated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ReadFor {
    /// Names of runs, with their best epoch.
    runs: Vec<(String, Option<usize>)>,
    /// Root of the open dataset.
    dataset: Option<std::path::PathBuf>,
}

/// The evaluations behind the panel.
#[derive(Default)]
pub struct Work {
    running: Option<(String, Running)>,
    waiting: VecDeque<(String, ScoredSplit)>,
    /// Run and message.
    failures: Vec<(String, String)>,
    kept: KeptEvaluations,
    reading: Option<Task<KeptEvaluations>>,
    read_for: ReadFor,
}

impl Work {
    /// Evaluates these runs, one after another.
    pub fn start(&mut self, ctx: &PanelCtx<'_>, orders: Vec<(String, ScoredSplit)>) {
        self.failures.clear();
        self.waiting = orders.into();
        self.next(ctx);
    }

    /// Ends the evaluation in hand, and forgets those behind it.
    pub fn cancel(&mut self) {
        self.waiting.clear();
        self.running = None;
    }

    /// The run in hand, and how far it is.
    pub fn running(&self) -> Option<(&str, f32)> {
        let (run, task) = self.running.as_ref()?;
        Some((run, task.progress().unwrap_or(0.0)))
    }

    /// Runs that wait for their turn.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether earlier evaluations are being read.
    pub fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    /// Runs that could not be evaluated, and why.
    pub fn failures(&self) -> &[(String, String)] {
        &self.failures
    }

    /// What is to be said of earlier scores that cannot be read.
    pub fn damaged(&self) -> &[String] {
        &self.kept.damaged
    }

    /// The newest evaluation of a run on a list, with this averaging.
    pub fn find(&self, run: &str, on: &ScoredSplit) -> Option<Arc<KeptEvaluation>> {
        let is_it = |kept: &&Arc<KeptEvaluation>| {
            kept.run == run
                && kept.split == on.split
                && Some(&kept.dataset) == on.dataset.as_ref()
                && kept.averaging == on.averaging
        };
        self.kept.readable.iter().find(is_it).cloned()
    }

    /// Reads what is kept with `runs`, where that may be other than what was read last.
    pub fn read(&mut self, ctx: &PanelCtx<'_>, runs: &[String]) {
        let dataset = match ctx.engine.dataset() {
            DatasetState::Ready(open) => Some(open.dataset.root.clone()),
            // It will be another one soon.
            DatasetState::Opening { .. } => return,
            DatasetState::None | DatasetState::Failed { .. } | DatasetState::Unlabeled { .. } => {
                None
            }
        };
        let best = |run: &String| {
            let best = ctx.engine.run(run).and_then(RunSnapshot::best);
            (run.clone(), best.map(|best| best.epoch))
        };
        let wanted = ReadFor {
            runs: runs.iter().map(best).collect(),
            dataset,
        };
        if wanted != self.read_for {
            self.reading = Some(ctx.engine.kept_evaluations(runs));
            self.read_for = wanted;
        }
    }

    /// Collects results, and goes on with what waits.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        match Task::poll_slot(&mut self.reading) {
            Poll::Pending => {}
            Poll::Ready(kept) => self.kept = kept,
            Poll::Lost => self.kept = KeptEvaluations::default(),
        }
        let Some((run, task)) = &mut self.running else {
            return;
        };
        let Some(result) = task.poll_result() else {
            return;
        };
        let run = run.clone();
        self.running = None;
        match result {
            Ok(kept) => {
                let title = ctx
                    .engine
                    .run(&run)
                    .map_or_else(|| run.clone(), RunSnapshot::title);
                let score = percent(kept.evaluation.scores.mean_iu);
                let text = format!("{title} is evaluated: mIoU {score}");
                ctx.commands.send(Command::Notify(NoticeLevel::Info, text));
                self.kept.readable.insert(0, kept);
                // What was read meanwhile does not have it, and a file that was damaged may be whole now.
                if self.reading.take().is_some() || !self.kept.damaged.is_empty() {
                    self.read_for = ReadFor::default();
                }
            }
            Err(EngineError::Cancelled) => self.waiting.clear(),
            Err(err) => self.failures.push((run, err.to_string())),
        }
        self.next(ctx);
    }

    fn next(&mut self, ctx: &PanelCtx<'_>) {
        if let Some((run, on)) = self.waiting.pop_front() {
            let task = ctx
                .engine
                .evaluate(&run, None, on, BOUNDARY_WIDTH, Vec::new());
            self.running = Some((run, task));
        }
    }
}
