//! Finds masks that were smoothed although all their labels are classes.

use std::path::PathBuf;

use super::Facts;
use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Severity};
use super::lines::Lines;

/// Fewer edges say nothing.
const MIN_LINES: u64 = 24;
/// Share of the edges that have a line from which it is no chance. Halving a mask leaves half of them
/// sharp; objects that are so thin are at few edges.
const SHARE: f64 = 0.3;

/// Masks with lines at too many of their edges. `what` are these masks, for people.
pub(super) fn find(facts: &Facts<'_>, what: &str) -> Option<Finding> {
    let lines_of = |item: &ItemFacts| item.raw.as_ref().map(|raw| raw.lines);
    let readable = || facts.items.iter().filter(|item| item.labels.is_ok());
    let all = readable()
        .filter_map(lines_of)
        .fold(Lines::default(), |sum, lines| sum.and(&lines));
    let [from, line, to] = all.example?;
    if !are_smoothed(&all) {
        return None;
    }
    let share = all.edges().share();
    let masks: Vec<PathBuf> = readable()
        .filter(|item| lines_of(item).is_some_and(|lines| lines.edges().share() >= SHARE))
        .map(|item| item.mask_path.clone())
        .collect();
    let name = |label: u8| format!("{} ({label})", facts.classes.name(label));
    let reason = format!(
        "{what} look smoothed: at {:.0} % of the edges between labels that are not neighbors lies a thin line of the labels \
         between them, such as {} between {} and {}. It counts as that class. Export or resize the masks without \
         smoothing (nearest neighbor), unless such lines are meant",
        100.0 * share,
        name(line),
        name(from),
        name(to)
    );
    let kind = FindingKind::BlendedMasks;
    Some(Finding::new(Severity::Warning, kind, &masks, reason))
}

/// Whether edges have lines both along rows and along columns. A class that lies beside the edges of another in one
/// direction, as a shore below a sky, is none of smoothing.
fn are_smoothed(lines: &Lines) -> bool {
    let in_both = [lines.rows, lines.columns]
        .iter()
        .all(|edges| edges.blended >= MIN_LINES / 4 && edges.share() >= SHARE);
    in_both && lines.edges().blended >= MIN_LINES
}
