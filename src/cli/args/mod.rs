//! The arguments of the command line.

mod bands;
mod data;
mod evaluate;
mod explain;
mod export;
mod lr_find;
mod notify;
mod own_settings;
mod predict;
mod queue;
mod report;
mod source;
mod usage;
mod weights;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Arg, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use super::network::{NetworkArgs, PlanArg};
use super::settings::{self, Settings};
use super::values;
use crate::engine::{
    DatasetRef, DeviceId, Dirs, Existing, Precision, RunConfig, Size, StartingPoint, Trunk, Variant,
};
pub use bands::BandArgs;
pub use data::{DataArgs, DataCheckArgs, DataCommand, DataDumpArgs, DataFixArgs, DataGetArgs};
pub use evaluate::{EvaluateArgs, MaskArgs};
pub use explain::ExplainArgs;
pub use export::{ExportArgs, ReproduceArgs};
pub use lr_find::LrFindArgs;
pub use notify::NotifyArgs;
pub use predict::PredictArgs;
pub use queue::{QueueAddArgs, QueueArgs, QueueCommand, QueueRunArgs};
pub use report::ReportArgs;
pub use source::SourceArgs;
pub use weights::{
    WeightsAddArgs, WeightsArgs, WeightsCommand, WeightsGetArgs, WeightsInspectArgs,
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
        value_parser = values::path(),
        long,
        global = true,
        help_heading = "Options of all subcommands",
        value_name = "DIR"
    )]
    pub data_dir: Option<PathBuf>,
    /// Folder of the runs and their weights
    #[arg(
        value_parser = values::path(),
        long,
        global = true,
        help_heading = "Options of all subcommands",
        value_name = "DIR"
    )]
    pub runs_dir: Option<PathBuf>,
    /// Print JSON on stdout, one object per line
    #[arg(long, global = true, help_heading = "Options of all subcommands")]
    pub json: bool,
    /// Print more on stderr; twice for everything
    #[arg(short, long, global = true, help_heading = "Options of all subcommands", action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What the window opens: images, folders of images, a dataset, a run, a weights file
    #[arg(value_parser = values::path(), value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// `--lr -1` is about the value of an option: no option is called `-1`.
fn negative_value(arg: Arg) -> Arg {
    let takes_value = !arg.is_positional() && arg.get_action().takes_values();
    arg.allow_negative_numbers(takes_value)
}

fn negative_values(command: clap::Command) -> clap::Command {
    command
        .mut_args(negative_value)
        .mut_subcommands(negative_values)
}

impl Args {
    /// Reads the command line; help, version and wrong usage end the program here.
    pub fn read() -> Self {
        Self::parsed(std::env::args_os()).unwrap_or_else(|err| err.exit())
    }

    /// Reads a command line.
    fn parsed(
        words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let mut command = negative_values(Self::command());
        let matches = command.try_get_matches_from_mut(words)?;
        own_settings::check(&matches, &command)?;
        Self::from_arg_matches(&matches)
            .and_then(Self::checked)
            .map_err(|err| err.format(&mut command))
    }

    /// A word that is neither a subcommand nor a file is most likely a subcommand with a typing error.
    fn checked(self) -> Result<Self, clap::Error> {
        // Behind a file, the parser takes every word for a file.
        let known = Self::command();
        if let Some(behind) = self
            .files
            .iter()
            .skip(1)
            .find(|word| known.find_subcommand(word).is_some())
        {
            let text = format!(
                "{}: no file is taken before a subcommand\n",
                behind.display()
            );
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, text));
        }
        if let Some(path) = self.files.iter().find(|path| !path.exists()) {
            let text = format!("{}: there is no such subcommand or file\n", path.display());
            return Err(clap::Error::raw(ErrorKind::InvalidSubcommand, text));
        }
        match self.command.as_ref().map_or(Ok(()), usage::check) {
            Ok(()) => Ok(self),
            Err(text) => Err(clap::Error::raw(
                ErrorKind::ArgumentConflict,
                format!("{text}\n"),
            )),
        }
    }

    /// The folders to work in.
    pub fn dirs(&self) -> Result<Dirs, String> {
        Ok(Dirs::resolve(self.data_dir.clone(), self.runs_dir.clone())?)
    }
}

