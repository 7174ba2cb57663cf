//! What a run was started with beside its settings: its data as fingerprints, the version of the
//! program, the device. Noted in `origin.json`, and compared when the run is resumed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use burn::tensor::Device;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::config::RunConfig;
use super::control::Control;
use super::device::describe;
use super::edited_settings::compare_settings;
use super::error::TrainError;
use super::event::Repeats;
use crate::dataset::{Dataset, DatasetItem};
use crate::files::FileError;

/// Items that are named; the others are counted.
const NAMED: usize = 3;

/// `origin.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOrigin {
    /// Version of the program.
    pub version: String,
    /// Where it ran, in words.
    pub device: String,
    /// Dtype of its convolutions.
    pub precision: String,
    /// What its steps computed with, in words; empty where it was not noted.
    #[serde(default)]
    pub arithmetic: String,
    /// Threads of the processor.
    pub threads: usize,
    /// Seed of its weights, order, augmentation and dropout.
    pub seed: u64,
    /// Its settings, as they are written to `config.json`; `None` where they were not noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
    /// What it was trained on.
    pub data: DataFingerprint,
}

/// A dataset in short: its classes and lists, the sizes of the images, the content of the masks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFingerprint {
    /// Names of the classes, by label.
    pub classes: Vec<String>,
    /// The training list, in its order.
    pub train: Vec<ItemFingerprint>,
    /// The validation list, in its order.
    pub val: Vec<ItemFingerprint>,
}

/// An image with its mask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemFingerprint {
    /// The image's file, below the folder of the dataset.
    pub image: String,
    /// Bytes of that file.
    pub image_bytes: u64,
    /// SHA-256 of the mask's file.
    pub mask_sha256: String,
}

impl RunOrigin {
    /// Of a run that is trained now.
    pub(super) fn now(config: &RunConfig, device: &Device, data: DataFingerprint) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device: describe(config.device),
            precision: <&str>::from(config.precision).to_owned(),
            arithmetic: config.precision.arithmetic(device, config.device),
            threads: rayon::current_num_threads(),
            seed: config.seed,
            settings: serde_json::to_value(config).ok(),
            data,
        }
    }

    /// Settings that are others now than when the run was started, such as `the seed is 1 and was 0`. Those that a
    /// resumed run may have others of, and those that only one of two versions of the program knows, are left out.
    pub(super) fn edited_settings(&self, now: &Self) -> Vec<String> {
        let mut edited = Vec::new();
        if self.seed != now.seed {
            edited.push(format!("the seed is {} and was {}", now.seed, self.seed));
        }
        if let (Some(then), Some(now)) = (&self.settings, &now.settings) {
            compare_settings("", then, now, &mut edited);
        }
        edited
    }

    /// How a run of this origin goes on where it is resumed `now`, on the same data; `None` where its settings
    /// are others. Kernels of the processor give the same bits with any number of threads.
    pub(super) fn repeats(&self, now: &Self) -> Option<Repeats> {
        let on_processor = |origin: &Self| origin.device.starts_with("CPU,");
        let is_same = self.version == now.version && on_processor(self) && on_processor(now);
        let is_edited = !self.edited_settings(now).is_empty();
        (!is_edited).then_some(if is_same {
            Repeats::BitEqual
        } else {
            Repeats::UpToRounding
        })
    }

    /// What else than the data is another now, one text for people; `None` = nothing.
    pub(super) fn other_surroundings(&self, now: &Self) -> Option<String> {
        let pairs = [
            ("version", &self.version, &now.version),
            ("device", &self.device, &now.device),
        ];
        let changed: Vec<String> = pairs
            .iter()
            .filter(|(_, then, now)| then != now)
            .map(|(what, then, now)| format!("{what} {now} instead of {then}"))
            .collect();
        (!changed.is_empty()).then(|| {
            format!(
                "It is resumed with {}: losses may differ in their last digits from those of an \
                 unbroken run",
                changed.join(" and ")
            )
        })
    }
}

