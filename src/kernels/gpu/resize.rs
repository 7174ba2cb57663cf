//! Bilinear interpolation, as PyTorch's without aligned corners. The gradient of a pixel is gathered
//! from the places that it was read for, in their order, so that nothing is added up in memory.
//!
//! A part of a map gives a part of the result, with the shares that the whole would have.

use burn::tensor::Shape;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{empty_like, grid};
use crate::kernels::resized_part::ResizedPart;

const UNITS: usize = 256;

/// An interpolation of a map, or of a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resizing {
    /// Images by channels.
    pub shape: [usize; 2],
    /// `[height, width]` of what is given.
    pub from: [usize; 2],
    pub part: ResizedPart,
}

impl Resizing {
    #[cfg(feature = "fusion")]
    pub fn input_shape(&self) -> Shape {
        Self::shape(self.shape, self.from)
    }

    pub fn output_shape(&self) -> Shape {
        Self::shape(self.shape, self.part.size)
    }

    fn shape([batch, channels]: [usize; 2], [height, width]: [usize; 2]) -> Shape {
        Shape::new([batch, channels, height, width])
    }
}

/// One axis of an interpolation.
#[derive(CubeType, CubeLaunch)]
struct Axis {
    from: usize,
    to: usize,
    /// Cells of the map for each place of the result.
    scale: f32,
    /// The cell at which the wanted part begins, less the one at which the given part does.
    shift: f32,
}

fn axis(resizing: &Resizing, nth: usize) -> AxisLaunch {
    let part = &resizing.part;
    let scale = part.map[nth] as f64 / part.whole[nth] as f64;
    // In 64 bits: far from the map's first cell 32 have no digits left for shares.
    let shift = part.first[nth] as f64 * scale - part.map_first[nth] as f64;
    AxisLaunch::new(
        resizing.from[nth],
        part.size[nth],
        scale as f32,
        shift as f32,
    )
}

/// Where a place of the output lies between pixels of the input.
#[cube]
fn between(axis: &Axis, place: usize) -> f32 {
    ((place as f32 + 0.5) * axis.scale - 0.5 + axis.shift).max(0.0)
}

/// The share of the input's pixel `from` in the output's `to`.
#[cube]
fn share(axis: &Axis, from: usize, to: usize) -> f32 {
    let place = between(axis, to);
    let before = (place as usize).min(axis.from - 1);
    let behind = (before + 1).min(axis.from - 1);
    let part = place - before as f32;
    select(before == from, 1.0 - part, 0.0) + select(behind == from, part, 0.0)
}

/// The first place of the output that may read the input's pixel `from`.
#[cube]
fn first(axis: &Axis, from: usize) -> usize {
    let place = (from as f32 - axis.shift - 0.5) / axis.scale - 1.5;
    let place = select(from == 0, 0.0, place.max(0.0));
    (place as usize).min(axis.to)
}

/// Behind the last of them.
#[cube]
fn end(axis: &Axis, from: usize) -> usize {
    let place = (from as f32 - axis.shift + 1.5) / axis.scale + 1.5;
    let place = place.max(0.0) as usize;
    select(from + 1 == axis.from, axis.to, place.min(axis.to))
}

#[cube(launch)]
fn interpolate(input: &[f32], out: &mut [f32], down: Axis, across: Axis, length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let plane = index / (down.to * across.to) * down.from * across.from;
        let y = between(&down, index / across.to % down.to);
        let x = between(&across, index % across.to);
        let top = (y as usize).min(down.from - 1);
        let left = (x as usize).min(across.from - 1);
        let bottom = (top + 1).min(down.from - 1);
        let right = (left + 1).min(across.from - 1);
        let (part_y, part_x) = (y - top as f32, x - left as f32);
        let (above, below) = (plane + top * across.from, plane + bottom * across.from);
        let upper = input[above + left] * (1.0 - part_x) + input[above + right] * part_x;
        let lower = input[below + left] * (1.0 - part_x) + input[below + right] * part_x;
        out[index] = upper * (1.0 - part_y) + lower * part_y;
    }
}

#[cube(launch)]
fn gather(gradient: &[f32], out: &mut [f32], down: Axis, across: Axis, length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let plane = index / (down.from * across.from) * down.to * across.to;
        let y = index / across.from % down.from;
        let x = index % across.from;
        let (first_y, end_y) = (first(&down, y), end(&down, y));
        let (first_x, end_x) = (first(&across, x), end(&across, x));
        let mut sum = 0.0f32;
        for row in first_y..end_y {
            let mut of_row = 0.0f32;
            for column in first_x..end_x {
                let value = gradient[plane + row * across.to + column];
                of_row += value * share(&across, x, column);
            }
            sum += of_row * share(&down, y, row);
        }
        out[index] = sum;
    }
}

/// # Shapes
/// - input: `[batch_size, channels, height, width]`
/// - output: `[batch_size, channels, height_out, width_out]`, the part's
pub(super) fn forward(input: CubeTensor, resizing: Resizing) -> CubeTensor {
    let input = into_contiguous(input);
    let out = empty_like(&input, &resizing.output_shape());
    let length = out.meta.num_elements();
    interpolate::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        input.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        axis(&resizing, 0),
        axis(&resizing, 1),
        length,
    );
    out
}

/// # Shapes
/// - gradient: `[batch_size, channels, height_out, width_out]`, the part's
/// - output: `[batch_size, channels, height, width]`
pub(super) fn gradient(gradient: CubeTensor, resizing: Resizing) -> CubeTensor {
    let gradient = into_contiguous(gradient);
    let shape = Resizing::shape(resizing.shape, resizing.from);
    let out = empty_like(&gradient, &shape);
    let length = out.meta.num_elements();
    gather::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        gradient.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        axis(&resizing, 0),
        axis(&resizing, 1),
        length,
    );
    out
}
