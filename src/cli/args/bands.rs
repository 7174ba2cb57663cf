//! Options about the bands of images.

use crate::engine::{BandChoice, RangeChoice};

#[derive(Debug, Clone, Default, clap::Args)]
#[group(id = "image_bands", multiple = true)]
pub struct BandArgs {
    /// Bands of the images that are red, green and blue, counted from 1, such as 4,3,2; or one band,
    /// as gray [default: as class-map.toml in the dataset's folder or the format says]
    #[arg(long, value_name = "BANDS", value_delimiter = ',')]
    bands: Vec<u8>,
    /// Values of deep images that become 0 and 255, such as 0,4095; or `measured`: the lowest and the
    /// highest of some training images [default: all that the format can hold]
    #[arg(long, value_name = "LOW,HIGH|measured")]
    range: Option<RangeChoice>,
}

impl BandArgs {
    /// As the engine wants it.
    pub fn choice(&self) -> BandChoice {
        BandChoice {
            bands: self.bands.clone(),
            range: self.range,
        }
    }
}
