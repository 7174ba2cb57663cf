//! A feature map without values: what the layers of a network make of its shape goes onto a tape.

use std::cell::RefCell;
use std::rc::Rc;

use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout, PaddingConfig2d};

use super::ComputedBy;
use super::gpu;
use super::layers::{LayerKind, LayerShape};
use super::tape::{Map, Operation, Tape};
use crate::model::feature_map::FeatureMap;
use crate::model::upsample::UpsamplingLayer;

/// The shape of a map, and the tape of all that was computed on the way to it and beside it.
#[derive(Debug, Clone)]
pub(in crate::model) struct Shape {
    /// `[rows, columns]`
    pub size: [usize; 2],
    channels: usize,
    batch_size: usize,
    by: ComputedBy,
    pub(super) map: Map,
    /// Of the whole network so far.
    pub(super) tape: Rc<RefCell<Tape>>,
}

/// Bytes of a value.
const VALUE: u64 = size_of::<f32>() as u64;

impl Shape {
    pub(in crate::model) fn new(batch_size: usize, channels: usize, size: [usize; 2]) -> Self {
        let tape = Rc::<RefCell<Tape>>::default();
        let bytes = bytes(batch_size, channels, size);
        let map = tape.borrow_mut().images(bytes);
        Self {
            size,
            channels,
            batch_size,
            by: ComputedBy::default(),
            map,
            tape,
        }
    }

    pub(super) fn computed_by(self, by: ComputedBy) -> Self {
        Self { by, ..self }
    }

    pub(in crate::model) fn channels(&self) -> usize {
        self.channels
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
pub(in crate::model) fn padded(padding: &PaddingConfig2d, reach: [usize; 2]) -> [usize; 2] {
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
        let layer = LayerShape {
            channels: [self.channels, out_channels],
            size_out: size,
            kernel: conv.kernel_size,
            stride: conv.stride,
            padding: padding.map(|both| both / 2),
            dilation: conv.dilation,
            bias: conv.bias.is_some(),
            relu,
            ..self.layer(LayerKind::Convolution)
        };
        self.note(layer);
        let input = self.bytes();
        let output = bytes(self.batch_size, out_channels, size);
        let by = self.by;
        let output = self.then(
            &[],
            out_channels,
            size,
            Operation {
                multiply_adds: (pixels(size) * kernel) as u64,
                weights: VALUE * (kernel + bias) as u64,
                trained: VALUE * (kernel + bias) as u64,
                forward: match by {
                    ComputedBy::Processor => 0,
                    // Rounded weights.
                    ComputedBy::GpuIn16Bits => VALUE * kernel as u64 + gpu::parts_of_output(&layer),
                    ComputedBy::Gpu => gpu::parts_of_output(&layer),
                },
                backward: match by {
                    // Padded or masked copies of the output's gradient and of the input, and the
                    // weights transposed.
                    ComputedBy::Processor => output + input.min(output) + VALUE * kernel as u64,
                    // The gradient before the ReLU, and rounded weights.
                    ComputedBy::Gpu | ComputedBy::GpuIn16Bits => {
                        let of_relu = if relu { output } else { 0 };
                        let weights = VALUE * kernel as u64;
                        let rounded = if by == ComputedBy::Gpu { 0 } else { weights };
                        of_relu + rounded + gpu::parts_of_weights(&layer)
                    }
                },
                ..Operation::default()
            }
            .keeping_input(by, input)
            .keeping_relu(by, if relu { output } else { 0 }),
        );
        let Some(_) = norm else { return output };
        output.note(LayerShape {
            relu: with_relu,
            ..output.layer(LayerKind::Normalization)
        });
        let (channels, size, map) = (output.channels, output.size, output.bytes());
        output.then(
            &[],
            channels,
            size,
            Operation {
                // Gamma and beta, and the running mean and variance.
                weights: VALUE * 4 * channels as u64,
                trained: VALUE * 2 * channels as u64,
                training_only: by == ComputedBy::Processor,
                ..Operation::default()
            }
            // Computes its output again, with its ReLU.
            .keeping_input(by, map),
        )
    }

    fn score(self, conv: &Conv2d) -> Self {
        self.convolve(conv, None, false)
    }

    /// Each cell of the coarse map meets the whole kernel, whatever is cropped or padded away.
    fn upsample(self, layer: &UpsamplingLayer) -> Self {
        let trained = layer.is_learned();
        let conv = layer.conv();
        let weights = conv.weight.lazy_shape();
        let (channels, kernel) = (weights[1], weights.num_elements());
        let multiply_adds = (pixels(self.size) * kernel) as u64;
        let side = |axis: usize| {
            (self.size[axis] - 1) * conv.stride[axis] + conv.kernel_size[axis]
                - 2 * conv.padding[axis]
        };
        let size = [0, 1].map(side);
        let layer = LayerShape {
            channels: [self.channels, channels],
            size_out: size,
            kernel: conv.kernel_size,
            stride: conv.stride,
            padding: conv.padding,
            ..self.layer(LayerKind::Upsampling)
        };
        self.note(layer);
        let output = bytes(self.batch_size, channels, size);
        let weights = VALUE * kernel as u64;
        let by = self.by;
        self.then(
            &[],
            channels,
            size,
            Operation {
                multiply_adds,
                weights,
                trained: if trained { weights } else { 0 },
                keeps_input: trained,
                forward: match by {
                    // The output, or its gradient, in phases of the stride.
                    ComputedBy::Processor if trained => output,
                    ComputedBy::Processor => 0,
                    _ => gpu::parts_of_output(&layer),
                },
                backward: match by {
                    ComputedBy::Processor if trained => output,
                    ComputedBy::Processor => 0,
                    _ => gpu::parts_of_weights(&layer),
                },
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
        let operation = match self.by {
            ComputedBy::Processor if ours => Operation {
                keeps: output / 4,
                ..Operation::default()
            },
            ComputedBy::Processor => Operation {
                keeps_input: true,
                keeps: 2 * output,
                ..Operation::default()
            },
            // Looks for the largest pixel again.
            by => Operation::default().keeping_input(by, self.bytes()),
        };
        self.then(&[], channels, size, operation)
    }

    fn dropout(self, dropout: &Dropout) -> Self {
        if dropout.prob == 0.0 {
            return self;
        }
        self.note(self.layer(LayerKind::Dropout));
        let (channels, size) = (self.channels, self.size);
        // Which values are dropped; a GPU draws them again.
        let mask = match self.by {
            ComputedBy::Processor => self.bytes(),
            _ => 0,
        };
        self.then(
            &[],
            channels,
            size,
            Operation {
                keeps: mask,
                forward: mask,
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
        self.note(self.layer(LayerKind::Sum));
        self.added(other)
    }

    fn add_relu(self, other: Self) -> Self {
        self.note(LayerShape {
            relu: true,
            ..self.layer(LayerKind::Sum)
        });
        let sum = self.added(other);
        let (channels, size) = (sum.channels, sum.size);
        let operation = Operation::default().keeping_relu(sum.by, sum.bytes());
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
        self.note(LayerShape {
            size_out: size,
            ..self.layer(LayerKind::Interpolation)
        });
        self.resized(size, true)
    }

    fn end_of_stage(self) -> Self {
        self.tape.borrow_mut().end_stage(self.map);
        self
    }
}

impl Shape {
    fn added(self, other: Self) -> Self {
        let (channels, size) = (self.channels, self.size);
        let operation = Operation {
            passes_gradient: true,
            ..Operation::default()
        };
        self.then(&[other.map], channels, size, operation)
    }

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
