//! Which runs are ticked: shown in Curves and selected for Compare.
//!
//! Every ticked run has a color slot, which it keeps while it is ticked.

use serde::{Deserialize, Serialize};

/// A ticked run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Shown {
    run: String,
    slot: usize,
    by_user: bool,
}

/// The ticked runs, in the order in which they were ticked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunSelection {
    shown: Vec<Shown>,
    touched: bool,
}

impl RunSelection {
    /// Whether a run is ticked.
    pub fn contains(&self, run: &str) -> bool {
        self.shown.iter().any(|shown| shown.run == run)
    }

    /// Number of ticked runs.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether no run is ticked.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Whether the user ever ticked or unticked a run.
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    /// Ticked runs with their color slots.
    pub fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.shown
            .iter()
            .map(|shown| (shown.run.as_str(), shown.slot))
    }

    /// Names of the ticked runs.
    pub fn names(&self) -> Vec<String> {
        self.shown.iter().map(|shown| shown.run.clone()).collect()
    }

    /// Color slot of a ticked run.
    pub fn slot(&self, run: &str) -> Option<usize> {
        self.shown
            .iter()
            .find(|shown| shown.run == run)
            .map(|shown| shown.slot)
    }

    /// Ticks or unticks a run for the user.
    pub fn set(&mut self, run: &str, ticked: bool) {
        self.touched = true;
        self.shown.retain(|shown| shown.run != run);
        if ticked {
            self.push(run, true);
        }
    }

    /// Ticks a run that has started; unticks runs ticked this way before, except `keep`.
    pub fn show_new(&mut self, run: &str, keep: &[String]) {
        self.shown
            .retain(|shown| shown.by_user || shown.run == run || keep.contains(&shown.run));
        if !self.contains(run) {
            self.push(run, false);
        }
    }

    /// Unticks runs that no longer exist.
    pub fn retain(&mut self, exists: impl Fn(&str) -> bool) {
        self.shown.retain(|shown| exists(&shown.run));
    }

    fn push(&mut self, run: &str, by_user: bool) {
        let slot = (0..=self.shown.len())
            .find(|slot| self.shown.iter().all(|shown| shown.slot != *slot))
            .unwrap_or_default();
        self.shown.push(Shown {
            run: run.to_owned(),
            slot,
            by_user,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_stay_and_are_used_again() {
        let mut selection = RunSelection::default();
        for run in ["a", "b", "c"] {
            selection.set(run, true);
        }
        selection.set("b", false);
        assert_eq!(
            (
                selection.slot("a"),
                selection.slot("b"),
                selection.slot("c")
            ),
            (Some(0), None, Some(2))
        );
        selection.set("d", true);
        assert_eq!(selection.slot("d"), Some(1));
        assert_eq!(selection.names(), ["a", "c", "d"]);
    }

    #[test]
    fn a_new_run_replaces_earlier_new_runs_but_not_the_users() {
        let mut selection = RunSelection::default();
        selection.show_new("first", &[]);
        assert!(!selection.is_touched());
        selection.set("mine", true);
        selection.show_new("second", &[]);
        assert_eq!(selection.names(), ["mine", "second"]);
        let plan = ["second".to_owned()];
        selection.show_new("third", &plan);
        assert_eq!(selection.names(), ["mine", "second", "third"]);
        selection.show_new("third", &plan);
        assert_eq!(selection.len(), 3);
    }

    #[test]
    fn deleted_runs_are_unticked() {
        let mut selection = RunSelection::default();
        selection.set("gone", true);
        selection.set("here", true);
        selection.retain(|run| run == "here");
        assert_eq!(selection.names(), ["here"]);
    }
}
