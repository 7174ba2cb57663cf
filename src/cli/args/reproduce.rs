//! The arguments of `reproduce`.

use std::path::PathBuf;

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
