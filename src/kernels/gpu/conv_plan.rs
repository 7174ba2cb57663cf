//! What the kernels of a convolution's matrix product are generated for and started with.

use cubecl::prelude::*;

use crate::kernels::conv::shape::ConvShape;
use crate::kernels::matrix_product::Product;
pub(super) use crate::kernels::matrix_product::{Pass, ProductTile as Tile, STEP};

/// Units of a cube.
pub(super) const UNITS: usize = 256;

/// What is done to a finished sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Epilogue {
    pub bias: bool,
    pub relu: bool,
}

/// What a kernel is generated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Plan {
    pub pass: Pass,
    pub tile: Tile,
    /// Height and width of the kernel where the program knows them, else 0, 0.
    pub taps: [usize; 2],
    pub epilogue: Epilogue,
}

impl Plan {
    /// Values of the left factor that a unit reads in a step.
    pub fn left_reads(&self) -> usize {
        self.tile.rows * STEP / UNITS
    }

    /// Values of the right factor that a unit reads in a step.
    pub fn right_reads(&self) -> usize {
        self.tile.columns * STEP / UNITS
    }

    /// Steps of the right factor's tile that all units read at once.
    pub fn right_lines(&self) -> usize {
        UNITS / self.tile.columns
    }
}

/// Sizes of a convolution and of the product.
#[derive(CubeType, CubeLaunch)]
pub(super) struct Sizes {
    pub batch: usize,
    pub in_channels: usize,
    pub out_channels: usize,
    pub height: usize,
    pub width: usize,
    pub height_out: usize,
    pub width_out: usize,
    pub kernel_height: usize,
    pub kernel_width: usize,
    pub stride_y: usize,
    pub stride_x: usize,
    pub pad_y: usize,
    pub pad_x: usize,
    pub dilation_y: usize,
    pub dilation_x: usize,
    /// Of the product.
    pub rows: usize,
    pub columns: usize,
    pub sum: usize,
    /// Length of a part of the sum; a multiple of [`STEP`].
    pub part: usize,
    /// Parts of the sum, each of which is written for itself.
    pub parts: usize,
}

/// Sizes for a launch, in parts of the sum of that length.
pub(super) fn sizes(
    product: &Product,
    shape: &ConvShape,
    part: usize,
    parts: usize,
) -> SizesLaunch {
    let [height_out, width_out] = shape.output();
    SizesLaunch::new(
        shape.batch,
        shape.in_channels,
        shape.out_channels,
        shape.size[0],
        shape.size[1],
        height_out,
        width_out,
        shape.kernel[0],
        shape.kernel[1],
        shape.stride[0],
        shape.stride[1],
        shape.padding[0],
        shape.padding[1],
        shape.dilation[0],
        shape.dilation[1],
        product.rows,
        product.columns,
        product.sum,
        part,
        parts,
    )
}

/// The kernel sizes that most of the work is in are part of the program, so that it need not divide
/// by them; all others share one.
pub(super) fn known_taps(shape: &ConvShape) -> [usize; 2] {
    match (shape.kernel, shape.stride) {
        ([1, 1] | [3, 3], [1, 1]) => shape.kernel,
        _ => [0, 0],
    }
}
