//! Lists of images in JSON: names, `[image, mask]` or objects with an image and its mask, in one list or in one for
//! each split, as the Medical Segmentation Decathlon writes its `dataset.json`.

use std::path::Path;

use serde_json::{Map, Value};

use super::Split;
use super::headings::{Column, best};
use super::split_words::split_of;

/// A longer text is no list of images.
pub(super) const LONGEST: usize = 64 << 20;
/// A longer document with several lists is COCO's or another program's.
const LONGEST_DOCUMENT: usize = 16 << 20;

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonEntry {
    pub(super) image: String,
    pub(super) mask: Option<String>,
    /// The word for its split, of its own or of the list that it is in.
    pub(super) split: Option<String>,
    /// For messages: `entry 3`, or `entry 3 of "training"`.
    pub(super) place: String,
}

/// The entries of a document, and the names of its classes if it has some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonList {
    pub(super) entries: Vec<JsonEntry>,
    /// Label and name.
    pub(super) classes: Vec<(u8, String)>,
}

impl JsonList {
    /// Whether each entry but those of the test list says its mask.
    pub(super) fn has_masks(&self) -> bool {
        let is_test = |entry: &JsonEntry| entry.split.as_deref().is_some_and(is_test);
        let mut needed = self.entries.iter().filter(|entry| !is_test(entry));
        needed.clone().next().is_some() && needed.all(|entry| entry.mask.is_some())
    }
}

/// Whether a word means the images of a test list, whose masks are often withheld.
pub(super) fn is_test(word: &str) -> bool {
    split_of(word) == Some(Split::Test)
}

/// Whether the name of a file says that it is JSON.
pub(super) fn is_json(path: &Path) -> bool {
    crate::files::has_extension(path, &["json"])
}

/// The list in a text; `None` where it is none, such as annotations.
pub(super) fn parse(text: &str) -> Option<JsonList> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    // Annotations of COCO and labelme may be large, and are no lists.
    let is_annotations = || {
        ["\"categories\"", "\"shapes\""]
            .iter()
            .any(|key| text.contains(key))
    };
    match text.as_bytes().first()? {
        b'[' if text.len() <= LONGEST => {}
        b'{' if text.len() <= LONGEST_DOCUMENT && !is_annotations() => {}
        _ => return None,
    }
    match serde_json::from_str(text).ok()? {
        Value::Array(values) => {
            let entries = entries(&values, None)?;
            let classes = Vec::new();
            (!entries.is_empty()).then_some(JsonList { entries, classes })
        }
        Value::Object(document) => of_document(&document),
        _ => None,
    }
}

/// A document with a list for each split.
fn of_document(document: &Map<String, Value>) -> Option<JsonList> {
    let mut found = Vec::new();
    for (key, value) in document {
        if split_of(key).is_none() {
            continue;
        }
        found.extend(entries(value.as_array()?, Some(key))?);
    }
    let is_list = found
        .iter()
        .any(|entry| !entry.split.as_deref().is_some_and(is_test));
    is_list.then(|| JsonList {
        entries: found,
        classes: document.get("labels").map(classes).unwrap_or_default(),
    })
}

fn entries(values: &[Value], split: Option<&str>) -> Option<Vec<JsonEntry>> {
    let entry = |(index, value): (usize, &Value)| {
        let place = match split {
            Some(split) => format!("entry {} of \"{split}\"", index + 1),
            None => format!("entry {}", index + 1),
        };
        entry(value, split, place)
    };
    values.iter().enumerate().map(entry).collect()
}

