//! Max pooling of 2x2 pixels at a stride of 2, as an operation of Burn that remembers which pixel
//! was the largest.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::MaxPool2d;
use burn::tensor::Tensor;
use macerator::{AutoArch, Simd, WithSimd};
use rayon::prelude::*;

use crate::kernels::autodiff::{BackwardPass, Operand, apply, tensor};
use crate::kernels::buffer_pool::{Buffer, acquire, recycle};

/// `None` for other sizes and strides, which Burn computes.
pub(crate) fn max_pool2d(layer: &MaxPool2d, input: &Tensor<4>) -> Option<Tensor<4>> {
    let halves = layer.kernel_size == [2, 2] && layer.stride == [2, 2] && layer.dilation == [1, 1];
    if !halves || layer.padding != PaddingConfig2d::Valid {
        return None;
    }
    let [batch, channels, height, width] = input.dims();
    let [rows, columns] = [height, width].map(|size| {
        if layer.ceil_mode {
            size.div_ceil(2)
        } else {
            size / 2
        }
    });
    if batch * channels * rows * columns == 0 {
        return None;
    }
    let sizes = Sizes {
        from: [height, width],
        to: [rows, columns],
    };
    apply([Operand::<Flex>::new(input.clone())?], |[input], save| {
        let (output, places) = sizes.pool(input.to_contiguous().storage(), save);
        let output = tensor(output, &[batch, channels, rows, columns]);
        let shape = [batch, channels, height, width];
        let pass = PoolingPass {
            sizes,
            shape,
            places,
        };
        (output, pass)
    })
}

/// Heights and widths of a plane and of the pooled plane.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    from: [usize; 2],
    to: [usize; 2],
}

#[derive(Debug, Clone)]
struct PoolingPass {
    sizes: Sizes,
    /// Of the input.
    shape: [usize; 4],
    /// Which of its four pixels each output is, row by row.
    places: Vec<u8>,
}

impl BackwardPass<1> for PoolingPass {
    fn backward(self, gradient: FlexTensor, [wanted]: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let found = wanted.then(|| {
            let values = self.sizes.back(gradient.storage(), &self.places);
            tensor(values, &self.shape)
        });
        recycle(gradient);
        [found]
    }
}

impl Sizes {
    /// The largest value of each 2x2 pixels and, where `save` is set, its place: the first of equal
    /// ones, and NaN before all others, as in PyTorch.
    fn pool(self, input: &[f32], save: bool) -> (Buffer, Vec<u8>) {
        let [area, pooled] = [self.from, self.to].map(|[height, width]| height * width);
        let planes = input.len() / area;
        let mut output = acquire(planes * pooled);
        let mut places = vec![0; if save { planes * pooled } else { 0 }];
        let pairs = input.par_chunks(area).zip(output.par_chunks_mut(pooled));
        if save {
            pairs
                .zip(places.par_chunks_mut(pooled))
                .for_each(|((input, output), places)| {
                    AutoArch::new().dispatch(Pool {
                        sizes: self,
                        input,
                        output,
                        places,
                    });
                });
        } else {
            pairs.for_each(|(input, output)| {
                AutoArch::new().dispatch(Pool {
                    sizes: self,
                    input,
                    output,
                    places: &mut [],
                });
            });
        }
        (output, places)
    }

    fn back(self, gradient: &[f32], places: &[u8]) -> Buffer {
        let [area, pooled] = [self.from, self.to].map(|[height, width]| height * width);
        let mut result = acquire(gradient.len() / pooled * area);
        let pairs = gradient.par_chunks(pooled).zip(places.par_chunks(pooled));
        // A last row or column that is not pooled.
        let unread = (0..2).any(|axis| 2 * self.to[axis] < self.from[axis]);
        result
            .par_chunks_mut(area)
            .zip(pairs)
            .for_each(|(result, (gradient, places))| {
                if unread {
                    result.fill(0.0);
                }
                AutoArch::new().dispatch(Back {
                    sizes: self,
                    gradient,
                    places,
                    result,
                });
            });
        result
    }
}

/// One plane.
struct Pool<'a> {
    sizes: Sizes,
    input: &'a [f32],
    output: &'a mut [f32],
    /// Empty where they are not saved.
    places: &'a mut [u8],
}

impl WithSimd for Pool<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        let Self {
            sizes,
            input,
            output,
            places,
        } = self;
        let ([height, width], [_, columns]) = (sizes.from, sizes.to);
        for (y, output) in output.chunks_exact_mut(columns).enumerate() {
            let upper = &input[2 * y * width..][..width];
            // Where the image ends, the last row or column counts twice: never larger than itself.
            let lower = if 2 * y + 1 < height {
                &input[(2 * y + 1) * width..][..width]
            } else {
                upper
            };
            let pairs = upper
                .as_chunks::<2>()
                .0
                .iter()
                .zip(lower.as_chunks::<2>().0);
            if places.is_empty() {
                for (output, (upper, lower)) in output.iter_mut().zip(pairs) {
                    *output = larger(larger(upper[0], upper[1]), larger(lower[0], lower[1]));
                }
            } else {
                let places = &mut places[y * columns..][..columns];
                for ((output, place), (upper, lower)) in output.iter_mut().zip(places).zip(pairs) {
                    (*output, *place) = largest([upper[0], upper[1], lower[0], lower[1]]);
                }
            }
            if width < 2 * columns {
                let (value, place) = largest([
                    upper[width - 1],
                    f32::NEG_INFINITY,
                    lower[width - 1],
                    f32::NEG_INFINITY,
                ]);
                output[columns - 1] = value;
                if let Some(last) = places.get_mut(y * columns + columns - 1) {
                    *last = place;
                }
            }
        }
    }
}

