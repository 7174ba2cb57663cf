//! Plots and histories of runs as files.

use std::path::PathBuf;

use super::export::SaveTo;
use super::tasks::Task;
use super::{Engine, EngineError};
use crate::dataset::{Rgb, encode_rgb_png};

/// What is saved; making it takes time.
pub enum PlotFile {
    /// A picture.
    Png(Box<dyn FnOnce() -> Rgb + Send>),
    /// A drawing or a table.
    Text(Box<dyn FnOnce() -> String + Send>),
}

impl Engine {
    /// Makes and saves a plot; returns its path.
    pub fn save_plot(&self, file: PlotFile, to: SaveTo) -> Task<Result<PathBuf, EngineError>> {
        self.spawn("save plot", move |_| save(file, to))
    }
}

fn save(file: PlotFile, to: SaveTo) -> Result<PathBuf, EngineError> {
    let output = to.claim()?;
    match file {
        PlotFile::Png(make) => {
            let image = make();
            output.write(|file| encode_rgb_png(&image, file))?;
        }
        PlotFile::Text(make) => {
            let text = make();
            output.write(|file| file.write_all(text.as_bytes()))?;
        }
    }
    Ok(output.path().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Existing;

    #[test]
    fn a_plot_replaces_its_own_kind_only() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("loss.csv");
        let text = |text: &'static str| PlotFile::Text(Box::new(move || text.to_owned()));
        let to = || SaveTo::Path(path.clone(), Existing::ReplaceOwn);
        save(text("a"), to()).expect("saved");
        assert_eq!(save(text("b"), to()).expect("saved"), path);
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "b");
        std::fs::write(&path, "people's own").expect("a file");
        let err = save(text("c"), to()).expect_err("refused");
        assert!(err.to_string().contains("loss.csv"), "{err}");
        assert_eq!(
            std::fs::read_to_string(&path).expect("a file"),
            "people's own"
        );
        let image = || Rgb {
            width: 1,
            height: 1,
            pixels: vec![1, 2, 3],
        };
        let picture = dir.path().join("loss.png");
        let to = SaveTo::Path(picture.clone(), Existing::ReplaceOwn);
        save(PlotFile::Png(Box::new(image)), to).expect("saved");
        let read = crate::dataset::read_rgb(&picture).expect("a picture");
        assert_eq!(read.pixels, [1, 2, 3]);
    }
}
