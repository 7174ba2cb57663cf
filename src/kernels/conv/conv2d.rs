//! The convolution as an operation of Burn that has its own backward pass.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata as _};
use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::tensor::{DType, Tensor, TensorData};

use crate::kernels::buffer_pool as reuse;
use crate::kernels::conv::forward::forward;
use crate::kernels::conv::input_gradient::{bias_gradient, input_gradient, rectifier_gradient};
use crate::kernels::conv::padded_gradient::LaidGradient;
use crate::kernels::conv::shape::ConvShape;
use crate::kernels::conv::weight_gradient::weight_gradient;

pub(crate) type Tracked = Autodiff<Flex>;

/// `None` where this is not for us, see [`conv2d`](crate::kernels::conv2d).
pub(crate) fn conv2d(layer: &Conv2d, input: &Tensor<4>, rectify: bool) -> Option<Tensor<4>> {
    let convolution = Convolution {
        shape: shape(layer, input)?,
        rectify,
    };
    let (weight, bias) = (layer.weight.val(), layer.bias.as_ref().map(Param::val));
    if input.device().is_autodiff() {
        let (input, input_node) = tracked(input.clone())?;
        let (weight, weight_node) = tracked(weight)?;
        let output = match bias {
            Some(bias) => {
                let (bias, bias_node) = tracked(bias)?;
                convolution.record(
                    [input_node, weight_node, bias_node],
                    input,
                    weight,
                    Some(&bias),
                )
            }
            None => convolution.record([input_node, weight_node], input, weight, None),
        };
        return Some(Tensor::from_primitive::<Tracked>(output));
    }
    let (input, weight) = (untracked(input.clone())?, untracked(weight)?);
    let bias = match bias {
        Some(bias) => Some(untracked(bias)?),
        None => None,
    };
    Some(Tensor::from_primitive::<Flex>(convolution.forward(
        &input,
        &weight,
        bias.as_ref(),
    )))
}

/// The numbers and their place in the graph; `None` on other devices and for other numbers.
pub(crate) fn tracked<const D: usize>(tensor: Tensor<D>) -> Option<(FlexTensor, NodeGuard)> {
    let (values, node) = tensor.try_into_primitive::<Tracked>().ok()?.into_parts();
    (values.dtype() == DType::F32).then_some((values, node))
}

/// As [`tracked`], without a graph.
pub(crate) fn untracked<const D: usize>(tensor: Tensor<D>) -> Option<FlexTensor> {
    let values = tensor.try_into_primitive::<Flex>().ok()?;
    (values.dtype() == DType::F32).then_some(values)
}

/// `None` for what only Burn's layer computes, or refuses.
fn shape(layer: &Conv2d, input: &Tensor<4>) -> Option<ConvShape> {
    let padding = match layer.padding {
        PaddingConfig2d::Valid => [0, 0],
        PaddingConfig2d::Explicit(top, left, bottom, right) if top == bottom && left == right => {
            [top, left]
        }
        _ => return None,
    };
    let [batch, inner, height, width] = input.dims();
    let [outer, channels, ..] = layer.weight.dims();
    let shape = ConvShape {
        batch,
        inner,
        outer,
        size: [height, width],
        kernel: layer.kernel_size,
        stride: layer.stride,
        padding,
        dilation: layer.dilation,
    };
    (layer.groups == 1 && channels == inner && shape.checked_output().is_some()).then_some(shape)
}

#[derive(Debug, Clone, Copy)]
struct Convolution {
    shape: ConvShape,
    rectify: bool,
}

/// What the backward pass needs.
#[derive(Debug, Clone)]
struct Saved {
    convolution: Convolution,
    input: FlexTensor,
    weight: FlexTensor,
    /// Where there is a rectifier.
    output: Option<FlexTensor>,
}

