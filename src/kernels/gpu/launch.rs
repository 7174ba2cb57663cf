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

/// A grid of at least `cubes` cubes by `layers`, about as high as it is wide: no axis gets as long as
/// devices allow, and the maps of tests have rows of cubes as the largest have.
pub(super) fn grid(cubes: usize, layers: usize) -> CubeCount {
    let [width, height] = rows(cubes);
    CubeCount::Static(width as u32, height as u32, layers as u32)
}

fn rows(cubes: usize) -> [usize; 2] {
    let cubes = cubes.max(1);
    // The root, rounded up.
    let width = (cubes - 1).isqrt() + 1;
    [width, cubes.div_ceil(width)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_have_all_cubes_and_few_more_within_what_devices_allow() {
        assert_eq!(rows(0), [1, 1]);
        assert_eq!(rows(1), [1, 1]);
        assert_eq!(rows(2), [2, 1]);
        assert_eq!(rows(3), [2, 2]);
        assert_eq!(rows(10), [4, 3]);
        for cubes in [5, 255, 256, 257, 250_000, 1 << 31] {
            let [width, height] = rows(cubes);
            assert!((cubes..cubes + width).contains(&(width * height)));
            assert!(width.max(height) < 1 << 16, "{width} by {height}");
        }
    }
}
