//! Reading label maps: what the samples and colors of mask files mean in a dataset.

mod raw;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::{ImageReading, LabelMap, Rgb};
use crate::dataset::classes::VOID_COLOR;
use crate::dataset::{ClassList, DatasetError, DatasetItem, Size, VOID, voc_color};
use raw::RawMask;
pub(in crate::dataset) use raw::{RawPixels, read_raw};

/// More colors than classes that are painted have.
const MANY_COLORS: usize = 64;
/// Pixels of a mask above which its size is compared with that of its image before it is decoded.
const LARGE: u64 = 1 << 24;

/// What the colors of masks say about labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaskColors {
    /// Nothing names the colors of the classes. An RGB mask whose colors are not VOC's for the
    /// labels is read by its values where red, green and blue are equal.
    #[default]
    Assumed,
    /// RGB masks have the colors of the class list; indexed masks hold labels.
    Listed,
    /// All masks have the colors of the class list, indexed ones in their palettes.
    Decide,
}

/// Reads the label maps of one dataset, and its images with them.
///
/// Supported are PNG, BMP, TIFF and GIF. The samples of indexed and grey PNGs are labels, the
/// colors of RGB masks are looked up in the palette.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaskReader {
    /// Labels `0..num_classes` are classes.
    pub num_classes: usize,
    /// Labels in files that become [`VOID`], besides 255, which always does.
    pub void_labels: Vec<u8>,
    /// The label of each color in RGB masks; the first entry of a color counts.
    pub palette: Vec<([u8; 3], u8)>,
    /// How far colors are to be trusted.
    pub colors: MaskColors,
    /// The class or [`VOID`] that each label in a file stands for, `None` = the label is an
    /// error; empty = labels are classes.
    pub remap: Vec<Option<u8>>,
    /// How the images beside the masks are read.
    pub images: ImageReading,
}

impl MaskReader {
    /// A reader for masks of these classes. RGB masks are read by the colors of the
    /// classes and the void color: VOC's, or black if no class is black.
    pub fn new(classes: &ClassList, void_labels: Vec<u8>) -> Self {
        let colors = (0..VOID)
            .zip(classes)
            .map(|(label, class)| (class.color, label));
        let void = [(VOID_COLOR, VOID), ([0; 3], VOID)];
        let are_vocs = colors
            .clone()
            .all(|(color, label)| color == voc_color(label));
        Self {
            num_classes: classes.len(),
            void_labels,
            palette: colors.chain(void).collect(),
            // Lists without colors get VOC's.
            colors: if are_vocs {
                MaskColors::Assumed
            } else {
                MaskColors::Listed
            },
            remap: Vec::new(),
            images: ImageReading::default(),
        }
    }

    /// Reads and checks a label map. In the result every label is below
    /// `num_classes` or [`VOID`].
    ///
    /// # Errors
    /// [`DatasetError::File`] when the file cannot be opened, [`DatasetError::Mask`]
    /// when it is damaged, of another format or has an unknown color, and
    /// [`DatasetError::LabelOutOfRange`] for a label that is neither class nor void.
    pub fn read(&self, path: &Path) -> Result<LabelMap, DatasetError> {
        self.label_map(path, read_raw(path)?)
    }

    /// What the samples of a mask mean; as [`read`](Self::read).
    pub(in crate::dataset) fn label_map(
        &self,
        path: &Path,
        raw: RawMask,
    ) -> Result<LabelMap, DatasetError> {
        let (width, height) = (raw.width, raw.height);
        // Colors give classes, samples give labels as they are in the file.
        let labels = match raw.pixels {
            RawPixels::Labels {
                samples,
                palette: Some(palette),
            } if self.colors == MaskColors::Decide => {
                let color = |index: u8| palette.get(usize::from(index)).copied();
                let colors: Vec<[u8; 3]> = samples
                    .iter()
                    .map(|index| color(*index).unwrap_or_default())
                    .collect();
                self.labels_of_colors(path, width, &colors)?
            }
            RawPixels::Labels { samples, .. } => self.meanings(path, width, samples)?,
            RawPixels::Colors(colors) => match self.gray_values(&colors) {
                Some(samples) => self.meanings(path, width, samples)?,
                None => self.labels_of_colors(path, width, &colors)?,
            },
        };
        Ok(LabelMap {
            width,
            height,
            labels,
        })
    }

    /// As [`read`](Self::read), of a pair: a mask that is far too large for its image is not decoded.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), and [`DatasetError::SizeMismatch`] for such a mask.
    pub fn read_mask_of(&self, item: &DatasetItem) -> Result<LabelMap, DatasetError> {
        check_large_mask(item)?;
        self.read(&item.mask)
    }

    /// Reads an image and its label map and checks that they fit.
    ///
    /// # Errors
    /// Those of [`read_rgb`](super::read_rgb) and [`MaskReader::read`],
    /// [`DatasetError::SizeMismatch`] and [`DatasetError::TurnedByExif`].
    pub fn read_pair(&self, item: &DatasetItem) -> Result<(Rgb, LabelMap), DatasetError> {
        let rgb = self.images.read(&item.image)?;
        let labels = self.read_mask_of(item)?;
        check_sizes(item, rgb.size(), labels.size())?;
        Ok((rgb, labels))
    }

    fn meanings(
        &self,
        path: &Path,
        width: u32,
        mut samples: Vec<u8>,
    ) -> Result<Vec<u8>, DatasetError> {
        let meaning: [Option<u8>; 256] = std::array::from_fn(|label| self.meaning(label));
        for (position, label) in samples.iter_mut().enumerate() {
            *label = meaning[usize::from(*label)].ok_or_else(|| {
                let [x, y] = column_and_row(position, width);
                DatasetError::LabelOutOfRange {
                    path: path.to_owned(),
                    label: *label,
                    x,
                    y,
                    num_classes: self.num_classes,
                }
            })?;
        }
        Ok(samples)
    }

