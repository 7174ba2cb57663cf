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

/// Which receptive field of a pixel it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// What can have an influence at all through the score layer of this number, coarse to fine.
    Theoretical(usize),
    /// What has most of the influence.
    Effective,
}

/// A receptive field of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldOutline {
    /// Which one.
    pub kind: FieldKind,
    /// Its pixels.
    pub rect: PixelRect,
}
