//! All gradients of a convolution of stride 1 from one copy of the output's gradient: as
//! [`PaddedPlane`]s, in which both products read it without packing.

use super::direct;
use super::input_gradient::{
    bias_gradient, gradient_product, kernel_matrix, transposed_in_advance,
};
use super::padded_plane::PaddedPlane;
use super::patch_product::{KernelMatrix, PatchProduct};
use super::shape::ConvShape;
use super::weight_gradient::is_along_pixels;
use crate::kernels::buffer_pool::Buffer;
use crate::kernels::gemm::along_pixels;
use crate::kernels::tiling::WIDEST;

/// The gradient of a convolution's output, in front of its `relu`, as [`PaddedPlane`]s.
pub(crate) struct PaddedGradient<'a> {
    shape: &'a ConvShape,
    /// How the input is read.
    forward: PaddedPlane,
    /// How the gradient is read.
    back: PaddedPlane,
    /// Where the gradient's first pixel is.
    origin: usize,
    /// `[batch, out_channels, plane]`
    values: Buffer,
}

impl<'a> PaddedGradient<'a> {
    /// `output` is that of the `relu` behind the convolution, where there is one. `None` where
    /// other ways are faster.
    ///
    /// # Shapes
    /// - gradient, output: `[batch, out_channels, height_out, width_out]`
    pub fn new(shape: &'a ConvShape, output: Option<&[f32]>, gradient: &[f32]) -> Option<Self> {
        if shape.stride != [1, 1] || !is_along_pixels(shape) {
            return None;
        }
        let (forward, back) = (shape.patches(), shape.gradient_patches([0, 0]).0);
        let pitch = PaddedPlane::new(&forward, 0)?
            .pitch
            .max(PaddedPlane::new(&back, 0)?.pitch);
        let forward = PaddedPlane::new(&forward, pitch)?;
        let back = PaddedPlane::new(&back, pitch)?;
        let origin = back.origin()?;
        if !direct::is_faster(&forward) || !direct::is_faster(&back) {
            return None;
        }
        let values = back.pad_all(gradient.len(), |plane, at, to| {
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
            values,
        })
    }

    /// Gradient of the input.
    ///
    /// # Shapes
    /// - weights: `[out_channels, in_channels, taps]`
    /// - result: `[batch, in_channels, height, width]`
    pub fn input(&self, weights: &[f32]) -> Buffer {
        let shape = self.shape;
        let (patches, kept) = shape.gradient_patches([0, 0]);
        let transposed = transposed_in_advance(shape, weights, &patches, &kept);
        let weights = kernel_matrix(shape, weights, transposed.as_deref(), &kept);
        let product = gradient_product(shape, weights, &[], &patches);
        let size = [shape.batch, shape.in_channels];
        direct::product(&product, &self.back, Some(&self.values), size)
    }

    /// Gradient of the weights.
    ///
    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - result: `[out_channels, in_channels, taps]`
    pub fn weights(&self, input: &[f32]) -> Buffer {
        let padded = self.forward.pad_all(input.len(), |plane, at, to| {
            to.copy_from_slice(&input[plane + at..][..to.len()]);
        });
        self.weights_of_padded(&padded)
    }

    /// Whether the padded input is the input, but for the zeros behind each plane.
    pub fn is_unpadded(&self) -> bool {
        self.forward.is_unpadded()
    }

    /// Values of a padded plane of the input.
    pub fn plane(&self) -> usize {
        self.forward.plane(self.shape.output()[0])
    }

    /// The convolution of a padded input.
    ///
    /// # Shapes
    /// - weights: `[out_channels, in_channels, taps]`
    /// - input: `[batch, in_channels, plane]`
    /// - result: `[batch, out_channels, height_out, width_out]`
    pub fn forward_of_padded(&self, weights: &[f32], input: &[f32]) -> Buffer {
        let shape = self.shape;
        let product = PatchProduct {
            weights: KernelMatrix::Rows(weights),
            source: &[],
            patches: &shape.patches(),
            channels: shape.in_channels,
            bias: None,
            relu: false,
        };
        let size = [shape.batch, shape.out_channels];
        direct::product(&product, &self.forward, Some(input), size)
    }

    /// As [`weights`](Self::weights), of a padded input.
    ///
    /// # Shapes
    /// - input: `[batch, in_channels, plane]`
    pub fn weights_of_padded(&self, input: &[f32]) -> Buffer {
        let shape = self.shape;
        let [height, width] = shape.output();
        let pixels = PaddedPixels {
            input: Planes {
                values: input,
                plane: self.forward.plane(height),
                channels: shape.in_channels,
            },
            gradient: Planes {
                values: &self.values,
                plane: self.back.plane(shape.size[0]),
                channels: shape.out_channels,
            },
            origin: self.origin,
            offsets: &self.forward.offsets,
            // Behind the last pixel are zeros.
            length: ((height - 1) * self.forward.pitch + width).next_multiple_of(WIDEST),
        };
        along_pixels::product(
            &pixels,
            [shape.out_channels, shape.in_channels * shape.taps()],
            shape.batch * pixels.length,
        )
    }

    /// Gradient of the bias, the sums over images and pixels.
    ///
    /// # Shapes
    /// - result: `[out_channels]`
    pub fn bias(&self) -> Vec<f32> {
        let plane = self.back.plane(self.shape.size[0]);
        bias_gradient(self.shape.out_channels, plane, &self.values)
    }
}

/// `[batch, channels, plane]`
#[derive(Clone, Copy)]
struct Planes<'a> {
    values: &'a [f32],
    /// Values of a plane.
    plane: usize,
    channels: usize,
}

impl<'a> Planes<'a> {
    #[inline(always)]
    fn from(self, image: usize, channel: usize, at: usize) -> &'a [f32] {
        &self.values[(image * self.channels + channel) * self.plane + at..]
    }
}

/// The padded gradient of an output and the padded input, of one pitch. The pixels between the
/// rows count too: the gradient is 0 there.
struct PaddedPixels<'a> {
    input: Planes<'a>,
    gradient: Planes<'a>,
    /// Where the gradient's first pixel is in its plane.
    origin: usize,
    /// How far from its pixel each tap reads the input.
    offsets: &'a [usize],
    /// Pixels of an image, a multiple of [`WIDEST`].
    length: usize,
}

impl along_pixels::Operands for PaddedPixels<'_> {
    const COPIED: bool = false;

    #[inline(always)]
    fn contiguous_end(&self, start: usize, end: usize) -> usize {
        end.min((start / self.length + 1) * self.length)
    }

    #[inline(always)]
    fn row<'a>(&'a self, row: usize, [start, _]: [usize; 2], _: &'a mut [f32]) -> &'a [f32] {
        let (image, pixel) = (start / self.length, start % self.length);
        self.gradient.from(image, row, self.origin + pixel)
    }

    #[inline(always)]
    fn column<'a>(&'a self, column: usize, [start, _]: [usize; 2], _: &'a mut [f32]) -> &'a [f32] {
        let taps = self.offsets.len();
        let (image, pixel) = (start / self.length, start % self.length);
        self.input
            .from(image, column / taps, self.offsets[column % taps] + pixel)
    }
}
