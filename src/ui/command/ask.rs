//! What a file dialog is asked for, and what its answer means.

use std::path::PathBuf;

use super::Command;
use crate::engine::{
    DatasetRef, FilmFile, IMAGE_EXTENSIONS, IMAGES_AND_ARCHIVES, WEIGHTS_EXTENSIONS,
};

/// A question about files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Which dataset to open.
    Dataset,
    /// Where the dataset of the run of this name is now.
    MovedDataset(String),
    /// Which images to segment.
    Images,
    /// Which image to compare runs on.
    CompareImage,
    /// Which weights file to look into.
    Weights,
    /// Which file is that of the public weights with this id.
    CatalogueFile(&'static str),
    /// Which file is an archive of the public dataset with this id.
    DatasetArchive(&'static str),
    /// Where to save a PNG that is proposed to be called so.
    SavePng(String),
    /// Where to save values as a NumPy file that is proposed to be called so.
    SaveNpy(String),
    /// In which folder masks and overlays of all inspected images are written.
    SaveAllInspected,
    /// Where to save a page about the runs of these names.
    SaveReport(Vec<String>),
    /// Where to save the plots, or their values.
    SavePlots(PlotFormat),
    /// Where to save something of a comparison.
    SaveComparison(CompareFile),
    /// Where to save a table of an evaluation that is proposed to be called so.
    SaveTable(&'static str),
    /// Which images to film in the next run.
    Probes,
    /// Where to save the film of a run.
    SaveFilm(FilmFile),
}

/// What of the inspected image is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InspectedFile {
    /// Labels as an indexed PNG.
    Mask,
    /// The image with the mask over it.
    Overlay,
    /// The probability of each class at each pixel as a NumPy file.
    Probabilities,
}

impl InspectedFile {
    /// The text of its command.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mask => "Save mask…",
            Self::Overlay => "Save overlay…",
            Self::Probabilities => "Save probabilities…",
        }
    }

    /// What is saved.
    pub fn tooltip(self) -> &'static str {
        match self {
            Self::Mask => "Save the labels of the inspected image as an indexed PNG",
            Self::Overlay => "Save the inspected image with the mask over it, at its opacity",
            Self::Probabilities => {
                "Save the probability of each class at each pixel as a NumPy file: float32, [classes, height, width]"
            }
        }
    }
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
    /// The text of its command.
    pub fn label(self) -> &'static str {
        match self {
            Self::Png => "Plots as PNG…",
            Self::Svg => "Plots as SVG…",
            Self::Csv => "Values as CSV…",
        }
    }

    /// What is saved.
    pub fn tooltip(self) -> &'static str {
        match self {
            Self::Png => "A picture of the plots as they are on the screen",
            Self::Svg => "A drawing of the plots, for papers",
            Self::Csv => "Every step and epoch of the runs that are shown, for other programs",
        }
    }

    fn file_name(self) -> &'static str {
        match self {
            Self::Png => "curves.png",
            Self::Svg => "curves.svg",
            Self::Csv => "curves.csv",
        }
    }
}

/// What of a comparison is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareFile {
    FigurePng,
    FigureSvg,
    ScoresCsv,
    ScoresMarkdown,
    ScoresLatex,
    ImagesCsv,
}

