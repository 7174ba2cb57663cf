//! The arguments of `report`.

use std::path::PathBuf;

use super::{ExistingArgs, values};
use crate::engine::DeviceId;

#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Names of the runs (`latest` for the newest run); several are compared
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<String>,
    /// The page to write; it needs no other file
    #[arg(value_parser = values::path(), long, value_name = "FILE.html", required_unless_present = "csv")]
    pub html: Option<PathBuf>,
    /// The table to write, a line for each step and epoch
    #[arg(value_parser = values::path(), long, value_name = "FILE.csv")]
    pub csv: Option<PathBuf>,
    /// Where masks are predicted: cpu, gpu:N or cuda:N, as `devices` lists them
    /// [default: that of each run]
    #[arg(long, value_name = "ID")]
    pub device: Option<DeviceId>,
    #[command(flatten)]
    pub existing: ExistingArgs,
}
