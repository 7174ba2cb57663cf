//! TIFF files: what one is, and so who decodes it. `image` does not know all that the format has.

mod padded;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _};
use std::path::Path;

use image::DynamicImage;
use image::metadata::Orientation;
use tiff::decoder::{ChunkType, Decoder};
use tiff::tags::Tag;

pub(super) use padded::Padded;

use super::bands::{
    BandedTiff, Indexed, is_big_tiff, needs_16_bits, unusable_colors, unusable_samples,
};
use super::header::ImageHeader;
use super::tiff_pages;
use super::{MAX_DECODE_BYTES, MAX_SIDE, guarded, image_error, read_error};
use crate::dataset::{DatasetError, Size};

/// Numbers of the format.
/// 0 = white is zero, which the decoder turns round.
const BLACK_IS_ZERO: u32 = 1;
const RGB: u32 = 2;
const PALETTE: u32 = 3;
const YCBCR: u32 = 6;
const LZW: u32 = 5;
const JPEG: [u32; 2] = [6, 7];
const WHOLE_NUMBERS: u16 = 1;

/// Of files that are not decoded part by part.
fn too_large(size: Size) -> String {
    format!(
        "its {size} pixels are decoded at once, which may take 1 GiB and {MAX_SIDE} pixels a side at most. Make it \
         smaller, or cut it into several files"
    )
}

/// Who decodes a TIFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TiffKind {
    /// `image`, or it says why it cannot.
    Usual,
    /// `BandedTiff`: it has bands beside those of its colors, RGB and near infrared, say. `image` leaves them
    /// out, but gets pixels wrong where tiles reach over the edge, or a predictor was used.
    Banded,
    /// `LargeTiff`, strip by strip or tile by tile: its colors are stored as JPEG has them, which `image` refuses, or
    /// its tiles are compressed with LZW, of which `image` finds no end where it reads them row by row.
    InChunks,
    /// `Indexed`: a color is a number.
    Indexed,
}

/// What the header of a TIFF says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TiffFile {
    pub kind: TiffKind,
    /// As the pixels are stored.
    pub stored: Size,
    pub orientation: Orientation,
    /// Samples of a pixel as it is decoded, and bits of each.
    pub bands: u8,
    pub bits: u16,
    /// Whether its samples are shades of gray.
    pub is_gray: bool,
    /// Whether its samples went through JPEG, which changes them.
    pub is_jpeg: bool,
    /// Columns and rows of a tile; `None` = it is in strips.
    tile: Option<Size>,
}

impl TiffFile {
    /// That of a file, which is at its start again afterwards; `None` = it is no TIFF, or a damaged one.
    ///
    /// # Errors
    /// When it cannot be read, or is a stack of pictures: nothing in it says which of them is meant.
    pub fn read(file: &mut BufReader<File>, path: &Path) -> Result<Option<Self>, DatasetError> {
        let start = file.fill_buf().map_err(|err| read_error(path, err))?;
        let is_tiff = [b"II*\0", b"MM\0*"]
            .iter()
            .any(|mark| start.starts_with(*mark));
        if !is_tiff && !is_big_tiff(start) {
            return Ok(None);
        }
        let pages = tiff_pages::pages(file);
        if pages > 1 {
            let reason = format!(
                "it is a stack of {pages} pages, and an image or a mask is one picture. Save the page that is meant as a \
                 file of its own"
            );
            return Err(image_error(path, reason));
        }
        file.rewind().map_err(|err| read_error(path, err))?;
        let found = guarded(|| Self::parse(file));
        file.rewind().map_err(|err| read_error(path, err))?;
        Ok(found.ok().flatten())
    }

    fn parse(file: &mut BufReader<File>) -> Option<Self> {
        let mut decoder = Decoder::new(file).ok()?;
        let (width, height) = decoder.dimensions().ok()?;
        let mut number = |tag| decoder.find_tag_unsigned::<u32>(tag).ok().flatten();
        let photometric = number(Tag::PhotometricInterpretation)?;
        let compression = number(Tag::Compression).unwrap_or(1);
        let samples = number(Tag::SamplesPerPixel).unwrap_or(1);
        let is_planar = number(Tag::PlanarConfiguration) == Some(2);
        let predictor = number(Tag::Predictor).unwrap_or(1);
        let turned = number(Tag::Orientation).and_then(|value| u8::try_from(value).ok());
        let mut numbers = |tag| {
            let found = decoder.find_tag_unsigned_vec::<u16>(tag).ok().flatten();
            found.unwrap_or_default()
        };
        let bits = numbers(Tag::BitsPerSample).first().copied().unwrap_or(1);
        let are_whole = numbers(Tag::SampleFormat)
            .iter()
            .all(|format| *format == WHOLE_NUMBERS);
        let is_jpeg = JPEG.contains(&compression);
        let colors = decoder.colortype().ok().map(|colors| colors.num_samples());
        let tile = (decoder.get_chunk_type() == ChunkType::Tile).then(|| {
            let (width, height) = decoder.chunk_dimensions();
            Size::new(width, height)
        });
        let kind = if photometric == PALETTE && samples == 1 && bits == 8 {
            TiffKind::Indexed
        } else if photometric == YCBCR
            && compression == 7
            && samples == 3
            && bits == 8
            && !is_planar
        {
            TiffKind::InChunks
        } else if colors.is_some_and(|colors| samples > u32::from(colors)) {
            TiffKind::Banded
        } else if compression == LZW
            && tile.is_some()
            && are_whole
            && predictor <= 2
            && matches!(bits, 8 | 16)
            && (samples == 1 || photometric == RGB)
        {
            TiffKind::InChunks
        } else {
            TiffKind::Usual
        };
        Some(Self {
            kind,
            stored: Size::new(width, height),
            orientation: turned
                .and_then(Orientation::from_exif)
                .unwrap_or(Orientation::NoTransforms),
            bands: match kind {
                TiffKind::Indexed => 3,
                _ => u8::try_from(samples).unwrap_or(u8::MAX),
            },
            bits,
            is_gray: photometric <= BLACK_IS_ZERO && samples == 1,
            is_jpeg,
            tile,
        })
    }
}

