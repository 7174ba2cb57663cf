//! Reading list files, and listing folders: what all layouts share.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use super::Note;
use super::list_file::ListFile;
use super::names::without_extension;
use super::text::{lines, read_text};
use crate::dataset::DatasetError;
use crate::dataset::image_io::{MASK_EXTENSIONS, read_error};
use crate::files::has_extension;

/// The lines of a list that are not empty, trimmed, with their numbers from 1.
pub(in crate::dataset) fn read_lines(path: &Path) -> Result<Vec<(usize, String)>, DatasetError> {
    Ok(lines(&read_text(path)?))
}

/// What a line of a list may name, the likeliest first: the line as it is, then without
/// folders, extension and the columns behind the name. Names may hold blanks, so columns are
/// taken off one at a time.
pub(in crate::dataset) fn candidates(line: &str) -> Vec<&str> {
    let separators = |character: char| character.is_whitespace() || [',', ';'].contains(&character);
    let ends = std::iter::once(line.len()).chain(
        line.rmatch_indices(separators)
            .map(|(position, _)| position),
    );
    let mut found: Vec<&str> = Vec::new();
    for end in ends {
        let part = line[..end].trim_matches(|character| separators(character) || character == '"');
        let name = part.rsplit(['/', '\\']).next().unwrap_or(part);
        for candidate in [part, name, without_extension(name)] {
            if !candidate.is_empty() && !found.contains(&candidate) {
                found.push(candidate);
            }
        }
    }
    found
}

/// The names in a list such as VOC's `val.txt`: one a line, with or without folders, extension
/// and further columns; and what was taken for a heading or for several names. `exists` = whether there is something of a name.
///
/// # Errors
/// [`DatasetError::File`] when the list cannot be read, [`DatasetError::List`] when it is
/// empty or has a name twice.
pub fn read_names(
    path: &Path,
    exists: &dyn Fn(&str) -> bool,
) -> Result<(Vec<String>, Option<Note>), DatasetError> {
    let mut list = ListFile::read(path)?;
    // Names may hold blanks.
    let whole = |text: &str| exists(text) || exists(without_extension(text));
    let several = list.take_apart(&whole);
    let heading = list.take_heading(&|text| candidates(text).into_iter().any(exists));
    let mut places = BTreeMap::new();
    let names = list.map(|place, text| {
        let known = candidates(text).into_iter().find(|name| exists(name));
        let name = known.unwrap_or(without_extension(text)).to_owned();
        match places.insert(name.clone(), place.to_owned()) {
            Some(first) => Err(format!(
                "{name} is there already, in {first}. Take one of them off the list"
            )),
            None => Ok(Some(name)),
        }
    })?;
    if names.is_empty() {
        return Err(DatasetError::List {
            path: path.to_owned(),
            reason: "there is no name in it. Write one a line".to_owned(),
        });
    }
    Ok((names, several.or(heading)))
}

/// The masks of a folder by name without extension, hidden ones left out.
///
/// # Errors
/// [`DatasetError::File`] when the folder cannot be read, and [`DatasetError::List`] when two masks
/// have one name but for the extension.
pub fn list_masks(folder: &Path) -> Result<BTreeMap<String, PathBuf>, DatasetError> {
    let mut doubled = Vec::new();
    let mut masks = files_by_stem_with(folder, MASK_EXTENSIONS, &mut doubled)?;
    let Some(first) = doubled.iter().min().and_then(|name| masks.remove(name)) else {
        return Ok(masks);
    };
    let all = files_in(folder)?;
    let other = all.iter().find(|path| {
        **path != first
            && path.file_stem() == first.file_stem()
            && has_extension(path, MASK_EXTENSIONS)
    });
    let name = other.and_then(|path| path.file_name()).unwrap_or_default();
    let reason = format!(
        "{} beside it is a mask of the same name, and which one is meant is not known. Take one of them out of the folder",
        name.to_string_lossy()
    );
    Err(DatasetError::List {
        path: first,
        reason,
    })
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let entries = fs::read_dir(folder).map_err(|err| read_error(folder, err))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

/// The files of these extensions (in lower case), by name without extension.
pub(super) fn files_by_stem(
    folder: &Path,
    extensions: &[&str],
) -> Result<BTreeMap<String, PathBuf>, DatasetError> {
    files_by_stem_with(folder, extensions, &mut Vec::new())
}

/// As [`files_by_stem`]; `doubled` gets the names that several files have.
pub(super) fn files_by_stem_with(
    folder: &Path,
    extensions: &[&str],
    doubled: &mut Vec<String>,
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
        match files.entry(stem.into_owned()) {
            Entry::Vacant(free) => {
                free.insert(path);
            }
            Entry::Occupied(mut known) => {
                doubled.push(known.key().clone());
                // Folders come in no order, so of two images of one name take the same one each time.
                if path < *known.get() {
                    known.insert(path);
                }
            }
        }
    }
    Ok(files)
}

