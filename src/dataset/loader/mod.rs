//! Batches, and the threads that prepare them ahead of the training step.
//!
//! A batch is a pure function of plan, epoch and position, so a run that was
//! interrupted continues with the same batches. Must not know what is done
//! with them.

mod batch;
mod cache;
mod disk_cache;
mod plan;
mod stored;

pub use batch::Batch;
pub use cache::DecodeCache;
pub use disk_cache::DiskCache;
pub use plan::{BatchPlan, DrawnImage};
pub use stored::{StoredBatch, StoredBatches};

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::DatasetError;

/// Between two looks whether a batch is still wanted.
const TICK: Duration = Duration::from_millis(50);

/// Finished batches that wait in a worker's channel; with the one that it holds
/// while the channel is full it is two ahead.
const QUEUED: usize = 1;

type Prepared = Result<Batch, DatasetError>;

/// The batches of one epoch in order, prepared ahead by threads.
///
/// Dropping it at any time stops the threads; at most the batches in the making
/// are waited for, and not even these once [`next_unless`](Self::next_unless) was given up.
pub struct Loader {
    plan: Arc<BatchPlan>,
    epoch: usize,
    next_batch: usize,
    lanes: Vec<Lane>,
}

/// A worker and the channel that it alone fills. Worker `w` of `n` prepares every
/// `n`-th batch, so taking from the channels in turn restores the order.
struct Lane {
    batches: Receiver<Prepared>,
    worker: JoinHandle<()>,
}

impl Loader {
    /// Starts preparing the batches of an epoch, from `first_batch` on, with
    /// `plan.workers` threads (1 at least).
    pub fn start(plan: BatchPlan, epoch: usize, first_batch: usize) -> Self {
        let plan = Arc::new(plan);
        let num_batches = plan.batches_per_epoch();
        let num_workers = plan
            .workers
            .max(1)
            .min(num_batches.saturating_sub(first_batch));
        let lanes = (0..num_workers).map(|worker| {
            let turns = (first_batch + worker..num_batches).step_by(num_workers);
            Lane::start(&plan, epoch, turns, worker)
        });
        let lanes = lanes.collect::<io::Result<Vec<_>>>().unwrap_or_else(|err| {
            log::warn!("Batches are not prepared ahead, which is slower: no thread could be started ({err})");
            Vec::new()
        });
        Self {
            plan,
            epoch,
            next_batch: first_batch,
            lanes,
        }
    }

