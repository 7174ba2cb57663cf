//! What can go wrong with public weights and datasets.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::dataset::DatasetError;
use crate::text::bytes;

/// Why something of the catalogue is not there. Each text says what to do.
#[derive(Debug, Error)]
pub enum CatalogueError {
    #[error("stopped")]
    Cancelled,
    #[error(
        "{file}: no download address is known. Download it in a browser from {page}, then add it \
         as a file you already have"
    )]
    NoAddress { file: String, page: String },
    #[error(
        "{url}: the server cannot be reached ({cause}). Check the network, then download {file} again"
    )]
    Unreachable {
        url: String,
        file: String,
        cause: String,
    },
    #[error(
        "{url}: the server answers {answer}. Try again later, or get {file} elsewhere and add it as a file you \
         already have"
    )]
    Refused {
        url: String,
        file: String,
        answer: String,
    },
    #[error(
        "{url}: the server offers {offered} bytes, but {file} has {expected}. A proxy or a sign-in page may \
         answer instead of the server: open the address in a browser to see"
    )]
    WrongSize {
        url: String,
        file: String,
        offered: u64,
        expected: u64,
    },
    #[error(
        "{url}: the connection was lost after {bytes} bytes ({cause}). They are kept: download {file} again \
         to continue from there"
    )]
    Broken {
        url: String,
        file: String,
        bytes: u64,
        cause: String,
    },
    #[error("{}: another download of this file is under way. Wait for its end", .path.display())]
    Busy { path: PathBuf },
    #[error(
        "{}: {} are needed here, but {} are free. Free some space, then try again",
        .path.display(), bytes(*.needed), bytes(*.free)
    )]
    NoRoom {
        path: PathBuf,
        needed: u64,
        free: u64,
    },
    #[error("{}: {cause}. {advice}", .path.display())]
    Disk {
        path: PathBuf,
        cause: io::Error,
        advice: &'static str,
    },
    #[error("{}: this is not {file}: its {kind} is {got}, expected {expected}. {advice}", .path.display())]
    WrongHash {
        path: PathBuf,
        file: String,
        kind: &'static str,
        expected: String,
        got: String,
        advice: &'static str,
    },
    #[error("{}: this is not {file}: it has {got} bytes, expected {expected}. Name another file", .path.display())]
    OtherSize {
        path: PathBuf,
        file: String,
        got: u64,
        expected: u64,
    },
    #[error(
        "{}: another file of this name is there already and stays as it is. Move it elsewhere, then try again",
        .path.display()
    )]
    Taken { path: PathBuf },
    #[error(
        "{}: no file of the catalogue has its SHA-256, {sha256}. Name the entry it is meant to be to see what \
         differs",
        .path.display()
    )]
    NotListed { path: PathBuf, sha256: String },
    #[error("{}: this is none of the files of {dataset} ({files}). Name another file", .path.display())]
    NotOfDataset {
        path: PathBuf,
        dataset: &'static str,
        files: String,
    },
    #[error(
        "{}: there is something of this name already, which is not what the catalogue puts there. It stays as it \
         is: move it elsewhere, then try again", .path.display()
    )]
    FolderTaken { path: PathBuf },
    #[error(
        "{dataset}: what was unpacked is no dataset in {layouts}, and was removed. The file may be another version: \
         unpack it yourself and open the folder, or get the right one"
    )]
    OtherContent {
        dataset: &'static str,
        layouts: String,
    },
    #[error(transparent)]
    Dataset(DatasetError),
}

impl CatalogueError {
    /// Something that cannot be written.
    pub fn write(path: &Path, cause: io::Error) -> Self {
        let advice = match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "Free some space, then try again"
            }
            _ => "Make its folder writable, then try again",
        };
        Self::Disk {
            path: path.to_owned(),
            cause,
            advice,
        }
    }

    /// Something that cannot be read.
    pub fn read(path: &Path, cause: io::Error) -> Self {
        Self::Disk {
            path: path.to_owned(),
            cause,
            advice: "Name a file that can be read",
        }
    }
}
