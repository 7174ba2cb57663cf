//! What can be wrong with masks that are scored.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::dataset::{DatasetError, Size};

/// Why masks have no scores. Each text names the file and says how to fix it.
#[derive(Debug, Error)]
pub enum MaskScoreError {
    /// A mask has a byte for its label.
    #[error("{count} classes do not fit into a mask. Give a number from 1 to 254")]
    ClassCount { count: usize },
    /// There is nothing to score.
    #[error("{}: no PNG masks here. Choose the folder of the labels", .folder.display())]
    NoMasks { folder: PathBuf },
    /// A mask would be compared with itself.
    #[error(
        "{} and {} are the same folder: masks would be scored against themselves. Name the folder of the predictions \
         and that of the true masks", .predictions.display(), .labels.display()
    )]
    SameFolder {
        predictions: PathBuf,
        labels: PathBuf,
    },
    /// A name of the list is not that of a label.
    #[error("{}: this label is on the list but not there. Add it or take {name} off the list", .path.display())]
    LabelMissing { path: PathBuf, name: String },
    /// A label has no prediction.
    #[error(
        "{}: this prediction is missing ({missing} of {total} are){}. Add it, or score only those on a list",
        .path.display(), unread(.instead.as_deref())
    )]
    PredictionMissing {
        /// The first of them.
        path: PathBuf,
        missing: usize,
        total: usize,
        /// A file of its name and of a format that is not read as a mask.
        instead: Option<PathBuf>,
    },
    /// A prediction has another size than its label.
    #[error(
        "{}: the prediction is {}x{} pixels but its label {} is {}x{}. Write predictions at the label's size",
        .prediction.display(), .prediction_size.width, .prediction_size.height,
        .label.display(), .label_size.width, .label_size.height
    )]
    Sizes {
        prediction: PathBuf,
        prediction_size: Size,
        label: PathBuf,
        label_size: Size,
    },
    /// A label is no class of those that were assumed.
    #[error(
        "{source}. Nothing names the classes, so they were assumed: {assumed}. Give a class list or the number of classes"
    )]
    AssumedClasses {
        source: DatasetError,
        assumed: String,
    },
    /// The masks do not mean what they should.
    #[error("{}: {finding}", .folder.display())]
    Unfit {
        folder: PathBuf,
        /// The worst that was found.
        finding: String,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] DatasetError),
}

fn unread(file: Option<&Path>) -> String {
    file.and_then(Path::file_name)
        .map_or_else(String::new, |name| {
            format!(
                ". {} is there, but masks are PNG, BMP, TIFF or GIF",
                name.display()
            )
        })
}
