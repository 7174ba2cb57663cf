//! Runs that other programs train: what is told of them.

use crate::engine::{Engine, NoticeLevel, RunSnapshot, RunState};

/// What was seen of the runs of other programs.
#[derive(Default)]
pub struct Followed {
    /// Those that were trained when the runs were looked at last.
    trained: Vec<String>,
    /// The newest run then; `None` before the runs are known.
    newest: Option<String>,
    /// Whether an interrupted run was announced, once the runs are known.
    pub interrupted_told: bool,
}

/// What has happened to them since.
#[derive(Default)]
pub struct FollowedNews {
    /// The newest of those that have begun.
    pub begun: Option<String>,
    /// What is said of those that have ended.
    pub ended: Vec<(NoticeLevel, String)>,
}

impl Followed {
    /// Looks at the runs again.
    pub fn look(&mut self, engine: &Engine) -> FollowedNews {
        let mut news = FollowedNews::default();
        if !engine.runs_known() {
            return news;
        }
        let own = engine.active().map(|active| active.run.as_str());
        for name in &self.trained {
            let run = engine.run(name).filter(|_| own != Some(name.as_str()));
            news.ended.extend(run.and_then(ending));
        }
        let now = engine.followed();
        let newest = engine.runs().first().map(|run| run.name.clone());
        if let Some(before) = &self.newest {
            let is_new = |run: &&RunSnapshot| run.name != *before;
            for run in engine.runs().iter().take_while(is_new) {
                // It failed between two looks.
                let is_own = engine
                    .plan()
                    .is_some_and(|plan| plan.runs.contains(&run.name));
                let failed = matches!(run.state, RunState::Failed(_)) && !is_own;
                if failed && !self.trained.contains(&run.name) {
                    news.ended.extend(ending(run));
                }
            }
        }
        news.begun = now
            .clone()
            .map(|run| run.name.clone())
            .find(|name| !self.trained.contains(name));
        self.trained = now.map(|run| run.name.clone()).collect();
        self.newest = newest.or_else(|| Some(String::new()));
        news
    }
}

/// What is said of the end of a run; `None` while it is trained.
fn ending(run: &RunSnapshot) -> Option<(NoticeLevel, String)> {
    let title = run.title();
    Some(match &run.state {
        RunState::Active => return None,
        RunState::Finished => (
            NoticeLevel::Info,
            format!("{title}, trained by another program, is finished"),
        ),
        RunState::Stopped => (
            NoticeLevel::Info,
            format!("{title}, trained by another program, was stopped"),
        ),
        RunState::Failed(message) => (
            NoticeLevel::Error,
            format!("{title}, trained by another program, failed: {message}"),
        ),
        RunState::Interrupted => (
            NoticeLevel::Warning,
            format!(
                "{title}: the program that trained it has ended without a result. Resume it in Runs"
            ),
        ),
    })
}
