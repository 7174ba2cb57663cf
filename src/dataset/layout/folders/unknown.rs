//! What to say about a folder in which no dataset was found.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Found, can_be_mask};
use crate::dataset::DatasetError;

/// The folders that are named in a message.
const MOST_NAMED: usize = 6;

/// Says what was looked for, what is there, and what is missing to the nearest layout.
pub(super) fn describe(root: &Path, images: &[Found], masks: &[Found]) -> DatasetError {
    if let (Some(image), []) = (images.first(), masks) {
        let example = image.path.strip_prefix(root).unwrap_or(&image.path);
        return DatasetError::NoMasks {
            path: root.to_owned(),
            found: what_is_there(root, images, masks),
            example: example.to_owned(),
            images: images.len(),
        };
    }
    DatasetError::UnknownLayout {
        path: root.to_owned(),
        found: what_is_there(root, images, masks),
        nearest: nearest(root, images, masks),
    }
}

fn what_is_there(root: &Path, images: &[Found], masks: &[Found]) -> String {
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for file in images.iter().chain(masks) {
        let folder = file.path.parent().unwrap_or(root);
        let shown = folder.strip_prefix(root).unwrap_or(folder);
        let name = if shown.as_os_str().is_empty() {
            "the folder itself".to_owned()
        } else {
            shown.display().to_string()
        };
        *folders.entry(name).or_default() += 1;
    }
    if folders.is_empty() {
        let mut names: Vec<String> = std::fs::read_dir(root)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        return match names.len() {
            0 => "the folder is empty".to_owned(),
            count => {
                names.truncate(MOST_NAMED);
                let more = if count > MOST_NAMED { ", ..." } else { "" };
                format!("there is no image in it, only {}{more}", names.join(", "))
            }
        };
    }
    let count = folders.len();
    let mut named: Vec<String> = folders
        .into_iter()
        .take(MOST_NAMED)
        .map(|(folder, files)| format!("{files} in {folder}"))
        .collect();
    if count > MOST_NAMED {
        named.push(format!("others in {} more folders", count - MOST_NAMED));
    }
    format!("there are images: {}", named.join(", "))
}

fn nearest(root: &Path, images: &[Found], masks: &[Found]) -> String {
    let name = |file: &Found| {
        let shown = file.path.strip_prefix(root).unwrap_or(&file.path);
        shown.display().to_string()
    };
    match (images.first(), masks.first()) {
        (Some(image), Some(mask)) if masks.iter().all(|mask| !can_be_mask(&mask.path)) => format!(
            "The masks, such as {}, are of a format that changes labels; export them as PNG beside {}",
            name(mask),
            name(image)
        ),
        (Some(image), Some(mask)) => format!(
            "Nearest is a folder of images beside a folder of masks, but no image has the name of a mask: {} and {}. \
             Give both the same name, or the mask \"_mask\" behind it",
            name(image),
            name(mask)
        ),
        (None, Some(mask)) => format!(
            "Nearest is a folder of images beside a folder of masks, but there are only masks, such as {}. Put the images \
             into a folder \"images\" under the same names",
            name(mask)
        ),
        (_, None) => "Choose the folder that holds the images".to_owned(),
    }
}
