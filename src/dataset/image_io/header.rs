//! What the header of an image file says.

use image::metadata::Orientation;

use crate::dataset::Size;

/// The header of an image file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dataset) struct ImageHeader {
    /// As [`read_rgb`](super::read_rgb) gives it.
    pub size: Size,
    /// As the pixels are stored: another one where EXIF turns the image by a quarter.
    pub stored: Size,
    /// How EXIF turns or mirrors it.
    pub orientation: Orientation,
    /// Samples per pixel: 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA.
    pub bands: u8,
    /// Bits per sample.
    pub bits: u16,
    /// Whether the format says what the bands are.
    pub has_colors: bool,
}

impl ImageHeader {
    pub(super) fn new(stored: Size, orientation: Orientation, bands: u8, bits: u16) -> Self {
        Self {
            size: if turns_by_a_quarter(orientation) {
                Size::new(stored.height, stored.width)
            } else {
                stored
            },
            stored,
            orientation,
            bands,
            bits,
            has_colors: true,
        }
    }
}

fn turns_by_a_quarter(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}
