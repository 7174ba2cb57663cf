//! The arguments of `evaluate`.

use std::path::PathBuf;

use super::BandArgs;
use crate::cli::{settings, values};
use crate::engine::{Averaging, BOUNDARY_WIDTH, DatasetRef, DeviceId, Split};

#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// Name of the run (`latest` for the newest run with weights)
    #[arg(long, value_name = "RUN", required_unless_present = "predictions")]
    pub run: Option<String>,
    /// Split to score
    #[arg(long, default_value = "val", value_parser = values::one_of::<Split>())]
    pub split: Split,
    /// Score on this dataset instead of the run's own: `sample` or a folder
    #[arg(long, value_name = "sample|FOLDER", value_parser = settings::dataset, conflicts_with = "predictions")]
    dataset: Option<DatasetRef>,
    #[command(flatten)]
    bands: BandArgs,
    /// Width in pixels of the band along label boundaries for the boundary scores
    #[arg(long, value_name = "N", default_value_t = BOUNDARY_WIDTH, value_parser = values::one_or_more)]
    pub boundary_width: usize,
    /// Where the run's network runs: cpu, gpu:N or cuda:N, as `devices` lists them
    /// [default: that of the run]
    #[arg(long, value_name = "ID", conflicts_with = "predictions")]
    pub device: Option<DeviceId>,
    /// A label of the true masks that is not scored, besides 255; may be given several times
    #[arg(long, value_name = "LABEL")]
    pub void: Vec<u8>,
    /// Average the probabilities over sizes of each image, as shares of its own: 0.75,1,1.25
    #[arg(long, value_name = "SHARES", value_delimiter = ',', value_parser = values::image_scale, conflicts_with = "predictions")]
    scales: Vec<f32>,
    /// Average them over each image and its mirror image too
    #[arg(long, conflicts_with = "predictions")]
    flip: bool,
    #[command(flatten)]
    pub masks: MaskArgs,
}

impl EvaluateArgs {
    /// Over what probabilities are averaged.
    pub fn averaging(&self) -> Averaging {
        Averaging {
            scales: self.scales.clone(),
            flip: self.flip,
        }
    }

    /// The dataset to score on, if it is not the run's own.
    ///
    /// # Errors
    /// When bands are given without it: those of the run's own dataset are known.
    pub fn dataset(&self) -> Result<Option<DatasetRef>, String> {
        let bands = self.bands.choice();
        if self.dataset.is_none() && !bands.is_empty() {
            return Err(
                "--bands and --range belong to --dataset. The images of the run's own dataset are read as in its training"
                    .to_owned(),
            );
        }
        let dataset = self.dataset.clone();
        Ok(dataset.map(|dataset| dataset.mapped(None, &[], &bands)))
    }
}

/// What `evaluate` scores without a run.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Scoring masks without a run")]
pub struct MaskArgs {
    /// Folder of PNG masks to score, from any program; 255 (void) on a labeled pixel counts as wrong
    #[arg(value_parser = values::path(), long, value_name = "DIR", requires = "labels", conflicts_with_all = ["run", "split"])]
    pub predictions: Option<PathBuf>,
    /// Folder of the ground truth masks, with the same names; 255 (void) is not scored
    #[arg(
        value_parser = values::path(),
        long,
        value_name = "DIR",
        requires = "predictions",
        conflicts_with = "run"
    )]
    pub labels: Option<PathBuf>,
    /// Class list, one `name` or `name r g b` per line [default: a class list beside the labels
    /// or one folder up, else the 21 of VOC for files with VOC's names, else the labels that occur]
    #[arg(value_parser = values::path(), long, value_name = "FILE", requires = "predictions", conflicts_with_all = ["run", "num_classes"])]
    pub classes: Option<PathBuf>,
    /// Number of classes, instead of a list
    #[arg(long, value_name = "N", requires = "predictions", conflicts_with = "run",
          value_parser = values::one_or_more)]
    pub num_classes: Option<usize>,
    /// Score only the names in this file, one per line as in the lists of VOC
    #[arg(
        value_parser = values::path(),
        long,
        value_name = "FILE",
        requires = "predictions",
        conflicts_with = "run"
    )]
    pub list: Option<PathBuf>,
}
