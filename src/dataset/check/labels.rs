//! Rules about what the labels mean.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Facts;
use super::facts::{ItemFacts, LabelProblem, RawSamples};
use super::finding::{Finding, FindingKind, Fix, Severity};
use crate::dataset::{Split, VOID};

/// More different values than a mask has classes, if most of them are rare.
const MANY_VALUES: usize = 16;
/// Share of void from which it is worth a look, where it covers areas.
const MUCH_VOID: f64 = 0.1;
/// Share of the labeled pixels of a list below which a class is hardly there.
const RARE: f64 = 1e-4;
/// Labels and classes that a message names.
const NAMED: usize = 8;

/// Findings about both lists.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = unknown_labels(facts);
    let labels = Labels::of(facts);
    match labels.nothing_to_tell_apart(facts) {
        Some(finding) => findings.push(finding),
        None => findings.extend(labels.empty_lists(facts)),
    }
    findings.extend(void_masks(facts));
    findings.extend(labels.classes(facts));
    findings
}

/// Findings about one list that is to be scored.
pub(super) fn find_in_scored(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = unknown_labels(facts);
    let found = Labels::of(facts).nothing_to_tell_apart(facts);
    findings.extend(found.map(|finding| match finding.kind {
        // It can be scored; people should know what the score is about.
        FindingKind::OneClass => Finding {
            severity: Severity::Warning,
            ..finding
        },
        _ => finding,
    }));
    findings.extend(void_masks(facts));
    findings
}

/// Pixels per class, and whose masks have it.
struct Labels {
    pixels: [BTreeMap<u8, u64>; 2],
    images: [BTreeMap<u8, usize>; 2],
    void: u64,
    deep_void: u64,
    readable: usize,
}

fn place(split: Split) -> usize {
    match split {
        Split::Train => 0,
        Split::Val => 1,
    }
}

fn list_name(split: Split) -> &'static str {
    match split {
        Split::Train => "training",
        Split::Val => "validation",
    }
}

impl Labels {
    fn of(facts: &Facts<'_>) -> Self {
        let mut labels = Self {
            pixels: Default::default(),
            images: Default::default(),
            void: 0,
            deep_void: 0,
            readable: 0,
        };
        for item in &facts.items {
            let Ok(read) = &item.labels else { continue };
            labels.readable += 1;
            // A mask that is void throughout is a finding of its own.
            if item.labeled() > 0 {
                labels.deep_void += read.deep_void;
                labels.void += item.void();
            }
            for (label, count) in &read.counts {
                if *label == VOID {
                    continue;
                }
                let place = place(item.split);
                *labels.pixels[place].entry(*label).or_default() += count;
                *labels.images[place].entry(*label).or_default() += 1;
            }
        }
        labels
    }

    fn labeled(&self, split: Split) -> u64 {
        self.pixels[place(split)].values().sum()
    }

    fn used(&self) -> BTreeSet<u8> {
        let both = self.pixels.iter().flat_map(BTreeMap::keys);
        both.copied().collect()
    }

    /// Without two classes there is nothing to train, and every score is 100 %.
    fn nothing_to_tell_apart(&self, facts: &Facts<'_>) -> Option<Finding> {
        if self.readable < facts.items.len() || facts.items.is_empty() {
            // Masks that cannot be read may hold the others.
            return None;
        }
        let used = self.used();
        let masks: Vec<PathBuf> = facts
            .items
            .iter()
            .map(|item| item.mask_path.clone())
            .collect();
        let error = |kind, reason: String| Finding::new(Severity::Error, kind, &masks, reason);
        let mut used_labels = used.iter();
        let (first, second) = (used_labels.next(), used_labels.next());
        let Some(only) = first else {
            let reason = "no pixel of any mask is labeled: all of them are void, so that nothing can be trained or scored. \
                          Check what the masks hold";
            return Some(error(FindingKind::NothingLabeled, reason.to_owned()));
        };
        if second.is_some() {
            return None;
        }
        let raw = raw_labels(facts);
        if raw.as_ref() == Some(&BTreeSet::from([0, VOID])) && facts.classes.len() > 1 {
            let name = facts.classes.name(1);
            let reason = format!(
                "the masks hold only 0 and 255. 255 means void, so that everything but class 0 would be left out of \
                 training and scores, and every score would be 100 %. If 255 is {name}, write the masks with 1 instead, \
                 as `data fix` does"
            );
            let fix = Fix::Remap {
                map: BTreeMap::from([(VOID, 1)]),
            };
            return Some(error(FindingKind::ObjectsAreVoid, reason).with_fix(fix));
        }
        let reason = format!(
            "all labeled pixels of the masks are {} (label {only}), so that there is nothing to tell apart and every \
             score would be 100 %. Check what the masks hold",
            facts.classes.name(*only)
        );
        Some(error(FindingKind::OneClass, reason))
    }

