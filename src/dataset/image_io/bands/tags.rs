//! The list of tags of a TIFF file, also of a `BigTIFF`: read, and written anew.

const SHORT: u16 = 3;
const LONG: u16 = 4;
/// Numbers of 8 bytes, which `BigTIFF` has for places in the file.
const LONG8: u16 = 16;
/// More entries than this has no image.
const MOST_ENTRIES: usize = 1024;
/// An entry of the list of tags.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    tag: u16,
    kind: u16,
    count: usize,
    /// Where its values are in the file.
    at: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tags {
    is_little: bool,
    entries: Vec<Entry>,
}

/// Whether a file starts as a `BigTIFF`, whose places in the file have 8 bytes.
pub(in super::super) fn is_big_tiff(start: &[u8]) -> bool {
    start.starts_with(b"II+\0") || start.starts_with(b"MM\0+")
}

impl Tags {
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let is_little = match bytes.get(..4)? {
            [b'I', b'I', 42 | 43, 0] => true,
            [b'M', b'M', 0, 42 | 43] => false,
            _ => return None,
        };
        let mut tags = Self {
            is_little,
            entries: Vec::new(),
        };
        // Bytes of a count and of a place in the file.
        let width = if is_big_tiff(bytes) { 8 } else { 4 };
        let start = tags.read_place(bytes, width, width)?;
        let (count, first) = if width == 8 {
            (tags.read_place(bytes, start, 8)?, start.checked_add(8)?)
        } else {
            (usize::from(tags.read_short(bytes, start)?), start + 2)
        };
        for index in 0..count.min(MOST_ENTRIES) {
            let at = first.checked_add((4 + 2 * width) * index)?;
            let kind = tags.read_short(bytes, at.checked_add(2)?)?;
            let count = tags.read_place(bytes, at + 4, width)?;
            let inside = at + 4 + width;
            let is_inside = count
                .checked_mul(size_of(kind))
                .is_some_and(|size| size <= width);
            tags.entries.push(Entry {
                tag: tags.read_short(bytes, at)?,
                kind,
                count,
                at: if is_inside {
                    inside
                } else {
                    tags.read_place(bytes, inside, width)?
                },
            });
        }
        Some(tags)
    }

    /// The numbers of a tag.
    pub fn values(&self, bytes: &[u8], tag: u16) -> Option<Vec<u32>> {
        let entry = self.entries.iter().find(|entry| entry.tag == tag)?;
        let size = size_of(entry.kind);
        // A damaged count must not ask for more than the file could hold.
        if entry.count.checked_mul(size)? > bytes.len() {
            return None;
        }
        let value = |index: usize| {
            let at = entry.at.checked_add(index * size)?;
            match entry.kind {
                SHORT => self.read_short(bytes, at).map(u32::from),
                LONG | LONG8 => u32::try_from(self.read_place(bytes, at, size)?).ok(),
                _ => bytes.get(at).map(|byte| u32::from(*byte)),
            }
        };
        (0..entry.count).map(value).collect()
    }

    /// The file as one that is no `BigTIFF`, with these tags in order instead of its own.
    pub fn rewritten(&self, bytes: &[u8], tags: &[(u16, Vec<u32>)]) -> Result<Vec<u8>, String> {
        let mut file = bytes.to_vec();
        let mut list = Vec::new();
        list.extend(self.short(u16::try_from(tags.len()).unwrap_or(u16::MAX)));
        for (tag, values) in tags {
            list.extend(self.short(*tag));
            list.extend(self.short(LONG));
            list.extend(self.long(values.len())?);
            if let [value] = values[..] {
                list.extend(self.long(value as usize)?);
            } else {
                list.extend(self.long(aligned(&mut file))?);
                for value in values {
                    file.extend(self.long(*value as usize)?);
                }
            }
        }
        list.extend([0; 4]);
        let place = self.long(aligned(&mut file))?;
        file.extend(list);
        let mark = if self.is_little { b"II*\0" } else { b"MM\0*" };
        file[..4].copy_from_slice(mark);
        file[4..8].copy_from_slice(&place);
        Ok(file)
    }

    fn short(&self, value: u16) -> [u8; 2] {
        if self.is_little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    }

    fn long(&self, value: usize) -> Result<[u8; 4], String> {
        let value = u32::try_from(value).map_err(|_| "it is too large".to_owned())?;
        Ok(if self.is_little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        })
    }

    fn read_short(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    /// A number of 4 or 8 bytes.
    fn read_place(&self, bytes: &[u8], at: usize, width: usize) -> Option<usize> {
        let bytes = bytes.get(at..at.checked_add(width)?)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        let value = if self.is_little {
            bytes.iter().rev().fold(0, add)
        } else {
            bytes.iter().fold(0, add)
        };
        usize::try_from(value).ok()
    }
}

/// Where the next number goes.
fn aligned(file: &mut Vec<u8>) -> usize {
    file.resize(file.len().next_multiple_of(4), 0);
    file.len()
}

/// Bytes of a value; those of other kinds are not looked at.
fn size_of(kind: u16) -> usize {
    match kind {
        SHORT => 2,
        LONG => 4,
        LONG8 => 8,
        _ => 1,
    }
}
