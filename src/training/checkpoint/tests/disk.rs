//! A disk of which every operation is known, and what it may hold after a power loss.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::files::Operation;

/// An operation that was done.
#[derive(Debug, Clone)]
pub enum Done {
    Create(PathBuf),
    Write(PathBuf, Vec<u8>),
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    SyncFolder,
    Remove(PathBuf),
}

pub fn noted(operation: Operation<'_>) -> Done {
    match operation {
        Operation::Create(path) => Done::Create(path.to_owned()),
        Operation::Write(path, bytes) => Done::Write(path.to_owned(), bytes.to_vec()),
        Operation::Sync(path) => Done::Sync(path.to_owned()),
        Operation::Rename(from, to) => Done::Rename(from.to_owned(), to.to_owned()),
        Operation::SyncFolder(_) => Done::SyncFolder,
        Operation::Remove(path) => Done::Remove(path.to_owned()),
    }
}

/// What a disk may hold after the power went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// A crash of the program alone: nothing that was done is lost.
    Nothing,
    /// All that was not synced is lost, content and names.
    Unsynced,
    /// Names are on the disk at once, content that was not synced is not.
    Content,
}

/// A file is a content, which several names may stand for over time.
type Names = BTreeMap<PathBuf, usize>;

/// The files after `operations`, from those that were there before.
pub fn after(
    before: &BTreeMap<PathBuf, Vec<u8>>,
    operations: &[Done],
    loss: Loss,
) -> BTreeMap<PathBuf, Vec<u8>> {
    // Content as it is in memory, and as it is on the disk.
    let mut contents: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut names = Names::new();
    for (path, bytes) in before {
        names.insert(path.clone(), contents.len());
        contents.push((bytes.clone(), bytes.clone()));
    }
    let mut on_disk = names.clone();
    for operation in operations {
        match operation {
            Done::Create(path) => {
                names.insert(path.clone(), contents.len());
                contents.push(Default::default());
            }
            Done::Write(path, bytes) => contents[names[path]].0.extend(bytes),
            Done::Sync(path) => {
                let (written, synced) = &mut contents[names[path]];
                synced.clone_from(written);
            }
            Done::Rename(from, to) => {
                let content = names.remove(from).expect("it was created");
                names.insert(to.clone(), content);
            }
            Done::SyncFolder => on_disk.clone_from(&names),
            Done::Remove(path) => {
                names.remove(path);
            }
        }
    }
    let names = if loss == Loss::Unsynced {
        on_disk
    } else {
        names
    };
    let content = |place: usize| {
        let (written, synced) = &contents[place];
        if loss == Loss::Nothing {
            written.clone()
        } else {
            synced.clone()
        }
    };
    names
        .into_iter()
        .map(|(path, place)| (path, content(place)))
        .collect()
}
