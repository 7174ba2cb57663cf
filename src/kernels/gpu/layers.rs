//! The kernels as operations in Burn's graph, with backward passes of their own: one function for
//! each layer, which is `None` where only Burn computes it.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Cube, TensorMetadata as _};
use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::pool::MaxPool2d;
use burn::tensor::{Int, Tensor, TensorData};
use burn_cubecl::CubeDevice;

use super::conv::{Convolution, routes};
use super::cross_entropy::Pixels;
use super::ops::GpuOps;
use super::pool::Pooling;
use crate::kernels::autodiff::{BackwardPass, KernelBackend as _, Operand, apply};
use crate::kernels::conv::{conv_transpose2d, conv2d, shape::ConvShape};
use crate::kernels::ops::sgd_step::SgdStep;

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
    let output = Cube::conv_forward(input.clone(), weight.clone(), bias, convolution);
    let pass = ConvolutionPass {
        shape: convolution.shape,
        input,
        weight,
        output: (convolution.relu && save).then(|| output.clone()),
    };
    (output, pass)
}

/// Gradients of the input, the weights and the bias.
#[derive(Debug, Clone)]
struct ConvolutionPass {
    shape: ConvShape,
    input: Values,
    weight: Values,
    /// Where there is a ReLU.
    output: Option<Values>,
}

