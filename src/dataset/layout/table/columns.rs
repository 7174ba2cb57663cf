//! Which columns of a table hold images, masks and lists.

use std::path::Path;

use super::super::headings::{self, Column};
use super::super::listed_files::ListedFiles;
use super::super::split_words::split_of;
use super::files::Files;
use crate::dataset::IMAGE_EXTENSIONS;
use crate::files::has_extension;

/// Which columns of a table hold what.
pub(super) struct Columns {
    pub(super) image: usize,
    pub(super) mask: usize,
    pub(super) split: Option<usize>,
}

/// Whether a heading asks for one list, with yes or no below it.
pub(super) fn is_flag(heading: &str) -> bool {
    let lower = heading.trim().to_lowercase();
    let word = lower.strip_prefix("is").unwrap_or_default();
    split_of(word).is_some()
}

impl Columns {
    pub(super) fn of_headings(headings: &[String]) -> Option<Self> {
        let column = |wanted| headings::best(wanted, headings.iter().map(String::as_str));
        Some(Self {
            image: column(Column::Image)?,
            mask: column(Column::Mask)?,
            split: column(Column::Split),
        })
    }

    /// Those of a row without headings that holds an image and a mask.
    pub(super) fn of_row(fields: &[String], files: &Files) -> Option<Self> {
        Self::of_files(fields, &files.listed).or_else(|| Self::of_names(fields, files))
    }

    /// Those that hold the names of a pair of the folders. Which pairs there are is only looked for in rows that
    /// are no headings.
    fn of_names(fields: &[String], files: &Files) -> Option<Self> {
        if fields.len() < 2 || fields.iter().any(|field| headings::column(field).is_some()) {
            return None;
        }
        let mut columns = (0..fields.len()).flat_map(|image| {
            (0..image)
                .chain(image + 1..fields.len())
                .map(move |mask| (image, mask))
        });
        let (image, mask) = columns.find(|(image, mask)| {
            let [image, mask] = [image, mask].map(|column| fields[*column].trim());
            !image.is_empty() && files.named(image, mask).is_some()
        })?;
        Some(Self {
            image,
            mask,
            split: Self::split_in(fields),
        })
    }

    /// Whether a row that has no pair names two files all the same, or a file and a list.
    pub(super) fn are_meant(fields: &[String], files: &Files) -> bool {
        let named = fields.iter().map(|field| field.trim());
        // Colors and sizes may be the names of files, too.
        let is_word = |field: &&str| !field.is_empty() && field.parse::<f64>().is_err();
        let count = named
            .filter(is_word)
            .filter(|field| files.is_anywhere(field))
            .count();
        count > 1 || count == 1 && Self::split_in(fields).is_some()
    }

    fn of_files(fields: &[String], files: &ListedFiles) -> Option<Self> {
        let is_file = |field: &String| {
            has_extension(Path::new(field.trim()), IMAGE_EXTENSIONS)
                && files.resolve(field.trim()).is_some()
        };
        let mut with_files = (0..fields.len()).filter(|column| is_file(&fields[*column]));
        let (image, mask) = (with_files.next()?, with_files.next()?);
        Some(Self {
            image,
            mask,
            split: Self::split_in(fields),
        })
    }

    fn split_in(fields: &[String]) -> Option<usize> {
        let mut fields = fields.iter();
        fields.position(|field| split_of(field.trim()).is_some())
    }
}
