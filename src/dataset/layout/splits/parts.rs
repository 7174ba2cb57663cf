//! The lists of pairs of which folders, rows or annotations say where they belong.

use std::path::Path;

use super::super::{DatasetItem, Note, NoteTopic};
use super::{Splits, split_evenly};
use crate::dataset::{DatasetError, Split};
use crate::text::plural;

/// The lists by what was said of each pair. `source` says by what, for people: "the folders".
///
/// Test images are validated on where no others are there for that, and are never trained on. Without
/// a word of validation or test, every fifth image is for validation.
///
/// # Errors
/// [`DatasetError::List`] where there is one pair alone, or all are for a test.
pub(in crate::dataset) fn of_parts(
    root: &Path,
    pairs: Vec<(DatasetItem, Option<Split>)>,
    source: &str,
) -> Result<Splits, DatasetError> {
    let (mut train, mut val, mut test, mut free) = (vec![], vec![], vec![], vec![]);
    for (item, split) in pairs {
        match split {
            Some(Split::Train) => train.push(item),
            Some(Split::Val) => val.push(item),
            Some(Split::Test) => test.push(item),
            None => free.push(item),
        }
    }
    let mut notes = Vec::new();
    let mut say = |text: String| notes.push(Note::assumed(NoteTopic::Split, text));
    if train.is_empty() && !(val.is_empty() && test.is_empty()) && !free.is_empty() {
        train = std::mem::take(&mut free);
        let images = plural(train.len(), "image", "images");
        say(format!("{images} without a list in {source}, for training"));
    }
    if train.is_empty() || (val.is_empty() && test.is_empty()) {
        let rest = [free, train, val].concat();
        if rest.is_empty() && !test.is_empty() {
            return Err(DatasetError::List {
                path: root.to_owned(),
                reason: format!(
                    "all {} of image and mask are for a test by {source}, and a test is never trained on. Add images for \
                     training (a folder or split \"train\"), or open the folder of the test itself to use its images \
                     like others",
                    plural(test.len(), "pair", "pairs")
                ),
            });
        }
        let made = split_evenly(rest, root)?;
        return Ok(Splits { test, ..made });
    }
    if !free.is_empty() {
        let images = plural(free.len(), "image", "images");
        say(format!("{images} of none of these lists, left out"));
    }
    let from = format!("from {source}");
    if val.is_empty() {
        val.clone_from(&test);
        say(format!(
            "{from}; the test images are validated on, since there are none for that"
        ));
    } else if test.is_empty() {
        notes.push(Note::found(NoteTopic::Split, from));
    } else {
        let images = plural(test.len(), "image is", "images are");
        let text = format!("{from}; {images} for a test, the split \"test\" of an evaluation");
        notes.push(Note::found(NoteTopic::Split, text));
    }
    Ok(Splits {
        train,
        val,
        test,
        notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(parts: &[(&str, Option<Split>)]) -> ([String; 3], String) {
        let pairs = parts.iter().map(|(id, split)| {
            let item = DatasetItem {
                id: (*id).to_owned(),
                image: id.into(),
                mask: id.into(),
            };
            (item, *split)
        });
        let splits = of_parts(Path::new("set"), pairs.collect(), "the folders").expect("lists");
        let ids = |items: &[DatasetItem]| {
            let ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
            ids.join(" ")
        };
        let notes: Vec<String> = splits.notes.into_iter().map(|note| note.text).collect();
        let ids = [&splits.train, &splits.val, &splits.test].map(|items| ids(items));
        (ids, notes.join("; "))
    }

    #[test]
    fn test_images_are_never_trained_on() {
        use Split::{Test, Train, Val};
        let (all, notes) = lists(&[
            ("a", Some(Train)),
            ("b", Some(Val)),
            ("c", Some(Test)),
            ("d", None),
        ]);
        assert_eq!(all, ["a", "b", "c"]);
        assert!(
            notes.contains("1 image of none of these lists, left out")
                && notes.contains("from the folders; 1 image is for a test"),
            "{notes}"
        );
        let (all, notes) = lists(&[("a", Some(Train)), ("b", Some(Train)), ("c", Some(Test))]);
        assert_eq!(all, ["a b", "c", "c"]);
        assert!(
            notes.contains("the test images are validated on"),
            "{notes}"
        );
        // What no list is said of is trained on, beside images of which one is said.
        let (all, notes) = lists(&[("a", None), ("b", Some(Test)), ("c", None)]);
        assert_eq!(all, ["a c", "b", "b"]);
        assert!(
            notes.contains("2 images without a list in the folders, for training"),
            "{notes}"
        );
        let (all, _) = lists(&[("a", Some(Val)), ("b", Some(Val)), ("c", Some(Test))]);
        assert_eq!(all, ["a", "b", "c"]);
    }

    #[test]
    fn without_a_word_of_validation_lists_are_made() {
        use Split::Train;
        for split in [None, Some(Train)] {
            let (all, notes) = lists(&[("a", split), ("b", split)]);
            assert_eq!(all, ["a", "b", ""], "{split:?}");
            assert!(notes.contains("every fifth image"), "{notes}");
        }
    }
}
