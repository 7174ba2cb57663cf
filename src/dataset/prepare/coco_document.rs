//! A document of COCO's JSON as it is written, and what cannot be one.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::annotated::{problem, read};
use super::coco_categories::Category;
use crate::dataset::DatasetError;

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    pub(super) images: Vec<Image>,
    /// Documents about test images may have no such list.
    #[serde(default)]
    pub(super) annotations: Vec<Annotation>,
    pub(super) categories: Vec<Category>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Image {
    pub(super) id: u64,
    pub(super) file_name: String,
    pub(super) width: u32,
    pub(super) height: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct Annotation {
    pub(super) image_id: u64,
    pub(super) category_id: u64,
    #[serde(default)]
    pub(super) segmentation: Option<Segmentation>,
    #[serde(default)]
    pub(super) iscrowd: Flag,
}

/// A number, or a truth value as some programs write it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum Flag {
    Truth(bool),
    Number(u8),
}

impl Default for Flag {
    fn default() -> Self {
        Self::Truth(false)
    }
}

impl Flag {
    pub(super) fn is_set(self) -> bool {
        matches!(self, Self::Truth(true) | Self::Number(1))
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Segmentation {
    Outlines(Vec<Vec<f64>>),
    Runs { counts: Counts, size: [u32; 2] },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Counts {
    Text(String),
    Numbers(Vec<u64>),
}

impl Annotation {
    /// Boxes without an outline say nothing about pixels.
    pub(super) fn has_area(&self) -> bool {
        match &self.segmentation {
            Some(Segmentation::Outlines(outlines)) => !outlines.is_empty(),
            Some(Segmentation::Runs { .. }) => true,
            None => false,
        }
    }
}

impl Document {
    /// The document in a file; `None` = it is about other things.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, DatasetError> {
        let bytes = read(path)?;
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(document) => Ok(Some(document)),
            // COCO's own documents of panoptic masks lie beside those that are read.
            Err(_) if has(&bytes, b"\"segments_info\"") => Ok(None),
            Err(err) if err.is_eof() && looks_like_its_start(&bytes) => Err(problem(
                path,
                format!("the document of COCO is cut off ({err}). Copy or export it again"),
            )),
            Err(err) if looks_like_coco(&bytes) => Err(problem(
                path,
                format!("not a document of COCO ({err}). Export it again, or mend it in an editor"),
            )),
            Err(_) if bytes.contains(&0) && looks_like_its_start(&without_zeros(&bytes)) => {
                let reason = "the document of COCO is text in UTF-16. Save the file as UTF-8";
                Err(problem(path, reason.to_owned()))
            }
            Err(_) => Ok(None),
        }
    }

    /// Objects say their image and their category by its id, so two of one id cannot be told apart.
    pub(super) fn check_ids(&self, path: &Path) -> Result<(), DatasetError> {
        let mut by_id: BTreeMap<u64, &Image> = BTreeMap::new();
        for image in &self.images {
            let known = by_id.entry(image.id).or_insert(image);
            if *known != image {
                let reason = format!(
                    "image id {} is there twice: {} and {}. Number the images anew, or keep the merged documents as \
                     files of their own",
                    image.id, known.file_name, image.file_name
                );
                return Err(problem(path, reason));
            }
        }
        let mut names: BTreeMap<u64, &str> = BTreeMap::new();
        for category in &self.categories {
            let known = names.entry(category.id).or_insert(&category.name);
            if *known != category.name {
                let reason = format!(
                    "category id {} is there twice: {known} and {}. Give each a number of its own, in its annotations, too",
                    category.id, category.name
                );
                return Err(problem(path, reason));
            }
        }
        Ok(())
    }
}

fn looks_like_coco(bytes: &[u8]) -> bool {
    let keys: [&[u8]; 3] = [b"\"annotations\"", b"\"categories\"", b"\"images\""];
    keys.iter().all(|key| has(bytes, key))
}

/// Whether there are keys that a document of COCO's begins with, in the order of any program.
fn looks_like_its_start(bytes: &[u8]) -> bool {
    let lists: [&[u8]; 2] = [b"\"images\"", b"\"annotations\""];
    let ids: [&[u8]; 2] = [b"\"file_name\"", b"\"image_id\""];
    [lists, ids]
        .iter()
        .all(|keys| keys.iter().any(|key| has(bytes, key)))
}

/// The Latin letters of a text in UTF-16.
fn without_zeros(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte != 0).collect()
}

fn has(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(images: &str) -> Option<String> {
        problem_with(images, "")
    }

    fn problem_with(images: &str, categories: &str) -> Option<String> {
        let text =
            format!(r#"{{"images": [{images}], "annotations": [], "categories": [{categories}]}}"#);
        let document: Document = serde_json::from_str(&text).expect("a document");
        let checked = document.check_ids(Path::new("set/merged.json"));
        checked.err().map(|err| err.to_string())
    }

    #[test]
    fn images_of_one_id_are_an_error() {
        let image = |id: u8, name: &str| {
            format!(r#"{{"id": {id}, "file_name": "{name}", "width": 4, "height": 3}}"#)
        };
        let [a, b, other] = [image(7, "a.png"), image(7, "b.png"), image(8, "b.png")];
        let message = problem_of(&format!("{a}, {b}")).expect("two of an id");
        assert!(
            message.contains("merged.json")
                && message.contains("image id 7 is there twice: a.png and b.png"),
            "{message}"
        );
        assert_eq!(problem_of(&format!("{a}, {other}")), None);
        // The same line twice is one image.
        assert_eq!(problem_of(&format!("{a}, {a}")), None);
    }

    #[test]
    fn categories_of_one_id_and_two_names_are_an_error() {
        let category = |id: u8, name: &str| format!(r#"{{"id": {id}, "name": "{name}"}}"#);
        let [cat, van, dog] = [category(1, "cat"), category(1, "van"), category(2, "dog")];
        let message = problem_with("", &format!("{cat}, {dog}, {van}")).expect("two of an id");
        assert!(
            message.contains("category id 1 is there twice: cat and van"),
            "{message}"
        );
        assert_eq!(problem_with("", &format!("{cat}, {dog}, {cat}")), None);
    }

    #[test]
    fn a_mark_of_utf_8_is_read_over_and_what_cannot_be_read_is_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("own.json");
        let text = r#"{"images": [{"id": 7, "file_name": "a.png", "width": 4, "height": 3}],
            "annotations": [], "categories": []}"#;
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("written");
            Document::read(&path)
        };
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        let document = read(&marked).expect("text").expect("a document");
        assert_eq!(document.images.len(), 1);
        let utf16 = |mark: u16, bytes: fn(u16) -> [u8; 2]| {
            let units = std::iter::once(mark).chain(text.encode_utf16());
            units.flat_map(bytes).collect::<Vec<u8>>()
        };
        let cut = text.find("\"categories\"").expect("a key");
        for (bytes, expected) in [
            (utf16(0xfeff, u16::to_le_bytes), "UTF-16"),
            (utf16(0xfeff, u16::to_be_bytes), "UTF-16"),
            (text.as_bytes()[..cut].to_vec(), "cut off"),
        ] {
            let message = read(&bytes).unwrap_err().to_string();
            assert!(
                message.contains("own.json") && message.contains(expected),
                "{message}"
            );
        }
        // Other documents are not COCO's, whole or cut off.
        for other in [r#"{"images": 3}"#, r#"{"settings": ["#, ""] {
            assert!(read(other.as_bytes()).expect("text").is_none(), "{other}");
        }
    }
}
