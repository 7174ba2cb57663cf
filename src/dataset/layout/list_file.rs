//! A file that lists images: one a line, perhaps below a line of headings, or as JSON.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::headings::{Column, column};
use super::json_list::{self, JsonList, is_json};
use super::names::{folded_name, without_extension};
use super::text::{lines, read_text};
use super::{Note, NoteTopic};
use crate::dataset::DatasetError;

/// What the names of lists end in, the likeliest first.
pub(super) const LIST_EXTENSIONS: [&str; 5] = ["txt", "lst", "list", "csv", "json"];

/// The entries of a list, as they are written.
#[derive(Debug, Clone)]
pub(super) struct ListFile {
    pub(super) path: PathBuf,
    entries: Vec<Entry>,
    is_json: bool,
}

#[derive(Debug, Clone)]
struct Entry {
    /// For messages: `line 3`.
    place: String,
    text: String,
}

impl ListFile {
    /// # Errors
    /// [`DatasetError::File`] when the file cannot be read, [`DatasetError::List`] when it is no text, or
    /// JSON that lists nothing.
    pub(super) fn read(path: &Path) -> Result<Self, DatasetError> {
        let text = read_text(path)?;
        let listed = json_list::parse(&text);
        if listed.is_none() && is_json(path) {
            return Err(DatasetError::List {
                path: path.to_owned(),
                reason: "it is no list of images in JSON. Write an array of names, or one line for each image into a \
                         .txt file"
                    .to_owned(),
            });
        }
        Ok(match listed {
            Some(list) => Self::of_json(path, list),
            None => Self {
                path: path.to_owned(),
                entries: of_lines(&text),
                is_json: false,
            },
        })
    }

    /// The entries of a list in JSON.
    pub(super) fn of_json(path: &Path, list: JsonList) -> Self {
        let entry = |entry: json_list::JsonEntry| Entry {
            place: entry.place,
            text: match entry.mask {
                Some(mask) => format!("{}\t{mask}", entry.image),
                None => entry.image,
            },
        };
        Self {
            path: path.to_owned(),
            entries: list.entries.into_iter().map(entry).collect(),
            is_json: true,
        }
    }

    /// Takes a line of headings off, and says so. It names nothing while others do, and its words are
    /// headings, or it is the only line without a digit.
    pub(super) fn take_heading(&mut self, names_image: &dyn Fn(&str) -> bool) -> Option<Note> {
        let is_comment = |entry: &Entry| entry.text.starts_with('#');
        let at = self.entries.iter().position(|entry| !is_comment(entry))?;
        let (first, rest) = (&self.entries[at], &self.entries[at + 1..]);
        if self.is_json || names_image(&first.text) {
            return None;
        }
        let has_digit = |text: &str| text.contains(|letter: char| letter.is_ascii_digit());
        let is_like_a_file = |text: &str| has_digit(text) || text.contains(['.', '/', '\\']);
        let names = |entry: &Entry| names_image(&entry.text);
        let is_heading = if is_of_headings(&first.text) {
            rest.iter().any(names)
        } else {
            !is_like_a_file(&first.text)
                && !rest.is_empty()
                && rest
                    .iter()
                    .all(|entry| has_digit(&entry.text) && names(entry))
        };
        if !is_heading {
            return None;
        }
        let text = format!(
            "\"{}\" in {} of {} names no file and is taken for a heading",
            first.text,
            first.place,
            self.name()
        );
        self.entries.remove(at);
        Some(Note::assumed(NoteTopic::Files, text))
    }

    /// Gives each name of a line with several an entry of its own, and says so: where all its words are names of
    /// different images. Columns of numbers and masks are none.
    pub(super) fn take_apart(&mut self, names_image: &dyn Fn(&str) -> bool) -> Option<Note> {
        if self.is_json {
            return None;
        }
        let mut said = None;
        let mut entries = Vec::with_capacity(self.entries.len());
        for entry in std::mem::take(&mut self.entries) {
            let Some(names) = several_names(&entry.text, names_image) else {
                entries.push(entry);
                continue;
            };
            said.get_or_insert_with(|| {
                format!(
                    "{} of {} is taken for the names of {} images",
                    entry.place,
                    self.name(),
                    names.len()
                )
            });
            entries.extend(names.into_iter().map(|text| Entry {
                place: entry.place.clone(),
                text,
            }));
        }
        self.entries = entries;
        Some(Note::assumed(NoteTopic::Files, said?))
    }

