//! Writes the film of a run on a thread of its own: making images small and deflating takes longer
//! than a step of a small network may.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::file::{decode, encode_frame, framed, read_film};
use super::{Film, FilmFrame, FilmProbe, KEY_EVERY, MAX_SIDE, delta};
use crate::dataset::{LabelMap, Rgb, Size, resize_labels, resize_rgb};
use crate::files::{FileError, append, read_regular, write_atomic};

/// A film with more frames is thinned.
pub(super) const MAX_FRAMES: usize = 1200;
/// So is one of more bytes.
pub(super) const MAX_BYTES: u64 = 6 << 20;
/// Frames that wait to be written; more are left out.
const WAITING: usize = 4;

/// What a run makes of the images at one moment.
pub(in crate::training) struct Moment {
    pub step: usize,
    /// Seconds of training.
    pub secs: f64,
    /// Masks at the size of the images, with their mIoU.
    pub masks: Vec<(Arc<LabelMap>, Option<f64>)>,
    /// Whether it is kept however soon it comes after the one before: the end of an epoch.
    pub always: bool,
}

/// The thread. It ends with this value, after what it has in hand.
pub(in crate::training) struct FilmWriter {
    moments: Option<Sender<Moment>>,
    thread: Option<JoinHandle<()>>,
}

impl FilmWriter {
    /// Continues the film in `path` behind `step`, or begins one of these images: name, pixels and
    /// ground truth.
    pub fn start(
        path: PathBuf,
        images: Vec<(String, Arc<Rgb>, Arc<LabelMap>)>,
        step: usize,
    ) -> Self {
        let (sender, receiver) = bounded(WAITING);
        let started = thread::Builder::new()
            .name("film".into())
            .spawn(move || {
                // A run without its film is still a run.
                if let Err(err) = write(&path, images, step, receiver) {
                    log::warn!("The film of the run ends here; its training goes on. {err}");
                }
            })
            .map_err(|err| log::warn!("No thread to write the film of the run with: {err}"));
        Self {
            moments: Some(sender),
            thread: started.ok(),
        }
    }

    /// Hands a moment over; it is left out where the thread is behind.
    pub fn push(&self, moment: Moment) {
        let Some(moments) = &self.moments else {
            return;
        };
        if let Err(TrySendError::Full(moment)) = moments.try_send(moment) {
            log::debug!("The film has no frame of step {}", moment.step);
        }
    }
}

impl Drop for FilmWriter {
    fn drop(&mut self) {
        self.moments = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("The film was not written to its end");
        }
    }
}

/// What is to be said of a film that goes on in `path` and is damaged.
pub(in crate::training) fn told_damage(path: &Path) -> Option<String> {
    let rest = match read_film(path, None) {
        Ok(Some(film)) if film.is_damaged => "the film goes on behind what can be read of it",
        Err(_) => "another film begins",
        Ok(_) => return None,
    };
    let kept = free_name(path);
    let kept = kept.file_name().unwrap_or_default().to_string_lossy();
    Some(format!(
        "{}: this film of the run is damaged. It is kept as {kept}, and {rest}",
        path.display()
    ))
}

fn write(
    path: &Path,
    images: Vec<(String, Arc<Rgb>, Arc<LabelMap>)>,
    step: usize,
    moments: Receiver<Moment>,
) -> Result<(), FileError> {
    let probes = images.into_iter().map(small).collect();
    let mut reel = Reel::open(path, probes, step)?;
    for moment in moments {
        reel.push(&moment)?;
    }
    Ok(())
}

/// An image as it is kept.
fn small((id, image, truth): (String, Arc<Rgb>, Arc<LabelMap>)) -> FilmProbe {
    let size = small_size(image.size());
    if size == image.size() {
        return FilmProbe { id, image, truth };
    }
    FilmProbe {
        id,
        image: Arc::new(resize_rgb(&image, size)),
        truth: Arc::new(resize_labels(&truth, size)),
    }
}

fn small_size(size: Size) -> Size {
    let longer = size.width.max(size.height);
    if longer <= MAX_SIDE {
        return size;
    }
    let side = |side: u32| (u64::from(side) * u64::from(MAX_SIDE) / u64::from(longer)).max(1);
    Size::new(side(size.width) as u32, side(size.height) as u32)
}

/// The film as it is written.
pub(super) struct Reel {
    path: PathBuf,
    film: Film,
    file: File,
    /// The masks of the last frame.
    masks: Vec<LabelMap>,
}

impl Reel {
    /// Continues the film in `path` behind `step`, or begins one.
    pub fn open(path: &Path, probes: Vec<FilmProbe>, step: usize) -> Result<Self, FileError> {
        let bytes = match read_regular(path) {
            Ok(bytes) => Some(bytes),
            Err(err) if err.kind() == io::ErrorKind::NotFound => None,
            Err(err) => return Err(FileError::read(path)(err)),
        };
        let found = bytes.as_deref().and_then(decode);
        // What cannot be continued stays beside the new one: a film of other images, or a damaged one.
        let is_whole = |film: &Film| is_of(film, &probes) && !film.is_damaged;
        if bytes.is_some() && !found.as_ref().is_some_and(is_whole) {
            let before = free_name(path);
            fs::rename(path, &before).map_err(FileError::write(&before))?;
        }
        let film = match found.filter(|film| is_of(film, &probes)) {
            Some(mut film) => {
                film.frames.retain(|frame| frame.step <= step);
                film.is_damaged = false;
                film
            }
            None => Film::new(probes),
        };
        Self::write_whole(path, film)
    }

