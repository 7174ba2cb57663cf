//! Rules about what the labels mean.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Severity, list_name};
use super::unknown::unknown_labels;
use super::{Facts, binary, objects, smoothed};
use crate::dataset::{Split, VOID};

/// Share of void from which it is worth a look, where it covers areas.
const MUCH_VOID: f64 = 0.1;
/// Share of the labeled pixels of a list below which a class is hardly there.
const RARE: f64 = 1e-4;
/// Classes that a message names.
const NAMED: usize = 8;

/// Findings about both lists.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = unknown_labels(facts);
    let labels = Labels::of(facts);
    match labels.nothing_to_tell_apart(facts) {
        Some(finding) => findings.push(finding),
        None => findings.extend(labels.empty_lists(facts)),
    }
    findings.extend(binary::in_some_masks(facts));
    findings.extend(smoothed::find(facts, "these masks"));
    findings.extend(objects::find(facts));
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
    findings.extend(binary::in_some_masks(facts));
    findings.extend(smoothed::find(facts, "these masks"));
    findings.extend(objects::find(facts));
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
        Split::Val | Split::Test => 1,
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
        if let Some(finding) = binary::in_all_masks(facts) {
            return Some(finding);
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

    /// Findings about single classes, where all masks could be read.
    fn classes(&self, facts: &Facts<'_>) -> Vec<Finding> {
        if self.readable < facts.items.len() || self.used().len() < 2 {
            return Vec::new();
        }
        let mut findings = Vec::from_iter(self.never(facts));
        if self.labeled(Split::Train) > 0 && self.labeled(Split::Val) > 0 {
            let untrained = "they are scored but never trained";
            findings.extend(self.in_one_list(facts, Split::Val, Split::Train, untrained));
            let unscored = "they are trained but never scored";
            findings.extend(self.in_one_list(facts, Split::Train, Split::Val, unscored));
            findings.extend(self.rare(facts));
            findings.extend(self.much_void());
        }
        findings
    }

    fn has(&self, split: Split, label: u8) -> bool {
        self.pixels[place(split)].contains_key(&label)
    }

    fn never(&self, facts: &Facts<'_>) -> Option<Finding> {
        let never = classes_that(facts, |label| {
            !self.has(Split::Train, label) && !self.has(Split::Val, label)
        });
        let hint = if never.first() == Some(&0) && facts.classes.len() > 2 {
            ". Class 0 is among them: check that the masks do not count classes from 1"
        } else {
            ""
        };
        let areas = if never.len() == 1 && hint.is_empty() && self.has_areas_of_void() {
            ", while void covers areas: check that the class was not written as 255"
        } else {
            ""
        };
        let what = "no mask has these classes of the list";
        let found = about_classes(facts, FindingKind::ClassNeverOccurs, &never, what)?;
        let reason = format!("{}{areas}{hint}", found.reason);
        Some(Finding { reason, ..found })
    }

    fn in_one_list(
        &self,
        facts: &Facts<'_>,
        has: Split,
        lacks: Split,
        effect: &str,
    ) -> Option<Finding> {
        let one = classes_that(facts, |label| {
            self.has(has, label) && !self.has(lacks, label)
        });
        let list = list_name(lacks);
        let what = format!("the {list} list has no pixel of these classes, so that {effect}");
        about_classes(facts, FindingKind::ClassInOneSplit, &one, &what)
    }

    fn rare(&self, facts: &Facts<'_>) -> Option<Finding> {
        let limit = self.labeled(Split::Train) as f64 * RARE;
        let pixels = &self.pixels[place(Split::Train)];
        let rare = classes_that(facts, |label| {
            pixels
                .get(&label)
                .is_some_and(|count| (*count as f64) < limit)
        });
        let what = "fewer than 1 in 10,000 pixels of the training list are of these classes";
        let found = about_classes(facts, FindingKind::ClassIsRare, &rare, what)?;
        let severity = Severity::Info;
        Some(Finding { severity, ..found })
    }

    /// Whether most of void lies in areas and not in lines along edges.
    fn has_areas_of_void(&self) -> bool {
        self.deep_void * 2 > self.void
    }

    fn much_void(&self) -> Option<Finding> {
        let total = self.void + self.labeled(Split::Train) + self.labeled(Split::Val);
        let share = self.void as f64 / total.max(1) as f64;
        if share <= MUCH_VOID || !self.has_areas_of_void() {
            return None;
        }
        let reason = format!(
            "void covers {:.0} % of all pixels, in areas and not in lines along edges. Check that no class was written \
             as 255 or in a color of none",
            share * 100.0
        );
        let kind = FindingKind::MuchVoid;
        Some(Finding::new(Severity::Warning, kind, &[], reason).counting(1))
    }
}

fn classes_that(facts: &Facts<'_>, is: impl Fn(u8) -> bool) -> Vec<u8> {
    let all = (0..VOID).take(facts.classes.len());
    all.filter(|label| is(*label)).collect()
}

/// A warning that names classes; `None` without any.
fn about_classes(
    facts: &Facts<'_>,
    kind: FindingKind,
    labels: &[u8],
    what: &str,
) -> Option<Finding> {
    let named = labels.iter().take(NAMED);
    let mut names: Vec<String> = named
        .map(|label| format!("{} ({label})", facts.classes.name(*label)))
        .collect();
    if labels.len() > NAMED {
        names.push(format!("{} more", labels.len() - NAMED));
    }
    let reason = format!("{what}: {}", names.join(", "));
    let finding = Finding::new(Severity::Warning, kind, &[], reason).counting(labels.len());
    (!labels.is_empty()).then_some(finding)
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
