//! The page itself.

use std::fmt::Write as _;

use super::ReportRun;
use super::masks::Masks;
use crate::engine::html::{escape, picture};
use crate::engine::plots::curves::{Axis, CurveSettings, RunCurves};
use crate::engine::plots::{Figure, FigureSettings, Paint, PlotKind, PlotView, PlottedRun, svg};
use crate::engine::runs::{Difference, RunSnapshot, all_settings};
use crate::metrics::Scores;
use crate::text;
use crate::text::plural;

const STYLE: &str = "body{font:15px/1.4 sans-serif;max-width:72em;margin:2em auto;padding:0 1em;color:#000;\
    background:#fff}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #ccc}\
    table{border-collapse:collapse;margin:.6em 0}th,td{padding:.2em .7em;border-bottom:1px solid #ddd;\
    text-align:left;vertical-align:top}td.n{white-space:nowrap}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
    td.c{white-space:nowrap}tr.d{background:#fff4d6}.wide{overflow-x:auto}.scheme{display:inline-block;width:.8em;height:.8em;\
    margin-right:.4em;border:1px solid #888}figure{display:inline-block;margin:0 .6em .6em 0;\
    vertical-align:top}figcaption{font-size:.85em;max-width:250px}pre{background:#f4f4f4;padding:.7em;\
    overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}.weak{color:#555}svg{max-width:100%;height:auto}";

/// Points of a curve are decimated to this many columns.
const COLUMNS: usize = 520;
/// Of the loss, as the window has it before somebody changes it.
const SMOOTHING: f64 = 0.9;

/// The page about `runs`.
pub(super) fn page(runs: &[ReportRun], masks: &Masks) -> String {
    let title = match runs {
        [run] => run.snapshot.title(),
        runs => format!("Comparison of {} runs", runs.len()),
    };
    let title = escape(&title);
    let snapshots: Vec<&RunSnapshot> = runs.iter().map(|run| &run.snapshot).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body>\n\
         <h1>{title}</h1>\n{summary}{curves}{classes}{masks}{settings}{repeat}\
         <p class=\"weak\">Written by FCN Workbench {version}.</p></body></html>\n",
        summary = summary(&snapshots),
        curves = curves(&snapshots),
        classes = classes(&snapshots),
        masks = masks_section(&snapshots, masks),
        settings = settings(&snapshots),
        repeat = runs.iter().map(repeat).collect::<String>(),
        version = env!("CARGO_PKG_VERSION"),
    )
}

/// What became of each run, and its best scores.
fn summary(runs: &[&RunSnapshot]) -> String {
    let mut text = "<div class=\"wide\"><table><tr><th>Run<th>Network<th>Dataset<th>State<th class=\"n\">Best \
                    epoch<th class=\"n\">mIoU<th class=\"n\">Pixel acc.<th class=\"n\">Mean acc.<th \
                    class=\"n\">F.w. IoU<th class=\"n\">Trained for<th>Device</tr>\n"
        .to_owned();
    for run in runs {
        let best = run.best();
        let score =
            |of: fn(&Scores) -> Option<f64>| percent(best.and_then(|best| of(&best.scores)));
        let epoch = best.map_or_else(
            || MISSING.to_owned(),
            |best| format!("{} of {}", best.epoch, run.config.epochs),
        );
        let state = match run.state.message() {
            Some(message) => format!("failed: {message}"),
            None => run.state.word().to_owned(),
        };
        write!(
            text,
            "<tr><td>{}<br><span class=\"weak\">{}</span><td>{} {}<td>{}<td>{}",
            escape(&run.title()),
            escape(&run.name),
            run.config.variant,
            run.config.trunk,
            escape(&run.dataset_name),
            escape(&state),
        )
        .ok();
        for cell in [
            epoch,
            score(|scores| scores.mean_iu),
            score(|scores| scores.pixel_accuracy),
            score(|scores| scores.mean_accuracy),
            score(|scores| scores.frequency_weighted_iu),
            text::duration(run.trained_secs()).unwrap_or_else(|| MISSING.to_owned()),
        ] {
            write!(text, "<td class=\"n\">{cell}").ok();
        }
        writeln!(text, "<td>{}</tr>", run.config.device).ok();
    }
    text.push_str("</table></div>\n");
    for run in runs.iter().filter(|run| !run.notes.note.is_empty()) {
        let note = escape(&run.notes.note).replace('\n', "<br>");
        writeln!(text, "<p>{}: {note}</p>", escape(&run.title())).ok();
    }
    text
}

