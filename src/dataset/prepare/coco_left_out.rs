//! What a document of COCO says that cannot be drawn as it is written, counted for the user.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::annotated::problem;
use super::coco_document::{Document, Image, Segmentation};
use crate::dataset::{DatasetError, Note, NoteTopic};
use crate::text::plural;

/// Three points.
const FEWEST_NUMBERS: usize = 6;

/// How much of one document is left out or cut.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LeftOut {
    path: PathBuf,
    /// Objects without an outline.
    boxes: usize,
    /// Outlines of fewer than three points.
    short: usize,
    /// Annotations of images that are not in the document, and the first of their ids.
    unlisted: usize,
    first_unlisted: u64,
    /// Objects with a point farther from their image than the image is long.
    far: usize,
}

impl LeftOut {
    /// # Errors
    /// [`DatasetError::Annotations`] for an outline whose numbers are not pairs.
    pub(super) fn of(path: &Path, document: &Document) -> Result<Self, DatasetError> {
        let images: BTreeMap<u64, &Image> = document
            .images
            .iter()
            .map(|image| (image.id, image))
            .collect();
        let mut found = Self {
            path: path.to_owned(),
            boxes: 0,
            short: 0,
            unlisted: 0,
            first_unlisted: 0,
            far: 0,
        };
        for annotation in &document.annotations {
            let Some(image) = images.get(&annotation.image_id) else {
                if found.unlisted == 0 {
                    found.first_unlisted = annotation.image_id;
                }
                found.unlisted += 1;
                continue;
            };
            found.boxes += usize::from(!annotation.has_area());
            let Some(Segmentation::Outlines(outlines)) = &annotation.segmentation else {
                continue;
            };
            if let Some(odd) = outlines.iter().find(|numbers| numbers.len() % 2 == 1) {
                let reason = format!(
                    "an outline of image {} has {}, but points are pairs of them. Export it again, or mend the outline",
                    image.file_name,
                    plural(odd.len(), "number", "numbers")
                );
                return Err(problem(path, reason));
            }
            let is_short = |numbers: &&Vec<f64>| numbers.len() < FEWEST_NUMBERS;
            found.short += outlines.iter().filter(is_short).count();
            let side = f64::from(image.width.max(image.height));
            let is_far = |value: &f64| !(-side..=2.0 * side).contains(value);
            found.far += usize::from(outlines.iter().flatten().any(is_far));
        }
        Ok(found)
    }

    pub(super) fn notes(&self) -> Vec<Note> {
        let path = self.path.display();
        let mut notes = Vec::new();
        let mut say = |count: usize, text: String| {
            if count > 0 {
                notes.push(Note::assumed(NoteTopic::Files, text));
            }
        };
        say(
            self.boxes,
            format!(
                "{} without an outline (boxes alone) in {path}, left out: what is in them is background",
                plural(self.boxes, "object", "objects")
            ),
        );
        say(
            self.short,
            format!(
                "{} of fewer than three points in {path}, left out: what they mean is background",
                plural(self.short, "outline", "outlines")
            ),
        );
        say(
            self.unlisted,
            format!(
                "{} of images that {path} does not list, such as image id {}, left out",
                plural(self.unlisted, "annotation", "annotations"),
                self.first_unlisted
            ),
        );
        say(
            self.far,
            format!(
                "{} with points far outside of the image in {path}, cut at its edges: look whether the coordinates \
                 are pixels of this image",
                plural(self.far, "object", "objects")
            ),
        );
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a document about the image 7 of 4x3 pixels.
    fn said(annotations: &str) -> Result<Vec<String>, DatasetError> {
        let text = format!(
            r#"{{"images": [{{"id": 7, "file_name": "a.png", "width": 4, "height": 3}}],
            "categories": [], "annotations": [{annotations}]}}"#
        );
        let document: Document = serde_json::from_str(&text).expect("a document");
        let left_out = LeftOut::of(Path::new("set/train.json"), &document)?;
        Ok(left_out.notes().into_iter().map(|note| note.text).collect())
    }

    fn object(image: u64, outline: &str) -> String {
        format!(r#"{{"image_id": {image}, "category_id": 1, "segmentation": [{outline}]}}"#)
    }

    #[test]
    fn what_is_not_drawn_as_written_is_counted() {
        let whole = object(7, "[0, 0, 2, 0, 2, 3]");
        assert_eq!(said(&whole).expect("pairs"), Vec::<String>::new());
        // A little outside is cut, as in every program.
        let beside = object(7, "[-1, 0, 5, 0, 2, 3]");
        assert_eq!(said(&beside).expect("pairs"), Vec::<String>::new());
        for (outline, expected) in [
            (
                "[0, 0, 2, 0], [1, 1]",
                "2 outlines of fewer than three points in ",
            ),
            (
                "[0, 0, 1e300, 0, 2, 3]",
                "1 object with points far outside ",
            ),
            ("[0, 0, 2, -1e9, 2, 3]", "1 object with points far outside "),
            ("", "1 object without an outline (boxes alone) in "),
        ] {
            let texts = said(&object(7, outline)).expect("pairs");
            let fits = texts.len() == 1
                && texts[0].starts_with(expected)
                && texts[0].contains("train.json");
            assert!(fits, "{outline}: {texts:?}");
        }
        let strange = [8, 9].map(|id| object(id, "[0, 0, 2, 0, 2, 3]")).join(", ");
        let texts = said(&strange).expect("pairs");
        assert!(
            texts[0].starts_with("2 annotations of images that ")
                && texts[0].contains("train.json does not list, such as image id 8"),
            "{texts:?}"
        );
    }

    #[test]
    fn numbers_of_points_are_pairs() {
        let message = said(&object(7, "[0, 0, 2, 0, 2, 3, 1]"))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("train.json") && message.contains("a.png has 7 numbers"),
            "{message}"
        );
    }
}