impl CompareFile {
    fn file_name(self) -> &'static str {
        match self {
            Self::FigurePng => "comparison.png",
            Self::FigureSvg => "comparison.svg",
            Self::ScoresCsv => "scores.csv",
            Self::ScoresMarkdown => "scores.md",
            Self::ScoresLatex => "scores.tex",
            Self::ImagesCsv => "images.csv",
        }
    }

    fn files(self) -> &'static str {
        match self {
            Self::FigurePng => "PNG image",
            Self::FigureSvg => "SVG drawing",
            Self::ScoresCsv | Self::ImagesCsv => "CSV table",
            Self::ScoresMarkdown => "Markdown table",
            Self::ScoresLatex => "LaTeX table",
        }
    }

    fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::FigurePng => &["png"],
            Self::FigureSvg => &["svg"],
            Self::ScoresCsv | Self::ImagesCsv => &["csv"],
            Self::ScoresMarkdown => &["md"],
            Self::ScoresLatex => &["tex"],
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
            Self::MovedDataset(_) => "Choose the folder of the dataset",
            Self::Images => "Open images",
            Self::CompareImage => "Choose an image",
            Self::Probes => "Choose probe images",
            Self::Weights | Self::CatalogueFile(_) => "Choose a weights file",
            Self::DatasetArchive(_) => "Choose an archive of the dataset",
            Self::SavePng(_) | Self::SaveNpy(_) | Self::SaveComparison(_) => "Save as",
            Self::SaveAllInspected => "Choose a folder for the masks",
            Self::SaveReport(_) => "Save report as",
            Self::SavePlots(_) => "Save plots as",
            Self::SaveTable(_) => "Save table as",
            Self::SaveFilm(_) => "Save film as",
        }
    }

    /// What kind of answer is wanted.
    pub fn kind(&self) -> AskKind<'_> {
        match self {
            Self::Dataset | Self::MovedDataset(_) | Self::SaveAllInspected => AskKind::Folder,
            Self::Images | Self::Probes => AskKind::Files { many: true },
            Self::CompareImage
            | Self::Weights
            | Self::CatalogueFile(_)
            | Self::DatasetArchive(_) => AskKind::Files { many: false },
            Self::SavePng(file_name) | Self::SaveNpy(file_name) => AskKind::Save { file_name },
            Self::SaveReport(_) => AskKind::Save {
                file_name: "report.html",
            },
            Self::SavePlots(format) => AskKind::Save {
                file_name: format.file_name(),
            },
            Self::SaveComparison(file) => AskKind::Save {
                file_name: file.file_name(),
            },
            Self::SaveTable(file_name) => AskKind::Save { file_name },
            Self::SaveFilm(FilmFile::Gif) => AskKind::Save {
                file_name: "film.gif",
            },
            Self::SaveFilm(FilmFile::Pngs) => AskKind::Save {
                file_name: "film.png",
            },
        }
    }

    /// Whether the dialog begins in the folder of the runs: what it saves is about them, and has nothing to
    /// do with the images that were opened last.
    pub fn begins_at_runs(&self) -> bool {
        matches!(self, Self::SaveReport(_))
    }

    /// Whether a folder of the wanted files will do too.
    pub fn takes_folders(&self) -> bool {
        matches!(self, Self::Images)
    }

    /// What the wanted files are called together.
    pub fn files(&self) -> &'static str {
        match self {
            Self::Dataset | Self::MovedDataset(_) | Self::SaveAllInspected => "Folders",
            Self::SaveNpy(_) => "NumPy file",
            Self::Images | Self::CompareImage | Self::Probes => "Images",
            Self::Weights | Self::CatalogueFile(_) => "Weights",
            Self::DatasetArchive(_) => "Archives",
            Self::SavePng(_)
            | Self::SavePlots(PlotFormat::Png)
            | Self::SaveFilm(FilmFile::Pngs) => "PNG image",
            Self::SaveFilm(FilmFile::Gif) => "GIF animation",
            Self::SaveReport(_) => "Web page",
            Self::SavePlots(PlotFormat::Svg) => "SVG drawing",
            Self::SavePlots(PlotFormat::Csv) | Self::SaveTable(_) => "CSV table",
            Self::SaveComparison(file) => file.files(),
        }
    }

    /// The extensions of the wanted files.
    pub fn extensions(&self) -> Option<&'static [&'static str]> {
        match self {
            Self::Dataset | Self::MovedDataset(_) | Self::SaveAllInspected => None,
            Self::SaveNpy(_) => Some(&["npy"]),
            Self::Images => Some(&IMAGES_AND_ARCHIVES),
            Self::CompareImage | Self::Probes => Some(IMAGE_EXTENSIONS),
            Self::Weights | Self::CatalogueFile(_) => Some(&WEIGHTS_EXTENSIONS),
            Self::DatasetArchive(_) => Some(&["tar", "tgz", "gz", "zip"]),
            Self::SavePng(_)
            | Self::SavePlots(PlotFormat::Png)
            | Self::SaveFilm(FilmFile::Pngs) => Some(&["png"]),
            Self::SaveFilm(FilmFile::Gif) => Some(&["gif"]),
            Self::SaveReport(_) => Some(&["html"]),
            Self::SavePlots(PlotFormat::Svg) => Some(&["svg"]),
            Self::SavePlots(PlotFormat::Csv) | Self::SaveTable(_) => Some(&["csv"]),
            Self::SaveComparison(file) => Some(file.extensions()),
        }
    }

    /// The command that an answer leads to; `None` = nothing was chosen.
    pub fn answered(self, paths: Vec<PathBuf>) -> Option<Command> {
        match self {
            Self::Images | Self::Probes if paths.is_empty() => return None,
            Self::Images => return Some(Command::Inspect(paths)),
            Self::Probes => return Some(Command::AddProbes(paths)),
            _ => {}
        }
        let path = paths.into_iter().next()?;
        Some(match self {
            Self::Dataset => Command::OpenDataset(DatasetRef::Folder(path)),
            Self::MovedDataset(run) => Command::ResumeElsewhere {
                run,
                dataset: DatasetRef::Folder(path),
            },
            Self::Images => Command::Inspect(vec![path]),
            Self::Probes => Command::AddProbes(vec![path]),
            Self::CompareImage => Command::CompareImage(path),
            Self::Weights => Command::UseWeights(path),
            Self::CatalogueFile(id) => Command::AddWeights { id, path },
            Self::DatasetArchive(id) => Command::AddDataset { id, path },
            Self::SavePng(_) | Self::SaveNpy(_) => Command::SaveInspected(path),
            Self::SaveAllInspected => Command::SaveAllInspected(path),
            Self::SaveReport(runs) => Command::SaveReport { runs, path },
            Self::SavePlots(_) => Command::SavePlots(path),
            Self::SaveComparison(_) => Command::SaveComparison(path),
            Self::SaveTable(_) => Command::SaveTable(path),
            Self::SaveFilm(file) => Command::SaveFilm(file, path),
        })
    }
}
