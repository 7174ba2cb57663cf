//! What is wrong with a dataset, found by one reading before anything is trained or scored.
//!
//! `facts` reads the files; the other modules are rules, pure functions of these facts. Must not
//! change a file: [`fix`] writes a new folder.

mod binary;
mod classes;
mod counts;
mod crossed;
mod facts;
mod finding;
mod fit;
mod fix;
mod folders;
mod images;
mod labels;
mod lines;
mod masks;
mod objects;
mod pairing;
mod palettes;
mod picture_hash;
mod plan;
mod predicted;
mod record;
mod same_files;
mod scaled;
mod shifted;
mod smoothed;
mod splits;
#[cfg(test)]
mod tests;
mod turned;
mod unknown;

use std::path::PathBuf;

use rayon::prelude::*;
use serde::Serialize;
use strum::VariantArray as _;

pub use finding::{Finding, FindingKind, Fix, Severity};
pub use fix::{FixedDataset, fix, refuse_inside};
pub use plan::{FixPlan, TurnMasks};
pub use record::{DatasetRecord, list_digest};

use super::{ClassList, Dataset, DatasetItem, DatasetStats, MaskReader, Split};
use facts::ItemFacts;

/// Pairs that are read between two reports of progress.
const CHUNK: usize = 16;
/// Training images that are read as a whole before a training. A damaged one behind them is named when
/// its turn comes, as a start must not take as long as an epoch.
const MOST_READ: usize = 1_000;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// All masks, and the headers of the images: what labels mean.
    Labels,
    /// The images as well: which are damaged. Of very many training images the first.
    Readable,
    /// All of the images: which are damaged, or copies of each other.
    Everything,
}

/// All findings about a dataset, the worst first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// What was found.
    pub findings: Vec<Finding>,
    /// Pairs that were read.
    pub pairs: usize,
}

impl CheckReport {
    /// Findings of this severity.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        let is_of = move |finding: &&Finding| finding.severity == severity;
        self.findings.iter().filter(is_of)
    }

    /// The first finding with which nothing can be trained.
    pub fn error(&self) -> Option<&Finding> {
        self.of(Severity::Error).next()
    }
}

/// What the rules look at.
struct Facts<'a> {
    classes: &'a ClassList,
    /// Whether somebody states the range of the images' samples.
    has_range: bool,
    /// Whether the images were read to be compared.
    are_compared: bool,
    items: Vec<ItemFacts>,
}

impl Facts<'_> {
    fn of(&self, split: Split) -> impl Iterator<Item = &ItemFacts> {
        self.items.iter().filter(move |item| item.split == split)
    }
}

