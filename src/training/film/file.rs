//! The records of a film in bytes.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use image::ExtendedColorType;
use image::ImageFormat;
use image::codecs::jpeg::JpegEncoder;

use super::{Film, FilmFrame, FilmProbe, MAGIC, delta};
use crate::dataset::{LabelMap, Rgb};
use crate::files::{FileError, open_regular};

/// Of the images, in percent.
const JPEG_QUALITY: u8 = 88;
/// Length and checksum before each record.
const PREFIX: usize = 8;
/// A record is shorter than this; a larger number is damage.
const MAX_RECORD: u32 = 1 << 26;

/// Puts length and checksum before a record.
pub(super) fn framed(record: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(record.len() + PREFIX);
    bytes.extend((record.len() as u32).to_le_bytes());
    bytes.extend(crc32fast::hash(record).to_le_bytes());
    bytes.extend(record);
    bytes
}

/// Whether `bytes` begin with a record that broke off while it was written, or with nothing at all.
fn is_torn(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return true;
    };
    let length = u32::from_le_bytes(*length);
    length <= MAX_RECORD && rest.len() < length as usize + size_of::<u32>()
}

/// The first whole record of `bytes`, and what is behind it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (checksum, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length);
    if length > MAX_RECORD {
        return None;
    }
    let (record, rest) = rest.split_at_checked(length as usize)?;
    (crc32fast::hash(record) == u32::from_le_bytes(*checksum)).then_some((record, rest))
}

/// The record of the images.
fn encode_probes(probes: &[FilmProbe]) -> Vec<u8> {
    let mut bytes = (probes.len() as u32).to_le_bytes().to_vec();
    for probe in probes {
        let Rgb {
            width,
            height,
            pixels,
        } = &*probe.image;
        let mut image = Vec::new();
        // Into memory, and of a size that JPEG has.
        JpegEncoder::new_with_quality(&mut image, JPEG_QUALITY)
            .encode(pixels, *width, *height, ExtendedColorType::Rgb8)
            .ok();
        let blank = vec![0; probe.truth.labels.len()];
        bytes.extend(width.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        for part in [
            probe.id.as_bytes(),
            &image,
            &delta::encode(&blank, &probe.truth.labels),
        ] {
            bytes.extend((part.len() as u32).to_le_bytes());
            bytes.extend(part);
        }
    }
    bytes
}

fn decode_probes(record: &[u8]) -> Option<Vec<FilmProbe>> {
    let mut reader = Reader(record);
    let count = reader.number()?;
    let mut probes = Vec::new();
    for _ in 0..count {
        let (width, height) = (reader.number()?, reader.number()?);
        let id = String::from_utf8(reader.part()?.to_vec()).ok()?;
        let image = image::load_from_memory_with_format(reader.part()?, ImageFormat::Jpeg).ok()?;
        let image = image.into_rgb8();
        if [image.width(), image.height()] != [width, height] {
            return None;
        }
        let mut labels = vec![0; (width as usize).checked_mul(height as usize)?];
        delta::apply(&mut labels, reader.part()?)?;
        let pixels = image.into_raw();
        probes.push(FilmProbe {
            id,
            image: Arc::new(Rgb {
                width,
                height,
                pixels,
            }),
            truth: Arc::new(LabelMap {
                width,
                height,
                labels,
            }),
        });
    }
    Some(probes)
}

/// The record of a frame.
pub(super) fn encode_frame(frame: &FilmFrame) -> Vec<u8> {
    let mut bytes = vec![u8::from(frame.is_key)];
    bytes.extend((frame.step as u64).to_le_bytes());
    bytes.extend(frame.secs.to_le_bytes());
    bytes.extend((frame.changes.len() as u32).to_le_bytes());
    for (change, mean_iu) in frame.changes.iter().zip(&frame.mean_iu) {
        bytes.extend(mean_iu.unwrap_or(f64::NAN).to_le_bytes());
        bytes.extend((change.len() as u32).to_le_bytes());
        bytes.extend(&**change);
    }
    bytes
}

fn decode_frame(record: &[u8]) -> Option<FilmFrame> {
    let mut reader = Reader(record);
    let [is_key] = reader.bytes::<1>()?;
    let step = u64::from_le_bytes(reader.bytes()?) as usize;
    let secs = f64::from_le_bytes(reader.bytes()?);
    let count = reader.number()?;
    let (mut mean_iu, mut changes) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let score = f64::from_le_bytes(reader.bytes()?);
        mean_iu.push((!score.is_nan()).then_some(score));
        changes.push(Arc::from(reader.part()?));
    }
    Some(FilmFrame {
        step,
        secs,
        mean_iu,
        is_key: is_key != 0,
        changes,
    })
}