impl DataFingerprint {
    /// Reads every mask and the size of every image file.
    ///
    /// # Errors
    /// When one of them cannot be read, or a stop at once is asked for.
    pub(super) fn of(dataset: &Dataset, control: &Control) -> Result<Self, TrainError> {
        let list = |items: &[DatasetItem]| {
            items
                .par_iter()
                .map(|item| {
                    // A stop that saves needs a run to save: it comes after the reading.
                    control.check_wanted()?;
                    ItemFingerprint::of(item, &dataset.root)
                })
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            classes: dataset
                .classes
                .iter()
                .map(|class| class.name.clone())
                .collect(),
            train: list(&dataset.train)?,
            val: list(&dataset.val)?,
        })
    }

    /// What is another in `now`, one text for people; `None` = nothing.
    pub(super) fn changes(&self, now: &Self) -> Option<String> {
        let mut changes = Vec::new();
        if self.classes != now.classes {
            changes.push(format!(
                "the classes are {} instead of {}",
                now.classes.join(", "),
                self.classes.join(", ")
            ));
        }
        for (list, then, now) in [
            ("training", &self.train, &now.train),
            ("validation", &self.val, &now.val),
        ] {
            changes.extend(list_changes(list, then, now));
        }
        (!changes.is_empty()).then(|| changes.join("; "))
    }
}

fn list_changes(list: &str, then: &[ItemFingerprint], now: &[ItemFingerprint]) -> Vec<String> {
    let by_name = |items: &'_ [ItemFingerprint]| -> BTreeMap<String, ItemFingerprint> {
        let items = items.iter().cloned();
        items.map(|item| (item.image.clone(), item)).collect()
    };
    let (before, after) = (by_name(then), by_name(now));
    let names = |differs: &dyn Fn(&ItemFingerprint, &ItemFingerprint) -> bool| -> Vec<&String> {
        let both = before
            .iter()
            .filter_map(|(name, item)| Some((name, item, after.get(name)?)));
        both.filter(|(_, then, now)| differs(then, now))
            .map(|(name, ..)| name)
            .collect()
    };
    let gone: Vec<&String> = before
        .keys()
        .filter(|name| !after.contains_key(*name))
        .collect();
    let new: Vec<&String> = after
        .keys()
        .filter(|name| !before.contains_key(*name))
        .collect();
    let mut changes = Vec::new();
    let mut tell = |what: &str, names: Vec<&String>| {
        if !names.is_empty() {
            changes.push(format!("{what} {}", named(&names)));
        }
    };
    tell(&format!("gone from the {list} list:"), gone);
    tell(&format!("new in the {list} list:"), new);
    tell(
        &format!("changed masks in the {list} list:"),
        names(&|then, now| then.mask_sha256 != now.mask_sha256),
    );
    tell(
        &format!("images of another size in bytes in the {list} list:"),
        names(&|then, now| then.image_bytes != now.image_bytes),
    );
    let order = |items: &[ItemFingerprint]| -> Vec<String> {
        items.iter().map(|item| item.image.clone()).collect()
    };
    if changes.is_empty() && order(then) != order(now) {
        changes.push(format!("the {list} list has another order"));
    }
    changes
}

/// The first names, and how many more there are.
fn named(names: &[&String]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().take(NAMED).enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        // Writing to a text does not fail.
        write!(text, "{comma}{name}").ok();
    }
    if names.len() > NAMED {
        write!(text, " and {} more", names.len() - NAMED).ok();
    }
    text
}

