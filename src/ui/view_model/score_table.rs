//! Rows of the comparison table.

use super::ClassColors;
use crate::engine::{ClassList, EpochRecord, RunSnapshot, Scores};

/// Headers of [`ScoreRow::values`], in the order of [`Scores::means`].
pub const SCORE_NAMES: [&str; 4] = ["Pixel acc.", "Mean acc.", "mIoU", "f.w. IoU"];

/// One value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// `0.0..=1.0`; `None` if there is nothing to score.
    pub value: Option<f64>,
    /// Whether it is the highest of two or more values of its column that are of one dataset.
    pub best: bool,
}

/// The scores of one run on its whole validation set, at its best epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRow {
    /// Title of the run.
    pub title: String,
    /// Name of the dataset that it was scored on.
    pub dataset: String,
    /// FCN-32s, FCN-16s or FCN-8s.
    pub variant: String,
    /// Name of the trunk.
    pub trunk: String,
    /// Epochs trained so far, and the best of them.
    pub epochs: usize,
    /// The epoch the scores are from.
    pub best_epoch: Option<usize>,
    /// In the order of [`SCORE_NAMES`].
    pub values: [Cell; 4],
}

/// Intersection over union of one class in every run.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassRow {
    /// Name of the class.
    pub name: String,
    /// Color as RGB.
    pub color: [u8; 3],
    /// One for each run, in their order.
    pub cells: Vec<Cell>,
}

/// What the comparison shows below the images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScoreTable {
    /// One for each run.
    pub rows: Vec<ScoreRow>,
    /// One for each class of any run, in the order of the first run that has it.
    pub classes: Vec<ClassRow>,
    /// Whether the runs were scored on several datasets; each has a best of its own then.
    pub is_mixed: bool,
}

impl ScoreTable {
    /// What the scores are of.
    pub fn heading(&self) -> String {
        let scored = self.rows.iter().filter(|row| row.best_epoch.is_some());
        let mut names: Vec<&str> = Vec::new();
        for row in scored {
            if !names.contains(&row.dataset.as_str()) {
                names.push(&row.dataset);
            }
        }
        let sets = match &names[..] {
            [] => "Whole validation set".to_owned(),
            [name] => format!("Whole validation set of {name}"),
            [first @ .., last] => {
                format!("Whole validation sets of {} and {last}", first.join(", "))
            }
        };
        format!("{sets}, best epoch of each run")
    }

    /// Puts the best epochs of `runs` side by side.
    pub fn new(runs: &[&RunSnapshot], colors: &ClassColors) -> Self {
        let best: Vec<_> = runs.iter().map(|run| run.best()).collect();
        let groups: Vec<usize> = runs
            .iter()
            .map(|run| {
                let like = |other: &&RunSnapshot| run.is_scored_like(other);
                runs.iter().position(like).unwrap_or_default()
            })
            .collect();
        let columns = best_of_columns(&best, &groups);
        let rows = runs
            .iter()
            .zip(&best)
            .enumerate()
            .map(|(i, (run, best))| ScoreRow {
                title: run.title(),
                dataset: run.dataset_name.clone(),
                variant: run.config.variant.to_string(),
                trunk: run.config.trunk.to_string(),
                epochs: run.epochs.len(),
                best_epoch: best.map(|record| record.epoch),
                values: columns.each_ref().map(|column| column[i]),
            })
            .collect();
        let classes: Vec<_> = runs.iter().map(|run| colors.of(&run.classes)).collect();
        let scored: Vec<_> = classes
            .iter()
            .zip(&best)
            .map(|(classes, best)| (&**classes, best.map(|record| &record.scores)))
            .collect();
        Self {
            rows,
            classes: class_rows(&scored, &groups),
            is_mixed: groups.iter().any(|group| *group != 0),
        }
    }
}

fn best_of_columns(best: &[Option<&EpochRecord>], groups: &[usize]) -> [Vec<Cell>; 4] {
    let column = |index: usize| {
        mark_best(
            best.iter()
                .map(|record| record.as_ref()?.scores.means()[index]),
            groups,
        )
    };
    [0, 1, 2, 3].map(column)
}

/// Matches classes by name: the runs may come from different datasets.
fn class_rows(runs: &[(&ClassList, Option<&Scores>)], groups: &[usize]) -> Vec<ClassRow> {
    let mut rows: Vec<ClassRow> = Vec::new();
    for class in runs.iter().flat_map(|(classes, _)| classes.iter()) {
        if rows.iter().any(|row| row.name == class.name) {
            continue;
        }
        let values = runs.iter().map(|(classes, scores)| {
            let label = classes.iter().position(|c| c.name == class.name)?;
            *scores.as_ref()?.class_iu.get(label)?
        });
        rows.push(ClassRow {
            name: class.name.clone(),
            color: class.color,
            cells: mark_best(values, groups),
        });
    }
    rows
}

