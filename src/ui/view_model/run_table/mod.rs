//! The table of runs: its columns, and which rows it has in which order. Must not know about
//! widgets.

mod search;
mod widths;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::format;
use crate::engine::{InitialWeights, RunSnapshot, RunState};

pub use search::SearchTexts;
pub use widths::ColumnWidths;

/// A column of the table, in the order in which they are shown: first what tells runs from each
/// other and how they went, which must be in sight in a narrow panel too.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, VariantArray,
)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    Name,
    State,
    BestMiou,
    Started,
    Duration,
    Dataset,
    Network,
    Settings,
    Epochs,
    Steps,
    Loss,
    LearningRate,
    BatchSize,
    Seed,
    Device,
    StartsFrom,
    Tags,
    Note,
    Folder,
}

/// What a table is sorted by. What is missing comes last in both directions.
#[derive(Debug, Clone, PartialEq)]
enum Key {
    Number(Option<f64>),
    Text(String),
}

impl Column {
    /// The columns before somebody chooses others.
    pub const DEFAULT: [Self; 8] = [
        Self::Name,
        Self::State,
        Self::BestMiou,
        Self::Started,
        Self::Duration,
        Self::Dataset,
        Self::Network,
        Self::Settings,
    ];

    /// The text of its header.
    pub fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Dataset => "Dataset",
            Self::Network => "Network",
            Self::Settings => "Settings",
            Self::BestMiou => "Best mIoU",
            Self::State => "State",
            Self::Started => "Started (UTC)",
            Self::Duration => "Duration",
            Self::Epochs => "Epochs",
            Self::Steps => "Steps",
            Self::Loss => "Last loss",
            Self::LearningRate => "Learning rate",
            Self::BatchSize => "Batch size",
            Self::Seed => "Seed",
            Self::Device => "Device",
            Self::StartsFrom => "Starts from",
            Self::Tags => "Tags",
            Self::Note => "Note",
            Self::Folder => "Folder",
        }
    }

    /// Whether it is read from the right.
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Self::BestMiou
                | Self::Duration
                | Self::Epochs
                | Self::Steps
                | Self::Loss
                | Self::LearningRate
                | Self::BatchSize
                | Self::Seed
        )
    }

    /// What it says of a run.
    pub fn text(self, run: &RunSnapshot) -> String {
        let config = &run.config;
        match self {
            Self::Name if run.notes.name.is_empty() => {
                format!("{} on {}", config.variant, run.dataset_name)
            }
            Self::Name => run.notes.name.clone(),
            Self::Dataset => run.dataset_name.clone(),
            Self::Network => format!("{} {}", config.variant, config.trunk),
            Self::Settings => format!(
                "lr {} · batch {} · {}",
                format::setting(config.learning.learning_rate),
                config.batch_size,
                length(run)
            ),
            Self::BestMiou => format::percent(best(run)),
            Self::State => state_word(run).to_owned(),
            Self::Started => run.started_text(),
            Self::Duration => format::duration(run.trained_secs()),
            Self::Epochs => format!("{} of {}", run.epochs.len(), config.epochs),
            Self::Steps => format::count(run.steps_done()),
            Self::Loss => format::loss(run.steps.last().map(|step| step.loss)),
            Self::LearningRate => format::setting(config.learning.learning_rate),
            Self::BatchSize => config.batch_size.to_string(),
            Self::Seed => config.seed.to_string(),
            Self::Device => config.device.to_string(),
            Self::StartsFrom => match &config.init {
                InitialWeights::Random => "random weights".to_owned(),
                InitialWeights::Run(parent) => parent.clone(),
                InitialWeights::File(path) => path.file_name().map_or_else(
                    || path.display().to_string(),
                    |name| name.to_string_lossy().into_owned(),
                ),
            },
            Self::Tags => run.notes.tags.join(", "),
            Self::Note => run.notes.note.replace('\n', " "),
            Self::Folder => run.name.clone(),
        }
    }

    fn key(self, run: &RunSnapshot) -> Key {
        let number = |value: f64| Key::Number(Some(value));
        match self {
            Self::BestMiou => Key::Number(best(run)),
            Self::Started => number(run.created as f64),
            Self::Duration => number(run.trained_secs()),
            Self::Epochs => number(run.epochs.len() as f64),
            Self::Steps => number(run.steps_done() as f64),
            Self::Loss => Key::Number(run.steps.last().map(|step| step.loss)),
            Self::Settings | Self::LearningRate => number(run.config.learning.learning_rate),
            Self::BatchSize => number(run.config.batch_size as f64),
            Self::Seed => number(run.config.seed as f64),
            column => Key::Text(column.text(run).to_lowercase()),
        }
    }
}

fn best(run: &RunSnapshot) -> Option<f64> {
    run.best()?.scores.mean_iu
}

fn length(run: &RunSnapshot) -> String {
    match run.config.max_steps {
        Some(steps) => format::plural(steps, "step", "steps"),
        None => format::plural(run.config.epochs, "epoch", "epochs"),
    }
}

/// The state in one word. A finished run without steps was made of a weights file.
pub fn state_word(run: &RunSnapshot) -> &'static str {
    if run.steps.is_empty() && run.epochs.is_empty() && run.state == RunState::Finished {
        "imported"
    } else {
        run.state.word()
    }
}

/// The words of [`state_word`], to filter by.
pub const STATES: [&str; 6] = [
    "active",
    "finished",
    "stopped",
    "failed",
    "interrupted",
    "imported",
];

