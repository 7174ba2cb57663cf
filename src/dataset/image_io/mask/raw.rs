//! Mask files as they are, before labels are given a meaning.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use image::{DynamicImage, ImageFormat};
use png::{BitDepth, ColorType};
use tiff::decoder::DecodingResult;

use super::super::bands::{is_big_tiff, unusable_colors, unusable_samples};
use super::super::tiff_file::{TiffFile, TiffKind, small_enough};
use super::super::whole_tiff;
use super::super::{
    Decoded, MAX_DECODE_BYTES, MAX_SIDE, Samples,
    animation::{ANIMATED, is_animation},
    check_bytes, guarded, limits, open, read_error,
    refused::what_else,
};
use super::mask_error;
use crate::dataset::{DatasetError, Size};

/// What JPEG does to a mask.
const CHANGED: &str = "whose compression changes labels along edges. Export masks as PNG";

/// A mask file as it is, before labels are given a meaning.
pub(in crate::dataset) struct RawMask {
    pub width: u32,
    pub height: u32,
    pub pixels: RawPixels,
}

/// The samples of a mask file, row by row.
pub(in crate::dataset) enum RawPixels {
    /// Of indexed and grey files; the palette is there in indexed ones.
    Labels {
        samples: Vec<u8>,
        palette: Option<Vec<[u8; 3]>>,
    },
    /// Of RGB files.
    Colors(Vec<[u8; 3]>),
}

/// Reads the samples of a mask without giving them a meaning. The content decides about the
/// format, not the extension.
pub(in crate::dataset) fn read_raw(path: &Path) -> Result<RawMask, DatasetError> {
    let mut file = open(path)?;
    let mut start = Vec::new();
    file.by_ref()
        .take(256)
        .read_to_end(&mut start)
        .and_then(|_| file.rewind())
        .map_err(|err| read_error(path, err))?;
    let format = if is_big_tiff(&start) {
        Ok(ImageFormat::Tiff)
    } else {
        image::guess_format(&start)
    };
    let is_animation = is_animation(&mut file).map_err(|err| read_error(path, err))?;
    guarded(|| match format {
        _ if is_animation => Err(ANIMATED.to_owned()),
        Ok(ImageFormat::Png) => decode_png(file),
        Ok(ImageFormat::Tiff) => decode_tiff(file, path),
        Ok(format @ (ImageFormat::Bmp | ImageFormat::Gif)) => decode_other(file, format),
        Ok(ImageFormat::Jpeg) => Err(format!("it is a JPEG, {CHANGED}")),
        _ => Err(unknown_format(&start)),
    })
    .and_then(|decoded| decoded)
    .map_err(|reason| mask_error(path, reason))
}

fn unknown_format(start: &[u8]) -> String {
    let other =
        "it is not a PNG file, nor a BMP, TIFF or GIF. Export masks as 8-bit indexed or gray PNG";
    what_else(start).unwrap_or(other).to_owned()
}

fn decode_png(file: BufReader<File>) -> Result<RawMask, String> {
    let limits = png::Limits {
        bytes: usize::try_from(MAX_DECODE_BYTES).unwrap_or(usize::MAX),
    };
    let mut decoder = png::Decoder::new_with_limits(file, limits);
    // Indices and grey values are the labels, so nothing may be expanded or scaled.
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(|err| png_reason(&err))?;
    let (width, height) = reader.info().size();
    check_side(width, height)?;
    let palette = reader
        .info()
        .palette
        .as_ref()
        .map(|bytes| bytes.as_chunks().0.to_vec());
    let (color_type, bit_depth) = (reader.info().color_type, reader.info().bit_depth);
    let size = reader.output_buffer_size();
    let size = size.filter(|bytes| *bytes as u64 <= MAX_DECODE_BYTES);
    let size = size.ok_or_else(|| too_large(width, height))?;
    let mut data = vec![0; size];
    let frame = reader
        .next_frame(&mut data)
        .map_err(|err| png_reason(&err))?;
    let samples = |data: Vec<u8>| match bit_depth {
        BitDepth::Sixteen => eight_bits(
            data.as_chunks::<2>()
                .0
                .iter()
                .map(|bytes| u16::from_be_bytes(*bytes)),
        ),
        BitDepth::Eight => Ok(data),
        _ => Ok(unpack(&data, width, bit_depth, frame.line_size)),
    };
    let pixels = match color_type {
        ColorType::Indexed => RawPixels::Labels {
            samples: samples(data)?,
            palette,
        },
        ColorType::Grayscale => RawPixels::Labels {
            samples: samples(data)?,
            palette: None,
        },
        ColorType::Rgb => RawPixels::Colors(samples(data)?.as_chunks().0.to_vec()),
        ColorType::Rgba => RawPixels::Colors(
            samples(data)?
                .as_chunks()
                .0
                .iter()
                .map(|[red, green, blue, _]| [*red, *green, *blue])
                .collect(),
        ),
        ColorType::GrayscaleAlpha => opaque_gray(&samples(data)?, bit_depth)?,
    };
    Ok(RawMask {
        width,
        height,
        pixels,
    })
}