/// Reads a record from its start.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes()?))
    }

    /// Bytes behind their length.
    fn part(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        let (part, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        Some(part)
    }
}

/// Takes up the whole records of `bytes`; what is behind the last of them is left.
fn take_up(film: &mut Film, mut bytes: &[u8]) {
    while let Some((found, rest)) = record(bytes) {
        let Some(frame) = decode_frame(found) else {
            break;
        };
        let grows = film.frames.last().is_none_or(|last| last.step < frame.step);
        // The first frame is told from nothing, or its masks are not known.
        let is_known = frame.is_key || !film.frames.is_empty();
        if !grows || !is_known || frame.changes.len() != film.probes.len() {
            break;
        }
        film.frames.push(frame);
        film.length += (found.len() + PREFIX) as u64;
        bytes = rest;
    }
    film.is_damaged = !is_torn(bytes);
}

/// The film in a file; `None` = there is none. `known` is the same film as it was read before: only
/// what is new is read then.
///
/// # Errors
/// When the file cannot be read, or not even its images are whole.
pub fn read_film(path: &Path, known: Option<&Film>) -> Result<Option<Film>, FileError> {
    let mut file = match open_regular(path) {
        Ok(file) => file,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(err) => return Err(FileError::read(path)(err)),
    };
    let mut bytes = Vec::new();
    if let Some(known) = known
        && let Some(grown) = read_on(&mut file, known).map_err(FileError::read(path))?
    {
        return Ok(Some(grown));
    }
    file.rewind()
        .and_then(|()| file.read_to_end(&mut bytes))
        .map_err(FileError::read(path))?;
    match decode(&bytes) {
        Some(film) => Ok(Some(film)),
        None => Err(FileError::OtherContent {
            path: path.to_owned(),
            reason: "this film of a run is damaged, or of another version".to_owned(),
        }),
    }
}

/// The film in bytes; `None` = not even its images are whole.
pub(super) fn decode(bytes: &[u8]) -> Option<Film> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (found, rest) = record(rest)?;
    let mut film = Film {
        probes: decode_probes(found)?,
        frames: Vec::new(),
        head: Arc::from(found),
        length: (MAGIC.len() + PREFIX + found.len()) as u64,
        is_damaged: false,
    };
    take_up(&mut film, rest);
    Some(film)
}

/// What was known, with what was appended since; `None` = it is another film by now.
fn read_on(file: &mut File, known: &Film) -> std::io::Result<Option<Film>> {
    let Some(last) = known.frames.last() else {
        return Ok(None);
    };
    // The last frame that is known is read again: another there means another film.
    let seam = framed(&encode_frame(last));
    let Some(start) = known.length.checked_sub(seam.len() as u64) else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut bytes)?;
    let Some(rest) = bytes.strip_prefix(&seam[..]) else {
        return Ok(None);
    };
    let mut film = known.clone();
    take_up(&mut film, rest);
    Ok(Some(film))
}

impl Film {
    /// A film without a frame.
    pub(super) fn new(probes: Vec<FilmProbe>) -> Self {
        Self {
            head: encode_probes(&probes).into(),
            probes,
            frames: Vec::new(),
            length: 0,
            is_damaged: false,
        }
    }

    /// The whole file.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(framed(&self.head));
        for frame in &self.frames {
            bytes.extend(framed(&encode_frame(frame)));
        }
        bytes
    }
}
