//! Gradient of a convolution with respect to its weights: the gradient of the output times
//! the transposed column matrix.
//!
//! Few channels: both are read along the pixels (see [`dots`](crate::kernels::gemm::along_pixels)). Many channels
//! and few pixels: adding up the registers would take longer than the sums, so the columns
//! are transposed, which is quick then.

use crate::kernels::conv::shape::{ConvShape, Gather};
use crate::kernels::gemm::along_pixels::{Pixels, along_pixels, dots};
use crate::kernels::gemm::packed::{DEPTH, Factors, Terms, product};

/// # Shapes
/// - input: `[batch, inner, height, width]`
/// - gradient: `[batch, outer, height_out, width_out]`
/// - result: `[outer, inner, taps]`
pub(crate) fn weight_gradient(shape: &ConvShape, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let gather = shape.gather();
    let sources = Sources {
        shape,
        gather: &gather,
        input,
        gradient,
    };
    if along_pixels(shape) {
        dots(
            &sources,
            [shape.outer, shape.inner * shape.taps()],
            shape.batch * gather.pixels(),
        )
    } else {
        product(&sources, 1, shape.outer, shape.inner * shape.taps())
    }
}

#[derive(Clone, Copy)]
struct Sources<'a> {
    shape: &'a ConvShape,
    gather: &'a Gather,
    input: &'a [f32],
    gradient: &'a [f32],
}

impl Pixels for Sources<'_> {
    const COPIED: bool = true;

    /// The gradient of one output channel.
    #[inline(always)]
    fn line<'a>(&'a self, row: usize, [start, end]: [usize; 2], room: &'a mut [f32]) -> &'a [f32] {
        let pixels = self.gather.pixels();
        over_images(pixels, start, end, room, |image, pixel, line| {
            let from = (image * self.shape.outer + row) * pixels + pixel;
            line.copy_from_slice(&self.gradient[from..from + line.len()]);
        });
        room
    }

    #[inline(always)]
    fn column<'a>(
        &'a self,
        index: usize,
        [start, end]: [usize; 2],
        room: &'a mut [f32],
    ) -> &'a [f32] {
        self.copy_column(index, [start, end], room);
        room
    }
}

impl Sources<'_> {
    /// Row `index` of the column matrix for some pixels.
    #[inline(always)]
    fn copy_column(&self, index: usize, [start, end]: [usize; 2], line: &mut [f32]) {
        let taps = self.gather.taps.len();
        let area = self.shape.size[0] * self.shape.size[1];
        over_images(
            self.gather.pixels(),
            start,
            end,
            line,
            |image, pixel, line| {
                let plane = image * self.shape.inner + index / taps;
                let plane = &self.input[plane * area..][..area];
                self.gather
                    .line(plane, self.gather.taps[index % taps], pixel, line);
            },
        );
    }
}

impl Factors for Sources<'_> {
    #[inline(always)]
    fn depth(&self) -> usize {
        self.shape.batch * self.gather.pixels()
    }

    #[inline(always)]
    fn count(&self, first: usize) -> usize {
        let pixels = self.gather.pixels();
        (pixels - first % pixels).min(DEPTH)
    }

    #[inline(always)]
    fn lines<'a>(
        &'a self,
        row: usize,
        Terms { first, count }: Terms,
        _room: &'a mut [f32],
        lines: &mut [&'a [f32]],
    ) {
        let pixels = self.gather.pixels();
        let (image, pixel) = (first / pixels, first % pixels);
        for (within, line) in lines.iter_mut().enumerate() {
            let plane = image * self.shape.outer + row + within;
            *line = &self.gradient[plane * pixels + pixel..][..count];
        }
    }

    #[inline(always)]
    fn pack(
        &self,
        _: usize,
        Terms { first, count }: Terms,
        column: usize,
        width: usize,
        panel: &mut [f32],
    ) {
        let depth = self.shape.inner * self.gather.taps.len();
        let mut line = [0.0; DEPTH];
        for across in 0..width {
            if column + across < depth {
                self.copy_column(column + across, [first, first + count], &mut line[..count]);
            } else {
                line.fill(0.0);
            }
            for (value, panel) in line.iter().zip(panel.chunks_exact_mut(width)) {
                panel[across] = *value;
            }
        }
    }
}

/// Calls `write` with an image, a pixel of it and the place of that and the following pixels
/// in the line; what is behind `end` becomes 0.
#[inline(always)]
fn over_images(
    pixels: usize,
    start: usize,
    end: usize,
    line: &mut [f32],
    write: impl Fn(usize, usize, &mut [f32]),
) {
    let (mut rest, padding) = line.split_at_mut(end - start);
    padding.fill(0.0);
    let [mut image, mut pixel] = [start / pixels, start % pixels];
    while !rest.is_empty() {
        let count = rest.len().min(pixels - pixel);
        let (now, behind) = rest.split_at_mut(count);
        write(image, pixel, now);
        rest = behind;
        (image, pixel) = (image + 1, 0);
    }
}