/// A TIFF; see [`TiffKind`].
fn decode_tiff(mut file: BufReader<File>, path: &Path) -> Result<RawMask, String> {
    let damaged = |err: DatasetError| match err {
        // Who reads the mask names it.
        DatasetError::Image { reason, .. } => reason,
        err => err.to_string(),
    };
    let tiff = TiffFile::read(&mut file, path).map_err(damaged)?;
    let Some(tiff) = tiff else {
        return decode_other(file, ImageFormat::Tiff);
    };
    if tiff.is_jpeg {
        return Err(format!("it is a TIFF of JPEGs, {CHANGED}"));
    }
    if tiff.kind == TiffKind::Indexed {
        let indexed = tiff.indexed(path).map_err(damaged)?;
        return Ok(RawMask {
            width: indexed.size.width,
            height: indexed.size.height,
            pixels: RawPixels::Labels {
                samples: indexed.indices,
                palette: Some(indexed.palette),
            },
        });
    }
    tiff.check_side(path).map_err(damaged)?;
    if let (true, Some(bits)) = (tiff.is_gray, few_bits(tiff.bits)) {
        return decode_few_bits(tiff.reader(file, path).map_err(damaged)?, bits, tiff.stored);
    }
    match whole_tiff::decode(&tiff, path).map_err(damaged)? {
        Some(Decoded::Image(image, _)) => of_image(image),
        Some(Decoded::Banded(bytes, tiff)) => of_bands(tiff.decode_colors(&bytes)?),
        None => decode_image(&tiff, file, path).and_then(of_image).map_err(|reason| {
            let bytes = small_enough(path).unwrap_or_default();
            let unusable = unusable_samples(&bytes).or_else(|| unusable_colors(&bytes));
            unusable.map_or(reason, |what| {
                format!(
                    "{what}, but labels are whole numbers from 0 to 255. Export masks as 8-bit indexed or gray PNG"
                )
            })
        }),
    }
}

/// The file as `image` decodes it.
fn decode_image(
    tiff: &TiffFile,
    file: BufReader<File>,
    path: &Path,
) -> Result<DynamicImage, String> {
    let decoded = super::super::decode_tiff(tiff, file, path);
    decoded.map(|(image, _)| image).map_err(|err| match err {
        DatasetError::Image { reason, .. } => format!("damaged TIFF: {reason}"),
        err => err.to_string(),
    })
}

fn few_bits(bits: u16) -> Option<BitDepth> {
    match bits {
        1 => Some(BitDepth::One),
        2 => Some(BitDepth::Two),
        4 => Some(BitDepth::Four),
        _ => None,
    }
}

/// A gray TIFF of fewer than 8 bits a sample, which `image` makes white and black, or refuses.
fn decode_few_bits(file: impl Read + Seek, bits: BitDepth, size: Size) -> Result<RawMask, String> {
    let damaged = |err: tiff::TiffError| format!("damaged TIFF: {err}");
    let mut limits = tiff::decoder::Limits::default();
    limits.decoding_buffer_size = MAX_DECODE_BYTES as usize;
    limits.intermediate_buffer_size = MAX_DECODE_BYTES as usize;
    let decoder = tiff::decoder::Decoder::new(file).map_err(damaged)?;
    let mut decoder = decoder.with_limits(limits);
    let (padded, _) = decoder.dimensions().map_err(damaged)?;
    let DecodingResult::U8(rows) = decoder.read_image().map_err(damaged)? else {
        return Err("damaged TIFF: its samples are of another size than said".to_owned());
    };
    let row = (padded as usize * bits as usize).div_ceil(8);
    let Size { width, height } = size;
    let rows = rows.get(..row * height as usize).unwrap_or_default();
    let samples = unpack(rows, width, bits, row);
    if samples.len() as u64 != u64::from(width) * u64::from(height) {
        return Err("damaged TIFF: it has too few pixels".to_owned());
    }
    Ok(RawMask {
        width,
        height,
        pixels: RawPixels::Labels {
            samples,
            palette: None,
        },
    })
}

