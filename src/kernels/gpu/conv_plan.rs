//! What the kernels of a convolution's matrix product are generated for and started with.

use cubecl::prelude::*;

/// Units of a cube.
pub(super) const UNITS: usize = 256;
/// Length of a step along the sum.
pub(super) const STEP: usize = 16;

/// What is multiplied. `K` is what is summed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Pass {
    /// Output channels by pixels of all images; `K` = input channels by taps.
    Forward,
    /// Input channels by the input's pixels of one phase of the stride, of all images; `K` = output
    /// channels by the taps that meet these pixels.
    Data,
    /// Output channels by input channels and taps; `K` = pixels of all images.
    Weights,
}

/// Rows and columns of the part of the product that one cube computes, multiples of 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tile {
    pub rows: usize,
    pub columns: usize,
}

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
