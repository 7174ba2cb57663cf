//! Small TIFF files of several bands, for tests.

use std::collections::HashMap;
use std::io::Write as _;

pub(super) const WIDTH: usize = 5;
pub(super) const HEIGHT: usize = 4;

/// How a TIFF is written.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a choice that the format has"
)]
#[derive(Debug, Clone, Copy)]
pub(in crate::dataset) struct Form {
    pub bands: usize,
    pub bits: u16,
    pub big: bool,
    pub planar: bool,
    /// Differences of neighbors, compressed with Deflate.
    pub packed: bool,
    /// Width and height of tiles; strips without.
    pub tile: Option<usize>,
    pub orientation: u16,
    /// A `BigTIFF`.
    pub large: bool,
    /// What samples are: 1 = whole numbers, 2 = signed ones, 3 = floating-point numbers.
    pub format: u16,
    /// One band of indices, with gray colors.
    pub indexed: bool,
    /// Bands that are red, green, blue, and alpha where there are four; samples of 16 bits are large ones.
    pub colors: bool,
    /// What the bands after red, green and blue are: 0 = something else, 2 = alpha.
    pub fourth: u32,
    /// Whether 0 is white, of gray files.
    pub inverted: bool,
    /// Columns and rows.
    pub size: [usize; 2],
    /// Rows of a strip.
    pub strip: usize,
    /// Compressed as JPEG, colors as YCbCr.
    pub jpeg: bool,
    /// Compressed with LZW; what is behind the edge is black.
    pub lzw: bool,
    /// What the tag says that the samples are; `None` = what they are.
    pub photometric: Option<u32>,
}

pub(in crate::dataset) const SIX: Form = Form {
    bands: 6,
    bits: 8,
    big: false,
    planar: false,
    packed: false,
    tile: None,
    orientation: 1,
    large: false,
    format: 1,
    indexed: false,
    colors: false,
    fourth: 2,
    inverted: false,
    size: [WIDTH, HEIGHT],
    strip: 2,
    jpeg: false,
    lzw: false,
    photometric: None,
};

/// The sample of a pixel of 5x4.
pub(super) fn sample(x: usize, y: usize, band: usize) -> u16 {
    (10 * band + 2 * x + 7 * y) as u16
}

/// A TIFF with these samples, of 5x4 pixels where nothing else is said.
pub(in crate::dataset) fn tiff(form: Form) -> Vec<u8> {
    let mark = if form.large { 43 } else { 42 };
    let mut file = if form.big {
        vec![b'M', b'M', 0, mark]
    } else {
        vec![b'I', b'I', mark, 0]
    };
    if form.large {
        file.extend(form.short(8));
        file.extend([0; 2]);
    }
    // Where the list of tags will be.
    let list_at = file.len();
    file.extend(form.count(0));
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for chunk in form.chunks() {
        offsets.push(file.len() as u32);
        lengths.push(chunk.len() as u32);
        file.extend(chunk);
        file.resize(file.len().next_multiple_of(2), 0);
    }
    let tags = form.tags(offsets, lengths);
    let mut entries = Vec::new();
    for (tag, is_short, values) in &tags {
        let kind = match (*is_short, form.large) {
            (true, _) => 3,
            (false, false) => 4,
            (false, true) => 16,
        };
        let value = form.place(&mut file, values, *is_short);
        let count = form.count(values.len());
        entries.extend([&form.short(*tag)[..], &form.short(kind), &count, &value].concat());
    }
    let at = form.count(file.len());
    file[list_at..list_at + at.len()].copy_from_slice(&at);
    if form.large {
        file.extend(form.count(tags.len()));
    } else {
        file.extend(form.short(tags.len() as u16));
    }
    file.extend(entries);
    file.extend(form.count(0));
    file
}

