//! Who decodes a TIFF as a whole.

use std::path::Path;

use image::{DynamicImage, RgbImage};

use super::large_tiff::LargeTiff;
use super::tiff_file::{TiffFile, TiffKind, banded};
use super::{Decoded, image_error};
use crate::dataset::{DatasetError, Size};

/// The file decoded by what its [`TiffKind`] says; `None` = `image` does it.
///
/// # Errors
/// When it cannot be decoded.
pub(super) fn decode(tiff: &TiffFile, path: &Path) -> Result<Option<Decoded>, DatasetError> {
    Ok(Some(match tiff.kind {
        TiffKind::Usual => return Ok(None),
        TiffKind::Banded => {
            let (bytes, tiff) = banded(path)?;
            Decoded::Banded(bytes, Box::new(tiff))
        }
        TiffKind::InChunks => {
            tiff.check_size(path)?;
            let (image, orientation) = LargeTiff::read_whole(path)?;
            Decoded::Image(image, orientation)
        }
        TiffKind::Indexed => {
            let indexed = tiff.indexed(path)?;
            let Size { width, height } = indexed.size;
            let image = RgbImage::from_raw(width, height, indexed.colors())
                .ok_or_else(|| image_error(path, "it has no pixels".to_owned()))?;
            Decoded::Image(DynamicImage::ImageRgb8(image), tiff.orientation)
        }
    }))
}
