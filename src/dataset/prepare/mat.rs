//! The one matrix of SBD's MAT files: `GTcls.Segmentation`.
//!
//! Reads level 5 of the format (The `MathWorks`, "MAT-File Format", 2023, chapter 1), of which
//! the crates that read numbers leave out structures.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::outline::empty;
use crate::dataset::{LabelMap, Size};

const HEADER: usize = 128;
/// The most bytes that a compressed element may unpack to.
const LARGEST: u64 = 1 << 28;

// Types of elements.
const INT8: u32 = 1;
const UINT8: u32 = 2;
const INT16: u32 = 3;
const UINT16: u32 = 4;
const INT32: u32 = 5;
const UINT32: u32 = 6;
const SINGLE: u32 = 7;
const DOUBLE: u32 = 9;
const INT64: u32 = 12;
const UINT64: u32 = 13;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
// Classes of matrices.
const STRUCTURE: u8 = 2;

/// The labels of `GTcls.Segmentation`.
pub(super) fn segmentation(bytes: &[u8]) -> Result<LabelMap, String> {
    if bytes.get(126..128) != Some(b"IM".as_slice()) {
        return Err(
            "it is no MAT file of version 5 in this byte order. Save it in MATLAB with -v6 or -v7"
                .to_owned(),
        );
    }
    let mut rest = &bytes[HEADER..];
    while let Some((kind, data, after)) = element(rest) {
        rest = after;
        let unpacked;
        let (kind, data) = if kind == COMPRESSED {
            unpacked = unpack(data)?;
            let (kind, data, _) = element(&unpacked).ok_or_else(cut)?;
            (kind, data)
        } else {
            (kind, data)
        };
        if kind == MATRIX {
            let matrix = Matrix::read(data).ok_or_else(cut)?;
            if matrix.name == "GTcls" && matrix.class == STRUCTURE {
                return labels(field(&matrix, "Segmentation")?);
            }
        }
    }
    if !rest.is_empty() {
        return Err(cut());
    }
    Err("there is no structure GTcls in it, which SBD's files in cls hold".to_owned())
}

fn cut() -> String {
    "it is damaged or cut off".to_owned()
}

fn unpack(data: &[u8]) -> Result<Vec<u8>, String> {
    let mut unpacked = Vec::new();
    ZlibDecoder::new(data)
        .take(LARGEST)
        .read_to_end(&mut unpacked)
        .map_err(|err| format!("it is damaged ({err})"))?;
    Ok(unpacked)
}

/// The first element: its type, its data and what follows. Small elements keep their data in
/// the tag.
fn element(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let word = |place: usize| {
        let four = bytes.get(place..place + 4)?;
        Some(u32::from_le_bytes(four.try_into().ok()?))
    };
    let first = word(0)?;
    if first >> 16 != 0 {
        let size = (first >> 16) as usize;
        return Some((first & 0xffff, bytes.get(4..4 + size)?, bytes.get(8..)?));
    }
    let size = word(4)? as usize;
    let data = bytes.get(8..8usize.checked_add(size)?)?;
    // Elements begin at multiples of 8, but for compressed ones, and the last may end early.
    let padded = if first == COMPRESSED {
        size
    } else {
        size.checked_next_multiple_of(8)?
    };
    Some((first, data, bytes.get(8 + padded..).unwrap_or_default()))
}

struct Matrix<'a> {
    class: u8,
    extents: Vec<u32>,
    name: String,
    /// What stands behind the name.
    rest: &'a [u8],
}

impl<'a> Matrix<'a> {
    fn read(data: &'a [u8]) -> Option<Self> {
        let (_, flags, rest) = element(data)?;
        let (_, extents, rest) = element(rest)?;
        let (_, name, rest) = element(rest)?;
        Some(Self {
            class: *flags.first()?,
            extents: extents
                .as_chunks::<4>()
                .0
                .iter()
                .map(|four| u32::from_le_bytes(*four))
                .collect(),
            name: String::from_utf8_lossy(name).into_owned(),
            rest,
        })
    }
}

