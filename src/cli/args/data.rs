//! The arguments of `data`.

use std::path::PathBuf;

use clap::Subcommand;

use super::{BandArgs, ExistingArgs};
use crate::cli::network::NetworkArgs;
use crate::cli::settings::{self, Settings};
use crate::cli::values;
use crate::engine::{
    BatchTarget, DatasetRef, FixChoice, FixPlan, RunConfig, SplitPlan, StartingPoint, StepRange,
    TurnMasks, ValidationPart,
};

#[derive(Debug, clap::Args)]
pub struct DataArgs {
    #[command(subcommand)]
    pub command: DataCommand,
}

/// A dataset, and what its labels and bands mean.
#[derive(Debug, clap::Args)]
pub struct MeantDataset {
    /// The dataset; it stays as it is
    #[arg(
        value_name = "sample|FOLDER",
        value_parser = settings::dataset,
        required_unless_present = "named"
    )]
    dataset: Option<DatasetRef>,
    /// The same, by the name that other commands have for it
    #[arg(
        id = "named",
        long = "dataset",
        value_name = "sample|FOLDER",
        value_parser = settings::dataset,
        conflicts_with = "dataset"
    )]
    named: Option<DatasetRef>,
    /// What the labels of the masks mean [default: class-map.toml in the dataset's folder]
    #[arg(long, value_name = "FILE", value_parser = settings::whole_path)]
    class_map: Option<PathBuf>,
    #[command(flatten)]
    bands: BandArgs,
}

impl MeantDataset {
    /// As the engine wants it.
    pub fn which(&self) -> DatasetRef {
        let given = self.dataset.as_ref().or(self.named.as_ref());
        // One of the two is there, or the arguments were refused.
        let dataset = given.cloned().unwrap_or(DatasetRef::Sample);
        dataset.mapped(self.class_map.clone(), &[], &self.bands.choice())
    }
}

/// Subcommands of `data`.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Read all images and masks and say what is wrong; fails where nothing could be trained
    Check(DataCheckArgs),
    /// Write a copy into a new folder, with its images dealt to training and validation anew
    Split(DataSplitArgs),
    /// Write a copy into a new folder, with what `check` proposes put right, or what is named
    Fix(DataFixArgs),
    /// Write the batches that a run trains on as NumPy arrays, and as PNGs, into a new folder
    Dump(Box<DataDumpArgs>),
    /// List the public datasets and their state
    Catalogue,
    /// Download a public dataset, verify and unpack it; a partial download is continued
    Get(DataGetArgs),
}

#[derive(Debug, clap::Args)]
pub struct DataGetArgs {
    /// Id or name of the dataset, as in `data catalogue`
    #[arg(value_name = "NAME")]
    pub name: String,
    /// An archive of it that is already on this machine; can be repeated. Nothing is downloaded then
    #[arg(long = "file", value_name = "FILE", value_parser = values::path())]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct DataDumpArgs {
    /// The batches of this run (`latest` for the newest); without it, those of a run with the settings
    /// that are given
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// `sample`, or a folder of images and masks or a zip or tar of one [default: sample]
    #[arg(long, value_name = "sample|FOLDER", value_parser = settings::dataset)]
    pub dataset: Option<DatasetRef>,
    /// The new folder
    #[arg(long, value_name = "DIR", value_parser = values::path())]
    pub out: PathBuf,
    /// The first step whose batches are written
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = values::one_or_more)]
    pub first_step: usize,
    /// How many steps [default: all]
    #[arg(long, value_name = "N", value_parser = values::one_or_more)]
    pub steps: Option<usize>,
    /// Also write each image, with its normalization undone, and its mask as PNGs to look at
    #[arg(long)]
    pub png: bool,
    #[command(flatten)]
    bands: BandArgs,
    #[command(flatten)]
    pub network: NetworkArgs,
    #[command(flatten)]
    pub settings: Settings,
}

impl DataDumpArgs {
    /// The settings that were given.
    ///
    /// # Errors
    /// As [`NetworkArgs::base`].
    pub fn config(&self, start: Option<&StartingPoint>) -> Result<RunConfig, String> {
        let base = self.network.base(start)?;
        let dataset = self.dataset.clone();
        Ok(self.settings.config_on(base, dataset, &self.bands.choice()))
    }

