//! The command line as people write it.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use super::settings::{self, Settings};
use crate::engine::{Dirs, Split};

/// Train, watch and compare fully convolutional networks for semantic segmentation.
///
/// Without a subcommand the window opens.
#[derive(Debug, Parser)]
#[command(version, after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl+C")]
pub struct Args {
    /// Folder of the data sets
    #[arg(long, global = true, help_heading = "Options of all subcommands", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Folder of the runs and their weights
    #[arg(long, global = true, help_heading = "Options of all subcommands", value_name = "DIR")]
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
    /// Score the best weights of a run over a list of its data set
    Evaluate(EvaluateArgs),
    /// Segment images: write a mask and an overlay for each
    Predict(PredictArgs),
    /// List the runs
    Runs,
    /// List the devices a network can run on
    Devices(DevicesArgs),
}

#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// Go on with this run from its last checkpoint (`latest` for the newest)
    #[arg(long, value_name = "RUN", conflicts_with_all = ["settings", "compare"])]
    pub resume: Option<String>,
    /// Train FCN-32s, 16s and 8s one after another with equal settings
    #[arg(long, conflicts_with = "variant")]
    pub compare: bool,
    #[command(flatten)]
    pub settings: Settings,
}

#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// Name of the run, `latest` for the newest
    #[arg(long, value_name = "RUN")]
    pub run: String,
    /// List to score
    #[arg(long, value_enum, default_value = "val")]
    pub split: SplitArg,
}

#[derive(Debug, clap::Args)]
pub struct PredictArgs {
    /// Images, or folders of images
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// Name of the run, `latest` for the newest
    #[arg(long, value_name = "RUN", default_value = "latest")]
    pub run: String,
    /// Folder for `<name>.png` (labels as palette indices) and `<name>_overlay.png`
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Strength of the mask in the overlay, 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = settings::opacity)]
    pub opacity: f32,
}

#[derive(Debug, clap::Args)]
pub struct DevicesArgs {
    /// Try a device and report as JSON; the program starts itself with this, since a
    /// bad graphics driver can take the whole process down
    #[arg(long, value_name = "ID", hide = true)]
    pub probe: Option<String>,
}

/// Which list of a data set.
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
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::engine::{DatasetRef, DeviceId, Trunk, Variant, preset};

    fn train(words: &str) -> Result<Box<TrainArgs>, clap::Error> {
        let words = ["fcn-workbench", "train"].into_iter().chain(words.split_whitespace());
        Args::try_parse_from(words).map(|args| match args.command {
            Some(Command::Train(train)) => train,
            other => panic!("parsed as {other:?}"),
        })
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn what_is_not_given_is_the_preset() {
        let config = train("").unwrap().settings.config();
        let expected = preset(Trunk::Vgg16Slim);
        assert_eq!(config, expected);
    }

    #[test]
    fn every_setting_arrives() {
        let config = train(
            "--dataset sample --variant fcn16s --trunk vgg16 --device gpu:1 --epochs 3 --max-steps 7 \
             --batch-size 2 --lr 0.01 --momentum 0.5 --weight-decay 0 --schedule poly --dropout 0.25 \
             --final-upsampling fixed --train-size 64x48 --scale 0.5,2 --no-flip --test-size native \
             --seed 9 --workers 2",
        )
        .unwrap()
        .settings
        .config();
        assert_eq!(config.dataset, DatasetRef::Sample);
        assert_eq!((config.variant, config.trunk), (Variant::Fcn16s, Trunk::Vgg16));
        assert_eq!(config.device, DeviceId::Gpu(1));
        assert_eq!((config.epochs, config.max_steps, config.batch_size), (3, Some(7), 2));
        assert_eq!((config.augment.crop, config.augment.flip), ([64, 48], false));
        assert_eq!((config.augment.scale, config.test_size), ([0.5, 2.0], None));
        assert_eq!((config.seed, config.workers), (9, 2));
    }

    #[test]
    fn a_folder_is_kept_as_an_absolute_path() {
        let config = train("--dataset some/folder").unwrap().settings.config();
        let DatasetRef::Folder(folder) = config.dataset else { panic!("not a folder: {:?}", config.dataset) };
        assert!(folder.is_absolute() && folder.ends_with("some/folder"), "{folder:?}");
    }

    #[test]
    fn resuming_takes_no_settings() {
        train("--resume latest").unwrap();
        for more in ["--epochs 3", "--flip", "--dataset sample", "--compare"] {
            train(&format!("--resume latest {more}")).expect_err(more);
        }
        train("--compare --variant fcn8s").expect_err("a comparison has all variants");
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for words in [
            "--epochs 0",
            "--lr 0",
            "--lr NaN",
            "--momentum 1",
            "--dropout -0.1",
            "--train-size 64",
            "--train-size 0x64",
            "--scale 2,1",
            "--scale 1",
            "--batch-size 0",
            "--workers 0",
            "--device toaster",
            "--variant fcn4s",
            "--weight-decay inf",
        ] {
            let (name, value) = words.split_once(' ').expect("two words");
            train(&format!("{name}={value}")).expect_err(words);
        }
    }
}
