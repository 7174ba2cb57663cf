//! Which runs can be compared, and in which order.

use std::cmp::Reverse;

use super::RunSnapshot;
use crate::engine::{DatasetState, Engine};

impl RunSnapshot {
    /// Whether the scores of both are of the same dataset with the same classes, so that one of them can
    /// be called the better one.
    pub fn is_scored_like(&self, other: &Self) -> bool {
        self.config.dataset == other.config.dataset && self.classes == other.classes
    }

    /// The place of a run among compared ones: coarse to fine, the older first. With it the last one
    /// gains on the first what the skips bring.
    pub fn coarse_to_fine(&self) -> impl Ord + use<> {
        let stride = Reverse(self.config.variant.stride());
        (stride, self.created, self.name.clone())
    }
}

impl Engine {
    /// The newest runs with weights that were trained on the open dataset, at most `count`, coarse to
    /// fine. Where there is none, those that were trained on the dataset of the newest run.
    pub fn newest_comparable(&self, count: usize) -> Vec<String> {
        let of_open = |run: &RunSnapshot| match &self.dataset {
            DatasetState::Ready(open) => run.config.dataset == open.which,
            _ => false,
        };
        let mut candidates = self.runs_with_weights();
        let Some(reference) = candidates
            .find(|run| of_open(run))
            .or_else(|| self.runs_with_weights().next())
        else {
            return Vec::new();
        };
        let comparable = self
            .runs_with_weights()
            .filter(|run| run.is_scored_like(reference));
        let mut runs: Vec<&RunSnapshot> = comparable.take(count).collect();
        runs.sort_by_key(|run| run.coarse_to_fine());
        runs.into_iter().map(|run| run.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::test_runs::run;
    use crate::engine::{ClassList, DatasetRef, Variant};

    #[test]
    fn scores_are_comparable_on_one_dataset_with_the_same_classes() {
        let (a, mut b) = (run("a", 1), run("b", 2));
        assert!(a.is_scored_like(&b));
        b.classes = Arc::new(ClassList::numbered(3));
        assert!(!a.is_scored_like(&b));
        b = run("b", 2);
        b.config.dataset = DatasetRef::Folder("/data/streets".into());
        assert!(!a.is_scored_like(&b));
    }

    #[test]
    fn compared_runs_go_from_coarse_to_fine_and_from_old_to_new() {
        let of = |name, created, variant| {
            let mut run = run(name, created);
            run.config.variant = variant;
            run
        };
        let mut runs = [
            of("new 8s", 9, Variant::Fcn8s),
            of("16s", 5, Variant::Fcn16s),
            of("old 8s", 1, Variant::Fcn8s),
            of("32s", 7, Variant::Fcn32s),
        ];
        runs.sort_by_key(RunSnapshot::coarse_to_fine);
        let names = runs.each_ref().map(|run| run.name.as_str());
        assert_eq!(names, ["32s", "16s", "old 8s", "new 8s"]);
    }
}
