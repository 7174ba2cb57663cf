//! The transposed convolution as an operation of Burn: it is the gradient of a convolution
//! with respect to its input, so its own gradients are a convolution's forward pass and
//! gradient of the weights.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata as _};
use burn::nn::conv::ConvTranspose2d;
use burn::tensor::Tensor;

use crate::kernels::buffer_pool as reuse;
use crate::kernels::conv::bilinear::Interpolation;
use crate::kernels::conv::conv2d::{Tracked, tensor, tracked, untracked};
use crate::kernels::conv::forward::forward;
use crate::kernels::conv::input_gradient::input_gradient;
use crate::kernels::conv::padded_gradient::LaidGradient;
use crate::kernels::conv::shape::ConvShape;
use crate::kernels::conv::space_to_depth::Phases;
use crate::kernels::conv::weight_gradient::weight_gradient;

/// `None` where this is not for us, see [`conv_transpose2d`](crate::kernels::conv_transpose2d).
pub(crate) fn conv_transpose2d(layer: &ConvTranspose2d, input: &Tensor<4>) -> Option<Tensor<4>> {
    let operation = Transposed {
        shape: shape(layer, input)?,
    };
    let weight = layer.weight.val();
    if input.device().is_autodiff() {
        let (input, input_node) = tracked(input.clone())?;
        let (weight, weight_node) = tracked(weight)?;
        let values = operation.forward(&input, &weight, true);
        let prepared = operation.prepare::<NoCheckpointing>([input_node, weight_node]);
        return Some(Tensor::from_primitive::<Tracked>(
            match prepared.compute_bound().stateful() {
                OpsKind::Tracked(prepared) => prepared.finish((input, weight), values),
                OpsKind::UnTracked(prepared) => prepared.finish(values),
            },
        ));
    }
    let (input, weight) = (untracked(input.clone())?, untracked(weight)?);
    Some(Tensor::from_primitive::<Flex>(
        operation.forward(&input, &weight, false),
    ))
}

/// The convolution that leads back; `None` for what only Burn's layer computes, or refuses.
fn shape(layer: &ConvTranspose2d, input: &Tensor<4>) -> Option<ConvShape> {
    let [batch, outer, height, width] = input.dims();
    let [channels, inner, ..] = layer.weight.dims();
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
        inner,
        outer,
        size,
        kernel: kernel_size,
        stride,
        padding,
        dilation,
    };
    let ours = layer.groups == 1 && layer.bias.is_none() && channels == outer;
    (ours && shape.checked_output() == Some([height, width])).then_some(shape)
}

#[derive(Debug, Clone, Copy)]
struct Transposed {
    shape: ConvShape,
}

impl Transposed {
    /// A step of training keeps memory for the next one.
    fn forward(&self, input: &FlexTensor, weight: &FlexTensor, trained: bool) -> FlexTensor {
        let [input, weight] = [input.to_contiguous(), weight.to_contiguous()];
        let (weight, input): (&[f32], &[f32]) = (weight.storage(), input.storage());
        let values = match (
            Interpolation::of(&self.shape, weight),
            Phases::of(&self.shape),
        ) {
            (Some(interpolation), _) => interpolation.forward(input),
            (None, Some(phases)) => {
                let split = input_gradient(&phases.shape, &phases.weights(weight), input);
                let merged = phases.merge(&split);
                if trained {
                    reuse::give(split);
                }
                merged
            }
            (None, None) => input_gradient(&self.shape, weight, input),
        };
        let ConvShape {
            batch,
            inner,
            size: [height, width],
            ..
        } = self.shape;
        tensor(values, &[batch, inner, height, width])
    }
}

/// Parents and state: the input and the weights.
impl Backward<Flex, 2> for Transposed {
    type State = (FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let (input, weight) = (ops.state.0.to_contiguous(), ops.state.1.to_contiguous());
        let wanted = [&ops.parents[0], &ops.parents[1]].map(Option::is_some);
        let values = self.gradients(
            input.storage(),
            weight.storage(),
            gradient.storage(),
            wanted,
        );
        for ((node, values), shape) in ops
            .parents
            .iter()
            .zip(values)
            .zip([input.shape(), weight.shape()])
        {
            if let (Some(node), Some(values)) = (node, values) {
                gradients.register::<Flex>(node.id, tensor(values, &shape));
            }
        }
        drop(input);
        [gradient, ops.state.0]
            .into_iter()
            .for_each(reuse::give_tensor);
    }
}

impl Transposed {
    /// Gradients of the input and of the weights, as far as they are wanted.
    fn gradients(
        &self,
        input: &[f32],
        weight: &[f32],
        gradient: &[f32],
        [of_input, of_weight]: [bool; 2],
    ) -> [Option<Vec<f32>>; 2] {
        if let Some(interpolation) = Interpolation::of(&self.shape, weight) {
            let of_input = of_input.then(|| interpolation.gradient(gradient));
            // At the start of a layer that is learned.
            let [_, of_weight] = if of_weight {
                self.products(input, weight, gradient, [false, true])
            } else {
                [None, None]
            };
            return [of_input, of_weight];
        }
        self.products(input, weight, gradient, [of_input, of_weight])
    }

    /// As [`gradients`](Self::gradients), whatever the weights are.
    fn products(
        &self,
        input: &[f32],
        weight: &[f32],
        gradient: &[f32],
        [of_input, of_weight]: [bool; 2],
    ) -> [Option<Vec<f32>>; 2] {
        let Some(phases) = Phases::of(&self.shape) else {
            return [
                of_input.then(|| forward(&self.shape, weight, gradient, None, false)),
                of_weight.then(|| weight_gradient(&self.shape, gradient, input)),
            ];
        };
        let shape = &phases.shape;
        let laid = of_weight
            .then(|| LaidGradient::new(shape, None, input))
            .flatten();
        let laid = laid.filter(LaidGradient::is_plain);
        let gradient = phases.split(
            gradient,
            laid.as_ref().map_or(phases.area(), LaidGradient::plane),
        );
        let weights = of_input.then(|| phases.weights(weight));
        let (of_input, of_weight) = match laid {
            Some(laid) => (
                weights.map(|weights| laid.forward_of_laid(&weights, &gradient)),
                Some(laid.weights_of_laid(&gradient)),
            ),
            None => (
                weights.map(|weights| forward(shape, &weights, &gradient, None, false)),
                of_weight.then(|| weight_gradient(shape, &gradient, input)),
            ),
        };
        reuse::give(gradient);
        [of_input, of_weight.map(|weights| phases.unsorted(&weights))]
    }
}
