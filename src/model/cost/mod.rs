//! How much a network computes and how much memory its training takes, from the shapes of its
//! layers.
//!
//! Walks through the network that is built, with the code that computes with tensors
//! ([`FeatureMap`]). It counts the multiply-adds of convolutions and transposed convolutions, the
//! way `FlopCounterMode` of PyTorch does; biases, normalization, pooling and interpolation are a
//! few per mille of them. And it writes down what each layer makes, keeps for its backward pass and
//! needs meanwhile ([`tape`]), as our layers on the processor do. Weights are not drawn, and no
//! tensors are made but the initial kernels of the upsampling.

mod layers;
mod tape;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::rc::Rc;

use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout, PaddingConfig2d};
use burn::tensor::Device;

use super::feature_map::FeatureMap;
use super::network::NetworkConfig;
use super::upsample::UpsamplingLayer;
pub use layers::{LayerKind, LayerShape};
use tape::{Map, Operation, Tape};

/// Multiply-adds of a batch in training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepCost {
    /// Of the loss.
    pub forward: u64,
    /// Of the gradients, those of activations that are recomputed included.
    pub backward: u64,
}

impl StepCost {
    /// Of a batch.
    pub fn times(self, batch_size: usize) -> Self {
        Self {
            forward: self.forward * batch_size as u64,
            backward: self.backward * batch_size as u64,
        }
    }

    /// All of them.
    pub fn total(self) -> u64 {
        self.forward + self.backward
    }
}

/// Bytes that training a network takes on the processor, as its layers there compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkMemory {
    /// Weights, and running statistics.
    pub weights: u64,
    /// Weights that get a gradient.
    pub trained: u64,
    /// The most that a step has at a time beside the weights: activations that wait for their
    /// backward pass, gradients, and scratch memory.
    pub step: u64,
}

impl NetworkConfig {
    /// Multiply-adds of one forward pass of an image of `[height, width]` pixels, 1x1 or
    /// more, without a second head. Twice that are its floating point operations.
    pub fn multiply_adds(&self, size: [usize; 2]) -> u64 {
        self.walk(1, size, false).multiply_adds()
    }

    /// Multiply-adds of a training step with one image of `[height, width]` pixels.
    pub fn step_cost(&self, size: [usize; 2], recompute_activations: bool) -> StepCost {
        let tape = self.walk(1, size, true);
        let forward = tape.multiply_adds();
        // As much again for the weights, and for the inputs but those of the first layers.
        let gradients = 2 * forward - tape.multiply_adds_of_images();
        let recomputed = if recompute_activations {
            tape.multiply_adds_in_stages()
        } else {
            0
        };
        StepCost {
            forward,
            backward: gradients + recomputed,
        }
    }

    /// Memory of a training step with a batch of images of `[height, width]` pixels.
    pub fn training_memory(
        &self,
        batch_size: usize,
        size: [usize; 2],
        recompute_activations: bool,
    ) -> NetworkMemory {
        let mut tape = self.walk(batch_size, size, true);
        tape.end_in_loss();
        let step = if recompute_activations && self.trunk.has_stages() {
            tape.peak_in_stages()
        } else {
            tape.peak()
        };
        NetworkMemory {
            weights: tape.weights(),
            trained: tape.trained(),
            step,
        }
    }

    /// Memory of a prediction of an image of `[height, width]` pixels, beside the weights.
    pub fn prediction_memory(&self, size: [usize; 2]) -> u64 {
        let mut tape = self.walk(1, size, false);
        tape.end_in_loss();
        tape.peak_forward()
    }

    /// The convolutions, upsamplings and poolings of a batch of images of `[height, width]` pixels,
    /// in their order, without a second head.
    pub fn layers(&self, batch_size: usize, size: [usize; 2]) -> Vec<LayerShape> {
        self.walk(batch_size, size, false).layers
    }

    fn walk(&self, batch_size: usize, size: [usize; 2], aux: bool) -> Tape {
        let images = Shape::new(batch_size, 3, size);
        let tape = Rc::clone(&images.tape);
        let (logits, aux_logits) = self.init(&Device::flex()).compute(images, aux);
        let ends = std::iter::once(logits).chain(aux_logits);
        let ends: Vec<Map> = ends.map(|shape| shape.map).collect();
        let mut tape = tape.take();
        tape.ends = ends;
        tape
    }
}

/// The shape of a map, and the tape of all that was computed on the way to it and beside it.
#[derive(Debug, Clone)]
struct Shape {
    /// `[rows, columns]`
    size: [usize; 2],
    channels: usize,
    batch_size: usize,
    map: Map,
    /// Of the whole network so far.
    tape: Rc<RefCell<Tape>>,
}

