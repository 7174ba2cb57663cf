//! Large TIFF files, of which parts are decoded as they are asked for: a whole slide or a satellite's
//! scene need not fit into the memory.
//!
//! Strips and tiles are decoded one by one, and the last ones are kept. What cannot be decoded so is
//! decoded as a whole, as other files are.

mod chunks;
mod header;
#[cfg(test)]
mod tests;

use std::io::{Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use image::DynamicImage;
use image::metadata::Orientation;
use tiff::decoder::{Decoder, Limits};

use super::bands::{Samples, must_choose};
use super::tiff_file::TiffFile;
use super::{MAX_DECODE_BYTES, guarded, image_error, open, read_error};
use crate::dataset::{Area, DatasetError, Size};
use chunks::Chunks;
use header::Header;

/// The most pixels of a file that is decoded in parts: the mask takes a byte for each.
const MAX_PIXELS: u64 = 1 << 31;
/// What is decoded in parts, and what that may take.
pub(super) const BOUNDS: Bounds = Bounds {
    least: 32_000_000,
    chunk: 16 << 20,
    kept: 32 << 20,
    block: 4 << 20,
};
/// Bytes that such a file takes at most, beside the part that was asked for: what is kept, a chunk that is
/// being decoded, and a block with its colors.
pub(super) const HELD: u64 = BOUNDS.kept + BOUNDS.chunk + 4 * BOUNDS.block;

/// A file of any size, of which nothing is kept.
const AT_ONCE: Bounds = Bounds {
    least: 0,
    chunk: MAX_DECODE_BYTES,
    kept: 0,
    block: MAX_DECODE_BYTES,
};

/// What is decoded in parts, and what that may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Files with fewer pixels are decoded as a whole: that is faster, and takes little.
    pub least: u64,
    /// The most bytes of a decoded strip or tile.
    pub chunk: u64,
    /// Bytes of decoded strips and tiles that are kept.
    pub kept: u64,
    /// Bytes of samples that become colors at a time.
    pub block: u64,
}

/// How a TIFF can be decoded.
pub(super) enum Found {
    Parts(Box<LargeTiff>),
    /// As other files are; with the size and the reason where it is a large one.
    Whole(Option<(Size, String)>),
}

/// What the samples of a pixel are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gray,
    Rgb,
    Rgba,
    /// Brightness and two differences of colors, as JPEG has them.
    YCbCr,
    /// Bands of which nothing says what they mean.
    Bands,
}

/// Samples of a part of an image.
pub(super) enum Part {
    Colors(DynamicImage),
    Bands(Samples),
}

/// A file that is decoded in parts.
pub(super) struct LargeTiff {
    path: PathBuf,
    pub size: Size,
    kind: Kind,
    orientation: Orientation,
    /// Samples of a pixel, and bits of each: 8 or 16.
    pub bands: usize,
    bits: u8,
    bounds: Bounds,
    chunks: Mutex<Chunks>,
}

impl LargeTiff {
    /// Looks at the header of a file.
    ///
    /// # Errors
    /// When the file cannot be opened, is cut off, or has too many pixels.
    pub fn find(path: &Path, bounds: Bounds) -> Result<Found, DatasetError> {
        let found = Self::open(path, bounds)?;
        Ok(match found {
            Found::Parts(tiff) if tiff.orientation != Orientation::NoTransforms => {
                let turned = "it is to be turned or mirrored, as its orientation says";
                Found::Whole(Some((tiff.size, turned.to_owned())))
            }
            found => found,
        })
    }

    /// All pixels of a file of any size, and how they are to be turned: of one that `image` does not decode.
    ///
    /// # Errors
    /// Those of [`find`](Self::find), and when it cannot be decoded.
    pub fn read_whole(path: &Path) -> Result<(DynamicImage, Orientation), DatasetError> {
        let tiff = match Self::open(path, AT_ONCE)? {
            Found::Parts(tiff) => tiff,
            Found::Whole(reason) => {
                let reason = reason.map_or_else(|| "its header is damaged".to_owned(), |(_, r)| r);
                return Err(image_error(path, reason));
            }
        };
        match tiff.block(Area::whole(tiff.size)) {
            Ok(Part::Colors(image)) => Ok((image, tiff.orientation)),
            Ok(Part::Bands(samples)) => Err(image_error(path, must_choose(samples.bands))),
            Err(reason) => Err(image_error(path, reason)),
        }
    }

