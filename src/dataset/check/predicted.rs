//! Masks that this program predicted, where labels that people made are meant. A network that is scored with its
//! own answers is right everywhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use strum::VariantArray as _;

use super::Facts;
use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Severity, list_name};
use crate::dataset::Split;
use crate::files::own_files;

const WHAT_TO_DO: &str = "Take masks that people made; those that people have checked are taken once they lie in another \
                          folder";

/// Findings about lists whose masks are all predictions, and about single masks.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let own = predicted(facts);
    let is_own = |item: &&ItemFacts| own.contains(item.mask_path.as_path());
    let (mut lists, mut in_lists, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for split in Split::VARIANTS {
        let masks: Vec<PathBuf> = facts
            .of(*split)
            .filter(is_own)
            .map(|item| item.mask_path.clone())
            .collect();
        if masks.is_empty() {
            continue;
        }
        if masks.len() == facts.of(*split).count() {
            lists.push(list_name(*split));
            in_lists.extend(masks);
        } else {
            others.extend(masks);
        }
    }
    let kind = FindingKind::PredictedMasks;
    let mut findings = Vec::new();
    if !lists.is_empty() {
        let reason = format!(
            "the masks of the {} list are predictions that this program wrote, and no ground truth: scores would say \
             only how far networks agree, and a training would repeat the mistakes of one. {WHAT_TO_DO}",
            lists.join(" and the ")
        );
        findings.push(Finding::new(Severity::Error, kind, &in_lists, reason));
    }
    if !others.is_empty() {
        let reason = format!(
            "these masks are predictions that this program wrote, and no ground truth: their mistakes count as right. \
             {WHAT_TO_DO}"
        );
        findings.push(Finding::new(Severity::Warning, kind, &others, reason));
    }
    findings
}

/// The same about masks that predictions are scored against, which may be meant to tell how far two networks agree.
pub(super) fn find_in_labels(facts: &Facts<'_>) -> Option<Finding> {
    let own: Vec<PathBuf> = predicted(facts).into_iter().map(Path::to_owned).collect();
    let reason = "these masks are predictions that this program wrote, and no ground truth: the scores say only how far \
                  two predictions agree";
    let kind = FindingKind::PredictedMasks;
    let finding = Finding::new(Severity::Warning, kind, &own, reason);
    (!own.is_empty()).then_some(finding)
}

fn predicted<'a>(facts: &'a Facts<'_>) -> BTreeSet<&'a Path> {
    own_files(facts.items.iter().map(|item| &item.mask_path))
        .into_iter()
        .collect()
}
