//! The findings of a check in numbers.

use crate::engine::{CheckReport, NoticeLevel, Severity};
use crate::ui::view_model::format;

/// How many findings there are of each level, `1 error`, the worst first; levels without any are left out.
pub fn counts(report: &CheckReport) -> Vec<(NoticeLevel, String)> {
    let levels = [
        (Severity::Error, NoticeLevel::Error, ["error", "errors"]),
        (
            Severity::Warning,
            NoticeLevel::Warning,
            ["warning", "warnings"],
        ),
        (Severity::Info, NoticeLevel::Info, ["note", "notes"]),
    ];
    let counts = levels.into_iter().map(|(severity, level, [one, many])| {
        let count = report.of(severity).count();
        (level, count, format::plural(count, one, many))
    });
    counts
        .filter(|(_, count, _)| *count > 0)
        .map(|(level, _, text)| (level, text))
        .collect()
}

/// What a check on request says when it is done.
pub fn answer(report: &CheckReport) -> String {
    let images = format::plural(report.pairs, "image", "images");
    let counts: Vec<String> = counts(report).into_iter().map(|(_, text)| text).collect();
    if counts.is_empty() {
        return format!("Checked {images} and their masks: nothing found");
    }
    format!("Checked {images} and their masks: {}", counts.join(", "))
}