    /// What is written where.
    pub fn target(&self) -> BatchTarget {
        BatchTarget {
            folder: self.out.clone(),
            pictures: self.png,
        }
    }

    /// The steps that were asked for.
    pub fn range(&self) -> StepRange {
        StepRange {
            first: self.first_step,
            count: self.steps,
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct DataCheckArgs {
    #[command(flatten)]
    pub dataset: MeantDataset,
    /// Write pairs that are a guess as a list, with confidence and reason; to accept or change them, name
    /// it as `pairs` in class-map.toml
    #[arg(long, value_name = "FILE.txt")]
    pub pairs: Option<PathBuf>,
    /// Write the findings with pictures as a page for a browser
    #[arg(long, value_name = "FILE.html")]
    pub html: Option<PathBuf>,
    #[command(flatten)]
    pub existing: ExistingArgs,
}

#[expect(clippy::struct_excessive_bools, reason = "one per option")]
#[derive(Debug, clap::Args)]
pub struct DataFixArgs {
    #[command(flatten)]
    pub dataset: MeantDataset,
    /// The new folder, in VOC's layout with indexed masks
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Labels with a new number, such as 255=1,2=1
    #[arg(long, value_name = "OLD=NEW", value_delimiter = ',', value_parser = values::label_pair)]
    pub map: Vec<(u8, u8)>,
    /// Leave the fourth band of images out
    #[arg(long)]
    pub strip_alpha: bool,
    /// Turn masks as EXIF turns their images
    #[arg(long)]
    pub turn_masks: bool,
    /// Only write the masks as indexed PNGs
    #[arg(long, conflicts_with_all = ["map", "strip_alpha", "turn_masks"])]
    pub convert: bool,
    /// Leave pairs out that cannot be read or do not fit together
    #[arg(long)]
    pub leave_out: bool,
    /// Also do what findings propose as a guess, such as to subtract 1 from the labels of some masks
    #[arg(long, conflicts_with_all = ["map", "strip_alpha", "turn_masks", "convert"])]
    pub guesses: bool,
}

impl DataFixArgs {
    /// What was asked for; without any of it, what the findings propose.
    pub fn plan(&self) -> FixChoice {
        let named = !self.map.is_empty() || self.strip_alpha || self.turn_masks || self.convert;
        FixChoice {
            plan: named.then(|| FixPlan {
                // A label that is to become two was refused as wrong usage.
                remap: self.map.iter().copied().collect(),
                strip_alpha: self.strip_alpha,
                turn_masks: if self.turn_masks {
                    TurnMasks::All
                } else {
                    TurnMasks::None
                },
                leave_out: self.leave_out,
                ..FixPlan::default()
            }),
            leave_out: self.leave_out,
            guesses: self.guesses,
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct DataSplitArgs {
    #[command(flatten)]
    pub dataset: MeantDataset,
    /// The new folder, in VOC's layout with indexed masks
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Percent of the images that are validated on
    #[arg(long, value_name = "PERCENT", default_value = "20", value_parser = values::percent)]
    pub val: f64,
    /// Instead, validate on one of several parts of the same size, such as 1/5
    #[arg(long, value_name = "N/PARTS", conflicts_with = "val", value_parser = values::fold)]
    pub fold: Option<(usize, usize)>,
    /// Seed of the order in which images are dealt
    #[arg(long, value_name = "N", default_value = "0")]
    pub seed: u64,
    /// Have each class in both lists in the same share of images
    #[arg(long)]
    pub stratified: bool,
    /// Keep frames together whose names differ in their last number
    #[arg(long)]
    pub keep_sequences: bool,
    /// Take only so many images, for a quick trial
    #[arg(long, value_name = "N", value_parser = values::one_or_more)]
    pub images: Option<usize>,
}

impl DataSplitArgs {
    /// As the engine wants it.
    pub fn plan(&self) -> SplitPlan {
        SplitPlan {
            part: match self.fold {
                Some((number, of)) => ValidationPart::Fold { number, of },
                None => ValidationPart::Share(self.val / 100.0),
            },
            seed: self.seed,
            stratified: self.stratified,
            keep_sequences: self.keep_sequences,
            images: self.images,
        }
    }
}
