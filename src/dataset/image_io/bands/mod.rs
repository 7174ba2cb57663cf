//! Which bands of image files are red, green and blue, and which of their values become 0 to 255.

mod samples;
mod tags;
#[cfg(test)]
pub(in crate::dataset) mod test_tiff;
#[cfg(test)]
mod tests;
mod tiff;

use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::header::ImageHeader;
use super::{Rgb, decode_file, image_error};
use crate::dataset::DatasetError;
pub(super) use samples::Samples;
pub(super) use tags::is_big_tiff;
pub(super) use tiff::{BandedTiff, Indexed, needs_16_bits, unusable_colors, unusable_samples};

/// The most bands that can be chosen from.
pub const MOST_BANDS: u8 = 8;
/// Images that are measured.
const MEASURED: usize = 64;
/// Images that are measured between two reports of progress.
const CHUNK: usize = 8;

/// How image files become 8-bit RGB.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageReading {
    /// Bands of the files, counted from 1: red, green and blue, or one that is shown as gray.
    /// Empty = as the format says.
    pub bands: Vec<u8>,
    /// The lowest and the highest value of a sample of more than 8 bits, which become 0 and 255, as
    /// do those beyond them. `None` = all that the format can hold.
    pub range: Option<[u16; 2]>,
}

impl ImageReading {
    /// Whether files are read as their format says.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// What has to hold for a band where it does not.
    pub fn broken_band(band: u8) -> Option<&'static str> {
        (!(1..=MOST_BANDS).contains(&band)).then_some("it must be from 1 to 8")
    }

    /// What has to hold for the highest value of a range where it does not.
    pub fn broken_range([low, high]: [u16; 2]) -> Option<&'static str> {
        (low >= high).then_some("it must be above the lowest value")
    }

    /// Checks what people have chosen.
    ///
    /// # Errors
    /// A sentence without a period.
    pub fn validate(&self) -> Result<(), String> {
        if !matches!(self.bands.len(), 0 | 1 | 3) {
            return Err(format!(
                "{} bands are named. Name three, for red, green and blue, or one for gray images",
                self.bands.len()
            ));
        }
        if let Some(band) = self
            .bands
            .iter()
            .find(|band| Self::broken_band(**band).is_some())
        {
            return Err(format!(
                "there is no band {band}. Bands are counted from 1, and there are at most {MOST_BANDS}"
            ));
        }
        match self.range {
            Some([low, high]) if Self::broken_range([low, high]).is_some() => Err(format!(
                "the range from {low} to {high} is empty. Write the lowest value first, then the highest"
            )),
            _ => Ok(()),
        }
    }

    /// Why the bands of a file do not do; `None` = they do.
    pub(in crate::dataset) fn problem_with(&self, header: &ImageHeader) -> Option<String> {
        if self.bands.is_empty() {
            return (!header.has_colors).then(|| must_choose(usize::from(header.bands)));
        }
        self.chosen(usize::from(header.bands)).err()
    }

    /// Reads an image; see [`read_rgb`](super::read_rgb).
    ///
    /// # Errors
    /// Those of [`read_rgb`](super::read_rgb), and when the file does not have a chosen band.
    pub fn read(&self, path: &Path) -> Result<Rgb, DatasetError> {
        if self.is_plain() {
            return super::read_rgb(path);
        }
        let (samples, orientation) = samples_of(self, path)?;
        self.colors(samples, orientation)
            .map_err(|reason| image_error(path, reason))
    }

    pub(super) fn colors(&self, samples: Samples, orientation: Orientation) -> Result<Rgb, String> {
        let bands = samples.bands;
        let [red, green, blue] = self.chosen(bands)?;
        // A second or fourth band is transparency unless bands were chosen.
        let alpha = (self.bands.is_empty() && matches!(bands, 2 | 4)).then(|| bands - 1);
        let full = if samples.bits == 8 { 255 } else { 65535 };
        // Images of 8 bits among deep ones stay as they are.
        let range = self.range.filter(|_| samples.bits > 8);
        let [low, high] = range.unwrap_or([0, full]);
        let scale = |value: u16| scaled(value, low, high);
        let mut pixels = Vec::with_capacity(samples.values.len() / bands * 3);
        for pixel in samples.values.chunks_exact(bands) {
            let alpha = alpha.map_or(255, |alpha| u32::from(scaled(pixel[alpha], 0, full)));
            for band in [red, green, blue] {
                let value = u32::from(scale(pixel[band]));
                let on_white = (value * alpha + 255 * (255 - alpha) + 127) / 255;
                pixels.push(u8::try_from(on_white).unwrap_or(u8::MAX));
            }
        }
        let (width, height) = (samples.size.width, samples.size.height);
        let image = RgbImage::from_raw(width, height, pixels).ok_or("it has no pixels")?;
        let mut image = DynamicImage::ImageRgb8(image);
        image.apply_orientation(orientation);
        Ok(Rgb {
            width: image.width(),
            height: image.height(),
            pixels: image.into_rgb8().into_raw(),
        })
    }

    /// The places of red, green and blue among the bands of a file.
    pub(super) fn chosen(&self, bands: usize) -> Result<[usize; 3], String> {
        let place = |band: u8| {
            let place = usize::from(band).wrapping_sub(1);
            (place < bands).then_some(place).ok_or_else(|| {
                format!(
                    "band {band} was chosen, but it has {}. Choose other bands",
                    if bands == 1 {
                        "1 band".to_owned()
                    } else {
                        format!("{bands} bands")
                    }
                )
            })
        };
        match &self.bands[..] {
            [gray] => Ok([place(*gray)?; 3]),
            [red, green, blue] => Ok([place(*red)?, place(*green)?, place(*blue)?]),
            _ if bands <= 2 => Ok([0; 3]),
            _ if bands <= 4 => Ok([0, 1, 2]),
            _ => Err(must_choose(bands)),
        }
    }
}

