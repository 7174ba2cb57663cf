//! What was computed for the panel: one explanation per network, of the inspected image.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::engine::{Engine, EngineError, Explanation, NetworkSource, Task};

/// The state of one explanation.
pub enum State {
    Running {
        since: Instant,
        task: Task<Result<Arc<Explanation>, EngineError>>,
    },
    Ready(Arc<Explanation>),
    Failed(String),
}

struct Entry {
    run: String,
    image: PathBuf,
    /// Best epoch of the run when it was started; a better one makes it outdated.
    epoch: Option<usize>,
    state: State,
}

/// Those of one image. They are large, so that those of other images and networks go at once.
#[derive(Default)]
pub struct Explanations {
    entries: Vec<Entry>,
}

impl Explanations {
    /// Collects what is ready; starts what is missing of `runs`, and drops the rest.
    pub fn update(&mut self, engine: &Engine, image: &Path, runs: &[String]) {
        self.entries.retain(|entry| {
            entry.image == image
                && runs.contains(&entry.run)
                && entry.epoch == best_epoch(engine, &entry.run)
        });
        for entry in &mut self.entries {
            if let State::Running { task, .. } = &mut entry.state
                && let Some(result) = task.poll_result()
            {
                entry.state = match result {
                    Ok(explanation) => State::Ready(explanation),
                    Err(err) => State::Failed(err.to_string()),
                };
            }
        }
        for run in runs {
            if self.of(run).is_none() {
                self.entries.push(Entry {
                    run: run.clone(),
                    image: image.to_owned(),
                    epoch: best_epoch(engine, run),
                    state: State::Running {
                        since: Instant::now(),
                        task: engine.explain(&NetworkSource::Run(run.clone(), None), image),
                    },
                });
            }
        }
    }

    /// The explanation by a run.
    pub fn of(&self, run: &str) -> Option<&State> {
        let entry = self.entries.iter().find(|entry| entry.run == run);
        entry.map(|entry| &entry.state)
    }

    /// Computes that of a run again.
    pub fn repeat(&mut self, run: &str) {
        self.entries.retain(|entry| entry.run != run);
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

fn best_epoch(engine: &Engine, run: &str) -> Option<usize> {
    engine.run(run)?.best().map(|best| best.epoch)
}
