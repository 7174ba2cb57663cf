//! How much a network computes and how much memory its training takes, from the shapes of its
//! layers.
//!
//! Walks through the network that is built, with the code that computes with tensors
//! ([`Shape`] is a feature map). It counts the multiply-adds of convolutions and transposed convolutions, the
//! way `FlopCounterMode` of PyTorch does; biases, normalization, pooling and interpolation are a
//! few per mille of them. And it writes down what each layer makes, keeps for its backward pass and
//! needs meanwhile ([`tape`]), as our layers on the processor do, or those on a GPU. Weights are not
//! drawn, and no tensors are made but the initial kernels of the upsampling.

mod gpu;
mod layers;
mod shape;
mod tape;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use burn::tensor::Device;

use super::network::NetworkConfig;
pub use layers::{LayerKind, LayerShape};
pub(super) use shape::{Shape, padded};
use tape::{Map, Tape};

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
            forward: self.forward.saturating_mul(batch_size as u64),
            backward: self.backward.saturating_mul(batch_size as u64),
        }
    }

    /// All of them.
    pub fn total(self) -> u64 {
        self.forward.saturating_add(self.backward)
    }
}

/// Whose layers compute a network: what they keep and what they need differs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ComputedBy {
    /// The processor.
    #[default]
    Processor,
    /// A GPU.
    Gpu,
    /// A GPU that keeps what it multiplies in 16 bits.
    GpuIn16Bits,
}

impl ComputedBy {
    /// Whether it is a GPU.
    pub fn is_gpu(self) -> bool {
        self != Self::Processor
    }
}

/// Bytes that training a network takes, as its layers compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkMemory {
    /// Weights, and running statistics.
    pub weights: u64,
    /// Weights that get a gradient.
    pub trained: u64,
    /// The most that a step has at a time beside the weights: activations that wait for their
    /// backward pass, gradients, and scratch memory.
    pub step: u64,
    /// The largest map, or the largest weights of a layer: memory in one piece.
    pub largest: u64,
}

impl NetworkConfig {
    /// Multiply-adds of one forward pass of an image of `[height, width]` pixels, 1x1 or
    /// more, without a second head. Twice that are its floating point operations.
    pub fn multiply_adds(&self, size: [usize; 2]) -> u64 {
        self.walk(1, size, false, ComputedBy::Processor)
            .multiply_adds()
    }

    /// Multiply-adds of a training step with one image of `[height, width]` pixels.
    pub fn step_cost(&self, size: [usize; 2], recompute_activations: bool) -> StepCost {
        let tape = self.walk(1, size, true, ComputedBy::Processor);
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
        by: ComputedBy,
    ) -> NetworkMemory {
        let mut tape = self.walk(batch_size, size, true, by);
        tape.end_in_loss(by);
        let step = if recompute_activations && self.trunk.has_stages() {
            tape.peak_in_stages()
        } else {
            tape.peak()
        };
        NetworkMemory {
            weights: tape.weights(),
            trained: tape.trained(),
            step,
            largest: tape.largest(),
        }
    }

    /// Memory of a prediction of an image of `[height, width]` pixels, beside the weights.
    pub fn prediction_memory(&self, size: [usize; 2], by: ComputedBy) -> u64 {
        let mut tape = self.walk(1, size, false, by);
        tape.end_in_loss(by);
        tape.peak_forward()
    }

    /// The convolutions, upsamplings and poolings of a batch of images of `[height, width]` pixels,
    /// in their order, without a second head.
    pub fn layers(&self, batch_size: usize, size: [usize; 2]) -> Vec<LayerShape> {
        self.walk(batch_size, size, false, ComputedBy::Processor)
            .layers
    }

    fn walk(&self, batch_size: usize, size: [usize; 2], aux: bool, by: ComputedBy) -> Tape {
        let images = Shape::new(batch_size, 3, size).computed_by(by);
        let tape = Rc::clone(&images.tape);
        let (logits, aux_logits) = self.init(&Device::flex()).compute(images, aux);
        let ends = std::iter::once(logits).chain(aux_logits);
        let ends: Vec<Map> = ends.map(|shape| shape.map).collect();
        let mut tape = tape.take();
        tape.ends = ends;
        tape
    }
}
