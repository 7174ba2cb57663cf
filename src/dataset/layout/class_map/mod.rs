//! `class-map.toml`: what the labels and colors of masks are to mean, said by the user.
//!
//! Lies beside a dataset or is named on the command line. Classes can be named, colored,
//! merged, taken out and moved; the masks stay as they are.

mod lists;
mod own;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::text::read_text;
use super::{Dataset, Note, NoteTopic};
use crate::dataset::classes::{MAX_CLASSES, color_blind};
use crate::dataset::{
    BandChoice, Class, ClassList, DatasetError, MaskColors, RangeChoice, VOID, voc_color,
};
pub use lists::ChosenLists;
use own::{Own, Target};

/// The name of a class map beside a dataset.
pub const CLASS_MAP_FILE: &str = "class-map.toml";

/// What the labels of a dataset's masks are to mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassMap {
    /// The label of the first class in the masks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_label: Option<u8>,
    /// Labels in the masks that are not counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub void: Vec<u8>,
    /// Colors of the masks that are not counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub void_colors: Vec<[u8; 3]>,
    /// Which bands of the images are red, green and blue, counted from 1, or the one that is gray.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<u8>,
    /// The values of the images that become 0 and 255, or "measured".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<RangeChoice>,
    /// A list of images with their masks, instead of pairs by names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pairs: Option<PathBuf>,
    /// The colors of classes that have none here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub palette: Option<Palette>,
    /// The lists of images, instead of those that were found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lists: Option<ChosenLists>,
    /// The classes in order; empty = those of the dataset.
    #[serde(rename = "class", skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<MappedClass>,
    /// The file it was read from, for messages.
    #[serde(skip)]
    pub path: PathBuf,
}

/// One class of a map.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MappedClass {
    /// Its name.
    pub name: String,
    /// Its color in the window and in written masks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<[u8; 3]>,
    /// Labels in the masks that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<u8>,
    /// Colors of the masks that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub colors: Vec<[u8; 3]>,
    /// Classes of the dataset's own list that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// Whether its pixels are not counted and it is no class.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignore: bool,
}

/// Colors for classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Palette {
    /// VOC's, by label.
    Voc,
    /// Colors that color-blind people can tell apart.
    ColorBlind,
}

impl Palette {
    fn color(self, label: u8) -> [u8; 3] {
        match self {
            Self::Voc => voc_color(label),
            Self::ColorBlind => color_blind(label),
        }
    }
}

impl ClassMap {
    /// A map that only adds void labels.
    pub fn of_void(labels: &[u8]) -> Self {
        Self {
            void: labels.to_vec(),
            ..Self::default()
        }
    }

    /// Reads a map.
    ///
    /// # Errors
    /// [`DatasetError::File`] when the file cannot be read, [`DatasetError::ClassMap`] when it
    /// is no map.
    pub fn read(path: &Path) -> Result<Self, DatasetError> {
        let map: Self = toml::from_str(&read_text(path)?).map_err(|err| {
            let place = err.span().map_or_else(String::new, |span| {
                format!(" (character {})", span.start + 1)
            });
            problem(path, format!("{}{place}", err.message()))
        })?;
        Ok(Self {
            path: path.to_owned(),
            ..map
        })
    }

    /// Why a class of the map cannot have these labels and colors: one of them is left out of all classes.
    fn contradiction(
        &self,
        class: &MappedClass,
        labels: &[u8],
        colors: &[[u8; 3]],
    ) -> Option<String> {
        // Of the dataset's own classes, which the map does not name, a label may well be void.
        if class.ignore || self.classes.is_empty() {
            return None;
        }
        let label = labels.iter().find(|label| self.void.contains(label));
        let label = label.map(|label| {
            let what = format!("label {label} is in \"void\"");
            (what, class.labels.contains(label).then_some("a label"))
        });
        let color = || {
            let mut colors = colors.iter();
            let color = colors.find(|color| self.void_colors.contains(color))?;
            let [red, green, blue] = color;
            let what = format!("the color {red} {green} {blue} is in \"void_colors\"");
            Some((what, class.colors.contains(color).then_some("a color")))
        };
        let (what, written) = label.or_else(color)?;
        let name = &class.name;
        Some(match written {
            Some(kind) => format!("{what} and is {kind} of class \"{name}\". Write it once"),
            None if !class.from.is_empty() => {
                format!("{what} and is of class \"{name}\" by its \"from\". Write it once")
            }
            None => format!(
                "{what} and is of class \"{name}\" by its name or its place. Take it out there, or leave the class out"
            ),
        })
    }

    /// The text of a map.
    ///
    /// # Errors
    /// When it cannot be written as TOML, which no map of this program is.
    pub fn to_toml(&self) -> Result<String, DatasetError> {
        toml::to_string(self).map_err(|err| problem(&self.path, err.to_string()))
    }

