//! The history of runs as a table for other programs: every step and every epoch, nothing left
//! out for a plot.

use crate::engine::RunSnapshot;
use crate::training::{HistoryTable, TableRun};

/// One line per step and one per epoch of each run (RFC 4180). What does not exist is empty.
pub fn csv(runs: &[&RunSnapshot]) -> String {
    let table = HistoryTable::new(runs.iter().map(|run| &*run.classes));
    let mut text = table.header();
    for run in runs {
        let title = run.title();
        let of = TableRun {
            run: &run.name,
            name: &title,
            classes: &run.classes,
        };
        for step in &run.steps {
            text.push_str(&table.step(of, step));
        }
        for epoch in &run.epochs {
            text.push_str(&table.epoch(of, epoch));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plots::curves::tests::{epoch, step};
    use crate::engine::test_runs;

    #[test]
    fn every_line_has_the_columns_of_the_header() {
        let mut run = test_runs::run("a", 1);
        run.notes.name = "first, best".to_owned();
        run.steps = vec![step(1, 0.5), step(2, 0.25)];
        run.steps[1].grad_norm = Some(3.0);
        run.epochs = vec![epoch(1, 2, Some(0.75), None)];
        run.epochs[0].scores.class_iu = vec![Some(0.125), None];
        let text = csv(&[&run]);
        let lines: Vec<&str> = text.lines().collect();
        let rest = |line: &str| line.replace("\"first, best\"", "best");
        let columns: Vec<usize> = lines
            .iter()
            .map(|line| rest(line).split(',').count())
            .collect();
        assert_eq!(columns, [15; 4]);
        assert_eq!(lines[2], "a,\"first, best\",step,2,1,0.25,0.1,3,0.1,,,,,,");
        assert_eq!(rest(lines[3]), "a,best,epoch,2,1,1,,,,0.75,,,1,0.125,");
    }
}
