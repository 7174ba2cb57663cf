//! Which runs are ticked: shown in Curves and selected for Compare.
//!
//! A run gets a color slot when it is ticked or evaluated for the first time, and keeps it for ever.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::plots::NUM_LOOKS;

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
    /// The slot of every run that was ever ticked or evaluated.
    slots: BTreeMap<String, usize>,
}

/// Color slots that look different; with more runs, some look alike.
pub const NUM_SLOTS: usize = NUM_LOOKS;

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

    /// Color slot of a run that is or was ticked.
    pub fn slot(&self, run: &str) -> Option<usize> {
        let shown = self.shown.iter().find(|shown| shown.run == run);
        shown
            .map(|shown| shown.slot)
            .or_else(|| self.slots.get(run).copied())
    }

    /// Color slot of a run; one that was never ticked gets it now, and keeps it as if it had been.
    pub fn lasting_slot(&mut self, run: &str) -> usize {
        let slot = self.slot(run).unwrap_or_else(|| self.rarest_slot());
        self.slots.entry(run.to_owned()).or_insert(slot);
        slot
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

    fn push(&mut self, run: &str, by_user: bool) {
        let slot = self.lasting_slot(run);
        self.shown.push(Shown {
            run: run.to_owned(),
            slot,
            by_user,
        });
    }

    /// The first of the slots that the fewest runs have.
    fn rarest_slot(&self) -> usize {
        let mut taken = [0_usize; NUM_SLOTS];
        for slot in self.slots.values() {
            taken[slot % NUM_SLOTS] += 1;
        }
        // States of earlier versions know the slots of ticked runs alone.
        for shown in &self.shown {
            if !self.slots.contains_key(&shown.run) {
                taken[shown.slot % NUM_SLOTS] += 1;
            }
        }
        (0..NUM_SLOTS)
            .min_by_key(|slot| taken[*slot])
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_never_ticked_keeps_its_color_too() {
        let mut selection = RunSelection::default();
        selection.set("a", true);
        assert_eq!(selection.lasting_slot("b"), 1);
        assert_eq!(selection.lasting_slot("a"), 0);
        assert_eq!(
            (selection.slot("b"), selection.contains("b")),
            (Some(1), false)
        );
        selection.set("c", true);
        selection.set("b", true);
        assert_eq!(
            ["a", "b", "c"].map(|run| selection.slot(run)),
            [Some(0), Some(1), Some(2)]
        );
    }

    #[test]
    fn a_run_keeps_its_color_for_ever() {
        let mut selection = RunSelection::default();
        for run in ["a", "b", "c"] {
            selection.set(run, true);
        }
        selection.set("b", false);
        selection.set("d", true);
        let saved = serde_json::to_string(&selection).unwrap();
        let mut selection: RunSelection = serde_json::from_str(&saved).unwrap();
        let slots = ["a", "b", "c", "d"].map(|run| selection.slot(run));
        assert_eq!(slots, [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(
            (selection.slot("e"), selection.contains("b")),
            (None, false)
        );
        selection.set("b", true);
        assert_eq!(selection.names(), ["a", "c", "d", "b"]);
        assert_eq!(selection.slot("b"), Some(1));
    }

    #[test]
    fn with_many_runs_slots_are_shared_evenly() {
        let mut selection = RunSelection::default();
        for run in 0..=2 * NUM_SLOTS {
            selection.set(&run.to_string(), true);
        }
        let slots: Vec<usize> = selection.iter().map(|(_, slot)| slot).collect();
        assert_eq!(slots[..3], [0, 1, 2]);
        assert_eq!((slots[NUM_SLOTS], slots[2 * NUM_SLOTS]), (0, 0));
    }

    #[test]
    fn colors_of_earlier_versions_stay() {
        let saved = r#"{"shown":[{"run":"old","slot":5,"by_user":true}],"touched":true}"#;
        let mut selection: RunSelection = serde_json::from_str(saved).unwrap();
        selection.set("new", true);
        assert_eq!(
            (selection.slot("old"), selection.slot("new")),
            (Some(5), Some(0))
        );
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
}
