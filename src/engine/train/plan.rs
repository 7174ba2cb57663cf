//! Runs that are trained one after another, and what is left of them after a stop.

use std::collections::VecDeque;

use crate::training::RunConfig;

/// Runs that are trained one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Names of the runs started so far.
    pub runs: Vec<String>,
    /// Runs in all.
    pub total: usize,
    /// Whether it is over, by its end, a stop or a failure.
    pub done: bool,
}

/// A plan that was stopped, or of which a run failed, before its last run was done.
#[derive(Debug, Clone, PartialEq)]
pub struct RestOfPlan {
    /// The run that did not end; empty where its folder was not made.
    pub run: String,
    /// Its settings.
    pub config: RunConfig,
    /// The runs behind it.
    pub waiting: VecDeque<RunConfig>,
    /// Whether each run starts from the one before.
    pub(super) staged: bool,
    pub(super) plan: Plan,
}
