//! One reading of the files of a dataset: a few numbers per pair, so that memory is bounded.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use image::metadata::Orientation;

use super::Depth;
use super::fit::Fit;
use super::lines::Lines;
use super::picture_hash::PictureHash;
use crate::dataset::image_io::{
    ImageHeader, RawPixels, check_large_mask, extremes, read_image_header, read_raw,
    read_without_alpha,
};
use crate::dataset::{DatasetError, DatasetItem, LabelMap, MaskReader, Size, Split, VOID};

/// Pixels per label, by label, without those that are 0.
pub(super) type Counts = Vec<(u8, u64)>;

/// Distinct colors that are counted; masks have far fewer.
const COLORS: usize = 4096;
/// How far from its edge a void pixel is inside of void.
const VOID_DEPTH: usize = 4;

/// What is known of one pair.
pub(super) struct ItemFacts {
    pub split: Split,
    pub image_path: PathBuf,
    pub mask_path: PathBuf,
    pub image: Result<ImageHeader, String>,
    /// Why the bands of the image do not do.
    pub band_problem: Option<String>,
    /// The lowest and the highest sample of an image of more than 8 bits whose range nobody states.
    pub values: Option<[u16; 2]>,
    /// Whether there is a fourth band that is not opaque everywhere.
    pub fourth_band: bool,
    pub hash: Option<PictureHash>,
    /// How the mask fits an image that EXIF turns, where the size does not tell.
    pub fit: Option<Fit>,
    /// The samples in the file, whatever they mean.
    pub raw: Option<RawFacts>,
    /// What they mean.
    pub labels: Result<LabelFacts, LabelProblem>,
}

/// The samples of a mask file.
pub(super) struct RawFacts {
    pub size: Size,
    pub lines: Lines,
    pub samples: RawSamples,
}

/// What the samples are.
pub(super) enum RawSamples {
    /// Labels, and the palette's color of each that occurs.
    Labels {
        counts: Counts,
        palette: Option<Vec<(u8, [u8; 3])>>,
    },
    /// Colors: how many, at most [`COLORS`], and the share of the pixels in rare ones.
    Colors { distinct: usize, rare_share: f64 },
}

/// The labels of a mask.
pub(super) struct LabelFacts {
    /// Void included.
    pub counts: Counts,
    pub size: Size,
    /// Void pixels that are well inside of void.
    pub deep_void: u64,
}

/// Why a mask has no labels.
pub(super) enum LabelProblem {
    /// A sample is no class.
    Unknown(String),
    /// It was not decoded: it is large and has this size, which is not that of its image; or the image cannot be
    /// read.
    NotDecoded(Option<Size>),
    /// Anything else.
    Unreadable(String),
}

impl ItemFacts {
    /// Reads a pair. What cannot be read is a fact too.
    pub fn read(reader: &MaskReader, item: &DatasetItem, split: Split, depth: Depth) -> Self {
        let mut image = read_image_header(&item.image).map_err(|err| err.to_string());
        let reading = &reader.images;
        let band_problem = image
            .as_ref()
            .ok()
            .and_then(|header| reading.problem_with(header));
        let (raw, labels) = match check_large_mask(item) {
            Err(DatasetError::SizeMismatch { mask_size, .. }) => {
                (None, Err(LabelProblem::NotDecoded(Some(mask_size))))
            }
            Err(_) => (None, Err(LabelProblem::NotDecoded(None))),
            Ok(()) => read_mask(reader, &item.mask),
        };
        let (mut fourth_band, mut hash, mut values, mut fit) = (false, None, None, None);
        if let (Ok(header), None) = (image.as_ref().copied(), &band_problem) {
            if depth == Depth::Everything {
                if reading.bands.is_empty() && matches!(header.bands, 2 | 4) {
                    fourth_band = matches!(read_without_alpha(&item.image), Ok(Some(_)));
                }
                if reading.range.is_none() && header.bits > 8 {
                    values = extremes(reading, &item.image).ok().flatten();
                }
            }
            // Of images that EXIF turns, what is in them says more than their size.
            let is_turned = header.orientation != Orientation::NoTransforms
                && labels.as_ref().is_ok_and(|labels| {
                    labels.size() == header.size && labels.size() == header.stored
                });
            if depth != Depth::Labels || is_turned {
                match reading.read(&item.image) {
                    Ok(rgb) => {
                        if depth == Depth::Everything {
                            hash = PictureHash::of(&rgb);
                        }
                        let labels = labels.as_ref().ok().filter(|_| is_turned);
                        fit = labels.and_then(|labels| Fit::of(&rgb, labels, header.orientation));
                    }
                    Err(err) => image = Err(err.to_string()),
                }
            }
        }
        Self {
            mask_path: item.mask.clone(),
            band_problem,
            values,
            split,
            image_path: item.image.clone(),
            image,
            fourth_band,
            hash,
            fit,
            raw,
            labels: labels.map(|map| LabelFacts::of(&map)),
        }
    }

