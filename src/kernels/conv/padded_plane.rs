//! Planes with zeros between their rows, in which every window of a pixel reads at fixed
//! distances from it. Such planes are multiplied where they lie: nothing is packed.
//!
//! The zeros that end a row are those that begin the next one, so a plane of `width` pixels
//! that is padded by 1 has rows of `width + 1` numbers. Pixels are counted through in the
//! same way; those between the rows are computed too, and dropped.

use rayon::prelude::*;

use crate::kernels::buffer_pool as reuse;
use crate::kernels::conv::shape::Gather;
use crate::kernels::tiling::WIDEST;

/// Zeros behind a plane, so that whole registers can be read from its last pixel.
const BEHIND: usize = 4 * WIDEST;

/// How a plane lies with its zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flat {
    /// Height and width of the plane without zeros.
    source: [usize; 2],
    /// Height and width of the pixels that read.
    target: [usize; 2],
    /// Numbers from one row to the next.
    pub pitch: usize,
    /// Row and column of the plane that comes first: negative for zeros.
    start: [isize; 2],
    /// Rows and columns from the first to the last tap.
    span: [usize; 2],
    /// How far from its pixel each tap reads.
    pub offsets: Vec<usize>,
}

impl Flat {
    /// `None` where windows are apart. Rows are no shorter than `pitch`.
    pub fn new(gather: &Gather, pitch: usize) -> Option<Self> {
        if gather.stride != [1, 1] || gather.taps.is_empty() {
            return None;
        }
        let axis = |axis: usize| gather.taps.iter().map(move |tap| tap[axis]);
        let least = [0, 1].map(|of| axis(of).min().unwrap_or(0));
        let span = [0, 1].map(|of| (axis(of).max().unwrap_or(0) - least[of]) as usize);
        let [_, width] = gather.target;
        let zeros = (-least[1]).max(0) as usize;
        let inside = (gather.source[1] as isize - least[1]).max(0) as usize;
        let inside = inside.min(width + span[1]);
        let pitch = pitch
            .max(width)
            .max(inside)
            .max((width + span[1]).saturating_sub(zeros));
        let offset =
            |tap: &[isize; 2]| (tap[0] - least[0]) as usize * pitch + (tap[1] - least[1]) as usize;
        Some(Self {
            source: gather.source,
            target: gather.target,
            pitch,
            start: least,
            span,
            offsets: gather.taps.iter().map(offset).collect(),
        })
    }

    /// Share of the computed pixels that are dropped.
    pub fn waste(&self) -> f64 {
        1.0 - self.target[1] as f64 / self.pitch as f64
    }

    /// Numbers that a plane takes for `rows` rows of pixels.
    pub fn plane(&self, rows: usize) -> usize {
        ((rows + self.span[0]) * self.pitch + self.span[1] + BEHIND).next_multiple_of(WIDEST)
    }

    /// Whether planes lie as they are, but for the zeros behind each.
    pub fn is_plain(&self) -> bool {
        let rows = self.target[0] + self.span[0];
        self.start == [0, 0] && [rows, self.pitch] == self.source
    }

    /// Where the source of pixel `[0, 0]` lies in a plane; `None` if it has none.
    pub fn origin(&self) -> Option<usize> {
        let [above, left] = self.start.map(|start| usize::try_from(-start).ok());
        Some(above? * self.pitch + left?)
    }

    /// Lays out what pixels of `rows` rows from `first` on read of a plane; `write` copies a
    /// piece of a row.
    #[inline(always)]
    pub fn lay(
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

    /// Lays out all planes of `[planes, height, width]` numbers; `write` is given where a plane
    /// begins, where in it a piece of a row begins, and the piece. To be [given back](reuse::give).
    pub fn lay_all(
        &self,
        numbers: usize,
        write: impl Fn(usize, usize, &mut [f32]) + Sync,
    ) -> Vec<f32> {
        let area = self.source[0] * self.source[1];
        let plane = self.plane(self.target[0]);
        let mut all = reuse::take(numbers / area.max(1) * plane);
        all.par_chunks_mut(plane).enumerate().for_each(|(nth, to)| {
            self.lay(0, self.target[0], to, |at, to| write(nth * area, at, to));
        });
        all
    }
}
