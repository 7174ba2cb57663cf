//! Where datasets and runs are.

use std::path::PathBuf;

use super::EngineError;
use crate::files::program_dirs;

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
            data: locate(data_dir, "data", ("data", "--data-dir"))?,
            runs: locate(runs_dir, "checkpoints", ("runs", "--runs-dir"))?,
        })
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
}
