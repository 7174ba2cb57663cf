//! What people say about a dataset in the window: classes, bands, lists and pairs. It is kept in the
//! class map beside the dataset, and in lists that the map names, which the command line reads too.

mod lists;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::lists::{MadeList, MadeLists};
use super::dataset::dataset_folder;
use super::export::SaveTo;
use super::tasks::{Cancel, Task};
use super::{Engine, EngineError};
use crate::dataset::{
    CLASS_MAP_FILE, ChosenLists, ClassMap, Dataset, PairReview, SplitPlan, split,
};
use crate::files::{Existing, FileError, Outputs, is_named};
use crate::training::DatasetRef;

/// A dataset as it is without a class map, and the map that it has.
#[derive(Debug, Clone)]
pub struct DatasetEdit {
    /// How it was asked for.
    pub which: DatasetRef,
    /// The dataset as its files are, with all its pairs.
    pub base: Dataset,
    /// Its classes alone: with one pair in each list, so that maps can be tried on it.
    pub small: Dataset,
    /// The map beside it; an empty one where there is none.
    pub map: ClassMap,
    /// The lists that the map names, where both can be read.
    pub saved_lists: Option<MadeLists>,
    /// Text files that list its images, as seen from its folder, with how many they list.
    pub lists: Vec<(PathBuf, usize)>,
    /// The pairs, where some are a guess.
    pub review: Option<Arc<PairReview>>,
}

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedEdit {
    /// The class map.
    pub map: PathBuf,
    /// Where a map that this program did not write was put, so that nothing of it is lost.
    pub kept: Option<PathBuf>,
}

impl Engine {
    /// Reads a dataset for changes of its class map.
    pub fn edit_dataset(&self, which: DatasetRef) -> Task<Result<Arc<DatasetEdit>, EngineError>> {
        let data_dir = self.dirs.data.clone();
        self.spawn_waiting("edit dataset", move |cancel| {
            let folder = dataset_folder(&which, &data_dir);
            let cache = data_dir.join("cache");
            let base =
                Dataset::open_without_map(&folder, &cache, &mut |_, _| !cancel.is_cancelled())?;
            let path = base.root.join(CLASS_MAP_FILE);
            let map = if is_named(&path) {
                ClassMap::read(&path)?
            } else {
                ClassMap::default()
            };
            // Lists that cannot be read are told when the dataset is opened; here they can be made anew.
            let saved_lists = map
                .lists
                .as_ref()
                .and_then(|lists| MadeLists::read(&base, lists).ok());
            let mut small = base.clone();
            small.train.truncate(1);
            small.val.truncate(1);
            Ok(Arc::new(DatasetEdit {
                which,
                small,
                map,
                saved_lists,
                lists: base.offered_lists(),
                review: base.review.clone(),
                base,
            }))
        })
    }

    /// Deals the images of a dataset to training and validation, without saving it.
    pub fn make_lists(
        &self,
        edit: Arc<DatasetEdit>,
        plan: SplitPlan,
    ) -> Task<Result<MadeLists, EngineError>> {
        self.spawn_waiting("make lists", move |cancel| {
            let made =
                split(&edit.base, &plan, &mut tell(cancel))?.ok_or(EngineError::Cancelled)?;
            Ok(MadeLists::new(made.train, made.val))
        })
    }

    /// The lists of a dataset, to be edited: those that are saved, if they are wanted and there are some, else
    /// those of its files.
    pub fn lists_as_they_are(
        &self,
        edit: Arc<DatasetEdit>,
        saved: bool,
    ) -> Task<Result<MadeLists, EngineError>> {
        self.spawn("lists", move |_| {
            let lists = edit.saved_lists.clone().filter(|_| saved);
            Ok(lists.unwrap_or_else(|| MadeLists::of(&edit.base)))
        })
    }

    /// The images of two list files of a dataset.
    pub fn read_lists(
        &self,
        edit: Arc<DatasetEdit>,
        lists: ChosenLists,
    ) -> Task<Result<MadeLists, EngineError>> {
        self.spawn("read lists", move |_| MadeLists::read(&edit.base, &lists))
    }

    /// A copy of pairs, to be changed: they may be too many to be copied between two frames.
    pub fn copy_pairs(&self, pairs: Arc<PairReview>) -> Task<Result<PairReview, EngineError>> {
        self.spawn("copy pairs", move |_| Ok(PairReview::clone(&pairs)))
    }

