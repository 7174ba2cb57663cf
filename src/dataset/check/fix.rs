//! A new copy of a dataset in which findings are put right. The old one stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::Serialize;
use strum::VariantArray as _;

use super::fit::turned;
use super::plan::FixPlan;
use crate::dataset::image_io::{
    RawPixels, check_large_mask, check_sizes, read_image_header, read_raw, read_without_alpha,
};
use crate::dataset::{
    ClassList, Dataset, DatasetError, DatasetItem, LabelMap, MaskReader, Split, VOID,
    encode_index_png, write_index_png, write_rgb_png,
};
use crate::files::{Existing, FileError, Outputs, own_files, resolved, write_atomic};

/// Pairs that are written between two reports of progress.
const CHUNK: usize = 16;

/// A dataset that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FixedDataset {
    /// Its folder, in VOC's layout.
    pub root: PathBuf,
    /// Pairs of its training list.
    pub train: usize,
    /// Pairs of its validation list.
    pub val: usize,
    /// Pairs of its test list, where the dataset has one that was read.
    pub test: usize,
    /// Why pairs were left out, a message each.
    pub left_out: Vec<String>,
}

/// Refuses a new folder in that of a dataset: it would be read as a part of it.
///
/// # Errors
/// When `out` is `root` or below it.
pub fn refuse_inside(out: &Path, root: &Path) -> Result<(), DatasetError> {
    let inside = resolved(out).map_err(FileError::read(out))?;
    if !root
        .canonicalize()
        .is_ok_and(|root| inside.starts_with(root))
    {
        return Ok(());
    }
    Err(DatasetError::List {
        path: out.to_owned(),
        reason: format!(
            "this is inside of the dataset {}, which would be read with the new folder as a part of it. Name \
             a folder outside of it",
            root.display()
        ),
    })
}

