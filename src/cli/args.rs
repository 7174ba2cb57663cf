//! The command line as people write it.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use super::network::{NetworkArgs, Start};
use super::settings::{self, Settings};
use super::values;
use crate::engine::{
    BOUNDARY_WIDTH, DeviceId, Dirs, Geometry, RunConfig, Split, Trunk, Variant, WeightsChoice,
};

/// Train, watch and compare fully convolutional networks for semantic segmentation.
///
/// Without a subcommand the window opens.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl+C"
)]
pub struct Args {
    /// Folder of the datasets
    #[arg(
        long,
        global = true,
        help_heading = "Options of all subcommands",
        value_name = "DIR"
    )]
    pub data_dir: Option<PathBuf>,
    /// Folder of the runs and their weights
    #[arg(
        long,
        global = true,
        help_heading = "Options of all subcommands",
        value_name = "DIR"
    )]
    pub runs_dir: Option<PathBuf>,
    /// Print JSON on stdout, one object a line
    #[arg(long, global = true, help_heading = "Options of all subcommands")]
    pub json: bool,
    /// Say more on stderr, twice for everything
    #[arg(short, long, global = true, help_heading = "Options of all subcommands", action = clap::ArgAction::Count)]
    pub verbose: u8,
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Args {
    /// Reads the command line; help, version and wrong usage end the program here.
    pub fn read() -> Self {
        Self::parse()
    }

    /// The folders to work in.
    pub fn dirs(&self) -> Result<Dirs, String> {
        Dirs::resolve(self.data_dir.clone(), self.runs_dir.clone())
    }
}

/// What to do without a window.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a network, or go on with a run
    #[command(after_help = settings::defaults_help())]
    Train(Box<TrainArgs>),
    /// Score the best weights of a run over a list of its dataset, or masks that are there
    Evaluate(EvaluateArgs),
    /// Segment images: write a mask and an overlay for each
    Predict(PredictArgs),
    /// Write the best weights of a run as one .safetensors file
    Export(ExportArgs),
    /// List the runs
    Runs,
    /// List the devices a network can run on
    Devices(DevicesArgs),
    /// Measure networks, data path and scores on this machine
    Bench(BenchArgs),
    /// Public pretrained weights: list, download, add a file you already have
    Weights(WeightsArgs),
}

#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// Go on with this run from its last checkpoint (`latest` for the newest)
    #[arg(long, value_name = "RUN", conflicts_with_all = ["settings", "network", "compare"])]
    pub resume: Option<String>,
    /// Train FCN-32s, 16s and 8s one after another with equal settings
    #[arg(long, conflicts_with_all = ["variant", "plan"])]
    pub compare: bool,
    #[command(flatten)]
    pub network: NetworkArgs,
    #[command(flatten)]
    pub settings: Settings,
}

impl TrainArgs {
    /// The settings of the run, started from `start` where `--init` names something.
    pub fn config(&self, start: Option<&Start>) -> RunConfig {
        self.settings.config(self.network.base(start))
    }
}

#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// Name of the run, `latest` for the newest
    #[arg(long, value_name = "RUN", required_unless_present = "predictions")]
    pub run: Option<String>,
    /// List to score
    #[arg(long, value_enum, default_value = "val")]
    pub split: SplitArg,
    /// Width of the band along label boundaries that is also scored on its own, in pixels
    #[arg(long, value_name = "N", default_value_t = BOUNDARY_WIDTH, value_parser = values::one_or_more)]
    pub boundary_width: usize,
    #[command(flatten)]
    pub masks: MaskArgs,
}

/// What `evaluate` scores without a run.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Scoring masks without a run")]
pub struct MaskArgs {
    /// Folder of PNG masks to score, of any program; 255 (void) where there is a label is wrong
    #[arg(long, value_name = "DIR", requires = "labels", conflicts_with_all = ["run", "split"])]
    pub predictions: Option<PathBuf>,
    /// Folder of the true masks, of the same names; 255 (void) is not scored
    #[arg(
        long,
        value_name = "DIR",
        requires = "predictions",
        conflicts_with = "run"
    )]
    pub labels: Option<PathBuf>,
    /// Class list, `name` or `name r g b` a line; without it classes.txt beside the labels
    /// or one folder up, else the 21 classes of VOC
    #[arg(long, value_name = "FILE", requires = "predictions", conflicts_with_all = ["run", "num_classes"])]
    pub classes: Option<PathBuf>,
    /// Number of classes, instead of a list
    #[arg(long, value_name = "N", requires = "predictions", conflicts_with = "run",
          value_parser = values::one_or_more)]
    pub num_classes: Option<usize>,
    /// Score only the names in this file, one a line as in VOC's lists
    #[arg(
        long,
        value_name = "FILE",
        requires = "predictions",
        conflicts_with = "run"
    )]
    pub list: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct PredictArgs {
    /// Images, or folders of images
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// Name of the run, `latest` for the newest
    #[arg(
        long,
        value_name = "RUN",
        default_value = "latest",
        conflicts_with = "weights"
    )]
    pub run: String,
    #[command(flatten)]
    pub weights: FileArgs,
    /// Folder for `<name>.png` (labels as palette indices) and `<name>_overlay.png`
    #[arg(long, value_name = "DIR", required_unless_present = "scores")]
    pub out: Option<PathBuf>,
    /// Write the logits of one image as a NumPy file: float32, `[classes, height, width]`
    #[arg(long, value_name = "FILE.npy")]
    pub scores: Option<PathBuf>,
    /// Strength of the mask in the overlay, 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = values::zero_to_one)]
    pub opacity: f32,
}

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Name of the run, `latest` for the newest
    #[arg(long, value_name = "RUN", default_value = "latest")]
    pub run: String,
    /// The file to write; it is enough to predict with
    #[arg(long, value_name = "FILE.safetensors")]
    pub out: PathBuf,
}

