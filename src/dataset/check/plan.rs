//! What is put right in a copy of a dataset.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::CheckReport;
use super::finding::{Finding, Fix};
use super::palettes::class_shown;
use crate::dataset::{ClassList, VOID};

/// What is put right. Masks become indexed PNGs in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FixPlan {
    /// The new number of a label in all mask files, before anything else is made of it.
    pub remap: BTreeMap<u8, u8>,
    /// What else is done to the labels of single mask files.
    pub masks: BTreeMap<PathBuf, MaskFix>,
    /// Whether the fourth band of images is left out.
    pub strip_alpha: bool,
    /// Which masks are turned as EXIF turns their images.
    pub turn_masks: TurnMasks,
    /// Whether pairs that cannot be read, or do not fit together, are left out.
    pub leave_out: bool,
}

impl FixPlan {
    /// All that findings propose, but for what is for people to decide: leaving out, and turning where nothing says
    /// whether masks are turned. What is proposed for labels is done to the masks of the finding alone: in others
    /// the same labels mean something else. Where that is a guess, it is done if `guesses` are wanted.
    pub fn of(report: &CheckReport, guesses: bool) -> Self {
        let mut plan = Self::default();
        for finding in &report.findings {
            match &finding.fix {
                Some(Fix::RemapGuessed { .. }) if !guesses => {}
                Some(Fix::Remap { map } | Fix::RemapGuessed { map }) => plan.remap_in(finding, map),
                Some(Fix::NumberByPalette) => {
                    for mask in finding.all_files.iter() {
                        plan.mask(mask).by_palette = true;
                    }
                }
                Some(Fix::StripAlpha) => plan.strip_alpha = true,
                Some(Fix::TurnMasks) => plan.turn_masks.add(&finding.all_files),
                Some(Fix::LeaveOut | Fix::TurnUnclear) | None => {}
            }
        }
        plan
    }

    /// The same, and what people have decided about one finding.
    pub fn decided(report: &CheckReport, finding: &Finding) -> Self {
        let mut plan = Self::of(report, false);
        match &finding.fix {
            Some(Fix::RemapGuessed { map }) => plan.remap_in(finding, map),
            Some(Fix::LeaveOut) => plan.leave_out = true,
            Some(Fix::TurnUnclear) => plan.turn_masks.add(&finding.all_files),
            _ => {}
        }
        plan
    }

    fn remap_in(&mut self, finding: &Finding, map: &BTreeMap<u8, u8>) {
        for mask in finding.all_files.iter() {
            self.mask(mask).remap.extend(map);
        }
    }

    fn mask(&mut self, mask: &Path) -> &mut MaskFix {
        self.masks.entry(mask.to_owned()).or_default()
    }

    /// Whether labels of any mask get another number.
    pub(super) fn changes_labels(&self) -> bool {
        !self.remap.is_empty() || !self.masks.is_empty()
    }

    /// Whether those of this mask do.
    pub(super) fn changes_labels_of(&self, mask: &Path) -> bool {
        !self.remap.is_empty() || self.masks.contains_key(mask)
    }

    /// The new numbers of the labels of a mask with this palette.
    pub(super) fn map_of(
        &self,
        mask: &Path,
        palette: &[[u8; 3]],
        classes: &ClassList,
    ) -> BTreeMap<u8, u8> {
        let mut map = BTreeMap::new();
        let own = self.masks.get(mask);
        if own.is_some_and(|own| own.by_palette) {
            let shown = (0..VOID).zip(palette);
            map.extend(
                shown.filter_map(|(label, color)| {
                    Some((label, class_shown(classes, label, *color)?))
                }),
            );
        }
        map.extend(own.into_iter().flat_map(|own| &own.remap));
        map.extend(&self.remap);
        map
    }
}

/// What is done to the labels of one mask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaskFix {
    /// Whether each label becomes the class whose color its palette has there.
    pub by_palette: bool,
    /// The new number of a label.
    pub remap: BTreeMap<u8, u8>,
}

/// Masks that are turned as EXIF turns their images.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TurnMasks {
    /// None.
    #[default]
    None,
    /// These files.
    These(BTreeSet<PathBuf>),
    /// All that have the size of their images as they are stored.
    All,
}

impl TurnMasks {
    fn add(&mut self, masks: &[PathBuf]) {
        match self {
            Self::None => *self = Self::These(masks.iter().cloned().collect()),
            Self::These(known) => known.extend(masks.iter().cloned()),
            Self::All => {}
        }
    }

    pub(super) fn has(&self, mask: &Path) -> bool {
        match self {
            Self::None => false,
            Self::These(masks) => masks.contains(mask),
            Self::All => true,
        }
    }
}