/// Marks the highest value of each group, with ties, if there are two or more values in it.
fn mark_best(values: impl Iterator<Item = Option<f64>>, groups: &[usize]) -> Vec<Cell> {
    let values: Vec<_> = values.collect();
    let is_best = |value: f64, group: usize| {
        let rivals = values.iter().zip(groups);
        let rivals = rivals.filter_map(|(rival, of)| rival.filter(|_| *of == group));
        let (mut count, mut highest) = (0, f64::MIN);
        for rival in rivals {
            count += 1;
            highest = highest.max(rival);
        }
        count > 1 && value >= highest
    };
    let cells = values.iter().zip(groups).map(|(value, group)| Cell {
        value: *value,
        best: value.is_some_and(|value| is_best(value, *group)),
    });
    cells.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::DatasetRef;
    use crate::engine::test_runs::run;

    fn bold(values: &[Option<f64>]) -> Vec<bool> {
        mark_best(values.iter().copied(), &vec![0; values.len()])
            .iter()
            .map(|cell| cell.best)
            .collect()
    }

    fn classes(names: &[&str]) -> ClassList {
        let classes: Vec<_> = names
            .iter()
            .map(|name| serde_json::json!({"name": name, "color": [1, 2, 3]}))
            .collect();
        serde_json::from_value(classes.into()).unwrap()
    }

    #[test]
    fn the_highest_of_a_column_is_best() {
        assert_eq!(bold(&[Some(0.1), Some(0.3), None]), [false, true, false]);
        assert_eq!(bold(&[Some(0.3), Some(0.3)]), [true, true]);
    }

    #[test]
    fn the_heading_names_the_datasets_that_have_scores() {
        let table = |sets: &[(&str, Option<usize>)]| {
            let row = |(dataset, best_epoch): &(&str, Option<usize>)| ScoreRow {
                title: String::new(),
                dataset: (*dataset).to_owned(),
                variant: String::new(),
                trunk: String::new(),
                epochs: 1,
                best_epoch: *best_epoch,
                values: [Cell {
                    value: None,
                    best: false,
                }; 4],
            };
            ScoreTable {
                rows: sets.iter().map(row).collect(),
                ..ScoreTable::default()
            }
        };
        let one = table(&[("sample", Some(1)), ("sample", Some(2)), ("street", None)]);
        let text = "Whole validation set of sample, best epoch of each run";
        assert_eq!(one.heading(), text);
        let three = table(&[
            ("a", Some(1)),
            ("b", Some(1)),
            ("a", Some(1)),
            ("c", Some(1)),
        ]);
        let text = "Whole validation sets of a, b and c, best epoch of each run";
        assert_eq!(three.heading(), text);
        let none = "Whole validation set, best epoch of each run";
        assert_eq!(table(&[("a", None)]).heading(), none);
    }

    #[test]
    fn scores_of_other_datasets_are_no_rivals() {
        let values = [0.3, 0.9, 0.4, 0.8].map(Some);
        let cells = mark_best(values.into_iter(), &[0, 1, 0, 1]);
        let best: Vec<bool> = cells.iter().map(|cell| cell.best).collect();
        assert_eq!(best, [false, true, true, false]);

        let (sample, mut street) = (run("a", 1), run("b", 2));
        let colors = ClassColors::default();
        assert!(!ScoreTable::new(&[&sample, &sample], &colors).is_mixed);
        street.config.dataset = DatasetRef::Folder("/data/street".into());
        let table = ScoreTable::new(&[&sample, &street], &colors);
        assert!(table.is_mixed);
    }

    #[test]
    fn one_value_alone_is_not_best() {
        assert_eq!(bold(&[Some(0.3), None]), [false, false]);
        assert_eq!(bold(&[]), [false; 0]);
    }

    #[test]
    fn classes_are_matched_by_name() {
        let (first, second) = (classes(&["sky", "car"]), classes(&["car", "tree"]));
        let scores = |class_iu: &[Option<f64>]| Scores {
            class_iu: class_iu.to_vec(),
            ..Scores::default()
        };
        let (a, b) = (scores(&[Some(0.9), Some(0.2)]), scores(&[Some(0.4), None]));

        let rows = class_rows(&[(&first, Some(&a)), (&second, Some(&b))], &[0, 0]);

        let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["sky", "car", "tree"]);
        let values = |i: usize| rows[i].cells.iter().map(|c| c.value).collect::<Vec<_>>();
        assert_eq!(values(0), [Some(0.9), None]);
        assert_eq!(values(1), [Some(0.2), Some(0.4)]);
        assert_eq!(values(2), [None, None]);
        assert!(rows[1].cells[1].best && !rows[1].cells[0].best);
    }
}
