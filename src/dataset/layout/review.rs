//! Images and masks that were put together by a guess, for people to look at; and the list in which
//! they say what belongs together.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::list_file::ListFile;
use super::listed_files::ListedFiles;
use super::names::without_extension;
use super::{DatasetItem, pairs};
use crate::dataset::DatasetError;
use crate::files::has_extension;

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
    /// `root`. A mask that was drawn is named by its document in `found`, the pairs that were found: its file is in
    /// the cache, and another one is drawn when the document changes.
    pub fn list_text(&self, root: &Path, found: &Self) -> String {
        let documents = documents(&found.pairs);
        let mut text = String::from("# image\tmask\tconfidence\treason\n");
        for pair in &self.pairs {
            let mask = documents.get(&pair.mask);
            let [image, mask] =
                [&pair.image, mask.unwrap_or(&pair.mask)].map(|path| seen_from(root, path));
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

/// The document that each mask was drawn from, where it is of no other mask.
pub fn documents(pairs: &[ReviewedPair]) -> BTreeMap<PathBuf, PathBuf> {
    let mut masks: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for pair in pairs {
        if let Some(document) = &pair.document {
            masks.entry(document).or_default().push(&pair.mask);
        }
    }
    let of_one = masks.into_iter().filter(|(_, masks)| masks.len() == 1);
    of_one
        .flat_map(|(document, masks)| masks.into_iter().map(move |mask| (mask, document)))
        .map(|(mask, document)| (mask.to_owned(), document.to_owned()))
        .collect()
}

/// A path in a list: as seen from the dataset's folder, with `/`.
pub(super) fn seen_from(root: &Path, path: &Path) -> String {
    let seen = path.strip_prefix(root).unwrap_or(path);
    seen.to_string_lossy().replace('\\', "/")
}

/// The pairs in such a list, or in one of `image mask` lines. What stands behind a second tab is
/// for people. `drawn` are the masks that were drawn from documents, with these.
pub(super) fn read_pairs(
    root: &Path,
    list: &Path,
    drawn: &BTreeMap<PathBuf, PathBuf>,
) -> Result<Vec<DatasetItem>, DatasetError> {
    let files = ListedFiles::new(root);
    let masks: BTreeMap<&Path, &Path> = drawn
        .iter()
        .map(|(mask, document)| (document.as_path(), mask.as_path()))
        .collect();
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
        let item = (!is_comment).then(|| pair(entry)).transpose()?;
        item.map(|item| as_drawn(item, &masks)).transpose()
    })
}

/// The pair with the mask that was drawn from the document that it names.
fn as_drawn(item: DatasetItem, masks: &BTreeMap<&Path, &Path>) -> Result<DatasetItem, String> {
    match masks.get(item.mask.as_path()) {
        Some(mask) => Ok(DatasetItem {
            mask: mask.to_path_buf(),
            ..item
        }),
        None if has_extension(&item.mask, &["json"]) => Err(format!(
            "{} is a document of annotations, and no mask is drawn from it alone. Name a mask there, or take the line \
             off the list",
            item.mask.display()
        )),
        None => Ok(item),
    }
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
