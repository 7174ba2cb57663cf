//! Every kernel for GPUs against the processor's: the same values in, the same values and gradients
//! out, on odd, random and large shapes.

mod half;
mod maps;
mod matrix;
mod steps;
mod sums;
mod tiles;

use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::pool::MaxPool2dConfig;
use burn::tensor::{Device, DeviceKind, Distribution, Gradients, Tensor};
use fcn_workbench::kernels;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

/// All of them, in one process: a GPU runtime is set up once.
pub fn equal_those_of_the_processor() {
    let both = Both::new();
    for case in CONVOLUTIONS {
        both.check_convolution(case);
    }
    let mut rng = Pcg64Mcg::seed_from_u64(11);
    for _ in 0..25 {
        both.check_convolution(random_case(&mut rng));
    }
    for case in TRANSPOSED {
        both.check_transposed(case);
    }
    both.check_pooling();
    both.check_batch_norm();
    both.check_sums();
    both.check_resizing();
    both.check_resized_parts();
    both.check_dropout();
    both.check_labels();
    both.check_half_rounding();
    both.check_half_layers();
    both.check_matrix_units();
    both.check_loss();
    both.check_parts_of_losses();
    both.check_sgd_steps();
    both.check_sgd_groups();
    both.check_tiles();
    both.check_tiles_in_units();
}

/// A convolution; with `bias` also with a ReLU.
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
}

const fn case(
    batch: usize,
    channels: [usize; 2],
    size: [usize; 2],
    kernel: usize,
    (stride, padding): (usize, usize),
    bias: bool,
) -> Case {
    Case {
        batch,
        channels,
        size,
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [padding; 2],
        dilation: [1; 2],
        bias,
    }
}

const CONVOLUTIONS: [Case; 12] = [
    // A single value.
    case(1, [1, 1], [1, 1], 1, (1, 0), true),
    case(1, [1, 1], [1, 1], 3, (1, 1), false),
    // The first layer, padded as in the reference code.
    case(1, [3, 16], [33, 47], 3, (1, 100), true),
    // A layer of VGG16 of more than one tile, and its widest.
    case(2, [70, 130], [19, 23], 3, (1, 1), true),
    case(1, [512, 512], [7, 7], 3, (1, 1), true),
    // fc6 and fc7, of few pixels: the sum is cut into parts.
    case(1, [64, 96], [7, 7], 7, (1, 3), true),
    case(1, [512, 21], [4, 5], 1, (1, 0), true),
    case(2, [300, 5], [9, 9], 1, (1, 0), false),
    // A ResNet's and GoogLeNet's first layers, and strided 1x1.
    case(2, [3, 64], [37, 41], 7, (2, 3), false),
    case(2, [24, 40], [13, 14], 1, (2, 0), false),
    case(1, [20, 30], [15, 16], 3, (2, 1), true),
    // Many pixels: more than one part of the weights' gradient.
    case(3, [4, 6], [120, 130], 3, (1, 1), true),
];

/// Kernel, stride and padding of the networks' upsampling, with classes, and sizes.
const TRANSPOSED: [Case; 6] = [
    case(2, [21, 21], [5, 6], 4, (2, 1), false),
    case(1, [3, 3], [7, 5], 16, (8, 4), false),
    case(1, [3, 3], [3, 2], 64, (32, 0), false),
    case(1, [2, 2], [4, 5], 63, (32, 0), false),
    // Not of these networks: a kernel of one stride, and gaps.
    case(2, [4, 5], [6, 3], 2, (2, 0), false),
    case(1, [3, 2], [4, 4], 2, (3, 0), false),
];

fn random_case(rng: &mut Pcg64Mcg) -> Case {
    let mut pair = |from: usize, to: usize| [(); 2].map(|()| rng.random_range(from..=to));
    let kernel = pair(1, 4);
    let stride = pair(1, 3);
    let dilated = stride == [1, 1];
    let dilation = if dilated { pair(1, 3) } else { [1, 1] };
    let padding = pair(0, 3);
    let window = [0, 1].map(|axis| dilation[axis] * (kernel[axis] - 1) + 1);
    let extra = pair(0, 20);
    Case {
        batch: pair(1, 3)[0],
        channels: pair(1, 40),
        size: [0, 1].map(|axis| (window[axis] + extra[axis]).max(2 * padding[axis] + 1)),
        kernel,
        stride,
        padding,
        dilation,
        bias: pair(0, 1)[0] == 1,
    }
}