impl Convolution {
    fn forward(
        &self,
        input: &FlexTensor,
        weight: &FlexTensor,
        bias: Option<&FlexTensor>,
    ) -> FlexTensor {
        let Self { shape, rectify } = *self;
        let [input, weight] = [input.to_contiguous(), weight.to_contiguous()];
        let bias = bias.map(FlexTensor::to_contiguous);
        let bias = bias.as_ref().map(FlexTensor::storage);
        let values = forward(&shape, weight.storage(), input.storage(), bias, rectify);
        let [height, width] = shape.output();
        tensor(values, &[shape.batch, shape.outer, height, width])
    }

    /// As [`forward`](Self::forward), and enters the backward pass into the graph.
    fn record<const N: usize>(
        self,
        parents: [NodeGuard; N],
        input: FlexTensor,
        weight: FlexTensor,
        bias: Option<&FlexTensor>,
    ) -> FloatTensor<Tracked>
    where
        Self: Backward<Flex, N, State = Saved>,
    {
        let values = self.forward(&input, &weight, bias);
        match self
            .prepare::<NoCheckpointing>(parents)
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prepared) => {
                let output = self.rectify.then(|| values.clone());
                prepared.finish(
                    Saved {
                        convolution: self,
                        input,
                        weight,
                        output,
                    },
                    values,
                )
            }
            OpsKind::UnTracked(prepared) => prepared.finish(values),
        }
    }
}

pub(crate) fn tensor(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

impl Saved {
    /// Registers the gradients of the input, the weights and the bias that are wanted, and keeps
    /// the memory of what is no longer needed.
    fn backward(
        self,
        gradient: FlexTensor,
        wanted: [Option<NodeId>; 3],
        gradients: &mut Gradients,
    ) {
        let shape = &self.convolution.shape;
        let (input, weight) = (self.input.to_contiguous(), self.weight.to_contiguous());
        let values = self.gradients(
            input.storage(),
            weight.storage(),
            gradient.storage(),
            wanted.map(|node| node.is_some()),
        );
        let shapes = [input.shape(), weight.shape(), [shape.outer].into()];
        for ((node, values), shape) in wanted.into_iter().zip(values).zip(shapes) {
            if let (Some(node), Some(values)) = (node, values) {
                gradients.register::<Flex>(node, tensor(values, &shape));
            }
        }
        drop(input);
        [Some(gradient), Some(self.input), self.output]
            .into_iter()
            .flatten()
            .for_each(reuse::give_tensor);
    }

    /// Gradients of the input, the weights and the bias, as far as they are wanted.
    fn gradients(
        &self,
        input: &[f32],
        weight: &[f32],
        gradient: &[f32],
        wanted: [bool; 3],
    ) -> [Option<Vec<f32>>; 3] {
        let shape = &self.convolution.shape;
        let output = self.output.as_ref().map(FlexTensor::storage);
        let [of_input, of_weight, of_bias] = wanted;
        if let Some(laid) = LaidGradient::new(shape, output, gradient) {
            return [
                of_input.then(|| laid.input(weight)),
                of_weight.then(|| laid.weights(input)),
                of_bias.then(|| laid.bias()),
            ];
        }
        let masked = output.map(|output| rectifier_gradient(output, gradient));
        let gradient = masked.as_deref().unwrap_or(gradient);
        let [height, width] = shape.output();
        [
            of_input.then(|| input_gradient(shape, weight, gradient)),
            of_weight.then(|| weight_gradient(shape, input, gradient)),
            of_bias.then(|| bias_gradient(shape.outer, height * width, gradient)),
        ]
    }
}

/// Parents: the input, the weights, the bias.
impl Backward<Flex, 3> for Convolution {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        ops.state.backward(
            gradient,
            ops.parents.map(|node| node.map(|node| node.id)),
            gradients,
        );
    }
}

/// Parents: the input and the weights.
impl Backward<Flex, 2> for Convolution {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let [input, weight] = ops.parents.map(|node| node.map(|node| node.id));
        ops.state
            .backward(gradient, [input, weight, None], gradients);
    }
}
