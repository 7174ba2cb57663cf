//! The lines of VOC's lists: an id, or an image and perhaps its mask as paths.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::list::candidates;
use super::super::names::{folded_name, without_extension};
use super::super::pairs::read_item;
use super::super::splits::Pairs;
use super::super::{DatasetItem, Note, NoteTopic};
use super::{Files, IMAGES};
use crate::dataset::image_io::MASK_EXTENSIONS;
use crate::files::has_extension;
use crate::text::plural;

/// The files that a line names.
#[derive(Default)]
struct Listed {
    image: Option<PathBuf>,
    mask: Option<PathBuf>,
}

impl Pairs for Files {
    fn names_image(&self, entry: &str) -> bool {
        let mut names = candidates(entry).into_iter();
        names.any(|name| self.images.get(name).is_some())
    }

    fn pair(&self, line: &str) -> Result<Option<DatasetItem>, String> {
        let absent = |name: &str, folder: &str| match self.unread_file(name, folder) {
            Some(file) => format!(
                "{name} has no file in {folder} that is read; {file} is of another format. Save it as PNG, or an image \
                 as JPEG"
            ),
            None => format!(
                "{name} has no file in {folder}. Add the file or take the line off the list"
            ),
        };
        let listed = self.files_in(line);
        let stem = listed.image.as_deref().and_then(Path::file_stem);
        let named = stem.map(|stem| stem.to_string_lossy().into_owned());
        let found = named.and_then(|name| self.images.get(&name)).or_else(|| {
            let mut names = candidates(line).into_iter();
            names.find_map(|name| self.images.get(name))
        });
        let Some((id, image)) = found else {
            // A file may be called so, and otherwise it is a comment.
            let is_comment = line.starts_with('#');
            return if is_comment {
                Ok(None)
            } else {
                Err(absent(line, IMAGES))
            };
        };
        let mask = listed.mask.or_else(|| self.mask_by_name(line, id, image));
        Ok(Some(DatasetItem {
            id: id.to_owned(),
            image: image.to_owned(),
            mask: mask.ok_or_else(|| absent(id, self.folder))?,
        }))
    }

    /// Every image that has a mask.
    fn all(&self) -> Vec<DatasetItem> {
        let pair = |(id, image): (&str, &Path)| {
            Some(DatasetItem {
                id: id.to_owned(),
                image: image.to_owned(),
                mask: self.mask_of(id)?.to_owned(),
            })
        };
        self.images.iter().filter_map(pair).collect()
    }
}

impl Files {
    /// The mask of the image's name, else one of the name in the last column.
    fn mask_by_name(&self, line: &str, id: &str, image: &Path) -> Option<PathBuf> {
        let separators = |letter: char| letter.is_whitespace() || [',', ';'].contains(&letter);
        let mut words = line.split(separators).filter(|word| !word.is_empty());
        let last = words.next_back();
        let last = last.filter(|last| last.contains(['/', '\\', '.']));
        let Some(own) = self.mask_of(id) else {
            let mut names = candidates(last?).into_iter();
            let (_, mask) = names.find_map(|name| self.masks.get(name))?;
            return Some(mask.to_owned());
        };
        let is_mask = |last: &&str| has_extension(Path::new(last), MASK_EXTENSIONS);
        let named = last.filter(is_mask).filter(|_| words.next().is_some());
        let is_path = |name: &str| name.contains(['/', '\\']);
        // Names may hold blanks: the last word of an image's name is no mask.
        let named = named.filter(|name| is_path(name) || !image_ends_with(image, name));
        if let Some(named) = named {
            let listed = || self.masks.get(without_extension(named));
            if let Some((_, listed)) = (!is_path(named)).then(listed).flatten() {
                return Some(listed.to_owned());
            }
            let mut replaced = self.replaced.borrow_mut();
            replaced.get_or_insert_with(|| named.to_owned());
        }
        Some(own.to_owned())
    }

    /// The files that a line names by paths that are there, as lists of `SegmentationClassAug` do, in
    /// either order.
    fn files_in(&self, line: &str) -> Listed {
        let mut listed = Listed::default();
        if !line.contains(['/', '\\']) {
            return listed;
        }
        let images = self.root.join(IMAGES);
        let mut add = |path: PathBuf| {
            let can_be_mask =
                has_extension(&path, MASK_EXTENSIONS) || has_extension(&path, &["jpg", "jpeg"]);
            if path.parent() == Some(images.as_path()) {
                listed.image.get_or_insert(path);
            } else if can_be_mask {
                listed.mask.get_or_insert(path);
            }
        };
        // Names may hold blanks.
        if let Ok(pair) = read_item(&self.listed, line) {
            add(pair.image);
            add(pair.mask);
        } else {
            let words = line.split([' ', '\t', ',', ';']);
            let words = words.map(|word| word.trim_matches('"'));
            let paths = words.filter(|word| word.contains(['/', '\\']));
            paths
                .filter_map(|word| self.listed.resolve(word))
                .for_each(add);
        }
        listed
    }

    /// What the lists say of masks that are not those of the images' names.
    pub(super) fn notes_of_lists<'a>(
        &self,
        items: impl Iterator<Item = &'a DatasetItem>,
    ) -> Vec<Note> {
        let mut notes = Vec::new();
        let listed: Vec<&DatasetItem> = items
            .filter(|item| self.mask_of(&item.id).is_some_and(|own| own != item.mask))
            .collect();
        if let Some(first) = listed.first() {
            let shown = first.mask.strip_prefix(&self.root).unwrap_or(&first.mask);
            let text = format!(
                "{} with the mask that the list names, which is not the one of the image's name in {}, such as {} for {}",
                plural(listed.len(), "image", "images"),
                self.folder,
                shown.display(),
                first.id
            );
            notes.push(Note::found(NoteTopic::Pairing, text));
        }
        if let Some(absent) = &*self.replaced.borrow() {
            let text = format!(
                "the lists name masks that are not there, such as {absent}; those of the images' names in {} are taken \
                 instead",
                self.folder
            );
            notes.push(Note::assumed(NoteTopic::Pairing, text));
        }
        notes
    }

    /// A file of this name in a folder, of a format that is not read.
    fn unread_file(&self, name: &str, folder: &str) -> Option<String> {
        let entries = fs::read_dir(self.root.join(folder)).ok()?.flatten();
        let mut names = entries.map(|entry| PathBuf::from(entry.file_name()));
        let file = names.find(|file| file.file_stem().is_some_and(|stem| stem == name))?;
        Some(file.display().to_string())
    }
}

/// Whether the name of an image ends in a word, which its extension may be missing from.
fn image_ends_with(image: &Path, word: &str) -> bool {
    let word = folded_name(without_extension(word));
    let stem = folded_name(&image.file_stem().unwrap_or_default().to_string_lossy());
    stem == word || stem.ends_with(&format!(" {word}"))
}