/// What to do without a window.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a network, or resume a run
    #[command(after_help = settings::defaults_help())]
    Train(Box<TrainArgs>),
    /// Search a learning rate: some steps at rising rates, and where the loss falls
    LrFind(Box<LrFindArgs>),
    /// Score the best weights of a run on a split of its dataset, or existing masks
    Evaluate(EvaluateArgs),
    /// Segment images: write a mask and an overlay for each image
    Predict(PredictArgs),
    /// Show why pixels have their class: the scores of each class, and what each layer adds
    Explain(ExplainArgs),
    /// Write the weights of a run as one .safetensors file
    Export(ExportArgs),
    /// Write a PyTorch script that repeats a run, with its images and initial weights
    Reproduce(ReproduceArgs),
    /// Check a dataset before it is trained on, write a copy in which findings are put right, or get a public one
    Data(DataArgs),
    /// Train runs one after another: add them, put them in order, run them
    Queue(QueueArgs),
    /// Write runs as one page for a browser, with curves, masks and settings, or as a table
    Report(ReportArgs),
    /// List the runs
    Runs,
    /// List the devices that networks can run on
    Devices(DevicesArgs),
    /// Benchmark networks, data loading and scores on this machine
    Bench(BenchArgs),
    /// List, download, add, inspect and import pretrained weights
    Weights(WeightsArgs),
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line by itself"
)]
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// Resume this run from its last checkpoint (`latest` for the newest run that was trained here); with
    /// --device, --dataset and --accept-changes alone
    #[arg(long, value_name = "RUN")]
    pub resume: Option<String>,
    /// Choose trunk, sizes, batch, rate and epochs by the data, the device and the memory, and
    /// print each with its reason; options that are given override them
    #[arg(long, conflicts_with_all = ["network", "recipe"])]
    pub auto: bool,
    /// Train on a few images for so many seconds, say whether the loss falls and how long the whole run
    /// would take, and keep nothing
    #[arg(long = "try", value_name = "SECONDS", num_args = 0..=1, default_missing_value = "60",
          value_parser = values::one_or_more, conflicts_with_all = ["resume", "compare", "plan"])]
    pub try_out: Option<usize>,
    /// Start even if the run is estimated to need more memory than there is
    #[arg(long)]
    pub ignore_memory: bool,
    /// `sample` (generated if it is missing), or a folder of images and masks or a zip or tar of one
    /// [default: sample; with --resume that of the run, which keeps a new place]
    #[arg(long, value_name = "sample|FOLDER", value_parser = settings::dataset)]
    pub dataset: Option<DatasetRef>,
    #[command(flatten)]
    bands: BandArgs,
    /// With --resume: continue although the data changed since the run was started
    #[arg(long, requires = "resume")]
    pub accept_changes: bool,
    /// Train FCN-32s, 16s and 8s one after another with the same settings
    #[arg(long, conflicts_with_all = ["variant", "plan"])]
    pub compare: bool,
    /// Where to train: cpu, gpu:N or cuda:N, as `devices` lists them [default: the best device
    /// found; with --resume that of the run]
    #[arg(long, value_name = "ID")]
    pub device: Option<DeviceId>,
    #[command(flatten)]
    pub notify: NotifyArgs,
    #[command(flatten)]
    pub network: NetworkArgs,
    #[command(flatten)]
    pub settings: Settings,
}

impl TrainArgs {
    /// Whether several networks are trained, whose scores end in one table.
    pub fn has_table(&self) -> bool {
        self.compare || self.is_staged()
    }

    /// Whether each network starts from the weights of the one before.
    pub fn is_staged(&self) -> bool {
        matches!(self.network.plan, Some(PlanArg::Staged))
    }

