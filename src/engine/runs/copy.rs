//! Copies the folder of a run from elsewhere into the runs folder.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::engine::{Cancel, Engine, EngineError, Task};
use crate::files::{FileError, open_regular, sync_file};
use crate::training::checkpoint::RunFolder;

/// Copies in the making, in the folder of the runs. One level deeper than runs, so that nobody
/// takes them for one.
const COPYING: &str = ".copying";
/// Between two looks whether the copy is still wanted.
const CHUNK: usize = 1 << 20;
/// A file of the run that says who trains it.
const LOCK: &str = "lock";

impl Engine {
    /// Copies the run in `folder`, which is not in the runs folder, into it. Returns the name of
    /// the copy, which is that of the folder where no other run has it.
    pub fn copy_run(&self, folder: PathBuf) -> Task<Result<String, EngineError>> {
        let runs = self.dirs.runs.clone();
        self.spawn_waiting("copy run", move |cancel| copy_run(&runs, &folder, cancel))
    }
}

fn copy_run(runs: &Path, from: &Path, cancel: &Cancel) -> Result<String, EngineError> {
    let source = RunFolder::at(from);
    source.meta()?;
    if source.is_locked() {
        return Err(EngineError::Active { run: source.name() });
    }
    let scratch = Scratch::create(&runs.join(COPYING))?;
    let to = scratch.0.join("run");
    copy_files(from, &to, cancel)?;
    let name = free_name(runs, &source.name());
    let target = runs.join(&name);
    fs::rename(&to, &target).map_err(FileError::write(&target))?;
    Ok(name)
}

/// `name`, or the first of `name-2`, `name-3` and so on that no folder has.
fn free_name(runs: &Path, name: &str) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !runs.join(name).exists())
        .unwrap_or_else(|| name.to_owned())
}

/// A folder that is removed with all that is in it.
struct Scratch(PathBuf);

impl Scratch {
    fn create(around: &Path) -> Result<Self, EngineError> {
        let folder = around.join(format!("{}-{}", super::unix_secs(), std::process::id()));
        fs::create_dir_all(&folder).map_err(FileError::write(&folder))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
        // Stays while another copy is being made.
        if let Some(around) = self.0.parent() {
            fs::remove_dir(around).ok();
        }
    }
}

fn copy_files(from: &Path, to: &Path, cancel: &Cancel) -> Result<(), EngineError> {
    let files = files_of(from)?;
    let total: u64 = files.iter().map(|(_, bytes)| bytes).sum();
    let mut copied = 0;
    for (file, _) in &files {
        let (source, target) = (from.join(file), to.join(file));
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(FileError::write(folder))?;
        }
        copy_file(&source, &target, |bytes| {
            copied += bytes;
            cancel.set_progress(copied as f32 / total.max(1) as f32);
            !cancel.is_cancelled()
        })?;
    }
    Ok(())
}

/// The files of a folder and of those in it, relative to it, with their lengths.
fn files_of(folder: &Path) -> Result<Vec<(PathBuf, u64)>, FileError> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        let path = folder.join(&inner);
        for entry in fs::read_dir(&path).map_err(FileError::read(&path))? {
            let entry = entry.map_err(FileError::read(&path))?;
            let file = inner.join(entry.file_name());
            let kind = entry.file_type().map_err(FileError::read(&path))?;
            if kind.is_dir() {
                folders.push(file);
            } else if file.as_os_str() != LOCK {
                let path = folder.join(&file);
                let meta = fs::metadata(&path).map_err(FileError::read(&path))?;
                found.push((file, meta.len()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Copies a file; `goes_on` is told how many bytes more are copied, and whether to stop.
fn copy_file(
    from: &Path,
    to: &Path,
    mut goes_on: impl FnMut(u64) -> bool,
) -> Result<(), EngineError> {
    let mut source = open_regular(from).map_err(FileError::read(from))?;
    let mut target = File::create(to).map_err(FileError::write(to))?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let bytes = source.read(&mut chunk).map_err(FileError::read(from))?;
        if bytes == 0 {
            break;
        }
        target
            .write_all(&chunk[..bytes])
            .map_err(FileError::write(to))?;
        if !goes_on(bytes as u64) {
            return Err(EngineError::Cancelled);
        }
    }
    sync_file(to).map_err(FileError::write(to))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::ClassList;
    use crate::model::Trunk;
    use crate::training::checkpoint::RunMeta;
    use crate::training::preset;

    fn run(folder: &Path) {
        fs::create_dir_all(folder.join("inner")).unwrap();
        let meta = serde_json::json!({
            "config": preset(Trunk::Vgg16Slim), "classes": ClassList::numbered(2),
            "dataset_name": "street", "created": 1,
        });
        fs::write(folder.join("config.json"), meta.to_string()).unwrap();
        fs::write(folder.join("weights.bpk"), vec![7; 3 * CHUNK]).unwrap();
        fs::write(folder.join("inner/file"), "kept").unwrap();
        fs::write(folder.join(LOCK), "").unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_run_is_copied_whole_under_a_free_name() {
        let dir = tempfile::tempdir().unwrap();
        let (runs, from) = (dir.path().join("runs"), dir.path().join("mine"));
        run(&from);
        let cancel = Cancel::default();
        assert_eq!(copy_run(&runs, &from, &cancel).unwrap(), "mine");
        assert_eq!(copy_run(&runs, &from, &cancel).unwrap(), "mine-2");
        assert_eq!(names(&runs), ["mine", "mine-2"]);
        let copy = runs.join("mine-2");
        assert_eq!(names(&copy), ["config.json", "inner", "weights.bpk"]);
        assert_eq!(fs::read(copy.join("weights.bpk")).unwrap().len(), 3 * CHUNK);
        assert_eq!(fs::read(copy.join("inner/file")).unwrap(), b"kept");
        let meta: RunMeta = RunFolder::at(&copy).meta().unwrap();
        assert_eq!(meta.dataset_name, "street");
    }

    #[test]
    fn a_copy_that_is_not_wanted_any_more_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (runs, from) = (dir.path().join("runs"), dir.path().join("mine"));
        run(&from);
        let copied = copy_run(&runs, &from, &Cancel::cancelled());
        assert!(matches!(copied, Err(EngineError::Cancelled)));
        assert!(names(&runs).is_empty());
    }
}
