//! All gradients of a convolution from one layout of the output's gradient.

use super::backward::{bias_gradient, rows, turned, windows};
use super::direct;
use super::dots::{FlatPixels, along_pixels, dots};
use super::flat::Flat;
use super::reuse;
use super::shape::ConvShape;
use super::tiles::WIDEST;

impl Drop for LaidGradient<'_> {
    fn drop(&mut self) {
        reuse::give(std::mem::take(&mut self.numbers));
    }
}

/// The gradient of a convolution's output, without what its rectifier held back, as it lies
/// [flat](Flat).
pub(super) struct LaidGradient<'a> {
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
        let pitch = Flat::new(&forward, 0)?.pitch.max(Flat::new(&back, 0)?.pitch);
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
        Some(Self { shape, forward, back, origin, numbers })
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
        direct::product(&windows, &self.back, Some(&self.numbers), [shape.batch, shape.inner])
    }

    /// Gradient of the weights: `[outer, inner, taps]`.
    ///
    /// # Shapes
    /// - input: `[batch, inner, height, width]`
    pub fn weights(&self, input: &[f32]) -> Vec<f32> {
        let shape = self.shape;
        let [height, width] = shape.output();
        let input = self.forward.lay_all(input.len(), |plane, at, to| {
            to.copy_from_slice(&input[plane + at..][..to.len()]);
        });
        let pixels = FlatPixels {
            input: &input,
            gradient: &self.numbers,
            flat: &self.forward,
            planes: [self.forward.plane(height), self.back.plane(shape.size[0])],
            origin: self.origin,
            channels: [shape.inner, shape.outer],
            // Behind the last pixel are zeros.
            length: ((height - 1) * self.forward.pitch + width).next_multiple_of(WIDEST),
        };
        let sums = dots(&pixels, [shape.outer, shape.inner * shape.taps()], shape.batch * pixels.length);
        reuse::give(input);
        sums
    }

    /// Gradient of the bias, the sums over images and pixels: `[outer]`.
    pub fn bias(&self) -> Vec<f32> {
        let plane = self.back.plane(self.shape.size[0]);
        bias_gradient(self.shape.outer, plane, &self.numbers)
    }
}
