//! Arrays as NumPy reads and writes them.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// And the version, 1.0.
const MAGIC: &[u8; 8] = b"\x93NUMPY\x01\x00";

/// Writes an array of floats, the last axis first (`numpy.lib.format`, version 1.0).
pub fn write_npy_floats(file: &mut dyn Write, shape: &[usize], values: &[f32]) -> io::Result<()> {
    write_header(file, "<f4", shape)?;
    values
        .iter()
        .try_for_each(|value| file.write_all(&value.to_le_bytes()))
}

/// The same of bytes.
pub fn write_npy_bytes(file: &mut dyn Write, shape: &[usize], values: &[u8]) -> io::Result<()> {
    write_header(file, "|u1", shape)?;
    file.write_all(values)
}

/// A magic number, the header's length, and a Python dictionary padded to 64 bytes.
fn write_header(file: &mut dyn Write, dtype: &str, shape: &[usize]) -> io::Result<()> {
    let axes: Vec<String> = shape.iter().map(|axis| format!("{axis},")).collect();
    let axes = axes.join(" ");
    // Python writes a comma behind the only axis alone.
    let axes = if shape.len() > 1 {
        axes.trim_end_matches(',')
    } else {
        &axes
    };
    let mut header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({axes}), }}");
    let start = MAGIC.len() + size_of::<u16>();
    let length = (start + header.len() + 1).next_multiple_of(64) - start;
    header.push_str(&" ".repeat(length - header.len() - 1));
    header.push('\n');
    file.write_all(MAGIC)?;
    file.write_all(&(length as u16).to_le_bytes())?;
    file.write_all(header.as_bytes())
}

/// An array that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct NpyArray {
    /// The sizes of its axes, the last axis first in memory.
    pub shape: Vec<usize>,
    /// Its values.
    pub values: NpyValues,
}

/// The values of an array.
#[derive(Debug, Clone, PartialEq)]
pub enum NpyValues {
    Floats(Vec<f32>),
    Bytes(Vec<u8>),
}

/// Reads an array of float32 or uint8 (`numpy.lib.format`, versions 1 to 3).
///
/// # Errors
/// Why the file is none, in a sentence without a period.
pub fn read_npy(path: &Path) -> Result<NpyArray, String> {
    let bytes = fs::read(path).map_err(|err| format!("it cannot be read ({err})"))?;
    let (header, data) = parts(&bytes).ok_or("it is no NumPy array, or is cut off")?;
    let entry = |key: &str| -> Option<&str> {
        let (_, rest) = header.split_once(&format!("'{key}'"))?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start())
    };
    let shape = entry("shape").and_then(shape_of);
    let (Some(kind), Some(shape)) = (entry("descr"), shape) else {
        return Err("its header is damaged".to_owned());
    };
    if entry("fortran_order").is_none_or(|order| !order.starts_with("False")) {
        return Err(
            "its columns come first (Fortran's order). Save it with np.ascontiguousarray"
                .to_owned(),
        );
    }
    let kind = kind.trim_start_matches(['\'', '"']);
    let size = if kind.starts_with("<f4") {
        4
    } else if kind.starts_with("|u1") {
        1
    } else {
        let kind = kind.split(['\'', '"']).next().unwrap_or(kind);
        return Err(format!(
            "its numbers are of the type {kind}, and only float32 (<f4) and uint8 (|u1) are read"
        ));
    };
    let count = shape
        .iter()
        .try_fold(size, |product: usize, side| product.checked_mul(*side));
    if count != Some(data.len()) {
        return Err(format!(
            "it has {} bytes of values, which is not its shape {shape:?}. It may be cut off",
            data.len()
        ));
    }
    let values = if size == 1 {
        NpyValues::Bytes(data.to_vec())
    } else {
        let floats = data.as_chunks::<4>().0;
        NpyValues::Floats(
            floats
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect(),
        )
    };
    Ok(NpyArray { shape, values })
}

/// The header and the values.
fn parts(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(&MAGIC[..6])?;
    let (version, rest) = rest.split_at_checked(2)?;
    let (length, rest) = if version[0] == 1 {
        let (length, rest) = rest.split_first_chunk::<2>()?;
        (usize::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        (usize::try_from(u32::from_le_bytes(*length)).ok()?, rest)
    };
    let (header, data) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, data))
}

/// The sizes in a tuple of Python: `(2, 3)`, `(2,)` or `()`.
fn shape_of(text: &str) -> Option<Vec<usize>> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    let sides = inside.split(',').map(str::trim);
    sides
        .filter(|side| !side.is_empty())
        .map(|side| side.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_read_as_they_were_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.npy");
        let read = |bytes: &[u8]| {
            fs::write(&path, bytes).expect("written");
            read_npy(&path)
        };
        for shape in [&[2, 1, 3][..], &[6]] {
            let mut bytes = Vec::new();
            let floats = [0.5, -1.0, 2.0, 3.0, 4.0, 1e-30];
            write_npy_floats(&mut bytes, shape, &floats).expect("written");
            let array = read(&bytes).expect("an array");
            assert_eq!(array.shape, shape);
            assert_eq!(array.values, NpyValues::Floats(floats.to_vec()));
            assert!(
                read(&bytes[..bytes.len() - 1])
                    .expect_err("cut")
                    .contains("cut off")
            );
            assert!(read(&bytes[..20]).expect_err("cut").contains("cut off"));
        }
        let header = |text: &str, version: u8| {
            let mut bytes = b"\x93NUMPY".to_vec();
            bytes.extend([version, 0]);
            let length = text.len() as u32;
            bytes.extend(&length.to_le_bytes()[..if version == 1 { 2 } else { 4 }]);
            bytes.extend(text.as_bytes());
            bytes.extend([7, 8]);
            bytes
        };
        let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }\n";
        for version in [1, 2, 3] {
            let array = read(&header(text, version)).expect("an array");
            assert_eq!(array.values, NpyValues::Bytes(vec![7, 8]));
        }
        let wrong = |from: &str, to: &str| read(&header(&text.replace(from, to), 1));
        for (from, to, part) in [
            ("|u1", "<i8", "type <i8"),
            ("False", "True", "Fortran"),
            ("(1, 2)", "(1, 3)", "[1, 3]"),
            ("'shape'", "'form'", "header"),
        ] {
            let message = wrong(from, to).expect_err("refused");
            assert!(message.contains(part), "{message}");
        }
        assert!(
            read(b"no array")
                .expect_err("refused")
                .contains("no NumPy array")
        );
    }

    #[test]
    fn bytes_are_written_as_numpy_reads_them() {
        for (shape, text) in [(&[2, 1, 1][..], "(2, 1, 1)"), (&[2], "(2,)")] {
            let mut bytes = Vec::new();
            write_npy_bytes(&mut bytes, shape, &[7, 255]).expect("written");
            assert_eq!(&bytes[..10], b"\x93NUMPY\x01\x00\x76\x00");
            let header = std::str::from_utf8(&bytes[10..128]).expect("text");
            let expected = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {text}, }}");
            assert!(header.starts_with(&expected), "{header}");
            assert!(header.ends_with(" \n"), "{header:?}");
            assert_eq!(bytes[128..], [7, 255]);
        }
    }
}
