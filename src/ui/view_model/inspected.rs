//! What Inspect and Look inside tell each other.

use std::path::PathBuf;

use super::mask::Pixel;
use crate::engine::PixelRect;

/// What is looked at in Inspect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The run that Inspect shows.
    pub run: String,
    /// The image file.
    pub image: PathBuf,
    /// The pixel that was clicked, else the one that was last under the pointer.
    pub pixel: Option<Pixel>,
    /// Whether it was clicked.
    pub is_pinned: bool,
}

/// The receptive field of a pixel through one score layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldOutline {
    /// Number of the score layer, coarse to fine.
    pub part: usize,
    /// The pixels that can have an influence.
    pub rect: PixelRect,
}
