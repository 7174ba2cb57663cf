use super::*;
use burn::module::Param;
use burn::nn::BatchNormConfig;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Distribution};

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("floats")
}

fn layer(channels: usize, device: &Device) -> BatchNorm {
    let random = || {
        Param::from_tensor(Tensor::random(
            [channels],
            Distribution::Uniform(-1.0, 1.0),
            device,
        ))
    };
    BatchNorm {
        gamma: random(),
        beta: random(),
        ..BatchNormConfig::new(channels).init(device)
    }
}

/// Output, gradients of the input, gamma and beta, running mean and variance.
fn step(
    layer: &BatchNorm,
    [input, seed]: [&Tensor<4>; 2],
    forward: impl Fn(&BatchNorm, Tensor<4>) -> Tensor<4>,
) -> [Vec<f32>; 6] {
    let input = input.clone().require_grad();
    let output = forward(layer, input.clone());
    let gradients = (output.clone() * seed.clone()).sum().backward();
    let of = |param: &Param<Tensor<1>>| values(param.val().grad(&gradients).expect("a gradient"));
    [
        values(output),
        values(input.grad(&gradients).expect("a gradient")),
        of(&layer.gamma),
        of(&layer.beta),
        values(layer.running_mean.value_sync()),
        values(layer.running_var.value_sync()),
    ]
}

#[test]
fn a_step_is_that_of_burn_with_the_variance_of_pytorch() {
    let device = Device::flex().autodiff();
    for shape in [[1, 1, 1, 7], [2, 3, 5, 9], [4, 8, 33, 70]] {
        for with_relu in [false, true] {
            let random =
                |mean| Tensor::<4>::random(shape, Distribution::Normal(mean, 2.0), &device);
            let (input, seed) = (random(3.0), random(0.0));
            let layer = layer(shape[1], &device);
            let ours = step(&fresh(&layer, &device), [&input, &seed], |layer, input| {
                batch_norm(layer, &input, with_relu).expect("ours")
            });
            let theirs = step(&fresh(&layer, &device), [&input, &seed], |layer, input| {
                let output = burn_batch_norm(layer, input);
                if with_relu { relu(output) } else { output }
            });
            for (nth, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                let largest = theirs
                    .iter()
                    .fold(1e-2f32, |most, value| most.max(value.abs()));
                assert_eq!(ours.len(), theirs.len());
                for (ours, theirs) in ours.iter().zip(theirs) {
                    let close = (ours - theirs).abs() <= 2e-4 * largest;
                    assert!(
                        close,
                        "{nth} of {shape:?}, {with_relu}: {ours} and not {theirs}"
                    );
                }
            }
        }
    }
}

/// The same weights with running values of their own.
fn fresh(layer: &BatchNorm, device: &Device) -> BatchNorm {
    let (gamma, beta) = (layer.gamma.clone(), layer.beta.clone());
    BatchNorm {
        gamma,
        beta,
        ..BatchNormConfig::new(layer.gamma.dims()[0]).init(device)
    }
}

#[test]
fn the_running_variance_is_unbiased_as_in_pytorch() {
    let device = Device::flex().autodiff();
    // Mean 5, variance of the population (9 + 1 + 1 + 9) / 4 = 5, unbiased 20 / 3. The layer keeps
    // 0.9 of its first values, 0 and 1.
    let input = Tensor::<4>::from_data([[[[2.0, 4.0], [6.0, 8.0]]]], &device);
    let of = |forward: &dyn Fn(&BatchNorm)| {
        let layer = BatchNormConfig::new(1).init(&device);
        forward(&layer);
        let [mean, variance] = [&layer.running_mean, &layer.running_var]
            .map(|running| values(running.value_sync())[0]);
        (mean, variance)
    };
    let ours = of(&|layer| {
        batch_norm(layer, &input, false).expect("ours");
    });
    let burns = of(&|layer| {
        burn_batch_norm(layer, input.clone());
    });
    for (mean, variance) in [ours, burns] {
        assert!((mean - 0.5).abs() < 1e-6, "{mean}");
        assert!(
            (variance - (0.9 + 0.1 * 20.0 / 3.0)).abs() < 1e-6,
            "{variance}"
        );
    }
    // A single value has no variance; the running one must not become infinite or NaN.
    let single = Tensor::<4>::from_data([[[[3.0]]]], &device);
    let layer = BatchNormConfig::new(1).init(&device);
    batch_norm(&layer, &single, false).expect("ours");
    assert!((values(layer.running_var.value_sync())[0] - 0.9).abs() < 1e-6);
}

#[test]
fn predictions_and_other_devices_are_left_to_burn() {
    let device = Device::flex();
    let layer = layer(2, &device);
    assert!(batch_norm(&layer, &Tensor::zeros([1, 2, 3, 3], &device), true).is_none());
}
