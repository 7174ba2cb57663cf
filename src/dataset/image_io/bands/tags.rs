//! The list of tags of a TIFF file: read, and written anew.

const SHORT: u16 = 3;
pub(super) const LONG: u16 = 4;
/// More entries than this has no image.
const MOST_ENTRIES: usize = 1024;

/// An entry of the list of tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub tag: u16,
    kind: u16,
    count: usize,
    /// Where its values are in the file.
    at: usize,
    /// The entry as it is in the file.
    pub raw: [u8; 12],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tags {
    is_little: bool,
    pub entries: Vec<Entry>,
}

impl Tags {
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let is_little = match bytes.get(..4)? {
            [b'I', b'I', 42, 0] => true,
            [b'M', b'M', 0, 42] => false,
            _ => return None,
        };
        let mut tags = Self {
            is_little,
            entries: Vec::new(),
        };
        let start = tags.read_long(bytes, 4)? as usize;
        let count = usize::from(tags.read_short(bytes, start)?);
        for index in 0..count.min(MOST_ENTRIES) {
            let place = start + 2 + 12 * index;
            let raw: [u8; 12] = bytes.get(place..place + 12)?.try_into().ok()?;
            let kind = tags.read_short(&raw, 2)?;
            let count = tags.read_long(&raw, 4)? as usize;
            let is_inside = count
                .checked_mul(size_of(kind))
                .is_some_and(|size| size <= 4);
            tags.entries.push(Entry {
                tag: tags.read_short(&raw, 0)?,
                kind,
                count,
                at: if is_inside {
                    place + 8
                } else {
                    tags.read_long(&raw, 8)? as usize
                },
                raw,
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
                LONG => self.read_long(bytes, at),
                _ => bytes.get(at).map(|byte| u32::from(*byte)),
            }
        };
        (0..entry.count).map(value).collect()
    }

    /// The entry with the values of one of `parts` of the same size.
    pub fn part(
        &self,
        bytes: &[u8],
        entry: &Entry,
        part: usize,
        parts: usize,
    ) -> Result<[u8; 12], String> {
        let damaged = || "its list of strips is damaged".to_owned();
        let size = size_of(entry.kind);
        if !entry.count.is_multiple_of(parts) {
            return Err(damaged());
        }
        let count = entry.count / parts;
        let at = entry
            .at
            .checked_add(part * count * size)
            .ok_or_else(damaged)?;
        let values = at
            .checked_add(count * size)
            .and_then(|end| bytes.get(at..end));
        let values = values.ok_or_else(damaged)?;
        let place = u32::try_from(at).map_err(|_| damaged())?;
        let number = u32::try_from(count).map_err(|_| damaged())?;
        let mut raw = self.entry(entry.tag, entry.kind, number, place);
        if values.len() <= 4 {
            raw[8..].fill(0);
            raw[8..8 + values.len()].copy_from_slice(values);
        }
        Ok(raw)
    }

    pub fn entry(&self, tag: u16, kind: u16, count: u32, value: u32) -> [u8; 12] {
        let mut raw = [0; 12];
        raw[..2].copy_from_slice(&self.short(tag));
        raw[2..4].copy_from_slice(&self.short(kind));
        raw[4..8].copy_from_slice(&self.long(count));
        raw[8..].copy_from_slice(&self.long(value));
        raw
    }

    pub fn short(&self, value: u16) -> [u8; 2] {
        if self.is_little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    }

    pub fn long(&self, value: u32) -> [u8; 4] {
        if self.is_little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    }

    fn read_short(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn read_long(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.is_little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }
}

/// Bytes of a value; those of other kinds are not looked at.
fn size_of(kind: u16) -> usize {
    match kind {
        SHORT => 2,
        LONG => 4,
        _ => 1,
    }
}