/// All plots in one drawing.
fn curves(runs: &[&RunSnapshot]) -> String {
    let titles: Vec<String> = runs.iter().map(|run| run.title()).collect();
    let drawn: Vec<RunCurves> = runs.iter().map(|run| curves_of(run)).collect();
    let plotted: Vec<PlottedRun<'_>> = runs
        .iter()
        .zip(&titles)
        .zip(&drawn)
        .enumerate()
        .map(|(slot, ((run, title), curves))| PlottedRun {
            name: &run.name,
            // A single run needs no name in each line of the legend.
            label: if runs.len() > 1 { title } else { "" },
            slot,
            classes: &run.classes,
            model: curves.model(),
        })
        .collect();
    let view = PlotView::default();
    let settings = FigureSettings {
        axis: Axis::Step,
        log: false,
        class: None,
        view: &view,
    };
    let wanted: &[PlotKind] = if runs.len() > 1 {
        &[PlotKind::Loss, PlotKind::Scores, PlotKind::LearningRate]
    } else {
        &[
            PlotKind::Loss,
            PlotKind::Scores,
            PlotKind::ClassIu,
            PlotKind::LearningRate,
            PlotKind::GradNorm,
        ]
    };
    let figures: Vec<Figure<'_>> = wanted
        .iter()
        .map(|kind| Figure::new(*kind, &plotted, &settings))
        .filter(|figure| !figure.is_empty())
        .collect();
    if figures.is_empty() {
        return "<h2>Curves</h2>\n<p>No step is done yet.</p>\n".to_owned();
    }
    format!("<h2>Curves</h2>\n{}", svg(&figures, &Paint::for_paper()))
}

fn curves_of(run: &RunSnapshot) -> RunCurves {
    let mut curves = RunCurves::default();
    let settings = CurveSettings {
        smoothing: SMOOTHING,
        log_loss: false,
        axis: Axis::Step,
        columns: COLUMNS,
        visible: None,
    };
    // The first call notes the settings, and another reads with them.
    while !curves.update(&run.steps, &run.epochs, settings, run.steps.len().max(1)) {}
    curves
}

