//! The strips or tiles of a TIFF: decoded when they are needed, and the last ones kept.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};

use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::ByteOrder;

use super::header::{Layout, RowsOfStrip};
use crate::dataset::Area;
use crate::dataset::image_io::guarded;
use crate::dataset::image_io::tiff_file::Padded;

/// Decoded samples.
pub(super) enum Values {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
}

/// A number that samples are.
pub(super) trait Sample: Copy + Default {
    /// Those of a chunk, where they are such numbers.
    fn of(values: &Values) -> Option<&[Self]>;
}

impl Sample for u8 {
    fn of(values: &Values) -> Option<&[Self]> {
        match values {
            Values::Bytes(values) => Some(values),
            Values::Words(_) => None,
        }
    }
}

impl Sample for u16 {
    fn of(values: &Values) -> Option<&[Self]> {
        match values {
            Values::Words(values) => Some(values),
            Values::Bytes(_) => None,
        }
    }
}

pub(super) struct Chunks {
    decoder: Decoder<BufReader<Padded<File>>>,
    layout: Layout,
    /// Bytes of what may be kept.
    most_kept: u64,
    /// The last used at the end.
    kept: VecDeque<(u32, Values)>,
}

impl Chunks {
    pub fn new(
        decoder: Decoder<BufReader<Padded<File>>>,
        (layout, most_kept): (Layout, u64),
    ) -> Self {
        Self {
            decoder,
            layout,
            most_kept,
            kept: VecDeque::new(),
        }
    }

    /// The samples of an area, `[height, width, bands]`.
    pub fn samples<T: Sample>(&mut self, area: Area, bands: usize) -> Result<Vec<T>, String> {
        let Layout {
            chunk,
            across,
            per_plane,
            is_planar,
            ..
        } = self.layout;
        let (planes, in_chunk) = if is_planar { (bands, 1) } else { (1, bands) };
        let (right, bottom) = (area.left + area.size.width, area.top + area.size.height);
        let mut found = vec![T::default(); area.size.pixels() as usize * bands];
        let width = chunk.width as usize * in_chunk;
        let rows = area.top / chunk.height..bottom.div_ceil(chunk.height);
        for row in rows {
            for column in area.left / chunk.width..right.div_ceil(chunk.width) {
                let (left, top) = (column * chunk.width, row * chunk.height);
                let columns = area.left.max(left)..right.min(left + chunk.width);
                let lines = area.top.max(top)..bottom.min(top + chunk.height);
                for plane in 0..planes {
                    let index = plane as u32 * per_plane + row * across + column;
                    let values = self.chunk(index)?;
                    let values =
                        T::of(values).ok_or("its samples are of another size than said")?;
                    for y in lines.clone() {
                        let from =
                            (y - top) as usize * width + (columns.start - left) as usize * in_chunk;
                        let from = values
                            .get(from..from + columns.len() * in_chunk)
                            .ok_or("a strip or tile has too few pixels")?;
                        let to = (y - area.top) as usize * area.size.width as usize
                            + (columns.start - area.left) as usize;
                        let to = &mut found[to * bands + plane..];
                        if in_chunk == bands {
                            to[..from.len()].copy_from_slice(from);
                        } else {
                            for (to, from) in to.iter_mut().step_by(bands).zip(from) {
                                *to = *from;
                            }
                        }
                    }
                }
            }
        }
        Ok(found)
    }

    fn chunk(&mut self, index: u32) -> Result<&Values, String> {
        let place = self.kept.iter().position(|(kept, _)| *kept == index);
        let entry = if let Some(entry) = place.and_then(|place| self.kept.remove(place)) {
            entry
        } else {
            while (self.kept.len() as u64 + 1) * self.layout.bytes > self.most_kept
                && self.kept.pop_front().is_some()
            {}
            (index, self.decode(index)?)
        };
        self.kept.push_back(entry);
        let newest = self.kept.back().map(|(_, values)| values);
        newest.ok_or_else(|| "it has no pixels".to_owned())
    }

    fn decode(&mut self, index: u32) -> Result<Values, String> {
        if let Some(rows) = self.layout.rows {
            return self.read_rows(rows, index);
        }
        let decoder = &mut self.decoder;
        let decoded = guarded(|| decoder.read_chunk(index))?;
        match decoded.map_err(|err| format!("strip or tile {index} cannot be decoded: {err}"))? {
            DecodingResult::U8(values) => Ok(Values::Bytes(values)),
            DecodingResult::U16(values) => Ok(Values::Words(values)),
            _ => Err("its samples are of another kind than said".to_owned()),
        }
    }

    /// A group of rows of a strip that is not compressed.
    fn read_rows(&mut self, strip: RowsOfStrip, index: u32) -> Result<Values, String> {
        let first = index * self.layout.chunk.height;
        let count = self.layout.chunk.height.min(strip.height - first);
        let mut bytes = vec![0; (u64::from(count) * strip.row) as usize];
        let file = self.decoder.inner();
        file.seek(SeekFrom::Start(strip.start + u64::from(first) * strip.row))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|err| format!("rows from {first} on cannot be read: {err}"))?;
        if strip.is_white_zero {
            // Of every size of a sample: the largest number less the sample.
            for byte in &mut bytes {
                *byte = !*byte;
            }
        }
        if strip.bits == 8 {
            return Ok(Values::Bytes(bytes));
        }
        let number = match self.decoder.byte_order() {
            ByteOrder::LittleEndian => u16::from_le_bytes,
            ByteOrder::BigEndian => u16::from_be_bytes,
        };
        let pairs = bytes.chunks_exact(2);
        Ok(Values::Words(
            pairs.map(|pair| number([pair[0], pair[1]])).collect(),
        ))
    }
}
