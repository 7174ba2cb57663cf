//! The arguments of `export` and `reproduce`.

use std::path::PathBuf;

use super::ExistingArgs;
use crate::cli::{settings, values};
use crate::engine::DatasetRef;

#[derive(Debug, clap::Args)]
pub struct ReproduceArgs {
    /// Name of the run (`latest` for the newest)
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The new folder
    #[arg(long, value_name = "DIR", value_parser = values::path())]
    pub out: PathBuf,
    /// Where the data of the run lies now [default: as the run has it]
    #[arg(long, value_name = "sample|FOLDER", value_parser = settings::dataset)]
    pub dataset: Option<DatasetRef>,
    /// Repeat only the first steps [default: all]
    #[arg(long, value_name = "N", value_parser = values::one_or_more)]
    pub steps: Option<usize>,
}

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Name of the run (`latest` for the newest run with weights)
    #[arg(long, value_name = "RUN", default_value = "latest")]
    pub run: String,
    /// The file to write; `predict --weights` can read it
    #[arg(value_parser = values::path(), long, value_name = "FILE.safetensors")]
    pub out: PathBuf,
    /// Write the weights of the last checkpoint instead of the best
    #[arg(long)]
    pub last: bool,
    /// Write the weights of the last checkpoint as they were trained, and not their moving average
    #[arg(long, conflicts_with = "last")]
    pub raw: bool,
    #[command(flatten)]
    pub existing: ExistingArgs,
}
