use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Distribution, Tensor};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use super::conv2d::conv2d;
use crate::kernels::{self, plain_conv2d};

mod conv_transpose2d;

/// A layer and an input for it.
#[derive(Debug, Clone, Copy)]
struct Case {
    batch: usize,
    channels: [usize; 2],
    size: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
    bias: bool,
    relu: bool,
}

impl Case {
    fn new(batch: usize, channels: [usize; 2], size: [usize; 2], kernel: usize) -> Self {
        let padding = [kernel / 2; 2];
        let kernel = [kernel; 2];
        Self {
            batch,
            channels,
            size,
            kernel,
            stride: [1; 2],
            padding,
            dilation: [1; 2],
            bias: true,
            relu: false,
        }
    }

    fn random(rng: &mut Pcg64Mcg) -> Self {
        let mut pair =
            |from: usize, to: usize| [rng.random_range(from..=to), rng.random_range(from..=to)];
        let (kernel, dilation) = (pair(1, 4), pair(1, 3));
        let (padding, stride, channels) = (pair(0, 3), pair(1, 3), pair(1, 21));
        // Large enough for one patch without padding.
        let more = pair(0, 24);
        let size = [0, 1].map(|axis| dilation[axis] * (kernel[axis] - 1) + 1 + more[axis]);
        let [batch, _] = pair(1, 3);
        let [bias, relu] = pair(0, 1).map(|coin| coin == 1);
        Self {
            batch,
            channels,
            size,
            kernel,
            stride,
            padding,
            dilation,
            bias,
            relu,
        }
    }

    fn layer(&self, device: &Device) -> Conv2d {
        let [top, left] = self.padding;
        let layer = Conv2dConfig::new(self.channels, self.kernel)
            .with_stride(self.stride)
            .with_dilation(self.dilation)
            .with_padding(PaddingConfig2d::Explicit(top, left, top, left))
            .with_bias(self.bias)
            .init(device);
        let [out_channels, in_channels] = [self.channels[1], self.channels[0]];
        let weight = random(
            [out_channels, in_channels, self.kernel[0], self.kernel[1]],
            device,
        );
        let bias = self
            .bias
            .then(|| Param::from_tensor(random([out_channels], device)));
        Conv2d {
            weight: Param::from_tensor(weight),
            bias,
            ..layer
        }
    }

    fn input(&self, device: &Device) -> Tensor<4> {
        random(
            [self.batch, self.channels[0], self.size[0], self.size[1]],
            device,
        )
    }
}

