//! The arguments of `predict`.

use std::path::PathBuf;

use super::{ExistingArgs, SourceArgs};
use crate::cli::values;

#[derive(Debug, clap::Args)]
pub struct PredictArgs {
    /// Images, or folders of images
    #[arg(value_parser = values::path(), required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    #[command(flatten)]
    pub source: SourceArgs,
    /// Output folder for `<name>.png` (labels as palette indices) and `<name>_overlay.png`
    #[arg(value_parser = values::path(), long, value_name = "DIR", required_unless_present = "scores")]
    pub out: Option<PathBuf>,
    /// Write the logits of one image as a NumPy file: float32, `[classes, height, width]`
    #[arg(value_parser = values::path(), long, value_name = "FILE.npy")]
    pub scores: Option<PathBuf>,
    /// Opacity of the mask in the overlay, 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = values::zero_to_one)]
    pub opacity: f32,
    /// Longest side of what the network sees at a time, in pixels; larger images are cut into tiles
    /// that overlap, without seams [default: as large as the memory allows]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(64..))]
    pub tile: Option<u32>,
    /// Leave out tiles of one color; their mask is void (255)
    #[arg(long)]
    pub skip_empty: bool,
    /// Average the probabilities over sizes of the image, as shares of its own: 0.75,1,1.25
    #[arg(long, value_name = "SHARES", value_delimiter = ',', value_parser = values::image_scale)]
    pub scales: Vec<f32>,
    /// Average them over the image and its mirror image too
    #[arg(long)]
    pub flip: bool,
    /// Make pixels void (255) whose largest probability is below this, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = values::zero_to_one)]
    pub threshold: Option<f32>,
    #[command(flatten)]
    pub existing: ExistingArgs,
}
