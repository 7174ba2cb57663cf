//! JPEG files that end too early, which decoders fill up with gray in silence.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader};

use super::{guarded, limits};

/// Where a file that has no end mark breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// At its end mark.
    Complete,
    /// In the data of an image that is stored once, row by row.
    InRows,
    /// In the data of an image that is stored in passes, or between them.
    InPasses,
}

/// A missing end of this share of the image is not seen.
const HARMLESS: f64 = 0.02;
/// Data that no file holds in this place, put behind the end; where the image changes, data was
/// missing. One of them differs from what decoders fill up with.
const FILLERS: [u8; 3] = [0x00, 0x55, 0xa8];
const FILLER_LENGTH: usize = 4096;
/// The side of a block of the coarsest chroma, in which a row is stored.
const BLOCK: u32 = 16;

/// Why a JPEG in four inks is refused that does not say how they are stored.
pub(super) const UNMARKED_INKS: &str = "it is a JPEG in CMYK without Adobe's mark, so that nothing says whether its inks \
    are stored as they are or inverted. Save it as RGB";

/// Whether a JPEG has four inks and no mark of Adobe. With the mark inks are inverted, as decoders
/// take for granted.
pub(super) fn has_unmarked_inks(bytes: &[u8]) -> bool {
    let (mut position, mut is_marked, mut inks) = (2, false, false);
    while let Some([0xff, marker]) = bytes.get(position..position + 2) {
        let rest = bytes.get(position + 2..).unwrap_or_default();
        match marker {
            0xda | 0xd9 => break,
            0xee => is_marked |= rest.get(2..7) == Some(b"Adobe".as_slice()),
            // The frame header; not the tables of Huffman and arithmetic codes.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                inks |= rest.get(7) == Some(&4);
            }
            _ => {}
        }
        let Some([high, low]) = rest.get(..2) else {
            break;
        };
        position += 2 + usize::from(u16::from_be_bytes([*high, *low]));
    }
    inks && !is_marked
}

/// What is wrong with a JPEG that is cut off; `None` for whole ones, also for those whose last
/// few bytes are missing. `decoded` is the image as it came out.
pub(super) fn cut_off(bytes: &[u8], decoded: &DynamicImage) -> Option<String> {
    let advice = "The file is cut off";
    match ending(bytes) {
        Ending::Complete => None,
        Ending::InPasses => Some(format!(
            "{advice} after {} bytes, in one of the passes of a progressive JPEG",
            bytes.len()
        )),
        Ending::InRows => {
            let missing = missing_share(bytes, decoded);
            (missing > HARMLESS).then(|| {
                format!(
                    "{advice} after {} bytes, {:.0} % of the image are missing",
                    bytes.len(),
                    (missing * 100.0).max(1.0)
                )
            })
        }
    }
}

/// Walks through the markers of a JPEG to its end.
fn ending(bytes: &[u8]) -> Ending {
    let (mut position, mut progressive, mut in_scan) = (2, false, false);
    let cut = |progressive: bool| {
        if progressive {
            Ending::InPasses
        } else {
            Ending::InRows
        }
    };
    loop {
        // In the data of a scan 0xff 0x00 is a value, and restart marks belong to the data.
        let Some(offset) = bytes
            .get(position..)
            .and_then(|rest| rest.iter().position(|byte| *byte == 0xff))
        else {
            return cut(progressive);
        };
        position += offset + 1;
        let Some(marker) = bytes.get(position).copied() else {
            return cut(progressive);
        };
        position += usize::from(marker != 0xff);
        match marker {
            0x00 | 0x01 | 0xd0..=0xd8 | 0xff => {}
            0xd9 if in_scan => return Ending::Complete,
            _ => {
                progressive |= matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce);
                in_scan |= marker == 0xda;
                let Some([high, low]) = bytes.get(position..position + 2) else {
                    return cut(progressive);
                };
                position += usize::from(u16::from_be_bytes([*high, *low]));
            }
        }
    }
}

