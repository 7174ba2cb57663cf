//! The kernels as operations in Burn's graph, with backward passes of their own: one function for
//! each layer, which is `None` where only Burn computes it.

mod batch_norm;
mod dropout;
mod kept;
mod labels;
mod maps;
mod pooling;
mod sums;
mod training;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Cube, TensorMetadata as _};
use burn::module::Param;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::Tensor;
use burn_cubecl::CubeDevice;

use super::conv::{Convolution, Route, describe};
use super::conv_matrix::has_matrix_units as device_has;
use super::conv_plan::Pass;
pub use super::launches::LaunchWatch;
pub(crate) use super::launches::watch_launches;
use super::ops::GpuOps;
use crate::kernels::arithmetic::{Arithmetic, Half};
use crate::kernels::autodiff::{BackwardPass, KernelBackend as _, Operand, apply};
use crate::kernels::conv::{conv_transpose2d, conv2d, shape::ConvShape};

pub(crate) use batch_norm::batch_norm;
pub use dropout::SharedDraws;
pub(crate) use dropout::dropout;
use kept::{Kept, KeptRelu, rounded};
pub(crate) use labels::{confusion, most_likely};
pub(crate) use maps::{add_relu, pass_back, resize};
pub(crate) use pooling::max_pool2d;
pub(crate) use sums::{channel_sums, log_softmax, sum};
pub(crate) use training::{
    SgdOperands, SgdOutcome, cross_entropy_sum, sgd_steps, squares_on_device, sum_on_device,
};

type Values = FloatTensor<Cube>;

/// Places in a tensor are counted in 32 bits; larger ones are left to Burn.
const MOST_VALUES: usize = 1 << 31;

/// Whether the kernels compute all passes of a convolution.
fn is_ours(shape: &ConvShape) -> bool {
    let dilated_stride = (0..2).any(|axis| shape.stride[axis] > 1 && shape.dilation[axis] > 1);
    let [height, width] = shape.output();
    let values = [
        shape.batch * shape.in_channels * shape.size[0] * shape.size[1],
        shape.batch * shape.out_channels * height * width,
        shape.out_channels * shape.in_channels * shape.taps(),
    ];
    let countable = values
        .iter()
        .all(|values| (1..MOST_VALUES).contains(values));
    countable && !dilated_stride && shape.stride[0] * shape.stride[1] <= 1 << 12
}

/// A convolution, with a ReLU behind it where `relu` is set.
pub(crate) fn conv2d(layer: &Conv2d, input: &Tensor<4>, relu: bool) -> Option<Tensor<4>> {
    let shape = conv2d::shape(layer, input).filter(is_ours)?;
    let input = Operand::<Cube>::new(input.clone())?;
    let weight = Operand::new(layer.weight.val())?;
    let convolution = Convolution {
        shape,
        bias: layer.bias.is_some(),
        relu,
        route: Route::entered(),
    };
    match layer.bias.as_ref().map(Param::val) {
        Some(bias) => apply::<_, ConvolutionPass, 3, 4>(
            [input, weight, Operand::new(bias)?],
            |[input, weight, bias], save| convolve(convolution, input, weight, bias, save),
        ),
        None => apply::<_, ConvolutionPass, 2, 4>([input, weight], |[input, weight], save| {
            let none = weight.clone();
            convolve(convolution, input, weight, none, save)
        }),
    }
}

fn convolve(
    convolution: Convolution,
    input: Values,
    weight: Values,
    bias: Values,
    save: bool,
) -> (Values, ConvolutionPass) {
    let half = Arithmetic::entered().half;
    let (input, kept) = Kept::of(input);
    let output = Cube::conv_forward(input, rounded(weight.clone(), half), bias, convolution);
    let pass = ConvolutionPass {
        shape: convolution.shape,
        route: convolution.route,
        input: kept,
        weight,
        half,
        output: (convolution.relu && save).then(|| KeptRelu::of(output.clone())),
    };
    (output, pass)
}

/// Gradients of the input, the weights and the bias.
#[derive(Debug, Clone)]
struct ConvolutionPass {
    shape: ConvShape,
    route: Route,
    input: Kept,
    /// In full: rounding it again takes no memory for long.
    weight: Values,
    half: Option<Half>,
    /// Where there is a ReLU.
    output: Option<KeptRelu>,
}

