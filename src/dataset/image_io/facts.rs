//! What an image file says about itself before it becomes 8-bit RGB.

use std::io::BufRead as _;
use std::path::Path;

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder};

use super::bands::{
    BandedTiff, has_bands_beside_colors, is_big_tiff, needs_16_bits, unusable_samples,
};
use super::{
    Rgb, check_samples, guarded, image_error, jpeg, open, read_error, reader, refused_tiff,
    small_enough,
};
use crate::dataset::{DatasetError, Size};

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

/// Reads the header alone; of a TIFF with more bands than colors have, the whole file.
pub(in crate::dataset) fn read_image_header(path: &Path) -> Result<ImageHeader, DatasetError> {
    if let Some((_, tiff)) = bands_beside_colors(path)? {
        return Ok(ImageHeader {
            has_colors: tiff.colors.is_some(),
            ..ImageHeader::new(tiff.stored, tiff.orientation, tiff.bands, tiff.bits)
        });
    }
    let reader = reader(open(path)?, path)?;
    let header = guarded(|| {
        let mut decoder = reader.into_decoder()?;
        let (width, height) = decoder.dimensions();
        let color = decoder.color_type();
        let header = ImageHeader::new(
            Size::new(width, height),
            decoder.orientation()?,
            color.channel_count(),
            color.bits_per_pixel() / u16::from(color.channel_count()),
        );
        Ok((header, color))
    })
    .and_then(|read| read.map_err(|err: image::ImageError| err.to_string()))
    .map_err(|reason| image_error(path, reason));
    match header {
        Ok((header, color)) => {
            check_samples(color, path)?;
            Ok(header)
        }
        Err(err) => {
            let bytes = small_enough(path).filter(|bytes| bytes.starts_with(&[0xff, 0xd8]));
            if let Some(reason) = bytes.and_then(|bytes| jpeg::refused_as_cut_off(&bytes)) {
                return Err(image_error(path, reason));
            }
            let (_, tiff) = refused_tiff(path, err)?;
            Ok(ImageHeader {
                has_colors: false,
                ..ImageHeader::new(tiff.stored, tiff.orientation, tiff.bands, tiff.bits)
            })
        }
    }
}

impl ImageHeader {
    fn new(stored: Size, orientation: Orientation, bands: u8, bits: u16) -> Self {
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

/// The colors of an image with a fourth band, without that band; `None` where the band is
/// opaque everywhere, or there is none.
pub(in crate::dataset) fn read_without_alpha(path: &Path) -> Result<Option<Rgb>, DatasetError> {
    let reader = reader(open(path)?, path)?;
    let image = guarded(|| {
        let mut decoder = reader.into_decoder()?;
        let orientation = decoder.orientation()?;
        let mut image = DynamicImage::from_decoder(decoder)?;
        image.apply_orientation(orientation);
        Ok(image)
    })
    .and_then(|decoded| decoded.map_err(|err: image::ImageError| err.to_string()))
    .map_err(|reason| image_error(path, reason))?;
    let has_band = matches!(
        image.color(),
        ColorType::La8
            | ColorType::La16
            | ColorType::Rgba8
            | ColorType::Rgba16
            | ColorType::Rgba32F
    );
    if !has_band {
        return Ok(None);
    }
    let rgba = image.into_rgba8();
    if rgba.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
        return Ok(None);
    }
    let (width, height) = rgba.dimensions();
    let pixels = rgba
        .pixels()
        .flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2]])
        .collect();
    Ok(Some(Rgb {
        width,
        height,
        pixels,
    }))
}

/// A TIFF that has bands beside those of its colors.
///
/// # Errors
/// When its bands cannot be told apart.
pub(super) fn bands_beside_colors(
    path: &Path,
) -> Result<Option<(Vec<u8>, BandedTiff)>, DatasetError> {
    let mut file = open(path)?;
    let start = file.fill_buf().map_err(|err| read_error(path, err))?;
    let is_tiff = [b"II*\0", b"MM\0*"]
        .iter()
        .any(|mark| start.starts_with(*mark));
    if !(is_tiff || is_big_tiff(start)) || !has_bands_beside_colors(file) {
        return Ok(None);
    }
    let bytes = small_enough(path).unwrap_or_default();
    if let Some(samples) = unusable_samples(&bytes) {
        return Err(image_error(path, needs_16_bits(&samples)));
    }
    match BandedTiff::parse(&bytes) {
        Some(tiff) => Ok(Some((bytes, tiff))),
        None => Err(image_error(
            path,
            "it is too large for its bands beside red, green and blue. Save it without them, as \
             `gdal_translate -b 1 -b 2 -b 3 IN OUT` does"
                .to_owned(),
        )),
    }
}
