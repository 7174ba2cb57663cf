//! The history of runs as a table for other programs: every step and every epoch, nothing left
//! out for a plot.

use std::fmt::Write as _;

use crate::engine::RunSnapshot;
use crate::ui::view_model::csv_cell::{cell, number};

const HEADER: &str = "run,name,kind,step,epoch,loss,learning_rate,grad_norm,secs,val_loss,mean_iu,pixel_accuracy,elapsed_secs";

/// One line per step and one per epoch of each run (RFC 4180). What does not exist is empty.
pub fn csv(runs: &[&RunSnapshot]) -> String {
    let mut classes: Vec<&str> = Vec::new();
    for class in runs.iter().flat_map(|run| run.classes.iter()) {
        if !classes.contains(&class.name.as_str()) {
            classes.push(&class.name);
        }
    }
    let mut text = HEADER.to_owned();
    for class in &classes {
        text.push(',');
        text.push_str(&cell(&format!("iou {class}")));
    }
    text.push_str("\r\n");
    for run in runs {
        let start = format!("{},{}", cell(&run.name), cell(&run.title()));
        for step in &run.steps {
            write!(
                text,
                "{start},step,{},{},{},{},{},{},,,,",
                step.step,
                step.epoch,
                step.loss,
                step.learning_rate,
                number(step.grad_norm),
                step.secs
            )
            .ok();
            text.push_str(&",".repeat(classes.len()));
            text.push_str("\r\n");
        }
        for epoch in &run.epochs {
            write!(
                text,
                "{start},epoch,{},{},{},,,,{},{},{},{}",
                epoch.step,
                epoch.epoch,
                epoch.train_loss,
                number(epoch.val_loss),
                number(epoch.scores.mean_iu),
                number(epoch.scores.pixel_accuracy),
                epoch.elapsed_secs
            )
            .ok();
            for name in &classes {
                let label = run.classes.iter().position(|class| class.name == *name);
                let iu =
                    label.and_then(|label| epoch.scores.class_iu.get(label).copied().flatten());
                text.push(',');
                text.push_str(&number(iu));
            }
            text.push_str("\r\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::view_model::curves::tests::{epoch, step};
    use crate::ui::view_model::test_runs;

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
