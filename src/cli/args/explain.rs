//! The arguments of `explain`.

use std::path::PathBuf;

use super::{ExistingArgs, SourceArgs};
use crate::cli::values;
use crate::engine::ChannelChoice;

#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// Column and row of a pixel, counted from 0 at the top left; can be repeated
    #[arg(long = "at", value_name = "X,Y", required_unless_present_any = ["maps", "layers"], value_parser = values::pixel)]
    pub pixels: Vec<(u32, u32)>,
    /// Also find the effective receptive field of each pixel: which of its neighbors pull at the score
    #[arg(long, requires = "pixels")]
    pub effective: bool,
    /// List the layers whose maps can be written with --layer
    #[arg(long)]
    pub layers: bool,
    /// Write maps of one class into this folder: its probability, what each score layer adds, and their sum,
    /// as PNGs with a color bar and as NumPy files; with --effective those of the gradients too
    #[arg(value_parser = values::path(), long, value_name = "FOLDER")]
    pub maps: Option<PathBuf>,
    /// With --maps: the class, by its name or label [default: the most likely one of the first pixel]
    #[arg(long, value_name = "CLASS", requires = "maps")]
    pub class: Option<String>,
    /// With --maps: also write what this layer makes of the image; can be repeated
    #[arg(long = "layer", value_name = "NAME", requires = "maps")]
    pub layer_maps: Vec<String>,
    /// With --layer: what the PNG shows of its channels; the NumPy file has all of them
    #[arg(long, value_name = "mean|max|N", requires = "layer_maps", default_value = "mean", value_parser = values::channel)]
    pub channel: ChannelChoice,
    #[command(flatten)]
    pub existing: ExistingArgs,
    #[command(flatten)]
    pub source: SourceArgs,
}
