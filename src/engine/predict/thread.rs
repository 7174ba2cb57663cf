//! The `predict` thread: it keeps the last used networks loaded.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::models::Models;
use super::request::Request;
use super::source::Source;
use super::{Explanation, Logits, Prediction};
use crate::dataset::ImageFacts;
use crate::engine::memory::give_back_freed_memory;
use crate::engine::tasks::{Cancel, Promise, Task, guarded};
use crate::engine::{EngineError, Waker};
use crate::training::{DeviceId, TilePlan, Tiling, is_lost};

type Job = Box<dyn FnOnce(&mut Models) + Send>;

/// Handle on the thread; dropping it ends the thread after its work.
pub(in crate::engine) struct PredictThread {
    jobs: Sender<Job>,
    /// Runs of which it was said that they predict on the processor.
    fallbacks: Mutex<BTreeSet<String>>,
}

/// Jobs that may wait.
const QUEUE: usize = 256;
/// Predictions come one soon after the other; after this long without one there is a rest.
const REST: Duration = Duration::from_secs(2);

impl PredictThread {
    pub fn start() -> Self {
        let (jobs, receiver): (Sender<Job>, Receiver<Job>) = bounded(QUEUE);
        let started = thread::Builder::new()
            .name("predict".into())
            .spawn(move || {
                let mut models = Models::default();
                while let Ok(job) = receiver.recv() {
                    job(&mut models);
                    while let Ok(job) = receiver.recv_timeout(REST) {
                        job(&mut models);
                    }
                    give_back_freed_memory();
                }
            });
        if let Err(err) = started {
            log::error!("The prediction thread could not be started: {err}");
        }
        Self {
            jobs,
            fallbacks: Mutex::default(),
        }
    }

    /// Says, once for each run, that it predicts on the processor because of `err`.
    pub(super) fn tell_fallback(&self, run: &str, err: &EngineError) {
        let mut told = self
            .fallbacks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if told.insert(run.to_owned()) {
            log::warn!("{run} predicts on the processor. {err}");
        }
    }

    /// Work with the networks on `device`; the tasks are done one after the other.
    pub(super) fn submit<T: Send + 'static>(
        &self,
        waker: &Waker,
        device: DeviceId,
        work: impl FnOnce(&mut Models, &Cancel) -> Result<T, EngineError> + Send + 'static,
    ) -> Task<Result<T, EngineError>> {
        let (promise, task) = Promise::new(waker);
        let job: Job = Box::new(move |models| {
            let cancel = promise.cancel.clone();
            if cancel.is_cancelled() {
                return;
            }
            // It has begun: one without progress waits for others.
            cancel.set_progress(0.0);
            let result = guarded(|| work(models, &cancel)).unwrap_or_else(|panic| {
                // The panic may have left a network half used.
                models.clear();
                Err(EngineError::Panicked {
                    what: "prediction",
                    panic,
                    advice: "Choose a smaller image or the device cpu",
                })
            });
            let result = result.map_err(|err| err.on_device(device));
            if is_lost(device) {
                // It is opened again for the next one, which says that it is gone.
                models.clear();
            }
            promise.fulfill(result);
        });
        if let Err(refused) = self.jobs.try_send(job) {
            log::warn!("A prediction was dropped: {refused}");
        }
        task
    }

    pub(super) fn predict(
        &self,
        waker: &Waker,
        request: Request,
    ) -> Task<Result<Arc<Prediction>, EngineError>> {
        let wake = Arc::clone(waker);
        let device = request.device;
        self.submit(waker, device, move |models, cancel| {
            models.predict(&request, cancel, &wake).map(Arc::new)
        })
    }

    pub(super) fn logits(
        &self,
        waker: &Waker,
        source: Source,
        device: DeviceId,
        image: PathBuf,
        tiling: Tiling,
    ) -> Task<Result<Logits, EngineError>> {
        self.submit(waker, device, move |models, _| {
            models.logits(&source, device, &image, &tiling)
        })
    }

    pub(super) fn plan(
        &self,
        waker: &Waker,
        source: Source,
        device: DeviceId,
        image: ImageFacts,
        tiling: Tiling,
    ) -> Task<Result<TilePlan, EngineError>> {
        self.submit(waker, device, move |models, _| {
            models.plan(&source, device, image, &tiling)
        })
    }

    pub(super) fn explain(
        &self,
        waker: &Waker,
        source: Source,
        device: DeviceId,
        image: PathBuf,
    ) -> Task<Result<Arc<Explanation>, EngineError>> {
        self.submit(waker, device, move |models, cancel| {
            models.explain(&source, device, image, cancel).map(Arc::new)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::TrainError;

    fn execution(text: &str) -> EngineError {
        TrainError::Execution(text.to_owned()).into()
    }

    #[test]
    fn a_fault_of_the_device_is_told_and_the_thread_lives_on() {
        let predictor = PredictThread::start();
        let waker: Waker = Arc::new(|| {});
        let device = DeviceId::Gpu(90);
        let failed = |work: fn() -> EngineError| {
            let task = predictor.submit(&waker, device, move |_, _| Err::<(), _>(work()));
            let failed = task.join().expect("an answer").expect_err("a fault");
            failed.to_string()
        };
        let full = failed(|| execution("wgpu error: Out of Memory"));
        assert!(
            full.starts_with("device gpu:90 has too little memory for this image"),
            "{full}"
        );
        let lost = failed(|| execution("Parent device is lost"));
        assert!(lost.starts_with("device gpu:90 was lost"), "{lost}");
        let other = failed(|| panic!("index out of bounds"));
        assert!(
            other.starts_with("prediction ended unexpectedly (index out of bounds)"),
            "{other}"
        );
        let works = predictor.submit(&waker, device, |_, _| Ok(7));
        assert_eq!(works.join().expect("an answer").expect("a number"), 7);
    }

    #[test]
    fn what_waits_behind_other_work_has_no_progress_and_begins_when_that_is_given_up() {
        let predictor = PredictThread::start();
        let waker: Waker = Arc::new(|| {});
        let (begun, has_begun) = bounded(1);
        let long = predictor.submit(&waker, DeviceId::Cpu, move |_, cancel| {
            begun.send(()).ok();
            while !cancel.is_cancelled() {
                thread::yield_now();
            }
            Ok(())
        });
        let (go, wait) = bounded::<()>(1);
        let behind = predictor.submit(&waker, DeviceId::Cpu, move |_, _| {
            wait.recv().ok();
            Ok(7)
        });
        has_begun.recv().expect("it has begun");
        assert_eq!((long.progress(), behind.progress()), (Some(0.0), None));
        // Another image was chosen.
        drop(long);
        while behind.progress().is_none() {
            thread::yield_now();
        }
        go.send(()).expect("it waits");
        assert_eq!(behind.join().expect("an answer").expect("a number"), 7);
    }
}
