//! Reading list files and class lists, and listing folders: what both layouts share.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::DatasetItem;
use crate::dataset::image_io::read_error;
use crate::dataset::{ClassList, DatasetError};

/// The lines of a list that are not empty, trimmed, with their numbers from 1.
pub(super) fn read_lines(path: &Path) -> Result<Vec<(usize, String)>, DatasetError> {
    let text = fs::read_to_string(path).map_err(|err| read_error(path, err))?;
    let lines = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .enumerate();
    let told = lines.filter(|(_, line)| !line.is_empty());
    Ok(told
        .map(|(index, line)| (index + 1, line.to_owned()))
        .collect())
}

/// The names in a list such as VOC's `val.txt`: one a line, with or without `.png`.
///
/// # Errors
/// [`DatasetError::File`] when the list cannot be read, [`DatasetError::List`] when it is
/// empty or has a name twice.
pub fn read_names(path: &Path) -> Result<Vec<String>, DatasetError> {
    let problem = |reason: String| DatasetError::List {
        path: path.to_owned(),
        reason,
    };
    let mut names = Vec::new();
    let mut lines = BTreeMap::new();
    for (number, line) in read_lines(path)? {
        let name = line.strip_suffix(".png").unwrap_or(&line).to_owned();
        if let Some(first) = lines.insert(name.clone(), number) {
            return Err(problem(format!(
                "line {number}: {name} is there already, in line {first}. Take one of them off the list"
            )));
        }
        names.push(name);
    }
    if names.is_empty() {
        return Err(problem(
            "there is no name in it. Write one a line".to_owned(),
        ));
    }
    Ok(names)
}

/// The PNG files of a folder by name without extension, hidden ones left out.
///
/// # Errors
/// [`DatasetError::File`] when the folder cannot be read.
pub fn list_masks(folder: &Path) -> Result<BTreeMap<String, PathBuf>, DatasetError> {
    files_by_stem(folder, &["png"])
}

/// The files of these extensions (in lower case), by name without extension.
pub(super) fn files_by_stem(
    folder: &Path,
    extensions: &[&str],
) -> Result<BTreeMap<String, PathBuf>, DatasetError> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|err| read_error(folder, err))? {
        let path = entry.map_err(|err| read_error(folder, err))?.path();
        let (Some(stem), Some(extension)) = (path.file_stem(), path.extension()) else {
            continue;
        };
        let (stem, extension) = (
            stem.to_string_lossy(),
            extension.to_string_lossy().to_lowercase(),
        );
        // Hidden files are other programs' notes about images, not images.
        if stem.starts_with('.') || !extensions.contains(&extension.as_str()) {
            continue;
        }
        let known = files
            .entry(stem.into_owned())
            .or_insert_with(|| path.clone());
        // Folders come in no order, so of two images of one name take the same one each time.
        if path < *known {
            *known = path;
        }
    }
    Ok(files)
}

/// The classes in a file, one a line as `name` or `name red green blue`.
///
/// # Errors
/// [`DatasetError::File`] when the file cannot be read, [`DatasetError::List`] when there
/// is no class in it, too many, or a color value above 255.
pub fn read_class_list(path: &Path) -> Result<ClassList, DatasetError> {
    let text = fs::read_to_string(path).map_err(|err| read_error(path, err))?;
    ClassList::parse(&text).map_err(|reason| DatasetError::List {
        path: path.to_owned(),
        reason,
    })
}

/// The classes in `classes.txt` of a folder of masks or of the one around it.
///
/// # Errors
/// Those of [`read_class_list`].
pub fn find_class_list(masks: &Path) -> Result<Option<ClassList>, DatasetError> {
    // A path such as `labels` has a parent only once it is whole.
    let masks = std::path::absolute(masks).map_err(|err| read_error(masks, err))?;
    match read_classes(&masks)? {
        Some(classes) => Ok(Some(classes)),
        None => masks.parent().map_or(Ok(None), read_classes),
    }
}

/// The classes in `classes.txt` of a folder; `None` when there is no such file.
pub(super) fn read_classes(root: &Path) -> Result<Option<ClassList>, DatasetError> {
    let path = root.join("classes.txt");
    if path.is_file() {
        read_class_list(&path).map(Some)
    } else {
        Ok(None)
    }
}

/// Passes on a list that holds something.
pub(super) fn not_empty(
    items: Vec<DatasetItem>,
    path: &Path,
    purpose: &str,
) -> Result<Vec<DatasetItem>, DatasetError> {
    if items.is_empty() {
        let reason =
            format!("there are no images to {purpose}. List at least one image that has a mask");
        return Err(DatasetError::List {
            path: path.to_owned(),
            reason,
        });
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::super::tests::write_text;
    use super::*;

    #[test]
    fn names_are_read_with_or_without_an_extension() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("val.txt");
        write_text(&path, "2007_000033\r\n\n frame.0001.png \n");
        assert_eq!(
            read_names(&path).expect("names"),
            ["2007_000033", "frame.0001"]
        );
        write_text(&path, "a\nb\na.png\n");
        let message = read_names(&path).unwrap_err().to_string();
        assert!(
            message.contains("val.txt: line 3: a is there already, in line 1"),
            "{message}"
        );
        write_text(&path, "\n");
        assert!(
            read_names(&path)
                .unwrap_err()
                .to_string()
                .contains("no name")
        );
    }

    #[test]
    fn classes_lie_beside_the_masks_or_one_folder_up() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let masks = dir.path().join("labels");
        fs::create_dir(&masks).expect("created");
        assert_eq!(find_class_list(&masks).expect("read"), None);
        write_text(&dir.path().join("classes.txt"), "a\nb\n");
        assert_eq!(
            find_class_list(&masks)
                .expect("read")
                .map(|classes| classes.len()),
            Some(2)
        );
        write_text(&masks.join("classes.txt"), "a\nb\nc\n");
        assert_eq!(
            find_class_list(&masks)
                .expect("read")
                .map(|classes| classes.len()),
            Some(3)
        );
        write_text(&masks.join("classes.txt"), "a 1 2 300\n");
        assert!(
            find_class_list(&masks)
                .unwrap_err()
                .to_string()
                .contains("classes.txt: line 1")
        );
    }
}