fn entry(value: &Value, split: Option<&str>, place: String) -> Option<JsonEntry> {
    let split = split.map(str::to_owned);
    let of = |image: &str, mask: Option<&str>, split: Option<String>| JsonEntry {
        image: image.to_owned(),
        mask: mask.map(str::to_owned),
        split,
        place,
    };
    match value {
        Value::String(image) => Some(of(image, None, split)),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(image), Value::String(mask)] => Some(of(image, Some(mask), split)),
            _ => None,
        },
        Value::Object(fields) => {
            let texts: Vec<(&str, &str)> = fields
                .iter()
                .filter_map(|(key, value)| Some((key.as_str(), one_text(value)?)))
                .collect();
            let of_column = |wanted: Column| {
                let best = best(wanted, texts.iter().map(|(key, _)| *key))?;
                Some(texts[best].1)
            };
            let image = of_column(Column::Image).or_else(|| of_column(Column::Name))?;
            let split = of_column(Column::Split).map(str::to_owned).or(split);
            Some(of(image, of_column(Column::Mask), split))
        }
        _ => None,
    }
}

/// A text, or the only one of a list.
fn one_text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(values) => match values.as_slice() {
            [Value::String(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Names by label, `{"0": "background"}`, or labels by name, `{"background": 0}`.
fn classes(value: &Value) -> Vec<(u8, String)> {
    let class = |(key, value): (&String, &Value)| match value {
        Value::String(name) => Some((key.parse().ok()?, name.clone())),
        Value::Number(label) => Some((u8::try_from(label.as_u64()?).ok()?, key.clone())),
        _ => None,
    };
    let found: Option<Vec<(u8, String)>> = value
        .as_object()
        .and_then(|fields| fields.iter().map(class).collect());
    let mut found = found.unwrap_or_default();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(text: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let list = parse(text).unwrap_or_else(|| panic!("no list: {text}"));
        let of = |entry: JsonEntry| (entry.image, entry.mask, entry.split);
        list.entries.into_iter().map(of).collect()
    }

    fn entry(
        image: &str,
        mask: Option<&str>,
        split: Option<&str>,
    ) -> (String, Option<String>, Option<String>) {
        (
            image.to_owned(),
            mask.map(str::to_owned),
            split.map(str::to_owned),
        )
    }

    #[test]
    fn names_pairs_and_objects_are_entries() {
        assert_eq!(
            images("\u{feff} [\"a\", \"b c.png\"]"),
            [entry("a", None, None), entry("b c.png", None, None)]
        );
        assert_eq!(
            images(r#"[["a.png", "m/a.png"]]"#),
            [entry("a.png", Some("m/a.png"), None)]
        );
        assert_eq!(
            images(r#"[{"id": 3, "Image": ["a.png"], "label": "m.png", "split": "val"}]"#),
            [entry("a.png", Some("m.png"), Some("val"))]
        );
        let decathlon = r#"{"name": "x", "labels": {"1": "tumor", "0": "background"}, "numTraining": 1,
            "training": [{"image": "./i/a.png", "label": "./l/a.png"}], "test": ["./t/b.png"]}"#;
        let mut found = images(decathlon);
        found.sort();
        assert_eq!(
            found,
            [
                entry("./i/a.png", Some("./l/a.png"), Some("training")),
                entry("./t/b.png", None, Some("test")),
            ]
        );
        let list = parse(decathlon).expect("a list");
        assert!(list.has_masks());
        assert_eq!(
            list.classes,
            [(0, "background".to_owned()), (1, "tumor".to_owned())]
        );
        let mut entries = list.entries.iter();
        assert!(entries.any(|entry| entry.place == "entry 1 of \"training\""));
        assert!(!parse("[\"a\"]").expect("a list").has_masks());
    }

    #[test]
    fn annotations_and_broken_text_are_no_lists() {
        for text in [
            "",
            "[]",
            "[1, 2]",
            "[\"a\",",
            "img_0\nimg_1\n",
            "{\"test\": [\"a\"]}",
            "{\"train\": 5}",
            "{\"images\": [{\"id\": 1, \"file_name\": \"a.png\"}], \"annotations\": [], \"categories\": []}",
            "{\"shapes\": [], \"imagePath\": \"a.png\", \"imageHeight\": 1, \"imageWidth\": 1}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