/// Writes a dataset into the new folder `out`, which appears when it is complete. `progress` is
/// that of [`check`](super::check); `None` when it said no.
///
/// # Errors
/// When there is something at `out`, it is inside of the dataset, a pair cannot be read and is not to be left out, a list
/// becomes empty, or a file cannot be written.
pub fn fix(
    dataset: &Dataset,
    plan: &FixPlan,
    out: &Path,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Option<FixedDataset>, DatasetError> {
    let problem = |reason: &str| DatasetError::List {
        path: out.to_owned(),
        reason: reason.to_owned(),
    };
    if out.symlink_metadata().is_ok() {
        return Err(problem(
            "there is something of this name already, and nothing is overwritten. Name a new folder",
        ));
    }
    refuse_inside(out, &dataset.root)?;
    let out = std::path::absolute(out).map_err(FileError::write(out))?;
    let parent = out.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(FileError::write(parent))?;
    let scratch = tempfile::Builder::new()
        .prefix(".fixing-")
        .tempdir_in(parent)
        .map_err(FileError::write(&out))?;
    let root = scratch.path().join("dataset");
    let writer = Writer::new(dataset, plan, &root);
    let lists = root.join("ImageSets").join("Segmentation");
    for folder in [&writer.images, &writer.masks, &lists] {
        fs::create_dir_all(folder).map_err(FileError::write(folder))?;
    }
    let names = names(dataset);
    let all: Vec<(&Pair, &(String, &DatasetItem))> = names.iter().collect();
    let mut left_out = Vec::new();
    let mut missing = BTreeSet::new();
    for (index, chunk) in all.chunks(CHUNK).enumerate() {
        if !progress(index * CHUNK, all.len()) {
            return Ok(None);
        }
        let written: Vec<_> = chunk
            .par_iter()
            .map(|(key, (name, item))| (*key, writer.write(name, item)))
            .collect();
        for (key, result) in written {
            match result {
                Ok(()) => {}
                Err(err) if plan.leave_out && is_of_pair(&err) => {
                    left_out.push(err.to_string());
                    missing.insert(key);
                }
                Err(err) if !is_of_pair(&err) => return Err(err),
                Err(err) => {
                    return Err(DatasetError::NotFixed {
                        source: Box::new(err),
                    });
                }
            }
        }
    }
    let mut counts = [0; 3];
    for (count, split) in counts.iter_mut().zip(Split::VARIANTS) {
        let word: &'static str = split.into();
        let items = dataset.items(*split);
        if items.is_empty() {
            continue;
        }
        let mut text = String::new();
        for item in items {
            let key = key(item);
            if let Some((name, _)) = names.get(&key).filter(|_| !missing.contains(&key)) {
                text.push_str(name);
                text.push('\n');
                *count += 1;
            }
        }
        if *count == 0 {
            return Err(problem(&format!(
                "nothing would be left in the {word} list; the folder was not written. {}",
                left_out.first().map_or("", String::as_str)
            )));
        }
        let path = lists.join(format!("{word}.txt"));
        write_atomic(&path, |file| file.write_all(text.as_bytes()))?;
    }
    let written = usize::from(writer.highest.load(Ordering::Relaxed)) + 1;
    let is_numbered = dataset.classes == ClassList::numbered(dataset.classes.len());
    // Classes that were counted by the labels are counted by the new ones.
    let classes = if is_numbered && plan.changes_labels() {
        ClassList::numbered(written.max(2))
    } else {
        dataset.classes.clone()
    };
    write_classes(&root.join("classes.txt"), &classes)?;
    fs::rename(&root, &out).map_err(FileError::write(&out))?;
    let [train, val, test] = counts;
    Ok(Some(FixedDataset {
        root: out,
        train,
        val,
        test,
        left_out,
    }))
}

/// Whether an error is about the files of a pair, and not about the copy.
fn is_of_pair(err: &DatasetError) -> bool {
    !matches!(err, DatasetError::File(err) if !matches!(err, FileError::Read { .. }))
}

/// The files of a pair.
type Pair = (PathBuf, PathBuf);

fn key(item: &DatasetItem) -> Pair {
    (item.image.clone(), item.mask.clone())
}

/// A file name for each pair, which is in all lists only once.
fn names(dataset: &Dataset) -> BTreeMap<Pair, (String, &DatasetItem)> {
    let mut names = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let lists = Split::VARIANTS.iter().map(|split| dataset.items(*split));
    for item in lists.flatten() {
        if names.contains_key(&key(item)) {
            continue;
        }
        let stem = item.id.replace(['/', '\\', ':'], "_");
        let mut name = stem.clone();
        let mut number = 2;
        // On some systems names that differ in case are one file.
        while !taken.insert(name.to_lowercase()) {
            name = format!("{stem}_{number}");
            number += 1;
        }
        names.insert(key(item), (name, item));
    }
    names
}

fn write_classes(path: &Path, classes: &ClassList) -> Result<(), DatasetError> {
    let lines: Vec<String> = classes
        .iter()
        .map(|class| {
            let [red, green, blue] = class.color;
            format!("{} {red} {green} {blue}\n", class.name)
        })
        .collect();
    Ok(write_atomic(path, |file| {
        file.write_all(lines.concat().as_bytes())
    })?)
}

struct Writer<'a> {
    classes: &'a ClassList,
    reader: MaskReader,
    plan: &'a FixPlan,
    /// The highest label that was written.
    highest: AtomicU8,
    images: PathBuf,
    masks: PathBuf,
    /// The masks that this program predicted. Their copies are no ground truth either.
    predicted: BTreeSet<&'a Path>,
    /// Notes which copies are of such masks.
    notes: Mutex<Outputs>,
}

impl<'a> Writer<'a> {
    fn new(dataset: &'a Dataset, plan: &'a FixPlan, root: &Path) -> Self {
        let lists = Split::VARIANTS.iter().map(|split| dataset.items(*split));
        let masks = lists.flatten().map(|item| &item.mask);
        Self {
            classes: &dataset.classes,
            reader: dataset.mask_reader(),
            plan,
            highest: AtomicU8::new(0),
            images: root.join("JPEGImages"),
            masks: root.join("SegmentationClass"),
            predicted: own_files(masks).into_iter().collect(),
            notes: Mutex::new(Outputs::new(Existing::Keep)),
        }
    }