/// The share of the image after the place where the data ends, from `0.0` to `1.0`.
fn missing_share(bytes: &[u8], decoded: &DynamicImage) -> f64 {
    let first_change = FILLERS
        .iter()
        .filter_map(|filler| {
            let mut longer = bytes.to_vec();
            // A single 0xff at the end would make a marker of the filler.
            if longer.last() == Some(&0xff) {
                longer.pop();
            }
            longer.resize(longer.len() + FILLER_LENGTH, *filler);
            longer.extend([0xff, 0xd9]);
            first_difference(decoded, &decode(longer)?)
        })
        .reduce(f64::min);
    first_change.map_or(0.0, |share| 1.0 - share)
}

fn decode(bytes: Vec<u8>) -> Option<DynamicImage> {
    guarded(|| {
        let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg);
        reader.limits(limits());
        reader.decode().ok()
    })
    .ok()
    .flatten()
}

/// The share of the blocks that are stored before the first one that differs.
fn first_difference(one: &DynamicImage, other: &DynamicImage) -> Option<f64> {
    let (one, other) = (one.to_rgb8(), other.to_rgb8());
    if one.dimensions() != other.dimensions() {
        return None;
    }
    let (width, height) = one.dimensions();
    let columns = width.div_ceil(BLOCK).max(1);
    let blocks = columns * height.div_ceil(BLOCK).max(1);
    let differs = one
        .enumerate_pixels()
        .filter(|(x, y, pixel)| *pixel != other.get_pixel(*x, *y))
        .map(|(x, y, _)| y / BLOCK * columns + x / BLOCK)
        .min()?;
    Some(f64::from(differs) / f64::from(blocks))
}

#[cfg(test)]
mod tests {
    use super::super::read_rgb;
    use super::*;

    /// A colorful JPEG of 160x120 pixels.
    fn jpeg() -> Vec<u8> {
        let image = image::RgbImage::from_fn(160, 120, |x, y| {
            image::Rgb([
                (x * 7 % 256) as u8,
                (y * 11 % 256) as u8,
                ((x * y) % 256) as u8,
            ])
        });
        let mut bytes = Cursor::new(Vec::new());
        image
            .write_to(&mut bytes, ImageFormat::Jpeg)
            .expect("encoded");
        bytes.into_inner()
    }

    #[test]
    fn a_cut_jpeg_is_an_error_and_a_few_bytes_are_not() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("photo.jpg");
        let whole = jpeg();
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("written");
            read_rgb(&path).map_err(|err| err.to_string())
        };
        let expected = read(&whole).expect("whole");
        // Only the end mark and the last bits.
        for missing in [1, 2, 4] {
            let shorter = read(&whole[..whole.len() - missing]).expect("harmless");
            assert_eq!(shorter.size(), expected.size());
        }
        for share in [0.2, 0.5, 0.8, 0.95] {
            let length = (whole.len() as f64 * share) as usize;
            let message = read(&whole[..length]).expect_err("cut off");
            assert!(
                message.contains("photo.jpg") && message.contains("cut off"),
                "{share}: {message}"
            );
        }
        // What cameras write behind the end is no concern.
        let mut longer = whole.clone();
        longer.extend(b"notes of a camera");
        assert_eq!(read(&longer).expect("whole"), expected);
    }

    #[test]
    fn marks_inside_of_segments_are_not_the_end() {
        let mut bytes = jpeg();
        // A comment that holds an end mark, right after the start.
        let comment = [0xff, 0xfe, 0x00, 0x06, 0xff, 0xd9, 0xff, 0xd9];
        bytes.splice(2..2, comment);
        assert_eq!(ending(&bytes), Ending::Complete);
        assert_eq!(ending(&bytes[..bytes.len() / 2]), Ending::InRows);
        assert_eq!(ending(&[0xff, 0xd8]), Ending::InRows);
    }
}
