//! Reading label maps: PNG files whose samples are labels, never expanded to colors.

use std::collections::HashMap;
use std::path::Path;

use png::{BitDepth, ColorType};

use super::{LabelMap, MAX_DECODE_BYTES, MAX_SIDE, Rgb, guarded, open, read_rgb};
use crate::dataset::classes::VOID_COLOR;
use crate::dataset::{ClassList, DatasetError, DatasetItem, Size, VOID};

/// Reads the label maps of one dataset.
///
/// Supported are indexed and grey PNGs of 1, 2, 4 or 8 bits, whose samples are the
/// labels, and 8-bit RGB or RGBA PNGs whose colors are all in the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskReader {
    /// Labels `0..num_classes` are classes.
    pub num_classes: usize,
    /// Labels that become [`VOID`], besides 255, which always does.
    pub void_labels: Vec<u8>,
    /// The label of each color in RGB masks; the first entry of a color counts.
    pub palette: Vec<([u8; 3], u8)>,
}

impl MaskReader {
    /// A reader for masks of these classes. RGB masks are read by the colors of the
    /// classes and the void color: VOC's, or black if no class is black.
    pub fn new(classes: &ClassList, void_labels: Vec<u8>) -> Self {
        let colors = (0..VOID)
            .zip(classes)
            .map(|(label, class)| (class.color, label));
        let void = [(VOID_COLOR, VOID), ([0; 3], VOID)];
        Self {
            num_classes: classes.len(),
            void_labels,
            palette: colors.chain(void).collect(),
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
        let raw = read_raw(path)?;
        let mut labels = match raw.pixels {
            RawPixels::Labels { samples, .. } => samples,
            RawPixels::Colors(colors) => self.labels_of_colors(path, raw.width, &colors)?,
        };
        let meaning: [Option<u8>; 256] = std::array::from_fn(|label| self.meaning(label));
        for (position, label) in labels.iter_mut().enumerate() {
            *label = meaning[usize::from(*label)].ok_or_else(|| {
                let [x, y] = column_and_row(position, raw.width);
                DatasetError::LabelOutOfRange {
                    path: path.to_owned(),
                    label: *label,
                    x,
                    y,
                    num_classes: self.num_classes,
                }
            })?;
        }
        Ok(LabelMap {
            width: raw.width,
            height: raw.height,
            labels,
        })
    }

    /// Reads an image and its label map and checks that they fit.
    ///
    /// # Errors
    /// Those of [`read_rgb`] and [`MaskReader::read`], and
    /// [`DatasetError::SizeMismatch`].
    pub fn read_pair(&self, item: &DatasetItem) -> Result<(Rgb, LabelMap), DatasetError> {
        let rgb = read_rgb(&item.image)?;
        let labels = self.read(&item.mask)?;
        check_sizes(item, rgb.size(), labels.size())?;
        Ok((rgb, labels))
    }

    /// The class or void that a label in a file means; `None` = neither.
    fn meaning(&self, label: usize) -> Option<u8> {
        let byte = u8::try_from(label).ok()?;
        if byte == VOID || self.void_labels.contains(&byte) {
            Some(VOID)
        } else {
            (label < self.num_classes).then_some(byte)
        }
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
                let [red, green, blue] = color;
                let [x, y] = column_and_row(position, width);
                mask_error(path, format!(
                    "the color {red} {green} {blue} at column {x}, row {y} belongs to no class; add it to classes.txt \
                     or export the mask as an indexed PNG"
                ))
            })
        };
        colors.iter().enumerate().map(label).collect()
    }
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
    Err(DatasetError::SizeMismatch {
        mask: item.mask.clone(),
        image: item.image.clone(),
        mask_size,
        image_size,
    })
}

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

/// Reads the samples of a PNG without giving them a meaning.
pub(in crate::dataset) fn read_raw(path: &Path) -> Result<RawMask, DatasetError> {
    let file = open(path)?;
    guarded(|| decode(file))
        .and_then(|decoded| decoded)
        .map_err(|reason| mask_error(path, reason))
}

fn decode(file: std::io::BufReader<std::fs::File>) -> Result<RawMask, String> {
    let limits = png::Limits {
        bytes: usize::try_from(MAX_DECODE_BYTES).unwrap_or(usize::MAX),
    };
    let mut decoder = png::Decoder::new_with_limits(file, limits);
    // Indices and grey values are the labels, so nothing may be expanded or scaled.
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(|err| png_reason(&err))?;
    let (width, height) = reader.info().size();
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(format!("{width}x{height} pixels are more than can be read"));
    }
    let palette = reader
        .info()
        .palette
        .as_ref()
        .map(|bytes| bytes.as_chunks().0.to_vec());
    let (color_type, bit_depth) = (reader.info().color_type, reader.info().bit_depth);
    let size = reader.output_buffer_size().ok_or("it is too large")?;
    let mut data = vec![0; size];
    let frame = reader
        .next_frame(&mut data)
        .map_err(|err| png_reason(&err))?;
    let pixels = match (color_type, bit_depth) {
        (_, BitDepth::Sixteen) => {
            return Err("it has 16 bits a sample; export it with 8".to_owned());
        }
        (ColorType::Indexed, _) => RawPixels::Labels {
            samples: unpack(&data, width, bit_depth, frame.line_size),
            palette,
        },
        (ColorType::Grayscale, _) => RawPixels::Labels {
            samples: unpack(&data, width, bit_depth, frame.line_size),
            palette: None,
        },
        (ColorType::Rgb, _) => RawPixels::Colors(data.as_chunks().0.to_vec()),
        (ColorType::Rgba, _) => RawPixels::Colors(
            data.as_chunks()
                .0
                .iter()
                .map(|[red, green, blue, _]| [*red, *green, *blue])
                .collect(),
        ),
        (ColorType::GrayscaleAlpha, _) => {
            return Err(
                "it is grey with transparency; export it as an indexed or grey PNG".to_owned(),
            );
        }
    };
    Ok(RawMask {
        width,
        height,
        pixels,
    })
}

/// One byte a sample from rows that are packed to whole bytes, highest bits first.
fn unpack(data: &[u8], width: u32, bit_depth: BitDepth, line_size: usize) -> Vec<u8> {
    let bits = bit_depth as usize;
    if bits == 8 {
        return data.to_vec();
    }
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
    match err {
        png::DecodingError::Format(err) if err.to_string().contains("signature") => {
            "it is not a PNG file; export masks as 8-bit indexed or grey PNG".to_owned()
        }
        err => format!("damaged PNG: {err}"),
    }
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
mod tests;