fn field<'a>(structure: &Matrix<'a>, wanted: &str) -> Result<Matrix<'a>, String> {
    let (_, length, rest) = element(structure.rest).ok_or_else(cut)?;
    let length = length
        .try_into()
        .map(u32::from_le_bytes)
        .map_err(|_| cut())? as usize;
    let (_, names, mut rest) = element(rest).ok_or_else(cut)?;
    for name in names.chunks(length.max(1)) {
        let (_, data, after) = element(rest).ok_or_else(cut)?;
        rest = after;
        let end = name
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(name.len());
        if name[..end] == *wanted.as_bytes() {
            return Matrix::read(data).ok_or_else(cut);
        }
    }
    Err(format!("GTcls in it has no field {wanted}"))
}

/// A value as a number; `None` for a type that is none.
fn number(kind: u32, bytes: &[u8]) -> Option<f64> {
    Some(match kind {
        INT8 => f64::from(i8::from_le_bytes(bytes.try_into().ok()?)),
        UINT8 => f64::from(u8::from_le_bytes(bytes.try_into().ok()?)),
        INT16 => f64::from(i16::from_le_bytes(bytes.try_into().ok()?)),
        UINT16 => f64::from(u16::from_le_bytes(bytes.try_into().ok()?)),
        INT32 => f64::from(i32::from_le_bytes(bytes.try_into().ok()?)),
        UINT32 => f64::from(u32::from_le_bytes(bytes.try_into().ok()?)),
        // Beyond 2^53 they are no labels, however they are rounded.
        INT64 => i64::from_le_bytes(bytes.try_into().ok()?) as f64,
        UINT64 => u64::from_le_bytes(bytes.try_into().ok()?) as f64,
        SINGLE => f64::from(f32::from_le_bytes(bytes.try_into().ok()?)),
        DOUBLE => f64::from_le_bytes(bytes.try_into().ok()?),
        _ => return None,
    })
}

/// Bytes of a value; 0 for a type that is no number.
fn bytes_of(kind: u32) -> usize {
    match kind {
        INT8 | UINT8 => 1,
        INT16 | UINT16 => 2,
        INT32 | UINT32 | SINGLE => 4,
        DOUBLE | INT64 | UINT64 => 8,
        _ => 0,
    }
}

