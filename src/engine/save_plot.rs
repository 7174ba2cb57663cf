//! Plots and histories of runs as files, in a folder of their own beside the runs.

use std::path::{Path, PathBuf};

use super::tasks::Task;
use super::{Engine, EngineError};
use crate::dataset::{Rgb, write_rgb_png};
use crate::files::{FileError, write_atomic};

/// What is saved.
pub enum PlotFile {
    /// A picture.
    Png(Rgb),
    /// A text that takes time to make, and the extension of its file.
    Text {
        extension: &'static str,
        text: Box<dyn FnOnce() -> String + Send>,
    },
}

impl Engine {
    /// Where plots are saved.
    pub fn plots_folder(&self) -> PathBuf {
        self.dirs.runs.join("plots")
    }

    /// Saves a plot under `name`, or `name-2` and so on where there is one already; returns
    /// its path.
    pub fn save_plot(&self, name: String, file: PlotFile) -> Task<Result<PathBuf, EngineError>> {
        let folder = self.plots_folder();
        self.spawn("save plot", move |_| save(&folder, &name, file))
    }
}

fn save(folder: &Path, name: &str, file: PlotFile) -> Result<PathBuf, EngineError> {
    std::fs::create_dir_all(folder).map_err(FileError::write(folder))?;
    let extension = match &file {
        PlotFile::Png(_) => "png",
        PlotFile::Text { extension, .. } => extension,
    };
    let numbered = |number: usize| match number {
        1 => folder.join(format!("{name}.{extension}")),
        number => folder.join(format!("{name}-{number}.{extension}")),
    };
    let mut number = 1;
    while numbered(number).exists() {
        number += 1;
    }
    let path = numbered(number);
    match file {
        PlotFile::Png(image) => write_rgb_png(&path, &image)?,
        PlotFile::Text { text, .. } => {
            write_atomic(&path, |file| file.write_all(text().as_bytes()))?;
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_plot_replaces_another() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("plots");
        let text = |text: &'static str| PlotFile::Text {
            extension: "csv",
            text: Box::new(move || text.to_owned()),
        };
        let first = save(&folder, "loss", text("a")).expect("saved");
        let second = save(&folder, "loss", text("b")).expect("saved");
        assert!(first.ends_with("loss.csv") && second.ends_with("loss-2.csv"));
        assert_eq!(std::fs::read_to_string(first).expect("a file"), "a");
        let image = Rgb {
            width: 1,
            height: 1,
            pixels: vec![1, 2, 3],
        };
        let picture = save(&folder, "loss", PlotFile::Png(image)).expect("saved");
        assert!(picture.ends_with("loss.png"));
    }
}