/// The colors of a mask that has bands beside them.
fn of_bands(samples: Samples) -> Result<RawMask, String> {
    if samples.bits != 8 {
        return Err(format!(
            "its colors have {} bits. Export masks as 8-bit indexed or gray PNG",
            samples.bits
        ));
    }
    let color = |pixel: &[u16]| {
        let [red, green, blue] = [pixel[0], pixel[1], pixel[2]];
        [red, green, blue].map(|value| u8::try_from(value).unwrap_or(u8::MAX))
    };
    let pixels = samples.values.chunks_exact(samples.bands);
    Ok(RawMask {
        width: samples.size.width,
        height: samples.size.height,
        pixels: RawPixels::Colors(pixels.map(color).collect()),
    })
}

/// BMP, GIF, and most TIFFs. Their decoder turns indices into colors.
fn decode_other(file: BufReader<File>, format: ImageFormat) -> Result<RawMask, String> {
    let mut reader = image::ImageReader::with_format(file, format);
    reader.limits(limits());
    let damaged = |err: image::ImageError| format!("damaged {}: {err}", name(format));
    let decoder = reader.into_decoder().map_err(damaged)?;
    check_bytes(&decoder)?;
    of_image(DynamicImage::from_decoder(decoder).map_err(damaged)?)
}

fn of_image(image: DynamicImage) -> Result<RawMask, String> {
    let (width, height) = (image.width(), image.height());
    check_side(width, height)?;
    let pixels = match image {
        DynamicImage::ImageLuma8(gray) => RawPixels::Labels {
            samples: gray.into_raw(),
            palette: None,
        },
        DynamicImage::ImageLumaA8(gray) => opaque_gray(&gray.into_raw(), BitDepth::Eight)?,
        DynamicImage::ImageLuma16(gray) => RawPixels::Labels {
            samples: eight_bits(gray.into_raw().into_iter())?,
            palette: None,
        },
        DynamicImage::ImageRgb8(rgb) => RawPixels::Colors(rgb.into_raw().as_chunks().0.to_vec()),
        DynamicImage::ImageRgba8(rgba) => RawPixels::Colors(
            rgba.into_raw()
                .as_chunks()
                .0
                .iter()
                .map(|[red, green, blue, _]| [*red, *green, *blue])
                .collect(),
        ),
        other => {
            return Err(format!(
                "it has samples of the type {:?}. Export masks as 8-bit indexed or gray PNG",
                other.color()
            ));
        }
    };
    Ok(RawMask {
        width,
        height,
        pixels,
    })
}

fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Bmp => "BMP",
        ImageFormat::Tiff => "TIFF",
        _ => "GIF",
    }
}

fn check_side(width: u32, height: u32) -> Result<(), String> {
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(too_large(width, height));
    }
    Ok(())
}

fn too_large(width: u32, height: u32) -> String {
    format!("{width}x{height} pixels are more than can be read")
}

/// Labels of 16 bits, where all fit into 8.
fn eight_bits(samples: impl Iterator<Item = u16>) -> Result<Vec<u8>, String> {
    samples
        .map(|sample| {
            u8::try_from(sample).map_err(|_| {
                format!(
                    "it has 16 bits a sample and the value {sample}, but labels are at most 255. Export it with 8 bits"
                )
            })
        })
        .collect()
}

/// Gray values whose alpha says nothing.
fn opaque_gray(data: &[u8], bit_depth: BitDepth) -> Result<RawPixels, String> {
    let pairs = data.as_chunks::<2>().0;
    let opaque = u8::MAX;
    if bit_depth == BitDepth::Eight && pairs.iter().all(|[_, alpha]| *alpha == opaque) {
        return Ok(RawPixels::Labels {
            samples: pairs.iter().map(|[gray, _]| *gray).collect(),
            palette: None,
        });
    }
    Err("it is gray with transparency. Export it as an indexed or gray PNG".to_owned())
}

/// One byte a sample from rows that are packed to whole bytes, highest bits first.
fn unpack(data: &[u8], width: u32, bit_depth: BitDepth, line_size: usize) -> Vec<u8> {
    let bits = bit_depth as usize;
    let mask = (1u8 << bits) - 1;
    let sample = |row: &[u8], column: usize| {
        let bit = column * bits;
        (row[bit / 8] >> (8 - bits - bit % 8)) & mask
    };
    data.chunks_exact(line_size.max(1))
        .flat_map(|row| (0..width as usize).map(move |column| sample(row, column)))
        .collect()
}

fn png_reason(err: &png::DecodingError) -> String {
    format!("damaged PNG: {err}. Export the mask again")
}
