//! Arrays as NumPy reads them.

use std::io::{self, Write};

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

#[cfg(test)]
mod tests {
    use super::*;

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
