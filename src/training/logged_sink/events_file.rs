//! An event file of TensorBoard: records of TFRecord, each a protocol buffer `Event`.
//!
//! A record is the length of its data as 8 bytes, the masked CRC-32C of these, the data, and the
//! masked CRC-32C of that (`tensorflow/core/lib/io/record_writer.h`). The messages are those of
//! `tensorboard/compat/proto/event.proto` and `summary.proto`, written field by field. Must not know
//! about runs.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::dataset::{Rgb, encode_rgb_png};
use crate::files::{FileError, append};

/// A file that is being written.
#[derive(Debug)]
pub struct EventsFile {
    path: PathBuf,
    file: File,
}

/// A value of a step.
#[derive(Debug)]
pub enum Summary<'a> {
    /// A number.
    Scalar(f64),
    /// A picture.
    Image(&'a Rgb),
}

impl EventsFile {
    /// Makes a new file in `folder`, which is made too. What other files of the folder say of the
    /// steps behind `first_step` does not count any more.
    pub fn create(folder: &Path, wall_time: f64, first_step: usize) -> Result<Self, FileError> {
        std::fs::create_dir_all(folder).map_err(FileError::write(folder))?;
        // TensorBoard finds files by "tfevents" and reads them in the order of their names.
        let (path, file) = free_name(folder, wall_time)?;
        let mut events = Self { path, file };
        let mut version = event(wall_time, 0);
        field_bytes(&mut version, 3, b"brain.Event:2");
        let mut start = Vec::new();
        field_varint(&mut start, 1, SESSION_START);
        let mut session = event(wall_time, first_step + 1);
        field_bytes(&mut session, 7, &start);
        events.push(&version)?;
        if first_step > 0 {
            events.push(&session)?;
        }
        Ok(events)
    }

    /// Appends the values of a step, each with its tag, as one record.
    pub fn write(
        &mut self,
        wall_time: f64,
        step: usize,
        values: &[(String, Summary<'_>)],
    ) -> Result<(), FileError> {
        let mut summary = Vec::new();
        for (tag, value) in values {
            let mut message = Vec::new();
            field_bytes(&mut message, 1, tag.as_bytes());
            match value {
                Summary::Scalar(number) => {
                    message.push(2 << 3 | FIXED32);
                    message.extend((*number as f32).to_le_bytes());
                }
                Summary::Image(image) => {
                    let encoded = image_message(image).map_err(FileError::write(&self.path))?;
                    field_bytes(&mut message, 4, &encoded);
                }
            }
            field_bytes(&mut summary, 1, &message);
        }
        let mut event = event(wall_time, step);
        field_bytes(&mut event, 5, &summary);
        self.push(&event)
    }

    fn push(&mut self, data: &[u8]) -> Result<(), FileError> {
        let length = (data.len() as u64).to_le_bytes();
        let mut record = length.to_vec();
        record.extend(masked_crc(&length).to_le_bytes());
        record.extend(data);
        record.extend(masked_crc(data).to_le_bytes());
        append(&self.path, &mut self.file, &record).map_err(FileError::write(&self.path))
    }
}

fn free_name(folder: &Path, wall_time: f64) -> Result<(PathBuf, File), FileError> {
    let mut number = 0;
    // A clock that was set back must not bring this file before those that are there.
    let secs = newest(folder).max(wall_time.max(0.0) as u64);
    loop {
        let path = folder.join(format!(
            "events.out.tfevents.{secs:010}.fcn-workbench.{number}"
        ));
        match File::options().append(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(err) => return Err(FileError::write(&path)(err)),
        }
    }
}

/// The latest time in the names of the files of `folder`.
fn newest(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let time = |name: &str| -> Option<u64> {
        let rest = name.strip_prefix("events.out.tfevents.")?;
        rest.split('.').next()?.parse().ok()
    };
    let times = files.filter_map(|file| time(&file.file_name().to_string_lossy()));
    times.max().unwrap_or_default()
}

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const LENGTH: u8 = 2;
const FIXED32: u8 = 5;
/// `SessionLog.START`.
const SESSION_START: u64 = 1;
/// `Summary.Image.colorspace`.
const RGB: u64 = 3;

/// `wall_time` and `step` of an `Event`.
fn event(wall_time: f64, step: usize) -> Vec<u8> {
    let mut message = vec![1 << 3 | FIXED64];
    message.extend(wall_time.to_le_bytes());
    // What is 0 is left out in version 3 of the format.
    if step > 0 {
        field_varint(&mut message, 2, step as u64);
    }
    message
}

fn image_message(image: &Rgb) -> io::Result<Vec<u8>> {
    let mut png = Vec::new();
    encode_rgb_png(image, &mut png)?;
    let mut message = Vec::new();
    field_varint(&mut message, 1, u64::from(image.height));
    field_varint(&mut message, 2, u64::from(image.width));
    field_varint(&mut message, 3, RGB);
    field_bytes(&mut message, 4, &png);
    Ok(message)
}

fn field_varint(message: &mut Vec<u8>, number: u8, value: u64) {
    message.push(number << 3 | VARINT);
    varint(message, value);
}

fn field_bytes(message: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    message.push(number << 3 | LENGTH);
    varint(message, bytes.len() as u64);
    message.extend(bytes);
}

fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

/// TFRecord's mask keeps the checksum of data that hold checksums from being a simple one.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4): that of `crc32fast` has another polynomial.
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let mut crc = u32::MAX;
    for byte in bytes {
        crc = crc >> 8 ^ TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize];
    }
    !crc
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0x82f6_3b78
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn files_stay_in_order_when_the_clock_is_set_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let paths = [2_000.5, 1_000.0, 0.0, 3_000.0].map(|wall_time| {
            let file = EventsFile::create(dir.path(), wall_time, 1).expect("a file");
            file.path
        });
        assert!(paths.is_sorted(), "{paths:?}");
        assert!(paths[1].to_string_lossy().contains(".0000002000."));
        assert!(paths[3].to_string_lossy().contains(".0000003000."));
    }

    #[test]
    fn checksums_are_those_of_the_rfc() {
        // RFC 3720, appendix B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let rising: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&rising), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn records_are_the_bytes_that_tensorboard_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut events = EventsFile::create(folder.path(), 1.0, 0).expect("a file");
        let scalar = ("loss".to_owned(), Summary::Scalar(0.5));
        events.write(2.0, 300, &[scalar]).expect("written");
        let bytes = std::fs::read(&events.path).expect("a file");
        // Written by the `RecordWriter` of TensorBoard 2.21 from the same two events.
        let expected = [
            "1800000000000000a37f4b22",
            "09000000000000f03f1a0d627261696e2e4576656e743a32",
            "86bf577a",
            "1b000000000000001a0d9e13",
            "09000000000000004010ac022a0d0a0b0a046c6f7373150000003f",
            "dfc52b60",
        ];
        let mut hex = String::new();
        for byte in &bytes {
            write!(hex, "{byte:02x}").expect("text");
        }
        assert_eq!(hex, expected.concat());
    }
}
