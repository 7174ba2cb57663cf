//! The history of runs as a table for other programs (RFC 4180): one line per step and one per
//! epoch. What does not exist is empty.

use std::fmt::Write as _;

use super::event::{EpochRecord, StepRecord};
use crate::dataset::ClassList;

const HEADER: &str = "run,name,kind,step,epoch,loss,learning_rate,grad_norm,secs,val_loss,mean_iu,pixel_accuracy,elapsed_secs";

/// The columns of a table.
#[derive(Debug)]
pub struct HistoryTable {
    /// Names of the classes, each with a column.
    classes: Vec<String>,
}

/// A run whose lines are written.
#[derive(Debug, Clone, Copy)]
pub struct TableRun<'a> {
    /// Name of its folder.
    pub run: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// Its classes.
    pub classes: &'a ClassList,
}

impl HistoryTable {
    /// With a column for each class of any of the lists, matched by names.
    pub fn new<'a>(lists: impl Iterator<Item = &'a ClassList>) -> Self {
        let mut classes: Vec<String> = Vec::new();
        for class in lists.flat_map(ClassList::iter) {
            if !classes.contains(&class.name) {
                classes.push(class.name.clone());
            }
        }
        Self { classes }
    }

    /// The first line.
    pub fn header(&self) -> String {
        let mut text = HEADER.to_owned();
        for class in &self.classes {
            text.push(',');
            text.push_str(&cell(&format!("iou {class}")));
        }
        text.push_str("\r\n");
        text
    }

    /// The line of a step.
    pub fn step(&self, run: TableRun<'_>, step: &StepRecord) -> String {
        let mut text = format!(
            "{},step,{},{},{},{},{},{},,,,",
            start(run),
            step.step,
            step.epoch,
            step.loss,
            step.learning_rate,
            number(step.grad_norm),
            step.secs
        );
        text.push_str(&",".repeat(self.classes.len()));
        text.push_str("\r\n");
        text
    }

    /// The line of an epoch.
    pub fn epoch(&self, run: TableRun<'_>, epoch: &EpochRecord) -> String {
        let mut text = format!(
            "{},epoch,{},{},{},,,,{},{},{},{}",
            start(run),
            epoch.step,
            epoch.epoch,
            epoch.train_loss,
            number(epoch.val_loss),
            number(epoch.scores.mean_iu),
            number(epoch.scores.pixel_accuracy),
            epoch.elapsed_secs
        );
        for name in &self.classes {
            let label = run.classes.iter().position(|class| class.name == *name);
            let iu = label.and_then(|label| epoch.scores.class_iu.get(label).copied().flatten());
            // Writing to a string cannot fail.
            write!(text, ",{}", number(iu)).ok();
        }
        text.push_str("\r\n");
        text
    }
}

fn start(run: TableRun<'_>) -> String {
    format!("{},{}", cell(run.run), cell(run.name))
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn cell(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
