//! Planes with zeros between their rows, in which the patch of every pixel is at fixed distances
//! from it. Such planes are multiplied in place: nothing is packed.
//!
//! The zeros that end a row also begin the next one, so a plane of `width` pixels that is padded
//! by 1 has rows of `width + 1` values. Pixels are numbered in the same way; those between the
//! rows are computed too, and dropped.

use rayon::prelude::*;

use super::shape::Patches;
use crate::kernels::buffer_pool::{Buffer, acquire};
use crate::kernels::tiling::WIDEST;

/// Zeros behind a plane, so that whole registers can be read from its last pixel.
const BEHIND: usize = 4 * WIDEST;

/// The layout of a plane with its zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaddedPlane {
    /// Height and width of the plane without zeros.
    source: [usize; 2],
    /// Height and width of the image of patches.
    target: [usize; 2],
    /// Values from one row to the next.
    pub pitch: usize,
    /// Row and column of the plane that comes first: negative for zeros.
    start: [isize; 2],
    /// Rows and columns from the first to the last tap.
    span: [usize; 2],
    /// How far from its pixel each tap reads.
    pub offsets: Vec<usize>,
}

impl PaddedPlane {
    /// `None` where patches are strided. Rows are no shorter than `pitch`.
    pub fn new(patches: &Patches, pitch: usize) -> Option<Self> {
        if patches.stride != [1, 1] || patches.taps.is_empty() {
            return None;
        }
        let axis = |axis: usize| patches.taps.iter().map(move |tap| tap[axis]);
        let least = [0, 1].map(|of| axis(of).min().unwrap_or(0));
        let span = [0, 1].map(|of| (axis(of).max().unwrap_or(0) - least[of]) as usize);
        let [_, width] = patches.target;
        let zeros = (-least[1]).max(0) as usize;
        let inside = (patches.source[1] as isize - least[1]).max(0) as usize;
        let inside = inside.min(width + span[1]);
        let pitch = pitch
            .max(width)
            .max(inside)
            .max((width + span[1]).saturating_sub(zeros));
        let offset =
            |tap: &[isize; 2]| (tap[0] - least[0]) as usize * pitch + (tap[1] - least[1]) as usize;
        Some(Self {
            source: patches.source,
            target: patches.target,
            pitch,
            start: least,
            span,
            offsets: patches.taps.iter().map(offset).collect(),
        })
    }

    /// Share of the computed pixels that are dropped.
    pub fn waste(&self) -> f64 {
        1.0 - self.target[1] as f64 / self.pitch as f64
    }

    /// Values of a plane for `rows` rows of pixels.
    pub fn plane(&self, rows: usize) -> usize {
        ((rows + self.span[0]) * self.pitch + self.span[1] + BEHIND).next_multiple_of(WIDEST)
    }

    /// Whether planes are as they were, but for the zeros behind each.
    pub fn is_unpadded(&self) -> bool {
        let rows = self.target[0] + self.span[0];
        self.start == [0, 0] && [rows, self.pitch] == self.source
    }

    /// Where in a plane the first pixel of the source is; `None` where it is left out.
    pub fn origin(&self) -> Option<usize> {
        let [above, left] = self.start.map(|start| usize::try_from(-start).ok());
        Some(above? * self.pitch + left?)
    }

    /// Pads what the patches of `rows` rows from `first` on read of a plane; `write` is given where
    /// in the source a piece of a row begins, and copies it.
    #[inline(always)]
    pub fn pad(
        &self,
        first: usize,
        rows: usize,
        to: &mut [f32],
        write: impl Fn(usize, &mut [f32]),
    ) {
        let [height, width] = self.source;
        let from = self.start[1].max(0) as usize;
        let zeros = (-self.start[1]).max(0) as usize;
        let count = width
            .saturating_sub(from)
            .min(self.pitch - zeros.min(self.pitch));
        let (lines, behind) =
            to[..self.plane(rows)].split_at_mut((rows + self.span[0]) * self.pitch);
        behind.fill(0.0);
        for (nth, line) in lines.chunks_exact_mut(self.pitch).enumerate() {
            let y = (first + nth) as isize + self.start[0];
            if y < 0 || y >= height as isize || count == 0 {
                line.fill(0.0);
                continue;
            }
            let (before, rest) = line.split_at_mut(zeros);
            let (inside, after) = rest.split_at_mut(count);
            before.fill(0.0);
            write(y as usize * width + from, inside);
            after.fill(0.0);
        }
    }

    /// Pads planes of `len` values in all; `write` is given where a plane begins, where in it a piece
    /// of a row begins, and copies it.
    ///
    /// # Shapes
    /// - source: `[planes, height, width]`
    /// - result: `[planes, plane]`
    pub fn pad_all(&self, len: usize, write: impl Fn(usize, usize, &mut [f32]) + Sync) -> Buffer {
        let area = self.source[0] * self.source[1];
        let plane = self.plane(self.target[0]);
        let mut all = acquire(len / area.max(1) * plane);
        all.par_chunks_mut(plane).enumerate().for_each(|(nth, to)| {
            self.pad(0, self.target[0], to, |at, to| write(nth * area, at, to));
        });
        all
    }
}
