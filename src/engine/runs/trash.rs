//! The deleted runs of one program, until they come back or are deleted for good on request.
//!
//! `.trash/SECS-PID/NUMBER/RUN`: a folder of each program that has deleted something, and in it a place of its own
//! for each run, as there may be several of one name. `.trash/SECS-PID.lock` is locked while the program runs.
//! `.trash/emptied-…` is a run that is being deleted for good: it gets this name first, so that nothing that is half
//! deleted is ever taken for a run.

use std::ffi::OsString;
use std::fs::{self, File, FileType, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::unix_secs;
use crate::engine::EngineError;
use crate::files::{FileError, open_regular};

/// What the name of a run begins with that is being deleted for good.
const EMPTIED: &str = "emptied-";
/// What the name of a lock ends in. Earlier versions have one of this name in the folder.
const LOCK: &str = "lock";

/// What one program has deleted.
pub(super) struct Trash {
    folder: PathBuf,
    lock: Lock,
    count: usize,
}

impl Trash {
    /// For the deletions of this program.
    pub fn create(trash: &Path) -> Result<Self, EngineError> {
        fs::create_dir_all(trash).map_err(FileError::write(trash))?;
        let name = format!("{}-{}", unix_secs(), std::process::id());
        let mut folder = trash.join(&name);
        let mut number = 1_usize;
        loop {
            // Others see the folder only once it has its lock.
            let path = lock_of(&folder);
            if let Some(lock) =
                Lock::take(&path, File::try_lock).map_err(FileError::write(&path))?
            {
                match fs::create_dir(&folder) {
                    Err(err) if err.kind() == ErrorKind::AlreadyExists => {}
                    made => {
                        made.map_err(FileError::write(&folder))?;
                        return Ok(Self::of(folder, lock));
                    }
                }
            }
            number += 1;
            folder = trash.join(format!("{name}-{number}"));
        }
    }

    /// Takes the trash of the programs that have ended, the oldest first. Without file locks nobody knows who has
    /// ended, and all is taken: runs that only one window can bring back would be lost with it.
    pub fn left_by_others(trash: &Path) -> Vec<Self> {
        Self::left(trash, File::try_lock)
    }

    fn left(trash: &Path, try_lock: TryLock) -> Vec<Self> {
        let is_place = |folder: &PathBuf| !is_emptied(folder);
        let folders = children(trash, FileType::is_dir).into_iter();
        let take = |folder: PathBuf| {
            if is_held_by_earlier_version(&folder, try_lock) {
                return None;
            }
            let path = lock_of(&folder);
            match Lock::take(&path, try_lock) {
                // Whoever had it until now may have removed all.
                Ok(lock) => lock
                    .filter(|_| is_there(&folder))
                    .map(|lock| Self::of(folder, lock)),
                Err(err) => {
                    log::warn!("{}: {err}. What was deleted stays there", path.display());
                    None
                }
            }
        };
        let left = folders.filter(is_place).filter_map(take).collect();
        remove_lone_locks(trash, try_lock);
        left
    }

    fn of(folder: PathBuf, lock: Lock) -> Self {
        Self {
            folder,
            lock,
            count: 0,
        }
    }

    /// Whether nobody has removed it by hand, nor its lock, without which others take it.
    pub fn is_whole(&self) -> bool {
        is_there(&self.folder) && is_there(&self.lock.path)
    }

    /// A folder for one more run.
    pub fn new_place(&mut self) -> Result<PathBuf, EngineError> {
        loop {
            self.count += 1;
            let place = self.folder.join(self.count.to_string());
            match fs::create_dir(&place) {
                Err(err) if err.kind() == ErrorKind::AlreadyExists => {}
                made => {
                    made.map_err(FileError::write(&place))?;
                    return Ok(place);
                }
            }
        }
    }

    /// The runs that lie here, also those that are links to folders.
    pub fn runs(&self) -> Vec<PathBuf> {
        let places = children(&self.folder, FileType::is_dir);
        let runs = places.iter().flat_map(|place| {
            children(place, |kind: &FileType| kind.is_dir() || kind.is_symlink())
        });
        runs.collect()
    }

    /// Removes the folders of runs that are here no more, and its own with the last of them; a file that anybody put
    /// there stays. `None` where nothing is left.
    pub fn tidied(self) -> Option<Self> {
        for place in children(&self.folder, FileType::is_dir) {
            fs::remove_dir(place).ok();
        }
        if children(&self.folder, FileType::is_dir).is_empty() {
            fs::remove_file(self.folder.join(LOCK)).ok();
            fs::remove_dir(&self.folder).ok();
        }
        if is_there(&self.folder) {
            return Some(self);
        }
        fs::remove_file(&self.lock.path).ok();
        None
    }
}

/// Puts a deleted run aside, so that it can be deleted for good: nobody takes it for a run any more, whatever is left
/// of it. Returns its new name; `None` where it is not there any more.
pub(super) fn put_aside(trash: &Path, run: &Path) -> Result<Option<PathBuf>, EngineError> {
    let mut number = 1_usize;
    let aside = loop {
        let aside = trash.join(format!(
            "{EMPTIED}{}-{}-{number}",
            unix_secs(),
            std::process::id()
        ));
        if !is_there(&aside) {
            break aside;
        }
        number += 1;
    };
    match fs::rename(run, &aside) {
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(None),
        renamed => {
            renamed.map_err(FileError::write(run))?;
            Ok(Some(aside))
        }
    }
}

/// The runs that were put aside, here or by programs that ended before all was deleted.
pub(super) fn aside(trash: &Path) -> Vec<PathBuf> {
    let mut aside = children(trash, |_| true);
    aside.retain(|path| is_emptied(path));
    aside
}

/// Deletes a run that was put aside. Where it is a link, what that leads to stays.
pub(super) fn delete_for_good(aside: &Path) -> Result<(), EngineError> {
    match fs::remove_dir_all(aside) {
        // Another window may be at it, too.
        Err(_) if !is_there(aside) => Ok(()),
        removed => Ok(removed.map_err(FileError::write(aside))?),
    }
}

/// Whether anything has this name, also a link that leads nowhere.
pub(super) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

type TryLock = fn(&File) -> Result<(), TryLockError>;

/// Tells other programs that somebody can bring back what is in the folder beside it. It is not in that folder, which
/// could otherwise be seen before it is locked.
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// `None` where another program has it.
    fn take(path: &Path, try_lock: TryLock) -> io::Result<Option<Self>> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        match try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(err)) => log::info!("{}: no file lock: {err}", path.display()),
        }
        // Whoever had it until now may have removed it.
        Ok(is_there(path).then(|| Self {
            path: path.to_owned(),
            _file: file,
        }))
    }
}

