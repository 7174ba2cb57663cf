//! What the names of folders and files say: images or masks, training or validation, which
//! image a mask belongs to.

use super::super::names::composed;
use super::super::split_words::SPLIT_WORDS;
use crate::dataset::Split;

/// What a folder holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Images,
    Masks,
}

const MASK_WORDS: [&str; 36] = [
    "mask",
    "masks",
    "label",
    "labels",
    "annotation",
    "annotations",
    "annot",
    "annots",
    "ann",
    "anns",
    "anno",
    "annos",
    "gt",
    "gts",
    "gtfine",
    "gtcoarse",
    "groundtruth",
    "truth",
    "seg",
    "segs",
    "segmentation",
    "segmentations",
    "segmentationclass",
    "segmentationclasspng",
    "segmaps",
    "target",
    "targets",
    "trimap",
    "trimaps",
    "labelimages",
    "labeledapproved",
    "labelled",
    "labeled",
    "semantic",
    "labelstr",
    "cls",
];
const IMAGE_WORDS: [&str; 23] = [
    "image",
    "images",
    "img",
    "imgs",
    "jpegimages",
    "photo",
    "photos",
    "picture",
    "pictures",
    "rgb",
    "leftimg8bit",
    "input",
    "inputs",
    "original",
    "originals",
    "frames",
    "pics",
    "imagestr",
    "jpg",
    "jpeg",
    "stillsraw",
    "raw",
    "x",
];
/// Words that say nothing beside a word that does.
const FILLERS: [&str; 15] = [
    "full", "701", "png", "pngs", "ground", "dataset", "data", "8bit", "dir", "folder", "all",
    "class", "machine", "prepped", "sem",
];
/// Words for folders of masks of objects.
const OBJECT_WORDS: [&str; 4] = ["instance", "instances", "panoptic", "segmentationobject"];
/// Words for copies of masks in colors, beside a word for masks; alone they may mean images.
const COPY_WORDS: [&str; 10] = [
    "human",
    "rgb",
    "color",
    "colors",
    "colored",
    "colour",
    "colormap",
    "colormaps",
    "overlay",
    "overlays",
];

/// Whether a folder holds copies of masks, or masks of objects, by its name and what the folders
/// around it hold.
pub(super) fn is_of_copies(name: &str, around: Option<Role>) -> bool {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(['_', '-', ' ', '.']).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let is_of_masks = around == Some(Role::Masks)
        || words
            .iter()
            .any(|word| role_of_word(word) == Some(Role::Masks));
    around != Some(Role::Images) && (has(&OBJECT_WORDS) || is_of_masks && has(&COPY_WORDS))
}

/// What the name of a folder says. `None` = it says nothing and tells apart what is in it.
pub(super) fn of_folder(name: &str) -> Option<(Option<Role>, Option<Split>)> {
    let name = name.to_lowercase();
    let (mut role, mut part, mut unknown) = (None, None, false);
    for word in name
        .split(['_', '-', ' ', '.'])
        .filter(|word| !word.is_empty())
    {
        match of_word(word) {
            Some((found_role, found_part)) => {
                role = found_role.or(role);
                part = found_part.or(part);
            }
            None => unknown |= !FILLERS.contains(&word),
        }
    }
    (!unknown && (role.is_some() || part.is_some())).then_some((role, part))
}

fn of_word(word: &str) -> Option<(Option<Role>, Option<Split>)> {
    if let Some(role) = role_of_word(word) {
        return Some((Some(role), None));
    }
    SPLIT_WORDS.into_iter().find_map(|(name, part)| {
        // `trainannot` is a word of two.
        let rest = word.strip_prefix(name)?;
        match (rest, role_of_word(rest)) {
            ("", _) => Some((None, Some(part))),
            (_, Some(role)) => Some((Some(role), Some(part))),
            _ => None,
        }
    })
}

fn role_of_word(word: &str) -> Option<Role> {
    if MASK_WORDS.contains(&word) {
        Some(Role::Masks)
    } else {
        IMAGE_WORDS.contains(&word).then_some(Role::Images)
    }
}

/// What masks have behind the name of their image.
const MASK_SUFFIXES: [&str; 22] = [
    "_gtfine_labeltrainids",
    "_gtfine_labelids",
    "_gtcoarse_labeltrainids",
    "_gtcoarse_labelids",
    "_labeltrainids",
    "_labelids",
    "_ground_truth",
    "_groundtruth",
    "_segmentation",
    "_annotation",
    "_labels",
    "_label",
    "_masks",
    "_mask",
    "_target",
    "_seg",
    "_gt",
    "_lab",
    "_l",
    "-mask",
    "-label",
    ".mask",
];
/// What images have behind the part of the name that their masks share.
const IMAGE_SUFFIXES: [&str; 8] = [
    "_leftimg8bit",
    "_image",
    "_img",
    "_rgb",
    "_sat",
    "_photo",
    "_im",
    "-image",
];
const MASK_PREFIXES: [&str; 7] = [
    "mask_",
    "label_",
    "labels_",
    "gt_",
    "seg_",
    "annotation_",
    "mask-",
];
const IMAGE_PREFIXES: [&str; 4] = ["image_", "img_", "photo_", "image-"];

