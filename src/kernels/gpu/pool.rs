//! Max pooling with windows of any size and stride. The gradient looks for each window's largest
//! pixel again, in the same order, so that no places have to be kept.

use burn::tensor::Shape;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::conv::{empty_like, grid};

const UNITS: usize = 256;

/// Sizes of a max pooling, `[height, width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pooling {
    /// Images by channels.
    pub shape: [usize; 2],
    pub size: [usize; 2],
    pub output: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
}

impl Pooling {
    pub fn output_shape(&self) -> Shape {
        let ([batch, channels], [height, width]) = (self.shape, self.output);
        Shape::new([batch, channels, height, width])
    }

    fn sizes(&self) -> SizesLaunch {
        SizesLaunch::new(
            self.size[0],
            self.size[1],
            self.output[0],
            self.output[1],
            self.kernel[0],
            self.kernel[1],
            self.stride[0],
            self.stride[1],
            self.padding[0],
            self.padding[1],
        )
    }
}

#[derive(CubeType, CubeLaunch)]
struct Sizes {
    height: usize,
    width: usize,
    height_out: usize,
    width_out: usize,
    kernel_height: usize,
    kernel_width: usize,
    stride_y: usize,
    stride_x: usize,
    pad_y: usize,
    pad_x: usize,
}

/// Where the largest pixel of the window at row `y`, column `x` of the output is: the first of
/// equal ones, and NaN before all others, as in PyTorch. `plane` is where the channel begins.
#[cube]
fn largest(input: &[f32], sizes: &Sizes, plane: usize, y: usize, x: usize) -> usize {
    let (top, left) = (y * sizes.stride_y, x * sizes.stride_x);
    let first_y = top.max(sizes.pad_y) - sizes.pad_y;
    let first_x = left.max(sizes.pad_x) - sizes.pad_x;
    // Both ends are inside: a window has a pixel of the image.
    let end_y = (top + sizes.kernel_height - sizes.pad_y).min(sizes.height);
    let end_x = (left + sizes.kernel_width - sizes.pad_x).min(sizes.width);
    let mut best = plane + first_y * sizes.width + first_x;
    let mut value = input[best];
    for row in first_y..end_y {
        for column in first_x..end_x {
            let at = plane + row * sizes.width + column;
            let other = input[at];
            if other > value || (other.is_nan() && !value.is_nan()) {
                value = other;
                best = at;
            }
        }
    }
    best
}

#[cube(launch)]
fn pool(input: &[f32], out: &mut [f32], sizes: Sizes, length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let x = index % sizes.width_out;
        let y = index / sizes.width_out % sizes.height_out;
        let plane = index / (sizes.width_out * sizes.height_out) * sizes.height * sizes.width;
        out[index] = input[largest(input, &sizes, plane, y, x)];
    }
}

#[cube(launch)]
fn unpool(input: &[f32], gradient: &[f32], out: &mut [f32], sizes: Sizes, length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let x = index % sizes.width + sizes.pad_x;
        let y = index / sizes.width % sizes.height + sizes.pad_y;
        let nth = index / (sizes.width * sizes.height);
        let plane = nth * sizes.height * sizes.width;
        let plane_out = nth * sizes.height_out * sizes.width_out;
        // Windows whose pixels include this one.
        let first_y =
            ((y + sizes.stride_y).max(sizes.kernel_height) - sizes.kernel_height) / sizes.stride_y;
        let first_x =
            ((x + sizes.stride_x).max(sizes.kernel_width) - sizes.kernel_width) / sizes.stride_x;
        let end_y = (y / sizes.stride_y + 1).min(sizes.height_out);
        let end_x = (x / sizes.stride_x + 1).min(sizes.width_out);
        let mut sum = 0.0f32;
        for row in first_y..end_y {
            for column in first_x..end_x {
                if largest(input, &sizes, plane, row, column) == index {
                    sum += gradient[plane_out + row * sizes.width_out + column];
                }
            }
        }
        out[index] = sum;
    }
}

/// # Shapes
/// - input: `[batch_size, channels, height, width]`
/// - output: `[batch_size, channels, height_out, width_out]`
pub(super) fn forward(input: CubeTensor, pooling: Pooling) -> CubeTensor {
    let input = into_contiguous(input);
    let out = empty_like(&input, &pooling.output_shape());
    let length = out.meta.num_elements();
    pool::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        input.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        pooling.sizes(),
        length,
    );
    out
}

/// # Shapes
/// - input, result: `[batch_size, channels, height, width]`
/// - gradient: `[batch_size, channels, height_out, width_out]`
pub(super) fn gradient(input: CubeTensor, gradient: CubeTensor, pooling: Pooling) -> CubeTensor {
    let (input, gradient) = (into_contiguous(input), into_contiguous(gradient));
    let out = empty_like(&input, input.meta.shape());
    let length = out.meta.num_elements();
    unpool::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        input.into_buffer_arg(),
        gradient.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        pooling.sizes(),
        length,
    );
    out
}