impl BackwardPass<3, Cube> for ConvolutionPass {
    fn backward(self, gradient: Values, wanted: [bool; 3]) -> [Option<Values>; 3] {
        let gradient = match self.output {
            Some(output) => Cube::relu_gradient(output, gradient),
            None => gradient,
        };
        let [of_input, of_weight, of_bias] = wanted;
        let weights =
            of_weight.then(|| Cube::conv_weight_gradient(self.input, gradient.clone(), self.shape));
        let bias = of_bias.then(|| Cube::channel_sums(gradient.clone()));
        let data = of_input.then(|| Cube::conv_data_gradient(self.weight, gradient, self.shape));
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

/// How a convolution's output, its input's gradient and its weights' gradient are computed.
pub(crate) fn conv_routes(layer: &Conv2d, input: &Tensor<4>) -> Option<[String; 3]> {
    let shape = conv2d::shape(layer, input).filter(is_ours)?;
    Some(routes(&shape, &device_of(input)?))
}

/// As [`conv_routes`], of a transposed convolution.
pub(crate) fn transposed_routes(layer: &ConvTranspose2d, input: &Tensor<4>) -> Option<[String; 3]> {
    let shape = conv_transpose2d::shape(layer, input).filter(is_ours)?;
    let [forward, data, weights] = routes(&shape, &device_of(input)?);
    // The convolution that leads back has them the other way round.
    Some([data, forward, weights])
}

/// A transposed convolution without a bias.
pub(crate) fn conv_transpose2d(layer: &ConvTranspose2d, input: &Tensor<4>) -> Option<Tensor<4>> {
    let shape = conv_transpose2d::shape(layer, input).filter(is_ours)?;
    let operands = [
        Operand::<Cube>::new(input.clone())?,
        Operand::new(layer.weight.val())?,
    ];
    apply(operands, |[input, weight], _| {
        let output = Cube::conv_data_gradient(weight.clone(), input.clone(), shape);
        let pass = TransposedPass {
            shape,
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
    input: Values,
    weight: Values,
}

impl BackwardPass<2, Cube> for TransposedPass {
    fn backward(self, gradient: Values, [of_input, of_weight]: [bool; 2]) -> [Option<Values>; 2] {
        let Self {
            shape,
            input,
            weight,
        } = self;
        let weights = of_weight.then(|| Cube::conv_weight_gradient(gradient.clone(), input, shape));
        let data = of_input.then(|| {
            let convolution = Convolution {
                shape,
                bias: false,
                relu: false,
            };
            let none = weight.clone();
            Cube::conv_forward(gradient, weight, none, convolution)
        });
        [data, weights]
    }
}

/// Max pooling.
pub(crate) fn max_pool2d(layer: &MaxPool2d, input: &Tensor<4>) -> Option<Tensor<4>> {
    let pooling = pooling(layer, input)?;
    apply([Operand::<Cube>::new(input.clone())?], |[input], _| {
        let output = Cube::pool_forward(input.clone(), pooling);
        (output, PoolingPass { pooling, input })
    })
}

/// `None` for what only Burn computes, or refuses.
fn pooling(layer: &MaxPool2d, input: &Tensor<4>) -> Option<Pooling> {
    let padding = match layer.padding {
        PaddingConfig2d::Valid => [0, 0],
        PaddingConfig2d::Explicit(top, left, bottom, right) if top == bottom && left == right => {
            [top, left]
        }
        _ => return None,
    };
    let [batch, channels, height, width] = input.dims();
    let output = |axis: usize, size: usize| {
        let (kernel, stride) = (layer.kernel_size[axis], layer.stride[axis]);
        let rest = if layer.ceil_mode { stride - 1 } else { 0 };
        let number = (size + 2 * padding[axis] + rest).checked_sub(kernel)? / stride + 1;
        // A last window that would begin behind the image is none (PyTorch).
        let is_outside = layer.ceil_mode && (number - 1) * stride >= size + padding[axis];
        Some(number - usize::from(is_outside))
    };
    let pooling = Pooling {
        shape: [batch, channels],
        size: [height, width],
        output: [output(0, height)?, output(1, width)?],
        kernel: layer.kernel_size,
        stride: layer.stride,
        padding,
    };
    let fits = (0..2).all(|axis| 2 * padding[axis] <= layer.kernel_size[axis]);
    let values = batch * channels * height * width;
    let ours = fits && layer.dilation == [1, 1] && (1..MOST_VALUES).contains(&values);
    ours.then_some(pooling)
}

#[derive(Debug, Clone)]
struct PoolingPass {
    pooling: Pooling,
    input: Values,
}

impl BackwardPass<1, Cube> for PoolingPass {
    fn backward(self, gradient: Values, [wanted]: [bool; 1]) -> [Option<Values>; 1] {
        [wanted.then(|| Cube::pool_gradient(self.input, gradient, self.pooling))]
    }
}

/// As [`cross_entropy_sum`](crate::kernels::cross_entropy_sum), on a GPU.
pub(crate) fn cross_entropy_sum(logits: &Tensor<4>, labels: &[u8]) -> Option<Tensor<1>> {
    let [batch, classes, height, width] = logits.dims();
    let pixels = Pixels {
        batch,
        classes,
        area: height * width,
    };
    let operand = Operand::<Cube>::new(logits.clone())?;
    // Four labels to a word; what is no class is void.
    let words = labels.chunks(4).map(|labels| {
        let mut bytes = [u8::MAX; 4];
        bytes[..labels.len()].copy_from_slice(labels);
        i32::from_le_bytes(bytes)
    });
    let words: Vec<i32> = words.collect();
    let shape = [words.len()];
    let device = logits.device().inner();
    let labels = Tensor::<1, Int>::from_data(TensorData::new(words, shape), &device);
    let labels = labels.try_into_primitive::<Cube>().ok()?;
    apply([operand], |[logits], _| {
        let loss = Cube::loss_sum(logits.clone(), labels.clone(), pixels);
        let pass = LossPass {
            logits,
            labels,
            pixels,
        };
        (loss, pass)
    })
}

#[derive(Debug, Clone)]
struct LossPass {
    logits: Values,
    labels: IntTensor<Cube>,
    pixels: Pixels,
}

impl BackwardPass<1, Cube> for LossPass {
    fn backward(self, scale: Values, [wanted]: [bool; 1]) -> [Option<Values>; 1] {
        let Self {
            logits,
            labels,
            pixels,
        } = self;
        [wanted.then(|| Cube::loss_gradient(logits, labels, scale, pixels))]
    }
}

/// What a step of SGD works on. The kernel writes in place where nobody else has the values: drop
/// the tensors between [`of`](Self::of) and [`step`](Self::step).
pub(crate) struct SgdOperands {
    weight: Values,
    velocity: Option<Values>,
    gradient: Values,
}

impl SgdOperands {
    pub fn of<const D: usize>(
        weight: &Tensor<D>,
        velocity: Option<&Tensor<D>>,
        gradient: &Tensor<D>,
    ) -> Option<Self> {
        let values = |tensor: &Tensor<D>| {
            let outside = !tensor.device().is_autodiff();
            let operand = outside.then(|| Operand::<Cube>::new(tensor.clone()))?;
            operand.map(Operand::into_values)
        };
        let velocity = match velocity {
            Some(velocity) => Some(values(velocity)?),
            None => None,
        };
        Some(Self {
            weight: values(weight)?,
            velocity,
            gradient: values(gradient)?,
        })
    }

    /// As [`sgd_step`](crate::kernels::sgd_step).
    pub fn step<const D: usize>(self, step: SgdStep) -> (Tensor<D>, Tensor<D>) {
        let Self {
            weight,
            velocity,
            gradient,
        } = self;
        let (weight, velocity) = match velocity {
            Some(velocity) => Cube::sgd_step(weight, velocity, gradient, step),
            None => Cube::sgd_first_step(weight, gradient, step),
        };
        (Cube::wrap(weight), Cube::wrap(velocity))
    }
}
