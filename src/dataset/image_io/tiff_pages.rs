//! The pictures that are in a TIFF file, counted by their lists of tags alone.

use std::io::{self, Read, Seek, SeekFrom};

/// Pictures that are counted.
const MOST_PAGES: usize = 64;
/// More entries than this has no picture.
const MOST_ENTRIES: u64 = 1024;

/// `NewSubfileType`, and its bits.
const KIND: u16 = 254;
const SMALLER_COPY: u64 = 1;
const TRANSPARENCY: u64 = 4;
/// `SubfileType` of older programs, and what it calls a smaller copy.
const OLD_KIND: u16 = 255;
const OLD_SMALLER_COPY: u64 = 2;
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;

/// How many pictures a TIFF has, up to [`MOST_PAGES`]; 0 where its lists of tags are damaged. Smaller copies
/// and masks of transparency are none of their own.
pub(super) fn pages(file: &mut (impl Read + Seek)) -> usize {
    count(file).unwrap_or(0)
}

fn count(file: &mut (impl Read + Seek)) -> io::Result<usize> {
    let mut heading = [0; 16];
    file.rewind()?;
    let (start, rest) = heading.split_at_mut(8);
    file.read_exact(start)?;
    let form = Form {
        is_little: start[0] == b'I',
        is_big: [start[2], start[3]].contains(&43),
    };
    let mut next = if form.is_big {
        file.read_exact(rest)?;
        form.number(rest)
    } else {
        form.number(&start[4..])
    };
    let (mut seen, mut first) = (Vec::new(), None);
    let mut pages = 0;
    while next != 0 && !seen.contains(&next) && seen.len() < MOST_PAGES {
        seen.push(next);
        let Ok(page) = form.page(file, next) else {
            break;
        };
        let of = *first.get_or_insert(page);
        pages += usize::from(!page.belongs_to(&of));
        next = page.next;
    }
    Ok(pages)
}

/// How a file writes numbers.
#[derive(Debug, Clone, Copy)]
struct Form {
    is_little: bool,
    /// A `BigTIFF`, whose places in the file have 8 bytes.
    is_big: bool,
}

/// What the list of tags of a picture says.
#[derive(Debug, Clone, Copy, Default)]
struct Page {
    kind: u64,
    old_kind: u64,
    width: u64,
    height: u64,
    /// Where the next list is; 0 behind the last.
    next: u64,
}

impl Form {
    fn number(self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if self.is_little {
            bytes.iter().rev().fold(0, add)
        } else {
            bytes.iter().fold(0, add)
        }
    }

    fn page(self, file: &mut (impl Read + Seek), start: u64) -> io::Result<Page> {
        let mut bytes = [0; 8];
        let (of_count, of_place) = if self.is_big { (8, 8) } else { (2, 4) };
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut bytes[..of_count])?;
        let count = self.number(&bytes[..of_count]);
        if count > MOST_ENTRIES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut page = Page::default();
        for _ in 0..count {
            let mut entry = [0; 20];
            let entry = &mut entry[..4 + 2 * of_place];
            file.read_exact(entry)?;
            let length = match self.number(&entry[2..4]) {
                3 => 2,
                4 => 4,
                16 if self.is_big => 8,
                _ => continue,
            };
            let value = &entry[4 + of_place..];
            let value = self.number(&value[..length]);
            match self.number(&entry[..2]) as u16 {
                KIND => page.kind |= value,
                OLD_KIND => page.old_kind = value,
                WIDTH => page.width = value,
                HEIGHT => page.height = value,
                _ => {}
            }
        }
        // A file may end behind its tags.
        if file.read_exact(&mut bytes[..of_place]).is_ok() {
            page.next = self.number(&bytes[..of_place]);
        }
        Ok(page)
    }
}

