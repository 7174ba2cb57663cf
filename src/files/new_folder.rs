//! Folders of many files that appear when they are complete.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::FileError;

/// A folder in the making, beside the place that it will have. It goes away with this value.
pub struct NewFolder {
    target: PathBuf,
    scratch: TempDir,
}

impl NewFolder {
    /// # Errors
    /// When there is something of the name already, and where nothing can be written.
    pub fn begin(out: &Path) -> Result<Self, FileError> {
        let taken = |path: PathBuf| FileError::Taken { path };
        if out.symlink_metadata().is_ok() {
            return Err(taken(out.to_owned()));
        }
        let target = std::path::absolute(out).map_err(FileError::write(out))?;
        let parent = target.parent().unwrap_or(Path::new("."));
        super::make_folder(parent)?;
        let scratch = tempfile::Builder::new()
            .prefix(".writing-")
            .tempdir_in(parent)
            .map_err(FileError::write(&target))?;
        let folder = Self { target, scratch };
        fs::create_dir(folder.path()).map_err(FileError::write(&folder.target))?;
        Ok(folder)
    }

    /// Where its files are written meanwhile.
    pub fn path(&self) -> PathBuf {
        self.scratch.path().join("folder")
    }

    /// A file of it with these bytes.
    ///
    /// # Errors
    /// When it cannot be written; the path is that of the complete folder.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        let path = self.path().join(name);
        let failed = || self.target.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(FileError::write(&failed()))?;
        }
        fs::write(path, bytes).map_err(FileError::write(&failed()))
    }

    /// Gives it its name; returns where it is.
    ///
    /// # Errors
    /// When something took the name meanwhile.
    pub fn finish(self) -> Result<PathBuf, FileError> {
        if self.target.symlink_metadata().is_ok() {
            return Err(FileError::Taken { path: self.target });
        }
        fs::rename(self.path(), &self.target).map_err(FileError::write(&self.target))?;
        Ok(self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_when_it_is_complete_and_replaces_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let out = dir.path().join("deep").join("new");
        let left = NewFolder::begin(&out).expect("a folder");
        left.write("a/b.txt", b"x").expect("written");
        assert!(!out.exists());
        drop(left);
        let whole = NewFolder::begin(&out).expect("a folder");
        whole.write("a/b.txt", b"y").expect("written");
        assert_eq!(whole.finish().expect("named"), out);
        assert_eq!(fs::read(out.join("a/b.txt")).expect("read"), b"y");
        let parent = out.parent().expect("a parent");
        assert_eq!(fs::read_dir(parent).expect("listed").count(), 1);
        assert!(matches!(
            NewFolder::begin(&out),
            Err(FileError::Taken { .. })
        ));
    }
}