/// What people say of the bands: on the command line, or in a class map.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BandChoice {
    /// As [`ImageReading::bands`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<u8>,
    /// The values that become 0 and 255.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<RangeChoice>,
}

/// Which values become 0 and 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RangeText", into = "RangeText")]
pub enum RangeChoice {
    /// These.
    Stated([u16; 2]),
    /// The lowest and the highest of some images of the training list.
    Measured,
}

/// A range in a file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum RangeText {
    Values([u16; 2]),
    Word(String),
}

impl TryFrom<RangeText> for RangeChoice {
    type Error = String;

    fn try_from(text: RangeText) -> Result<Self, String> {
        match text {
            RangeText::Values(values) => Ok(Self::Stated(values)),
            RangeText::Word(word) => word.parse(),
        }
    }
}

impl From<RangeChoice> for RangeText {
    fn from(range: RangeChoice) -> Self {
        match range {
            RangeChoice::Stated(values) => Self::Values(values),
            RangeChoice::Measured => Self::Word(range.to_string()),
        }
    }
}

impl std::str::FromStr for RangeChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "measured" {
            return Ok(Self::Measured);
        }
        let values: Vec<u16> = text
            .split(',')
            .filter_map(|value| value.trim().parse().ok())
            .collect();
        match values[..] {
            [low, high] if text.split(',').count() == 2 => Ok(Self::Stated([low, high])),
            _ => Err(format!(
                "\"{text}\" is no range. Write the lowest and the highest value, such as 0,4095, or measured"
            )),
        }
    }
}

impl std::fmt::Display for RangeChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stated([low, high]) => write!(f, "{low},{high}"),
            Self::Measured => f.write_str("measured"),
        }
    }
}

impl BandChoice {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The bands as on the command line, such as `4,3,2`.
    pub fn bands_text(&self) -> String {
        let bands: Vec<String> = self.bands.iter().map(u8::to_string).collect();
        bands.join(",")
    }

    /// What is said here, and the rest by `other`.
    pub fn or(&self, other: &Self) -> Self {
        Self {
            bands: if self.bands.is_empty() {
                other.bands.clone()
            } else {
                self.bands.clone()
            },
            range: self.range.or(other.range),
        }
    }

