//! Convolutions in matrix units, whose work plain arithmetic does here: what is around the units is
//! the same. The GPU's results are those of the processor on values that were rounded before.

use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor};
use fcn_workbench::kernels::{self, Arithmetic, Half, MatrixUnits};

use super::half::rounded;
use super::{Both, CONVOLUTIONS, Case, Values, assert_near, of, random_case, values};
use rand::SeedableRng as _;
use rand_pcg::Pcg64Mcg;

/// What a convolution works on, and the gradient of its output.
struct Operands {
    images: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    direction: Tensor<4>,
}

impl Both {
    pub(super) fn check_matrix_units(&self) {
        let mut rng = Pcg64Mcg::seed_from_u64(23);
        for (case, half) in [
            (CONVOLUTIONS[7], None),
            (CONVOLUTIONS[7], Some(Half::Bf16)),
            (random_case(&mut rng), Some(Half::F16)),
        ] {
            let units = Some(MatrixUnits::Emulated);
            let case = Case {
                bias: false,
                ..case
            };
            self.check_case(case, Arithmetic { half, units });
        }
    }

    /// A convolution, with a ReLU where it has a bias.
    pub(super) fn check_case(&self, case: Case, arithmetic: Arithmetic) {
        let half = arithmetic.half;
        let [input, output] = case.channels;
        let [height, width] = case.padding;
        let layer: Conv2d = Conv2dConfig::new(case.channels, case.kernel)
            .with_stride(case.stride)
            .with_dilation(case.dilation)
            .with_padding(PaddingConfig2d::Explicit(height, width, height, width))
            .with_bias(case.bias)
            .init(&self.cpu);
        let compute = |device: &Device, operands: &Operands, relu: bool| {
            let on = |tensor: &Tensor<4>| Tensor::<4>::from_data(tensor.to_data(), device);
            let images = on(&operands.images).require_grad();
            let bias = || Tensor::from_data(operands.bias.to_data(), device);
            let layer = Conv2d {
                weight: Param::from_tensor(on(&operands.weight)),
                bias: case.bias.then(|| Param::from_tensor(bias())),
                ..layer.clone()
            };
            let outputs = kernels::conv2d(&layer, images.clone(), relu);
            let gradients = (outputs.clone() * on(&operands.direction)).sum().backward();
            [
                values(outputs.inner()),
                of(&images, &gradients),
                of(&layer.weight.val(), &gradients),
            ]
        };
        let images = self.random([case.batch, input, case.size[0], case.size[1]]);
        let weight = self.random([output, input, case.kernel[0], case.kernel[1]]);
        let bias = if case.bias {
            self.random([output])
        } else {
            Tensor::zeros([output], &self.cpu)
        };
        let of_processor = Conv2d {
            weight: Param::from_tensor(weight.clone()),
            bias: case.bias.then(|| Param::from_tensor(bias.clone())),
            ..layer.clone()
        };
        let linear = kernels::conv2d(&of_processor, images.clone(), false);
        // Of what is nearly 0 the two may round to either side of the ReLU.
        let clear = linear.clone().abs().greater_elem(0.2).float();
        let direction = self.random(linear.dims());
        let operands = Operands {
            images,
            weight,
            bias,
            direction: if case.bias {
                direction * clear
            } else {
                direction
            },
        };
        let [cpu, gpu] = self.devices();
        let round = |tensor: &Tensor<4>| match half {
            Some(half) => rounded(half, tensor),
            None => tensor.clone(),
        };
        let rounded = Operands {
            images: round(&operands.images),
            weight: round(&operands.weight),
            bias: operands.bias.clone(),
            direction: round(&operands.direction),
        };
        let exact = compute(&cpu, &operands, case.bias);
        let expected = compute(&cpu, &rounded, case.bias);
        let entered = arithmetic.enter();
        let found = compute(&gpu, &operands, case.bias);
        drop(entered);
        for (nth, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let what = format!("result {nth} of {case:?} in matrix units, {half:?}");
            match half {
                Some(_) => assert_near(found, expected, &what),
                // What is left out of a product is at most 2^-16 of it.
                None => assert_within(1e-4, found, expected, &what),
            }
        }
        assert_ne!(found, exact, "{case:?}: in matrix units, {half:?}");
    }
}

#[track_caller]
fn assert_within(bound: f32, found: &Values, expected: &Values, what: &str) {
    let most = expected
        .iter()
        .fold(1e-3f32, |most, value| most.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= bound * most,
            "{what}: {found} is not {expected} (of at most {most})"
        );
    }
}