    /// The settings of the run, started from `start` where `--init` names something.
    ///
    /// # Errors
    /// When a trunk was asked for that is not that of `start`.
    pub fn config(&self, start: Option<&StartingPoint>) -> Result<RunConfig, String> {
        let base = self.network.base(start)?;
        Ok(self.config_from(base))
    }

    /// The settings of the run, on top of others.
    pub fn config_from(&self, base: RunConfig) -> RunConfig {
        let dataset = self.dataset.clone();
        let mut config = self.settings.config_on(base, dataset, &self.bands.choice());
        config.device = self.device.unwrap_or(config.device);
        config
    }
}

/// What becomes of files that are there already.
#[derive(Debug, clap::Args)]
pub struct ExistingArgs {
    /// Replace files that this program wrote and nobody changed since; other files always stay
    #[arg(long)]
    pub overwrite: bool,
}

impl ExistingArgs {
    /// As the engine wants it.
    pub fn choice(&self) -> Existing {
        if self.overwrite {
            Existing::ReplaceOwn
        } else {
            Existing::Keep
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct DevicesArgs {
    /// Try a device and report as JSON; the program starts itself with this, since a
    /// bad graphics driver can take the whole process down
    #[arg(long, value_name = "ID", hide = true)]
    pub probe: Option<String>,

    /// Try the matrix units of that device, which has passed its test
    #[arg(long, hide = true, requires = "probe")]
    pub matrix_units: bool,
}

#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Trunk of the network; can be repeated [default: vgg16-slim and vgg16]
    #[arg(long, value_parser = values::one_of::<Trunk>())]
    pub trunk: Vec<Trunk>,
    /// Network [default: that of the preset of each trunk]
    #[arg(long, value_parser = values::one_of::<Variant>())]
    pub variant: Option<Variant>,
    /// Where networks run: cpu, gpu:N or cuda:N
    #[arg(long, value_name = "ID", default_value = "cpu")]
    pub device: DeviceId,
    /// CPU threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = values::one_or_more)]
    pub threads: Option<usize>,
    /// Timed rounds of each row, after two warm-up rounds
    #[arg(long, value_name = "N", default_value = "10", value_parser = values::one_or_more)]
    pub rounds: usize,
    /// Rows to measure, by the first parts of their names, such as gemm,predict/vgg16; with --layers
    /// passes, such as forward,data-gradient,weight-gradient,optimizer,step [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub rows: Vec<String>,
    /// Weights of the networks, for 21 classes [default: random weights from a fixed seed]
    #[arg(value_parser = values::path(), long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Measure each layer and pass of a training step of one network, and print each when it is done
    #[arg(long, conflicts_with_all = ["weights", "list", "rounds"])]
    pub layers: bool,
    /// With --layers: width and height of the images [default: those of the trunk's preset]
    #[arg(long, value_name = "WxH", requires = "layers", value_parser = values::size)]
    pub size: Option<Size>,
    /// With --layers: images in a batch [default: that of the trunk's preset]
    #[arg(long, value_name = "N", requires = "layers", value_parser = values::one_or_more)]
    pub batch_size: Option<usize>,
    /// With --layers: what convolutions multiply, as in `train`
    #[arg(long, value_name = "PRECISION", requires = "layers", default_value = "f32", value_parser = values::one_of::<Precision>())]
    pub precision: Precision,
    /// With --layers: seconds that one part may take
    #[arg(long, value_name = "N", requires = "layers", default_value = "20", value_parser = values::one_or_more)]
    pub seconds: usize,
    /// Measure layers and report each as a line of JSON; the program starts itself with this
    #[arg(long, value_name = "JOB", hide = true)]
    pub measure_layers: Option<String>,
    /// Print the names of the rows without measuring
    #[arg(long)]
    pub list: bool,
    /// Measure one row and report as JSON; the program starts itself with this
    #[arg(long, value_name = "JOB", hide = true)]
    pub measure: Option<String>,
}

#[cfg(test)]
mod tests;
