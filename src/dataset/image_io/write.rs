//! Writing files that appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{LabelMap, Rgb};
use crate::dataset::{ClassList, DatasetError};

const WRITE_HINT: &str = "Check that the folder is writable and the disk has room";

/// Writes a label map as an 8-bit indexed PNG with the classes' colors as its
/// palette; the bytes of the image are the labels, 255 included.
///
/// # Errors
/// [`DatasetError::Io`] when the file cannot be written.
pub fn write_index_png(
    path: &Path,
    labels: &LabelMap,
    classes: &ClassList,
) -> Result<(), DatasetError> {
    let bytes = encode_index_png(labels, classes).map_err(|err| write_error(path, err))?;
    write_atomically(path, |file| file.write_all(&bytes)).map_err(|err| write_error(path, err))
}

/// Writes an image as an 8-bit RGB PNG.
///
/// # Errors
/// [`DatasetError::Io`] when the file cannot be written.
pub fn write_rgb_png(path: &Path, rgb: &Rgb) -> Result<(), DatasetError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, rgb.width, rgb.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    finish_png(encoder, &rgb.pixels).map_err(|err| write_error(path, err))?;
    write_atomically(path, |file| file.write_all(&bytes)).map_err(|err| write_error(path, err))
}

/// The bytes of the file that [`write_index_png`] writes.
pub(in crate::dataset) fn encode_index_png(
    labels: &LabelMap,
    classes: &ClassList,
) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, labels.width, labels.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(classes.palette().concat());
    finish_png(encoder, &labels.labels)?;
    Ok(bytes)
}

fn finish_png(encoder: png::Encoder<'_, &mut Vec<u8>>, data: &[u8]) -> io::Result<()> {
    let mut writer = encoder.write_header()?;
    writer.write_image_data(data)?;
    writer.finish()?;
    Ok(())
}

/// Writes a file through `write` so that a reader sees the old content or all of
/// the new, even after a crash or a full disk: a scratch file beside it is
/// written, flushed to the disk and renamed.
pub(crate) fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let scratch = scratch_path(path)?;
    let written = write_synced(&scratch, write).and_then(|()| fs::rename(&scratch, path));
    if written.is_err() {
        // Nothing else can be done about a leftover; the first error is the one to tell.
        fs::remove_file(&scratch).ok();
    }
    written
}

fn write_synced(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let mut buffered = BufWriter::new(file);
    write(&mut buffered)?;
    buffered.flush()?;
    buffered.get_ref().sync_all()
}

/// A hidden sibling of the file that no other thread or process writes to.
fn scratch_path(path: &Path) -> io::Result<PathBuf> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = path
        .file_name()
        .ok_or(io::ErrorKind::InvalidInput)?
        .to_string_lossy();
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    Ok(path.with_file_name(format!(".{name}.{}-{number}.tmp", std::process::id())))
}

pub(in crate::dataset) fn write_error(path: &Path, source: io::Error) -> DatasetError {
    DatasetError::Io {
        path: path.to_owned(),
        hint: WRITE_HINT,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_alone() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("list.txt");
        write_atomically(&path, |file| file.write_all(b"old")).expect("written");
        let failed = write_atomically(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "disk full");
        assert_eq!(fs::read(&path).expect("read"), b"old");
        assert_eq!(
            fs::read_dir(dir.path()).expect("listed").count(),
            1,
            "the scratch file is gone"
        );
    }

    #[test]
    fn an_unwritable_folder_gets_a_hint() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("absent").join("mask.png");
        let labels = LabelMap {
            width: 1,
            height: 1,
            labels: vec![0],
        };
        let message = write_index_png(&path, &labels, &ClassList::numbered(1))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("mask.png") && message.contains("writable"),
            "{message}"
        );
    }
}