/// Bytes of a value.
const VALUE: u64 = size_of::<f32>() as u64;

impl Shape {
    fn new(batch_size: usize, channels: usize, size: [usize; 2]) -> Self {
        let tape = Rc::<RefCell<Tape>>::default();
        let bytes = bytes(batch_size, channels, size);
        let map = tape.borrow_mut().images(bytes);
        Self {
            size,
            channels,
            batch_size,
            map,
            tape,
        }
    }

    fn bytes(&self) -> u64 {
        bytes(self.batch_size, self.channels, self.size)
    }

    /// A layer that is given this map, with a window of one pixel.
    fn layer(&self, kind: LayerKind) -> LayerShape {
        LayerShape {
            kind,
            batch_size: self.batch_size,
            channels: [self.channels; 2],
            size: self.size,
            size_out: self.size,
            kernel: [1; 2],
            stride: [1; 2],
            padding: [0; 2],
            dilation: [1; 2],
            bias: false,
            relu: false,
            ceil: false,
        }
    }

    fn note(&self, layer: LayerShape) {
        self.tape.borrow_mut().layers.push(layer);
    }

    /// What an operation makes of this map and others.
    fn then(self, others: &[Map], channels: usize, size: [usize; 2], operation: Operation) -> Self {
        let bytes = bytes(self.batch_size, channels, size);
        let inputs = std::iter::once(self.map).chain(others.iter().copied());
        let map = self
            .tape
            .borrow_mut()
            .push(inputs.collect(), bytes, operation);
        Self {
            size,
            channels,
            map,
            ..self
        }
    }

    /// The same values in memory of their own.
    fn copied(self, channels: usize, size: [usize; 2]) -> Self {
        self.then(&[], channels, size, Operation::default())
    }
}

fn bytes(batch_size: usize, channels: usize, [rows, columns]: [usize; 2]) -> u64 {
    VALUE * (batch_size * channels) as u64 * (rows * columns) as u64
}

/// Pixels that are added at both ends together, of rows and of columns.
fn padded(padding: &PaddingConfig2d, reach: [usize; 2]) -> [usize; 2] {
    match padding {
        PaddingConfig2d::Valid => [0, 0],
        PaddingConfig2d::Explicit(top, left, bottom, right) => [top + bottom, left + right],
        // Of stride 1, which keeps the size.
        PaddingConfig2d::Same => reach.map(|reach| reach - 1),
    }
}

impl FeatureMap for Shape {
    fn size(&self) -> [usize; 2] {
        self.size
    }

    fn convolve(self, conv: &Conv2d, norm: Option<&BatchNorm>, with_relu: bool) -> Self {
        let reach = [0, 1].map(|axis| conv.dilation[axis] * (conv.kernel_size[axis] - 1) + 1);
        let padding = padded(&conv.padding, reach);
        let side =
            |axis: usize| (self.size[axis] + padding[axis] - reach[axis]) / conv.stride[axis] + 1;
        let size = [0, 1].map(side);
        let weights = conv.weight.lazy_shape();
        let (out_channels, kernel) = (weights[0], weights.num_elements());
        let bias = conv.bias.as_ref().map_or(0, |_| out_channels);
        let relu = with_relu && norm.is_none();
        self.note(LayerShape {
            channels: [self.channels, out_channels],
            size_out: size,
            kernel: conv.kernel_size,
            stride: conv.stride,
            padding: padding.map(|both| both / 2),
            dilation: conv.dilation,
            bias: conv.bias.is_some(),
            relu,
            ..self.layer(LayerKind::Convolution)
        });
        let input = self.bytes();
        let output = bytes(self.batch_size, out_channels, size);
        let output = self.then(
            &[],
            out_channels,
            size,
            Operation {
                multiply_adds: (pixels(size) * kernel) as u64,
                weights: VALUE * (kernel + bias) as u64,
                trained: VALUE * (kernel + bias) as u64,
                keeps_input: true,
                keeps_output: relu,
                // Padded or masked copies of the output's gradient and of the input, and the
                // weights transposed.
                backward: output + input.min(output) + VALUE * kernel as u64,
                ..Operation::default()
            },
        );
        let Some(_) = norm else { return output };
        let (channels, size) = (output.channels, output.size);
        output.then(
            &[],
            channels,
            size,
            Operation {
                // Gamma and beta, and the running mean and variance.
                weights: VALUE * 4 * channels as u64,
                trained: VALUE * 2 * channels as u64,
                keeps_input: true,
                training_only: true,
                ..Operation::default()
            },
        )
    }

    fn score(self, conv: &Conv2d) -> Self {
        self.convolve(conv, None, false)
    }

