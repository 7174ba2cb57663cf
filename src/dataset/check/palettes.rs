//! The rule about palettes: their colors say what people see, the indices what is trained.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Facts;
use super::facts::{ItemFacts, RawSamples};
use super::finding::{Finding, FindingKind, Fix, Severity};
use crate::dataset::{Class, ClassList, VOID};

/// Labels that palettes show in the color of another class.
pub(super) struct Moved {
    /// That class.
    labels: BTreeMap<u8, u8>,
    pub masks: Vec<PathBuf>,
}

impl Moved {
    /// The first of the labels, for people.
    pub(super) fn example(&self, facts: &Facts<'_>) -> String {
        self.labels
            .iter()
            .next()
            .map_or_else(String::new, |(from, to)| {
                format!(
                    "label {from} ({}) is shown in the color of {}",
                    facts.classes.name(*from),
                    facts.classes.name(*to)
                )
            })
    }
}

/// Masks in whose palettes the colors of the classes stand at other labels.
pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let moved = moved(facts)?;
    let reason = format!(
        "the palettes of these masks have the colors of the classes in another order than the class list: {}. Labels \
         count, so check that the class list is in the order of the labels, or number the labels by their colors",
        moved.example(facts)
    );
    let kind = FindingKind::PaletteOrder;
    let finding = Finding::new(Severity::Warning, kind, &moved.masks, reason);
    Some(finding.with_fix(Fix::NumberByPalette))
}

/// The same, before it is said.
pub(super) fn moved(facts: &Facts<'_>) -> Option<Moved> {
    let mut labels: BTreeMap<u8, u8> = BTreeMap::new();
    let mut masks: Vec<PathBuf> = Vec::new();
    for item in &facts.items {
        let found = moved_labels(facts, item);
        if found.is_empty() {
            continue;
        }
        // Palettes that contradict each other have no order that could be put right.
        if found
            .iter()
            .any(|(from, to)| labels.get(from).is_some_and(|known| known != to))
        {
            return None;
        }
        labels.extend(found);
        masks.push(item.mask_path.clone());
    }
    (labels.len() > 1).then_some(Moved { labels, masks })
}

/// Labels of a mask whose color is that of another class, with that class; empty where any color
/// is that of no class, as the palette is then not about these classes.
fn moved_labels(facts: &Facts<'_>, item: &ItemFacts) -> BTreeMap<u8, u8> {
    let Some(RawSamples::Labels {
        counts,
        palette: Some(palette),
    }) = item.raw.as_ref().map(|raw| &raw.samples)
    else {
        return BTreeMap::new();
    };
    // Where labels were given another meaning while reading, somebody has taken care of them.
    let is_class = |(label, _): &&(u8, u64)| usize::from(*label) < facts.classes.len();
    if !counts
        .iter()
        .filter(is_class)
        .eq(item.counts().iter().filter(is_class))
    {
        return BTreeMap::new();
    }
    let mut moved = BTreeMap::new();
    for (label, color) in palette.iter().filter(|(label, _)| *label != VOID) {
        match class_shown(facts.classes, *label, *color) {
            Some(class) if class == *label => {}
            Some(class) => {
                moved.insert(*label, class);
            }
            None => return BTreeMap::new(),
        }
    }
    moved
}

/// The class whose color a palette has at a label: its own where it has this color, else the first.
pub(super) fn class_shown(classes: &ClassList, label: u8, color: [u8; 3]) -> Option<u8> {
    let is_own = |class: &Class| class.color == color;
    if classes.get(label).is_some_and(is_own) {
        return Some(label);
    }
    let mut all = (0..VOID).zip(classes);
    all.find(|(_, class)| class.color == color)
        .map(|(label, _)| label)
}
