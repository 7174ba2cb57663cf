//! Work that reports by events, and what becomes of the engine's state where it is lost.

use super::tasks::{Poll, Task, spawn_thread};
use super::{Engine, NoticeLevel};

/// Work that nobody holds a [`Task`] of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Background {
    /// The search for devices.
    Devices,
    /// A look at the folder of public weights.
    Weights,
    /// A look at the folders of public datasets.
    PublicDatasets,
}

impl Background {
    fn thread(self) -> &'static str {
        match self {
            Self::Devices => "devices",
            Self::Weights => "weights",
            Self::PublicDatasets => "get-dataset",
        }
    }
}

/// Frees a value that takes longer than a frame to free, such as the paths of very many images.
pub fn free_beside<T: Send + 'static>(value: T) {
    rayon::spawn(move || drop(value));
}

impl Engine {
    /// Runs `work` on a thread of its own. It sends its results as events.
    pub(super) fn spawn_background(
        &mut self,
        what: Background,
        work: impl FnOnce() + Send + 'static,
    ) {
        let task = spawn_thread(&self.waker, what.thread(), move |_| work());
        self.background.push((what, task));
    }

    /// Looks for work that will not report any more, so that nobody waits for it.
    pub(super) fn take_lost(&mut self) {
        let mut lost = Vec::new();
        self.background
            .retain_mut(|(what, task)| match task.poll() {
                Poll::Pending => true,
                Poll::Ready(()) => false,
                Poll::Lost => {
                    lost.push(*what);
                    false
                }
            });
        for what in lost {
            self.lose(what);
        }
        if Task::poll_slot(&mut self.dataset_task) == Poll::Lost {
            self.dataset_lost();
        }
        if self.runs_thread.is_lost() {
            self.runs_known = true;
            let text = "The folder of runs could not be read to its end. Start the program again to see all \
                        runs; the log says more";
            self.notify(NoticeLevel::Error, text);
        }
        self.lose_catalogue_jobs();
    }

    fn lose(&mut self, what: Background) {
        let text = match what {
            Background::Devices => {
                self.devices.probing = false;
                "The search for devices ended unexpectedly. Those found so far can be used; start the program \
                 again to search for others"
            }
            Background::Weights => {
                self.catalogue.give_up_looking();
                "The folder of public weights could not be read to its end. Start the program again to see all files"
            }
            Background::PublicDatasets => {
                self.public_datasets.give_up_looking();
                "The folders of public datasets could not be read to their end. Start the program again to see all \
                 datasets"
            }
        };
        self.notify(NoticeLevel::Error, format!("{text}; the log says more"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::dataset::{Dataset, SampleSpec, ensure_sample};
    use crate::engine::{DatasetState, Dirs, EngineOptions, Notice};
    use crate::training::DatasetRef;

    fn engine(dir: &tempfile::TempDir) -> Engine {
        let mut engine = Engine::new(EngineOptions {
            dirs: Dirs {
                data: dir.path().join("data"),
                runs: dir.path().join("runs"),
            },
            waker: Arc::new(|| {}),
            probe_program: None,
            live_masks: false,
        });
        until(&mut engine, |engine| {
            engine.runs_known && engine.background.is_empty()
        });
        engine.take_notices();
        engine
    }

    #[track_caller]
    fn until(engine: &mut Engine, holds: impl Fn(&Engine) -> bool) {
        let since = Instant::now();
        while !holds(engine) {
            assert!(since.elapsed() < Duration::from_mins(1), "not in time");
            engine.wait(Duration::from_millis(10));
        }
    }

    fn errors(engine: &mut Engine) -> usize {
        let is_error = |notice: &Notice| notice.level == NoticeLevel::Error;
        engine.take_notices().iter().filter(|n| is_error(n)).count()
    }

    #[test]
    fn nobody_waits_for_lost_work() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut engine = engine(&dir);
        engine.devices.probing = true;
        engine.runs_known = false;
        engine.runs_thread.break_for_test();
        for what in [
            Background::Devices,
            Background::Weights,
            Background::PublicDatasets,
        ] {
            engine.spawn_background(what, || panic!("on purpose"));
        }
        until(&mut engine, |engine| {
            engine.background.is_empty() && engine.runs_known
        });
        assert!(!engine.devices.probing && engine.runs_known && engine.catalogue.is_known());
        assert!(engine.public_datasets.is_known());
        assert_eq!(errors(&mut engine), 4);
    }

    #[test]
    fn a_dataset_that_is_lost_has_failed() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut engine = engine(&dir);
        engine.open_dataset(DatasetRef::Folder(dir.path().to_owned()));
        engine.dataset_generation += 1; // so that its answer is out of date
        engine.dataset_task = Some(spawn_thread(&engine.waker, "dataset", |_| {
            panic!("on purpose")
        }));
        until(&mut engine, |engine| {
            matches!(engine.dataset, DatasetState::Failed { .. })
        });
        assert_eq!(errors(&mut engine), 1);
    }

    #[test]
    fn a_dataset_whose_count_is_lost_can_be_used() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut engine = engine(&dir);
        let spec = SampleSpec {
            train: 1,
            val: 1,
            ..SampleSpec::default()
        };
        ensure_sample(dir.path(), &spec, &mut |_, _| true).expect("a dataset");
        engine.dataset_opened(Ok(Arc::new(crate::engine::OpenDataset {
            which: DatasetRef::Sample,
            dataset: Dataset::open(dir.path()).expect("a dataset"),
            stats: None,
            checked: None,
        })));
        engine.dataset_task = Some(spawn_thread(&engine.waker, "dataset", |_| {
            panic!("on purpose")
        }));
        until(&mut engine, |engine| engine.dataset_task.is_none());
        assert!(matches!(engine.dataset, DatasetState::Ready(_)));
        assert!(!engine.is_reading_dataset());
        assert_eq!(errors(&mut engine), 1);
    }
}
