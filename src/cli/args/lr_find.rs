//! The arguments of `lr-find`.

use super::BandArgs;
use crate::cli::network::NetworkArgs;
use crate::cli::settings::{self, Settings};
use crate::cli::values;
use crate::engine::{DatasetRef, DeviceId, RateRange, RunConfig, StartingPoint};

#[derive(Debug, clap::Args)]
pub struct LrFindArgs {
    /// `sample` (generated if it is missing), or a folder of images and masks or a zip or tar of one
    /// [default: sample]
    #[arg(long, value_name = "sample|FOLDER", value_parser = settings::dataset)]
    pub dataset: Option<DatasetRef>,
    /// Where to train: cpu, gpu:N or cuda:N, as `devices` lists them [default: the best device
    /// found]
    #[arg(long, value_name = "ID")]
    pub device: Option<DeviceId>,
    /// The smallest rate to try [default: 1e-6; 1e-7 for adamw, 1e-13 for a sum over pixels]
    #[arg(long, value_name = "RATE", value_parser = values::above_zero)]
    pub from: Option<f64>,
    /// The largest rate to try [default: 10; 1 for adamw, 0.001 for a sum over pixels]
    #[arg(long, value_name = "RATE", value_parser = values::above_zero)]
    pub to: Option<f64>,
    /// Steps from one to the other
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = values::one_or_more)]
    pub steps: usize,
    #[command(flatten)]
    bands: BandArgs,
    #[command(flatten)]
    pub network: NetworkArgs,
    #[command(flatten)]
    pub settings: Settings,
}

impl LrFindArgs {
    /// The settings of the run of which a rate is searched.
    ///
    /// # Errors
    /// As [`TrainArgs::config`].
    pub fn config(&self, start: Option<&StartingPoint>) -> Result<RunConfig, String> {
        let base = self.network.base(start)?;
        let dataset = self.dataset.clone();
        let mut config = self.settings.config_on(base, dataset, &self.bands.choice());
        config.device = self.device.unwrap_or(config.device);
        Ok(config)
    }

    /// The rates to try.
    pub fn range(&self, config: &RunConfig) -> RateRange {
        let usual = RateRange::usual(config);
        RateRange {
            from: self.from.unwrap_or(usual.from),
            to: self.to.unwrap_or(usual.to),
            steps: self.steps,
        }
    }
}