    /// The reading that it means, after `other`; the range is left out where it is to be measured.
    ///
    /// # Errors
    /// Those of [`ImageReading::validate`].
    pub fn reading(&self, other: &ImageReading) -> Result<ImageReading, String> {
        let reading = ImageReading {
            bands: if self.bands.is_empty() {
                other.bands.clone()
            } else {
                self.bands.clone()
            },
            range: match self.range {
                Some(RangeChoice::Stated(range)) => Some(range),
                Some(RangeChoice::Measured) => None,
                None => other.range,
            },
        };
        reading.validate()?;
        Ok(reading)
    }
}

impl std::fmt::Display for ImageReading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.bands[..] {
            [gray] => write!(f, "band {gray} as gray")?,
            [red, green, blue] => {
                write!(f, "bands {red}, {green} and {blue} as red, green and blue")?;
            }
            _ => f.write_str("bands as the format says")?,
        }
        if let Some([low, high]) = self.range {
            write!(f, ", values {low} to {high} as 0 to 255")?;
        }
        Ok(())
    }
}

/// What to do about a file with more bands than colors have.
pub(super) fn must_choose(bands: usize) -> String {
    format!(
        "it has {bands} bands, and nothing says which are red, green and blue. Write \"bands = [3, 2, 1]\" into \
         class-map.toml beside the dataset, as Dataset settings in the window does, or use --bands 3,2,1; one band is shown as gray"
    )
}

/// `value` on the scale from 0 to 255, rounded.
fn scaled(value: u16, low: u16, high: u16) -> u8 {
    let span = u32::from(high.saturating_sub(low)).max(1);
    let above = u32::from(value.clamp(low, high.max(low)) - low);
    u8::try_from((above * 255 + span / 2) / span).unwrap_or(u8::MAX)
}

fn samples_of(reading: &ImageReading, path: &Path) -> Result<(Samples, Orientation), DatasetError> {
    match decode_file(path)? {
        super::Decoded::Image(image, orientation) => Samples::of(image)
            .map(|samples| (samples, orientation))
            .ok_or_else(|| image_error(path, needs_16_bits("its samples are no whole numbers"))),
        super::Decoded::Banded(bytes, tiff) => {
            let samples = if reading.bands.is_empty() {
                tiff.decode_colors(&bytes)
            } else {
                tiff.decode(&bytes)
            };
            samples
                .map(|samples| (samples, tiff.orientation))
                .map_err(|reason| image_error(path, reason))
        }
    }
}

/// The lowest and the highest value in an image of more than 8 bits, of the bands that are used;
/// `None` for others.
pub(in crate::dataset) fn extremes(
    reading: &ImageReading,
    path: &Path,
) -> Result<Option<[u16; 2]>, DatasetError> {
    let (samples, _) = samples_of(reading, path)?;
    if samples.bits == 8 {
        return Ok(None);
    }
    let used = reading
        .chosen(samples.bands)
        .map_err(|reason| image_error(path, reason))?;
    let of_used = || {
        let pixels = samples.values.chunks_exact(samples.bands);
        pixels.flat_map(|pixel| used.map(|band| pixel[band]))
    };
    let low = of_used().min().unwrap_or(0);
    let high = of_used().max().unwrap_or(0);
    Ok(Some([low, high]))
}

/// The lowest and the highest value in some images, spread over a list, and how many of them have
/// more than 8 bits; without such, the values mean nothing. `progress` gets the number of images read and of all that are, and says whether to go on;
/// `None` when it said no.
pub(in crate::dataset) fn measure(
    reading: &ImageReading,
    images: &[PathBuf],
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Option<([u16; 2], usize)>, DatasetError> {
    let step = images.len().div_ceil(MEASURED).max(1);
    let measured: Vec<&PathBuf> = images.iter().step_by(step).collect();
    let ([mut low, mut high], mut deep) = ([u16::MAX, 0], 0);
    for (index, chunk) in measured.chunks(CHUNK).enumerate() {
        if !progress(index * CHUNK, measured.len()) {
            return Ok(None);
        }
        let found: Vec<Option<[u16; 2]>> = chunk
            .par_iter()
            .map(|path| extremes(reading, path))
            .collect::<Result<_, _>>()?;
        for [lowest, highest] in found.into_iter().flatten() {
            low = low.min(lowest);
            high = high.max(highest);
            deep += 1;
        }
    }
    Ok(Some(([low, high], deep)))
}