    /// A list without a labeled pixel.
    fn empty_lists(&self, facts: &Facts<'_>) -> Vec<Finding> {
        let kinds = [
            (Split::Train, FindingKind::NothingToTrainOn, "train on"),
            (Split::Val, FindingKind::NothingToValidateOn, "validate on"),
        ];
        let empty = |(split, kind, purpose)| {
            let items: Vec<&ItemFacts> = facts.of(split).collect();
            let readable = items.iter().all(|item| item.labels.is_ok());
            if self.labeled(split) > 0 || items.is_empty() || !readable {
                return None;
            }
            let masks: Vec<PathBuf> = items.iter().map(|item| item.mask_path.clone()).collect();
            let reason = format!(
                "no pixel of the {} list is labeled, all of them are void, so that there is nothing to {purpose}. \
                 List images whose masks have labels",
                list_name(split)
            );
            Some(Finding::new(Severity::Error, kind, &masks, reason))
        };
        kinds.into_iter().filter_map(empty).collect()
    }

    fn classes(&self, facts: &Facts<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.readable < facts.items.len() || self.used().len() < 2 {
            return findings;
        }
        let names = |labels: &[u8]| {
            let mut names: Vec<String> = labels
                .iter()
                .take(NAMED)
                .map(|label| format!("{} ({label})", facts.classes.name(*label)))
                .collect();
            if labels.len() > NAMED {
                names.push(format!("{} more", labels.len() - NAMED));
            }
            names.join(", ")
        };
        let about_classes = |severity, kind, labels: &[u8], reason: String| {
            Finding::new(severity, kind, &[], reason).counting(labels.len())
        };
        let all = (0..VOID).take(facts.classes.len());
        let there = |split, label: u8| self.pixels[place(split)].get(&label).copied().unwrap_or(0);
        let (in_train, in_val) = (
            |label: &u8| there(Split::Train, *label) > 0,
            |label: &u8| there(Split::Val, *label) > 0,
        );
        let never: Vec<u8> = all
            .clone()
            .filter(|label| !in_train(label) && !in_val(label))
            .collect();
        if !never.is_empty() {
            let first = if never[0] == 0 && facts.classes.len() > 2 {
                ". Class 0 is among them: check that the masks do not count classes from 1"
            } else {
                ""
            };
            let reason = format!(
                "no mask has these classes of the list: {}{first}",
                names(&never)
            );
            findings.push(about_classes(
                Severity::Warning,
                FindingKind::ClassNeverOccurs,
                &never,
                reason,
            ));
        }
        if self.labeled(Split::Train) == 0 || self.labeled(Split::Val) == 0 {
            return findings;
        }
        for (has, lacks, effect) in [
            (
                Split::Val,
                Split::Train,
                "they are scored but never trained",
            ),
            (
                Split::Train,
                Split::Val,
                "they are trained but never scored",
            ),
        ] {
            let one: Vec<u8> = all
                .clone()
                .filter(|label| there(has, *label) > 0 && there(lacks, *label) == 0)
                .collect();
            if !one.is_empty() {
                let reason = format!(
                    "the {} list has no pixel of these classes, so that {effect}: {}",
                    list_name(lacks),
                    names(&one)
                );
                findings.push(about_classes(
                    Severity::Warning,
                    FindingKind::ClassInOneSplit,
                    &one,
                    reason,
                ));
            }
        }
        let limit = self.labeled(Split::Train) as f64 * RARE;
        let rare: Vec<u8> = all
            .filter(|label| in_train(label) && (there(Split::Train, *label) as f64) < limit)
            .collect();
        if !rare.is_empty() {
            let reason = format!(
                "fewer than 1 in 10,000 pixels of the training list are of these classes: {}",
                names(&rare)
            );
            findings.push(about_classes(
                Severity::Info,
                FindingKind::ClassIsRare,
                &rare,
                reason,
            ));
        }
        let total: u64 = self.void + self.labeled(Split::Train) + self.labeled(Split::Val);
        let share = self.void as f64 / total.max(1) as f64;
        if share > MUCH_VOID && self.deep_void * 2 > self.void {
            let reason = format!(
                "void covers {:.0} % of all pixels, in areas and not in lines along edges. Check that no class was \
                 written as 255",
                share * 100.0
            );
            findings.push(
                Finding::new(Severity::Warning, FindingKind::MuchVoid, &[], reason).counting(1),
            );
        }
        findings
    }
}