/// Which runs the table shows, and in which order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Words that must all be there, in any column or the folder's name.
    #[serde(skip)]
    pub search: String,
    /// One of [`STATES`]; `None` = all.
    pub state: Option<String>,
    /// Whether archived runs are shown too.
    pub archived: bool,
    /// What the rows are sorted by.
    pub sort: Column,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            search: String::new(),
            state: None,
            archived: false,
            sort: Column::Started,
            descending: true,
        }
    }
}

impl Query {
    /// The rows of the table.
    pub fn rows<'a>(
        &self,
        runs: &'a [RunSnapshot],
        texts: &mut SearchTexts,
    ) -> Vec<&'a RunSnapshot> {
        texts.shrink(runs.len());
        let search = self.search.to_lowercase();
        let words: Vec<&str> = search.split_whitespace().collect();
        let mut rows: Vec<(Key, &RunSnapshot)> = runs
            .iter()
            .filter(|run| self.archived || !run.notes.archived)
            .filter(|run| {
                self.state
                    .as_deref()
                    .is_none_or(|state| state == state_word(run))
            })
            .filter(|run| texts.has_words(run, &words))
            .map(|run| (self.sort.key(run), run))
            .collect();
        rows.sort_by(|(left, a), (right, b)| {
            order(left, right, self.descending)
                .then_with(|| (b.created, &b.name).cmp(&(a.created, &a.name)))
        });
        rows.into_iter().map(|(_, run)| run).collect()
    }

    /// Sorts by another column, or the other way round.
    pub fn sort_by(&mut self, column: Column) {
        if self.sort == column {
            self.descending = !self.descending;
        } else {
            self.sort = column;
            // Of numbers and dates people look for the largest.
            self.descending = column.is_number() || column == Column::Started;
        }
    }

    /// Whether something is left out on purpose.
    pub fn is_filtered(&self) -> bool {
        self.state.is_some() || !self.search.trim().is_empty()
    }
}

fn order(left: &Key, right: &Key, descending: bool) -> Ordering {
    let turned = |order: Ordering| if descending { order.reverse() } else { order };
    match (left, right) {
        (Key::Number(Some(left)), Key::Number(Some(right))) => turned(left.total_cmp(right)),
        (Key::Number(left), Key::Number(right)) => right.is_some().cmp(&left.is_some()),
        (Key::Text(left), Key::Text(right)) => match (left.is_empty(), right.is_empty()) {
            (false, false) => turned(left.cmp(right)),
            (left, right) => left.cmp(&right),
        },
        // One column has one kind of key.
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::test_runs::run;

    fn names<'a>(query: &Query, runs: &'a [RunSnapshot]) -> Vec<&'a str> {
        query
            .rows(runs, &mut SearchTexts::default())
            .iter()
            .map(|run| run.name.as_str())
            .collect()
    }

    #[test]
    fn every_word_must_be_somewhere() {
        let mut runs = vec![run("a", 1), run("b", 2)];
        runs[1].notes.tags = vec!["Baseline".to_owned()];
        runs[1].notes.name = "my run".to_owned();
        let mut query = Query::default();
        assert_eq!(names(&query, &runs), ["b", "a"]);
        query.search = " vgg16 baseline".to_owned();
        assert_eq!(names(&query, &runs), ["b"]);
        query.search = "baseline nothing".to_owned();
        assert!(names(&query, &runs).is_empty() && query.is_filtered());
    }

    #[test]
    fn archived_runs_and_other_states_are_left_out() {
        let mut runs = vec![run("a", 1), run("b", 2), run("c", 3)];
        runs[0].notes.archived = true;
        runs[1].state = RunState::Stopped;
        let mut query = Query::default();
        assert_eq!(names(&query, &runs), ["c", "b"]);
        query.archived = true;
        assert_eq!(names(&query, &runs), ["c", "b", "a"]);
        query.state = Some("stopped".to_owned());
        assert_eq!(names(&query, &runs), ["b"]);
    }

    #[test]
    fn what_is_missing_comes_last_both_ways() {
        let mut runs = vec![run("a", 1), run("b", 2), run("c", 3)];
        for (run, tag) in runs.iter_mut().zip(["y", "", "x"]) {
            run.notes.tags = vec![tag.to_owned()];
        }
        let mut query = Query::default();
        query.sort_by(Column::Tags);
        assert_eq!(names(&query, &runs), ["c", "a", "b"]);
        query.sort_by(Column::Tags);
        assert_eq!(names(&query, &runs), ["a", "c", "b"]);
        let number = |value| Key::Number(value);
        for descending in [false, true] {
            assert_eq!(
                order(&number(None), &number(Some(1.0)), descending),
                Ordering::Greater
            );
        }
        query.sort_by(Column::Seed);
        assert!(query.descending);
    }

    #[test]
    fn a_row_says_what_people_say() {
        let run = run("20261123-140501-fcn8s-vgg16-slim", 1_795_442_701);
        let text = |column: Column| column.text(&run);
        assert_eq!(text(Column::Name), "FCN-8s on sample");
        assert_eq!(text(Column::Network), "FCN-8s VGG16 slim");
        assert_eq!(text(Column::Settings), "lr 0.05 · batch 4 · 40 epochs");
        assert_eq!(text(Column::Started), "2026-11-23 14:05:01");
        assert_eq!(text(Column::BestMiou), format::MISSING);
        assert_eq!(text(Column::State), "imported");
    }
}
