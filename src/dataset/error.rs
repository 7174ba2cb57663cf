//! What can be wrong with data on disk. Each message names the file and says how to fix it.

use std::path::PathBuf;

use crate::dataset::Size;
use crate::files::FileError;

/// A problem with a dataset, an image or a label map.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The folder has none of the layouts that can be read.
    #[error(
        "{path}: no dataset found here; {found}. Looked for images beside masks of the same names, in the folders of VOC \
         (JPEGImages, SegmentationClass), CamVid, Cityscapes, ADE20K or Oxford-IIIT Pet, or in folders such as images and \
         masks, and for train.txt and val.txt with an image and its mask in each line. {nearest}"
    )]
    UnknownLayout {
        /// The folder.
        path: PathBuf,
        /// What is in it instead.
        found: String,
        /// The layout that it is most like, and what to change.
        nearest: String,
    },
    /// Images alone: nothing to train on, but they can be predicted.
    #[error(
        "{path}: {found}, and nothing looks like masks of {example}.{unread} So there is nothing to train on and nothing to \
         score. Training needs a mask for each image: put masks into a folder \"masks\" beside the images, under the \
         same names, or give the masks \"_mask\" behind the names. To segment the images with a trained run, use \
         `predict` or open them in Inspect"
    )]
    NoMasks {
        /// The folder.
        path: PathBuf,
        /// The images, by folder.
        found: String,
        /// What else is there that may say what is in them, a sentence behind a space, or nothing.
        unread: String,
        /// One of them, as seen from the folder.
        example: PathBuf,
        /// How many there are.
        images: usize,
    },
    /// A folder has no images.
    #[error("{path}: no images here. They end in {extensions}")]
    NoImages {
        /// The folder.
        path: PathBuf,
        /// What the names of images end in.
        extensions: String,
    },
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Writing the sample was stopped on request.
    #[error("{path}: stopped. The sample is incomplete and is written again the next time")]
    Stopped {
        /// The sample's folder.
        path: PathBuf,
    },
    /// An archive cannot be unpacked.
    #[error("{path}: {reason}")]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it and the way out.
        reason: String,
    },
    /// Annotations that masks are drawn from cannot be read.
    #[error("{path}: {reason}")]
    Annotations {
        /// The file of annotations.
        path: PathBuf,
        /// What is wrong with it and the way out.
        reason: String,
    },
    /// A class map is none, or does not fit the dataset.
    #[error("{path}: {reason}")]
    ClassMap {
        /// The map.
        path: PathBuf,
        /// What is wrong with it and the way out.
        reason: String,
    },
    /// Unpacking or drawing masks was stopped on request.
    #[error("{path}: stopped. Nothing of it is kept; open it again to start over")]
    Interrupted {
        /// What was being read.
        path: PathBuf,
    },
    /// A batch of another program, or one that this one wrote, cannot be trained on.
    #[error("{path}: {reason}. Write the batches again, or train without them")]
    Batch {
        /// The array.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A thread of a loader is gone.
    #[error(
        "the thread that prepares batches ended early. Start the run again from its last checkpoint"
    )]
    LostWorker,
    /// An image file is damaged or of an unknown format.
    #[error(
        "{path}: the image cannot be decoded ({reason}). Replace the file or take it off the list"
    )]
    Image {
        /// The image's file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A label map is not one.
    #[error("{path}: not a label map ({reason})")]
    Mask {
        /// The label map's file.
        path: PathBuf,
        /// What is wrong with it and how to fix it.
        reason: String,
    },
    /// The mask has another size than its image.
    #[error(
        "{mask}: the mask is {mask_size} pixels but its image {image} is {image_size}. Export the mask at the image's size"
    )]
    SizeMismatch {
        /// The label map's file.
        mask: PathBuf,
        /// The image's file.
        image: PathBuf,
        /// Size of the label map.
        mask_size: Size,
        /// Size of the image.
        image_size: Size,
    },
    /// The mask fits its image as it is stored, but not as its EXIF data says to show it.
    #[error(
        "{mask}: the mask is {mask_size} pixels and fits its image {image} as it is stored, but the image's EXIF \
         orientation turns it ({image_size}). Save the image upright without EXIF, or turn the mask as well"
    )]
    TurnedByExif {
        /// The label map's file.
        mask: PathBuf,
        /// The image's file.
        image: PathBuf,
        /// Size of the label map.
        mask_size: Size,
        /// Size of the image as it is shown.
        image_size: Size,
    },
    /// A label is neither a class nor void.
    #[error(
        "{path}: label {label} at column {x}, row {y} is outside the {num_classes} classes \
         (0..={}) and is not void. {}",
        num_classes.saturating_sub(1),
        label_advice(*label, *num_classes)
    )]
    LabelOutOfRange {
        /// The label map's file.
        path: PathBuf,
        /// The label as it is in the file.
        label: u8,
        /// Its column, from 0.
        x: u32,
        /// Its row, from 0.
        y: u32,
        /// How many classes there are.
        num_classes: usize,
    },
    /// A pair that cannot be in a copy of a dataset.
    #[error("{source}. Or leave out of the copy what cannot be used")]
    NotFixed {
        /// What is wrong with it.
        source: Box<DatasetError>,
    },
    /// A list file or class list is malformed or empty.
    #[error("{path}: {reason}")]
    List {
        /// The list's file.
        path: PathBuf,
        /// What is wrong with it and how to fix it.
        reason: String,
    },
}

/// What to do about a label that is no class.
fn label_advice(label: u8, num_classes: usize) -> &'static str {
    if usize::from(label) == num_classes {
        "Correct the mask or add the class to classes.txt. If the masks count classes from 1, write them with 1 less; a \
         dataset may say \"first_label = 1\" in class-map.toml beside classes.txt instead"
    } else {
        "Correct the mask or add the class to classes.txt"
    }
}