/// The labels in all mask files; `None` where one has colors.
fn raw_labels(facts: &Facts<'_>) -> Option<BTreeSet<u8>> {
    let mut used = BTreeSet::new();
    for item in &facts.items {
        used.extend(item.raw_counts()?.iter().map(|(label, _)| *label));
    }
    Some(used)
}

/// Masks without labels, and masks with one class alone.
fn void_masks(facts: &Facts<'_>) -> Vec<Finding> {
    let paths = |is: &dyn Fn(&ItemFacts) -> bool| -> Vec<PathBuf> {
        let found = facts
            .items
            .iter()
            .filter(|item| item.labels.is_ok() && is(item));
        found.map(|item| item.mask_path.clone()).collect()
    };
    let mut findings = Vec::new();
    let void = paths(&|item| item.labeled() == 0);
    if !void.is_empty() && void.len() < facts.items.len() {
        let reason = "no pixel of these masks is labeled; they count in no loss and no score";
        findings.push(Finding::new(
            Severity::Warning,
            FindingKind::VoidMasks,
            &void,
            reason,
        ));
    }
    let plain = paths(&|item| item.counts().len() == 1 && item.labeled() > 0);
    if !plain.is_empty() && plain.len() < facts.items.len() {
        let reason =
            "every pixel of these masks is of one class. Check that they are meant to be empty";
        findings.push(Finding::new(
            Severity::Info,
            FindingKind::OneClassMasks,
            &plain,
            reason,
        ));
    }
    findings
}

/// Masks with samples that are no class.
fn unknown_labels(facts: &Facts<'_>) -> Vec<Finding> {
    let broken: Vec<&ItemFacts> = facts
        .items
        .iter()
        .filter(|item| matches!(&item.labels, Err(LabelProblem::Unknown(_))))
        .collect();
    let mut findings = blended(facts);
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
             after its own. Subtract 1 from all labels, as `data fix` does"
        );
        let map = (1..=top).map(|label| (label, label - 1)).collect();
        error(FindingKind::OffByOne, reason).with_fix(Fix::Remap { map })
    } else if unknown == [top] {
        let reason = format!(
            "label {top} occurs, but with {classes} classes the labels are 0 to {}. If {top} means \"not labeled\", write \
             255 instead, as `data fix` does; else add its class to classes.txt",
            classes.saturating_sub(1)
        );
        let map = BTreeMap::from([(top, VOID)]);
        error(FindingKind::LabelIsClassCount, reason).with_fix(Fix::Remap { map })
    } else {
        let labels: Vec<String> = unknown.iter().take(NAMED).map(u8::to_string).collect();
        let more = if unknown.len() > NAMED { ", ..." } else { "" };
        let reason = if unknown.is_empty() {
            first.clone()
        } else {
            format!(
                "the masks have labels that are no class: {}{more}. With {classes} classes the labels are 0 to {}. Add \
                 the classes to classes.txt, or write the masks with other labels, as `data fix --map` does",
                labels.join(", "),
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
