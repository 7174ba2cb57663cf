//! Tables of pairs: CSV files with a column of images and one of masks, and perhaps one that says
//! which list a pair belongs to; and JSON that says the same.

mod columns;
mod files;
mod records;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::columns::{Columns, is_flag};
use self::files::Files;
use self::records::{MOST_TITLES, records};
use super::json_list::{self, JsonEntry};
use super::list::not_empty;
use super::listed_files::ListedFiles;
use super::split_words::{split_of, split_words};
use super::splits;
use super::text::read_text;
use super::{Dataset, DatasetItem, Layout, Note, NoteTopic, class_files, folder_name, pairs};
use crate::dataset::{DatasetError, ImageReading, VOID};
use crate::files::has_extension;
use crate::text::plural;

/// Rows of a table that is not read in which files are looked for.
const LOOKED_AT: usize = 3;
/// How many unknown words a message names.
const MOST_SHOWN: usize = 5;

/// A row of a table.
struct Row {
    /// For messages: `line 3`.
    place: String,
    image: String,
    mask: String,
    split: Option<String>,
}

struct Table {
    path: PathBuf,
    rows: Vec<Row>,
    /// Rows of a test list without masks.
    without_masks: usize,
    /// Whether there is no line of headings, so that the columns are a guess.
    is_guess: bool,
    /// A column such as `is_train`, which is not read.
    unread: Option<String>,
}

