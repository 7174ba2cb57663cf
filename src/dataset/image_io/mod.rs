//! Pictures and label maps as files: decoding, checking, and writing whole files.
//!
//! Knows file formats. Must not know about dataset layouts, lists or batches.

mod animation;
mod bands;
mod facts;
mod guarded;
mod header;
mod jpeg;
mod large_tiff;
mod mask;
mod pixels;
mod refused;
#[cfg(test)]
pub(super) mod test_jpeg;
mod tiff_file;
mod tiff_pages;
mod whole_tiff;
mod write;

#[cfg(test)]
pub(super) use bands::test_tiff;
pub use bands::{BandChoice, ImageReading, MOST_BANDS, RangeChoice};
pub(super) use bands::{extremes, measure};
pub(super) use facts::{read_image_header, read_without_alpha};
pub(super) use header::ImageHeader;
pub use mask::{MaskColors, MaskReader, large_masks_differ};
pub(super) use mask::{RawPixels, check_large_mask, check_sizes, read_raw};
pub use pixels::{ImageFacts, Pixels};
pub use write::{
    encode_index_png, encode_rgb_png, encode_rgb_rows, paint_mask, write_index_png, write_rgb_png,
};

use crate::dataset::Size;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read as _, Seek};
use std::path::Path;

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::DatasetError;
use crate::files::{FileError, open_regular};
use bands::{BandedTiff, Samples, is_big_tiff, needs_16_bits};
use guarded::guarded;
use tiff_file::{TiffFile, refused_tiff};

/// Extensions of images that can be read, in lower case.
pub const IMAGE_EXTENSIONS: &[&str] = &[
    "png", "jpg", "jpeg", "jfif", "jpe", "bmp", "tif", "tiff", "webp", "gif", "ppm", "pgm", "pbm",
    "pnm",
];

/// Extensions of masks that can be read, in lower case.
pub(super) const MASK_EXTENSIONS: &[&str] = &["png", "bmp", "tif", "tiff", "gif"];

/// The longest side that is read, in pixels. Larger files are damaged headers
/// far more often than pictures.
const MAX_SIDE: u32 = 32_768;
/// The most memory one decoder may take, in bytes.
const MAX_DECODE_BYTES: u64 = 1 << 30;

/// An RGB image, row by row, 3 bytes a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rgb {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `[height, width, 3]`, each 0..=255.
    pub pixels: Vec<u8>,
}

impl Rgb {
    /// Width and height.
    pub fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

/// A label per pixel, row by row; [`VOID`](super::VOID) where nothing is labeled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMap {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `[height, width]`, a class's label or 255.
    pub labels: Vec<u8>,
}

impl LabelMap {
    /// Width and height.
    pub fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

/// Reads an image of any supported format, known by its content rather than by
/// its extension. The camera's orientation is applied, transparency is laid on
/// white, deeper samples are reduced to 8 bits.
///
/// # Errors
/// [`DatasetError::File`] when the file cannot be opened, [`DatasetError::Image`]
/// when it cannot be decoded or is cut off.
pub fn read_rgb(path: &Path) -> Result<Rgb, DatasetError> {
    let (mut image, orientation) = match decode_file(path)? {
        Decoded::Image(image, orientation) => (image, orientation),
        Decoded::Banded(bytes, tiff) => {
            let samples = tiff.decode_colors(&bytes);
            return samples
                .and_then(|samples| ImageReading::default().colors(samples, tiff.orientation))
                .map_err(|reason| image_error(path, reason));
        }
    };
    image.apply_orientation(orientation);
    let (width, height) = (image.width(), image.height());
    Ok(Rgb {
        width,
        height,
        pixels: opaque_pixels(image),
    })
}

/// A file that was read.
enum Decoded {
    Image(DynamicImage, Orientation),
    /// Bands that mean no colors by themselves, not decoded yet.
    Banded(Vec<u8>, Box<BandedTiff>),
}

fn decode_file(path: &Path) -> Result<Decoded, DatasetError> {
    let mut file = open(path)?;
    let is_jpeg = file
        .fill_buf()
        .map_err(|err| read_error(path, err))?
        .starts_with(&[0xff, 0xd8]);
    let (image, orientation) = if is_jpeg {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|err| read_error(path, err))?;
        if jpeg::has_unmarked_inks(&bytes) {
            return Err(image_error(path, jpeg::UNMARKED_INKS.to_owned()));
        }
        let reader = reader(Cursor::new(bytes.as_slice()), path)?;
        let decoded =
            decode(reader, path).map_err(|err| match jpeg::refused_as_cut_off(&bytes) {
                Some(reason) => image_error(path, reason),
                None => err,
            })?;
        if let Some(reason) = jpeg::cut_off(&bytes, &decoded.0) {
            return Err(image_error(path, reason));
        }
        decoded
    } else {
        let tiff = TiffFile::read(&mut file, path)?;
        if let Some(decoded) = tiff
            .as_ref()
            .map(|tiff| whole_tiff::decode(tiff, path))
            .transpose()?
            .flatten()
        {
            return Ok(decoded);
        }
        let decoded = match tiff {
            Some(tiff) => decode_tiff(&tiff, file, path),
            None => decode(reader(file, path)?, path),
        };
        match decoded {
            Err(err) => {
                let (bytes, tiff) = refused_tiff(path, err)?;
                return Ok(Decoded::Banded(bytes, Box::new(tiff)));
            }
            decoded => decoded?,
        }
    };
    check_samples(image.color(), path)?;
    if image.width() == 0 || image.height() == 0 {
        return Err(image_error(path, "it has no pixels".to_owned()));
    }
    Ok(Decoded::Image(image, orientation))
}

