//! The classes of a dataset that no file names: a look at some of its masks.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;

use super::class_files::{Classes, class_file_names};
use super::{DatasetItem, Note, NoteTopic};
use crate::dataset::image_io::{RawPixels, check_large_mask, read_raw};
use crate::dataset::{Class, ClassList, MaskColors, VOID};
use crate::text::plural;

/// How many masks are looked at for the classes.
const LOOKED_AT: usize = 200;
/// More colors than this are no classes.
const MOST_COLORS: usize = 64;

/// What some masks of a dataset hold.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Labels in indexed and gray masks.
    pub(super) labels: BTreeSet<u8>,
    /// Colors in RGB masks.
    pub(super) colors: BTreeSet<[u8; 3]>,
    /// The palette of the indexed mask with the highest label.
    pub(super) palette: Vec<[u8; 3]>,
    /// How many masks could be read.
    pub(super) masks: usize,
}

impl Look {
    /// Looks at up to 200 masks, spread over the list. A mask that cannot be read is skipped
    /// here; reading it for use says what is wrong.
    pub(super) fn at<'a>(items: impl Iterator<Item = &'a DatasetItem>) -> Self {
        let items: Vec<&DatasetItem> = items.collect();
        let looked_at: Vec<&DatasetItem> = items
            .iter()
            .step_by(items.len().div_ceil(LOOKED_AT).max(1))
            .copied()
            .collect();
        let seen: Vec<Self> = looked_at
            .par_iter()
            // Masks alone have no image of another size.
            .filter(|item| item.image.as_os_str().is_empty() || check_large_mask(item).is_ok())
            .filter_map(|item| Self::at_mask(&item.mask))
            .collect();
        seen.into_iter().fold(Self::default(), Self::and)
    }

    fn at_mask(mask: &Path) -> Option<Self> {
        let mut look = Self {
            masks: 1,
            ..Self::default()
        };
        match read_raw(mask).ok()?.pixels {
            RawPixels::Labels { samples, palette } => {
                let mut seen = [false; 256];
                for sample in samples {
                    seen[usize::from(sample)] = true;
                }
                look.labels = (0..=VOID)
                    .filter(|label| seen[usize::from(*label)])
                    .collect();
                look.palette = palette.unwrap_or_default();
            }
            RawPixels::Colors(colors) => {
                for color in colors {
                    if look.colors.len() > MOST_COLORS {
                        break;
                    }
                    look.colors.insert(color);
                }
            }
        }
        Some(look)
    }

    fn and(mut self, other: Self) -> Self {
        if other.highest() >= self.highest() && !other.palette.is_empty() {
            self.palette = other.palette;
        }
        self.labels.extend(other.labels);
        self.colors.extend(other.colors);
        self.masks += other.masks;
        self
    }

    /// The highest label that is not void.
    pub(super) fn highest(&self) -> Option<u8> {
        self.labels.range(..VOID).next_back().copied()
    }

    /// Numbered classes: one for each label up to the highest, or one for each color.
    pub(super) fn numbered(&self) -> Classes {
        let names = class_file_names();
        let is_gray = |[red, green, blue]: &[u8; 3]| red == green && green == blue;
        let many = self.colors.len() > MOST_COLORS;
        if self.labels.is_empty()
            && !many
            && !self.colors.is_empty()
            && !self.colors.iter().all(is_gray)
        {
            let classes = self.colors.iter().map(|color| Class {
                name: format!("color {} {} {}", color[0], color[1], color[2]),
                color: *color,
            });
            let text = format!(
                "one for each of the {} colors found in the masks, since no class list names them (looked for {names})",
                self.colors.len()
            );
            return Classes::published(
                ClassList::new(classes.collect()).unwrap_or_default(),
                MaskColors::Listed,
                Note::assumed(NoteTopic::ClassNames, text),
            );
        }
        let gray = self.colors.iter().filter(|color| is_gray(color));
        let highest_gray = gray
            .map(|color| color[0])
            .filter(|value| *value != VOID)
            .max();
        let highest = self.highest().max(highest_gray).unwrap_or(0).max(1);
        let mut classes = Vec::<Class>::from(ClassList::numbered(usize::from(highest) + 1));
        for (class, color) in classes.iter_mut().zip(&self.palette) {
            class.color = *color;
        }
        let text = format!(
            "numbered from 0 to {highest}, the highest label in {}, since no class list names them (looked for {names})",
            plural(self.masks, "mask", "masks")
        );
        let mut found = Classes::published(
            ClassList::new(classes).unwrap_or_default(),
            MaskColors::Assumed,
            Note::assumed(NoteTopic::ClassNames, text),
        );
        found.notes.push(if self.palette.is_empty() {
            Note::assumed(NoteTopic::ClassColors, "VOC's for the label")
        } else {
            Note::found(NoteTopic::ClassColors, "from the palette of the masks")
        });
        found
    }
}