/// The dataset that tables in a folder list; `None` where there are no such tables.
pub(super) fn open(root: &Path) -> Result<Option<Dataset>, DatasetError> {
    let files = Files::new(root);
    let tables = tables(root, &files)?;
    if tables.is_empty() {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for table in &tables {
        let stem = table.path.file_stem().unwrap_or_default();
        let of_file = split_of(&stem.to_string_lossy());
        for row in &table.rows {
            let of_row = row.split.as_deref().map_or(of_file, split_of);
            parts.push((item(&files, table, row)?, of_row));
        }
    }
    let names: Vec<String> = tables
        .iter()
        .map(|table| {
            table
                .path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let source = names.join(" and ");
    let parts = not_empty(parts, &tables[0].path, "train on")?;
    let splits = splits::of_parts(root, parts, &source)?;
    let without_masks: usize = tables.iter().map(|table| table.without_masks).sum();
    let (classes, _) = pairs::classes_of(root, splits.train.iter().chain(&splits.val))?;
    let mut notes = classes.notes;
    notes.extend(splits.notes);
    notes.extend(tables.iter().filter_map(Table::unknown_splits));
    if without_masks > 0 {
        let have = if without_masks == 1 {
            "has no mask and is"
        } else {
            "have no masks and are"
        };
        let images = plural(without_masks, "image", "images");
        let text = format!("{images} of a test list {have} left out");
        notes.push(Note::assumed(NoteTopic::Split, text));
    }
    let pairing = format!("from {source}");
    notes.push(if tables.iter().any(|table| table.is_guess) {
        let text = format!("{pairing}, whose first column with files is taken for the images, the next for the masks");
        Note::assumed(NoteTopic::Pairing, text)
    } else {
        Note::found(NoteTopic::Pairing, pairing)
    });
    Ok(Some(Dataset {
        name: folder_name(root),
        root: root.to_owned(),
        layout: Layout::Table,
        palette: class_files::mask_palette(&classes.list, &classes.void_colors),
        classes: classes.list,
        void_labels: vec![VOID],
        mask_colors: classes.colors,
        remap: Vec::new(),
        images: ImageReading::default(),
        wants_range: false,
        train: splits.train,
        val: splits.val,
        test: splits.test,
        review: None,
        drawn: Arc::default(),
        notes,
    }))
}

/// The tables of pairs in a folder, sorted by name.
fn tables(root: &Path, files: &Files) -> Result<Vec<Table>, DatasetError> {
    let mut tables = Vec::new();
    for path in paths(root) {
        let mut records = below_titles(records(&read_text(&path)?));
        let Some((_, first)) = records.first() else {
            continue;
        };
        let headed = Columns::of_headings(first);
        let is_guess = headed.is_none();
        let Some(Columns { image, mask, split }) = headed.or_else(|| Columns::of_row(first, files))
        else {
            continue;
        };
        let unread = first.iter().find(|heading| is_flag(heading));
        let unread = unread.filter(|_| split.is_none() && !is_guess).cloned();
        if !is_guess {
            records.remove(0);
        }
        let row = |(line, fields): (usize, Vec<String>)| {
            let field = |column: usize| fields.get(column).map(|field| field.trim().to_owned());
            Row {
                place: format!("line {line}"),
                image: field(image).unwrap_or_default(),
                mask: field(mask).unwrap_or_default(),
                split: split.and_then(field),
            }
        };
        let rows = records.into_iter().map(row);
        // Spreadsheets write rows that nobody filled.
        let is_filled = |row: &Row| !(row.image.is_empty() && row.mask.is_empty());
        let rows = rows.filter(is_filled).collect();
        tables.push(Table {
            path,
            rows,
            without_masks: 0,
            is_guess,
            unread,
        });
    }
    let documents = splits::documents(root).into_iter();
    tables.extend(documents.filter_map(|path| of_json(path, &files.listed)));
    Ok(tables)
}

/// The records from the headings on: people and programs write a title above them.
fn below_titles(mut records: Vec<(usize, Vec<String>)>) -> Vec<(usize, Vec<String>)> {
    let mut above = records.iter().take(1 + MOST_TITLES);
    if let Some(titles) = above.position(|(_, fields)| Columns::of_headings(fields).is_some()) {
        records.drain(..titles);
    }
    records
}

/// The files that may be tables, sorted by name.
fn paths(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| has_extension(path, &["csv", "tsv"]) && path.is_file())
        .collect();
    paths.sort();
    paths
}

/// What to say of the tables in a folder that is opened without them, though they name images and masks, or images and
/// lists: their headings are words that are not known, or their rows are no pairs.
pub(super) fn notes_of_unread(root: &Path) -> Vec<Note> {
    let files = Files::new(root);
    let unread = |path: PathBuf| {
        let records = records(&read_text(&path).ok()?);
        let [(_, first), (_, second), ..] = &records[..] else {
            return None;
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(Columns { image, mask, .. }) = Columns::of_row(second, &files) else {
            let mut rows = records[1..].iter().take(LOOKED_AT);
            let is_meant = rows.all(|(_, row)| Columns::are_meant(row, &files));
            let text = format!(
                "{name} is not read, though it names files that are here, since no row has an image and its mask. Write \
                 columns image and mask, and split for the lists, to have the pairs and lists of the table"
            );
            return is_meant.then(|| Note::assumed(NoteTopic::Pairing, text));
        };
        let heading = |column: usize| first.get(column).map_or("", |field| field.trim());
        let text = format!(
            "{name} is not read, though it names images and masks, since its headings \"{}\" and \"{}\" are not known. \
             Call these columns image and mask to have the pairs of the table",
            heading(image),
            heading(mask)
        );
        Some(Note::assumed(NoteTopic::Pairing, text))
    };
    paths(root).into_iter().filter_map(unread).collect()
}

/// The table of a list in JSON that says the mask of each image; `None` where it is about other things.
fn of_json(path: PathBuf, files: &ListedFiles) -> Option<Table> {
    let list = json_list::parse(&read_text(&path).ok()?)?;
    let is_here = |entry: &JsonEntry| files.resolve(&entry.image).is_some();
    if !list.has_masks() || !list.entries.iter().any(is_here) {
        return None;
    }
    let total = list.entries.len();
    let row = |entry: JsonEntry| {
        Some(Row {
            place: entry.place,
            image: entry.image,
            mask: entry.mask?,
            split: entry.split,
        })
    };
    let rows: Vec<Row> = list.entries.into_iter().filter_map(row).collect();
    Some(Table {
        path,
        without_masks: total - rows.len(),
        rows,
        is_guess: false,
        unread: None,
    })
}

impl Table {
    /// What is to be said of words that name no list.
    fn unknown_splits(&self) -> Option<Note> {
        let path = self.path.display();
        let known = split_words();
        let say = |text: String| Some(Note::assumed(NoteTopic::Split, text));
        if let Some(heading) = &self.unread {
            return say(format!(
                "the column \"{}\" of {path} is not read. Write a column `split`, with one of {known} in each row",
                heading.trim()
            ));
        }
        let words = self.rows.iter().filter_map(|row| row.split.as_deref());
        let unknown: Vec<&str> = words.filter(|word| split_of(word).is_none()).collect();
        let distinct: BTreeSet<&str> = unknown.iter().copied().collect();
        let shown: Vec<String> = distinct
            .iter()
            .take(MOST_SHOWN)
            .map(|word| format!("\"{word}\""))
            .collect();
        if shown.is_empty() {
            return None;
        }
        let more = if distinct.len() > shown.len() {
            " and others"
        } else {
            ""
        };
        say(format!(
            "the split of {} in {path} names no list: {}{more}. Known are {known}",
            plural(unknown.len(), "row", "rows"),
            shown.join(", ")
        ))
    }
}

fn item(files: &Files, table: &Table, row: &Row) -> Result<DatasetItem, DatasetError> {
    let problem = |reason: String| DatasetError::List {
        path: table.path.clone(),
        reason: format!("{}: {reason}", row.place),
    };
    let find = |what: &str, listed: &str| {
        files.listed.resolve(listed).ok_or_else(|| {
            problem(format!(
                "the {what} {listed} is not in this folder. Add the file or take the line out"
            ))
        })
    };
    for (what, listed) in [("image", &row.image), ("mask", &row.mask)] {
        if listed.is_empty() {
            return Err(problem(format!(
                "no {what} is named. Name one or take the line out"
            )));
        }
    }
    let is_name = |listed: &str| files.listed.resolve(listed).is_none();
    let is_name_alone = is_name(&row.image) || is_name(&row.mask);
    if (is_name_alone || row.image == row.mask)
        && let Some(pair) = files.named(&row.image, &row.mask)
    {
        return Ok(pair.clone());
    }
    if is_name_alone && files.is_anywhere(&row.image) && files.is_anywhere(&row.mask) {
        return Err(problem(format!(
            "there are files {} and {} in the folders, but they are no pair, or several are. Name both files with their folders",
            row.image, row.mask
        )));
    }
    let image = find("image", &row.image)?;
    let mask = find("mask", &row.mask)?;
    if image == mask {
        return Err(problem(format!(
            "{} is named as the image and as its mask. Name the file of the mask, with its folder",
            row.image
        )));
    }
    Ok(DatasetItem {
        id: image
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        mask,
        image,
    })
}

#[cfg(test)]
mod tests;