    /// Reads a mask without an image.
    pub fn of_mask(reader: &MaskReader, mask: &Path) -> Self {
        let (raw, labels) = read_mask(reader, mask);
        Self {
            split: Split::Val,
            image_path: PathBuf::new(),
            mask_path: mask.to_owned(),
            image: Err(String::new()),
            band_problem: None,
            values: None,
            fourth_band: false,
            hash: None,
            fit: None,
            raw,
            labels: labels.map(|map| LabelFacts::of(&map)),
        }
    }

    /// Pixels per label, of a mask that could be read.
    pub fn counts(&self) -> &[(u8, u64)] {
        self.labels.as_ref().map_or(&[], |labels| &labels.counts)
    }

    /// Pixels of classes.
    pub fn labeled(&self) -> u64 {
        let classes = self.counts().iter().filter(|(label, _)| *label != VOID);
        classes.map(|(_, count)| count).sum()
    }

    /// Pixels of void.
    pub fn void(&self) -> u64 {
        let void = self.counts().iter().filter(|(label, _)| *label == VOID);
        void.map(|(_, count)| count).sum()
    }

    /// Columns and rows of the mask, where they are known.
    pub fn mask_size(&self) -> Option<Size> {
        match &self.labels {
            Err(LabelProblem::NotDecoded(size)) => *size,
            _ => self.raw.as_ref().map(|raw| raw.size),
        }
    }

    /// The labels in the file, of one whose samples are labels.
    pub fn raw_counts(&self) -> Option<&[(u8, u64)]> {
        match &self.raw.as_ref()?.samples {
            RawSamples::Labels { counts, .. } => Some(counts),
            RawSamples::Colors { .. } => None,
        }
    }
}

/// The samples of a mask, and the labels that they mean.
fn read_mask(
    reader: &MaskReader,
    mask: &Path,
) -> (Option<RawFacts>, Result<LabelMap, LabelProblem>) {
    let (mut raw, read) = (None, read_raw(mask));
    if let Ok(samples) = &read {
        let width = samples.width as usize;
        raw = Some(RawFacts {
            size: Size::new(samples.width, samples.height),
            lines: match &samples.pixels {
                RawPixels::Labels { samples, .. } => Lines::of(samples, width),
                RawPixels::Colors(_) => Lines::default(),
            },
            samples: RawSamples::of(&samples.pixels),
        });
    }
    let labels = read.and_then(|samples| reader.label_map(mask, samples));
    // Gray values in three equal channels; of other colors those between are no class.
    if let (Some(raw), Ok(map)) = (&mut raw, &labels)
        && raw.lines == Lines::default()
    {
        raw.lines = Lines::of(&map.labels, map.width as usize);
    }
    let labels = labels.map_err(|err| match err {
        DatasetError::LabelOutOfRange { .. } => LabelProblem::Unknown(err.to_string()),
        _ => LabelProblem::Unreadable(err.to_string()),
    });
    (raw, labels)
}

