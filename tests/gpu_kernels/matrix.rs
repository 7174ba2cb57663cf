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

impl Both {
    pub(super) fn check_matrix_units(&self) {
        // The software driver compiles a program for each pass and kind for many seconds.
        let mut rng = Pcg64Mcg::seed_from_u64(23);
        for half in [None, Some(Half::Bf16)] {
            self.check_case(CONVOLUTIONS[7], half);
        }
        self.check_case(random_case(&mut rng), Some(Half::F16));
    }

    fn check_case(&self, case: Case, half: Option<Half>) {
        let [input, output] = case.channels;
        let [height, width] = case.padding;
        let layer: Conv2d = Conv2dConfig::new(case.channels, case.kernel)
            .with_stride(case.stride)
            .with_dilation(case.dilation)
            .with_padding(PaddingConfig2d::Explicit(height, width, height, width))
            .with_bias(false)
            .init(&self.cpu);
        let images = self.random([case.batch, input, case.size[0], case.size[1]]);
        let weight = self.random([output, input, case.kernel[0], case.kernel[1]]);
        let of_processor = Conv2d {
            weight: Param::from_tensor(weight.clone()),
            ..layer.clone()
        };
        let outputs = kernels::conv2d(&of_processor, images.clone(), false);
        let direction = self.random(outputs.dims());
        let compute = |device: &Device, [images, weight, direction]: [&Tensor<4>; 3]| {
            let on = |tensor: &Tensor<4>| Tensor::<4>::from_data(tensor.to_data(), device);
            let images = on(images).require_grad();
            let layer = Conv2d {
                weight: Param::from_tensor(on(weight)),
                ..layer.clone()
            };
            let outputs = kernels::conv2d(&layer, images.clone(), false);
            let gradients = (outputs.clone() * on(direction)).sum().backward();
            [
                values(outputs.inner()),
                of(&images, &gradients),
                of(&layer.weight.val(), &gradients),
            ]
        };
        let [cpu, gpu] = self.devices();
        let round = |tensor: &Tensor<4>| match half {
            Some(half) => rounded(half, tensor),
            None => tensor.clone(),
        };
        let exact = compute(&cpu, [&images, &weight, &direction]);
        let expected = compute(&cpu, [&round(&images), &round(&weight), &round(&direction)]);
        let entered = Arithmetic {
            half,
            units: Some(MatrixUnits::Emulated),
        }
        .enter();
        let found = compute(&gpu, [&images, &weight, &direction]);
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