    /// Writes the pairs of a dataset that are a guess as a list, which a class map may name; returns
    /// the path. A list without pairs where none is a guess.
    pub fn save_pairs(&self, dataset: &Dataset, to: SaveTo) -> Task<Result<PathBuf, EngineError>> {
        let review = dataset.review.as_deref().cloned().unwrap_or_default();
        let root = dataset.root.clone();
        self.spawn_waiting("save pairs", move |_| {
            let output = to.claim()?;
            let text = review.list_text(&root, &review);
            output.write(|file| file.write_all(text.as_bytes()))?;
            Ok(output.path().to_owned())
        })
    }

    /// Saves a class map beside its dataset, with lists and pairs as files beside it where there
    /// are some, and opens nothing. The map has to fit: an error leaves all as it was.
    pub fn save_edit(
        &self,
        edit: Arc<DatasetEdit>,
        map: ClassMap,
        lists: Option<Arc<MadeLists>>,
        pairs: Option<Arc<PairReview>>,
    ) -> Task<Result<SavedEdit, EngineError>> {
        self.spawn_waiting("save class map", move |_| save(&edit, map, lists, pairs))
    }
}

fn save(
    edit: &DatasetEdit,
    mut map: ClassMap,
    lists: Option<Arc<MadeLists>>,
    pairs: Option<Arc<PairReview>>,
) -> Result<SavedEdit, EngineError> {
    let root = &edit.base.root;
    map.without_files().apply(&mut edit.small.clone())?;
    if let Some(pairs) = pairs {
        let found = edit.review.as_deref().unwrap_or(&pairs);
        map.pairs = Some(write_list(root, "pairs", &pairs.list_text(root, found))?);
    }
    if let Some(lists) = lists {
        let text = |list: MadeList| edit.base.list_text(lists.items(list).iter());
        map.lists = Some(ChosenLists {
            train: write_list(root, "images-to-train", &text(MadeList::Train))?,
            val: write_list(root, "images-to-validate", &text(MadeList::Val))?,
        });
    }
    // With its files, before the old map is touched.
    map.apply(&mut edit.base.clone())?;
    let path = root.join(CLASS_MAP_FILE);
    let text = map.to_toml()?;
    let kept = match Outputs::new(Existing::ReplaceOwn).claim(&path) {
        Ok(output) => {
            output.write(|file| file.write_all(text.as_bytes()))?;
            None
        }
        // Written by hand, perhaps with remarks.
        Err(FileError::Foreign { .. }) => {
            let kept = free_name(root, "class-map", "toml");
            std::fs::rename(&path, &kept).map_err(FileError::write(&kept))?;
            let output = Outputs::new(Existing::Keep).claim(&path)?;
            output.write(|file| file.write_all(text.as_bytes()))?;
            Some(kept)
        }
        Err(err) => return Err(err.into()),
    };
    Ok(SavedEdit { map: path, kept })
}

/// Writes a list under its name, or with a number where somebody else has that; returns the name.
fn write_list(root: &Path, name: &str, text: &str) -> Result<PathBuf, EngineError> {
    let mut file = PathBuf::from(format!("{name}.txt"));
    let mut outputs = Outputs::new(Existing::ReplaceOwn);
    let mut claimed = outputs.claim(&root.join(&file));
    if let Err(FileError::Foreign { .. }) = claimed {
        let free = free_name(root, name, "txt");
        file = PathBuf::from(free.file_name().unwrap_or_default());
        claimed = outputs.claim(&free);
    }
    claimed?.write(|file| file.write_all(text.as_bytes()))?;
    Ok(file)
}

/// `NAME-2.END`, or with the first number from there that is free.
fn free_name(root: &Path, name: &str, end: &str) -> PathBuf {
    let mut number = 2_usize;
    loop {
        let path = root.join(format!("{name}-{number}.{end}"));
        if path.symlink_metadata().is_err() {
            return path;
        }
        number += 1;
    }
}

/// Passes progress on, and a wish to end.
fn tell(cancel: &Cancel) -> impl FnMut(usize, usize) -> bool {
    |done, total| {
        cancel.set_progress(done as f32 / total.max(1) as f32);
        !cancel.is_cancelled()
    }
}

#[cfg(test)]
mod tests;
