//! Where datasets and runs are.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::EngineError;
use crate::files::program_dirs;

/// Names of the two folders where the program chooses their place.
const DATA: &str = "data";
const RUNS: &str = "checkpoints";

/// The two folders the program writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs {
    /// Generated and downloaded data.
    pub data: PathBuf,
    /// One folder per run.
    pub runs: PathBuf,
}

impl Dirs {
    /// What was asked for; otherwise `data` and `checkpoints` where the program is
    /// started, if they exist there; otherwise the platform's folder for user data.
    pub fn resolve(
        data_dir: Option<PathBuf>,
        runs_dir: Option<PathBuf>,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            data: locate(data_dir, DATA, ("data", "--data-dir"))?,
            runs: locate(runs_dir, RUNS, ("runs", "--runs-dir"))?,
        })
    }

    /// Where a folder is, where people may not expect it: beside what they started the program in.
    pub fn reason(folder: &Path) -> Option<&'static str> {
        // Once: it is asked for in every frame.
        static HERE: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::current_dir().ok());
        let (here, name) = (HERE.as_ref()?, folder.file_name()?);
        let is_taken = (name == DATA || name == RUNS) && folder == here.join(name);
        is_taken.then_some("It is in the folder where the program was started")
    }

    /// Where decoded images are kept for later runs, unless a run says another place.
    pub fn decoded(&self) -> PathBuf {
        self.data.join("cache").join("decoded")
    }
}

fn locate(
    asked: Option<PathBuf>,
    name: &str,
    (what, option): (&'static str, &'static str),
) -> Result<PathBuf, EngineError> {
    if let Some(path) = asked {
        return std::path::absolute(&path).map_err(|source| EngineError::Path { path, source });
    }
    if let Some(here) = std::env::current_dir().ok().map(|here| here.join(name))
        && here.is_dir()
    {
        log::info!(
            "{} is taken, since it is there where the program was started",
            here.display()
        );
        return Ok(here);
    }
    program_dirs()
        .map(|dirs| dirs.data_dir().join(name))
        .ok_or(EngineError::NoHome { what, option })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_asked_for_are_taken_and_made_absolute() {
        let dirs = Dirs::resolve(Some("some/data".into()), Some("/runs".into())).expect("folders");
        assert!(dirs.data.is_absolute() && dirs.data.ends_with("some/data"));
        assert!(dirs.runs.is_absolute() && dirs.runs.ends_with("runs"));
    }

    #[test]
    fn a_folder_that_is_taken_because_it_is_there_says_so() {
        let here = std::env::current_dir().expect("a folder");
        for name in [DATA, RUNS] {
            let reason = Dirs::reason(&here.join(name)).expect("a reason");
            assert!(reason.contains("where the program was started"));
            assert_eq!(Dirs::reason(&here.join("elsewhere").join(name)), None);
        }
        assert_eq!(Dirs::reason(&here.join("other")), None);
    }
}
