//! Gradient of a convolution with respect to its weights: the gradient of the output times the
//! transposed `im2col` matrix.
//!
//! Few channels: both are read [along the pixels](along_pixels). Many channels and few pixels:
//! adding up the registers would take longer than the sums, so the patches are transposed while
//! they are [packed], which is quick then.

use super::shape::{ConvShape, Patches};
use crate::kernels::buffer_pool::Buffer;
use crate::kernels::gemm::along_pixels;
use crate::kernels::gemm::packed::{self, KC, Terms};

/// # Shapes
/// - input: `[batch, in_channels, height, width]`
/// - gradient: `[batch, out_channels, height_out, width_out]`
/// - result: `[out_channels, in_channels, taps]`
pub(crate) fn weight_gradient(shape: &ConvShape, input: &[f32], gradient: &[f32]) -> Buffer {
    let patches = shape.patches();
    let operands = GradientAndPatches {
        shape,
        patches: &patches,
        input,
        gradient,
    };
    if is_along_pixels(shape) {
        along_pixels::product(
            &operands,
            [shape.out_channels, shape.in_channels * shape.taps()],
            shape.batch * patches.pixels(),
        )
    } else {
        let columns = shape.in_channels * shape.taps();
        packed::product(&operands, 1, shape.out_channels, columns)
    }
}

/// Whether the gradient of the weights is best computed along the pixels.
pub(crate) fn is_along_pixels(shape: &ConvShape) -> bool {
    let [height, width] = shape.output();
    along_pixels::is_faster(shape.out_channels, shape.batch * height * width)
}

#[derive(Clone, Copy)]
struct GradientAndPatches<'a> {
    shape: &'a ConvShape,
    patches: &'a Patches,
    input: &'a [f32],
    gradient: &'a [f32],
}

impl along_pixels::Operands for GradientAndPatches<'_> {
    const COPIED: bool = true;

    /// The gradient of one output channel.
    #[inline(always)]
    fn row<'a>(
        &'a self,
        row: usize,
        [start, end]: [usize; 2],
        scratch: &'a mut [f32],
    ) -> &'a [f32] {
        let pixels = self.patches.pixels();
        over_images(pixels, start, end, scratch, |image, pixel, line| {
            let from = (image * self.shape.out_channels + row) * pixels + pixel;
            line.copy_from_slice(&self.gradient[from..from + line.len()]);
        });
        scratch
    }

    #[inline(always)]
    fn column<'a>(
        &'a self,
        index: usize,
        [start, end]: [usize; 2],
        scratch: &'a mut [f32],
    ) -> &'a [f32] {
        self.copy_column(index, [start, end], scratch);
        scratch
    }
}

impl GradientAndPatches<'_> {
    /// Row `index` of the `im2col` matrix for some pixels.
    #[inline(always)]
    fn copy_column(&self, index: usize, [start, end]: [usize; 2], line: &mut [f32]) {
        let taps = self.patches.taps.len();
        let area = self.shape.size[0] * self.shape.size[1];
        over_images(
            self.patches.pixels(),
            start,
            end,
            line,
            |image, pixel, line| {
                let plane = image * self.shape.in_channels + index / taps;
                let plane = &self.input[plane * area..][..area];
                self.patches
                    .im2col_row(plane, self.patches.taps[index % taps], pixel, line);
            },
        );
    }
}

impl packed::Operands for GradientAndPatches<'_> {
    #[inline(always)]
    fn depth(&self) -> usize {
        self.shape.batch * self.patches.pixels()
    }

    #[inline(always)]
    fn count(&self, first: usize) -> usize {
        let pixels = self.patches.pixels();
        (pixels - first % pixels).min(KC)
    }

    #[inline(always)]
    fn left_rows<'a>(
        &'a self,
        row: usize,
        Terms { first, count }: Terms,
        _scratch: &'a mut [f32],
        rows: &mut [&'a [f32]],
    ) {
        let pixels = self.patches.pixels();
        let (image, pixel) = (first / pixels, first % pixels);
        for (within, line) in rows.iter_mut().enumerate() {
            let plane = image * self.shape.out_channels + row + within;
            *line = &self.gradient[plane * pixels + pixel..][..count];
        }
    }

    #[inline(always)]
    fn pack_panel(
        &self,
        _: usize,
        Terms { first, count }: Terms,
        column: usize,
        width: usize,
        panel: &mut [f32],
    ) {
        let depth = self.shape.in_channels * self.patches.taps.len();
        let mut line = [0.0; KC];
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

/// Calls `write` for each image between the pixels `start` and `end`, with the first pixel in it
/// and the part of the line for its pixels; the line behind `end` becomes 0.
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