impl TiffFile {
    /// The size of all tiles together; that of the image where it is in strips.
    pub fn padded(&self) -> Size {
        let Size { width, height } = self.stored;
        self.tile.map_or(self.stored, |tile| {
            let up_to = |length: u32, tile: u32| length.checked_next_multiple_of(tile);
            Size::new(
                up_to(width, tile.width).unwrap_or(width),
                up_to(height, tile.height).unwrap_or(height),
            )
        })
    }

    /// The file, where tiles reach over the edge as one of the [padded](Self::padded) size.
    pub fn reader(
        &self,
        file: BufReader<File>,
        path: &Path,
    ) -> Result<BufReader<Padded<File>>, DatasetError> {
        let file = file.into_inner();
        let padded = if self.padded() == self.stored {
            let mut file = file;
            file.rewind().map(|()| Padded::unchanged(file))
        } else {
            Padded::new(file, self.padded())
        };
        let padded = padded.map_err(|err| read_error(path, err))?;
        Ok(BufReader::new(padded))
    }

    /// An image that was decoded with its padding, without it.
    pub fn without_padding(&self, image: DynamicImage) -> DynamicImage {
        let Size { width, height } = self.stored;
        if (image.width(), image.height()) == (width, height) {
            return image;
        }
        image.crop_imm(0, 0, width, height)
    }

    /// The header as of other images; `None` = `image` reads it.
    ///
    /// # Errors
    /// When its pixels are more than can be read, or its bands cannot be told apart.
    pub fn header(&self, path: &Path) -> Result<Option<ImageHeader>, DatasetError> {
        match self.kind {
            TiffKind::Usual => Ok(None),
            TiffKind::Banded => {
                let (_, tiff) = banded(path)?;
                Ok(Some(tiff.header(tiff.colors.is_some())))
            }
            TiffKind::InChunks | TiffKind::Indexed => {
                self.check_size(path)?;
                let (stored, orientation) = (self.stored, self.orientation);
                let header = ImageHeader::new(stored, orientation, self.bands, self.bits);
                Ok(Some(header))
            }
        }
    }

    /// The indices of a file of indexed colors.
    ///
    /// # Errors
    /// When it cannot be decoded.
    pub fn indexed(&self, path: &Path) -> Result<Indexed, DatasetError> {
        self.check_size(path)?;
        let bytes = small_enough(path).ok_or_else(|| image_error(path, too_large(self.stored)))?;
        Indexed::read(&bytes).map_err(|reason| image_error(path, reason))
    }

    /// # Errors
    /// When a side is longer than is decoded at once.
    pub fn check_side(&self, path: &Path) -> Result<(), DatasetError> {
        let Size { width, height } = self.stored;
        if width.max(height) <= MAX_SIDE {
            return Ok(());
        }
        Err(image_error(path, too_large(self.stored)))
    }

    /// # Errors
    /// When the pixels are more than are decoded at once.
    pub fn check_size(&self, path: &Path) -> Result<(), DatasetError> {
        self.check_side(path)?;
        let pixel = u64::from(self.bands) * u64::from(self.bits.div_ceil(8));
        if pixel * self.stored.pixels() <= MAX_DECODE_BYTES {
            return Ok(());
        }
        Err(image_error(path, too_large(self.stored)))
    }
}

/// A TIFF that has bands beside those of its colors.
///
/// # Errors
/// When its bands cannot be told apart.
pub(super) fn banded(path: &Path) -> Result<(Vec<u8>, BandedTiff), DatasetError> {
    let bytes = small_enough(path).unwrap_or_default();
    if let Some(samples) = unusable_samples(&bytes) {
        return Err(image_error(path, needs_16_bits(&samples)));
    }
    match BandedTiff::parse(&bytes) {
        Some(tiff) => Ok((bytes, tiff)),
        None => Err(image_error(
            path,
            "it is too large for its bands beside red, green and blue. Save it without them, as \
             `gdal_translate -b 1 -b 2 -b 3 IN OUT` does"
                .to_owned(),
        )),
    }
}

/// A file that the decoder has refused, if it is a TIFF of several bands.
///
/// # Errors
/// What its samples or its colors are, where a TIFF has others than can be read; else `err`.
pub(super) fn refused_tiff(
    path: &Path,
    err: DatasetError,
) -> Result<(Vec<u8>, BandedTiff), DatasetError> {
    let Some(bytes) = small_enough(path) else {
        return Err(err);
    };
    if let Some(samples) = unusable_samples(&bytes) {
        return Err(image_error(path, needs_16_bits(&samples)));
    }
    if let Some(colors) = unusable_colors(&bytes) {
        let reason = format!(
            "{colors}, which is not read. Save it as RGB of 8 bits, as `gdal_translate -expand rgb IN OUT` does \
             for indexed colors, or as PNG"
        );
        return Err(image_error(path, reason));
    }
    match BandedTiff::parse(&bytes) {
        // The decoder reads colors; what it refused then is damage.
        Some(tiff) if !tiff.is_read_as_colors(&bytes) => Ok((bytes, tiff)),
        _ => Err(err),
    }
}

/// A file that is not too large to be read as a whole.
pub(super) fn small_enough(path: &Path) -> Option<Vec<u8>> {
    let length = std::fs::metadata(path).ok()?.len();
    (length <= MAX_DECODE_BYTES)
        .then(|| std::fs::read(path).ok())
        .flatten()
}
