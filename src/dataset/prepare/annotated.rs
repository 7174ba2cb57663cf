//! Datasets whose masks are still to be drawn, and how their images are found.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::dataset::layout::{composed, split_of};
use crate::dataset::{ClassList, DatasetError, LabelMap, Layout, Note, Split};
use crate::files::{FileError, open_regular};

/// Larger files are no annotations.
const LARGEST: u64 = 2 << 30;

/// What programs of Windows write before a text, which is no part of JSON.
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// A dataset of which the masks are still to be made.
pub(super) struct Annotated {
    pub(super) layout: Layout,
    pub(super) classes: ClassList,
    /// None where the documents annotate nothing.
    pub(super) items: Vec<AnnotatedImage>,
    /// The files of annotations that the masks are drawn from.
    pub(super) documents: Vec<PathBuf>,
    pub(super) notes: Vec<Note>,
}

impl Annotated {
    /// What the masks are drawn by besides the documents: labels and colors of the classes, which a list beside the
    /// documents may change, and which image has which number.
    pub(super) fn settings(&self, root: &Path) -> String {
        let classes = self.classes.iter();
        let mut lines: Vec<String> = classes
            .map(|class| format!("{:?} {:?}", class.name, class.color))
            .collect();
        lines.extend(self.items.iter().map(|item| {
            let image = match &item.image {
                ImageOf::File(path) => Some(path.strip_prefix(root).unwrap_or(path)),
                ImageOf::Document(_) => None,
            };
            format!("{:?} {image:?}", item.id)
        }));
        lines.join("\n")
    }
}

/// An image and how its mask is made.
pub(super) struct AnnotatedImage {
    pub(super) id: String,
    /// Its file, or where the image is written that is in the annotations themselves.
    pub(super) image: ImageOf,
    /// Why the annotations may be of another image, for people.
    pub(super) doubt: Option<String>,
    /// Its list, where the dataset says so.
    pub(super) split: Option<Split>,
    /// The file that errors are about.
    pub(super) source: PathBuf,
    pub(super) draw: Box<dyn Fn() -> Result<LabelMap, String> + Send + Sync>,
}

/// Where an image is.
pub(super) enum ImageOf {
    File(PathBuf),
    /// In the document of annotations; gives the bytes of the file.
    Document(Box<dyn Fn() -> Result<Vec<u8>, String> + Send + Sync>),
}

/// A document of annotations, as text without a mark of its encoding.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, DatasetError> {
    let mut file = open_regular(path).map_err(FileError::read(path))?;
    let size = file.metadata().map_err(FileError::read(path))?.len();
    if size > LARGEST {
        return Err(problem(path, "the file has more than 2 GiB".to_owned()));
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(FileError::read(path))?;
    if text.starts_with(UTF8_MARK) {
        text.drain(..UTF8_MARK.len());
    }
    Ok(text)
}

pub(super) fn problem(path: &Path, reason: String) -> DatasetError {
    DatasetError::Annotations {
        path: path.to_owned(),
        reason,
    }
}

/// Images by file name in lower case; those of one name stay apart.
pub(super) struct Images<'a> {
    by_name: BTreeMap<String, Vec<&'a Path>>,
}

impl<'a> Images<'a> {
    pub(super) fn new(images: &'a [PathBuf]) -> Self {
        let mut by_name: BTreeMap<String, Vec<&Path>> = BTreeMap::new();
        for image in images {
            by_name.entry(name_of(image)).or_default().push(image);
        }
        Self { by_name }
    }

    /// The image that annotations in `folder` mean by `listed`: there, or the only one whose path
    /// ends so, or whose folder has the name of the split.
    pub(super) fn find(&self, folder: &Path, listed: &str, split: &str) -> Option<PathBuf> {
        let listed = PathBuf::from(listed.replace('\\', "/"));
        let here = folder.join(&listed);
        if listed.is_relative() && here.is_file() {
            return Some(here);
        }
        let same_name = self.by_name.get(&name_of(&listed))?;
        let only = |fits: &dyn Fn(&Path) -> bool| {
            let mut found = same_name.iter().filter(|path| fits(path));
            match (found.next(), found.next()) {
                (Some(only), None) => Some(only.to_path_buf()),
                _ => None,
            }
        };
        only(&|_| true)
            .or_else(|| only(&|path| path.ends_with(&listed)))
            .or_else(|| {
                let in_split = |path: &Path| {
                    let parent = path.parent().and_then(Path::file_name);
                    parent.is_some_and(|name| name.to_string_lossy().contains(split))
                };
                only(&in_split).filter(|_| !split.is_empty())
            })
    }
}

impl Images<'_> {
    /// An image with the name of a document, beside it or beside `image`, which the document names and which
    /// has another name.
    pub(super) fn rival(&self, document: &Path, image: &Path) -> Option<PathBuf> {
        let stem = |path: &Path| name_of(Path::new(path.file_stem().unwrap_or_default()));
        let own = stem(document);
        if stem(image) == own {
            return None;
        }
        let is_beside = |path: &&&Path| {
            let parent = path.parent();
            parent == document.parent() || parent == image.parent()
        };
        // Names are in order, and those with this stem begin with it.
        self.by_name
            .range(own.clone()..)
            .take_while(|(name, _)| name.starts_with(&own))
            .filter(|(name, _)| stem(Path::new(name.as_str())) == own)
            .find_map(|(_, found)| found.iter().find(is_beside))
            .map(|path| path.to_path_buf())
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    composed(&name).to_lowercase()
}

/// The list that a file or folder of annotations is of, by a word in its path.
pub(super) fn split_of_path(path: &Path, root: &Path) -> Option<Split> {
    let shown = path.strip_prefix(root).unwrap_or(path);
    let name = shown.to_string_lossy();
    let words = || name.split(|letter: char| !letter.is_ascii_alphabetic());
    let has = |split: &Split| words().any(|word| split_of(word) == Some(*split));
    [Split::Val, Split::Test, Split::Train]
        .into_iter()
        .find(has)
}
