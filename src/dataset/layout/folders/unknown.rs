//! What to say about a folder in which no dataset was found.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::super::files_below;
use super::roles::Role;
use super::{Found, can_be_mask};
use crate::dataset::DatasetError;
use crate::files::{has_extension, open_regular};
use crate::text::plural;

/// The folders that are named in a message.
const MOST_NAMED: usize = 6;

/// Says what was looked for, what is there, and what is missing to the nearest layout.
pub(super) fn describe(root: &Path, images: &[Found], masks: &[Found]) -> DatasetError {
    if let (Some(image), []) = (images.first(), masks) {
        let example = image.path.strip_prefix(root).unwrap_or(&image.path);
        let unread = unread(root).map(|text| format!(" {text}."));
        return DatasetError::NoMasks {
            path: root.to_owned(),
            found: what_is_there(root, images, masks),
            unread: unread.unwrap_or_default(),
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

type IsIt<'a> = &'a dyn Fn(&Path) -> bool;

/// Files that say what is in images, but not in a form that is read: what they are, and what to do.
fn unread(root: &Path) -> Option<String> {
    let files = files_below(root, &["json", "xml", "npy", "npz", "txt", "png", "csv"]);
    let is_below = |path: &Path, folder: &str| {
        let path = path.strip_prefix(root).unwrap_or(path);
        path.components().any(|part| part.as_os_str() == folder)
    };
    let ends = |path: &Path, end: &str| path.to_string_lossy().ends_with(end);
    let kinds: [(IsIt<'_>, &str); 8] = [
        (
            &|path| ends(path, "_gtFine_color.png"),
            "show the labels as colors: Cityscapes is read by its *_gtFine_labelTrainIds.png or *_gtFine_labelIds.png",
        ),
        (
            &|path| is_below(path, "SegmentationObject"),
            "number the objects; the classes are in SegmentationClass, which is not here",
        ),
        (
            &|path| has_extension(path, &["npy", "npz"]),
            "are NumPy arrays: save each as an 8-bit gray PNG",
        ),
        (
            &|path| has_extension(path, &["json"]),
            "are annotations of neither labelme nor COCO: export them as COCO's JSON or as PNG masks",
        ),
        (
            &|path| has_extension(path, &["csv"]) && has_run_lengths(path),
            "say masks as run lengths, which are not read from tables: export them as COCO's JSON or as PNG masks",
        ),
        (
            &|path| has_extension(path, &["xml"]) && is_of_cvat(path),
            "are annotations in CVAT's own format, which is not read: export the task from CVAT as \"Segmentation mask \
             1.1\", \"PASCAL VOC 1.1\" or \"COCO 1.0\", with the images",
        ),
        (
            &|path| has_extension(path, &["xml"]),
            "say boxes at most, which are no masks: export masks as PNG",
        ),
        (
            &|path| has_extension(path, &["txt"]) && is_below(path, "labels"),
            "are outlines or boxes of YOLO, which are not read: export them as COCO's JSON or as PNG masks",
        ),
    ];
    kinds.iter().find_map(|(is_it, text)| {
        let found: Vec<&PathBuf> = files.iter().filter(|path| is_it(path)).collect();
        let first = found.first()?;
        let shown = first.strip_prefix(root).unwrap_or(first).display();
        let others = found.len() - 1;
        let more = match others {
            0 => String::new(),
            _ => format!(" and {others} more"),
        };
        Some(format!("{shown}{more} {text}"))
    })
}

/// Whether a heading of a table is about run lengths, as in tables of Kaggle.
fn has_run_lengths(path: &Path) -> bool {
    let text = start_of(path).to_lowercase();
    let heading = text.lines().next().unwrap_or_default();
    heading.contains("encodedpixels") || heading.contains("rle")
}

/// Whether a document is what CVAT calls "CVAT for images" or "CVAT for video". VOC's boxes are in an
/// `annotation`.
fn is_of_cvat(path: &Path) -> bool {
    start_of(path).contains("<annotations>")
}

/// The first words of a text; none of what cannot be read.
fn start_of(path: &Path) -> String {
    let mut start = Vec::new();
    let file = open_regular(path);
    file.and_then(|file| file.take(1024).read_to_end(&mut start))
        .ok();
    String::from_utf8_lossy(&start).into_owned()
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
        named.push(format!(
            "others in {}",
            plural(count - MOST_NAMED, "more folder", "more folders")
        ));
    }
    format!("there are images: {}", named.join(", "))
}

/// The masks with the name of an image.
fn masks_of<'a>(image: &Found, masks: &'a [Found]) -> Vec<&'a Found> {
    let names = [
        image.whole_or_named(Role::Images),
        image.named(Role::Images),
    ];
    let is_of_image = |mask: &&Found| names.contains(&mask.named(Role::Masks));
    masks.iter().filter(is_of_image).collect()
}

fn nearest(root: &Path, images: &[Found], masks: &[Found]) -> String {
    let name = |file: &Found| {
        let shown = file.path.strip_prefix(root).unwrap_or(&file.path);
        shown.display().to_string()
    };
    if let Some(image) = images.first()
        && let [first, second, ..] = masks_of(image, masks)[..]
    {
        return format!(
            "Nearest is a folder of images beside a folder of masks, but several masks have the name of {}: {} and {}. \
             Keep one of them for each image, and put the others somewhere else",
            name(image),
            name(first),
            name(second)
        );
    }
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
        (_, None) => {
            let unread = unread(root).map(|text| format!("{text}. "));
            let unread = unread.unwrap_or_default();
            format!("{unread}Choose the folder that holds the images")
        }
    }
}