    /// What each entry stands for, by its place and text; `None` leaves it out. The reasons of errors get the
    /// file and the place.
    pub(super) fn map<T>(
        &self,
        mut of: impl FnMut(&str, &str) -> Result<Option<T>, String>,
    ) -> Result<Vec<T>, DatasetError> {
        let mut found = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let of_entry = of(&entry.place, &entry.text).map_err(|reason| DatasetError::List {
                path: self.path.clone(),
                reason: format!("{}: {reason}", entry.place),
            })?;
            found.extend(of_entry);
        }
        Ok(found)
    }

    /// Whether half of the entries and more are so; without entries as well.
    pub(super) fn most(&self, is: &dyn Fn(&str) -> bool) -> bool {
        let count = self.entries.iter().filter(|entry| is(&entry.text)).count();
        count * 2 >= self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The first entry, and the one behind it, as the first may be a heading.
    pub(super) fn first_two(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().take(2).map(|entry| entry.text.as_str())
    }

    /// Its file's name.
    pub(super) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// The lines that are not empty, trimmed.
fn of_lines(text: &str) -> Vec<Entry> {
    let lines = lines(text).into_iter();
    lines
        .map(|(number, text)| Entry {
            place: format!("line {number}"),
            text,
        })
        .collect()
}

fn several_names(line: &str, names_image: &dyn Fn(&str) -> bool) -> Option<Vec<String>> {
    let separators = [' ', '\t', ',', ';'];
    if line.contains(['/', '\\']) || !line.contains(separators) {
        return None;
    }
    let words = line.split(separators).map(|word| word.trim_matches('"'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    // Flags and numbers of folds, as `a 1`, and a name with blanks.
    let is_flag = |word: &&str| word.len() < 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    let stems: BTreeSet<String> = words
        .iter()
        .map(|word| folded_name(without_extension(word)))
        .collect();
    let endings: BTreeSet<Option<&str>> = words
        .iter()
        .map(|word| word.strip_prefix(without_extension(word)))
        .collect();
    let are_names = words.len() > 1
        && stems.len() == words.len()
        && endings.len() == 1
        && !words.iter().skip(1).any(is_flag)
        && words.iter().all(|word| names_image(word));
    are_names.then(|| words.into_iter().map(str::to_owned).collect())
}

/// Whether the first word of a line is a heading of a column of images, or all of them are headings.
fn is_of_headings(line: &str) -> bool {
    let separators: &[char] = if line.contains([',', ';', '\t']) {
        &[',', ';', '\t']
    } else {
        &[' ']
    };
    let mut words = line.split(separators).map(|word| Some(column(word)?.0));
    let first = words.clone().next().flatten();
    matches!(first, Some(Column::Image | Column::Name)) || words.all(|word| word.is_some())
}

#[cfg(test)]
mod tests {
    use super::super::tests::write_text;
    use super::*;

    fn read(name: &str, text: &str, there: &[&str]) -> (Vec<String>, Option<String>) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join(name);
        write_text(&path, text);
        let mut list = ListFile::read(&path).unwrap_or_else(|err| panic!("{err}"));
        let note = list.take_heading(&|text| there.contains(&text));
        let texts = list.map(|_, text| Ok(Some(text.to_owned()))).expect("kept");
        (texts, note.map(|note| note.text))
    }

    #[test]
    fn a_heading_names_no_file_while_the_others_do() {
        let there = ["a1", "a2"];
        for heading in [
            "image",
            "ID",
            "\"filename\"",
            "image,mask",
            "name;anything",
            "Bildname",
        ] {
            let (texts, note) = read("train.txt", &format!("{heading}\na1\na2\n"), &there);
            assert_eq!(texts, there, "{heading}");
            let note = note.expect("said");
            assert!(
                note.contains("in line 1 of train.txt") && note.contains(heading),
                "{note}"
            );
        }
        // A file of that name, a name that is missing, and lists of which nothing is there.
        for (text, there) in [
            ("image\na1\n", &["image", "a1"][..]),
            ("a9\na1\na2\n", &["a1", "a2"]),
            ("b.png\na1\n", &["a1"]),
            ("image\na1\n", &["a2"]),
            ("Bildname\na1\nother\n", &["a1", "other"]),
            ("image\n", &[]),
        ] {
            let (texts, note) = read("train.txt", text, there);
            assert_eq!(texts.len(), text.lines().count(), "{text}");
            assert_eq!(note, None, "{text}");
        }
    }

    #[test]
    fn names_in_one_line_are_images_each() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("train.txt");
        let there = ["img_0", "img_1", "1", "a b", "a", "mask"];
        let read = |text: &str| {
            write_text(&path, text);
            let mut list = ListFile::read(&path).expect("a list");
            let note = list.take_apart(&|name| there.contains(&without_extension(name)));
            let texts = list.map(|_, text| Ok(Some(text.to_owned())));
            (texts.expect("kept"), note.map(|note| note.text))
        };
        for text in ["img_0,img_1\n", "img_0 img_1\n", "\"img_0\"; \"img_1\"\n"] {
            let (texts, note) = read(text);
            assert_eq!(texts, ["img_0", "img_1"], "{text}");
            assert_eq!(
                note.as_deref(),
                Some("line 1 of train.txt is taken for the names of 2 images"),
                "{text}"
            );
        }
        assert_eq!(read("img_0.jpg, img_1.jpg").0, ["img_0.jpg", "img_1.jpg"]);
        // Flags, image and mask, a name that is missing, and paths.
        for text in [
            "img_0 1",
            "img_0.jpg img_0.png",
            "img_0.jpg mask.png",
            "img_0,img_7",
            "images/img_0.png masks/img_1.png",
            "img_0",
        ] {
            assert_eq!(read(text), (vec![text.to_owned()], None), "{text}");
        }
    }

    #[test]
    fn json_is_read_whatever_the_file_is_called() {
        let (texts, _) = read(
            "train.json",
            r#"["a1", {"image": "b 2.png", "mask": "m.png"}]"#,
            &[],
        );
        assert_eq!(texts, ["a1", "b 2.png\tm.png"]);
        assert_eq!(read("train.txt", "[\"a1\"]", &[]).0, ["a1"]);
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("val.json");
        write_text(&path, "{\"train\": 3}");
        let message = ListFile::read(&path).expect_err("no list").to_string();
        assert!(
            message.contains("val.json: it is no list of images in JSON"),
            "{message}"
        );
    }

    #[test]
    fn errors_name_the_line_or_the_entry() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for (name, text, place) in [
            ("a.txt", "x\n\ny\n", "a.txt: line 3: y?"),
            ("a.json", "[\"x\", \"y\"]", "a.json: entry 2: y?"),
        ] {
            let path = dir.path().join(name);
            write_text(&path, text);
            let list = ListFile::read(&path).expect("a list");
            let of = |_: &str, text: &str| match text {
                "y" => Err("y?".to_owned()),
                _ => Ok(Some(())),
            };
            let message = list.map(of).expect_err("y is refused").to_string();
            assert!(message.ends_with(place), "{message}");
        }
    }
}
