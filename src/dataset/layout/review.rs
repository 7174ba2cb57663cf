//! Images and masks that were put together by a guess, for people to look at; and the list in which
//! they say what belongs together.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::list_file::ListFile;
use super::listed_files::ListedFiles;
use super::names::without_extension;
use super::{DatasetItem, pairs};
use crate::dataset::DatasetError;

/// How sure a guess is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Confidence {
    /// Only the names are alike.
    Low,
    /// The names go together, but the folders say something else.
    Medium,
    /// Names and folders go together.
    High,
}

/// An image and its mask, and why they are taken for a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewedPair {
    /// The image.
    pub image: PathBuf,
    /// The mask.
    pub mask: PathBuf,
    /// How sure that is.
    pub confidence: Confidence,
    /// Why, for people.
    pub reason: String,
    /// The file of annotations that the mask was drawn from; such a mask is no file of people's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<PathBuf>,
}

/// All pairs of a dataset, where some of them are a guess.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PairReview {
    /// The pairs, the least sure first.
    pub pairs: Vec<ReviewedPair>,
    /// Masks that no image was found for.
    pub free_masks: Vec<PathBuf>,
    /// Images that no mask was found for.
    pub free_images: Vec<PathBuf>,
}

impl PairReview {
    /// How many pairs have this confidence.
    pub fn count(&self, confidence: Confidence) -> usize {
        let is_of = |pair: &&ReviewedPair| pair.confidence == confidence;
        self.pairs.iter().filter(is_of).count()
    }

    /// The text of a list of these pairs, to be named in a class map as `pairs`; paths as seen from
    /// `root`.
    pub fn list_text(&self, root: &Path) -> String {
        let mut text = String::from("# image\tmask\tconfidence\treason\n");
        for pair in &self.pairs {
            let [image, mask] = [&pair.image, &pair.mask].map(|path| seen_from(root, path));
            // Writing to a string cannot fail.
            writeln!(
                text,
                "{image}\t{mask}\t{}\t{}",
                pair.confidence, pair.reason
            )
            .ok();
        }
        text
    }
}

/// A path in a list: as seen from the dataset's folder, with `/`.
pub(super) fn seen_from(root: &Path, path: &Path) -> String {
    let seen = path.strip_prefix(root).unwrap_or(path);
    seen.to_string_lossy().replace('\\', "/")
}

/// The pairs in such a list, or in one of `image mask` lines. What stands behind a second tab is
/// for people.
pub(super) fn read_pairs(root: &Path, list: &Path) -> Result<Vec<DatasetItem>, DatasetError> {
    let files = ListedFiles::new(root);
    let pair = |entry: &str| {
        let fields: Vec<&str> = entry.split('\t').collect();
        match fields[..] {
            [image, mask, ..] => by_names(&files, image.trim(), mask.trim()),
            _ => pairs::read_item(&files, entry),
        }
    };
    let mut file = ListFile::read(list)?;
    file.take_heading(&|entry| pair(entry).is_ok());
    file.map(|_, entry| {
        let is_comment = entry.starts_with('#');
        (!is_comment).then(|| pair(entry)).transpose()
    })
}

fn by_names(files: &ListedFiles, image: &str, mask: &str) -> Result<DatasetItem, String> {
    let find = |what: &str, name: &str| {
        files.resolve(name).ok_or_else(|| {
            format!("the {what} {name} is not in this folder. Add the file or take the line off the list")
        })
    };
    let (image, mask) = (find("image", image)?, find("mask", mask)?);
    let name = image.file_name().unwrap_or_default().to_string_lossy();
    Ok(DatasetItem {
        id: without_extension(&name).to_owned(),
        image,
        mask,
    })
}
