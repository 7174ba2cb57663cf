//! Rules about samples of masks that are no class.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::facts::{ItemFacts, LabelProblem, RawSamples};
use super::finding::{Finding, FindingKind, Fix, Severity};
use super::{Facts, scaled, shifted};
use crate::dataset::VOID;
use crate::text::plural;

/// More different values than a mask has classes, if most of them are rare.
const MANY_VALUES: usize = 16;
/// Labels that a message names.
const NAMED: usize = 8;

/// Masks with samples that are no class.
pub(super) fn unknown_labels(facts: &Facts<'_>) -> Vec<Finding> {
    let broken: Vec<&ItemFacts> = facts
        .items
        .iter()
        .filter(|item| matches!(&item.labels, Err(LabelProblem::Unknown(_))))
        .collect();
    let mut findings = blended(facts);
    if let Some(scaled) = scaled::find(facts) {
        findings.push(scaled);
        return findings;
    }
    let blended_masks: BTreeSet<PathBuf> = facts
        .items
        .iter()
        .filter(|item| is_blended(item, facts.classes.len()))
        .map(|item| item.mask_path.clone())
        .collect();
    let broken: Vec<&ItemFacts> = broken
        .into_iter()
        .filter(|item| !blended_masks.contains(&item.mask_path))
        .collect();
    let Some(Err(LabelProblem::Unknown(first))) = broken.first().map(|item| &item.labels) else {
        return findings;
    };
    let masks: Vec<PathBuf> = broken.iter().map(|item| item.mask_path.clone()).collect();
    let used: BTreeSet<u8> = facts
        .items
        .iter()
        .filter_map(ItemFacts::raw_counts)
        .flatten()
        .map(|(label, _)| *label)
        .filter(|label| *label != VOID)
        .collect();
    let classes = facts.classes.len();
    let unknown: Vec<u8> = used
        .iter()
        .copied()
        .filter(|label| usize::from(*label) >= classes)
        .collect();
    let error = |kind, reason: String| Finding::new(Severity::Error, kind, &masks, reason);
    let top = u8::try_from(classes).unwrap_or(VOID);
    let finding = if unknown == [top] && !used.contains(&0) {
        let reason = format!(
            "the labels are 1 to {classes} and 0 never occurs, but classes count from 0: each label would be the class \
             after its own. Subtract 1 from all labels"
        );
        let map = (1..=top).map(|label| (label, label - 1)).collect();
        // Masks without the last class are shifted too.
        let shifted = facts
            .items
            .iter()
            .filter(|item| item.raw_counts().is_some());
        let shifted: Vec<PathBuf> = shifted.map(|item| item.mask_path.clone()).collect();
        let kind = FindingKind::OffByOne;
        Finding::new(Severity::Error, kind, &shifted, reason).with_fix(Fix::Remap { map })
    } else if unknown == [top]
        && let Some(found) = shifted::find(facts, top)
    {
        found
    } else if unknown == [top] {
        let reason = format!(
            "label {top} occurs, but with {classes} classes the labels are 0 to {}. If {top} means \"not labeled\", write \
             255 instead; else add its class to classes.txt",
            classes.saturating_sub(1)
        );
        let map = BTreeMap::from([(top, VOID)]);
        let found = error(FindingKind::LabelIsClassCount, reason);
        // A list that never has 0 may count from 1, in which this label is a class.
        if shifted::whole_lists(facts, top).is_empty() {
            found.with_fix(Fix::Remap { map })
        } else {
            found.with_fix(Fix::RemapGuessed { map })
        }
    } else {
        let labels: Vec<String> = unknown.iter().take(NAMED).map(u8::to_string).collect();
        let more = if unknown.len() > NAMED { ", ..." } else { "" };
        let reason = if unknown.is_empty() {
            first.clone()
        } else {
            format!(
                "the masks have labels that are no class: {}{more}. With {} the labels are 0 to {}. Add \
                 the classes to classes.txt, or write the masks with other labels",
                labels.join(", "),
                plural(classes, "class", "classes"),
                classes.saturating_sub(1)
            )
        };
        error(FindingKind::UnknownLabels, reason)
    };
    findings.push(finding);
    findings
}

/// Masks whose edges are mixed from the values on both sides.
fn blended(facts: &Facts<'_>) -> Vec<Finding> {
    let masks: Vec<PathBuf> = facts
        .items
        .iter()
        .filter(|item| is_blended(item, facts.classes.len()))
        .map(|item| item.mask_path.clone())
        .collect();
    if masks.is_empty() {
        return Vec::new();
    }
    let reason = "these masks have many rare values along edges, as anti-aliasing and JPEG make them: values between \
                  two labels are other labels. Export the masks again, as PNG and without smoothing";
    vec![Finding::new(
        Severity::Error,
        FindingKind::BlendedMasks,
        &masks,
        reason,
    )]
}

pub(super) fn is_blended(item: &ItemFacts, classes: usize) -> bool {
    if item.labels.is_ok() {
        return false;
    }
    let many = MANY_VALUES.max(classes);
    match item.raw.as_ref().map(|raw| &raw.samples) {
        Some(RawSamples::Colors {
            distinct,
            rare_share,
        }) => *distinct > 2 * many && *rare_share > 0.0,
        Some(RawSamples::Labels { counts, .. }) => {
            let total: u64 = counts.iter().map(|(_, count)| count).sum();
            let rare = counts.iter().filter(|(label, count)| {
                usize::from(*label) >= classes && *label != VOID && count * 100 < total
            });
            rare.count() > many
        }
        None => false,
    }
}
