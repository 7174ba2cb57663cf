//! Reading list files, and what both layouts say when a list is of no use.

use std::fs;
use std::path::Path;

use super::Item;
use crate::dataset::image_io::read_error;
use crate::dataset::{ClassList, DatasetError};

/// The lines of a list that say something, trimmed, with their numbers from 1.
pub(super) fn read_lines(path: &Path) -> Result<Vec<(usize, String)>, DatasetError> {
    let text = fs::read_to_string(path).map_err(|err| read_error(path, err))?;
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate();
    let told = lines.filter(|(_, line)| !line.is_empty());
    Ok(told.map(|(index, line)| (index + 1, line.to_owned())).collect())
}

/// The classes in `classes.txt` of a folder; `None` when there is no such file.
pub(super) fn read_classes(root: &Path) -> Result<Option<ClassList>, DatasetError> {
    let path = root.join("classes.txt");
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(|err| read_error(&path, err))?;
    ClassList::parse(&text).map(Some).map_err(|reason| DatasetError::List { path, reason })
}

/// Passes on a list that holds something.
pub(super) fn not_empty(items: Vec<Item>, path: &Path, purpose: &str) -> Result<Vec<Item>, DatasetError> {
    if items.is_empty() {
        let reason = format!("there are no images to {purpose}. List at least one image that has a mask");
        return Err(DatasetError::List { path: path.to_owned(), reason });
    }
    Ok(items)
}