impl RawSamples {
    fn of(pixels: &RawPixels) -> Self {
        match pixels {
            RawPixels::Labels { samples, palette } => {
                let counts = count(samples);
                let palette = palette.as_ref().map(|palette| {
                    let color = |label: u8| palette.get(usize::from(label)).copied();
                    let used = counts.iter().map(|(label, _)| *label);
                    used.filter_map(|label| Some((label, color(label)?)))
                        .collect()
                });
                Self::Labels { counts, palette }
            }
            // Gray values in three equal channels are labels, if anything.
            RawPixels::Colors(colors) if colors.iter().all(|[r, g, b]| r == g && g == b) => {
                let samples: Vec<u8> = colors.iter().map(|color| color[0]).collect();
                Self::Labels {
                    counts: count(&samples),
                    palette: None,
                }
            }
            RawPixels::Colors(colors) => {
                let mut counts: HashMap<[u8; 3], u64> = HashMap::new();
                for color in colors {
                    if counts.len() < COLORS || counts.contains_key(color) {
                        *counts.entry(*color).or_default() += 1;
                    }
                }
                let total = colors.len().max(1) as u64;
                // Rare is less than a thousandth of the mask.
                let is_rare = |pixels: &u64| pixels * 1000 < total;
                let common: u64 = counts.values().filter(|pixels| !is_rare(pixels)).sum();
                Self::Colors {
                    distinct: counts.len(),
                    rare_share: (total - common.min(total)) as f64 / total as f64,
                }
            }
        }
    }
}

impl LabelFacts {
    fn of(map: &LabelMap) -> Self {
        Self {
            counts: count(&map.labels),
            size: map.size(),
            deep_void: deep_void(map),
        }
    }
}

fn count(labels: &[u8]) -> Counts {
    let mut counts = [0_u64; 256];
    for label in labels {
        counts[usize::from(*label)] += 1;
    }
    (0..=u8::MAX)
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// Void pixels with void at some distance on all four sides; the line that VOC draws around
/// objects has none.
fn deep_void(map: &LabelMap) -> u64 {
    let (width, height) = (map.width as usize, map.height as usize);
    let is_void = |x: usize, y: usize| map.labels[y * width + x] == VOID;
    // What reaches the edge of the picture may go on behind it.
    let around = |at: usize, end: usize| {
        [
            at.saturating_sub(VOID_DEPTH),
            (at + VOID_DEPTH).min(end - 1),
        ]
    };
    let mut deep = 0;
    for y in 0..height {
        let rows = around(y, height);
        for x in 0..width {
            let inside = is_void(x, y)
                && around(x, width).iter().all(|x| is_void(*x, y))
                && rows.iter().all(|y| is_void(x, *y));
            deep += u64::from(inside);
        }
    }
    deep
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(inner: u8, from: usize, to: usize) -> LabelMap {
        let is_in = |value: usize| (from..to).contains(&value);
        LabelMap {
            width: 20,
            height: 20,
            labels: (0..400)
                .map(|at| {
                    if is_in(at % 20) && is_in(at / 20) {
                        inner
                    } else {
                        0
                    }
                })
                .collect(),
        }
    }

    #[test]
    fn deep_void_is_an_area_and_not_a_line() {
        // Of 12x12 pixels, the middle 4x4 have void 4 pixels away on all sides.
        assert_eq!(deep_void(&square(VOID, 4, 16)), 16);
        assert_eq!(deep_void(&square(VOID, 4, 12)), 0);
        assert_eq!(deep_void(&square(1, 4, 16)), 0);
        // Behind the edges of the picture it may go on: all 400 pixels, and the left 4 of 8 columns.
        assert_eq!(deep_void(&square(VOID, 0, 20)), 400);
        let half = LabelMap {
            width: 20,
            height: 1,
            labels: (0..20).map(|x| if x < 8 { VOID } else { 0 }).collect(),
        };
        assert_eq!(deep_void(&half), 4);
    }

    #[test]
    fn rare_colors_are_told_from_those_that_classes_have() {
        let mut colors = vec![[0, 0, 0]; 1000];
        colors.extend(vec![[255, 0, 0]; 990]);
        colors.extend((0..10).map(|step| [step + 1, 0, 0]));
        let RawSamples::Colors {
            distinct,
            rare_share,
        } = RawSamples::of(&RawPixels::Colors(colors))
        else {
            unreachable!("colors stay colors")
        };
        assert_eq!((distinct, rare_share), (12, 0.005));
    }
}
