//! TIFF files with other bands than those of colors, which `image` does not read: six bands of a
//! satellite, or four that are not red, green, blue and alpha.
//!
//! To the decoder such a file is shown as a gray one: as a wider one where the samples of a pixel
//! lie together, and as one after the other where each band lies by itself. So every compression
//! that it knows is read; only the list of tags is written anew.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat, ImageReader, Limits};

use super::super::header::ImageHeader;
use super::super::{MAX_DECODE_BYTES, MAX_SIDE, guarded};
use super::must_choose;
use super::samples::Samples;
use super::tags::Tags;
use crate::dataset::Size;

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const FILL_ORDER: u16 = 266;
const STRIP_OFFSETS: u16 = 273;
const ORIENTATION: u16 = 274;
const SAMPLES: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const STRIP_LENGTHS: u16 = 279;
const PLANAR: u16 = 284;
const PREDICTOR: u16 = 317;
const COLOR_MAP: u16 = 320;
const TILE_WIDTH: u16 = 322;
const TILE_HEIGHT: u16 = 323;
const TILE_OFFSETS: u16 = 324;
const TILE_LENGTHS: u16 = 325;
const EXTRA_SAMPLES: u16 = 338;
const SAMPLE_FORMAT: u16 = 339;

/// Tags that are passed on as they are.
const KEPT: [u16; 8] = [
    COMPRESSION,
    FILL_ORDER,
    STRIP_OFFSETS,
    ROWS_PER_STRIP,
    STRIP_LENGTHS,
    TILE_HEIGHT,
    TILE_OFFSETS,
    TILE_LENGTHS,
];
/// Tags with a value for each strip or tile.
const PER_CHUNK: [u16; 4] = [STRIP_OFFSETS, STRIP_LENGTHS, TILE_OFFSETS, TILE_LENGTHS];

const JPEG: [u32; 2] = [6, 7];

/// What the tags of a file say about its bands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct BandedTiff {
    /// As the pixels are stored.
    pub stored: Size,
    /// The size of all tiles together. As the image's size it leaves nothing for the decoder to cut off, at which
    /// it fails.
    padded: Size,
    /// How the image is to be turned.
    pub orientation: Orientation,
    /// Samples of a pixel.
    pub bands: u8,
    /// Bits of a sample, 8 or 16.
    pub bits: u16,
    /// The first bands that are red, green, blue and perhaps alpha, where the format says so; others follow.
    pub colors: Option<u8>,
    tags: Tags,
    is_planar: bool,
    predictor: u32,
    tile_width: Option<u32>,
}

/// What the samples of a TIFF are, where they cannot become colors or labels: nothing says which of their
/// values are black and white.
pub(in super::super) fn unusable_samples(bytes: &[u8]) -> Option<String> {
    let tags = Tags::parse(bytes)?;
    let bits = tags.values(bytes, BITS)?.into_iter().max()?;
    let formats = tags.values(bytes, SAMPLE_FORMAT).unwrap_or_default();
    let has = |format| formats.contains(&format);
    if has(5) || has(6) {
        Some("its samples are complex numbers".to_owned())
    } else if has(3) {
        Some(format!(
            "its samples are floating-point numbers of {bits} bits"
        ))
    } else if has(2) {
        Some(format!("its samples are signed numbers of {bits} bits"))
    } else if bits > 16 {
        Some(format!("its samples have {bits} bits"))
    } else {
        None
    }
}

/// How the colors of a TIFF are stored, where they are not read.
pub(in super::super) fn unusable_colors(bytes: &[u8]) -> Option<String> {
    let tags = Tags::parse(bytes)?;
    let bits = tags.values(bytes, BITS)?.into_iter().max()?;
    let stored = match tags.values(bytes, PHOTOMETRIC)?.first()? {
        3 => return Some(format!("its indexed colors have {bits} bits, not 8")),
        6 => "YCbCr without compression as JPEG",
        8..=10 => "L*a*b*",
        32_803 | 34_892 => "raw values of a camera",
        _ => return None,
    };
    Some(format!("its colors are stored as {stored}"))
}

/// Indices of 8 bits and the colors that they stand for.
pub(in super::super) struct Indexed {
    pub size: Size,
    pub indices: Vec<u8>,
    pub palette: Vec<[u8; 3]>,
}

impl Indexed {
    /// What is in a TIFF of indexed colors.
    ///
    /// # Errors
    /// Why it cannot be decoded.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let tiff = BandedTiff::of(bytes).filter(|tiff| tiff.bands == 1 && tiff.bits == 8);
        let tiff = tiff.ok_or("its header is damaged, or it is too large")?;
        let palette = tiff.palette(bytes).ok_or("its list of colors is damaged")?;
        let file = tiff.as_gray(bytes, Some(0))?;
        let DynamicImage::ImageLuma8(indices) = tiff.decoded(file, 1)? else {
            return Err("its indices have no 8 bits".to_owned());
        };
        Ok(Self {
            size: tiff.stored,
            indices: indices.into_raw(),
            palette,
        })
    }

    /// The pixels in their colors; an index without a color is black.
    pub fn colors(&self) -> Vec<u8> {
        let color = |index: &u8| {
            let known = self.palette.get(usize::from(*index)).copied();
            known.unwrap_or_default()
        };
        self.indices.iter().flat_map(color).collect()
    }
}

