//! The rule about palettes: their colors say what people see, the indices what is trained.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Facts;
use super::facts::{ItemFacts, RawSamples};
use super::finding::{Finding, FindingKind, Fix, Severity};
use crate::dataset::VOID;

/// Masks in whose palettes the colors of the classes stand at other labels.
pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let mut moved: BTreeMap<u8, u8> = BTreeMap::new();
    let mut masks: Vec<PathBuf> = Vec::new();
    for item in &facts.items {
        let found = moved_labels(facts, item);
        if found.is_empty() {
            continue;
        }
        // Palettes that contradict each other have no order that could be put right.
        if found
            .iter()
            .any(|(from, to)| moved.get(from).is_some_and(|known| known != to))
        {
            return None;
        }
        moved.extend(found);
        masks.push(item.mask_path.clone());
    }
    if moved.len() < 2 {
        return None;
    }
    let example = moved.iter().next().map_or_else(String::new, |(from, to)| {
        format!(
            "label {from} ({}) is shown in the color of {}",
            facts.classes.name(*from),
            facts.classes.name(*to)
        )
    });
    let reason = format!(
        "the palettes of these masks have the colors of the classes in another order than the class list: {example}. \
         Labels count, so check that the class list is in the order of the labels; `data fix` numbers the labels by \
         their colors"
    );
    let finding = Finding::new(Severity::Warning, FindingKind::PaletteOrder, &masks, reason);
    Some(finding.with_fix(Fix::Remap { map: moved }))
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
        if facts
            .classes
            .get(*label)
            .is_some_and(|class| class.color == *color)
        {
            continue;
        }
        let class = (0..VOID)
            .zip(facts.classes)
            .find(|(_, class)| class.color == *color);
        match class {
            Some((class, _)) => moved.insert(*label, class),
            None => return BTreeMap::new(),
        };
    }
    moved
}