    /// Each cell of the coarse map meets the whole kernel, whatever is cropped or padded away.
    fn upsample(self, layer: &UpsamplingLayer) -> Self {
        let trained = layer.is_learned();
        let layer = layer.conv();
        let weights = layer.weight.lazy_shape();
        let (channels, kernel) = (weights[1], weights.num_elements());
        let multiply_adds = (pixels(self.size) * kernel) as u64;
        let side = |axis: usize| {
            (self.size[axis] - 1) * layer.stride[axis] + layer.kernel_size[axis]
                - 2 * layer.padding[axis]
        };
        let size = [0, 1].map(side);
        self.note(LayerShape {
            channels: [self.channels, channels],
            size_out: size,
            kernel: layer.kernel_size,
            stride: layer.stride,
            padding: layer.padding,
            ..self.layer(LayerKind::Upsampling)
        });
        let output = bytes(self.batch_size, channels, size);
        let weights = VALUE * kernel as u64;
        self.then(
            &[],
            channels,
            size,
            Operation {
                multiply_adds,
                weights,
                trained: if trained { weights } else { 0 },
                keeps_input: trained,
                // The output, or its gradient, in phases of the stride.
                forward: if trained { output } else { 0 },
                backward: if trained { output } else { 0 },
                ..Operation::default()
            },
        )
    }

    fn max_pool(self, pool: &MaxPool2d) -> Self {
        let padding = padded(&pool.padding, pool.kernel_size);
        let side = |axis: usize| {
            let (kernel, stride) = (pool.kernel_size[axis], pool.stride[axis]);
            let steps = (self.size[axis] + padding[axis]).saturating_sub(kernel);
            1 + if pool.ceil_mode {
                steps.div_ceil(stride)
            } else {
                steps / stride
            }
        };
        let size = [0, 1].map(side);
        let channels = self.channels;
        self.note(LayerShape {
            size_out: size,
            kernel: pool.kernel_size,
            stride: pool.stride,
            padding: padding.map(|both| both / 2),
            ceil: pool.ceil_mode,
            ..self.layer(LayerKind::Pooling)
        });
        let output = bytes(self.batch_size, channels, size);
        // Ours remembers a byte for each output, Burn's an index of 8 bytes, and its input.
        let ours = pool.kernel_size == [2, 2] && pool.stride == [2, 2];
        self.then(
            &[],
            channels,
            size,
            Operation {
                keeps: if ours { output / 4 } else { 2 * output },
                keeps_input: !ours,
                ..Operation::default()
            },
        )
    }

    fn dropout(self, dropout: &Dropout) -> Self {
        if dropout.prob == 0.0 {
            return self;
        }
        let (channels, size, bytes) = (self.channels, self.size, self.bytes());
        self.then(
            &[],
            channels,
            size,
            Operation {
                // Which values are dropped.
                keeps: bytes,
                forward: bytes,
                training_only: true,
                ..Operation::default()
            },
        )
    }

    fn scale(self, _factor: f64) -> Self {
        let (channels, size) = (self.channels, self.size);
        self.copied(channels, size)
    }

    fn add(self, other: Self) -> Self {
        let (channels, size) = (self.channels, self.size);
        let operation = Operation {
            passes_gradient: true,
            ..Operation::default()
        };
        self.then(&[other.map], channels, size, operation)
    }

    fn add_relu(self, other: Self) -> Self {
        let sum = self.add(other);
        let (channels, size) = (sum.channels, sum.size);
        let operation = Operation {
            keeps_output: true,
            ..Operation::default()
        };
        sum.then(&[], channels, size, operation)
    }

    fn concat(maps: Vec<Self>) -> Self {
        let channels = maps.iter().map(|map| map.channels).sum();
        let mut maps = maps.into_iter();
        // There is no block without branches.
        let Some(first) = maps.next() else {
            return Self::new(0, 0, [0, 0]);
        };
        let others: Vec<Map> = maps.map(|map| map.map).collect();
        let size = first.size;
        first.then(&others, channels, size, Operation::default())
    }

    fn crop(self, _offset: usize, size: [usize; 2]) -> Self {
        self.resized(size, false)
    }

    fn pad_to(self, size: [usize; 2]) -> Self {
        self.resized(size, false)
    }

    fn resize(self, size: [usize; 2]) -> Self {
        self.resized(size, true)
    }

    fn end_of_stage(self) -> Self {
        self.tape.borrow_mut().end_stage(self.map);
        self
    }
}

impl Shape {
    fn resized(self, size: [usize; 2], keeps_input: bool) -> Self {
        if size == self.size {
            return self;
        }
        let channels = self.channels;
        let operation = Operation {
            keeps_input,
            ..Operation::default()
        };
        self.then(&[], channels, size, operation)
    }
}

fn pixels([rows, columns]: [usize; 2]) -> usize {
    rows * columns
}
