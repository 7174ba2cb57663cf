//! The lines of the plot of classes.

use super::{LineKind, PlotLine, PlottedRun};

/// One class of all runs, matched by its name, or all classes of the first run.
pub fn class_lines<'a>(runs: &[PlottedRun<'a>], class: Option<&str>) -> Vec<PlotLine<'a>> {
    let line = |run: &PlottedRun<'a>, label: usize, slot: usize| {
        let class = run.classes.iter().nth(label)?;
        Some(PlotLine {
            what: class.name.clone(),
            run: run.name,
            label: run.label,
            slot,
            class_color: Some(class.color),
            kind: LineKind::Main,
            points: run.model.class_iu.get(label)?,
        })
    };
    match (class, runs.first()) {
        (None, Some(run)) => (0..run.classes.len())
            .filter_map(|label| line(run, label, label))
            .collect(),
        (None, None) => Vec::new(),
        (Some(wanted), _) => {
            let of = |run: &PlottedRun<'a>| {
                let label = run.classes.iter().position(|class| class.name == wanted)?;
                line(run, label, run.slot)
            };
            runs.iter().filter_map(of).collect()
        }
    }
}

/// What the plot of classes shows: a class, or the run whose classes they are where there are more.
pub fn subject(runs: &[PlottedRun<'_>], class: Option<&str>) -> Option<String> {
    match (class, runs) {
        (Some(class), _) => Some(class.to_owned()),
        (None, [first, _, ..]) => Some(first.label.to_owned()),
        (None, _) => None,
    }
}

/// Names of the classes of all runs, each once, in the order of the first run that has it.
pub fn class_names<'a>(runs: &[PlottedRun<'a>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for class in runs.iter().flat_map(|run| run.classes.iter()) {
        if !names.contains(&class.name.as_str()) {
            names.push(&class.name);
        }
    }
    names
}