/// What to do about such samples of an image.
pub(in super::super) fn needs_16_bits(samples: &str) -> String {
    format!(
        "{samples}, and nothing says which of their values are black and white. Save it with 8 or 16 bits, as \
         `gdal_translate -ot UInt16 -scale LOW HIGH 0 65535 IN OUT` does"
    )
}

impl BandedTiff {
    /// `has_colors`: whether some of its bands are those of colors.
    pub fn header(&self, has_colors: bool) -> ImageHeader {
        ImageHeader {
            has_colors,
            ..ImageHeader::new(self.stored, self.orientation, self.bands, self.bits)
        }
    }

    /// What is in a file, which may be a `BigTIFF`; `None` = no TIFF of several bands of 8 or 16 bits.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        Self::of(bytes).filter(|tiff| tiff.bands > 1)
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        let tags = Tags::parse(bytes)?;
        let first = |tag| {
            tags.values(bytes, tag)
                .and_then(|values| values.first().copied())
        };
        let (width, height) = (first(WIDTH)?, first(HEIGHT)?);
        let bands = u8::try_from(first(SAMPLES).unwrap_or(1)).ok()?;
        let bands = Some(bands).filter(|bands| *bands > 0)?;
        let bits = tags.values(bytes, BITS)?;
        let bits = (*bits.first()?).try_into().ok().filter(|first: &u16| {
            matches!(first, 8 | 16) && bits.iter().all(|bits| *bits == u32::from(*first))
        })?;
        let formats = tags.values(bytes, SAMPLE_FORMAT).unwrap_or_default();
        let is_sound = formats.iter().all(|format| *format == 1)
            && (1..=MAX_SIDE).contains(&width)
            && (1..=MAX_SIDE).contains(&height);
        let turned = first(ORIENTATION).and_then(|value| u8::try_from(value).ok());
        if !is_sound {
            return None;
        }
        let orientation = turned.and_then(Orientation::from_exif);
        let is_planar = first(PLANAR) == Some(2);
        let predictor = first(PREDICTOR).unwrap_or(1);
        let tile_width = first(TILE_WIDTH);
        let tile_height = first(TILE_HEIGHT);
        let up_to = |length: u32, tile: Option<u32>| {
            tile.map_or(Some(length), |tile| length.checked_next_multiple_of(tile))
        };
        let padded = Size::new(up_to(width, tile_width)?, up_to(height, tile_height)?);
        // All samples of a row are shown as one row.
        padded.width.checked_mul(u32::from(bands))?;
        let others = tags.values(bytes, EXTRA_SAMPLES).unwrap_or_default();
        let is_rgb = first(PHOTOMETRIC) == Some(2) && usize::from(bands) == 3 + others.len();
        let colors = others.first().filter(|_| is_rgb);
        let colors = colors.map(|first| if matches!(first, 1 | 2) { 4 } else { 3 });
        Some(Self {
            stored: Size::new(width, height),
            padded,
            orientation: orientation.unwrap_or(Orientation::NoTransforms),
            bands,
            bits,
            colors,
            tags,
            is_planar,
            predictor,
            tile_width,
        })
    }

    /// The colors that indices stand for.
    fn palette(&self, bytes: &[u8]) -> Option<Vec<[u8; 3]>> {
        let colors = self.tags.values(bytes, COLOR_MAP)?;
        let count = colors.len() / 3;
        let color = |index: usize| {
            // Colors have 16 bits.
            let channel = |channel: usize| u8::try_from(colors[channel * count + index] >> 8);
            Some([channel(0).ok()?, channel(1).ok()?, channel(2).ok()?])
        };
        (0..count).map(color).collect()
    }

    /// Whether `image` reads it: gray with alpha, RGB with or without, CMYK.
    pub fn is_read_as_colors(&self, bytes: &[u8]) -> bool {
        let photometric = self.tags.values(bytes, PHOTOMETRIC);
        let photometric = photometric.and_then(|values| values.first().copied());
        let is_color = matches!(
            (photometric, self.bands),
            (Some(2), 3 | 4) | (Some(5), 4) | (Some(6), 3)
        );
        is_color && (!self.is_planar || photometric == Some(2))
    }

    /// Red, green, blue and perhaps alpha, where the format says which they are.
    pub fn decode_colors(&self, bytes: &[u8]) -> Result<Samples, String> {
        let Some(colors) = self.colors else {
            return Err(must_choose(usize::from(self.bands)));
        };
        Ok(self.decode(bytes)?.first(usize::from(colors)))
    }

    /// All samples.
    pub fn decode(&self, bytes: &[u8]) -> Result<Samples, String> {
        let first = |tag| self.tags.values(bytes, tag)?.first().copied();
        if first(COMPRESSION).is_some_and(|kind| JPEG.contains(&kind)) {
            return Err(format!(
                "its {} bands are compressed as JPEG, which changes them. Save it with LZW or Deflate",
                self.bands
            ));
        }
        if self.predictor > 2 {
            return Err(format!(
                "its {} bands are stored with predictor {}. Save it with predictor 2 or none",
                self.bands, self.predictor
            ));
        }
        let pixels = u64::from(self.stored.width) * u64::from(self.stored.height);
        if pixels * u64::from(self.bands) * 2 > MAX_DECODE_BYTES {
            return Err("it is too large".to_owned());
        }
        let bands = usize::from(self.bands);
        let values = if self.is_planar {
            let mut values = vec![0; pixels as usize * bands];
            for band in 0..bands {
                let plane = self.gray(self.as_gray(bytes, Some(band))?, 1)?;
                for (pixel, value) in plane.into_iter().enumerate() {
                    values[pixel * bands + band] = value;
                }
            }
            values
        } else {
            let file = self.as_gray(bytes, None)?;
            let mut values = self.gray(file, u32::from(self.bands))?;
            if self.predictor == 2 {
                self.add_differences(&mut values);
            }
            values
        };
        Ok(Samples {
            size: self.stored,
            bands,
            bits: self.bits,
            values,
        })
    }

    /// A gray file that is so many times as wide as the image, without what its tiles have behind the edge.
    fn decoded(&self, file: Vec<u8>, times: u32) -> Result<DynamicImage, String> {
        let mut reader = ImageReader::with_format(Cursor::new(file), ImageFormat::Tiff);
        let mut limits = Limits::default();
        limits.max_alloc = Some(MAX_DECODE_BYTES);
        reader.limits(limits);
        let image = guarded(|| reader.decode())?.map_err(|err| err.to_string())?;
        let Size { width, height } = self.padded;
        if (image.width(), image.height()) != (times * width, height) {
            return Err("its tags do not agree with each other".to_owned());
        }
        if self.padded == self.stored {
            return Ok(image);
        }
        Ok(image.crop_imm(0, 0, times * self.stored.width, self.stored.height))
    }

    /// The samples of such a file.
    fn gray(&self, file: Vec<u8>, times: u32) -> Result<Vec<u16>, String> {
        match self.decoded(file, times)? {
            DynamicImage::ImageLuma8(gray) => {
                Ok(gray.pixels().map(|p| u16::from(p.0[0])).collect())
            }
            DynamicImage::ImageLuma16(gray) => Ok(gray.into_raw()),
            other => Err(format!("its bands are of the type {:?}", other.color())),
        }
    }

    /// Undoes the predictor, which knows how many bands there are: a sample is stored as what it
    /// is more than that of the pixel before, in each row of a strip or tile.
    fn add_differences(&self, values: &mut [u16]) {
        let bands = usize::from(self.bands);
        let row = self.stored.width as usize * bands;
        let part = self.tile_width.map_or(row, |width| {
            (width as usize * bands).clamp(bands, row.max(bands))
        });
        for row in values.chunks_mut(row) {
            for part in row.chunks_mut(part) {
                for at in bands..part.len() {
                    let sum = part[at].wrapping_add(part[at - bands]);
                    part[at] = if self.bits == 8 { sum & 0xff } else { sum };
                }
            }
        }
    }

    /// The file with tags of a gray image: of one band, or of all of them side by side.
    fn as_gray(&self, bytes: &[u8], band: Option<usize>) -> Result<Vec<u8>, String> {
        let factor = band.map_or(u32::from(self.bands), |_| 1);
        let predictor = band.map_or(1, |_| self.predictor);
        let mut set = vec![
            (WIDTH, self.padded.width * factor),
            (HEIGHT, self.padded.height),
            (BITS, u32::from(self.bits)),
            (PHOTOMETRIC, 1),
            (SAMPLES, 1),
            (PLANAR, 1),
            (PREDICTOR, predictor),
        ];
        if let Some(width) = self.tile_width {
            let width = width.checked_mul(factor).ok_or("its tiles are too large")?;
            set.push((TILE_WIDTH, width));
        }
        let mut tags: Vec<(u16, Vec<u32>)> = set
            .into_iter()
            .map(|(tag, value)| (tag, vec![value]))
            .collect();
        for tag in KEPT {
            let Some(values) = self.tags.values(bytes, tag) else {
                continue;
            };
            let values = match band {
                Some(band) if PER_CHUNK.contains(&tag) => self.part(&values, band)?,
                _ => values,
            };
            tags.push((tag, values));
        }
        tags.sort_by_key(|(tag, _)| *tag);
        self.tags.rewritten(bytes, &tags)
    }

    /// The values of a tag that belong to one band, where each lies by itself.
    fn part(&self, values: &[u32], band: usize) -> Result<Vec<u32>, String> {
        let bands = usize::from(self.bands);
        let count = values.len() / bands;
        if count == 0 || !values.len().is_multiple_of(bands) {
            return Err("its list of strips is damaged".to_owned());
        }
        Ok(values[band * count..(band + 1) * count].to_vec())
    }
}
