//! Work on other threads whose result the window picks up when it is there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

use super::Waker;

/// A result that another thread is working on. Dropping it asks the work to stop.
#[derive(Debug)]
pub struct Task<T> {
    result: Receiver<T>,
    done: bool,
    cancel: Cancel,
}

/// Seen by the work: whether its result is still wanted, and how far it is.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    cancelled: Arc<AtomicBool>,
    /// Thousandths, plus one; 0 = unknown.
    progress: Arc<AtomicU32>,
}

impl Cancel {
    /// Whether nobody waits for the result any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Tells how far the work is, `0.0..=1.0`.
    pub fn set_progress(&self, share: f32) {
        let thousandths = (share.clamp(0.0, 1.0) * 1000.0) as u32 + 1;
        self.progress.store(thousandths, Ordering::Relaxed);
    }
}

impl<T> Task<T> {
    /// The result, once: `None` before it is there and after it was taken.
    pub fn poll(&mut self) -> Option<T> {
        match self.result.try_recv() {
            Ok(value) => {
                self.done = true;
                Some(value)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.done = true;
                None
            }
        }
    }

    /// Whether nothing will come any more: the result was taken, or the work broke off.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// How far it is, `0.0..=1.0`, where the work tells.
    pub fn progress(&self) -> Option<f32> {
        let thousandths = self.cancel.progress.load(Ordering::Relaxed);
        (thousandths > 0).then(|| (thousandths - 1) as f32 / 1000.0)
    }

    /// Asks the work to stop; what it then has to say still comes.
    pub fn cancel(&self) {
        self.cancel.cancelled.store(true, Ordering::Relaxed);
    }

    /// Blocks until the result is there; `None` when the work broke off.
    pub fn join(self) -> Option<T> {
        self.result.recv().ok()
    }
}

impl<T> Task<Result<T, String>> {
    /// Blocks until the result is there; work that broke off is an error.
    pub fn wait(self) -> Result<T, String> {
        self.join()
            .unwrap_or_else(|| Err("the work broke off; see the log".to_owned()))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.cancel.cancelled.store(true, Ordering::Relaxed);
    }
}

/// The other end of a [`Task`].
pub(super) struct Promise<T> {
    result: Sender<T>,
    pub cancel: Cancel,
    waker: Waker,
}

impl<T> Promise<T> {
    pub fn new(waker: &Waker) -> (Self, Task<T>) {
        let (sender, receiver) = bounded(1);
        let cancel = Cancel::default();
        let promise = Self {
            result: sender,
            cancel: cancel.clone(),
            waker: Arc::clone(waker),
        };
        (
            promise,
            Task {
                result: receiver,
                done: false,
                cancel,
            },
        )
    }

    /// Hands the result over and wakes the window.
    pub fn fulfill(self, value: T) {
        self.result.send(value).ok();
        (self.waker)();
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// A few threads for short work: decoding, coloring, saving.
pub(super) struct Pool {
    jobs: Sender<Job>,
}

/// Work that may wait; more is a bug of the caller, and blocks it.
const QUEUE: usize = 4096;

impl Pool {
    pub fn new(threads: usize) -> Self {
        let (jobs, receiver) = bounded::<Job>(QUEUE);
        for number in 1..=threads {
            let receiver = receiver.clone();
            let started = thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || receiver.iter().for_each(|job| job()));
            if let Err(err) = started {
                log::error!("Worker thread {number} could not be started: {err}");
            }
        }
        Self { jobs }
    }

    /// Runs `work` on one of the threads.
    pub fn spawn<T: Send + 'static>(
        &self,
        waker: &Waker,
        name: &'static str,
        work: impl FnOnce(&Cancel) -> T + Send + 'static,
    ) -> Task<T> {
        let (promise, task) = Promise::new(waker);
        self.jobs
            .send(Box::new(move || run(name, promise, work)))
            .ok();
        task
    }
}

/// Runs `work` on a thread of its own: for what waits on people or other programs.
pub(super) fn spawn_thread<T: Send + 'static>(
    waker: &Waker,
    name: &'static str,
    work: impl FnOnce(&Cancel) -> T + Send + 'static,
) -> Task<T> {
    let (promise, task) = Promise::new(waker);
    let started = thread::Builder::new()
        .name(name.into())
        .spawn(move || run(name, promise, work));
    if let Err(err) = started {
        log::error!("Thread {name} could not be started: {err}");
    }
    task
}

/// Runs `work` on a thread of its own that reports by events, to its end.
pub(super) fn spawn_detached(name: &'static str, work: impl FnOnce() + Send + 'static) {
    let started = thread::Builder::new().name(name.into()).spawn(move || {
        if let Err(message) = guarded(work) {
            log::error!("{name} failed unexpectedly: {message}");
        }
    });
    if let Err(err) = started {
        log::error!("Thread {name} could not be started: {err}");
    }
}

fn run<T>(name: &str, promise: Promise<T>, work: impl FnOnce(&Cancel) -> T) {
    let cancel = promise.cancel.clone();
    if cancel.is_cancelled() {
        return;
    }
    match guarded(|| work(&cancel)) {
        Ok(value) => promise.fulfill(value),
        Err(message) => log::error!("{name} failed unexpectedly: {message}"),
    }
}

/// Runs `work`, turning a panic into its message: libraries below may panic on what
/// the world does, and the window must outlive that.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "no message".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waker() -> Waker {
        Arc::new(|| {})
    }

    #[test]
    fn a_result_comes_once() {
        let mut task = Pool::new(1).spawn(&waker(), "adds", |_| 1 + 1);
        let value = loop {
            if let Some(value) = task.poll() {
                break value;
            }
            thread::yield_now();
        };
        assert_eq!(value, 2);
        assert!(task.is_done());
        assert_eq!(task.poll(), None);
    }

    #[test]
    fn work_that_panics_leaves_its_thread_alive() {
        let pool = Pool::new(1);
        let broken = pool.spawn(&waker(), "breaks", |_| -> u8 { panic!("on purpose") });
        assert_eq!(broken.join(), None);
        assert_eq!(pool.spawn(&waker(), "works", |_| 7).join(), Some(7));
    }

    #[test]
    fn dropping_a_task_cancels_its_work() {
        let (started, wait) = bounded(0);
        let (ended, end) = bounded(0);
        let task = spawn_thread(&waker(), "waits", move |cancel: &Cancel| {
            started.send(()).ok();
            while !cancel.is_cancelled() {
                thread::yield_now();
            }
            ended.send(()).ok();
        });
        wait.recv().expect("started");
        drop(task);
        end.recv().expect("ended");
    }
}
