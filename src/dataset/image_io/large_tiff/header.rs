//! Where the strips or tiles of a TIFF are, and what is in them.

use std::io::{Read, Seek};

use image::metadata::Orientation;
use tiff::ColorType;
use tiff::decoder::{ChunkType, Decoder};
use tiff::tags::Tag;

use super::Kind;
use crate::dataset::Size;
use crate::dataset::image_io::MOST_BANDS;

/// The compression that modern files of photographs have.
const JPEG: u32 = 7;

/// What a header says, where the file can be decoded in parts.
pub(super) struct Header {
    pub kind: Kind,
    pub orientation: Orientation,
    pub bands: usize,
    pub bits: u8,
    pub layout: Layout,
    /// Where the last strip or tile ends in the file.
    pub end: u64,
}

/// Where the strips or tiles are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// Of a strip or tile.
    pub chunk: Size,
    /// Of them side by side.
    pub across: u32,
    /// Of a band, where each lies by itself.
    pub per_plane: u32,
    pub is_planar: bool,
    /// Bytes of a decoded one.
    pub bytes: u64,
    /// Rows that are read from the only strip, which is not compressed and too large to be read at once.
    pub rows: Option<RowsOfStrip>,
}

/// A strip that is read in groups of rows, as it lies in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowsOfStrip {
    /// Where it starts in the file.
    pub start: u64,
    /// Bytes of a row.
    pub row: u64,
    /// Rows of the image.
    pub height: u32,
    /// Bits of a sample.
    pub bits: u8,
    /// Whether 0 is white.
    pub is_white_zero: bool,
}

impl Header {
    /// # Errors
    /// Why the file is decoded as a whole.
    pub fn read(
        decoder: &mut Decoder<impl Read + Seek>,
        size: Size,
        most: u64,
    ) -> Result<Self, String> {
        let unusual = |_: tiff::TiffError| "its header is unusual".to_owned();
        let mut number = |tag| -> Result<Option<u32>, String> {
            decoder.find_tag_unsigned::<u32>(tag).map_err(unusual)
        };
        let turned = number(Tag::Orientation)?.and_then(|turned| u8::try_from(turned).ok());
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
            Ok(ColorType::YCbCr(8)) if compression == JPEG && !is_planar => (Kind::YCbCr, 3, 8),
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
            let why = match photometric {
                Some(3) => "its colors are indexed",
                _ => "its samples are not 8 or 16 bits of gray, RGB or RGBA",
            };
            return Err(why.to_owned());
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
        let mut chunk = match decoder.get_chunk_type() {
            // What is behind the edge is decoded, too.
            ChunkType::Tile => Size::new(width, height),
            ChunkType::Strip => Size::new(width, height.min(size.height)),
        };
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
            orientation: turned
                .and_then(Orientation::from_exif)
                .unwrap_or(Orientation::NoTransforms),
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