/// An error for samples that would be made 8 bits as if they were shares of white.
fn check_samples(color: ColorType, path: &Path) -> Result<(), DatasetError> {
    if matches!(color, ColorType::Rgb32F | ColorType::Rgba32F) {
        let samples = "its samples are floating-point numbers of 32 bits";
        return Err(image_error(path, needs_16_bits(samples)));
    }
    Ok(())
}

/// A TIFF that `image` decodes, whose tiles may reach over the edge.
fn decode_tiff(
    tiff: &TiffFile,
    file: BufReader<File>,
    path: &Path,
) -> Result<(DynamicImage, Orientation), DatasetError> {
    tiff.check_side(path)?;
    let mut reader = ImageReader::with_format(tiff.reader(file, path)?, ImageFormat::Tiff);
    reader.limits(limits());
    let (image, orientation) = decode(reader, path)?;
    Ok((tiff.without_padding(image), orientation))
}

fn decode(
    reader: ImageReader<impl BufRead + Seek>,
    path: &Path,
) -> Result<(DynamicImage, Orientation), DatasetError> {
    let told = |err: image::ImageError| err.to_string();
    guarded(|| {
        let mut decoder = reader.into_decoder().map_err(told)?;
        check_bytes(&decoder)?;
        let orientation = decoder.orientation().map_err(told)?;
        let image = DynamicImage::from_decoder(decoder).map_err(told)?;
        Ok((image, orientation))
    })
    .and_then(|decoded| decoded)
    .map_err(|reason| image_error(path, reason))
}

/// A header of a few bytes can announce pixels for which there is no memory: as they are stored, or as RGB.
fn check_bytes(decoder: &dyn ImageDecoder) -> Result<(), String> {
    let (width, height) = decoder.dimensions();
    let size = Size::new(width, height);
    if width.max(height) > MAX_SIDE {
        return Err(format!(
            "its {size} pixels are decoded at once, which may be {MAX_SIDE} a side at most. Make it smaller or cut it into several files"
        ));
    }
    if decoder.total_bytes().max(3 * size.pixels()) <= MAX_DECODE_BYTES {
        return Ok(());
    }
    Err(format!(
        "its {size} pixels are decoded at once and to RGB, which may take 1 GiB at most. Make it smaller or cut it into several files"
    ))
}

/// Reads only the header: the size as [`read_rgb`] would give it.
pub fn read_image_size(path: &Path) -> Result<Size, DatasetError> {
    Ok(read_image_header(path)?.size)
}

/// Reads only the header: the size as the pixels are stored.
fn read_stored_size(path: &Path) -> Result<Size, DatasetError> {
    Ok(facts::read_any_header(path)?.stored)
}