    /// The class or void that a label in a file means; `None` = neither.
    fn meaning(&self, label: usize) -> Option<u8> {
        let byte = u8::try_from(label).ok()?;
        if self.remap.is_empty() {
            if byte == VOID || self.void_labels.contains(&byte) {
                return Some(VOID);
            }
            return (label < self.num_classes).then_some(byte);
        }
        // A map may give 255 a meaning.
        match self.remap.get(label).copied().flatten() {
            Some(class) => Some(class),
            None => (byte == VOID || self.void_labels.contains(&byte)).then_some(VOID),
        }
    }

    /// The values of an RGB mask whose channels are equal, where nothing names colors and they
    /// are not the ones that are assumed.
    fn gray_values(&self, colors: &[[u8; 3]]) -> Option<Vec<u8>> {
        if self.colors != MaskColors::Assumed {
            return None;
        }
        let is_gray = |[red, green, blue]: &[u8; 3]| red == green && green == blue;
        let known: HashSet<[u8; 3]> = self.palette.iter().map(|(color, _)| *color).collect();
        let all_known = colors.iter().all(|color| known.contains(color));
        (!all_known && colors.iter().all(is_gray))
            .then(|| colors.iter().map(|[red, ..]| *red).collect())
    }

    fn labels_of_colors(
        &self,
        path: &Path,
        width: u32,
        colors: &[[u8; 3]],
    ) -> Result<Vec<u8>, DatasetError> {
        let mut label_of_color = HashMap::new();
        for (color, label) in &self.palette {
            label_of_color.entry(*color).or_insert(*label);
        }
        let label = |(position, color): (usize, &[u8; 3])| {
            label_of_color.get(color).copied().ok_or_else(|| {
                let unknown = colors
                    .iter()
                    .filter(|color| !label_of_color.contains_key(*color));
                let reason = unknown_color(position, *color, unknown, width, colors.len());
                mask_error(path, reason)
            })
        };
        colors.iter().enumerate().map(label).collect()
    }
}

/// What a mask with a color of no class looks like, and the way out.
fn unknown_color<'a>(
    position: usize,
    [red, green, blue]: [u8; 3],
    unknown: impl Iterator<Item = &'a [u8; 3]>,
    width: u32,
    num_pixels: usize,
) -> String {
    let (mut pixels, mut distinct) = (0_usize, HashSet::new());
    for color in unknown {
        pixels += 1;
        distinct.insert(*color);
    }
    let [x, y] = column_and_row(position, width);
    let found = format!(
        "the color {red} {green} {blue} at column {x}, row {y} belongs to no class, as do {pixels} of {num_pixels} \
         pixels in {} colors",
        distinct.len()
    );
    if distinct.iter().all(|color| *color == [255; 3]) {
        format!(
            "{found}. A black and white mask mostly means 0 and 255, with 255 for one class; write that class into \
             classes.txt as \"name 255 255 255\""
        )
    } else if distinct.len() > MANY_COLORS {
        format!(
            "{found}. So many colors look like smoothed edges or a copy through JPEG; export the mask without \
             smoothing, as an indexed PNG"
        )
    } else {
        format!(
            "{found}; add it to classes.txt as \"name red green blue\" or export the mask as an indexed PNG"
        )
    }
}

/// Checks by the headers that a large mask has the size of its image: one of a few bytes can announce a gigabyte
/// of labels. What else is wrong with the files is said by reading them.
///
/// # Errors
/// [`DatasetError::SizeMismatch`], and why the image of a large mask cannot be read.
pub(in crate::dataset) fn check_large_mask(item: &DatasetItem) -> Result<(), DatasetError> {
    let mask_size = super::read_stored_size(&item.mask);
    let Some(mask_size) = mask_size.ok().filter(|size| size.pixels() > LARGE) else {
        return Ok(());
    };
    let image_size = super::read_image_size(&item.image)?;
    match check_sizes(item, image_size, mask_size) {
        Err(err @ DatasetError::SizeMismatch { .. }) => Err(err),
        // One that EXIF turns can be turned.
        _ => Ok(()),
    }
}

/// The sizes of two masks by their headers, where they differ and one is large.
pub fn large_masks_differ(one: &Path, other: &Path) -> Option<[Size; 2]> {
    let sizes = [
        super::read_stored_size(one).ok()?,
        super::read_stored_size(other).ok()?,
    ];
    let is_large = sizes.iter().any(|size| size.pixels() > LARGE);
    (is_large && sizes[0] != sizes[1]).then_some(sizes)
}

/// Checks that image and mask are of one size.
pub(in crate::dataset) fn check_sizes(
    item: &DatasetItem,
    image_size: Size,
    mask_size: Size,
) -> Result<(), DatasetError> {
    if image_size == mask_size {
        return Ok(());
    }
    // Only a picture on its side has another size as it is stored.
    if super::read_stored_size(&item.image).is_ok_and(|stored| stored == mask_size) {
        return Err(DatasetError::TurnedByExif {
            mask: item.mask.clone(),
            image: item.image.clone(),
            mask_size,
            image_size,
        });
    }
    Err(DatasetError::SizeMismatch {
        mask: item.mask.clone(),
        image: item.image.clone(),
        mask_size,
        image_size,
    })
}

fn column_and_row(position: usize, width: u32) -> [u32; 2] {
    let width = (width as usize).max(1);
    [position % width, position / width].map(|value| u32::try_from(value).unwrap_or(u32::MAX))
}

fn mask_error(path: &Path, reason: String) -> DatasetError {
    DatasetError::Mask {
        path: path.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod animated_tests;
#[cfg(test)]
mod tests;
