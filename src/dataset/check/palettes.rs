//! The rule about palettes: their colors say what people see, the indices what is trained.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Facts;
use super::facts::{ItemFacts, RawSamples};
use super::finding::{Finding, FindingKind, Fix, Severity};
use crate::dataset::{Class, ClassList, VOID};

/// Palettes in which colors stand at other labels than in the class list, or in other masks.
pub(super) struct Moved {
    pub masks: Vec<PathBuf>,
    /// The first of the labels, for people.
    pub example: String,
    /// Whether the palettes of masks contradict each other.
    pub differ: bool,
    /// Whether the colors say the class of each label.
    are_classes: bool,
}

/// Masks in whose palettes the colors stand at other labels.
pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let moved = moved(facts)?;
    let example = &moved.example;
    let reason = match (moved.differ, moved.are_classes) {
        (false, _) => format!(
            "the palettes of these masks have the colors of the classes in another order than the class list: {example}. \
             Labels count, so check that the class list is in the order of the labels, or number the labels by their \
             colors"
        ),
        (true, true) => format!(
            "the palettes of these masks have the colors of the classes at other labels than those of other masks: \
             {example}. Labels count, so a label is not the same class in all masks: number the labels by their colors"
        ),
        (true, false) => format!(
            "the palettes of these masks have colors at other labels than those of other masks, as programs leave them \
             that reduce the colors of each mask by itself: {example}. Labels count, so a label is not the same class in \
             all masks. Write the masks with one palette; or name the colors of the classes in the class list, by which \
             labels can be numbered"
        ),
    };
    let kind = FindingKind::PaletteOrder;
    let finding = Finding::new(Severity::Warning, kind, &moved.masks, reason);
    Some(if moved.are_classes {
        finding.with_fix(Fix::NumberByPalette)
    } else {
        finding
    })
}

/// The same, before it is said.
pub(super) fn moved(facts: &Facts<'_>) -> Option<Moved> {
    let palettes: Vec<Palette<'_>> = facts
        .items
        .iter()
        .filter_map(|item| Palette::of(facts, item))
        .collect();
    let contradiction = Contradiction::of(&palettes);
    let mut labels: BTreeMap<u8, u8> = BTreeMap::new();
    let mut masks: Vec<PathBuf> = Vec::new();
    for palette in &palettes {
        let found = palette.moved_labels(facts.classes);
        if let Some(found) = found.filter(|found| !found.is_empty()) {
            for (from, to) in found {
                labels.entry(from).or_insert(to);
            }
            masks.push(palette.item.mask_path.clone());
        }
    }
    // One label may have the color of whatever a mask is about, unless other masks have it in its own.
    let has_own = |label: &u8| {
        let class = facts.classes.get(*label);
        let own = class.map(|class| (*label, class.color));
        palettes
            .iter()
            .any(|palette| own.is_some_and(|own| palette.colors.contains(&own)))
    };
    let is_elsewhere = labels.keys().any(has_own);
    let differ = contradiction.is_some() || is_elsewhere;
    if labels.len() > 1 || is_elsewhere {
        let (from, to) = labels.first_key_value()?;
        let name = |label: u8| facts.classes.name(label);
        // Among masks that differ, one whose colors nothing knows would be left as it is, whatever it means.
        let is_known = |palette: &Palette<'_>| palette.moved_labels(facts.classes).is_some();
        return Some(Moved {
            masks,
            example: format!(
                "label {from} ({}) is shown in the color of {}",
                name(*from),
                name(*to)
            ),
            differ,
            are_classes: !differ || palettes.iter().all(is_known),
        });
    }
    let Contradiction { masks, example } = contradiction?;
    Some(Moved {
        masks,
        example,
        differ,
        are_classes: false,
    })
}

/// The palette of a mask, of the labels that it has.
struct Palette<'a> {
    item: &'a ItemFacts,
    /// Without void.
    colors: Vec<(u8, [u8; 3])>,
}

impl<'a> Palette<'a> {
    /// `None` without a palette, and where labels were given another meaning while reading: somebody has taken
    /// care of them.
    fn of(facts: &Facts<'_>, item: &'a ItemFacts) -> Option<Self> {
        let Some(RawSamples::Labels {
            counts,
            palette: Some(palette),
        }) = item.raw.as_ref().map(|raw| &raw.samples)
        else {
            return None;
        };
        let is_class = |(label, _): &&(u8, u64)| usize::from(*label) < facts.classes.len();
        let as_in_file = counts.iter().filter(is_class);
        let colors = palette.iter().filter(|(label, _)| *label != VOID).copied();
        as_in_file
            .eq(item.counts().iter().filter(is_class))
            .then(|| Self {
                item,
                colors: colors.collect(),
            })
    }

    /// Labels whose color is that of another class, with that class; `None` where any color is that of no class, as
    /// the palette is then not about these classes.
    fn moved_labels(&self, classes: &ClassList) -> Option<BTreeMap<u8, u8>> {
        let mut moved = BTreeMap::new();
        for (label, color) in &self.colors {
            let class = class_shown(classes, *label, *color)?;
            if class != *label {
                moved.insert(*label, class);
            }
        }
        Some(moved)
    }

    /// Colors with their labels, as far as they tell labels apart. Shades of gray are often stretched over as many
    /// labels as a mask has, and mean nothing.
    fn telling(&self) -> BTreeMap<[u8; 3], u8> {
        let is_gray = |[red, green, blue]: &[u8; 3]| red == green && green == blue;
        let (mut telling, mut twice) = (BTreeMap::new(), BTreeSet::new());
        if self.colors.iter().all(|(_, color)| is_gray(color)) {
            return telling;
        }
        for (label, color) in &self.colors {
            if telling.insert(*color, *label).is_some() {
                twice.insert(*color);
            }
        }
        telling.retain(|color, _| !twice.contains(color));
        telling
    }
}

/// Masks whose palettes have colors at other labels than those of masks before them.
struct Contradiction {
    masks: Vec<PathBuf>,
    example: String,
}

impl Contradiction {
    fn of(palettes: &[Palette<'_>]) -> Option<Self> {
        let mut known: BTreeMap<[u8; 3], (u8, &ItemFacts)> = BTreeMap::new();
        let (mut colors, mut masks) = (BTreeSet::new(), Vec::new());
        let mut example = None;
        for palette in palettes {
            let mut differs = false;
            for (color, label) in palette.telling() {
                let (first, item) = *known.entry(color).or_insert((label, palette.item));
                if first == label {
                    continue;
                }
                differs = true;
                colors.insert(color);
                let [red, green, blue] = color;
                example.get_or_insert_with(|| {
                    format!(
                        "{red} {green} {blue} is label {first} in {} and label {label} in {}",
                        item.mask_path.display(),
                        palette.item.mask_path.display()
                    )
                });
            }
            if differs {
                masks.push(palette.item.mask_path.clone());
            }
        }
        // One color may be that of whatever a mask is about.
        let example = example.filter(|_| colors.len() > 1)?;
        Some(Self { masks, example })
    }
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
