//! All gradients of a convolution from one layout of the output's gradient.

use crate::kernels::buffer_pool as reuse;
use crate::kernels::conv::direct;
use crate::kernels::conv::forward::{Weights, Windows};
use crate::kernels::conv::input_gradient::{bias_gradient, rows, turned, windows};
use crate::kernels::conv::padded_plane::Flat;
use crate::kernels::conv::shape::ConvShape;
use crate::kernels::gemm::along_pixels::{FlatPixels, along_pixels, dots};
use crate::kernels::tiling::WIDEST;

impl Drop for LaidGradient<'_> {
    fn drop(&mut self) {
        reuse::give(std::mem::take(&mut self.numbers));
    }
}

/// The gradient of a convolution's output, without what its rectifier held back, as it lies
/// [flat](Flat).
pub(crate) struct LaidGradient<'a> {
    shape: &'a ConvShape,
    /// How the input is read.
    forward: Flat,
    /// How the gradient is read.
    back: Flat,
    /// Where the gradient's first pixel is.
    origin: usize,
    /// `[batch, outer, plane]`
    numbers: Vec<f32>,
}

impl<'a> LaidGradient<'a> {
    /// `output` where there was a rectifier, which let through what is not 0 there. `None`
    /// where other ways are better.
    ///
    /// # Shapes
    /// - gradient, output: `[batch, outer, height_out, width_out]`
    pub fn new(shape: &'a ConvShape, output: Option<&[f32]>, gradient: &[f32]) -> Option<Self> {
        if shape.stride != [1, 1] || !along_pixels(shape) {
            return None;
        }
        let (forward, back) = (shape.gather(), shape.gather_back([0, 0]).0);
        let pitch = Flat::new(&forward, 0)?
            .pitch
            .max(Flat::new(&back, 0)?.pitch);
        let (forward, back) = (Flat::new(&forward, pitch)?, Flat::new(&back, pitch)?);
        let origin = back.origin()?;
        if !direct::suits(&forward) || !direct::suits(&back) {
            return None;
        }
        let numbers = back.lay_all(gradient.len(), |plane, at, to| {
            let gradient = &gradient[plane + at..][..to.len()];
            match output {
                Some(output) => {
                    let output = &output[plane + at..][..to.len()];
                    for ((to, output), gradient) in to.iter_mut().zip(output).zip(gradient) {
                        *to = if *output <= 0.0 { 0.0 } else { *gradient };
                    }
                }
                None => to.copy_from_slice(gradient),
            }
        });
        Some(Self {
            shape,
            forward,
            back,
            origin,
            numbers,
        })
    }

    /// Gradient of the input: `[batch, inner, height, width]`.
    ///
    /// # Shapes
    /// - weights: `[outer, inner, taps]`
    pub fn input(&self, weights: &[f32]) -> Vec<f32> {
        let shape = self.shape;
        let (gather, kept) = shape.gather_back([0, 0]);
        let turned = turned(shape, weights, &gather, &kept);
        let weights = rows(shape, weights, turned.as_deref(), &kept);
        let windows = windows(shape, weights, &[], &gather);
        direct::product(
            &windows,
            &self.back,
            Some(&self.numbers),
            [shape.batch, shape.inner],
        )
    }

    /// Gradient of the weights: `[outer, inner, taps]`.
    ///
    /// # Shapes
    /// - input: `[batch, inner, height, width]`
    pub fn weights(&self, input: &[f32]) -> Vec<f32> {
        let input = self.forward.lay_all(input.len(), |plane, at, to| {
            to.copy_from_slice(&input[plane + at..][..to.len()]);
        });
        let weights = self.weights_of_laid(&input);
        reuse::give(input);
        weights
    }

    /// Whether the input lies flat as it is, but for the zeros behind each plane.
    pub fn is_plain(&self) -> bool {
        self.forward.is_plain()
    }

    /// Numbers of a plane of the input as it lies flat.
    pub fn plane(&self) -> usize {
        self.forward.plane(self.shape.output()[0])
    }

    /// The convolution of an input that lies flat: `[batch, outer, height_out, width_out]`.
    ///
    /// # Shapes
    /// - weights: `[outer, inner, taps]`
    /// - input: `[batch, inner, plane]`
    pub fn forward_of_laid(&self, weights: &[f32], input: &[f32]) -> Vec<f32> {
        let ConvShape {
            batch,
            inner,
            outer,
            ..
        } = *self.shape;
        let (weights, gather) = (Weights::Rows(weights), self.shape.gather());
        let windows = Windows {
            weights,
            source: &[],
            gather: &gather,
            channels: inner,
            bias: None,
            rectify: false,
        };
        direct::product(&windows, &self.forward, Some(input), [batch, outer])
    }

    /// As [`weights`](Self::weights), of an input that lies flat.
    ///
    /// # Shapes
    /// - input: `[batch, inner, plane]`
    pub fn weights_of_laid(&self, input: &[f32]) -> Vec<f32> {
        let shape = self.shape;
        let [height, width] = shape.output();
        let pixels = FlatPixels {
            input,
            gradient: &self.numbers,
            flat: &self.forward,
            planes: [self.forward.plane(height), self.back.plane(shape.size[0])],
            origin: self.origin,
            channels: [shape.inner, shape.outer],
            // Behind the last pixel are zeros.
            length: ((height - 1) * self.forward.pitch + width).next_multiple_of(WIDEST),
        };
        dots(
            &pixels,
            [shape.outer, shape.inner * shape.taps()],
            shape.batch * pixels.length,
        )
    }

    /// Gradient of the bias, the sums over images and pixels: `[outer]`.
    pub fn bias(&self) -> Vec<f32> {
        let plane = self.back.plane(self.shape.size[0]);
        bias_gradient(self.shape.outer, plane, &self.numbers)
    }
}
