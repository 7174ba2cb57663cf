//! Findings as one page that needs nothing else: the pictures are in it.

use std::fmt::Write as _;

use super::CheckedDataset;
use crate::dataset::{Finding, LabelMap, Rgb, paint_mask};
use crate::engine::html::{escape, picture};

/// Pictures of a finding.
const PICTURES: usize = 4;
/// Longest side of a picture, in pixels.
const SIDE: u32 = 192;

/// The page.
pub(super) fn page(checked: &CheckedDataset) -> String {
    let dataset = &checked.dataset;
    let mut body = String::new();
    for finding in &checked.report.findings {
        body.push_str(&section(checked, finding));
    }
    if checked.report.findings.is_empty() {
        body.push_str("<p>Nothing was found.</p>");
    }
    let notes: Vec<String> = dataset
        .notes
        .iter()
        .map(|note| format!("<li>{}</li>", escape(&note.to_string())))
        .collect();
    let notes = notes.concat();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>{name}</title><style>{STYLE}</style>\
         <h1>{name}</h1><p>{root}<br>{layout}, {train} train, {val} val, {classes} classes</p><ul>{notes}</ul>{body}</html>\n",
        name = escape(&dataset.name),
        root = escape(&dataset.root.display().to_string()),
        layout = escape(&dataset.layout.to_string()),
        train = dataset.train.len(),
        val = dataset.val.len(),
        classes = dataset.classes.len(),
    )
}

const STYLE: &str = "body{font:15px sans-serif;max-width:60em;margin:2em auto;padding:0 1em}section{border-left:4px \
                     solid #999;padding:.2em 1em;margin:1.5em 0}.error{border-color:#c33}.warning{border-color:#d90}\
                     h2{font-size:1em;margin:.4em 0}li{word-break:break-all}img{margin:0 .5em .5em 0;vertical-align:top}";

fn section(checked: &CheckedDataset, finding: &Finding) -> String {
    let mut text = format!(
        "<section class=\"{severity}\"><h2>{severity}: {title} ({count})</h2><p>{reason}</p>",
        severity = finding.severity,
        title = finding.kind.title(),
        count = finding.count,
        reason = escape(&finding.reason),
    );
    for file in finding.files.iter().take(PICTURES) {
        // A pair that cannot be read has no picture; the reason says so.
        if let Ok(picture) = checked.picture(file, SIDE) {
            text.push_str(&image(checked, &picture.image, &picture.labels));
        }
    }
    text.push_str("<ul>");
    for file in &finding.files {
        write!(text, "<li>{}</li>", escape(&file.display().to_string())).ok();
    }
    let more = finding.count.saturating_sub(finding.files.len());
    if more > 0 && !finding.files.is_empty() {
        write!(text, "<li>{more} more</li>").ok();
    }
    text.push_str("</ul></section>");
    text
}

/// Image and mask side by side.
fn image(checked: &CheckedDataset, rgb: &Rgb, labels: &LabelMap) -> String {
    let mask = paint_mask(labels, &checked.dataset.classes);
    [rgb, &mask].map(|image| picture(image, "")).concat()
}
