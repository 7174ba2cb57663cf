//! Links in archives. None is made on the disk, where it could lead out of the folder: what it leads to is
//! written in its place.

use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};

use super::{Target, is_hidden, problem};
use crate::dataset::{DatasetError, IMAGE_EXTENSIONS};
use crate::files::{FileError, has_extension};

/// Links that lead to links, as many as systems follow.
const LONGEST_CHAIN: usize = 40;
/// What a dataset is read from beside pictures.
const READ: &[&str] = &["txt", "lst", "list", "csv", "json", "mat", "toml", "xml"];

/// The links of an archive.
#[derive(Default)]
pub(super) struct Links(Vec<Link>);

struct Link {
    name: PathBuf,
    /// As the archive says it.
    to: PathBuf,
    /// The same as seen from the archive's top; `None` = it leads out of it.
    target: Option<PathBuf>,
}

impl Links {
    /// One more name of a file, which is named from the archive's top.
    pub fn add_hard(&mut self, name: &Path, to: &Path) {
        self.add(name, to, inside(to));
    }

    /// A link to a file or folder, as seen from the folder that it is in.
    pub fn add_symbolic(&mut self, name: &Path, to: &Path) {
        let folder = name.parent().unwrap_or(Path::new(""));
        self.add(name, to, inside(&folder.join(to)));
    }

    fn add(&mut self, name: &Path, to: &Path, target: Option<PathBuf>) {
        if !is_hidden(name) {
            self.0.push(Link {
                name: inside(name).unwrap_or_else(|| name.to_owned()),
                to: to.to_owned(),
                target,
            });
        }
    }

    /// Writes what the links lead to, once all files are there. `go_on` is asked before each.
    ///
    /// # Errors
    /// Those of [`Target::write`] and of `go_on`, and where a link leads to nothing that is there and data
    /// would be missing in silence.
    pub fn write(
        self,
        target: &mut Target<'_>,
        go_on: &mut dyn FnMut() -> Result<(), DatasetError>,
    ) -> Result<(), DatasetError> {
        let mut left = self.0;
        for _ in 0..LONGEST_CHAIN {
            let before = left.len();
            let names: Vec<PathBuf> = left.iter().map(|link| link.name.clone()).collect();
            let mut waiting = Vec::new();
            for link in left {
                go_on()?;
                if !link.write(target, &names)? {
                    waiting.push(link);
                }
            }
            left = waiting;
            if left.len() == before {
                break;
            }
        }
        left.retain(Link::is_data);
        match left.first() {
            None => Ok(()),
            Some(link) => Err(problem(target.archive, link.leads_nowhere(left.len() - 1))),
        }
    }
}

impl Link {
    /// Writes what the link leads to; `false` = it is not there yet. `names` are those of links that were
    /// not written before this turn.
    fn write(&self, target: &mut Target<'_>, names: &[PathBuf]) -> Result<bool, DatasetError> {
        let Some(to) = &self.target else {
            return Ok(false);
        };
        let source = target.folder.join(to);
        if *to == self.name {
            return Ok(false);
        }
        if source.is_file() {
            let file = File::open(&source).map_err(FileError::read(&source))?;
            target.write(&self.name, file)?;
            return Ok(true);
        }
        // A folder is copied when it is complete; one that the link itself is in never is.
        let is_complete = || !names.iter().any(|name| name.starts_with(to));
        if !source.is_dir() || !is_complete() {
            return Ok(false);
        }
        for path in files_in(&source)? {
            let below = path.strip_prefix(&source).unwrap_or(&path);
            let file = File::open(&path).map_err(FileError::read(&path))?;
            target.write(&self.name.join(below), file)?;
        }
        Ok(true)
    }

    /// Whether a dataset may be read from what has this name, which may be a folder.
    fn is_data(&self) -> bool {
        let name = &self.name;
        name.extension().is_none()
            || has_extension(name, IMAGE_EXTENSIONS)
            || has_extension(name, READ)
    }

    fn leads_nowhere(&self, others: usize) -> String {
        let more = match others {
            0 => String::new(),
            _ => format!(" (and {others} more)"),
        };
        format!(
            "{}{more} in it is a link to {}, which is not among the files of the archive. Pack it again with the files \
             in the place of links, as `tar -h` does, or unpack it yourself and open the folder",
            self.name.display(),
            self.to.display()
        )
    }
}

/// A path as seen from the archive's top; `None` = it leads out of it.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => inside.push(part),
            Component::ParentDir if inside.pop() => {}
            _ => return None,
        }
    }
    Some(inside)
}

/// All files in a folder and those below it, which holds no links.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(FileError::read(&folder))? {
            let path = entry.map_err(FileError::read(&folder))?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    Ok(files)
}