/// A matrix of labels, which goes down the columns. Programs that save it again may write wider numbers.
fn labels(matrix: Matrix<'_>) -> Result<LabelMap, String> {
    let (kind, values, _) = element(matrix.rest).ok_or_else(cut)?;
    let [height, width] = matrix.extents[..] else {
        return Err("GTcls.Segmentation is no matrix".to_owned());
    };
    let bytes = bytes_of(kind);
    if bytes == 0 {
        return Err("GTcls.Segmentation is no matrix of numbers".to_owned());
    }
    let mut labels = empty(Size::new(width, height))?;
    if values.len() != labels.labels.len() * bytes {
        return Err(cut());
    }
    let (width, height) = (width as usize, height as usize);
    for (position, value) in values.chunks_exact(bytes).enumerate() {
        let value = number(kind, value).unwrap_or(f64::NAN);
        if value.fract() != 0.0 || !(0.0..=255.0).contains(&value) {
            return Err(format!(
                "GTcls.Segmentation has the value {value}, but labels are whole numbers from 0 to 255, of which 255 is void. \
                 Write 255 where nothing is labeled, and save it again as uint8"
            ));
        }
        labels.labels[position % height * width + position / height] = value as u8;
    }
    Ok(labels)
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn tagged(kind: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = [kind.to_le_bytes(), (data.len() as u32).to_le_bytes()].concat();
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    fn matrix(class: u8, extents: [u32; 2], name: &str, rest: &[u8]) -> Vec<u8> {
        let flags = [u32::from(class).to_le_bytes(), [0; 4]].concat();
        let extents = extents.map(u32::to_le_bytes).concat();
        let head = [
            tagged(6, &flags),
            tagged(5, &extents),
            tagged(INT8, name.as_bytes()),
        ];
        tagged(MATRIX, &[head.concat().as_slice(), rest].concat())
    }

    /// A file as MATLAB saves it: `GTcls` with `Boundaries` and `Segmentation`, compressed.
    pub(in crate::dataset) fn file(extents: [u32; 2], columns: &[u8]) -> Vec<u8> {
        file_of(extents, UINT8, columns)
    }

    /// The same with values of another type.
    fn file_of(extents: [u32; 2], kind: u32, columns: &[u8]) -> Vec<u8> {
        let field = |kind: u32, data: &[u8]| matrix(9, extents, "", &tagged(kind, data));
        // The length of field names is a small element.
        let length = [(4_u32 << 16 | 5).to_le_bytes(), 16_u32.to_le_bytes()].concat();
        let mut names = [0; 32];
        names[..10].copy_from_slice(b"Boundaries");
        names[16..28].copy_from_slice(b"Segmentation");
        let fields = [
            length,
            tagged(INT8, &names),
            field(UINT8, &vec![9; columns.len()]),
            field(kind, columns),
        ];
        let structure = matrix(STRUCTURE, [1, 1], "GTcls", &fields.concat());
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&structure).expect("compressed");
        let packed = encoder.finish().expect("compressed");
        let mut bytes = vec![b' '; 124];
        bytes.extend(0x0100_u16.to_le_bytes());
        bytes.extend(b"IM");
        bytes.extend(
            [
                COMPRESSED.to_le_bytes(),
                (packed.len() as u32).to_le_bytes(),
            ]
            .concat(),
        );
        bytes.extend(packed);
        bytes
    }

    #[test]
    fn the_columns_of_the_segmentation_become_rows() {
        // Two rows of three.
        let labels = segmentation(&file([2, 3], &[1, 2, 3, 4, 5, 6])).expect("read");
        assert_eq!(labels.size(), Size::new(3, 2));
        assert_eq!(labels.labels, [1, 3, 5, 2, 4, 6]);
    }

    #[test]
    fn wider_numbers_are_labels_where_they_are_whole() {
        let read = |kind: u32, values: &[u8]| segmentation(&file_of([2, 1], kind, values));
        let doubles = |values: [f64; 2]| values.map(f64::to_le_bytes).concat();
        for (kind, values) in [
            (DOUBLE, doubles([255.0, 7.0])),
            (SINGLE, [255.0_f32, 7.0].map(f32::to_le_bytes).concat()),
            (INT16, [255_i16, 7].map(i16::to_le_bytes).concat()),
            (UINT16, [255_u16, 7].map(u16::to_le_bytes).concat()),
            (INT32, [255_i32, 7].map(i32::to_le_bytes).concat()),
            (UINT32, [255_u32, 7].map(u32::to_le_bytes).concat()),
            (INT64, [255_i64, 7].map(i64::to_le_bytes).concat()),
            (UINT64, [255_u64, 7].map(u64::to_le_bytes).concat()),
        ] {
            let labels = read(kind, &values).unwrap_or_else(|err| panic!("{kind}: {err}"));
            assert_eq!(
                (labels.size(), &labels.labels[..]),
                (Size::new(1, 2), &[255, 7][..])
            );
        }
        for (kind, values, told) in [
            (DOUBLE, doubles([0.5, 7.0]), "the value 0.5"),
            (DOUBLE, doubles([f64::NAN, 7.0]), "the value NaN"),
            // No program writes 255 as -1 of one byte, so it is no void; people may mean it.
            (
                INT8,
                vec![u8::MAX, 7],
                "the value -1, but labels are whole numbers from 0 to 255, of which 255 is void. Write 255",
            ),
            (
                INT16,
                [-1_i16, 7].map(i16::to_le_bytes).concat(),
                "the value -1",
            ),
            (
                UINT16,
                [256_u16, 7].map(u16::to_le_bytes).concat(),
                "the value 256",
            ),
            (MATRIX, vec![0; 2], "no matrix of numbers"),
        ] {
            let message = read(kind, &values).expect_err(told);
            assert!(message.contains(told), "{message}");
        }
    }

    #[test]
    fn damage_is_an_error_at_every_place() {
        let whole = file([2, 3], &[1, 2, 3, 4, 5, 6]);
        for length in 0..whole.len() {
            assert!(segmentation(&whole[..length]).is_err(), "{length} bytes");
        }
        for place in 128..whole.len() {
            let mut other = whole.clone();
            other[place] ^= 0x55;
            // Any answer but a panic; the checksum of the compression finds most.
            segmentation(&other).ok();
        }
    }
}
