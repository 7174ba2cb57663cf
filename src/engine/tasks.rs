//! Work on other threads whose result the window picks up when it is there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};

use super::{EngineError, Lost, Waker};

/// How often work looks whether the work that it is a part of was cancelled.
const PART_TICK: Duration = Duration::from_millis(20);

/// A result that another thread is working on. Dropping it asks the work to stop.
#[derive(Debug)]
pub struct Task<T> {
    result: Receiver<T>,
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

    /// Of work that nobody waits for.
    #[cfg(test)]
    pub fn cancelled() -> Self {
        let cancel = Self::default();
        cancel.cancelled.store(true, Ordering::Relaxed);
        cancel
    }

    /// Tells how far the work is, `0.0..=1.0`.
    pub fn set_progress(&self, share: f32) {
        let thousandths = (share.clamp(0.0, 1.0) * 1000.0) as u32 + 1;
        self.progress.store(thousandths, Ordering::Relaxed);
    }
}

/// What became of a [`Task`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Poll<T> {
    /// The work is not done yet.
    Pending,
    /// The result. It comes once.
    Ready(T),
    /// No result will come (any more). What waits for it must stop waiting, and say so.
    Lost,
}

impl<T> Task<T> {
    /// The result where it is there, without waiting.
    pub fn poll(&mut self) -> Poll<T> {
        match self.result.try_recv() {
            Ok(value) => Poll::Ready(value),
            Err(TryRecvError::Empty) => Poll::Pending,
            Err(TryRecvError::Disconnected) => Poll::Lost,
        }
    }

    /// Polls the task in `slot`, and empties the slot once nothing more will come. An empty slot
    /// is pending.
    pub fn poll_slot(slot: &mut Option<Self>) -> Poll<T> {
        let poll = slot.as_mut().map_or(Poll::Pending, Self::poll);
        if !matches!(poll, Poll::Pending) {
            *slot = None;
        }
        poll
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

    /// Blocks until the result is there.
    pub fn join(self) -> Result<T, Lost> {
        self.result.recv().map_err(|_| Lost)
    }
}

impl<T> Task<Result<T, EngineError>> {
    /// The result where it is there; lost work is an error like others. `None` = wait.
    pub fn poll_result(&mut self) -> Option<Result<T, EngineError>> {
        match self.poll() {
            Poll::Pending => None,
            Poll::Ready(result) => Some(result),
            Poll::Lost => Some(Err(self.loss())),
        }
    }

    /// Blocks until the result is there; lost work is an error like others.
    pub fn wait(self) -> Result<T, EngineError> {
        match self.result.recv() {
            Ok(result) => result,
            Err(_) => Err(self.loss()),
        }
    }

    /// As [`wait`](Self::wait), for work that is a part of other work: once that is `cancelled`, this is
    /// asked to stop too.
    pub(super) fn wait_as_part(self, cancelled: &Cancel) -> Result<T, EngineError> {
        loop {
            match self.result.recv_timeout(PART_TICK) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Disconnected) => return Err(self.loss()),
                Err(RecvTimeoutError::Timeout) if cancelled.is_cancelled() => self.cancel(),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn loss(&self) -> EngineError {
        if self.cancel.is_cancelled() {
            EngineError::Cancelled
        } else {
            Lost.into()
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.cancel.cancelled.store(true, Ordering::Relaxed);
    }
}

/// The other end of a [`Task`]. Whether it is kept or broken, the window wakes up.
pub(super) struct Promise<T> {
    /// Empty once the promise is dropped.
    result: Option<Sender<T>>,
    pub cancel: Cancel,
    waker: Waker,
}

impl<T> Promise<T> {
    pub fn new(waker: &Waker) -> (Self, Task<T>) {
        let (sender, receiver) = bounded(1);
        let cancel = Cancel::default();
        let promise = Self {
            result: Some(sender),
            cancel: cancel.clone(),
            waker: Arc::clone(waker),
        };
        (
            promise,
            Task {
                result: receiver,
                cancel,
            },
        )
    }

    /// Hands the result over.
    pub fn fulfill(self, value: T) {
        if let Some(result) = &self.result {
            result.send(value).ok();
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        // Who wakes up must find the result there, or the channel closed.
        self.result = None;
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
            match task.poll() {
                Poll::Pending => thread::yield_now(),
                ended => break ended,
            }
        };
        assert_eq!(value, Poll::Ready(2));
        assert_eq!(task.poll(), Poll::Lost);
    }

    #[test]
    fn work_that_panics_is_lost_and_leaves_its_thread_alive() {
        let pool = Pool::new(1);
        let broken = pool.spawn(&waker(), "breaks", |_| -> u8 { panic!("on purpose") });
        assert_eq!(broken.join(), Err(Lost));
        assert_eq!(pool.spawn(&waker(), "works", |_| 7).join(), Ok(7));
    }

    #[test]
    fn lost_work_wakes_the_window() {
        let (wakes, woken) = bounded(8);
        let waker: Waker = Arc::new(move || {
            wakes.send(()).ok();
        });
        let mut task = spawn_thread(&waker, "breaks", |_| -> u8 { panic!("on purpose") });
        woken.recv_timeout(Duration::from_mins(1)).expect("woken");
        assert_eq!(task.poll(), Poll::Lost);
    }

    #[test]
    fn lost_work_is_an_error_and_cancelled_work_is_cancelled() {
        type Answer = Result<u8, EngineError>;
        let broken = spawn_thread(&waker(), "breaks", |_| -> Answer { panic!("on purpose") });
        let err = broken.wait().expect_err("lost");
        assert!(matches!(err, EngineError::Lost(_)), "{err:?}");

        let (promise, task) = Promise::<Answer>::new(&waker());
        task.cancel();
        run("never begins", promise, |_| Ok(1));
        let err = task.wait().expect_err("cancelled");
        assert!(matches!(err, EngineError::Cancelled), "{err:?}");
    }

    #[test]
    fn a_part_stops_with_the_whole() {
        let part = spawn_thread(&waker(), "waits", |cancel: &Cancel| {
            while !cancel.is_cancelled() {
                thread::yield_now();
            }
            Err::<u8, _>(EngineError::Cancelled)
        });
        let err = part
            .wait_as_part(&Cancel::cancelled())
            .expect_err("cancelled");
        assert!(matches!(err, EngineError::Cancelled), "{err:?}");
        let part = spawn_thread(&waker(), "works", |_| Ok(3));
        assert_eq!(part.wait_as_part(&Cancel::default()).expect("a value"), 3);
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