impl BackwardPass<3, Cube> for ConvolutionPass {
    fn backward(self, gradient: Values, wanted: [bool; 3]) -> [Option<Values>; 3] {
        let gradient = match self.output {
            Some(output) => output.gradient(gradient),
            None => gradient,
        };
        let [of_input, of_weight, of_bias] = wanted;
        let (shape, route) = (self.shape, self.route);
        let weights = of_weight.then(|| {
            Cube::conv_weight_gradient(self.input.values(), gradient.clone(), shape, route)
        });
        let bias = of_bias.then(|| Cube::channel_sums(gradient.clone()));
        let data = of_input.then(|| {
            Cube::conv_data_gradient(rounded(self.weight, self.half), gradient, shape, route)
        });
        [data, weights, bias]
    }
}

/// Without a bias.
impl BackwardPass<2, Cube> for ConvolutionPass {
    fn backward(self, gradient: Values, [of_input, of_weight]: [bool; 2]) -> [Option<Values>; 2] {
        let wanted = [of_input, of_weight, false];
        let [input, weight, _] = BackwardPass::<3, Cube>::backward(self, gradient, wanted);
        [input, weight]
    }
}

/// Whether a tensor is on a GPU, and which.
fn device_of(tensor: &Tensor<4>) -> Option<CubeDevice> {
    let (values, _) = Cube::unwrap(tensor.clone())?;
    Some(values.device())
}

/// Whether a tensor is on a device of these kernels.
pub(crate) fn is_here(tensor: &Tensor<4>) -> bool {
    device_of(tensor).is_some()
}

/// Whether the device of a tensor multiplies 16 bits, or `f32` as the sum of two `bf16`, in matrix
/// units that the kernels can use.
pub(crate) fn has_matrix_units(tensor: &Tensor<4>, half: Option<Half>) -> bool {
    device_of(tensor).is_some_and(|device| device_has(&device, half))
}

/// How a convolution's output, its input's gradient and its weights' gradient are computed.
pub(crate) fn conv_routes(layer: &Conv2d, input: &Tensor<4>) -> Option<[String; 3]> {
    let shape = conv2d::shape(layer, input).filter(is_ours)?;
    let device = device_of(input)?;
    let route = Route::entered();
    let passes = [Pass::Forward, Pass::Data, Pass::Weights];
    Some(passes.map(|pass| describe(pass, &shape, route, &device)))
}

/// As [`conv_routes`], of a transposed convolution.
pub(crate) fn transposed_routes(layer: &ConvTranspose2d, input: &Tensor<4>) -> Option<[String; 3]> {
    let shape = conv_transpose2d::shape(layer, input).filter(is_ours)?;
    let device = device_of(input)?;
    // The convolution that leads back has them the other way round.
    let passes = [Pass::Data, Pass::Forward, Pass::Weights];
    Some(passes.map(|pass| describe(pass, &shape, Route::exact(), &device)))
}

/// A transposed convolution without a bias.
pub(crate) fn conv_transpose2d(layer: &ConvTranspose2d, input: &Tensor<4>) -> Option<Tensor<4>> {
    let shape = conv_transpose2d::shape(layer, input).filter(is_ours)?;
    let operands = [
        Operand::<Cube>::new(input.clone())?,
        Operand::new(layer.weight.val())?,
    ];
    let route = Route::exact();
    apply(operands, |[input, weight], _| {
        let output = Cube::conv_data_gradient(weight.clone(), input.clone(), shape, route);
        let pass = TransposedPass {
            shape,
            route,
            input,
            weight,
        };
        (output, pass)
    })
}

/// Gradients of the input and the weights: the forward pass of the convolution that leads back, and
/// the gradient of its weights.
#[derive(Debug, Clone)]
struct TransposedPass {
    shape: ConvShape,
    route: Route,
    input: Values,
    weight: Values,
}

impl BackwardPass<2, Cube> for TransposedPass {
    fn backward(self, gradient: Values, [of_input, of_weight]: [bool; 2]) -> [Option<Values>; 2] {
        let Self {
            shape,
            route,
            input,
            weight,
        } = self;
        let weights =
            of_weight.then(|| Cube::conv_weight_gradient(gradient.clone(), input, shape, route));
        let data = of_input.then(|| {
            let convolution = Convolution {
                shape,
                bias: false,
                relu: false,
                route,
            };
            let none = weight.clone();
            Cube::conv_forward(gradient, weight, none, convolution)
        });
        [data, weights]
    }
}
