//! What a file dialog is asked for, and what its answer means.

use std::path::PathBuf;

use super::Command;
use crate::engine::{DatasetRef, IMAGE_EXTENSIONS, WEIGHTS_EXTENSIONS};

/// A question about files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Which dataset to open.
    Dataset,
    /// Which images to segment.
    Images,
    /// Which image to compare runs on.
    CompareImage,
    /// Which weights file to look into.
    Weights,
    /// Which file is that of the public weights with this id.
    CatalogueFile(&'static str),
    /// Where to save a PNG that is proposed to be called so.
    SavePng(String),
    /// Where to save a page about the runs of these names.
    SaveReport(Vec<String>),
    /// Where to save the plots, or their values.
    SavePlots(PlotFormat),
}

/// What plots can be saved as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlotFormat {
    /// A picture.
    Png,
    /// A drawing.
    Svg,
    /// A table of values.
    Csv,
}

impl PlotFormat {
    fn file_name(self) -> &'static str {
        match self {
            Self::Png => "curves.png",
            Self::Svg => "curves.svg",
            Self::Csv => "curves.csv",
        }
    }
}

/// What kind of answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskKind<'a> {
    /// A folder.
    Folder,
    /// A file, or several.
    Files { many: bool },
    /// A file that need not be there yet.
    Save { file_name: &'a str },
}

impl Ask {
    /// The title of the dialog.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Dataset => "Open a dataset folder",
            Self::Images => "Open images",
            Self::CompareImage => "Choose an image",
            Self::Weights | Self::CatalogueFile(_) => "Choose a weights file",
            Self::SavePng(_) => "Save as",
            Self::SaveReport(_) => "Save report as",
            Self::SavePlots(_) => "Save plots as",
        }
    }

    /// What kind of answer is wanted.
    pub fn kind(&self) -> AskKind<'_> {
        match self {
            Self::Dataset => AskKind::Folder,
            Self::Images => AskKind::Files { many: true },
            Self::CompareImage | Self::Weights | Self::CatalogueFile(_) => {
                AskKind::Files { many: false }
            }
            Self::SavePng(file_name) => AskKind::Save { file_name },
            Self::SaveReport(_) => AskKind::Save {
                file_name: "report.html",
            },
            Self::SavePlots(format) => AskKind::Save {
                file_name: format.file_name(),
            },
        }
    }

    /// What the wanted files are called together.
    pub fn files(&self) -> &'static str {
        match self {
            Self::Dataset => "Folders",
            Self::Images | Self::CompareImage => "Images",
            Self::Weights | Self::CatalogueFile(_) => "Weights",
            Self::SavePng(_) | Self::SavePlots(PlotFormat::Png) => "PNG image",
            Self::SaveReport(_) => "Web page",
            Self::SavePlots(PlotFormat::Svg) => "SVG drawing",
            Self::SavePlots(PlotFormat::Csv) => "CSV table",
        }
    }

    /// The extensions of the wanted files.
    pub fn extensions(&self) -> Option<&'static [&'static str]> {
        match self {
            Self::Dataset => None,
            Self::Images | Self::CompareImage => Some(IMAGE_EXTENSIONS),
            Self::Weights | Self::CatalogueFile(_) => Some(&WEIGHTS_EXTENSIONS),
            Self::SavePng(_) | Self::SavePlots(PlotFormat::Png) => Some(&["png"]),
            Self::SaveReport(_) => Some(&["html"]),
            Self::SavePlots(PlotFormat::Svg) => Some(&["svg"]),
            Self::SavePlots(PlotFormat::Csv) => Some(&["csv"]),
        }
    }

    /// The command that an answer leads to; `None` = nothing was chosen.
    pub fn answered(self, paths: Vec<PathBuf>) -> Option<Command> {
        if matches!(self, Self::Images) {
            return (!paths.is_empty()).then_some(Command::Inspect(paths));
        }
        let path = paths.into_iter().next()?;
        Some(match self {
            Self::Dataset => Command::OpenDataset(DatasetRef::Folder(path)),
            Self::Images => Command::Inspect(vec![path]),
            Self::CompareImage => Command::CompareImage(path),
            Self::Weights => Command::UseWeights(path),
            Self::CatalogueFile(id) => Command::AddWeights { id, path },
            Self::SavePng(_) => Command::SavePng(path),
            Self::SaveReport(runs) => Command::SaveReport { runs, path },
            Self::SavePlots(_) => Command::SavePlots(path),
        })
    }
}
