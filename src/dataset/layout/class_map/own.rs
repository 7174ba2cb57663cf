//! What labels and colors of masks are before a class map, and what they become.

use std::collections::BTreeMap;

use super::super::Dataset;
use super::MappedClass;
use crate::dataset::VOID;

/// What the dataset's own classes are in its masks.
pub(super) struct Own {
    first: u8,
    /// By name in lower case: the labels and the colors in the masks.
    classes: BTreeMap<String, (Vec<u8>, Vec<[u8; 3]>)>,
}

impl Own {
    pub fn of(dataset: &Dataset, first: u8) -> Self {
        let labels_of = |class: u8| -> Vec<u8> {
            if dataset.remap.is_empty() {
                return class.checked_add(first).into_iter().collect();
            }
            (0..=VOID)
                .zip(&dataset.remap)
                .filter(|(_, meaning)| **meaning == Some(class))
                .map(|(label, _)| label)
                .collect()
        };
        let colors_of = |class: u8| -> Vec<[u8; 3]> {
            let colors = dataset.palette.iter().filter(|(_, label)| *label == class);
            colors.map(|(color, _)| *color).collect()
        };
        let classes = (0..VOID)
            .zip(&dataset.classes)
            .map(|(label, class)| {
                (
                    class.name.to_lowercase(),
                    (labels_of(label), colors_of(label)),
                )
            })
            .collect();
        Self { first, classes }
    }

    pub fn of_class(
        &self,
        mapped: &MappedClass,
        position: usize,
        is_own: bool,
    ) -> Result<(Vec<u8>, Vec<[u8; 3]>), String> {
        let (mut labels, mut colors) = (mapped.labels.clone(), mapped.colors.clone());
        for name in &mapped.from {
            let (more_labels, more_colors) = self.classes.get(&name.to_lowercase()).ok_or_else(|| {
                format!(
                    "class \"{}\" is made from \"{name}\", which is not in the dataset's class list. Correct the name or write labels",
                    mapped.name
                )
            })?;
            labels.extend(more_labels);
            colors.extend(more_colors);
        }
        if !labels.is_empty() || !colors.is_empty() {
            return Ok((labels, colors));
        }
        // Neither is said: the class keeps what its name or its place has.
        if let Some(same) = self.classes.get(&mapped.name.to_lowercase()) {
            return Ok(same.clone());
        }
        let at_place = u8::try_from(position)
            .ok()
            .and_then(|place| place.checked_add(self.first));
        match at_place {
            Some(label) if !is_own => Ok((vec![label], Vec::new())),
            _ => Err(format!("class \"{}\" has no label left", mapped.name)),
        }
    }
}

/// What each label and color becomes.
#[derive(Default)]
pub(super) struct Target {
    pub labels: BTreeMap<u8, u8>,
    pub colors: Vec<([u8; 3], u8)>,
}

impl Target {
    pub fn give(
        &mut self,
        name: &str,
        labels: &[u8],
        colors: &[[u8; 3]],
        class: u8,
    ) -> Result<(), String> {
        for label in labels {
            if self
                .labels
                .insert(*label, class)
                .is_some_and(|other| other != class)
            {
                return Err(format!(
                    "label {label} of class \"{name}\" belongs to another class already. Write it once"
                ));
            }
        }
        for color in colors {
            let known = self.colors.iter().find(|(known, _)| known == color);
            if known.is_some_and(|(_, other)| *other != class) {
                let [red, green, blue] = color;
                return Err(format!(
                    "color {red} {green} {blue} of class \"{name}\" belongs to another class already. Write it once"
                ));
            }
            self.colors.push((*color, class));
        }
        Ok(())
    }
}
