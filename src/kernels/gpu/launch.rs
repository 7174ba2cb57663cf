//! What every launch of a kernel needs: memory for its results, and a grid of cubes.

use burn::tensor::{DType, Shape};
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// A new tensor of `f32` and of `shape` beside `tensor`, whose values are not set.
pub(super) fn empty_like(tensor: &CubeTensor, shape: &[usize]) -> CubeTensor {
    empty_of(tensor, shape, DType::F32)
}

/// As [`empty_like`], of another dtype.
pub(super) fn empty_of(tensor: &CubeTensor, shape: &[usize], dtype: DType) -> CubeTensor {
    let bytes = shape.iter().product::<usize>() * dtype.size();
    CubeTensor::new_contiguous(
        tensor.client.clone(),
        tensor.device.clone(),
        Shape::from(shape.to_vec()),
        tensor.client.empty(bytes),
        dtype,
    )
}

/// Cubes along x of a [`grid`]; every device allows more.
const GRID_WIDTH: usize = 1 << 15;

/// A grid of at least `cubes` cubes by `layers`, of which no axis is longer than devices allow.
pub(super) fn grid(cubes: usize, layers: usize) -> CubeCount {
    let width = cubes.clamp(1, GRID_WIDTH);
    let height = cubes.div_ceil(width).max(1);
    CubeCount::Static(width as u32, height as u32, layers as u32)
}