fn lock_of(folder: &Path) -> PathBuf {
    let mut name = OsString::from(folder);
    name.push(".");
    name.push(LOCK);
    name.into()
}

/// Earlier versions lock a file in the folder.
fn is_held_by_earlier_version(folder: &Path, try_lock: TryLock) -> bool {
    let lock = open_regular(&folder.join(LOCK));
    lock.is_ok_and(|lock| matches!(try_lock(&lock), Err(TryLockError::WouldBlock)))
}

/// Removes the locks of programs that ended before they made, or after they removed, the folder.
fn remove_lone_locks(trash: &Path, try_lock: TryLock) {
    let is_lock = |path: &PathBuf| path.extension().is_some_and(|end| end == LOCK);
    for path in children(trash, FileType::is_file)
        .iter()
        .filter(|path| is_lock(path))
    {
        // With the lock, as its program may be about to make the folder.
        if let Ok(Some(_lock)) = Lock::take(path, try_lock)
            && !is_there(&path.with_extension(""))
        {
            fs::remove_file(path).ok();
        }
    }
}

fn is_emptied(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().starts_with(EMPTIED)
}

/// What is in a folder and of this kind, in the order of the names.
fn children(folder: &Path, is_wanted: impl Fn(&FileType) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut children: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| is_wanted(&kind)))
        .map(|entry| entry.path())
        .collect();
    children.sort();
    children
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run in the trash, with a file of weights.
    fn put_run(trash: &Path, place: &str) -> PathBuf {
        let run = trash.join(place).join("run");
        fs::create_dir_all(&run).expect("a folder");
        fs::write(run.join("config.json"), "{}").expect("a file");
        fs::write(run.join("weights-1.bpk"), "weights").expect("a file");
        run
    }

    fn runs(left: &[Trash]) -> Vec<PathBuf> {
        left.iter().flat_map(Trash::runs).collect()
    }

    #[test]
    fn what_is_half_deleted_is_no_run_and_is_deleted_by_the_next_program() {
        let dir = tempfile::tempdir().expect("a folder");
        let trash = dir.path();
        let (run, other) = (put_run(trash, "100-1/1"), put_run(trash, "100-1/2"));
        let gone = put_aside(trash, &run).expect("renamed").expect("a run");
        // The program ends when a part of it is deleted.
        fs::remove_file(gone.join("config.json")).expect("removed");

        assert_eq!(runs(&Trash::left_by_others(trash)), [other]);
        assert_eq!(aside(trash), std::slice::from_ref(&gone));
        delete_for_good(&gone).expect("deleted");
        assert!(aside(trash).is_empty());
        delete_for_good(&gone).expect("another window did it");
        assert_eq!(put_aside(trash, &run).expect("nothing to rename"), None);
    }

    #[test]
    fn runs_put_aside_within_a_second_do_not_meet() {
        let dir = tempfile::tempdir().expect("a folder");
        let trash = dir.path();
        for place in ["100-1/1", "100-1/2", "200-2/1"] {
            let run = put_run(trash, place);
            put_aside(trash, &run).expect("renamed").expect("a run");
        }
        assert_eq!(aside(trash).len(), 3);
    }

    #[test]
    fn trash_is_taken_without_its_lock_and_from_earlier_versions_that_have_ended() {
        let dir = tempfile::tempdir().expect("a folder");
        let trash = dir.path();
        let (lost, ended) = (put_run(trash, "100-1/1"), put_run(trash, "200-2/1"));
        put_run(trash, "300-3/1");
        File::create(trash.join("200-2/lock")).expect("a lock");
        let held = File::create(trash.join("300-3/lock")).expect("a lock");
        held.lock().expect("locked");
        let left = Trash::left_by_others(trash);
        assert_eq!(runs(&left), [lost.clone(), ended]);
        // It is held now, until this program ends.
        assert!(Trash::left_by_others(trash).is_empty());
        drop(left);
        drop(held);
        assert_eq!(Trash::left_by_others(trash).len(), 3);
        fs::remove_dir_all(lost).expect("removed");
        for left in Trash::left_by_others(trash) {
            let is_empty = left.runs().is_empty();
            assert_eq!(left.tidied().is_none(), is_empty);
        }
        assert_eq!(
            children(trash, |_| true),
            ["200-2", "200-2.lock", "300-3", "300-3.lock"].map(|name| trash.join(name))
        );
    }

    #[test]
    fn without_file_locks_every_window_takes_what_there_is() {
        let dir = tempfile::tempdir().expect("a folder");
        let run = put_run(dir.path(), "100-1/1");
        let unsupported: TryLock = |_| Err(TryLockError::Error(ErrorKind::Unsupported.into()));
        let first = Trash::left(dir.path(), unsupported);
        let second = Trash::left(dir.path(), unsupported);
        assert_eq!([runs(&first), runs(&second)], [[run.clone()], [run]]);
        // One of them empties it.
        for trash in first {
            let run = put_aside(dir.path(), &trash.runs()[0]);
            delete_for_good(&run.expect("renamed").expect("a run")).expect("deleted");
            assert!(trash.tidied().is_none());
        }
        assert!(runs(&second).is_empty() && !second[0].is_whole());
    }

    #[test]
    fn two_programs_never_share_a_folder_and_locks_alone_are_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        let trash = dir.path().join("trash");
        let mut programs = [(); 3].map(|()| Trash::create(&trash).expect("a folder"));
        let places = programs
            .each_mut()
            .map(|one| one.new_place().expect("a place"));
        assert!(Trash::left_by_others(&trash).is_empty());
        assert!(places.iter().all(|place| place.is_dir()));
        let [first, second, _third] = programs;
        fs::remove_dir_all(&first.folder).expect("removed by hand");
        assert!(!first.is_whole() && second.is_whole());
        drop(first);
        assert!(second.tidied().is_none());
        assert!(Trash::left_by_others(&trash).is_empty());
        assert_eq!(children(&trash, |_| true).len(), 2);
    }
}
