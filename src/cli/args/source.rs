//! Which network predicts, and where.

use std::path::PathBuf;

use crate::cli::values;
use crate::engine::{BandChoice, DeviceId, Geometry, RangeChoice, Variant, WeightsChoice};

/// The weights of a run or of a file, and the device that they run on.
#[derive(Debug, clap::Args)]
pub struct SourceArgs {
    /// Name of the run (`latest` for the newest run with weights)
    #[arg(
        long,
        value_name = "RUN",
        default_value = "latest",
        conflicts_with = "weights"
    )]
    pub run: String,
    #[command(flatten)]
    file: FileArgs,
    /// Where the network runs: cpu, gpu:N or cuda:N, as `devices` lists them
    /// [default: that of the run, cpu for a weights file]
    #[arg(long, value_name = "ID")]
    pub device: Option<DeviceId>,
}

impl SourceArgs {
    /// The weights file, where one is named.
    pub fn weights(&self) -> Option<WeightsChoice> {
        self.file.choice()
    }

    /// Whether a GPU may be wanted.
    pub fn may_need_gpus(&self) -> bool {
        self.device != Some(DeviceId::Cpu)
    }
}

/// A weights file instead of a run.
#[derive(Debug, clap::Args)]
struct FileArgs {
    /// Predict with this `.pth`, `.pt` or `.safetensors` file
    #[arg(value_parser = values::path(), long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Network of the file, if its layers do not tell (`fcn8s-atonce`)
    #[arg(long, requires = "weights", value_parser = values::one_of::<Variant>())]
    variant: Option<Variant>,
    /// Border handling of the network in the file [default: that of the file, else reference]
    #[arg(long, requires = "weights", value_parser = values::one_of::<Geometry>())]
    geometry: Option<Geometry>,
    /// With --weights: bands of the images that are red, green and blue, counted from 1, such as 4,3,2; or
    /// one band, as gray [default: as the weights file or the format says]
    #[arg(
        long,
        requires = "weights",
        value_name = "BANDS",
        value_delimiter = ','
    )]
    bands: Vec<u8>,
    /// With --weights: values of deep images that become 0 and 255, such as 0,4095 [default: as the weights
    /// file says, else all that the format can hold]
    #[arg(long, requires = "weights", value_name = "LOW,HIGH", value_parser = values::stated_range)]
    range: Option<RangeChoice>,
}

impl FileArgs {
    /// The file, where one is named.
    fn choice(&self) -> Option<WeightsChoice> {
        let path = self.weights.clone()?;
        Some(WeightsChoice {
            path,
            variant: self.variant,
            geometry: self.geometry,
            images: BandChoice {
                bands: self.bands.clone(),
                range: self.range,
            },
        })
    }
}
