//! Large TIFF files, of which parts are decoded as they are asked for: a whole slide or a satellite's
//! scene need not fit into the memory.
//!
//! Strips and tiles are decoded one by one, and the last ones are kept. What cannot be decoded so is
//! decoded as a whole, as other files are.

mod chunks;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use image::DynamicImage;
use tiff::ColorType;
use tiff::decoder::{ChunkType, Decoder, Limits};
use tiff::tags::Tag;

use super::bands::{MOST_BANDS, Samples};
use super::{guarded, image_error, open, read_error};
use crate::dataset::{Area, DatasetError, Size};
use chunks::{Chunks, RowsOfStrip};

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
        let mut file = open(path)?;
        let length = file
            .seek(SeekFrom::End(0))
            .and_then(|length| file.rewind().map(|()| length))
            .map_err(|err| read_error(path, err))?;
        // Whatever is wrong with the header is told by who reads the whole.
        let Ok(Ok(mut decoder)) = guarded(|| Decoder::new(file)) else {
            return Ok(Found::Whole(None));
        };
        let Ok((width, height)) = decoder.dimensions() else {
            return Ok(Found::Whole(None));
        };
        let size = Size::new(width, height);
        if size.pixels() < bounds.least {
            return Ok(Found::Whole(None));
        }
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
            bands,
            bits,
            layout,
            ..
        } = header;
        Ok(Found::Parts(Box::new(Self {
            path: path.to_owned(),
            size,
            kind,
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

/// What a header says, where the file can be decoded in parts.
struct Header {
    kind: Kind,
    bands: usize,
    bits: u8,
    layout: Layout,
    /// Where the last strip or tile ends in the file.
    end: u64,
}

/// Where the strips or tiles are.
#[derive(Debug, Clone, Copy)]
struct Layout {
    /// Of a strip or tile.
    chunk: Size,
    /// Of them side by side.
    across: u32,
    /// Of a band, where each lies by itself.
    per_plane: u32,
    is_planar: bool,
    /// Bytes of a decoded one.
    bytes: u64,
    /// Rows that are read from the only strip, which is not compressed and too large to be read at once.
    rows: Option<RowsOfStrip>,
}

impl Header {
    /// # Errors
    /// Why the file is decoded as a whole.
    fn read(decoder: &mut Decoder<BufReader<File>>, size: Size, most: u64) -> Result<Self, String> {
        let unusual = |_: tiff::TiffError| "its header is unusual".to_owned();
        let mut number = |tag| -> Result<Option<u32>, String> {
            decoder.find_tag_unsigned::<u32>(tag).map_err(unusual)
        };
        if number(Tag::Orientation)?.is_some_and(|turned| turned != 1) {
            return Err("it is to be turned or mirrored, as its orientation says".to_owned());
        }
        let samples = number(Tag::SamplesPerPixel)?.unwrap_or(1) as usize;
        let photometric = number(Tag::PhotometricInterpretation)?;
        let is_planar = number(Tag::PlanarConfiguration)? == Some(2);
        let compression = number(Tag::Compression)?.unwrap_or(1);
        let predictor = number(Tag::Predictor)?.unwrap_or(1);
        let formats = decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat);
        let formats = formats.map_err(unusual)?.unwrap_or_default();
        let (kind, bands, bits) = match decoder.colortype() {
            Ok(ColorType::Gray(bits)) => (Kind::Gray, 1, bits),
            Ok(ColorType::RGB(bits)) => (Kind::Rgb, 3, bits),
            Ok(ColorType::RGBA(bits)) => (Kind::Rgba, 4, bits),
            // The decoder does not invert them.
            Ok(ColorType::Multiband {
                bit_depth,
                num_samples,
            }) if photometric == Some(1) && num_samples <= u16::from(MOST_BANDS) => {
                (Kind::Bands, usize::from(num_samples), bit_depth)
            }
            _ => (Kind::Bands, 0, 0),
        };
        let is_usual = matches!(bits, 8 | 16)
            && samples == bands
            && formats.iter().all(|format| *format == 1)
            && predictor <= 2;
        if !is_usual {
            return Err("its samples are not 8 or 16 bits of gray, RGB or RGBA".to_owned());
        }
        let (offsets, lengths) = match decoder.get_chunk_type() {
            ChunkType::Strip => (Tag::StripOffsets, Tag::StripByteCounts),
            ChunkType::Tile => (Tag::TileOffsets, Tag::TileByteCounts),
        };
        let offsets = decoder.get_tag_u64_vec(offsets).map_err(unusual)?;
        let lengths = decoder.get_tag_u64_vec(lengths).map_err(unusual)?;
        let ends = offsets.iter().zip(&lengths);
        let end = ends.map(|(start, length)| start.saturating_add(*length));
        let mut end = end.max().unwrap_or_default();
        let (width, height) = decoder.chunk_dimensions();
        let mut chunk = Size::new(width, height.min(size.height));
        let in_chunk = if is_planar { 1 } else { bands };
        let pixel = in_chunk as u64 * u64::from(bits / 8);
        let mut rows = None;
        if chunk.pixels().saturating_mul(pixel) > most {
            let is_readable = offsets.len() == 1 && compression == 1 && predictor == 1;
            if !is_readable {
                return Err(too_large(offsets.len(), chunk, most));
            }
            let row = u64::from(width) * pixel;
            // The header may say that the strip is shorter than its rows are.
            end = end.max(offsets[0].saturating_add(row.saturating_mul(u64::from(size.height))));
            chunk.height = u32::try_from(most / row.max(1)).unwrap_or(1).max(1);
            rows = Some(RowsOfStrip {
                start: offsets[0],
                row,
                height: size.height,
                bits,
                is_white_zero: photometric == Some(0),
            });
        }
        let across = size.width.div_ceil(chunk.width.max(1));
        let down = size.height.div_ceil(chunk.height.max(1));
        let layout = Layout {
            chunk,
            across,
            per_plane: across.saturating_mul(down),
            is_planar,
            bytes: chunk.pixels() * pixel,
            rows,
        };
        Ok(Self {
            kind,
            bands,
            bits,
            layout,
            end,
        })
    }
}

/// Why strips or tiles of this size are not decoded one by one.
fn too_large(count: usize, chunk: Size, most: u64) -> String {
    if count == 1 {
        return "it is one compressed strip".to_owned();
    }
    format!(
        "its strips or tiles of {chunk} pixels take over {} MiB each",
        most >> 20
    )
}
