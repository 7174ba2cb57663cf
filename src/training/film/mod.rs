//! The film of a run: what it made of a few images, from its first step to its last.
//!
//! `film.bin` begins with [`MAGIC`]; then come records, each with its length and checksum: one of the
//! images, and one for each frame. It is only appended to, so that a crash costs the record in hand;
//! what is behind the last whole record is cut off. A file that is damaged otherwise is kept as
//! `film.before.bin` before anything is written. Masks are told as changes since the frame before,
//! and from nothing in every [`KEY_EVERY`]th frame. A film that grows over its bounds is thinned to half
//! of its frames, so that it always reaches from the start of the run to now.

mod delta;
mod file;
mod writer;

use std::sync::Arc;

use crate::dataset::{LabelMap, Rgb};

pub use file::read_film;
pub(super) use writer::{FilmWriter, Moment, told_damage};

/// What the file begins with.
const MAGIC: &[u8; 8] = b"FCNFILM1";
/// Frames from one whole map to the next: a frame is as many changes away from one, at most.
const KEY_EVERY: usize = 16;
/// Longer sides are made so long: what is looked at is small.
const MAX_SIDE: u32 = 320;

/// The film of a run. Its masks are decoded frame by frame.
#[derive(Debug, Clone)]
pub struct Film {
    /// The images.
    pub probes: Vec<FilmProbe>,
    /// The frames, in the order of their steps.
    pub frames: Vec<FilmFrame>,
    /// The record of the images.
    head: Arc<[u8]>,
    /// Bytes of the file that were read.
    length: u64,
    /// Whether there are records behind the last frame that cannot be read. What broke off while it was
    /// written is none.
    pub is_damaged: bool,
}

/// An image of a film, in small.
#[derive(Debug, Clone)]
pub struct FilmProbe {
    /// Its name in the dataset.
    pub id: String,
    /// Its pixels.
    pub image: Arc<Rgb>,
    /// Its ground truth, of the same size.
    pub truth: Arc<LabelMap>,
}

/// A moment of a run.
#[derive(Debug, Clone)]
pub struct FilmFrame {
    /// Steps done.
    pub step: usize,
    /// Seconds of training.
    pub secs: f64,
    /// The mIoU of each image by itself, at its full size.
    pub mean_iu: Vec<Option<f64>>,
    /// Whether the masks are told from nothing.
    is_key: bool,
    /// The changes of the masks.
    changes: Vec<Arc<[u8]>>,
}

impl Film {
    /// The masks of a frame, in the order of the images; `None` = there is no such frame, or it is
    /// damaged. Takes the changes of up to [`KEY_EVERY`] frames.
    pub fn masks(&self, frame: usize) -> Option<Vec<LabelMap>> {
        let first = (0..=frame)
            .rev()
            .find(|at| self.frames.get(*at).is_some_and(|f| f.is_key))?;
        let mut masks = self.blank();
        for frame in self.frames.get(first..=frame)? {
            frame.change(&mut masks)?;
        }
        Some(masks)
    }

    /// As [`masks`](Self::masks), of the frame behind that of `masks`.
    pub fn next_masks(&self, masks: &mut [LabelMap], frame: usize) -> Option<()> {
        self.frames.get(frame)?.change(masks)
    }

    /// The last frame at `step` or before it; the first one where there is none.
    pub fn frame_at(&self, step: usize) -> usize {
        let behind = self.frames.partition_point(|frame| frame.step <= step);
        behind.saturating_sub(1)
    }

    fn blank(&self) -> Vec<LabelMap> {
        let blank = |probe: &FilmProbe| LabelMap {
            labels: vec![0; probe.truth.labels.len()],
            ..*probe.truth
        };
        self.probes.iter().map(blank).collect()
    }
}

impl FilmFrame {
    /// Takes the changes up.
    fn change(&self, masks: &mut [LabelMap]) -> Option<()> {
        if self.changes.len() != masks.len() {
            return None;
        }
        for (mask, change) in masks.iter_mut().zip(&self.changes) {
            if self.is_key {
                mask.labels.fill(0);
            }
            delta::apply(&mut mask.labels, change)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