    fn open(path: &Path, bounds: Bounds) -> Result<Found, DatasetError> {
        let mut file = open(path)?;
        let length = file
            .seek(SeekFrom::End(0))
            .and_then(|length| file.rewind().map(|()| length))
            .map_err(|err| read_error(path, err))?;
        // Whatever is wrong with the header is told by who reads the whole.
        let Some(tiff) = TiffFile::read(&mut file, path)? else {
            return Ok(Found::Whole(None));
        };
        let size = tiff.stored;
        if size.pixels() < bounds.least {
            return Ok(Found::Whole(None));
        }
        let reader = tiff.reader(file, path)?;
        let Ok(Ok(mut decoder)) = guarded(|| Decoder::new(reader)) else {
            return Ok(Found::Whole(None));
        };
        let header =
            guarded(|| Header::read(&mut decoder, size, bounds.chunk)).and_then(|header| header);
        let header = match header {
            Ok(header) => header,
            Err(reason) => return Ok(Found::Whole(Some((size, reason)))),
        };
        if header.end > length {
            return Err(image_error(
                path,
                format!(
                    "it is cut off: it has {length} bytes, and its pixels go up to byte {}. Copy or save it again",
                    header.end
                ),
            ));
        }
        if size.pixels() > MAX_PIXELS {
            return Err(image_error(
                path,
                format!(
                    "it has {size} pixels, and at most {MAX_PIXELS} can be read. Cut it into several files"
                ),
            ));
        }
        let mut limits = Limits::default();
        limits.decoding_buffer_size = bounds.chunk as usize;
        limits.intermediate_buffer_size = 2 * bounds.chunk as usize;
        let Header {
            kind,
            orientation,
            bands,
            bits,
            layout,
            ..
        } = header;
        Ok(Found::Parts(Box::new(Self {
            path: path.to_owned(),
            size,
            kind,
            orientation,
            bands,
            bits,
            bounds,
            chunks: Mutex::new(Chunks::new(
                decoder.with_limits(limits),
                (layout, bounds.kept),
            )),
        })))
    }

    /// Bits of a sample.
    pub fn bits(&self) -> u16 {
        u16::from(self.bits)
    }

    /// Whether the format says what the samples are.
    pub fn has_colors(&self) -> bool {
        self.kind != Kind::Bands
    }

    /// The samples of a part of the image block by block, from the top.
    pub fn blocks(
        &self,
        area: Area,
        mut take: impl FnMut(Part) -> Result<(), String>,
    ) -> Result<(), DatasetError> {
        let row = u64::from(area.size.width) * self.bands as u64 * u64::from(self.bits / 8);
        let rows = u32::try_from(self.bounds.block / row.max(1)).unwrap_or(u32::MAX);
        for block in area.bands(rows.max(1)) {
            self.block(block)
                .and_then(&mut take)
                .map_err(|reason| image_error(&self.path, reason))?;
        }
        Ok(())
    }

    fn block(&self, area: Area) -> Result<Part, String> {
        // Not longer than for a block: the window and the network take turns.
        let mut chunks = self.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        let Size { width, height } = area.size;
        let missing = || "it has no pixels".to_owned();
        if self.kind == Kind::Bands {
            let values = match self.bits {
                8 => {
                    let values: Vec<u8> = chunks.samples(area, self.bands)?;
                    values.into_iter().map(u16::from).collect()
                }
                _ => chunks.samples(area, self.bands)?,
            };
            return Ok(Part::Bands(Samples {
                size: area.size,
                bands: self.bands,
                bits: self.bits(),
                values,
            }));
        }
        let image = if self.bits == 8 {
            let values: Vec<u8> = chunks.samples(area, self.bands)?;
            match self.kind {
                Kind::Gray => from_raw(width, height, values).map(DynamicImage::ImageLuma8),
                Kind::YCbCr => from_raw(width, height, to_rgb(values)).map(DynamicImage::ImageRgb8),
                Kind::Rgb => from_raw(width, height, values).map(DynamicImage::ImageRgb8),
                _ => from_raw(width, height, values).map(DynamicImage::ImageRgba8),
            }
        } else {
            let values: Vec<u16> = chunks.samples(area, self.bands)?;
            match self.kind {
                Kind::Gray => from_raw(width, height, values).map(DynamicImage::ImageLuma16),
                Kind::Rgb => from_raw(width, height, values).map(DynamicImage::ImageRgb16),
                _ => from_raw(width, height, values).map(DynamicImage::ImageRgba16),
            }
        };
        image.map(Part::Colors).ok_or_else(missing)
    }
}

fn from_raw<P: image::Pixel>(
    width: u32,
    height: u32,
    values: Vec<P::Subpixel>,
) -> Option<image::ImageBuffer<P, Vec<P::Subpixel>>> {
    image::ImageBuffer::from_raw(width, height, values)
}

/// Red, green and blue of brightness and differences of colors (JFIF 1.02), in place.
fn to_rgb(mut values: Vec<u8>) -> Vec<u8> {
    for pixel in values.chunks_exact_mut(3) {
        let [y, blue, red] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
        let (blue, red) = (blue - 128.0, red - 128.0);
        let colors = [
            y + 1.402 * red,
            y - 0.344_136 * blue - 0.714_136 * red,
            y + 1.772 * blue,
        ];
        for (value, color) in pixel.iter_mut().zip(colors) {
            *value = color.round().clamp(0.0, 255.0) as u8;
        }
    }
    values
}