    fn write_whole(path: &Path, mut film: Film) -> Result<Self, FileError> {
        let bytes = film.encode();
        write_atomic(path, |file| file.write_all(&bytes))?;
        film.length = bytes.len() as u64;
        let open = File::options().append(true).open(path);
        let masks = match film.frames.len() {
            0 => film.blank(),
            frames => film.masks(frames - 1).unwrap_or_else(|| film.blank()),
        };
        Ok(Self {
            path: path.to_owned(),
            file: open.map_err(FileError::write(path))?,
            masks,
            film,
        })
    }

    /// Adds a frame, where it is time for one.
    pub fn push(&mut self, moment: &Moment) -> Result<(), FileError> {
        let last = self.film.frames.last();
        if last.is_some_and(|last| last.step >= moment.step) || !self.is_time(moment) {
            return Ok(());
        }
        let masks: Vec<LabelMap> = moment
            .masks
            .iter()
            .zip(&self.film.probes)
            .map(|((mask, _), probe)| {
                let size = probe.truth.size();
                if mask.size() == size {
                    LabelMap::clone(mask)
                } else {
                    resize_labels(mask, size)
                }
            })
            .collect();
        if masks.len() != self.film.probes.len() {
            return Ok(());
        }
        let frame = self.frame(moment, &masks);
        let bytes = framed(&encode_frame(&frame));
        self.append(&bytes).map_err(FileError::write(&self.path))?;
        self.film.length += bytes.len() as u64;
        self.film.frames.push(frame);
        self.masks = masks;
        if self.film.frames.len() > MAX_FRAMES || self.film.length > MAX_BYTES {
            self.thin()?;
        }
        Ok(())
    }

    fn frame(&self, moment: &Moment, masks: &[LabelMap]) -> FilmFrame {
        let is_key = self.film.frames.len().is_multiple_of(KEY_EVERY);
        let blank = is_key.then(|| self.film.blank());
        let before = blank.as_ref().unwrap_or(&self.masks);
        let changes = before.iter().zip(masks);
        FilmFrame {
            step: moment.step,
            secs: moment.secs,
            mean_iu: moment.masks.iter().map(|(_, score)| *score).collect(),
            is_key,
            changes: changes
                .map(|(before, after)| delta::encode(&before.labels, &after.labels).into())
                .collect(),
        }
    }

    /// A film that was thinned gets frames as far apart as those that it has.
    fn is_time(&self, moment: &Moment) -> bool {
        let frames = &self.film.frames;
        let is_long = frames.len() > MAX_FRAMES / 2 || self.film.length > MAX_BYTES / 2;
        let (Some(last), false, true) = (frames.last(), moment.always, is_long) else {
            return true;
        };
        moment.secs - last.secs >= 0.9 * last.secs / frames.len() as f64
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        // What is written to a file that has no name any more is lost without an error.
        fs::metadata(&self.path)?;
        append(&self.path, &mut self.file, bytes)
    }

    /// Keeps every second frame, the first and the last among them.
    fn thin(&mut self) -> Result<(), FileError> {
        let mut thinned = Film {
            frames: Vec::new(),
            ..self.film.clone()
        };
        let mut masks = self.film.blank();
        let mut kept = self.film.blank();
        let last = self.film.frames.len() - 1;
        for (place, frame) in self.film.frames.iter().enumerate() {
            if frame.change(&mut masks).is_none() {
                break;
            }
            if place % 2 == 1 && place != last {
                continue;
            }
            let is_key = thinned.frames.len().is_multiple_of(KEY_EVERY);
            if is_key {
                kept = self.film.blank();
            }
            let changes = kept.iter().zip(&masks);
            let changes = changes
                .map(|(before, after)| delta::encode(&before.labels, &after.labels).into())
                .collect();
            thinned.frames.push(FilmFrame {
                is_key,
                changes,
                ..frame.clone()
            });
            kept.clone_from(&masks);
        }
        *self = Self::write_whole(&self.path, thinned)?;
        Ok(())
    }
}

/// `film.before.bin`, or with a number where there is one already.
fn free_name(path: &Path) -> PathBuf {
    let mut free = path.with_extension("before.bin");
    let mut number = 1;
    while free.symlink_metadata().is_ok() {
        number += 1;
        free = path.with_extension(format!("before-{number}.bin"));
    }
    free
}

/// Whether a film is of these images.
fn is_of(film: &Film, probes: &[FilmProbe]) -> bool {
    let is_same = |(a, b): (&FilmProbe, &FilmProbe)| {
        a.id == b.id && a.truth.size() == b.truth.size() && a.truth == b.truth
    };
    film.probes.len() == probes.len() && film.probes.iter().zip(probes).all(is_same)
}