/// A weights file in the place of a run.
#[derive(Debug, clap::Args)]
pub struct FileArgs {
    /// Predict with this `.pth`, `.pt` or `.safetensors` file
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Network of the file, where its layers do not say it (`fcn8s-atonce`)
    #[arg(long, requires = "weights", value_parser = values::one_of::<Variant>())]
    pub variant: Option<Variant>,
    /// Treatment of borders of the file's network [default: as the file says, else the reference]
    #[arg(long, requires = "weights", value_parser = values::one_of::<Geometry>())]
    pub geometry: Option<Geometry>,
    /// Where the file's network runs: cpu, gpu:N or cuda:N
    #[arg(long, requires = "weights", value_name = "ID", default_value = "cpu")]
    pub device: DeviceId,
}

impl FileArgs {
    /// The file, where one is named.
    pub fn choice(&self) -> Option<WeightsChoice> {
        let path = self.weights.clone()?;
        Some(WeightsChoice {
            path,
            variant: self.variant,
            geometry: self.geometry,
        })
    }
}

#[derive(Debug, clap::Args)]
pub struct DevicesArgs {
    /// Try a device and report as JSON; the program starts itself with this, since a
    /// bad graphics driver can take the whole process down
    #[arg(long, value_name = "ID", hide = true)]
    pub probe: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Network under the score layers, several times for several
    /// [default: vgg16-slim and vgg16]
    #[arg(long, value_parser = values::one_of::<Trunk>())]
    pub trunk: Vec<Trunk>,
    /// Network [default: as each trunk's preset has it]
    #[arg(long, value_parser = values::one_of::<Variant>())]
    pub variant: Option<Variant>,
    /// Where networks run: cpu, gpu:N or cuda:N
    #[arg(long, value_name = "ID", default_value = "cpu")]
    pub device: DeviceId,
    /// Threads of the processor [default: one a core]
    #[arg(long, value_name = "N", value_parser = values::one_or_more)]
    pub threads: Option<usize>,
    /// Timed rounds of each row, after two to warm up
    #[arg(long, value_name = "N", default_value = "10", value_parser = values::one_or_more)]
    pub rounds: usize,
    /// Rows by the first parts of their names, such as gemm,predict/vgg16 [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub rows: Vec<String>,
    /// Weights of the networks, of 21 classes [default: drawn from a seed]
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Print the names of the rows and measure nothing
    #[arg(long)]
    pub list: bool,
    /// Measure one row and report as JSON; the program starts itself with this
    #[arg(long, value_name = "JOB", hide = true)]
    pub measure: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct WeightsArgs {
    #[command(subcommand)]
    pub command: WeightsCommand,
}

/// What to do with public weights.
#[derive(Debug, Subcommand)]
pub enum WeightsCommand {
    /// List the public files, and what of them is here
    List,
    /// Download files, from where an earlier try ended, and check them
    Get(WeightsGetArgs),
    /// Check a file you already have and copy it to the others
    Add(WeightsAddArgs),
    /// Show what a file of weights holds and what becomes of each layer
    Inspect(WeightsInspectArgs),
    /// Make a finished run of a file of weights, for the window and for `evaluate`
    Import(WeightsInspectArgs),
}

#[derive(Debug, clap::Args)]
pub struct WeightsInspectArgs {
    /// A `.pth`, `.pt` or `.safetensors` file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Network to look at it with [default: as its layers say]
    #[arg(long, value_parser = values::one_of::<Variant>())]
    pub variant: Option<Variant>,
    /// Treatment of borders [default: as the file says, else the reference]
    #[arg(long, value_parser = values::one_of::<Geometry>())]
    pub geometry: Option<Geometry>,
}

impl WeightsInspectArgs {
    /// The file with what was said about it.
    pub fn choice(&self) -> WeightsChoice {
        WeightsChoice {
            path: self.file.clone(),
            variant: self.variant,
            geometry: self.geometry,
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct WeightsGetArgs {
    /// Ids or file names, as `weights list` has them
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct WeightsAddArgs {
    /// The file; it stays where it is
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which entry it is meant to be; otherwise its hash tells
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

/// Which list of a dataset.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SplitArg {
    Train,
    Val,
}

impl From<SplitArg> for Split {
    fn from(split: SplitArg) -> Self {
        match split {
            SplitArg::Train => Self::Train,
            SplitArg::Val => Self::Val,
        }
    }
}

#[cfg(test)]
mod tests;