impl ItemFingerprint {
    fn of(item: &DatasetItem, root: &Path) -> Result<Self, TrainError> {
        let image = fs::metadata(&item.image).map_err(FileError::read(&item.image))?;
        let mask = fs::read(&item.mask).map_err(FileError::read(&item.mask))?;
        let mut mask_sha256 = String::new();
        for byte in Sha256::digest(&mask) {
            write!(mask_sha256, "{byte:02x}").ok();
        }
        // Below the folder, so that a dataset may be moved; with `/` on every system.
        let path = item.image.strip_prefix(root).unwrap_or(&item.image);
        let parts = path.components();
        let parts = parts.map(|part| part.as_os_str().to_string_lossy().into_owned());
        Ok(Self {
            image: parts.collect::<Vec<_>>().join("/"),
            image_bytes: image.len(),
            mask_sha256,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(image: &str) -> ItemFingerprint {
        ItemFingerprint {
            image: image.to_owned(),
            image_bytes: 9,
            mask_sha256: "00".to_owned(),
        }
    }

    fn data(train: Vec<ItemFingerprint>) -> DataFingerprint {
        DataFingerprint {
            classes: vec!["a".to_owned(), "b".to_owned()],
            train,
            val: vec![item("v")],
        }
    }

    #[test]
    fn a_run_repeats_its_bits_with_the_same_seed_program_and_processor() {
        let then = RunOrigin {
            version: "1".to_owned(),
            device: "CPU, 2 threads".to_owned(),
            precision: "f32".to_owned(),
            arithmetic: "f32".to_owned(),
            threads: 2,
            seed: 1,
            settings: Some(settings(0.5)),
            data: data(Vec::new()),
        };
        let with = |edit: &dyn Fn(&mut RunOrigin)| {
            let mut now = then.clone();
            edit(&mut now);
            then.repeats(&now)
        };
        let device = |name: &'static str| move |now: &mut RunOrigin| now.device = name.to_owned();
        assert_eq!(with(&device("CPU, 8 threads")), Some(Repeats::BitEqual));
        assert_eq!(with(&device("GPU 0")), Some(Repeats::UpToRounding));
        let newer = with(&|now| now.version = "2".to_owned());
        assert_eq!(newer, Some(Repeats::UpToRounding));
        assert_eq!(with(&|now| now.seed = 2), None);
        assert_eq!(with(&|now| now.settings = Some(settings(0.25))), None);
        // Of a version that did not note them.
        let unknown = with(&|now| now.settings = None);
        assert_eq!(unknown, Some(Repeats::BitEqual));
        let mut now = then.clone();
        now.seed = 2;
        now.settings = Some(settings(0.25));
        let expected = [
            "the seed is 2 and was 1",
            "learning.objective.class_weights is [0.25,1.0] and was [0.5,1.0]",
        ];
        assert_eq!(then.edited_settings(&now), expected);
    }

    /// Of a run whose device is another each time, and of two versions, each with a field of its own.
    fn settings(weight: f64) -> Value {
        let own = format!("only with {weight}");
        let mut settings = serde_json::json!({
            "device": own,
            "epochs": 3,
            "learning": { "rate": 0.1, "objective": { "class_weights": [weight, 1.0] } },
        });
        settings[own] = Value::Null;
        settings
    }

    #[test]
    fn changes_are_told_item_by_item() {
        let then = data(["1", "2", "3"].map(item).to_vec());
        assert_eq!(then.changes(&then), None);
        let mut now = then.clone();
        now.train.remove(0);
        now.train[0].mask_sha256 = "11".to_owned();
        now.train[1].image_bytes = 8;
        now.val = ["v", "w", "x", "y", "z"].map(item).to_vec();
        assert_eq!(
            then.changes(&now).expect("changes"),
            "gone from the training list: 1; changed masks in the training list: 2; images of \
             another size in bytes in the training list: 3; new in the validation list: w, x, y and \
             1 more"
        );
        now = then.clone();
        now.train.reverse();
        assert_eq!(
            then.changes(&now).expect("a change"),
            "the training list has another order"
        );
        now = then.clone();
        now.classes.pop();
        assert_eq!(
            then.changes(&now).expect("a change"),
            "the classes are a instead of a, b"
        );
    }
}