/// Folders below this depth are not looked at.
const DEEPEST: usize = 10;

/// The files of these extensions (in lower case) below a folder, sorted. Hidden files and
/// folders are left out, and folders that cannot be read are.
pub(in crate::dataset) fn files_below(root: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![(root.to_owned(), 0)]);
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if name.starts_with('.') || name == "__MACOSX" {
                continue;
            }
            let is_wanted = has_extension(&path, extensions);
            // Links are followed, but not those into a folder that they are in.
            let is_folder = entry.file_type().is_ok_and(|kind| {
                kind.is_dir() || (kind.is_symlink() && path.is_dir() && !is_loop(&path))
            });
            if is_folder && depth < DEEPEST {
                folders.push((path, depth + 1));
            } else if is_wanted && !is_folder {
                files.push(path);
            }
        }
    }
    files.sort_by_cached_key(|path| sort_key(path));
    files
}

/// Sorts paths as their parts do. To take them apart at each comparison takes most of the time where
/// there are very many.
pub(super) fn sort_key(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    let is_separator = |byte: u8| std::path::is_separator(char::from(byte));
    bytes
        .map(|byte| if is_separator(*byte) { 0 } else { *byte })
        .collect()
}

/// Whether a link leads to a folder above it.
fn is_loop(link: &Path) -> bool {
    let target = fs::canonicalize(link);
    let around = link.parent().map(fs::canonicalize);
    matches!((target, around), (Ok(target), Some(Ok(around))) if around.starts_with(&target))
}

/// Passes on a list that holds something.
pub(super) fn not_empty<T>(
    items: Vec<T>,
    path: &Path,
    purpose: &str,
) -> Result<Vec<T>, DatasetError> {
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
    fn names_are_read_with_or_without_folders_extensions_and_columns() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("val.txt");
        write_text(
            &path,
            "2007_000033\r\n\n frame.0001.png \n/JPEGImages/a.jpg /SegmentationClass/a.png\nb 1 1 1\nc d\n",
        );
        let there = ["2007_000033", "frame.0001", "a", "b", "c d"];
        let (names, heading) = read_names(&path, &|name| there.contains(&name)).expect("names");
        assert_eq!((names, heading), (there.map(str::to_owned).to_vec(), None));
        write_text(&path, "name\na\n");
        let (names, heading) = read_names(&path, &|name| there.contains(&name)).expect("names");
        assert_eq!((names, heading.is_some()), (vec!["a".to_owned()], true));
        write_text(&path, "a\nb\na.png\n");
        let message = read_names(&path, &|name| there.contains(&name))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("val.txt: line 3: a is there already, in line 1"),
            "{message}"
        );
        write_text(&path, "\n");
        assert!(
            read_names(&path, &|_| true)
                .unwrap_err()
                .to_string()
                .contains("no name")
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_not_in_circles() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (root, other) = (dir.path().join("set"), dir.path().join("other"));
        write_text(&root.join("inner/a.png"), "");
        write_text(&other.join("b.png"), "");
        symlink(&other, root.join("link")).expect("linked");
        symlink("..", root.join("inner/loop")).expect("linked");
        symlink(".", root.join("self")).expect("linked");
        assert_eq!(
            files_below(&root, &["png"]),
            [root.join("inner/a.png"), root.join("link/b.png")]
        );
    }

    #[test]
    fn paths_are_sorted_as_their_parts_are() {
        let mut paths = ["a/b", "a.b/c", "a/b/c", "a", "a-b", "b/a", "a/B"].map(PathBuf::from);
        let mut by_key = paths.clone();
        by_key.sort_by_cached_key(|path| sort_key(path));
        paths.sort();
        assert_eq!(by_key, paths);
    }

    #[test]
    fn whole_names_come_before_columns() {
        assert_eq!(
            candidates("/a b/c.jpg 1"),
            [
                "/a b/c.jpg 1",
                "c.jpg 1",
                "/a b/c.jpg",
                "c.jpg",
                "c",
                "/a",
                "a"
            ]
        );
        assert_eq!(without_extension("frame.0001"), "frame.0001");
        assert_eq!(without_extension(".png"), ".png");
    }
}
