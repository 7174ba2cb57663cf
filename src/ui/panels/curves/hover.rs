//! The values at the place under the pointer: of all runs, or of all classes of one.

use std::collections::BTreeMap;

use super::Shown;
use super::hover_table::{HoverTable, Row};
use crate::engine::plots::Figure;
use crate::engine::plots::curves::RunCurves;
use crate::ui::view_model::format;

const HEADER: [&str; 8] = [
    "",
    "step",
    "loss",
    "smoothed",
    "lr",
    "grad. norm",
    "val. loss",
    "mIoU",
];
/// The columns from the one that is kept in the narrowest panel to the one that is left out first.
const BY_WEIGHT: [usize; 8] = [0, 2, 7, 1, 6, 3, 4, 5];
/// Longer names end in an ellipsis.
const LONGEST_NAME: usize = 34;

/// The values at a place of the axis, for the runs that have some.
pub fn runs_table(shown: &[Shown<'_>], curves: &BTreeMap<String, RunCurves>, x: f64) -> HoverTable {
    let row = |shown: &Shown<'_>| {
        let run = shown.run;
        let values = curves.get(&run.name)?.readout(&run.steps, &run.epochs, x)?;
        let epoch = values.epoch;
        let smoothed = Some(values.smoothed).filter(|value| value.is_finite());
        let cells = vec![
            shortened(&shown.label),
            format::count(values.step),
            format::loss(Some(values.loss)),
            format::loss(smoothed),
            format::number(values.learning_rate),
            format::loss(values.grad_norm),
            format::loss(epoch.and_then(|epoch| epoch.val_loss)),
            format::percent(epoch.and_then(|epoch| epoch.mean_iu)),
        ];
        Some(Row {
            slot: shown.slot,
            spoken: format!(
                "{}: step {}, loss {}, mIoU {}",
                cells[0], cells[1], cells[2], cells[7]
            ),
            cells,
            strong: false,
        })
    };
    HoverTable {
        header: HEADER.map(str::to_owned).to_vec(),
        by_weight: BY_WEIGHT.to_vec(),
        rows: shown.iter().filter_map(row).collect(),
    }
}

/// The scores of the plot of classes after the epoch nearest to a place of the axis, the best
/// first. `nearest` is the line under the pointer.
pub fn classes_table(
    shown: &[Shown<'_>],
    curves: &BTreeMap<String, RunCurves>,
    x: f64,
    figure: &Figure<'_>,
    nearest: Option<usize>,
) -> HoverTable {
    let mut scores: Vec<(Option<f64>, Row)> = Vec::new();
    for (index, line) in figure.lines.iter().enumerate() {
        let Some(shown) = shown.iter().find(|shown| shown.run.name == line.run) else {
            continue;
        };
        let run = shown.run;
        let label = run.classes.iter().position(|class| class.name == line.what);
        let epoch = curves
            .get(&run.name)
            .and_then(|curves| curves.epoch_at(&run.epochs, x));
        let (Some(label), Some(epoch)) = (label, epoch) else {
            continue;
        };
        let iou = epoch.scores.class_iu.get(label).copied().flatten();
        let name = if figure.is_by_class() {
            shortened(&line.what)
        } else {
            shortened(&shown.label)
        };
        let text = format::percent(iou);
        scores.push((
            iou,
            Row {
                slot: line.slot,
                spoken: format!("{name}: epoch {}, IoU {text}", epoch.epoch),
                cells: vec![name, epoch.epoch.to_string(), text],
                strong: nearest == Some(index),
            },
        ));
    }
    // What was not scored comes last.
    scores.sort_by(|(a, _), (b, _)| b.unwrap_or(-1.0).total_cmp(&a.unwrap_or(-1.0)));
    HoverTable {
        header: ["", "epoch", "IoU"].map(str::to_owned).to_vec(),
        by_weight: vec![0, 2, 1],
        rows: scores.into_iter().map(|(_, row)| row).collect(),
    }
}

fn shortened(label: &str) -> String {
    if label.chars().count() <= LONGEST_NAME {
        return label.to_owned();
    }
    let start: String = label.chars().take(LONGEST_NAME - 1).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_shortened() {
        assert_eq!(shortened("baseline"), "baseline");
        assert_eq!(shortened(&"x".repeat(50)).chars().count(), LONGEST_NAME);
    }
}
