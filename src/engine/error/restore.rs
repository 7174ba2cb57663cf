//! Why a deleted run did not come back as it was.

use std::path::PathBuf;

use thiserror::Error;

/// Why a deleted run did not come back as it was.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// A deleted run cannot come back to its place.
    #[error(
        "{}: there is another folder of this name, so the deleted run stays in {}. Rename or move one of them",
        .target.display(),
        .trash.display()
    )]
    PlaceTaken {
        /// Where the run was.
        target: PathBuf,
        /// Where it is.
        trash: PathBuf,
    },
    /// What came back is no run that can be listed.
    #[error(
        "{}: this is back, but it is not listed, since it has no config.json. A part of it was deleted before, or it is \
         a link to a folder that is not there now",
        .folder.display()
    )]
    NotWhole {
        /// Where it is.
        folder: PathBuf,
    },
    /// A deleted run cannot come back at all.
    #[error(
        "{run}: this deleted run is not in {} any more. Another window has brought it back or emptied the trash, or \
         somebody moved it by hand",
        .folder.display()
    )]
    NotInTrash {
        /// The run.
        run: String,
        /// Where it was.
        folder: PathBuf,
    },
}
