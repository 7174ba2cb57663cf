//! The arguments of `weights`.

use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::values;
use crate::engine::{BandChoice, Geometry, Variant, WeightsChoice};

#[derive(Debug, clap::Args)]
pub struct WeightsArgs {
    #[command(subcommand)]
    pub command: WeightsCommand,
}

/// Subcommands of `weights`.
#[derive(Debug, Subcommand)]
pub enum WeightsCommand {
    /// List the public files and their state
    List,
    /// Download and verify files; a partial download is continued
    Get(WeightsGetArgs),
    /// Verify a local file and copy it to the other weights
    Add(WeightsAddArgs),
    /// Show the network in a weights file, and for each layer whether it is loaded
    Inspect(WeightsInspectArgs),
    /// Make a finished run from a weights file, for the window and for `evaluate`
    Import(WeightsInspectArgs),
}

#[derive(Debug, clap::Args)]
pub struct WeightsInspectArgs {
    /// A `.pth`, `.pt` or `.safetensors` file
    #[arg(value_parser = values::path(), value_name = "FILE")]
    pub file: PathBuf,
    /// Network to load the file into [default: the one its layers belong to]
    #[arg(long, value_parser = values::one_of::<Variant>())]
    pub variant: Option<Variant>,
    /// Border handling [default: that of the file, else reference]
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
            images: BandChoice::default(),
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct WeightsGetArgs {
    /// Ids or file names, as in `weights list`
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct WeightsAddArgs {
    /// The file; it is copied
    #[arg(value_parser = values::path(), value_name = "FILE")]
    pub file: PathBuf,
    /// Entry to add it as [default: the one with its hash]
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}
