//! Writing masks and images as PNG files.

use std::io::{self, Write};
use std::path::Path;

use super::{LabelMap, Rgb};
use crate::dataset::{ClassList, DatasetError, Size};
use crate::files::write_atomic;

/// Bytes of compressed rows that are written at a time.
const STREAMED: usize = 1 << 18;

/// Writes a label map as an 8-bit indexed PNG with the classes' colors as its
/// palette; the bytes of the image are the labels, 255 included.
///
/// # Errors
/// [`DatasetError::File`] when the file cannot be written.
pub fn write_index_png(
    path: &Path,
    labels: &LabelMap,
    classes: &ClassList,
) -> Result<(), DatasetError> {
    Ok(write_atomic(path, |file| {
        encode_index_png(labels, classes, file)
    })?)
}

/// A mask in the colors of its classes.
pub fn paint_mask(labels: &LabelMap, classes: &ClassList) -> Rgb {
    let palette = classes.palette();
    let colors = labels.labels.iter();
    Rgb {
        width: labels.width,
        height: labels.height,
        pixels: colors
            .flat_map(|label| palette[usize::from(*label)])
            .collect(),
    }
}

/// Writes an image as an 8-bit RGB PNG.
///
/// # Errors
/// [`DatasetError::File`] when the file cannot be written.
pub fn write_rgb_png(path: &Path, rgb: &Rgb) -> Result<(), DatasetError> {
    Ok(write_atomic(path, |file| encode_rgb_png(rgb, file))?)
}

/// The content of the file that [`write_rgb_png`] writes.
pub fn encode_rgb_png(rgb: &Rgb, file: impl Write) -> io::Result<()> {
    let mut encoder = png::Encoder::new(file, rgb.width, rgb.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    finish_png(encoder, &rgb.pixels)
}

/// As [`encode_rgb_png`], of an image that comes from the top in groups of rows: `next` gives them until there
/// are no more.
///
/// # Errors
/// Also those of `next`.
pub fn encode_rgb_rows(
    size: Size,
    mut next: impl FnMut() -> io::Result<Option<Rgb>>,
    file: impl Write,
) -> io::Result<()> {
    let mut encoder = png::Encoder::new(file, size.width, size.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    let mut rows = writer.stream_writer_with_size(STREAMED)?;
    while let Some(part) = next()? {
        rows.write_all(&part.pixels)?;
    }
    rows.finish()?;
    Ok(writer.finish()?)
}

/// The content of the file that [`write_index_png`] writes.
pub fn encode_index_png(
    labels: &LabelMap,
    classes: &ClassList,
    file: impl Write,
) -> io::Result<()> {
    let mut encoder = png::Encoder::new(file, labels.width, labels.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(classes.palette().concat());
    finish_png(encoder, &labels.labels)
}

fn finish_png(encoder: png::Encoder<'_, impl Write>, data: &[u8]) -> io::Result<()> {
    let mut writer = encoder.write_header()?;
    writer.write_image_data(data)?;
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unwritable_folder_gets_a_hint() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("absent").join("mask.png");
        let labels = LabelMap {
            width: 1,
            height: 1,
            labels: vec![0],
        };
        let message = write_index_png(&path, &labels, &ClassList::numbered(1))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("mask.png") && message.contains("can be written"),
            "{message}"
        );
    }
}