    /// The next batch; `None` at the end of the epoch. Waits until it is ready.
    ///
    /// A batch that cannot be read is an error in its place; asking again continues
    /// with the one behind it.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would invite adapters that hide the waiting"
    )]
    pub fn next(&mut self) -> Option<Result<Batch, DatasetError>> {
        self.next_unless(&|| false)
    }

    /// As [`next`](Self::next), and `None` soon after `given_up` says so. The loader is at its end
    /// then: its threads finish the batches in the making by themselves.
    pub fn next_unless(
        &mut self,
        given_up: &dyn Fn() -> bool,
    ) -> Option<Result<Batch, DatasetError>> {
        if self.next_batch >= self.plan.batches_per_epoch() {
            return None;
        }
        let index = self.next_batch;
        self.next_batch += 1;
        if self.lanes.is_empty() {
            return Some(self.plan.batch(self.epoch, index));
        }
        // The lanes take turns; the one whose turn it is comes first.
        self.lanes.rotate_left(1);
        let lane = self.lanes.last()?;
        loop {
            match lane.batches.recv_timeout(TICK) {
                Ok(batch) => return Some(batch),
                Err(RecvTimeoutError::Disconnected) => return Some(Err(DatasetError::LostWorker)),
                Err(RecvTimeoutError::Timeout) if given_up() => {
                    self.lanes.clear();
                    self.next_batch = self.plan.batches_per_epoch();
                    return None;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // A worker may wait for room in its channel. Without a receiver its send
        // fails and it ends, so every receiver has to go before the first join.
        let workers: Vec<_> = self.lanes.drain(..).map(|lane| lane.worker).collect();
        for worker in workers {
            if worker.join().is_err() {
                log::error!("A thread that prepares batches has panicked");
            }
        }
    }
}

impl Lane {
    fn start(
        plan: &Arc<BatchPlan>,
        epoch: usize,
        turns: impl Iterator<Item = usize> + Send + 'static,
        worker: usize,
    ) -> io::Result<Self> {
        let (sender, batches) = bounded(QUEUED);
        let plan = Arc::clone(plan);
        let work = move || prepare(&plan, epoch, turns, &sender);
        let worker = Builder::new()
            .name(format!("loader {worker}"))
            .spawn(work)?;
        Ok(Self { batches, worker })
    }
}

/// A worker: prepares its batches until they are done or the loader is dropped.
fn prepare(
    plan: &BatchPlan,
    epoch: usize,
    turns: impl Iterator<Item = usize>,
    sender: &Sender<Prepared>,
) {
    for index in turns {
        if sender.send(plan.batch(epoch, index)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::plan::tests::plan;
    use super::*;
    use crate::dataset::{ClassCounts, RareSampling};

    fn drain(mut loader: Loader) -> Vec<Batch> {
        std::iter::from_fn(|| loader.next())
            .map(|batch| batch.expect("a sound batch"))
            .collect()
    }

    #[test]
    fn the_loader_gives_the_plans_batches_in_order() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for workers in [0, 1, 3, 50] {
            let plan = BatchPlan {
                workers,
                ..plan(dir.path(), 7, 2)
            };
            let direct: Vec<Batch> = (0..4)
                .map(|index| plan.batch(5, index).expect("a sound batch"))
                .collect();
            assert_eq!(
                drain(Loader::start(plan, 5, 0)),
                direct,
                "{workers} workers"
            );
        }
    }

    #[test]
    fn images_are_drawn_for_their_classes() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        // The image at each place has a class of its own number; class 5 has nearly all pixels.
        let counts = ClassCounts {
            pixels: vec![1, 1, 1, 1, 1, 100],
            images: (0..6).map(|image| vec![image]).collect(),
            ..ClassCounts::default()
        };
        let plan = BatchPlan {
            sampling: RareSampling::new(&counts, 0.01).map(Arc::new),
            ..plan(dir.path(), 6, 10)
        };
        let batch = plan.batch(2, 0).expect("read");
        assert_eq!(plan.batch(2, 0).expect("read"), batch, "a pure function");
        assert_ne!(plan.batch(3, 0).expect("read").ids, batch.ids);
        let all: Vec<String> = (0..20)
            .flat_map(|epoch| plan.batch(epoch, 0).expect("read").ids)
            .collect();
        assert!(
            !all.contains(&"5".to_owned()),
            "it is in every image enough"
        );
        assert!((0..5).all(|image| all.contains(&image.to_string())));
    }

    #[test]
    fn a_loader_goes_on_inside_an_epoch() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let plan = BatchPlan {
            workers: 2,
            ..plan(dir.path(), 7, 2)
        };
        let whole = drain(Loader::start(plan.clone(), 1, 0));
        assert_eq!(drain(Loader::start(plan.clone(), 1, 3)), whole[3..]);
        assert_eq!(drain(Loader::start(plan.clone(), 1, 1)), whole[1..]);
        assert!(drain(Loader::start(plan.clone(), 1, 4)).is_empty());
        assert!(drain(Loader::start(plan, 1, 99)).is_empty());
    }

    #[test]
    fn an_unfinished_loader_can_be_dropped() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let plan = BatchPlan {
            workers: 3,
            ..plan(dir.path(), 40, 1)
        };
        let (done, finished) = mpsc::sync_channel(1);
        let dropping = Builder::new().name("dropping".to_owned()).spawn(move || {
            for taken in 0..6 {
                let mut loader = Loader::start(plan.clone(), 0, 0);
                for _ in 0..taken {
                    loader.next().expect("a batch").expect("a sound one");
                }
                std::thread::sleep(Duration::from_millis(20));
                drop(loader);
            }
            done.send(()).ok();
        });
        assert_eq!(
            finished.recv_timeout(Duration::from_mins(1)),
            Ok(()),
            "dropping a loader hangs"
        );
        dropping.expect("started").join().expect("ended");
    }

    #[test]
    fn a_batch_that_is_not_wanted_any_more_is_not_waited_for() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut loader = Loader::start(plan(dir.path(), 7, 2), 0, 0);
        // A worker that never has a batch.
        let (_sender, batches) = bounded(QUEUED);
        let worker = Builder::new().name("idle".to_owned()).spawn(|| {});
        loader.lanes = vec![Lane {
            batches,
            worker: worker.expect("a thread"),
        }];
        let asked = std::cell::Cell::new(0);
        let given_up = || {
            asked.set(asked.get() + 1);
            asked.get() == 3
        };
        assert!(loader.next_unless(&given_up).is_none());
        assert_eq!(asked.get(), 3);
        assert!(loader.next().is_none(), "it is at its end");
    }

    #[test]
    fn a_broken_image_is_an_error_in_its_place() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let plan = BatchPlan {
            shuffle: false,
            workers: 2,
            ..plan(dir.path(), 3, 1)
        };
        std::fs::write(&plan.items[1].image, "broken").expect("written");
        let mut loader = Loader::start(plan, 0, 0);
        assert!(loader.next().expect("a batch").is_ok());
        assert!(matches!(
            loader.next(),
            Some(Err(DatasetError::Image { .. }))
        ));
        assert!(loader.next().expect("a batch").is_ok());
        assert!(loader.next().is_none());
    }
}