fn reader<R: BufRead + Seek>(mut file: R, path: &Path) -> Result<ImageReader<R>, DatasetError> {
    let start = file.fill_buf().map_err(|err| read_error(path, err))?;
    // The decoder reads these too, but does not recognize them.
    let is_big_tiff = is_big_tiff(start);
    let other = refused::what_else(start);
    if animation::is_animation(&mut file).map_err(|err| read_error(path, err))? {
        return Err(image_error(path, animation::ANIMATED.to_owned()));
    }
    let mut reader = ImageReader::new(file)
        .with_guessed_format()
        .map_err(|err| read_error(path, err))?;
    if is_big_tiff {
        reader.set_format(ImageFormat::Tiff);
    } else if reader.format().is_none() {
        let reason = other.unwrap_or("it is not a PNG, JPEG, BMP, TIFF, WebP, GIF or PNM file");
        return Err(image_error(path, reason.to_owned()));
    }
    reader.limits(limits());
    Ok(reader)
}

/// Of memory alone: decoders refuse sides without saying which they are, [`check_bytes`] names them.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODE_BYTES);
    limits
}

/// The image's RGB bytes, laid on white where it is transparent.
fn opaque_pixels(image: DynamicImage) -> Vec<u8> {
    if !image.color().has_alpha() {
        return image.into_rgb8().into_raw();
    }
    let on_white = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
    };
    image
        .into_rgba8()
        .pixels()
        .flat_map(|pixel| {
            let [red, green, blue, alpha] = pixel.0;
            [
                on_white(red, alpha),
                on_white(green, alpha),
                on_white(blue, alpha),
            ]
        })
        .collect()
}

fn open(path: &Path) -> Result<BufReader<File>, DatasetError> {
    let file = open_regular(path).map_err(|err| read_error(path, err))?;
    Ok(BufReader::new(file))
}

pub(super) fn read_error(path: &Path, source: std::io::Error) -> DatasetError {
    FileError::read(path)(source).into()
}

fn image_error(path: &Path, reason: String) -> DatasetError {
    DatasetError::Image {
        path: path.to_owned(),
        // Those of decoders have line breaks.
        reason: reason.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rgb_image_comes_back_as_written() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        // The wrong extension on purpose: the content decides.
        let path = dir.path().join("picture.jpg");
        let rgb = Rgb {
            width: 2,
            height: 1,
            pixels: vec![1, 2, 3, 250, 251, 252],
        };
        write_rgb_png(&path, &rgb).expect("written");
        assert_eq!(read_rgb(&path).expect("read"), rgb);
        assert_eq!(read_image_size(&path).expect("read"), Size::new(2, 1));
        assert_eq!(
            std::fs::read_dir(dir.path()).expect("listed").count(),
            1,
            "no scratch file is left"
        );
    }

    #[test]
    fn transparency_is_laid_on_white() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("alpha.png");
        let image = image::RgbaImage::from_raw(2, 1, vec![10, 20, 30, 0, 10, 20, 30, 255])
            .expect("two pixels");
        image.save(&path).expect("written");
        assert_eq!(
            read_rgb(&path).expect("read").pixels,
            [255, 255, 255, 10, 20, 30]
        );
    }

    #[test]
    fn sixteen_bit_images_are_reduced() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("deep.png");
        let deep = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(1, 1, vec![0xffff_u16])
            .expect("one pixel");
        DynamicImage::ImageLuma16(deep)
            .save(&path)
            .expect("written");
        assert_eq!(read_rgb(&path).expect("read").pixels, [255, 255, 255]);
    }

    #[test]
    fn damaged_and_missing_images_name_the_file() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let missing = dir.path().join("missing.png");
        assert!(
            read_rgb(&missing)
                .unwrap_err()
                .to_string()
                .contains("missing.png")
        );
        let text = dir.path().join("text.png");
        std::fs::write(&text, "no picture").expect("written");
        assert!(matches!(read_rgb(&text), Err(DatasetError::Image { .. })));
        let cut = dir.path().join("cut.png");
        write_rgb_png(
            &cut,
            &Rgb {
                width: 64,
                height: 64,
                pixels: (0..64 * 64 * 3).map(|i| (i * 7 % 251) as u8).collect(),
            },
        )
        .expect("written");
        let bytes = std::fs::read(&cut).expect("read");
        std::fs::write(&cut, &bytes[..bytes.len() / 2]).expect("written");
        let err = read_rgb(&cut).unwrap_err();
        assert!(matches!(err, DatasetError::Image { .. }), "{err}");
        assert!(err.to_string().contains("cut.png"));
    }
}
