//! The passes of a convolution: which tiles, how many parts of the sum, and the launches.

#[cfg(feature = "fusion")]
use burn::tensor::Shape;
use burn_cubecl::CubeDevice;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::conv_gemm::conv_gemm;
use super::conv_matrix::{Units, conv_matrix};
use super::conv_plan::{Epilogue, Pass, Plan, STEP, UNITS};
use super::conv_product::{Cut, Product, compute_units, known_taps};
use super::launch::{empty_like, grid};
use super::reduce::add_up;
use crate::kernels::conv::shape::ConvShape;

/// A convolution and what follows it in the same kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Convolution {
    pub shape: ConvShape,
    pub bias: bool,
    pub relu: bool,
    /// Where it is not in plain arithmetic.
    pub units: Option<Units>,
}

/// The output.
///
/// # Shapes
/// - input: `[batch_size, in_channels, height, width]`
/// - weight: `[out_channels, in_channels, kernel_height, kernel_width]`
/// - bias: `[out_channels]`, not read where there is none
/// - output: `[batch_size, out_channels, height_out, width_out]`
pub(super) fn forward(
    input: CubeTensor,
    weight: CubeTensor,
    bias: CubeTensor,
    convolution: Convolution,
) -> CubeTensor {
    let shape = &convolution.shape;
    let [height, width] = shape.output();
    let out = empty_like(&input, &[shape.batch, shape.out_channels, height, width]);
    Product::of(Pass::Forward, shape).launch(weight, input, Some(bias), &out, convolution);
    out
}

/// The gradient of the input; and, the other way round, a transposed convolution's output.
///
/// # Shapes
/// - weight: `[out_channels, in_channels, kernel_height, kernel_width]`
/// - gradient: `[batch_size, out_channels, height_out, width_out]`
/// - output: `[batch_size, in_channels, height, width]`
pub(super) fn data_gradient(
    weight: CubeTensor,
    gradient: CubeTensor,
    shape: ConvShape,
    units: Option<Units>,
) -> CubeTensor {
    let [height, width] = shape.size;
    let out = empty_like(&gradient, &[shape.batch, shape.in_channels, height, width]);
    Product::of(Pass::Data, &shape).launch(weight, gradient, None, &out, plain(shape, units));
    out
}

/// The gradient of the weights.
///
/// # Shapes
/// - input: `[batch_size, in_channels, height, width]`
/// - gradient: `[batch_size, out_channels, height_out, width_out]`
/// - output: `[out_channels, in_channels, kernel_height, kernel_width]`
pub(super) fn weight_gradient(
    input: CubeTensor,
    gradient: CubeTensor,
    shape: ConvShape,
    units: Option<Units>,
) -> CubeTensor {
    let [kernel_height, kernel_width] = shape.kernel;
    let out = empty_like(
        &input,
        &[
            shape.out_channels,
            shape.in_channels,
            kernel_height,
            kernel_width,
        ],
    );
    Product::of(Pass::Weights, &shape).launch(gradient, input, None, &out, plain(shape, units));
    out
}

fn plain(shape: ConvShape, units: Option<Units>) -> Convolution {
    Convolution {
        shape,
        bias: false,
        relu: false,
        units,
    }
}

/// How the passes forward, gradient of the data and gradient of the weights are computed on a device,
/// in words.
pub(super) fn routes(shape: &ConvShape, device: &CubeDevice) -> [String; 3] {
    let units = compute_units(&device.client());
    [Pass::Forward, Pass::Data, Pass::Weights].map(|pass| {
        let Cut { tile, parts } = Product::of(pass, shape).cut(units);
        let parts = match parts {
            1 => String::new(),
            parts => format!(", {parts} parts"),
        };
        format!("GPU kernel {}x{}{parts}", tile.rows, tile.columns)
    })
}

impl Product {
    fn launch(
        &self,
        left: CubeTensor,
        right: CubeTensor,
        bias: Option<CubeTensor>,
        out: &CubeTensor,
        convolution: Convolution,
    ) {
        let (left, right) = (into_contiguous(left), into_contiguous(right));
        let bias = bias
            .filter(|_| convolution.bias)
            .map_or_else(|| left.clone(), into_contiguous);
        let Cut { tile, parts } = self.cut(compute_units(&out.client));
        // Whole steps, so that no part is longer than the rest.
        let part = self.sum.div_ceil(parts).next_multiple_of(STEP);
        let parts = self.sum.div_ceil(part).max(1);
        let Convolution { shape, relu, .. } = convolution;
        let epilogue = Epilogue {
            bias: convolution.bias && parts == 1,
            relu: relu && parts == 1,
        };
        let target = if parts == 1 {
            out.clone()
        } else {
            empty_like(out, &[parts, out.meta.num_elements()])
        };
        let cubes = self.cubes(tile) / self.phases;
        let plan = Plan {
            pass: self.pass,
            tile,
            taps: known_taps(&shape),
            epilogue,
        };
        let count = grid(cubes, self.phases * parts);
        let dim = CubeDim::new_1d(UNITS as u32);
        let [left, right] = [left, right].map(CubeTensor::into_buffer_arg);
        let (bias_arg, target_arg) = (
            bias.clone().into_buffer_arg(),
            target.clone().into_buffer_arg(),
        );
        let sizes = self.sizes(&shape, part, parts);
        match convolution.units {
            None => conv_gemm::launch(
                &out.client,
                count,
                dim,
                left,
                right,
                bias_arg,
                target_arg,
                sizes,
                plan,
            ),
            Some(units) => conv_matrix::launch(
                &out.client,
                count,
                dim,
                left,
                right,
                bias_arg,
                target_arg,
                sizes,
                plan,
                units,
                units.element(),
            ),
        }
        if parts > 1 {
            let bias = convolution.bias.then_some(bias);
            let [height, width] = shape.output();
            let channels = [shape.out_channels, height * width];
            add_up(target, bias, out, parts, channels, relu);
        }
    }
}

#[cfg(feature = "fusion")]
pub(super) fn output_shape(shape: &ConvShape) -> Shape {
    let [height, width] = shape.output();
    Shape::new([shape.batch, shape.out_channels, height, width])
}

#[cfg(feature = "fusion")]
pub(super) fn input_shape(shape: &ConvShape) -> Shape {
    let [height, width] = shape.size;
    Shape::new([shape.batch, shape.in_channels, height, width])
}

#[cfg(feature = "fusion")]
pub(super) fn weight_shape(shape: &ConvShape) -> Shape {
    let [height, width] = shape.kernel;
    Shape::new([shape.out_channels, shape.in_channels, height, width])
}