/// Reads a dataset, on all cores. `progress` gets the number of pairs done and of all pairs, and
/// says whether to go on; `None` when it said no.
pub fn check(
    dataset: &Dataset,
    depth: Depth,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<CheckReport> {
    check_and_count(dataset, depth, progress).map(|(report, _)| report)
}

/// As [`check`], with the counts of the same reading.
pub fn check_and_count(
    dataset: &Dataset,
    depth: Depth,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<(CheckReport, DatasetStats)> {
    let lists = [Split::Train, Split::Val].map(|split| (split, dataset.items(split)));
    let facts = read(dataset, &lists, depth, progress)?;
    let stats = counts::count(&facts);
    Some((report_of_lists(dataset, &facts), stats))
}

/// What is found in the training and the validation list.
fn report_of_lists(dataset: &Dataset, facts: &Facts<'_>) -> CheckReport {
    let mut findings = labels::find(facts);
    findings.extend(classes::find(dataset));
    findings.extend(predicted::find(facts));
    findings.extend(palettes::find(facts));
    findings.extend(images::find(facts));
    findings.extend(turned::find(facts));
    findings.extend(splits::find(facts));
    findings.extend(crossed::find(dataset, Split::VARIANTS));
    findings.extend(folders::find(dataset));
    findings.extend(pairing::find(dataset));
    report(findings, facts.items.len())
}

/// What [`check`] proposes for all three lists, from one reading of each file; `None` when `progress` wants no
/// more.
pub fn plan_for_all_lists(
    dataset: &Dataset,
    guesses: bool,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<FixPlan> {
    let lists = Split::VARIANTS.iter();
    let lists: Vec<_> = lists.map(|split| (*split, dataset.items(*split))).collect();
    let mut facts = read(dataset, &lists, Depth::Everything, progress)?;
    let of_test = facts.items.extract_if(.., |item| item.split == Split::Test);
    let of_test: Vec<ItemFacts> = of_test.collect();
    let mut plan = FixPlan::of(&report_of_lists(dataset, &facts), guesses);
    facts.items.extend(of_test);
    plan.add_test_list(dataset, &facts, guesses);
    Some(plan)
}

/// As [`check`], for the labels of one list that is to be scored.
pub fn check_split(
    dataset: &Dataset,
    split: Split,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<CheckReport> {
    let lists = [(split, dataset.items(split))];
    let facts = read(dataset, &lists, Depth::Labels, progress)?;
    let mut findings = labels::find_in_scored(&facts);
    findings.extend(predicted::find(&facts));
    findings.extend(palettes::find(&facts));
    findings.extend(images::find(&facts));
    findings.extend(turned::find(&facts));
    findings.extend(splits::shared_masks(&facts));
    findings.extend(crossed::find(dataset, &[split]));
    if split != Split::Train {
        findings.extend(splits::trained_on(&dataset.train, dataset.items(split)));
    }
    Some(report(findings, facts.items.len()))
}

/// Adds to a plan what it lacks for the masks of the test list, which [`check`] does not read: they may count as
/// those of the other lists do, or in their own way. `guesses` says whether guesses are wanted, and `progress` is
/// that of [`check`].
pub fn plan_for_test_list(
    plan: &mut FixPlan,
    dataset: &Dataset,
    guesses: bool,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<()> {
    if dataset.test.is_empty() || plan.masks.is_empty() {
        return Some(());
    }
    let all = Split::VARIANTS.iter();
    let lists: Vec<_> = all.map(|split| (*split, dataset.items(*split))).collect();
    let facts = read(dataset, &lists, Depth::Labels, progress)?;
    plan.add_test_list(dataset, &facts, guesses);
    Some(())
}

impl FixPlan {
    /// Adds what is proposed for the masks of the test list, by the facts of all lists.
    fn add_test_list(&mut self, dataset: &Dataset, facts: &Facts<'_>, guesses: bool) {
        // Masks count in one way in a dataset: where the others are right, those of this list are left alone.
        if self.masks.is_empty() {
            return;
        }
        let mut findings = labels::find(facts);
        findings.extend(palettes::find(facts));
        let mut of_all = Self::of(&report(findings, facts.items.len()), guesses).masks;
        for item in &dataset.test {
            if let Some(fix) = of_all.remove(&item.mask) {
                self.masks.entry(item.mask.clone()).or_insert(fix);
            }
        }
    }
}

/// As [`check`], for masks that are to be scored and have no images. Masks that cannot be read
/// are no finding here.
pub fn check_masks(
    classes: &ClassList,
    reader: &MaskReader,
    masks: &[PathBuf],
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<CheckReport> {
    let facts = read_masks(classes, reader, masks, progress)?;
    Some(report(masks::find_in_labels(&facts), masks.len()))
}

/// As [`check_masks`], for predictions of any program.
pub fn check_predictions(
    classes: &ClassList,
    reader: &MaskReader,
    predictions: &[PathBuf],
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<CheckReport> {
    let facts = read_masks(classes, reader, predictions, progress)?;
    Some(report(
        masks::find_in_predictions(&facts),
        predictions.len(),
    ))
}

fn read_masks<'a>(
    classes: &'a ClassList,
    reader: &MaskReader,
    masks: &[PathBuf],
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<Facts<'a>> {
    let mut items = Vec::with_capacity(masks.len());
    for chunk in masks.chunks(CHUNK) {
        if !progress(items.len(), masks.len()) {
            return None;
        }
        items.par_extend(
            chunk
                .par_iter()
                .map(|path| ItemFacts::of_mask(reader, path)),
        );
    }
    Some(Facts {
        classes,
        has_range: false,
        are_compared: false,
        items,
    })
}

fn report(mut findings: Vec<Finding>, pairs: usize) -> CheckReport {
    findings.sort_by_key(|finding| (finding.severity, finding.kind));
    CheckReport { findings, pairs }
}

fn read<'a>(
    dataset: &'a Dataset,
    lists: &[(Split, &[DatasetItem])],
    depth: Depth,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<Facts<'a>> {
    let reader = dataset.mask_reader();
    let depth_of = |split: Split, index: usize| match depth {
        // What its images show matters to no training.
        _ if split == Split::Test => Depth::Labels,
        Depth::Readable if split == Split::Train && index >= MOST_READ => Depth::Labels,
        depth => depth,
    };
    let pairs: Vec<(Split, &DatasetItem, Depth)> = lists
        .iter()
        .flat_map(|(split, items)| {
            let numbered = items.iter().enumerate();
            numbered.map(move |(index, item)| (*split, item, depth_of(*split, index)))
        })
        .collect();
    let mut items = Vec::with_capacity(pairs.len());
    for chunk in pairs.chunks(CHUNK) {
        if !progress(items.len(), pairs.len()) {
            return None;
        }
        let facts = chunk
            .par_iter()
            .map(|(split, item, depth)| ItemFacts::read(&reader, item, *split, *depth));
        items.par_extend(facts);
    }
    progress(pairs.len(), pairs.len()).then_some(Facts {
        classes: &dataset.classes,
        has_range: dataset.images.range.is_some(),
        are_compared: depth == Depth::Everything,
        items,
    })
}