fn random<const D: usize>(size: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(size, Distribution::Uniform(-1.0, 1.0), device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("floats")
}

/// Equal up to what the order of a sum does, relative to the largest value.
#[track_caller]
fn assert_close(what: &str, case: &Case, ours: &[f32], theirs: &[f32]) {
    assert_eq!(ours.len(), theirs.len(), "{what} of {case:?}");
    let largest = theirs
        .iter()
        .fold(1e-3f32, |most, value| most.max(value.abs()));
    for (place, (left, right)) in ours.iter().zip(theirs).enumerate() {
        let close = (left - right).abs() <= 1e-4 * largest;
        assert!(
            close,
            "{what} of {case:?}: {left} and not {right} at {place}"
        );
    }
}

/// Output, gradient of the input, of the weights and of the bias.
fn gradients(
    layer: &Conv2d,
    input: &Tensor<4>,
    seed: &Tensor<4>,
    output: impl Fn(&Conv2d, Tensor<4>) -> Tensor<4>,
) -> [Vec<f32>; 4] {
    let input = input.clone().require_grad();
    let output = output(layer, input.clone());
    let gradients = (output.clone() * seed.clone()).sum().backward();
    let bias = layer
        .bias
        .as_ref()
        .map(|bias| bias.val().grad(&gradients).expect("bias"));
    [
        values(output),
        values(input.grad(&gradients).expect("input")),
        values(layer.weight.val().grad(&gradients).expect("weights")),
        bias.map(values).unwrap_or_default(),
    ]
}

#[track_caller]
fn check(case: &Case) {
    let device = Device::flex();
    let (layer, input) = (case.layer(&device), case.input(&device));
    let ours = conv2d(&layer, &input, case.relu).expect("ours");
    let theirs = plain_conv2d(&layer, input, case.relu);
    assert_eq!(ours.dims(), theirs.dims(), "{case:?}");
    assert_close("output", case, &values(ours), &values(theirs));

    let device = device.autodiff();
    let (layer, input) = (case.layer(&device), case.input(&device));
    let seed = random(plain_conv2d(&layer, input.clone(), false).dims(), &device);
    let ours = gradients(&layer, &input, &seed, |layer, input| {
        conv2d(layer, &input, case.relu).expect("ours")
    });
    let theirs = gradients(&layer, &input, &seed, |layer, input| {
        plain_conv2d(layer, input, case.relu)
    });
    for (what, (ours, theirs)) in ["output", "input", "weights", "bias"]
        .iter()
        .zip(ours.iter().zip(&theirs))
    {
        assert_close(what, case, ours, theirs);
    }
}

#[test]
fn random_convolutions_are_those_of_burn() {
    let mut rng = Pcg64Mcg::seed_from_u64(7);
    for _ in 0..120 {
        check(&Case::random(&mut rng));
    }
}

#[test]
fn the_layers_of_the_networks_are_those_of_burn() {
    // Slim VGG16, more rows than a panel, more channels than a tile, strides of ResNet.
    check(&Case {
        relu: true,
        ..Case::new(2, [8, 8], [40, 52], 3)
    });
    check(&Case::new(1, [3, 16], [33, 47], 3));
    check(&Case {
        relu: true,
        ..Case::new(1, [40, 150], [14, 14], 3)
    });
    check(&Case::new(3, [64, 24], [7, 9], 1));
    check(&Case::new(1, [20, 70], [7, 7], 7));
    check(&Case::new(3, [9, 260], [16, 15], 3));
    check(&Case {
        stride: [2; 2],
        bias: false,
        ..Case::new(1, [3, 16], [41, 38], 7)
    });
    check(&Case {
        stride: [2; 2],
        bias: false,
        ..Case::new(2, [16, 8], [17, 12], 1)
    });
    check(&Case {
        dilation: [4; 2],
        padding: [4; 2],
        bias: false,
        ..Case::new(1, [16, 16], [19, 23], 3)
    });
    check(&Case {
        stride: [4; 2],
        padding: [0; 2],
        ..Case::new(1, [3, 8], [51, 47], 11)
    });
}

#[test]
fn the_padding_of_the_papers_is_that_of_burn() {
    check(&Case {
        padding: [100; 2],
        ..Case::new(1, [3, 4], [5, 9], 3)
    });
    check(&Case {
        padding: [3, 0],
        relu: true,
        ..Case::new(1, [2, 3], [1, 8], 3)
    });
}

#[test]
fn an_image_of_one_pixel_is_enough() {
    check(&Case::new(1, [5, 9], [1, 1], 3));
    check(&Case::new(1, [5, 9], [1, 1], 1));
}

#[test]
fn many_pixels_are_summed_as_burn_sums_them() {
    // Several parts of the pixels for the gradient of few weights.
    check(&Case::new(2, [2, 3], [160, 131], 3));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let device = Device::flex().autodiff();
    let case = Case {
        relu: true,
        ..Case::new(2, [12, 37], [61, 45], 3)
    };
    let (layer, input) = (case.layer(&device), case.input(&device));
    let seed = random([2, 37, 61, 45], &device);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        pool.install(|| {
            let ours = |layer: &Conv2d, input| conv2d(layer, &input, true).expect("ours");
            gradients(&layer, &input, &seed, ours)
        })
    };
    let one = with(1);
    for threads in [2, 3, 16] {
        assert_eq!(with(threads), one, "{threads} threads");
    }
}

#[test]
fn nan_stays_nan() {
    let device = Device::flex();
    let case = Case {
        relu: true,
        ..Case::new(1, [1, 1], [3, 3], 1)
    };
    let output = kernels::conv2d(
        &case.layer(&device),
        Tensor::full([1, 1, 3, 3], f32::NAN, &device),
        true,
    );
    assert!(values(output).iter().all(|value| value.is_nan()));
}

#[test]
fn what_only_burn_computes_is_left_to_it() {
    let device = Device::flex();
    let case = Case::new(1, [4, 4], [6, 6], 3);
    let layer = case.layer(&device);
    let grouped = Conv2dConfig::new([4, 4], [3, 3])
        .with_groups(2)
        .init(&device);
    let uneven = Conv2d {
        padding: PaddingConfig2d::Explicit(1, 0, 0, 1),
        ..layer
    };
    for layer in [grouped, uneven] {
        let input = case.input(&device);
        assert!(conv2d(&layer, &input, false).is_none());
        assert_eq!(
            values(kernels::conv2d(&layer, input.clone(), false)),
            values(layer.forward(input))
        );
    }
}

#[test]
fn a_frozen_layer_gets_no_gradient_and_passes_one_on() {
    let device = Device::flex().autodiff();
    let case = Case::new(1, [3, 4], [9, 8], 3);
    let layer = case.layer(&device);
    let weight = layer.weight.clone().set_require_grad(false);
    let frozen = Conv2d {
        weight,
        ..layer.clone()
    };
    let input = case.input(&device).require_grad();
    let output = conv2d(&frozen, &input, false).expect("ours");
    let gradients = output.sum().backward();
    assert!(frozen.weight.val().grad(&gradients).is_none());
    let expected = plain_conv2d(&layer, input.clone(), false).sum().backward();
    let [ours, theirs] =
        [gradients, expected].map(|gradients| values(input.grad(&gradients).expect("input")));
    assert_close("input", &case, &ours, &theirs);
}
