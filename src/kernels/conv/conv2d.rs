//! The convolution as an operation of Burn that has its own backward pass.

use burn::backend::Flex;
use burn::backend::TensorMetadata as _;
use burn::backend::flex::FlexTensor;
use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::tensor::Tensor;

use super::forward::forward;
use super::input_gradient::{bias_gradient, input_gradient, relu_gradient};
use super::padded_gradient::PaddedGradient;
use super::shape::ConvShape;
use super::weight_gradient::weight_gradient;
use crate::kernels::autodiff::{BackwardPass, Operand, apply, tensor};
use crate::kernels::buffer_pool::{Buffer, recycle};

/// `None` where only Burn's layer computes this, see [`conv2d`](crate::kernels::conv2d).
pub(crate) fn conv2d(layer: &Conv2d, input: &Tensor<4>, relu: bool) -> Option<Tensor<4>> {
    let convolution = Convolution {
        shape: shape(layer, input)?,
        relu,
    };
    let input = Operand::<Flex>::new(input.clone())?;
    let weight = Operand::new(layer.weight.val())?;
    match layer.bias.as_ref().map(Param::val) {
        Some(bias) => apply(
            [input, weight, Operand::new(bias)?],
            |[input, weight, bias], save| convolution.forward(input, weight, Some(&bias), save),
        ),
        None => apply([input, weight], |[input, weight], save| {
            convolution.forward(input, weight, None, save)
        }),
    }
}

/// `None` for what only Burn's layer computes, or refuses.
pub(crate) fn shape(layer: &Conv2d, input: &Tensor<4>) -> Option<ConvShape> {
    let padding = match layer.padding {
        PaddingConfig2d::Valid => [0, 0],
        PaddingConfig2d::Explicit(top, left, bottom, right) if top == bottom && left == right => {
            [top, left]
        }
        _ => return None,
    };
    let [batch, in_channels, height, width] = input.dims();
    let [out_channels, channels, ..] = layer.weight.dims();
    let shape = ConvShape {
        batch,
        in_channels,
        out_channels,
        size: [height, width],
        kernel: layer.kernel_size,
        stride: layer.stride,
        padding,
        dilation: layer.dilation,
    };
    let ours = layer.groups == 1 && channels == in_channels && shape.checked_output().is_some();
    ours.then_some(shape)
}

#[derive(Debug, Clone, Copy)]
struct Convolution {
    shape: ConvShape,
    relu: bool,
}

impl Convolution {
    /// The output, and what the backward pass needs where that is to be saved.
    fn forward(
        self,
        input: FlexTensor,
        weight: FlexTensor,
        bias: Option<&FlexTensor>,
        save: bool,
    ) -> (FlexTensor, ConvolutionPass) {
        let Self { shape, relu } = self;
        let (values, kernels) = (input.to_contiguous(), weight.to_contiguous());
        let bias = bias.map(FlexTensor::to_contiguous);
        let bias = bias.as_ref().map(FlexTensor::storage);
        let output = forward(&shape, kernels.storage(), values.storage(), bias, relu);
        let [height, width] = shape.output();
        let output = tensor(output, &[shape.batch, shape.out_channels, height, width]);
        let pass = ConvolutionPass {
            shape,
            input,
            weight,
            output: (relu && save).then(|| output.clone()),
        };
        (output, pass)
    }
}

/// Gradients of the input, the weights and the bias.
#[derive(Debug, Clone)]
struct ConvolutionPass {
    shape: ConvShape,
    input: FlexTensor,
    weight: FlexTensor,
    /// Where there is a `relu`.
    output: Option<FlexTensor>,
}

impl BackwardPass<3> for ConvolutionPass {
    fn backward(self, gradient: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let (input, weight) = (self.input.to_contiguous(), self.weight.to_contiguous());
        let [of_input, of_weight, of_bias] = self.gradients(
            input.storage(),
            weight.storage(),
            gradient.storage(),
            wanted,
        );
        let found = [
            of_input.map(|values| tensor(values, &input.shape())),
            of_weight.map(|values| tensor(values, &weight.shape())),
            of_bias.map(|values| tensor(values, &[self.shape.out_channels])),
        ];
        drop(input);
        [Some(gradient), Some(self.input), self.output]
            .into_iter()
            .flatten()
            .for_each(recycle);
        found
    }
}

/// Without a bias.
impl BackwardPass<2> for ConvolutionPass {
    fn backward(self, gradient: FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let wanted = [wanted[0], wanted[1], false];
        let [input, weight, _] = BackwardPass::<3>::backward(self, gradient, wanted);
        [input, weight]
    }
}

impl ConvolutionPass {
    /// Gradients of the input, the weights and the bias, as far as they are wanted.
    fn gradients(
        &self,
        input: &[f32],
        weight: &[f32],
        gradient: &[f32],
        [of_input, of_weight, of_bias]: [bool; 3],
    ) -> [Option<Buffer>; 3] {
        let shape = &self.shape;
        let output = self.output.as_ref().map(FlexTensor::storage);
        if let Some(padded) = PaddedGradient::new(shape, output, gradient) {
            return [
                of_input.then(|| padded.input(weight)),
                of_weight.then(|| padded.weights(input)),
                of_bias.then(|| padded.bias().into()),
            ];
        }
        let masked = output.map(|output| relu_gradient(output, gradient));
        let gradient = masked.as_deref().unwrap_or(gradient);
        let [height, width] = shape.output();
        let pixels = height * width;
        [
            of_input.then(|| input_gradient(shape, weight, gradient)),
            of_weight.then(|| weight_gradient(shape, input, gradient)),
            of_bias.then(|| bias_gradient(shape.out_channels, pixels, gradient).into()),
        ]
    }
}