impl Page {
    /// Whether this is no picture of its own beside the first one. Scanners of slides do not mark the smaller
    /// copies: those have at most half its sides, and their ratio but for rounding.
    fn belongs_to(&self, first: &Self) -> bool {
        let is_marked = self.kind & (SMALLER_COPY | TRANSPARENCY) != 0;
        let half = |side: u64, of: u64| side > 0 && side.saturating_mul(2) <= of;
        let ratio = self.width.saturating_mul(first.height);
        let its_ratio = self.height.saturating_mul(first.width);
        let rounding = first.width.saturating_add(first.height);
        let is_smaller = half(self.width, first.width)
            && half(self.height, first.height)
            && ratio.abs_diff(its_ratio) <= rounding;
        is_marked || self.old_kind == OLD_SMALLER_COPY || is_smaller
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lists of tags of pictures `(kind, width, height)`, without their pixels.
    fn file(is_little: bool, is_big: bool, pages: &[(u16, u32, u32)]) -> Vec<u8> {
        let number = |value: u64, length: usize| -> Vec<u8> {
            let bytes = value.to_be_bytes();
            let mut bytes = bytes[8 - length..].to_vec();
            if is_little {
                bytes.reverse();
            }
            bytes
        };
        let width = if is_big { 8 } else { 4 };
        let mut file = if is_little { b"II" } else { b"MM" }.to_vec();
        file.extend(number(if is_big { 43 } else { 42 }, 2));
        if is_big {
            file.extend([number(8, 2), number(0, 2)].concat());
        }
        let list = if is_big { 8 } else { 2 } + 3 * (4 + 2 * width) + width;
        let first = file.len() + width;
        file.extend(number(first as u64, width));
        for (at, (kind, columns, rows)) in pages.iter().enumerate() {
            file.extend(number(3, if is_big { 8 } else { 2 }));
            for (tag, kind, value) in [
                (KIND, 4, u32::from(*kind)),
                (WIDTH, 3, *columns),
                (HEIGHT, 4, *rows),
            ] {
                file.extend([number(tag.into(), 2), number(kind, 2), number(1, width)].concat());
                let length = if kind == 3 { 2 } else { 4 };
                let mut value = number(value.into(), length);
                value.resize(width, 0);
                file.extend(value);
            }
            let is_last = at + 1 == pages.len();
            let next = if is_last { 0 } else { first + (at + 1) * list };
            file.extend(number(next as u64, width));
        }
        file
    }

    #[test]
    fn pictures_are_counted_in_every_form() {
        for (is_little, is_big) in [(true, false), (false, false), (true, true), (false, true)] {
            let count = |pages: &[(u16, u32, u32)]| pages_of(&file(is_little, is_big, pages));
            assert_eq!(count(&[(0, 40, 30)]), 1);
            assert_eq!(count(&[(0, 40, 30), (0, 40, 30), (2, 40, 30)]), 3);
            // Marked as smaller copies and transparency, or a pyramid without marks.
            assert_eq!(count(&[(0, 40, 30), (1, 40, 30), (4, 40, 30)]), 1);
            assert_eq!(count(&[(0, 41, 31), (0, 20, 15), (0, 10, 7)]), 1);
            // Smaller, but another picture: of another ratio, or hardly smaller.
            assert_eq!(count(&[(0, 400, 300), (0, 100, 100)]), 2);
            assert_eq!(count(&[(0, 400, 300), (0, 360, 270)]), 2);
        }
    }

    fn pages_of(bytes: &[u8]) -> usize {
        pages(&mut io::Cursor::new(bytes))
    }

    #[test]
    fn damaged_lists_end_the_count() {
        let whole = file(true, false, &[(0, 40, 30), (0, 40, 30)]);
        // The second list is cut off, or is the first one again.
        assert_eq!(pages_of(&whole[..whole.len() - 20]), 1);
        let mut circle = whole.clone();
        let at = circle.len() - 4;
        circle[at..].copy_from_slice(&8_u32.to_le_bytes());
        assert_eq!(pages_of(&circle), 2);
        assert_eq!(pages_of(&whole[..6]), 0);
        assert_eq!(pages_of(b"II*\0\xff\xff\xff\xff"), 0);
    }
}
