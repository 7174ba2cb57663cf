//! The passes of a convolution: which tiles, how many parts of the sum, and the launches.

#[cfg(feature = "fusion")]
use burn::tensor::Shape;
use burn_cubecl::CubeDevice;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::client::Client;
use cubecl::prelude::*;

use super::conv_gemm::conv_gemm;
use super::conv_matrix::{Factors, Units, conv_matrix};
use super::conv_plan::{Epilogue, Pass, Plan, STEP, UNITS, known_taps, sizes};
use super::launch::{empty_like, grid};
use super::reduce::add_up;
use crate::kernels::arithmetic::{Arithmetic, Half};
use crate::kernels::conv::shape::ConvShape;
use crate::kernels::matrix_product::{Product, ProductCut, ProductTile, compute_units};

/// How the passes of a convolution are computed, where that is not always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    /// Where it is not in plain arithmetic.
    pub units: Option<Units>,
    /// In place of what is estimated to be best.
    pub cut: Option<ProductCut>,
}

impl Route {
    /// What this thread has entered.
    pub fn entered() -> Self {
        Self {
            units: Units::of(Arithmetic::entered()),
            ..Self::exact()
        }
    }

    /// As [`entered`](Self::entered), in plain arithmetic.
    pub fn exact() -> Self {
        Self {
            units: None,
            cut: ProductCut::entered(),
        }
    }

    fn cut(self, product: &Product, client: &Client) -> ProductCut {
        self.cut.unwrap_or_else(|| {
            let properties = client.properties();
            let told = properties.hardware.num_streaming_multiprocessors;
            product.cut(compute_units(told, properties.memory.max_memory()))
        })
    }
}

/// A convolution and what follows it in the same kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Convolution {
    pub shape: ConvShape,
    pub bias: bool,
    pub relu: bool,
    pub route: Route,
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
    launch(
        Pass::Forward,
        [weight, input],
        Some(bias),
        &out,
        convolution,
    );
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
    route: Route,
) -> CubeTensor {
    let [height, width] = shape.size;
    let out = empty_like(&gradient, &[shape.batch, shape.in_channels, height, width]);
    launch(
        Pass::Data,
        [weight, gradient],
        None,
        &out,
        plain(shape, route),
    );
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
    route: Route,
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
    launch(
        Pass::Weights,
        [gradient, input],
        None,
        &out,
        plain(shape, route),
    );
    out
}

fn plain(shape: ConvShape, route: Route) -> Convolution {
    Convolution {
        shape,
        bias: false,
        relu: false,
        route,
    }
}

/// How a pass is computed on a device, in words: the program, and how the sum is cut.
pub(super) fn describe(pass: Pass, shape: &ConvShape, route: Route, device: &CubeDevice) -> String {
    let ProductCut { tile, parts } = route.cut(&Product::of(pass, shape), &device.client());
    let taps = match known_taps(shape) {
        [0, 0] => String::new(),
        [height, width] => format!(" {height}x{width}"),
    };
    let pass = match pass {
        Pass::Forward => "forward",
        Pass::Data => "data",
        Pass::Weights => "weights",
    };
    let parts = match parts {
        1 => String::new(),
        parts => format!(", {parts} parts"),
    };
    let units = match route.units.map(|units| units.factors) {
        None => "",
        Some(Factors::Rounded(Half::Bf16)) => ", bf16 in matrix units",
        Some(Factors::Rounded(Half::F16)) => ", f16 in matrix units",
        Some(Factors::Split) => ", two bf16 in matrix units",
    };
    let ProductTile { rows, columns } = tile;
    format!("GPU kernel {rows}x{columns}{taps} {pass}{parts}{units}")
}

fn launch(
    pass: Pass,
    factors: [CubeTensor; 2],
    bias: Option<CubeTensor>,
    out: &CubeTensor,
    convolution: Convolution,
) {
    let [left, right] = factors.map(into_contiguous);
    let bias = bias
        .filter(|_| convolution.bias)
        .map_or_else(|| left.clone(), into_contiguous);
    let Convolution {
        shape, relu, route, ..
    } = convolution;
    let product = Product::of(pass, &shape);
    let ProductCut { tile, parts } = route.cut(&product, &out.client);
    // Whole steps, so that no part is longer than the rest.
    let part = product.sum.div_ceil(parts).next_multiple_of(STEP);
    let parts = product.sum.div_ceil(part).max(1);
    let epilogue = Epilogue {
        bias: convolution.bias && parts == 1,
        relu: relu && parts == 1,
    };
    let target = if parts == 1 {
        out.clone()
    } else {
        empty_like(out, &[parts, out.meta.num_elements()])
    };
    let cubes = product.cubes(tile) / product.phases;
    let plan = Plan {
        pass,
        tile,
        taps: known_taps(&shape),
        epilogue,
    };
    let count = grid(cubes, product.phases * parts);
    let dim = CubeDim::new_1d(UNITS as u32);
    let [left, right] = [left, right].map(CubeTensor::into_buffer_arg);
    let (bias_arg, target_arg) = (
        bias.clone().into_buffer_arg(),
        target.clone().into_buffer_arg(),
    );
    let sizes = sizes(&product, &shape, part, parts);
    match route.units {
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