impl Form {
    fn short(self, value: u16) -> [u8; 2] {
        if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn long(self, value: u32) -> [u8; 4] {
        if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    /// A count or a place in the file: 8 bytes in a `BigTIFF`.
    fn count(self, value: usize) -> Vec<u8> {
        if !self.large {
            return self.long(value as u32).to_vec();
        }
        let value = value as u64;
        if self.big {
            value.to_be_bytes().to_vec()
        } else {
            value.to_le_bytes().to_vec()
        }
    }

    /// Strips or tiles, band after band where the file is planar.
    fn chunks(self) -> Vec<Vec<u8>> {
        let (width, height) = self
            .tile
            .map_or((self.size[0], self.strip), |tile| (tile, tile));
        let groups: Vec<Vec<usize>> = if self.planar {
            (0..self.bands).map(|band| vec![band]).collect()
        } else {
            vec![(0..self.bands).collect()]
        };
        let mut chunks = Vec::new();
        for group in &groups {
            for top in (0..self.size[1]).step_by(height) {
                for left in (0..self.size[0]).step_by(width) {
                    let rows = top..top + height;
                    let bytes = rows
                        .flat_map(|y| self.row(left..left + width, y, group))
                        .collect();
                    chunks.push(if self.packed {
                        packed(bytes)
                    } else if self.jpeg {
                        jpeg(&bytes, [width, height])
                    } else if self.lzw {
                        lzw(&bytes)
                    } else {
                        bytes
                    });
                }
            }
        }
        chunks
    }

    fn value(self, x: usize, y: usize, band: usize) -> u16 {
        if self.lzw && (x >= self.size[0] || y >= self.size[1]) {
            return 0;
        }
        let value = sample(x, y, band);
        if self.colors && self.bits == 16 {
            value.wrapping_mul(211)
        } else {
            value
        }
    }

    fn row(self, columns: std::ops::Range<usize>, y: usize, group: &[usize]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for x in columns.clone() {
            for band in group {
                let before = if self.packed && x > columns.start {
                    self.value(x - 1, y, *band)
                } else {
                    0
                };
                let value = self.value(x, y, *band).wrapping_sub(before);
                match self.bits {
                    // Those of fewer bits are packed when the row is whole.
                    1..=8 => bytes.push(value as u8),
                    16 => bytes.extend(self.short(value)),
                    _ => bytes.extend(self.long(u32::from(value))),
                }
            }
        }
        if self.bits < 8 {
            bytes = bits(&bytes, self.bits);
        }
        bytes
    }

    /// Tags in order: number, whether its values are short, values.
    fn tags(self, offsets: Vec<u32>, lengths: Vec<u32>) -> Vec<(u16, bool, Vec<u32>)> {
        let (offset_tag, length_tag) = if self.tile.is_some() {
            (324, 325)
        } else {
            (273, 279)
        };
        let photometric = match (self.indexed, self.colors) {
            (true, _) => 3,
            (false, true) if self.jpeg => 6,
            (false, true) => 2,
            (false, false) => u32::from(!self.inverted),
        };
        let compression = match (self.packed, self.jpeg, self.lzw) {
            (true, ..) => 8,
            (_, true, _) => 7,
            (_, _, true) => 5,
            _ => 1,
        };
        let mut tags = vec![
            (256, true, vec![self.size[0] as u32]),
            (257, true, vec![self.size[1] as u32]),
            (258, true, vec![u32::from(self.bits); self.bands]),
            (259, true, vec![compression]),
            (262, true, vec![self.photometric.unwrap_or(photometric)]),
            (274, true, vec![u32::from(self.orientation)]),
            (277, true, vec![self.bands as u32]),
            (284, true, vec![if self.planar { 2 } else { 1 }]),
            (317, true, vec![if self.packed { 2 } else { 1 }]),
            (offset_tag, false, offsets),
            (length_tag, false, lengths),
        ];
        match self.tile {
            Some(tile) => tags.extend([322, 323].map(|tag| (tag, true, vec![tile as u32]))),
            None => tags.push((278, true, vec![self.strip as u32])),
        }
        if self.colors && self.bands >= 4 {
            tags.push((338, true, vec![self.fourth; self.bands - 3]));
        } else if self.bands > 1 && !self.colors {
            tags.push((338, true, vec![0; self.bands - 1]));
        }
        if self.indexed {
            // All reds, then all greens, then all blues.
            let gray = (0..256).map(|index| index * 257);
            tags.push((320, true, gray.cycle().take(768).collect()));
        }
        if self.format != 1 {
            tags.push((339, true, vec![u32::from(self.format); self.bands]));
        }
        tags.sort_by_key(|(tag, ..)| *tag);
        tags
    }

    /// The value of an entry: the values themselves, or where they were put in the file.
    fn place(self, file: &mut Vec<u8>, values: &[u32], is_short: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        for value in values {
            if is_short {
                bytes.extend(self.short(*value as u16));
            } else {
                bytes.extend(self.count(*value as usize));
            }
        }
        let width = self.count(0).len();
        if bytes.len() <= width {
            bytes.resize(width, 0);
            return bytes;
        }
        let at = file.len();
        file.extend(bytes);
        file.resize(file.len().next_multiple_of(2), 0);
        self.count(at)
    }
}

fn packed(bytes: Vec<u8>) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&bytes).expect("packed");
    encoder.finish().expect("packed")
}

/// Samples of fewer than 8 bits, the highest bits first.
fn bits(samples: &[u8], each: u16) -> Vec<u8> {
    let in_byte = usize::from(8 / each);
    let pack = |samples: &[u8]| {
        let shifted = samples.iter().enumerate().map(|(place, sample)| {
            let low = u32::from(*sample) % (1 << each);
            low << (8 - each as usize * (place + 1))
        });
        shifted.sum::<u32>() as u8
    };
    samples.chunks(in_byte).map(pack).collect()
}

/// Of the best quality; the encoder makes brightness and differences of colors of them.
fn jpeg(bytes: &[u8], [width, height]: [usize; 2]) -> Vec<u8> {
    let kind = match bytes.len() / (width * height) {
        1 => image::ExtendedColorType::L8,
        _ => image::ExtendedColorType::Rgb8,
    };
    let mut file = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 100)
        .encode(bytes, width as u32, height as u32, kind)
        .expect("encoded");
    file
}

/// Codes of 9 bits and more, the highest bits first. Of so few bytes that the table
/// is never full.
fn lzw(bytes: &[u8]) -> Vec<u8> {
    const CLEAR: u32 = 256;
    const END: u32 = 257;
    let mut table: HashMap<Vec<u8>, u32> = (0..=255_u8)
        .map(|byte| (vec![byte], u32::from(byte)))
        .collect();
    let (mut next, mut width) = (END + 1, 9);
    let mut bits: Vec<bool> = Vec::new();
    let mut put = |code: u32, width: u32| {
        bits.extend((0..width).rev().map(|bit| code >> bit & 1 == 1));
    };
    put(CLEAR, width);
    let mut known = Vec::new();
    for byte in bytes {
        let mut longer = known.clone();
        longer.push(*byte);
        if table.contains_key(&longer) {
            known = longer;
            continue;
        }
        put(table[&known], width);
        table.insert(longer, next);
        next += 1;
        // Who decodes is one entry behind, and takes the next width one entry early.
        if next == 1 << width {
            width += 1;
        }
        known = vec![*byte];
    }
    put(table[&known], width);
    put(END, width);
    let byte = |bits: &[bool]| {
        let set = bits.iter().enumerate().filter(|(_, bit)| **bit);
        set.map(|(place, _)| 0x80_u8 >> place).sum()
    };
    bits.chunks(8).map(byte).collect()
}