    /// Gives the labels of a dataset the meaning of the map.
    ///
    /// # Errors
    /// [`DatasetError::ClassMap`] when it names classes that the dataset does not have, gives a
    /// label twice, also to a class and to void, or leaves no class.
    /// Also those of files that it names.
    pub fn apply(&self, dataset: &mut Dataset) -> Result<(), DatasetError> {
        if let Some(list) = &self.pairs {
            dataset.take_pairs(list)?;
        }
        if let Some(lists) = &self.lists {
            dataset.take_lists(lists)?;
        }
        self.try_apply(dataset)
            .map_err(|reason| problem(&self.path, reason))
    }

    /// What it says of labels and images alone: without the files that it names.
    pub fn without_files(&self) -> Self {
        Self {
            lists: None,
            pairs: None,
            ..self.clone()
        }
    }

    /// What it says of the images.
    pub fn images(&self) -> BandChoice {
        BandChoice {
            bands: self.bands.clone(),
            range: self.range,
        }
    }

    /// Whether it says anything about labels and classes.
    fn has_classes(&self) -> bool {
        let others = Self {
            bands: self.bands.clone(),
            range: self.range,
            pairs: self.pairs.clone(),
            lists: self.lists.clone(),
            path: self.path.clone(),
            ..Self::default()
        };
        *self != others
    }

    fn try_apply(&self, dataset: &mut Dataset) -> Result<(), String> {
        let source = self.path.file_name().map_or_else(
            || "the options".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        dataset.choose_bands(&self.images(), &source)?;
        if self.has_classes() {
            self.apply_classes(dataset, &source)?;
        }
        Ok(())
    }

    fn apply_classes(&self, dataset: &mut Dataset, source: &str) -> Result<(), String> {
        let first = self.first_label.unwrap_or(0);
        let own = Own::of(dataset, first);
        let mut target = Target::default();
        let mut classes = Vec::new();
        let own_classes: Vec<MappedClass> = dataset
            .classes
            .iter()
            .map(|class| MappedClass {
                name: class.name.clone(),
                color: self.palette.is_none().then_some(class.color),
                ..MappedClass::default()
            })
            .collect();
        let listed = if self.classes.is_empty() {
            &own_classes
        } else {
            &self.classes
        };
        for (position, mapped) in listed.iter().enumerate() {
            if mapped.name.is_empty() {
                return Err(format!(
                    "class {} has no name. Add name = \"...\"",
                    position + 1
                ));
            }
            let label = if mapped.ignore {
                VOID
            } else {
                u8::try_from(classes.len())
                    .ok()
                    .filter(|label| usize::from(*label) < MAX_CLASSES)
                    .ok_or_else(|| {
                        format!("more than {MAX_CLASSES} classes do not fit into a label map")
                    })?
            };
            let (labels, colors) = own.of_class(mapped, position, self.classes.is_empty())?;
            if let Some(reason) = self.contradiction(mapped, &labels, &colors) {
                return Err(reason);
            }
            target.give(&mapped.name, &labels, &colors, label)?;
            if !mapped.ignore {
                let palette = self.palette.unwrap_or(Palette::Voc);
                classes.push(Class {
                    name: mapped.name.clone(),
                    color: mapped.color.unwrap_or_else(|| palette.color(label)),
                });
            }
        }
        if classes.is_empty() {
            return Err("it leaves no class. Name at least one that is not ignored".to_owned());
        }
        // A label may be void even where a class of the dataset had it.
        for label in &self.void {
            target.labels.insert(*label, VOID);
        }
        for label in &dataset.void_labels {
            target.labels.entry(*label).or_insert(VOID);
        }
        let void_colors = self.void_colors.iter().map(|color| (*color, VOID));
        let old_void = dataset.palette.iter().filter(|(_, label)| *label == VOID);
        dataset.palette = void_colors
            .chain(target.colors)
            .chain(old_void.copied())
            .collect();
        dataset.remap = (0..=VOID)
            .map(|label| target.labels.get(&label).copied())
            .collect();
        if listed.iter().any(|class| !class.colors.is_empty())
            && dataset.mask_colors == MaskColors::Assumed
        {
            dataset.mask_colors = MaskColors::Listed;
        }
        dataset.classes = ClassList::new(classes)?;
        if !self.classes.is_empty() {
            dataset
                .notes
                .retain(|note| note.topic != NoteTopic::ClassNames);
            dataset
                .notes
                .push(Note::found(NoteTopic::ClassNames, format!("from {source}")));
        }
        let mut void: Vec<String> = self.void.iter().map(u8::to_string).collect();
        void.push("255".to_owned());
        void.dedup();
        if !self.void.is_empty() {
            dataset.notes.retain(|note| note.topic != NoteTopic::Void);
            let text = format!("labels {} by {source}", void.join(", "));
            dataset.notes.push(Note::found(NoteTopic::Void, text));
        }
        Ok(())
    }
}

fn problem(path: &Path, reason: String) -> DatasetError {
    DatasetError::ClassMap {
        path: path.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests;
