//! The transposed convolution as an operation of Burn. It is the gradient of a convolution with
//! respect to its input, so its own gradients are that convolution's forward pass and the gradient
//! of its weights.

use burn::backend::Flex;
use burn::backend::TensorMetadata as _;
use burn::backend::flex::FlexTensor;
use burn::nn::conv::ConvTranspose2d;
use burn::tensor::Tensor;

use super::bilinear::{self, BilinearUpsampling};
use super::forward::forward;
use super::input_gradient::input_gradient;
use super::padded_gradient::PaddedGradient;
use super::shape::ConvShape;
use super::space_to_depth::SpaceToDepth;
use super::weight_gradient::weight_gradient;
use crate::kernels::autodiff::{BackwardPass, Operand, apply, tensor};
use crate::kernels::buffer_pool::{Buffer, recycle};

/// `None` where only Burn's layer computes this, see [`conv_transpose2d`](crate::kernels::conv_transpose2d).
pub(crate) fn conv_transpose2d(layer: &ConvTranspose2d, input: &Tensor<4>) -> Option<Tensor<4>> {
    let shape = shape(layer, input)?;
    let operands = [
        Operand::<Flex>::new(input.clone())?,
        Operand::new(layer.weight.val())?,
    ];
    apply(operands, |[input, weight], _| {
        let (values, kernels) = (input.to_contiguous(), weight.to_contiguous());
        let output = transposed(&shape, values.storage(), kernels.storage());
        let pass = TransposedPass {
            shape,
            input,
            weight,
        };
        (tensor(output, &output_shape(&shape)), pass)
    })
}

/// As [`conv_transpose2d`], with weights that are known to be bilinear and fixed: they are not read.
pub(crate) fn bilinear_upsample(layer: &ConvTranspose2d, input: &Tensor<4>) -> Option<Tensor<4>> {
    let shape = shape(layer, input)?;
    let upsampling = BilinearUpsampling::new(&shape)?;
    apply([Operand::<Flex>::new(input.clone())?], |[input], _| {
        let output = upsampling.forward(input.to_contiguous().storage());
        let output = tensor(output, &output_shape(&shape));
        (output, BilinearPass { shape })
    })
}

/// Whether the layer's weights, on the processor, are those of bilinear upsampling.
pub fn is_bilinear(layer: &ConvTranspose2d) -> bool {
    let [in_channels, out_channels, height, width] = layer.weight.dims();
    if in_channels != out_channels || height != width || layer.bias.is_some() {
        return false;
    }
    let weight = layer.weight.val();
    Operand::<Flex>::new(weight).is_some_and(|weight| {
        let weight = weight.into_values().to_contiguous();
        bilinear::is_bilinear(weight.storage(), in_channels, height)
    })
}

/// The convolution that leads back; `None` for what only Burn's layer computes, or refuses.
pub(crate) fn shape(layer: &ConvTranspose2d, input: &Tensor<4>) -> Option<ConvShape> {
    let [batch, out_channels, height, width] = input.dims();
    let [channels, in_channels, ..] = layer.weight.dims();
    let ConvTranspose2d {
        kernel_size,
        stride,
        padding,
        padding_out,
        dilation,
        ..
    } = *layer;
    let larger = |axis: usize, size: usize| {
        let window = dilation[axis] * (kernel_size[axis] - 1) + 1;
        (size.checked_sub(1)? * stride[axis] + window + padding_out[axis])
            .checked_sub(2 * padding[axis])
    };
    let size = [larger(0, height)?, larger(1, width)?];
    let shape = ConvShape {
        batch,
        in_channels,
        out_channels,
        size,
        kernel: kernel_size,
        stride,
        padding,
        dilation,
    };
    let ours = layer.groups == 1 && layer.bias.is_none() && channels == out_channels;
    (ours && shape.checked_output() == Some([height, width])).then_some(shape)
}

/// Of the transposed convolution's output: the convolution's input.
fn output_shape(shape: &ConvShape) -> [usize; 4] {
    let [height, width] = shape.size;
    [shape.batch, shape.in_channels, height, width]
}

fn transposed(shape: &ConvShape, input: &[f32], weight: &[f32]) -> Buffer {
    match SpaceToDepth::of(shape) {
        Some(depth) => {
            let weights = depth.weights_to_depth(weight);
            let phases = input_gradient(&depth.shape, &weights, input);
            depth.image_to_space(&phases)
        }
        None => input_gradient(shape, weight, input),
    }
}

/// Gradients of the input and the weights.
#[derive(Debug, Clone)]
struct TransposedPass {
    shape: ConvShape,
    input: FlexTensor,
    weight: FlexTensor,
}

impl BackwardPass<2> for TransposedPass {
    fn backward(self, gradient: FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let (input, weight) = (self.input.to_contiguous(), self.weight.to_contiguous());
        let [of_input, of_weight] = gradients(
            &self.shape,
            input.storage(),
            weight.storage(),
            gradient.storage(),
            wanted,
        );
        let found = [
            of_input.map(|values| tensor(values, &input.shape())),
            of_weight.map(|values| tensor(values, &weight.shape())),
        ];
        drop(input);
        [gradient, self.input].into_iter().for_each(recycle);
        found
    }
}

/// Gradients of the input and of the weights, as far as they are wanted.
fn gradients(
    shape: &ConvShape,
    input: &[f32],
    weight: &[f32],
    gradient: &[f32],
    [of_input, of_weight]: [bool; 2],
) -> [Option<Vec<f32>>; 2] {
    let Some(depth) = SpaceToDepth::of(shape) else {
        return [
            of_input.then(|| forward(shape, weight, gradient, None, false).into_vec()),
            of_weight.then(|| weight_gradient(shape, gradient, input).into_vec()),
        ];
    };
    let shape = &depth.shape;
    let padded = of_weight
        .then(|| PaddedGradient::new(shape, None, input))
        .flatten();
    let padded = padded.filter(PaddedGradient::is_unpadded);
    let plane = padded.as_ref().map_or(depth.area(), PaddedGradient::plane);
    let gradient = depth.image_to_depth(gradient, plane);
    let weights = of_input.then(|| depth.weights_to_depth(weight));
    let (of_input, of_weight) = match padded {
        Some(padded) => (
            weights.map(|weights| padded.forward_of_padded(&weights, &gradient)),
            Some(padded.weights_of_padded(&gradient)),
        ),
        None => (
            weights.map(|weights| forward(shape, &weights, &gradient, None, false)),
            of_weight.then(|| weight_gradient(shape, &gradient, input)),
        ),
    };
    [
        of_input.map(Buffer::into_vec),
        of_weight.map(|weights| depth.weights_to_space(&weights)),
    ]
}

/// Gradient of the input.
#[derive(Debug, Clone)]
struct BilinearPass {
    shape: ConvShape,
}

impl BackwardPass<1> for BilinearPass {
    fn backward(self, gradient: FlexTensor, [wanted]: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let upsampling = BilinearUpsampling::new(&self.shape).filter(|_| wanted);
        let [height, width] = self.shape.output();
        let shape = [self.shape.batch, self.shape.out_channels, height, width];
        let found =
            upsampling.map(|upsampling| tensor(upsampling.gradient(gradient.storage()), &shape));
        recycle(gradient);
        [found]
    }
}