/// Files beside masks that are no masks: colored copies and instances.
const NO_MASKS: [&str; 10] = [
    "_color",
    "_colored",
    "_colour",
    "_instanceids",
    "_instancetrainids",
    "_instances",
    "_vis",
    "_overlay",
    "_polygons",
    "_viz",
];

/// The name that an image and its mask share, in lower case, and what was taken off.
pub(super) fn shared_name(stem: &str, role: Role) -> (String, Option<&'static str>) {
    let name = composed(stem).to_lowercase();
    let (suffixes, prefixes): (&[&str], &[&str]) = match role {
        Role::Images => (&IMAGE_SUFFIXES, &IMAGE_PREFIXES),
        Role::Masks => (&MASK_SUFFIXES, &MASK_PREFIXES),
    };
    let without = suffixes
        .iter()
        .find_map(|end| Some((name.strip_suffix(end)?, *end)))
        .or_else(|| {
            prefixes
                .iter()
                .find_map(|start| Some((name.strip_prefix(start)?, *start)))
        });
    match without {
        Some((rest, taken)) if !rest.is_empty() => (rest.to_owned(), Some(taken)),
        _ => (name, None),
    }
}

/// Whether a name ends as those of masks do, and is no copy of a photo (`photo_l`).
pub(super) fn is_named_as_mask(stem: &str) -> bool {
    let (_, end) = shared_name(stem, Role::Masks);
    end.is_some_and(|end| end != "_l")
}

/// Whether a file beside masks is none.
pub(super) fn is_no_mask(stem: &str) -> bool {
    let stem = stem.to_lowercase();
    // The colors of the full ADE20K are numbers of classes and of objects.
    if stem.starts_with("ade_") && (stem.ends_with("_seg") || stem.contains("_parts_")) {
        return true;
    }
    NO_MASKS.iter().any(|end| stem.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_what_they_hold() {
        use Role::{Images, Masks};
        use Split::{Train, Val};
        for (name, expected) in [
            ("images", Some((Some(Images), None))),
            ("JPEGImages", Some((Some(Images), None))),
            ("train", Some((None, Some(Train)))),
            ("trainannot", Some((Some(Masks), Some(Train)))),
            ("val_masks", Some((Some(Masks), Some(Val)))),
            ("train-images", Some((Some(Images), Some(Train)))),
            ("LabeledApproved_full", Some((Some(Masks), None))),
            ("701_StillsRaw_full", Some((Some(Images), None))),
            ("ground_truth", Some((Some(Masks), None))),
            ("aachen", None),
            ("valley", None),
            ("class", None),
        ] {
            assert_eq!(of_folder(name), expected, "{name}");
        }
    }

    #[test]
    fn names_of_images_and_masks_meet() {
        let shared = |stem, role| shared_name(stem, role).0;
        for (image, mask) in [
            ("a", "a_mask"),
            ("0001TP_0", "0001TP_0_L"),
            ("x_0_leftImg8bit", "x_0_gtFine_labelTrainIds"),
            ("12_sat", "12_mask"),
            ("image_3", "mask_3"),
            ("img_001", "img_001"),
        ] {
            let (image, mask) = (shared(image, Role::Images), shared(mask, Role::Masks));
            assert!(image == mask || mask == "img_001", "{image} {mask}");
        }
        for (stem, expected) in [
            ("x_gtFine_color", true),
            ("ADE_train_00000001_seg", true),
            ("ADE_train_00000001", false),
            ("photo_seg", false),
        ] {
            assert_eq!(is_no_mask(stem), expected, "{stem}");
        }
        assert!(is_named_as_mask("photo_mask") && !is_named_as_mask("photo_l"));
    }

    #[test]
    fn copies_of_masks_are_told_by_their_folders() {
        for (folder, around, expected) in [
            ("masks_human", None, true),
            ("semantic_rgb", None, true),
            ("RGB_color_image_masks", None, true),
            ("instances", None, true),
            ("instances", Some(Role::Images), false),
            ("colormaps", Some(Role::Masks), true),
            // Images beside depth.
            ("color", None, false),
            ("rgb", None, false),
            ("masks", None, false),
            ("images_rgb", None, false),
        ] {
            assert_eq!(is_of_copies(folder, around), expected, "{folder}");
        }
    }
}
