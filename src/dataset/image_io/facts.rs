//! What an image file says about itself before it becomes 8-bit RGB.

use std::path::Path;

use image::{ColorType, ImageDecoder};

use super::tiff_file::{TiffFile, refused_tiff, small_enough};
use super::{
    Decoded, ImageHeader, Rgb, check_bytes, check_samples, decode_file, guarded, image_error, jpeg,
    open, reader,
};
use crate::dataset::{DatasetError, Size};

/// Reads the header alone; of a TIFF with more bands than colors have, the whole file.
///
/// # Errors
/// Also for an image that takes more memory than one decoder may.
pub(in crate::dataset) fn read_image_header(path: &Path) -> Result<ImageHeader, DatasetError> {
    header(path, check_bytes)
}

/// The same of a file that is not going to be decoded, however large it would be.
pub(super) fn read_any_header(path: &Path) -> Result<ImageHeader, DatasetError> {
    header(path, |_| Ok(()))
}

fn header(
    path: &Path,
    check: impl FnOnce(&dyn ImageDecoder) -> Result<(), String>,
) -> Result<ImageHeader, DatasetError> {
    let mut file = open(path)?;
    if let Some(tiff) = TiffFile::read(&mut file, path)?
        && let Some(header) = tiff.header(path)?
    {
        return Ok(header);
    }
    let reader = reader(file, path)?;
    let header = guarded(|| {
        let told = |err: image::ImageError| err.to_string();
        let mut decoder = reader.into_decoder().map_err(told)?;
        check(&decoder)?;
        let (width, height) = decoder.dimensions();
        let color = decoder.color_type();
        let header = ImageHeader::new(
            Size::new(width, height),
            decoder.orientation().map_err(told)?,
            color.channel_count(),
            color.bits_per_pixel() / u16::from(color.channel_count()),
        );
        Ok((header, color))
    })
    .and_then(|read| read)
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
            Ok(tiff.header(false))
        }
    }
}

/// The colors of an image with a fourth band, without that band; `None` where the band is
/// opaque everywhere, or there is none.
pub(in crate::dataset) fn read_without_alpha(path: &Path) -> Result<Option<Rgb>, DatasetError> {
    let Decoded::Image(mut image, orientation) = decode_file(path)? else {
        return Ok(None);
    };
    image.apply_orientation(orientation);
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

#[cfg(test)]
mod tests {
    use super::super::{MaskReader, read_rgb};
    use super::*;

    /// The headers of formats of images, of a width and a height, with a few pixels behind them.
    fn headers(width: u32, height: u32) -> [(&'static str, Vec<u8>); 3] {
        let [short_width, short_height] =
            [width, height].map(|side| u16::try_from(side).expect("16 bits").to_le_bytes());
        let gif = [
            b"GIF89a".as_slice(),
            &short_width,
            &short_height,
            // Two colors; then a picture of the whole size whose codes end at once.
            &[0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2c, 0, 0, 0, 0],
            &short_width,
            &short_height,
            &[0, 2, 2, 0x4c, 1, 0, 0x3b],
        ]
        .concat();
        let bmp = [
            b"BM".as_slice(),
            &[54, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0],
            &width.to_le_bytes(),
            &height.to_le_bytes(),
            // One plane of 24 bits, not compressed.
            &[1, 0, 24, 0],
            &[0; 124],
        ]
        .concat();
        let pnm = [format!("P6 {width} {height} 255\n").as_bytes(), &[0; 99]].concat();
        [("a.gif", gif), ("a.bmp", bmp), ("a.ppm", pnm)]
    }

    /// Each name with the messages of a reading of its header and of its pixels as an image and as a mask.
    fn refusals(width: u32, height: u32) -> Vec<(&'static str, String)> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut told = Vec::new();
        for (name, bytes) in headers(width, height) {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            let mut refused = vec![
                read_image_header(&path).map(drop),
                read_rgb(&path).map(drop),
            ];
            if name != "a.ppm" {
                refused.push(MaskReader::default().read(&path).map(drop));
            }
            told.extend(refused.into_iter().map(|read| {
                let message = read.expect_err(name).to_string();
                assert!(message.contains(name), "{message}");
                (name, message)
            }));
        }
        told
    }

    #[test]
    fn images_that_are_too_large_are_told_with_their_size() {
        let wide = refusals(40_000, 20);
        assert_eq!(wide.len(), 8);
        for (_, message) in wide {
            let told = "its 40000x20 pixels are decoded at once, which may be 32768 a side at most";
            assert!(message.contains(told), "{message}");
        }
        for (_, message) in refusals(32_000, 32_000) {
            let told =
                "its 32000x32000 pixels are decoded at once and to RGB, which may take 1 GiB";
            assert!(message.contains(told), "{message}");
        }
    }
}
