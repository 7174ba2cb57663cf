//! A TIFF that seems to be as wide and as high as its tiles together.
//!
//! Tiles reach over the right and the lower edge of an image. The decoder leaves out what is behind the edge
//! while it decodes, and fails at that: it finds no end of some tiles that are compressed with LZW, and gives up
//! on bands in tiles of their own. Where it is told that nothing is behind the edge it decodes each tile as
//! a whole; what is too much is cut off afterwards.

use std::io::{self, Read, Seek, SeekFrom};

use crate::dataset::Size;

const IMAGE_WIDTH: u16 = 256;
const IMAGE_HEIGHT: u16 = 257;
/// A number of 4 bytes.
const LONG: u16 = 4;
/// More entries than this has no image.
const MOST_ENTRIES: u64 = 1024;

/// A file in which some bytes are read as others.
pub(in super::super) struct Padded<R> {
    inner: R,
    at: u64,
    /// Places, and what is read there.
    changes: Vec<(u64, Vec<u8>)>,
}

impl<R: Read + Seek> Padded<R> {
    /// A file that is read as it is.
    pub fn unchanged(inner: R) -> Self {
        Self {
            inner,
            at: 0,
            changes: Vec::new(),
        }
    }

    /// A TIFF of an image that seems to be of another `size`, at its start.
    ///
    /// # Errors
    /// When its list of tags cannot be read.
    pub fn new(mut inner: R, size: Size) -> io::Result<Self> {
        inner.rewind()?;
        let changes = Header::read(&mut inner)?.changes(&mut inner, size)?;
        inner.rewind()?;
        Ok(Self {
            inner,
            at: 0,
            changes,
        })
    }
}

impl<R: Read> Read for Padded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        for (place, bytes) in &self.changes {
            for (offset, byte) in (*place..).zip(bytes) {
                let within = offset.checked_sub(self.at).map(|place| place as usize);
                if let Some(found) = within.and_then(|place| buffer[..count].get_mut(place)) {
                    *found = *byte;
                }
            }
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl<R: Seek> Seek for Padded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.inner.seek(to)?;
        Ok(self.at)
    }
}

/// How the numbers of a file are written, and where its list of tags is.
struct Header {
    is_little: bool,
    /// Bytes of a count and of a place in the file.
    wide: usize,
    list: u64,
}

impl Header {
    fn read(file: &mut impl Read) -> io::Result<Self> {
        let mut start = [0; 16];
        file.read_exact(&mut start[..8])?;
        let mut header = Self {
            is_little: start[0] == b'I',
            wide: 4,
            list: 0,
        };
        header.list = if header.number(&start[2..4]) == 43 {
            header.wide = 8;
            file.read_exact(&mut start[8..])?;
            header.number(&start[8..])
        } else {
            header.number(&start[4..8])
        };
        Ok(header)
    }

    /// What is read in the place of width and height.
    fn changes(
        &self,
        file: &mut (impl Read + Seek),
        size: Size,
    ) -> io::Result<Vec<(u64, Vec<u8>)>> {
        file.seek(SeekFrom::Start(self.list))?;
        let mut count = vec![0; if self.wide == 8 { 8 } else { 2 }];
        file.read_exact(&mut count)?;
        let length = 4 + 2 * self.wide;
        let first = self.list + count.len() as u64;
        let mut changes = Vec::new();
        for index in 0..self.number(&count).min(MOST_ENTRIES) {
            let mut entry = vec![0; length];
            file.read_exact(&mut entry)?;
            let value = match u16::try_from(self.number(&entry[..2])) {
                Ok(IMAGE_WIDTH) => size.width,
                Ok(IMAGE_HEIGHT) => size.height,
                _ => continue,
            };
            let place = first + index * length as u64;
            changes.push((place + 2, self.bytes(u32::from(LONG), 2)));
            changes.push((place + 4 + self.wide as u64, self.bytes(value, 4)));
        }
        Ok(changes)
    }

    fn number(&self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if self.is_little {
            bytes.iter().rev().fold(0, add)
        } else {
            bytes.iter().fold(0, add)
        }
    }

    /// A number in so many bytes.
    fn bytes(&self, number: u32, count: usize) -> Vec<u8> {
        if self.is_little {
            number.to_le_bytes()[..count].to_vec()
        } else {
            number.to_be_bytes()[4 - count..].to_vec()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use tiff::decoder::Decoder;

    use super::*;
    use crate::dataset::image_io::test_tiff::{Form, SIX, tiff};

    #[test]
    fn the_size_that_is_read_is_another_in_every_kind_of_file() {
        for (big, large) in [(false, false), (true, false), (false, true), (true, true)] {
            let form = Form { big, large, ..SIX };
            let bytes = tiff(form);
            let size = Size::new(70_000, 3);
            let padded = Padded::new(Cursor::new(bytes.clone()), size).expect("a list of tags");
            // However few bytes are read at a time.
            for most in [1, 3, 8192] {
                let mut padded = Padded {
                    inner: padded.inner.clone(),
                    changes: padded.changes.clone(),
                    at: 0,
                };
                padded.rewind().expect("the start");
                let reader = BufReader::with_capacity(most, padded);
                let mut decoder = Decoder::new(reader).unwrap_or_else(|err| panic!("{err}"));
                let found = decoder.dimensions().expect("a size");
                assert_eq!(found, (70_000, 3), "{form:?}");
            }
            let mut rest = Vec::new();
            let mut padded = Padded::new(Cursor::new(bytes.clone()), size).expect("a list");
            padded.read_to_end(&mut rest).expect("read");
            let others = rest.iter().zip(&bytes).filter(|(a, b)| a != b).count();
            assert!(
                rest.len() == bytes.len() && (3..=12).contains(&others),
                "{others}"
            );
        }
    }
}
