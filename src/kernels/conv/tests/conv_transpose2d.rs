//! Transposed convolutions, bilinear ones among them, and the memory that they share with
//! convolutions.

use burn::nn::conv::{ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::TensorData;

use super::*;
use crate::kernels::buffer_pool::BufferPool;
use crate::kernels::conv::bilinear::bilinear_kernel;
use crate::kernels::conv::conv_transpose2d::{bilinear_upsample, conv_transpose2d, is_bilinear};

/// Output, gradient of the input and of the weights of a transposed convolution.
fn transposed_gradients(
    layer: &ConvTranspose2d,
    input: &Tensor<4>,
    output: impl Fn(&ConvTranspose2d, &Tensor<4>) -> Tensor<4>,
) -> [Vec<f32>; 3] {
    let input = input.clone().require_grad();
    let output = output(layer, &input);
    // Each place of the output counts differently.
    let gradients = (output.clone() * output.clone()).sum().backward();
    [
        values(output),
        values(input.grad(&gradients).expect("input")),
        values(layer.weight.val().grad(&gradients).expect("weights")),
    ]
}

#[test]
fn random_transposed_convolutions_are_those_of_burn() {
    let mut rng = Pcg64Mcg::seed_from_u64(8);
    for nth in 0..40 {
        let case = Case {
            bias: false,
            relu: false,
            ..Case::random(&mut rng)
        };
        let stride = [rng.random_range(1..=4), rng.random_range(1..=4)];
        // No padding that no patch reads, so that every size is that of a convolution.
        let padding = [0, 1]
            .map(|axis| case.padding[axis].min(case.dilation[axis] * (case.kernel[axis] - 1) / 2));
        let device = if nth % 2 == 0 {
            Device::flex()
        } else {
            Device::flex().autodiff()
        };
        let layer = ConvTranspose2dConfig::new(case.channels, case.kernel)
            .with_stride(stride)
            .with_padding(padding)
            .with_dilation(case.dilation)
            .with_bias(false)
            .init(&device);
        let input = case.input(&device);
        let ours = |layer: &ConvTranspose2d, input: &Tensor<4>| {
            conv_transpose2d(layer, input).expect("ours")
        };
        if nth % 2 == 0 {
            assert_close(
                "output",
                &case,
                &values(ours(&layer, &input)),
                &values(layer.forward(input)),
            );
            continue;
        }
        let theirs =
            transposed_gradients(&layer, &input, |layer, input| layer.forward(input.clone()));
        let ours = transposed_gradients(&layer, &input, ours);
        for (what, (ours, theirs)) in ["output", "input", "weights"]
            .iter()
            .zip(ours.iter().zip(&theirs))
        {
            assert_close(what, &case, ours, theirs);
        }
    }
}

/// Upsampling of 5 classes.
struct Upsampling {
    layer: ConvTranspose2d,
    input: Tensor<4>,
    case: Case,
}

impl Upsampling {
    /// Bilinear, with weights that `change` makes of that.
    fn new(window: Window, size: [usize; 2], change: impl Fn(Tensor<4>) -> Tensor<4>) -> Self {
        const CLASSES: usize = 5;
        let Window {
            kernel,
            factor,
            padding,
        } = window;
        let case = Case::new(2, [CLASSES; 2], size, kernel);
        let device = Device::flex().autodiff();
        let class_kernel = |nth: usize| {
            let scale = f32::from(u8::from(nth / CLASSES == nth % CLASSES));
            bilinear_kernel(kernel)
                .into_iter()
                .map(move |weight| scale * weight)
        };
        let weights: Vec<f32> = (0..CLASSES * CLASSES).flat_map(class_kernel).collect();
        let shape = [CLASSES, CLASSES, kernel, kernel];
        let weights = Tensor::from_data(TensorData::new(weights, shape), &device);
        let layer = ConvTranspose2dConfig::new([CLASSES; 2], [kernel; 2])
            .with_stride([factor; 2])
            .with_padding([padding; 2])
            .with_bias(false)
            .init(&device);
        let layer = ConvTranspose2d {
            weight: Param::from_tensor(change(weights)),
            ..layer
        };
        Self {
            layer,
            input: case.input(&device),
            case,
        }
    }

    fn gradients(
        &self,
        output: impl Fn(&ConvTranspose2d, &Tensor<4>) -> Tensor<4>,
    ) -> [Vec<f32>; 3] {
        transposed_gradients(&self.layer, &self.input, output)
    }
}

#[derive(Clone, Copy)]
struct Window {
    kernel: usize,
    factor: usize,
    padding: usize,
}

const fn window(kernel: usize, factor: usize, padding: usize) -> Window {
    Window {
        kernel,
        factor,
        padding,
    }
}

#[test]
fn bilinear_upsampling_is_the_transposed_convolution() {
    // Padded, the reference's without padding, AlexNet's with an odd kernel; a coarse map of one pixel.
    for window in [
        window(4, 2, 1),
        window(16, 8, 4),
        window(4, 2, 0),
        window(16, 8, 0),
        window(63, 32, 0),
    ] {
        for size in [[5, 7], [1, 1], [1, 6]] {
            let upsampling = Upsampling::new(window, size, |weights| weights);
            assert!(is_bilinear(&upsampling.layer));
            let theirs = upsampling.gradients(|layer, input| layer.forward(input.clone()));
            let general =
                upsampling.gradients(|layer, input| conv_transpose2d(layer, input).expect("ours"));
            for (what, (ours, theirs)) in ["output", "input", "weights"]
                .iter()
                .zip(general.iter().zip(&theirs))
            {
                assert_close(what, &upsampling.case, ours, theirs);
            }
            let input = upsampling.input.clone().require_grad();
            let output = bilinear_upsample(&upsampling.layer, &input).expect("ours");
            let gradients = (output.clone() * output.clone()).sum().backward();
            let of_input = values(input.grad(&gradients).expect("input"));
            assert_close("output", &upsampling.case, &values(output), &theirs[0]);
            assert_close("input", &upsampling.case, &of_input, &theirs[1]);
        }
    }
}

#[test]
fn upsampling_that_is_not_bilinear_is_told_apart() {
    // One weight between classes, one of a class with itself.
    let windows = [
        (window(4, 2, 1), [5, 7]),
        (window(16, 8, 4), [9, 17]),
        (window(6, 2, 2), [8, 16]),
    ];
    let places = [[0, 1, 0, 0], [3, 3, 2, 1]];
    for ((window, size), place) in windows
        .into_iter()
        .flat_map(|of| places.map(|place| (of, place)))
    {
        let upsampling = Upsampling::new(window, size, |weights| {
            let slices = place.map(|at: usize| at..at + 1);
            let value = weights.clone().slice(slices.clone()) + 0.25;
            weights.slice_assign(slices, value)
        });
        assert!(!is_bilinear(&upsampling.layer));
        let theirs = upsampling.gradients(|layer, input| layer.forward(input.clone()));
        let ours =
            upsampling.gradients(|layer, input| conv_transpose2d(layer, input).expect("ours"));
        for (what, (ours, theirs)) in ["output", "input", "weights"]
            .iter()
            .zip(ours.iter().zip(&theirs))
        {
            assert_close(what, &upsampling.case, ours, theirs);
        }
    }
}

#[test]
fn a_step_leaves_the_memory_that_the_next_one_needs() {
    let device = Device::flex().autodiff();
    let pool = BufferPool::default();
    let case = Case {
        relu: true,
        ..Case::new(2, [12, 24], [40, 52], 3)
    };
    let layer = case.layer(&device);
    let upsampling = ConvTranspose2dConfig::new([24, 8], [4, 4])
        .with_stride([2, 2])
        .with_padding([1, 1]);
    let upsampling = upsampling.with_bias(false).init(&device);
    let step = || {
        let entered = pool.enter();
        let input = case.input(&device).require_grad();
        let maps = conv2d(&layer, &input, true).expect("ours");
        let output = conv_transpose2d(&upsampling, &maps).expect("ours");
        drop((maps, entered));
        // The backward pass uses the pool of the forward pass.
        let gradients = output.sum().backward();
        values(input.grad(&gradients).expect("input"))
    };
    let kept = || {
        pool.end_step();
        let mut kept = pool.kept();
        kept.sort_unstable();
        kept
    };
    step();
    kept();
    step();
    let second = kept();
    let maps = case.batch * 24 * 40 * 52;
    // The convolution's output and gradient, and the same padded out.
    let of_maps = second
        .iter()
        .filter(|len| (maps..maps + maps / 4).contains(len));
    assert!(of_maps.count() >= 3, "{second:?}");
    for _ in 0..5 {
        step();
        assert_eq!(kept(), second, "neither more nor less");
    }
}
