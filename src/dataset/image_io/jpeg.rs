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

/// A missing end of this share of the image is not seen, nor is a single block.
const HARMLESS: f64 = 0.02;
/// Data that no file holds in this place, put behind the end; where the image changes, data was
/// missing. One of them differs from what decoders fill up with.
const FILLERS: [u8; 3] = [0x00, 0x55, 0xa8];
const FILLER_LENGTH: usize = 4096;
/// How far colors that are stored at half the resolution reach into the next block.
const BLEEDING: u32 = 2;

/// Why a JPEG in four inks is refused that does not say how they are stored.
pub(super) const UNMARKED_INKS: &str = "it is a JPEG in CMYK without Adobe's mark, so that nothing says whether its inks \
    are stored as they are or inverted. Save it as RGB";

/// Whether a JPEG has four inks and no mark of Adobe. With the mark inks are inverted, as decoders
/// take for granted.
pub(super) fn has_unmarked_inks(bytes: &[u8]) -> bool {
    let (mut is_marked, mut inks) = (false, false);
    for (marker, content) in segments(bytes) {
        is_marked |= marker == 0xee && content.starts_with(b"Adobe");
        inks |= is_frame(marker) && content.get(5) == Some(&4);
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
            let bytes = without_zeros(bytes);
            let missing = missing_share(bytes, decoded)?;
            Some(format!(
                "{advice} after {} bytes, {:.0} % of the image is missing",
                bytes.len(),
                (missing * 100.0).max(1.0)
            ))
        }
    }
}

/// Why the decoder has refused a JPEG, where that is because it is cut off.
pub(super) fn refused_as_cut_off(bytes: &[u8]) -> Option<String> {
    let is_whole = ending(bytes) == Ending::Complete;
    (!is_whole).then(|| {
        format!(
            "The file is cut off after {} bytes",
            without_zeros(bytes).len()
        )
    })
}

/// The file without the zeros that a broken-off download has in the place of the rest.
fn without_zeros(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte != 0);
    &bytes[..end.map_or(0, |end| end + 1)]
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

/// The share of the image after the place where the data ends, from `0.0` to `1.0`; `None` where
/// that is harmless.
fn missing_share(bytes: &[u8], decoded: &DynamicImage) -> Option<f64> {
    let blocks = Blocks::of(bytes, decoded);
    let first_missing = FILLERS
        .iter()
        .filter_map(|filler| {
            let mut longer = bytes.to_vec();
            // A single 0xff at the end would make a marker of the filler.
            if longer.last() == Some(&0xff) {
                longer.pop();
            }
            longer.resize(longer.len() + FILLER_LENGTH, *filler);
            longer.extend([0xff, 0xd9]);
            blocks.first_difference(decoded, &decode(longer)?)
        })
        .min()?;
    let missing = blocks.count().saturating_sub(first_missing);
    let share = f64::from(missing) / f64::from(blocks.count());
    (missing > 1 && share > HARMLESS).then_some(share)
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

/// The blocks that a JPEG is stored in, row by row.
struct Blocks {
    /// Width and height of a block.
    side: [u32; 2],
    columns: u32,
    rows: u32,
}

impl Blocks {
    fn of(bytes: &[u8], decoded: &DynamicImage) -> Self {
        let side = block_side(bytes);
        Self {
            side,
            columns: decoded.width().div_ceil(side[0]).max(1),
            rows: decoded.height().div_ceil(side[1]).max(1),
        }
    }

    fn count(&self) -> u32 {
        self.columns * self.rows
    }

    /// The first block whose own pixels differ. Those at its border differ as well where the color
    /// of the next block does.
    fn first_difference(&self, one: &DynamicImage, other: &DynamicImage) -> Option<u32> {
        let (one, other) = (one.to_rgb8(), other.to_rgb8());
        if one.dimensions() != other.dimensions() {
            return None;
        }
        let is_own = |at: u32, side: u32| {
            let at = at % side;
            side == 8 || (BLEEDING..side - BLEEDING).contains(&at)
        };
        let [width, height] = self.side;
        one.enumerate_pixels()
            .filter(|(x, y, _)| is_own(*x, width) && is_own(*y, height))
            .filter(|(x, y, pixel)| *pixel != other.get_pixel(*x, *y))
            .map(|(x, y, _)| y / height * self.columns + x / width)
            .min()
    }
}

/// Width and height of the blocks, from the frame header: 8 pixels for each sample of the channel
/// with the most of them.
fn block_side(bytes: &[u8]) -> [u32; 2] {
    let header = segments(bytes).find(|(marker, _)| is_frame(*marker));
    let components = header.and_then(|(_, content)| content.get(6..));
    let components: Vec<u8> = components
        .unwrap_or_default()
        .chunks_exact(3)
        .map(|component| component[1])
        .collect();
    // A single channel is stored in plain blocks, whatever its header says.
    if components.len() < 2 {
        return [8; 2];
    }
    let most = |samples: fn(u8) -> u8| {
        let most = components.iter().map(|component| samples(*component)).max();
        8 * u32::from(most.unwrap_or(1).clamp(1, 4))
    };
    [
        most(|component| component >> 4),
        most(|component| component & 15),
    ]
}

/// Whether a marker is that of a frame header; not of tables of Huffman and arithmetic codes.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// The segments before the data, with their markers.
fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut position = 2;
    std::iter::from_fn(move || {
        let [0xff, marker] = *bytes.get(position..position + 2)? else {
            return None;
        };
        let content = bytes.get(position + 2..)?;
        let [high, low] = *content.get(..2)? else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        position += 2 + length;
        let is_header = !matches!(marker, 0xda | 0xd9);
        is_header.then(|| (marker, content.get(2..length).unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::read_rgb;
    use super::super::test_jpeg::halved_colors;
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
    fn a_missing_block_is_harmless_where_colors_reach_into_the_row_above() {
        let levels = |block: usize, part: usize| (block * 37 + part * 71) as i32 % 200 - 100;
        let whole = halved_colors(4, 3, levels);
        assert_eq!(block_side(&whole), [16, 16]);
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("photo.jpg");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("written");
            read_rgb(&path).map_err(|err| err.to_string())
        };
        let expected = read(&whole).expect("whole");
        assert_eq!(expected.size().to_string(), "64x48");
        // The end mark and 5 bytes of the last of 12 blocks.
        let shorter = read(&whole[..whole.len() - 7]).expect("harmless");
        let row = 64 * 3;
        assert_eq!(shorter.pixels[..30 * row], expected.pixels[..30 * row]);
        // Half of the data, and the same with zeros in the place of the rest.
        let start = whole.len() - (whole.len() - 2).min(90);
        let half = start.midpoint(whole.len());
        let mut zeros = whole.clone();
        zeros[half..].fill(0);
        for cut in [&whole[..half], &zeros] {
            let message = read(cut).expect_err("cut off");
            let share: u32 = message
                .split_once(" % of the image")
                .and_then(|(before, _)| before.rsplit(' ').next()?.parse().ok())
                .unwrap_or_else(|| panic!("{message}"));
            assert!((25..=75).contains(&share), "{message}");
        }
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
