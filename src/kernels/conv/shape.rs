//! Sizes of a convolution, and which input pixels its kernel reads.

/// A convolution without its values. Sizes are `[height, width]`, as in the shapes of tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConvShape {
    pub batch: usize,
    pub in_channels: usize,
    pub out_channels: usize,
    /// Of the input.
    pub size: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
}

impl ConvShape {
    /// Size of the output; `None` where the kernel is larger than the padded image.
    pub fn checked_output(&self) -> Option<[usize; 2]> {
        let axis = |axis: usize| {
            let window = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            let span = (self.size[axis] + 2 * self.padding[axis]).checked_sub(window)?;
            Some(span / self.stride[axis] + 1)
        };
        Some([axis(0)?, axis(1)?])
    }

    /// # Panics
    /// Where [`checked_output`](Self::checked_output) is `None`.
    pub fn output(&self) -> [usize; 2] {
        let output = self.checked_output();
        assert!(
            output.is_some(),
            "the kernel of {self:?} is larger than the padded image"
        );
        output.unwrap_or_default()
    }

    /// Weights of the kernel between a pair of channels.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// The input pixels that make up each output pixel.
    pub fn patches(&self) -> Patches {
        let start = |axis: usize, tap: usize| tap * self.dilation[axis];
        let offset =
            |axis: usize, tap: usize| start(axis, tap) as isize - self.padding[axis] as isize;
        let taps = (0..self.kernel[0])
            .flat_map(|row| {
                (0..self.kernel[1]).map(move |column| [offset(0, row), offset(1, column)])
            })
            .collect();
        Patches {
            source: self.size,
            target: self.output(),
            stride: self.stride,
            taps,
        }
        .flattened()
    }

    /// The output gradients that make up the gradient of the input pixels `phase`,
    /// `phase + stride`, .., and through which weights of the kernel each passes: input pixel `i` was
    /// under weight `k` of output pixel `o` where `i = stride * o + dilation * k - padding`. At a
    /// stride of 1 there is one phase, `[0, 0]`.
    pub fn gradient_patches(&self, phase: [usize; 2]) -> (Patches, Vec<usize>) {
        let axis = |axis: usize| -> Vec<(usize, isize)> {
            let stride = self.stride[axis] as isize;
            let reach = (phase[axis] + self.padding[axis]) as isize;
            let offset = |tap: usize| reach - (tap * self.dilation[axis]) as isize;
            let taps = (0..self.kernel[axis]).filter(|&tap| offset(tap) % stride == 0);
            taps.map(|tap| (tap, offset(tap) / stride)).collect()
        };
        let (rows, columns) = (axis(0), axis(1));
        let pairs = rows
            .iter()
            .flat_map(|row| columns.iter().map(move |column| (*row, *column)));
        let (kept, taps) = pairs
            .map(|((row, y), (column, x))| (row * self.kernel[1] + column, [y, x]))
            .unzip();
        let target = [0, 1].map(|axis| {
            self.size[axis]
                .saturating_sub(phase[axis])
                .div_ceil(self.stride[axis])
        });
        (
            Patches {
                source: self.output(),
                target,
                stride: [1, 1],
                taps,
            }
            .flattened(),
            kept,
        )
    }
}

/// The `im2col` matrix of an image, which is never built in full: row
/// `channel * taps + tap`, column `pixel` is the source at `stride * pixel + tap`, 0 outside of the
/// source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patches {
    /// Size of the image.
    pub source: [usize; 2],
    /// Size of the image of patches: each of its pixels has a patch.
    pub target: [usize; 2],
    pub stride: [usize; 2],
    /// Where a patch reads, relative to its pixel.
    pub taps: Vec<[isize; 2]>,
}

impl Patches {
    /// Number of patches.
    pub fn pixels(&self) -> usize {
        self.target[0] * self.target[1]
    }

    /// One long row where every patch is the pixel itself.
    fn flattened(self) -> Self {
        if self.taps != [[0, 0]] || self.stride != [1, 1] || self.source != self.target {
            return self;
        }
        let row = [1, self.pixels()];
        Self {
            source: row,
            target: row,
            ..self
        }
    }

    /// Writes columns `start..` of the row of one tap of one channel (`plane`), 0 behind the last
    /// patch.
    #[inline(always)]
    pub fn im2col_row(&self, plane: &[f32], tap: [isize; 2], start: usize, row: &mut [f32]) {
        let width = self.target[1];
        let [mut y, mut x] = [start / width, start % width];
        let mut rest = row;
        while !rest.is_empty() {
            if y >= self.target[0] {
                rest.fill(0.0);
                return;
            }
            let count = rest.len().min(width - x);
            let (segment, behind) = rest.split_at_mut(count);
            self.im2col_segment(plane, tap, [y, x], segment);
            rest = behind;
            (y, x) = (y + 1, 0);
        }
    }

    /// As [`im2col_row`](Self::im2col_row), for pixels of one row of the target.
    #[inline(always)]
    fn im2col_segment(&self, plane: &[f32], tap: [isize; 2], at: [usize; 2], segment: &mut [f32]) {
        let [height, width] = self.source;
        let y = (at[0] * self.stride[0]) as isize + tap[0];
        let x = (at[1] * self.stride[1]) as isize + tap[1];
        if y < 0 || y >= height as isize {
            segment.fill(0.0);
            return;
        }
        let row = &plane[y as usize * width..][..width];
        let stride = self.stride[1];
        // Pixels `first..last` of the segment read inside of the row.
        let within = |places: isize| {
            let places = places.max(0) as usize;
            if stride == 1 {
                places
            } else {
                places.div_ceil(stride)
            }
            .min(segment.len())
        };
        let first = within(-x);
        let last = within(width as isize - x).max(first);
        segment[..first].fill(0.0);
        segment[last..].fill(0.0);
        let inside = &mut segment[first..last];
        if inside.is_empty() {
            return;
        }
        let from = (x + (first * stride) as isize) as usize;
        if stride == 1 {
            inside.copy_from_slice(&row[from..from + inside.len()]);
        } else {
            for (value, read) in inside.iter_mut().zip(row[from..].iter().step_by(stride)) {
                *value = *read;
            }
        }
    }
}
