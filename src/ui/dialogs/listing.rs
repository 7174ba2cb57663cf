//! What is in a folder, for the chooser in the window: read on a worker, then searched.

use std::ffi::OsString;
use std::fs;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use crate::engine::typed_path;

/// A folder and its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The folder.
    pub folder: PathBuf,
    /// Folders first, each sorted by name without regard to case.
    pub entries: Vec<Entry>,
    /// Why it could not be read.
    pub problem: Option<String>,
}

/// Something in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as it is.
    pub name: OsString,
    /// Its name for people, which searching looks at.
    pub text: String,
    /// Whether it is a folder, or leads to one.
    pub is_folder: bool,
}

impl Listing {
    /// Reads a folder. Slow.
    pub fn read(folder: PathBuf) -> Self {
        let mut listing = Self {
            folder,
            ..Self::default()
        };
        let read = fs::read_dir(&listing.folder).map(|found| {
            let entries = found.filter_map(Result::ok).map(|entry| {
                // The kind of a link is that of what it leads to.
                let is_folder = entry
                    .file_type()
                    .is_ok_and(|kind| kind.is_dir() || kind.is_symlink() && entry.path().is_dir());
                let name = entry.file_name();
                Entry {
                    text: name.to_string_lossy().into_owned(),
                    name,
                    is_folder,
                }
            });
            entries.collect::<Vec<_>>()
        });
        match read {
            Ok(entries) => listing.entries = entries,
            Err(err) => listing.problem = Some(format!("{}: {err}", listing.folder.display())),
        }
        listing
            .entries
            .sort_by_cached_key(|entry| (!entry.is_folder, entry.text.to_lowercase()));
        listing
    }

    /// Positions of the entries whose name begins with `prefix`, in any case. Hidden files
    /// (`.name`) are left out unless `prefix` asks for them; files must have one of
    /// `extensions` where there are some, and are all left out where `folders_only`.
    pub fn matches(&self, prefix: &str, wanted: Wanted<'_>) -> Vec<usize> {
        let prefix = prefix.to_lowercase();
        let is_wanted = |entry: &Entry| {
            let is_hidden = entry.text.starts_with('.') && !prefix.starts_with('.');
            let has_kind = entry.is_folder
                || !wanted.folders_only
                    && wanted
                        .extensions
                        .is_none_or(|extensions| has_extension(Path::new(&entry.name), extensions));
            !is_hidden && has_kind && entry.text.to_lowercase().starts_with(&prefix)
        };
        (0..self.entries.len())
            .filter(|index| is_wanted(&self.entries[*index]))
            .collect()
    }

    /// The path of an entry.
    pub fn path(&self, entry: &Entry) -> PathBuf {
        self.folder.join(&entry.name)
    }
}

/// Which entries are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// No files at all.
    pub folders_only: bool,
    /// Extensions of the files; `None` = all files.
    pub extensions: Option<&'a [&'a str]>,
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|extension| {
        extensions
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// What is typed, as the folder to list and the beginning of a name in it.
pub fn split_typed(text: &str) -> (PathBuf, String) {
    let path = typed_path(text.as_ref());
    let shown = path.to_string_lossy();
    // `a/` means what is in a; `~` is a folder too.
    if shown.ends_with(MAIN_SEPARATOR) || shown.ends_with('/') || text.trim() == "~" {
        return (path, String::new());
    }
    let prefix = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ if prefix.is_empty() => path,
        _ => PathBuf::from("."),
    };
    (folder, prefix)
}

/// A folder as text to go on typing after.
pub fn folder_text(folder: &Path) -> String {
    let mut text = folder.display().to_string();
    if !text.ends_with(MAIN_SEPARATOR) {
        text.push(MAIN_SEPARATOR);
    }
    text
}

/// What completion adds: the longest common beginning of `names`, at least `prefix`.
pub fn common_beginning(prefix: &str, names: &[&str]) -> String {
    let Some((first, others)) = names.split_first() else {
        return prefix.to_owned();
    };
    let mut common: Vec<char> = first.chars().collect();
    for other in others {
        let same = common
            .iter()
            .zip(other.chars())
            .take_while(|(a, b)| **a == *b)
            .count();
        common.truncate(same);
    }
    // Names that differ in case share less than was typed.
    if common.len() < prefix.chars().count() {
        return prefix.to_owned();
    }
    common.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(listing: &Listing, prefix: &str, wanted: Wanted<'_>) -> Vec<String> {
        let found = listing.matches(prefix, wanted);
        found
            .into_iter()
            .map(|index| listing.entries[index].text.clone())
            .collect()
    }

    #[test]
    fn a_folder_is_listed_folders_first_and_searched() {
        let dir = tempfile::tempdir().expect("a folder");
        for folder in ["Zebra", "apes", ".git"] {
            fs::create_dir(dir.path().join(folder)).expect("a folder");
        }
        for file in ["b.png", "A.PNG", "notes.txt", ".hidden.png"] {
            fs::write(dir.path().join(file), "").expect("a file");
        }
        let listing = Listing::read(dir.path().to_owned());
        let all = Wanted::default();
        assert_eq!(
            names(&listing, "", all),
            ["apes", "Zebra", "A.PNG", "b.png", "notes.txt"]
        );
        assert_eq!(names(&listing, "a", all), ["apes", "A.PNG"]);
        assert_eq!(names(&listing, ".", all), [".git", ".hidden.png"]);
        let images = Wanted {
            extensions: Some(&["png"]),
            ..all
        };
        assert_eq!(
            names(&listing, "", images),
            ["apes", "Zebra", "A.PNG", "b.png"]
        );
        let folders = Wanted {
            folders_only: true,
            ..all
        };
        assert_eq!(names(&listing, "", folders), ["apes", "Zebra"]);
        assert!(names(&listing, "none", all).is_empty());
    }

    #[test]
    fn a_folder_that_cannot_be_read_says_why() {
        let dir = tempfile::tempdir().expect("a folder");
        let listing = Listing::read(dir.path().join("absent"));
        assert!(listing.entries.is_empty());
        assert!(listing.problem.is_some_and(|text| text.contains("absent")));
    }

    #[test]
    fn what_is_typed_is_a_folder_and_the_beginning_of_a_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().to_owned();
        let text = |rest: &str| format!("{}/{rest}", folder.display());
        assert_eq!(split_typed(&text("ab")), (folder.clone(), "ab".to_owned()));
        let (found, prefix) = split_typed(&text(""));
        assert_eq!((found.as_path(), &*prefix), (folder.as_path(), ""));
        assert_eq!(split_typed("ab"), (PathBuf::from("."), "ab".to_owned()));
        assert_eq!(split_typed("/"), (PathBuf::from("/"), String::new()));
    }

    #[test]
    fn completion_goes_as_far_as_all_names_agree() {
        assert_eq!(common_beginning("im", &["image1", "image2"]), "image");
        assert_eq!(common_beginning("i", &["images"]), "images");
        assert_eq!(common_beginning("x", &[]), "x");
        assert_eq!(common_beginning("ima", &["Image1", "image2"]), "ima");
    }
}