/// The processor and the GPU, without a graph.
struct Both {
    cpu: Device,
    gpu: Device,
}

type Values = Vec<f32>;

fn values<const D: usize>(tensor: Tensor<D>) -> Values {
    tensor.into_data().try_to_vec().expect("floats")
}

#[track_caller]
fn assert_near(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let most = expected
        .iter()
        .fold(0.0f32, |most, value| most.max(value.abs()));
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= 2e-5 * most.max(1e-3),
            "{what}: {found} is not {expected} at {at} (of at most {most})"
        );
    }
}

impl Both {
    fn new() -> Self {
        let cpu = Device::flex();
        cpu.seed(3);
        Self {
            cpu,
            gpu: Device::wgpu(DeviceKind::Cpu),
        }
    }

    fn random<const D: usize>(&self, shape: [usize; D]) -> Tensor<D> {
        Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), &self.cpu)
    }

    fn devices(&self) -> [Device; 2] {
        [&self.cpu, &self.gpu].map(|device| device.clone().autodiff())
    }

    /// The output and the gradients that `compute` makes on both of them.
    #[track_caller]
    fn compare(&self, what: &str, compute: impl Fn(&Device) -> Vec<(&'static str, Values)>) {
        let [cpu, gpu] = self.devices().map(|device| compute(&device));
        for ((name, expected), (_, found)) in cpu.iter().zip(&gpu) {
            assert_near(found, expected, &format!("{name} of {what}"));
        }
    }

    fn check_convolution(&self, case: Case) {
        let [input, output] = case.channels;
        let [height, width] = case.padding;
        let layer: Conv2d = Conv2dConfig::new(case.channels, case.kernel)
            .with_stride(case.stride)
            .with_dilation(case.dilation)
            .with_padding(PaddingConfig2d::Explicit(height, width, height, width))
            .with_bias(case.bias)
            .init(&self.cpu);
        let images = self.random([case.batch, input, case.size[0], case.size[1]]);
        let weight = self.random([output, input, case.kernel[0], case.kernel[1]]);
        let bias = self.random([output]);
        let of_processor = Conv2d {
            weight: Param::from_tensor(weight.clone()),
            bias: case.bias.then(|| Param::from_tensor(bias.clone())),
            ..layer.clone()
        };
        let linear = kernels::conv2d(&of_processor, images.clone(), false);
        // Of what is nearly 0 the two may round to either side of the ReLU.
        let clear = linear.clone().abs().greater_elem(1e-3).float();
        let direction = self.random(linear.dims()) * clear;
        self.compare(&format!("{case:?}"), |device| {
            let on = |tensor: &Tensor<4>| Tensor::from_data(tensor.to_data(), device);
            let images = on(&images).require_grad();
            let layer = Conv2d {
                weight: Param::from_tensor(on(&weight)),
                bias: case
                    .bias
                    .then(|| Param::from_tensor(Tensor::from_data(bias.to_data(), device))),
                ..layer.clone()
            };
            let outputs = kernels::conv2d(&layer, images.clone(), case.bias);
            let gradients = (outputs.clone() * on(&direction)).sum().backward();
            let mut found = vec![
                ("output", values(outputs.inner())),
                ("input's gradient", of(&images, &gradients)),
                ("weights' gradient", of(&layer.weight.val(), &gradients)),
            ];
            if let Some(bias) = &layer.bias {
                let gradient = bias.val().grad(&gradients).expect("a gradient");
                found.push(("bias' gradient", values(gradient)));
            }
            // Without a graph, as predictions are computed.
            let layer = burn::module::Module::valid(&layer);
            let alone = kernels::conv2d(&layer, images.inner(), case.bias);
            found.push(("output without a graph", values(alone)));
            found
        });
    }

    fn check_transposed(&self, case: Case) {
        let [input, output] = case.channels;
        let layer: ConvTranspose2d = ConvTranspose2dConfig::new(case.channels, case.kernel)
            .with_stride(case.stride)
            .with_padding(case.padding)
            .with_bias(false)
            .init(&self.cpu);
        let images = self.random([case.batch, input, case.size[0], case.size[1]]);
        let weight = self.random([input, output, case.kernel[0], case.kernel[1]]);
        let shape = kernels::conv_transpose2d(&layer, images.clone()).dims();
        let direction = self.random(shape);
        self.compare(&format!("transposed {case:?}"), |device| {
            let on = |tensor: &Tensor<4>| Tensor::from_data(tensor.to_data(), device);
            let images = on(&images).require_grad();
            let layer = ConvTranspose2d {
                weight: Param::from_tensor(on(&weight)),
                ..layer.clone()
            };
            let outputs = kernels::conv_transpose2d(&layer, images.clone());
            let gradients = (outputs.clone() * on(&direction)).sum().backward();
            vec![
                ("output", values(outputs.inner())),
                ("input's gradient", of(&images, &gradients)),
                ("weights' gradient", of(&layer.weight.val(), &gradients)),
            ]
        });
    }

    fn check_pooling(&self) {
        for (kernel, stride, padding, ceil, size) in [
            (2, 2, 0, true, [13, 9]),
            (2, 2, 0, false, [13, 9]),
            (2, 2, 0, true, [1, 1]),
            (3, 2, 1, false, [17, 12]),
            (3, 2, 0, true, [17, 12]),
            (3, 1, 1, true, [6, 7]),
        ] {
            let layer = MaxPool2dConfig::new([kernel; 2])
                .with_strides([stride; 2])
                .with_padding(PaddingConfig2d::Explicit(
                    padding, padding, padding, padding,
                ))
                .with_ceil_mode(ceil)
                .init();
            let images = self.random([2, 5, size[0], size[1]]);
            // Equal values, as behind a ReLU: the first takes the gradient.
            let images = images.clamp_min(0.3);
            let shape = kernels::max_pool2d(&layer, images.clone()).dims();
            let direction = self.random(shape);
            self.compare(
                &format!("pooling {kernel}, {stride}, {padding}"),
                |device| {
                    let images = Tensor::<4>::from_data(images.to_data(), device).require_grad();
                    let outputs = kernels::max_pool2d(&layer, images.clone());
                    let direction = Tensor::from_data(direction.to_data(), device);
                    let gradients = (outputs.clone() * direction).sum().backward();
                    vec![
                        ("output", values(outputs.inner())),
                        ("gradient", of(&images, &gradients)),
                    ]
                },
            );
        }
    }

    fn check_loss(&self) {
        for (batch, classes, size) in [(1, 1, [1, 1]), (2, 21, [37, 29]), (3, 150, [5, 7])] {
            let logits = self
                .random([batch, classes, size[0], size[1]])
                .mul_scalar(20.0);
            // Classes, labels that are none, and void.
            let pixels = batch * size[0] * size[1];
            let labels: Vec<u8> = (0..pixels).map(|n| (n * 37 % 256) as u8).collect();
            let labels: Vec<u8> = labels
                .iter()
                .map(|label| {
                    if *label < 200 {
                        label % (classes as u8 + 1)
                    } else {
                        255
                    }
                })
                .collect();
            self.compare(&format!("loss of {batch} {classes} {size:?}"), |device| {
                let logits = Tensor::<4>::from_data(logits.to_data(), device).require_grad();
                let loss = kernels::cross_entropy_sum(&logits, &labels).expect("a loss");
                let gradients = loss.clone().div_scalar(7.0).backward();
                vec![
                    ("value", values(loss.inner())),
                    ("gradient", of(&logits, &gradients)),
                ]
            });
        }
    }
}

fn of(tensor: &Tensor<4>, gradients: &Gradients) -> Values {
    values(tensor.grad(gradients).expect("a gradient"))
}
