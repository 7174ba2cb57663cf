//! The thread that writes checkpoints while the training goes on.

use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::folder::RunFolder;
use super::save::{Encoded, Snapshot};
use crate::training::error::TrainError;

/// Writes one checkpoint at a time. Dropping it waits for the one in hand.
pub(in crate::training) struct CheckpointWriter {
    /// `None` only while it is dropped.
    jobs: Option<Sender<Job>>,
    results: Receiver<Result<usize, TrainError>>,
    thread: Option<JoinHandle<()>>,
    busy: bool,
}

enum Job {
    /// A new checkpoint.
    Write(Box<Snapshot>),
    /// The one that could not be written.
    Retry,
}

impl CheckpointWriter {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(folder: &RunFolder) -> Result<Self, TrainError> {
        let (jobs, received) = bounded(1);
        let (sender, results) = bounded(1);
        let folder = folder.clone();
        let thread = std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn(move || {
                let mut failed: Option<Encoded> = None;
                while let Ok(job) = received.recv() {
                    let result = write(&folder, job, &mut failed);
                    if sender.send(result).is_err() {
                        break;
                    }
                }
            })
            .map_err(|err| {
                TrainError::Execution(format!("no thread to write checkpoints with ({err})"))
            })?;
        Ok(Self {
            jobs: Some(jobs),
            results,
            thread: Some(thread),
            busy: false,
        })
    }

    /// Whether a checkpoint is being written.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Writes a checkpoint in the background; the one before must be [done](Self::wait).
    pub fn write(&mut self, snapshot: Snapshot) {
        self.send(Job::Write(Box::new(snapshot)));
    }

    /// Tries once more to write the checkpoint that failed.
    pub fn retry(&mut self) {
        self.send(Job::Retry);
    }

    fn send(&mut self, job: Job) {
        // A thread that is gone shows as a lost result.
        self.busy = self
            .jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send(job).is_ok())
            || self.thread.is_some();
    }

    /// How the checkpoint in hand ended, its step or why not; `None` while it is being written.
    pub fn poll(&mut self) -> Option<Result<usize, TrainError>> {
        let result = self.results.try_recv();
        match result {
            Err(crossbeam_channel::TryRecvError::Empty) => None,
            Err(crossbeam_channel::TryRecvError::Disconnected) if !self.busy => None,
            _ => {
                self.busy = false;
                Some(result.unwrap_or_else(|_| Err(lost())))
            }
        }
    }

    /// As [`poll`](Self::poll), but waits; `None` when nothing is being written.
    pub fn wait(&mut self) -> Option<Result<usize, TrainError>> {
        if !self.busy {
            return None;
        }
        self.busy = false;
        Some(self.results.recv().unwrap_or_else(|_| Err(lost())))
    }
}

impl Drop for CheckpointWriter {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Writes what is asked for; what fails stays for the next try.
fn write(folder: &RunFolder, job: Job, failed: &mut Option<Encoded>) -> Result<usize, TrainError> {
    let checkpoint = match (job, failed.take()) {
        (Job::Write(snapshot), _) => snapshot.encode()?,
        (Job::Retry, Some(checkpoint)) => checkpoint,
        (Job::Retry, None) => return Err(lost()),
    };
    match folder.publish(&checkpoint) {
        Ok(()) => Ok(checkpoint.step()),
        Err(err) => {
            *failed = Some(checkpoint);
            Err(err)
        }
    }
}

fn lost() -> TrainError {
    TrainError::Execution("the thread that writes checkpoints ended early".to_owned())
}
