//! What is told outside of the program when a run ends: a notification of the desktop, and a message
//! to an address that a person gave. Nothing is sent anywhere else.

mod desktop;
mod webhook;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::runs::{RunSnapshot, RunState};
use super::tasks::{Task, spawn_thread};
use super::{Engine, EngineError};
pub use webhook::{WebhookError, check_webhook};

/// Who is told when a run ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notifications {
    /// Whether the desktop shows it.
    pub desktop: bool,
    /// An `http` or `https` address to which a JSON object is posted; empty = none.
    pub webhook: String,
}

impl Notifications {
    /// Why the desktop will show nothing although it should, and that one can do `instead`; `None` = it can, as
    /// far as is known.
    pub fn problem(&self, instead: &str) -> Option<String> {
        let problem = desktop::problem(instead).filter(|_| self.desktop)?;
        Some(format!("no notification will be shown: {problem}"))
    }
}

/// What is told of a run that has ended: the body of the message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunEnded {
    /// Always `run_ended`.
    pub event: &'static str,
    /// Name of its folder.
    pub run: String,
    /// What people call it.
    pub title: String,
    /// `finished`, `stopped` or `failed`.
    pub state: &'static str,
    /// Why it failed.
    pub message: Option<String>,
    /// Steps that are done.
    pub steps: usize,
    /// Epochs that are done.
    pub epochs: usize,
    /// The best of these.
    pub best_epoch: Option<usize>,
    /// mIoU of that on the validation images.
    pub mean_iu: Option<f64>,
    /// Seconds of training.
    pub trained_secs: f64,
    /// Runs of the plan or the queue that are trained next.
    pub waiting: usize,
}

impl RunEnded {
    /// Of a run that has just ended.
    pub(super) fn of(run: &RunSnapshot, waiting: usize) -> Self {
        let best = run.best();
        Self {
            event: "run_ended",
            run: run.name.clone(),
            title: run.title(),
            state: run.state.word(),
            message: run.state.message().map(str::to_owned),
            steps: run.steps_done(),
            epochs: run.epochs.len(),
            best_epoch: best.map(|best| best.epoch),
            mean_iu: best.and_then(|best| best.scores.mean_iu),
            trained_secs: run.trained_secs(),
            waiting,
        }
    }

    /// Of a run that failed before its folder was made.
    pub(super) fn before_its_start(message: &str, waiting: usize) -> Self {
        Self {
            event: "run_ended",
            run: String::new(),
            title: "The run".to_owned(),
            state: RunState::Failed(String::new()).word(),
            message: Some(message.to_owned()),
            steps: 0,
            epochs: 0,
            best_epoch: None,
            mean_iu: None,
            trained_secs: 0.0,
            waiting,
        }
    }

    /// One line for the desktop.
    fn text(&self) -> String {
        match (&self.message, self.mean_iu) {
            (Some(message), _) => message.clone(),
            (None, Some(share)) => {
                format!("Best validation mIoU {}", crate::text::percent(share))
            }
            (None, None) => crate::text::plural(self.steps, "step", "steps"),
        }
    }
}

/// How long the end of the program waits for messages.
const PATIENCE: Duration = Duration::from_secs(15);

/// Messages on their way; an error says why one was not shown or taken.
#[derive(Default)]
pub(super) struct Sending(Vec<Task<Result<(), String>>>);

impl Engine {
    /// Tells these from now on when a run ends.
    pub fn set_notifications(&mut self, wanted: Notifications) {
        self.notifications = wanted;
    }

    /// Sends what is sent when a run ends, to try it.
    ///
    /// # Errors
    /// When it is no address, or nothing there takes the message.
    pub fn try_webhook(&self, url: &str) -> Task<Result<(), EngineError>> {
        let url = url.trim().to_owned();
        let body = RunEnded {
            title: "A test of FCN Workbench".to_owned(),
            message: None,
            state: "finished",
            ..RunEnded::before_its_start("", 0)
        };
        self.spawn_waiting("webhook", move |_| Ok(webhook::post(&url, &body)?))
    }

    /// Tells of runs that have ended. Stops are not told: who stops a run knows it.
    pub(super) fn tell_ended(&mut self) {
        for ended in self.trainer.take_ended() {
            if ended.state == "stopped" {
                continue;
            }
            let Notifications { desktop, webhook } = self.notifications.clone();
            if desktop {
                let what = format!("{} {}", ended.title, ended.state);
                let text = ended.text();
                self.start_sending("notification", move || desktop::show(&what, &text));
            }
            let url = webhook.trim().to_owned();
            if !url.is_empty() {
                self.start_sending("webhook", move || {
                    webhook::post(&url, &ended).map_err(|err| err.to_string())
                });
            }
        }
        let mut problems = Vec::new();
        self.sending.0.retain_mut(|task| match task.poll() {
            super::Poll::Pending => true,
            super::Poll::Ready(Err(problem)) => {
                problems.push(problem);
                false
            }
            super::Poll::Ready(Ok(())) | super::Poll::Lost => false,
        });
        for problem in problems {
            self.notify(super::NoticeLevel::Warning, problem);
        }
    }

    fn start_sending(
        &mut self,
        name: &'static str,
        send: impl FnOnce() -> Result<(), String> + Send + 'static,
    ) {
        let task = spawn_thread(&self.waker, name, move |_| send());
        self.sending.0.push(task);
    }

    /// Waits until messages are sent, for a program that ends; not for ever.
    pub fn finish_notifications(&mut self) {
        let since = Instant::now();
        while !self.sending.0.is_empty() && since.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
            self.tell_ended();
        }
    }
}