    fn write(&self, name: &str, item: &DatasetItem) -> Result<(), DatasetError> {
        // First what can fail, so that a pair that is left out leaves no file.
        let labels = self.labels(item)?;
        let used = labels.labels.iter().filter(|label| **label != VOID);
        let highest = used.max().copied().unwrap_or(0);
        self.highest.fetch_max(highest, Ordering::Relaxed);
        let reading = &self.reader.images;
        let without = if !reading.is_plain() {
            // The copy has no class map that would say it again.
            Some(reading.read(&item.image)?)
        } else if self.plan.strip_alpha {
            read_without_alpha(&item.image)?
        } else {
            None
        };
        if let Some(rgb) = without {
            check_sizes(item, rgb.size(), labels.size())?;
            write_rgb_png(&self.images.join(format!("{name}.png")), &rgb)?;
        } else {
            crate::dataset::read_rgb(&item.image)?;
            let end = item.image.extension().unwrap_or_default().to_string_lossy();
            let copy = self.images.join(format!("{name}.{end}"));
            fs::copy(&item.image, &copy).map_err(FileError::write(&copy))?;
        }
        let path = self.masks.join(format!("{name}.png"));
        if self.predicted.contains(item.mask.as_path()) {
            return Ok(self.write_predicted(&path, &labels)?);
        }
        write_index_png(&path, &labels, self.classes)
    }

    fn write_predicted(&self, path: &Path, labels: &LabelMap) -> Result<(), FileError> {
        // Nothing panics while it is held.
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let output = notes.claim(path)?;
        drop(notes);
        output.write(|file| encode_index_png(labels, self.classes, file))
    }

    fn labels(&self, item: &DatasetItem) -> Result<LabelMap, DatasetError> {
        check_large_mask(item)?;
        let mut labels = self.remapped(item)?;
        let header = read_image_header(&item.image)?;
        if self.plan.turn_masks.has(&item.mask)
            && labels.size() == header.stored
            && let Some(turned) = turned(&labels, header.orientation)
        {
            labels = turned;
        }
        check_sizes(item, header.size, labels.size())?;
        Ok(labels)
    }

    /// The labels with their new numbers. A mask of colors has no numbers.
    fn remapped(&self, item: &DatasetItem) -> Result<LabelMap, DatasetError> {
        if !self.plan.changes_labels_of(&item.mask) {
            return self.reader.read(&item.mask);
        }
        let raw = read_raw(&item.mask)?;
        let (mut labels, palette): (Vec<u8>, _) = match raw.pixels {
            RawPixels::Labels { samples, palette } => (samples, palette.unwrap_or_default()),
            RawPixels::Colors(colors) if colors.iter().all(|[r, g, b]| r == g && g == b) => {
                (colors.iter().map(|color| color[0]).collect(), Vec::new())
            }
            RawPixels::Colors(_) => return self.reader.read(&item.mask),
        };
        let map = self.plan.map_of(&item.mask, &palette, self.classes);
        for (at, label) in labels.iter_mut().enumerate() {
            *label = map.get(label).copied().unwrap_or(*label);
            let is_void = *label == VOID || self.reader.void_labels.contains(label);
            if is_void {
                *label = VOID;
            } else if usize::from(*label) >= self.classes.len() {
                let width = (raw.width as usize).max(1);
                return Err(DatasetError::LabelOutOfRange {
                    path: item.mask.clone(),
                    label: *label,
                    x: (at % width) as u32,
                    y: (at / width) as u32,
                    num_classes: self.classes.len(),
                });
            }
        }
        Ok(LabelMap {
            width: raw.width,
            height: raw.height,
            labels,
        })
    }
}