/// Intersection over union of each class at the best epoch of each run.
fn classes(runs: &[&RunSnapshot]) -> String {
    let mut names: Vec<(&str, [u8; 3])> = Vec::new();
    for class in runs.iter().flat_map(|run| run.classes.iter()) {
        if !names.iter().any(|(name, _)| *name == class.name) {
            names.push((&class.name, class.color));
        }
    }
    let mut text =
        "<h2>IoU per class at the best epoch</h2>\n<div class=\"wide\"><table><tr><th>Class"
            .to_owned();
    for run in runs {
        write!(text, "<th class=\"n\">{}", escape(&run.title())).ok();
    }
    text.push_str("</tr>\n");
    for (name, [r, g, b]) in names {
        write!(
            text,
            "<tr><td class=\"c\"><span class=\"scheme\" style=\"background:#{r:02x}{g:02x}{b:02x}\"></span>{}",
            escape(name)
        )
        .ok();
        for run in runs {
            let label = run.classes.iter().position(|class| class.name == name);
            let iu = label.and_then(|label| run.best()?.scores.class_iu.get(label).copied()?);
            write!(text, "<td class=\"n\">{}", percent(iu)).ok();
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</table></div>\n");
    text
}

fn masks_section(runs: &[&RunSnapshot], masks: &Masks) -> String {
    let mut text = "<h2>Masks</h2>\n".to_owned();
    if !masks.rows.is_empty() {
        writeln!(
            text,
            "<p>Validation images of {}, by the best weights of each run; mIoU is that of the image alone.</p>",
            escape(&masks.dataset)
        )
        .ok();
    }
    for row in &masks.rows {
        text.push_str("<div>");
        figure(&mut text, &picture(&row.image, &row.id), &row.id);
        let truth = picture(&row.truth, &format!("Ground truth of {}", row.id));
        figure(&mut text, &truth, "Ground truth");
        for (run, shown) in runs.iter().zip(&row.masks) {
            let Some(shown) = shown else { continue };
            let title = if runs.len() > 1 {
                run.title()
            } else {
                "Prediction".to_owned()
            };
            let alt = format!("{title}: prediction of {}", row.id);
            let caption = match shown.mean_iu {
                Some(share) => format!("{title}, mIoU {}", text::percent(share)),
                None => title,
            };
            figure(&mut text, &picture(&shown.mask, &alt), &caption);
        }
        text.push_str("</div>\n");
    }
    for remark in &masks.remarks {
        writeln!(text, "<p>{}</p>", escape(remark)).ok();
    }
    text
}

fn figure(text: &mut String, picture: &str, caption: &str) {
    write!(
        text,
        "<figure>{picture}<figcaption>{}</figcaption></figure>",
        escape(caption)
    )
    .ok();
}

fn settings(runs: &[&RunSnapshot]) -> String {
    let mut text = "<h2>Configuration</h2>\n".to_owned();
    if runs.len() > 1 {
        text.push_str("<p>Settings in which the runs differ are colored, and come first.</p>\n");
    }
    text.push_str("<div class=\"wide\"><table><tr><th>Setting");
    for run in runs {
        write!(text, "<th>{}", escape(&run.title())).ok();
    }
    text.push_str("</tr>\n");
    let all = all_settings(runs);
    let (first, rest): (Vec<&Difference>, Vec<&Difference>) =
        all.iter().partition(|setting| setting.differs());
    for setting in first.into_iter().chain(rest) {
        let class = if setting.differs() {
            " class=\"d\""
        } else {
            ""
        };
        write!(text, "<tr{class}><td>{}", escape(&setting.setting)).ok();
        for value in &setting.values {
            write!(text, "<td>{}", escape(value)).ok();
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</table></div>\n");
    text
}

/// How to train a run again.
fn repeat(run: &ReportRun) -> String {
    let mut text = format!("<h2>How to repeat {}</h2>\n", escape(&run.snapshot.title()));
    match &run.command_line {
        Ok(line) => writeln!(text, "<pre>{}</pre>", escape(line)).ok(),
        Err(problem) => writeln!(text, "<p>{}</p>", escape(problem)).ok(),
    };
    if let Some(origin) = &run.origin {
        writeln!(
            text,
            "<p>Trained by version {} on {}, {}, {}, seed {}, with {} and {}. \
             origin.json in its folder has the checksums of the data. With the same version and data, a run on \
             the processor gives the same numbers.</p>",
            escape(&origin.version),
            escape(&origin.device),
            escape(&origin.arithmetic),
            plural(origin.threads, "thread", "threads"),
            origin.seed,
            plural(origin.data.train.len(), "training image", "training images"),
            plural(origin.data.val.len(), "validation image", "validation images"),
        )
        .ok();
    }
    if let Ok(json) = serde_json::to_string_pretty(&run.snapshot.config) {
        writeln!(
            text,
            "<details><summary>config.json</summary><pre>{}</pre></details>",
            escape(&json)
        )
        .ok();
    }
    text
}

/// Shown for a missing value.
const MISSING: &str = "–";

fn percent(share: Option<f64>) -> String {
    share
        .filter(|share| share.is_finite())
        .map_or_else(|| MISSING.to_owned(), text::percent)
}

#[cfg(test)]
mod tests;