#[inline(always)]
fn larger(left: f32, right: f32) -> f32 {
    if right > left || right.is_nan() {
        right
    } else {
        left
    }
}

#[inline(always)]
fn largest(values: [f32; 4]) -> (f32, u8) {
    let (mut value, mut place) = (values[0], 0);
    for nth in 1..4 {
        let more = values[nth] > value || values[nth].is_nan();
        value = if more { values[nth] } else { value };
        place = if more { nth as u8 } else { place };
    }
    (value, place)
}

/// One plane.
struct Back<'a> {
    sizes: Sizes,
    gradient: &'a [f32],
    places: &'a [u8],
    result: &'a mut [f32],
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        let Self {
            sizes,
            gradient,
            places,
            result,
        } = self;
        let ([_, width], [_, columns]) = (sizes.from, sizes.to);
        let lines = gradient
            .chunks_exact(columns)
            .zip(places.chunks_exact(columns));
        for (rows, (gradient, places)) in result.chunks_mut(2 * width).zip(lines) {
            let (upper, lower) = rows.split_at_mut(width);
            for (row, line) in [upper, lower].into_iter().enumerate() {
                let first = 2 * row as u8;
                let (pairs, rest) = line.as_chunks_mut::<2>();
                let reads = gradient.iter().zip(places);
                for (pair, (gradient, place)) in pairs.iter_mut().zip(reads) {
                    for (nth, value) in pair.iter_mut().enumerate() {
                        *value = if *place == first + nth as u8 {
                            *gradient
                        } else {
                            0.0
                        };
                    }
                }
                if let [last] = rest
                    && columns * 2 > width
                {
                    let at = columns - 1;
                    *last = if places[at] == first {
                        gradient[at]
                    } else {
                        0.0
                    };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::pool::MaxPool2dConfig;
    use burn::tensor::{Device, Distribution, TensorData};

    fn layer(ceil_mode: bool) -> MaxPool2d {
        MaxPool2dConfig::new([2, 2])
            .with_strides([2, 2])
            .with_ceil_mode(ceil_mode)
            .init()
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().expect("floats")
    }

    /// Output and gradient of the input; each place of the output counts differently.
    fn step(input: &Tensor<4>, pool: impl Fn(&Tensor<4>) -> Tensor<4>) -> [Vec<f32>; 2] {
        let input = input.clone().require_grad();
        let output = pool(&input);
        let gradients = (output.clone() * output.clone()).sum().backward();
        [
            values(output),
            values(input.grad(&gradients).expect("a gradient")),
        ]
    }

    #[test]
    fn pooling_is_that_of_burn() {
        let device = Device::flex();
        for (shape, ceil_mode) in [
            ([2, 3, 8, 12], true),
            ([1, 2, 7, 9], true),
            ([1, 2, 7, 9], false),
            ([3, 1, 1, 1], true),
            ([1, 5, 2, 33], true),
        ] {
            let layer = layer(ceil_mode);
            let input = Tensor::<4>::random(shape, Distribution::Uniform(-1.0, 1.0), &device);
            let ours = max_pool2d(&layer, &input).expect("ours");
            assert_eq!(
                ours.dims(),
                layer.forward(input.clone()).dims(),
                "{shape:?}"
            );
            assert_eq!(
                values(ours),
                values(layer.forward(input.clone())),
                "{shape:?}"
            );
            let input = Tensor::from_inner(input);
            let ours = step(&input, |input| max_pool2d(&layer, input).expect("ours"));
            assert_eq!(
                ours,
                step(&input, |input| layer.forward(input.clone())),
                "{shape:?}"
            );
        }
    }

    #[test]
    fn the_first_of_equal_pixels_takes_the_gradient_and_no_number_is_kept() {
        let device = Device::flex().autodiff();
        let input = [2.0, 2.0, 1.0, f32::NAN, 2.0, 0.0, 9.0, 3.0];
        let input = Tensor::<4>::from_data(TensorData::new(input.to_vec(), [1, 1, 2, 4]), &device)
            .require_grad();
        let output = max_pool2d(&layer(false), &input).expect("ours");
        let gradients = output.clone().sum().backward();
        let output = values(output);
        assert!(output[0] == 2.0 && output[1].is_nan());
        let gradient = values(input.grad(&gradients).expect("a gradient"));
        assert_eq!(gradient, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn other_windows_are_left_to_burn() {
        let input = Tensor::<4>::zeros([1, 1, 8, 8], &Device::flex());
        assert!(
            max_pool2d(
                &MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init(),
                &input
            )
            .is_none()
        );
        assert!(
            max_pool2d(
                &MaxPool2dConfig::new([2, 2]).with_strides([1, 1]).init(),
                &input
            )
            .is_none()
        );
    }
}
