//! What is done to maps between convolutions.

use burn::module::{Param, RunningState};
use burn::nn::{BatchNormConfig, DropoutConfig};
use burn::tensor::{Device, Int, IntDType, Tensor, TensorData};
use fcn_workbench::kernels::{self, ResizedPart};

use super::{Both, assert_near, of, values};

impl Both {
    /// With and without a ReLU; running statistics move as on the processor.
    pub(super) fn check_batch_norm(&self) {
        for (batch, channels, size, relu) in [
            (1, 1, [1, 2], false),
            (2, 5, [7, 9], true),
            (3, 300, [3, 5], false),
            // More than one part of a channel, of which the last is not full.
            (2, 3, [130, 140], true),
        ] {
            // Away from 0, where a one-pass variance loses its digits.
            let images = self
                .random([batch, channels, size[0], size[1]])
                .add_scalar(30.0);
            let gamma = self.random([channels]).add_scalar(1.5);
            let beta = self.random([channels]);
            let running = [(); 2].map(|()| self.random([channels]).add_scalar(2.0));
            let direction = self.random(images.dims());
            // Of what is nearly 0 the two may round to either side of the ReLU.
            let linear = normalized(&images, &gamma, &beta);
            let direction = direction * linear.abs().greater_elem(1e-3).float();
            self.compare(
                &format!("batch norm {batch} {channels} {size:?}"),
                |device| {
                    let on = |tensor: &Tensor<1>| Tensor::<1>::from_data(tensor.to_data(), device);
                    let images = Tensor::<4>::from_data(images.to_data(), device).require_grad();
                    let mut layer = BatchNormConfig::new(channels)
                        .with_epsilon(1e-5)
                        .init(device);
                    layer.gamma = Param::from_tensor(on(&gamma));
                    layer.beta = Param::from_tensor(on(&beta));
                    layer.running_mean = RunningState::new(on(&running[0]));
                    layer.running_var = RunningState::new(on(&running[1]));
                    let outputs = kernels::batch_norm(&layer, images.clone(), relu);
                    let direction = Tensor::from_data(direction.to_data(), device);
                    let gradients = (outputs.clone() * direction).sum().backward();
                    let of_vector = |vector: &Param<Tensor<1>>| {
                        values(vector.val().grad(&gradients).expect("a gradient"))
                    };
                    vec![
                        ("output", values(outputs.inner())),
                        ("input's gradient", of(&images, &gradients)),
                        ("gamma's gradient", of_vector(&layer.gamma)),
                        ("beta's gradient", of_vector(&layer.beta)),
                        ("running mean", values(layer.running_mean.value_sync())),
                        ("running variance", values(layer.running_var.value_sync())),
                    ]
                },
            );
        }
    }

    pub(super) fn check_sums(&self) {
        let [one, other] = [(); 2].map(|()| self.random([2, 3, 40, 37]));
        let direction = self.random(one.dims());
        self.compare("a sum with a ReLU", |device| {
            let on = |tensor: &Tensor<4>| Tensor::<4>::from_data(tensor.to_data(), device);
            let [one, other] = [&one, &other].map(|tensor| on(tensor).require_grad());
            let sum = kernels::add_relu(one.clone(), other.clone());
            let gradients = (sum.clone() * on(&direction)).sum().backward();
            vec![
                ("output", values(sum.inner())),
                ("gradient of one", of(&one, &gradients)),
                ("gradient of the other", of(&other, &gradients)),
            ]
        });
        for length in [1, 255, 100_000] {
            let numbers = self.random([length]).add_scalar(0.25);
            let on = |device: &Device| {
                let numbers = Tensor::<1>::from_data(numbers.to_data(), device);
                let squares = kernels::squares_on_device(numbers.clone());
                [values(kernels::sum_on_device(numbers)), values(squares)].concat()
            };
            assert_near(&on(&self.gpu), &on(&self.cpu), "a sum of numbers");
        }
    }

    pub(super) fn check_resizing(&self) {
        for (from, to) in [
            ([5, 7], [13, 9]),
            ([1, 3], [4, 3]),
            ([8, 6], [3, 2]),
            ([4, 4], [32, 32]),
            ([9, 1], [7, 5]),
            ([60, 60], [7, 480]),
        ] {
            let map = self.random([2, 3, from[0], from[1]]);
            let direction = self.random([2, 3, to[0], to[1]]);
            self.compare(&format!("resizing {from:?} to {to:?}"), |device| {
                let map = Tensor::<4>::from_data(map.to_data(), device).require_grad();
                let resized = kernels::resize(map.clone(), to);
                let direction = Tensor::from_data(direction.to_data(), device);
                let gradients = (resized.clone() * direction).sum().backward();
                let alone = kernels::resize(map.clone().inner(), to);
                vec![
                    ("output", values(resized.inner())),
                    ("output without a graph", values(alone)),
                    ("gradient", of(&map, &gradients)),
                ]
            });
        }
    }

    /// Parts of maps, as large images are predicted; the given part of a map, and the wanted part of the
    /// result.
    pub(super) fn check_resized_parts(&self) {
        for (map, whole, map_first, given, first, size) in [
            ([13, 9], [100, 67], [0, 0], [13, 9], [0, 0], [100, 67]),
            ([13, 9], [100, 67], [3, 2], [10, 7], [32, 20], [40, 30]),
            ([13, 9], [100, 67], [8, 0], [5, 9], [70, 0], [30, 12]),
            // Far from the first cell, where 32 bits alone have no digits left.
            (
                [4000, 2],
                [31_999, 16],
                [3970, 0],
                [30, 2],
                [31_799, 3],
                [200, 9],
            ),
            // Smaller than the map.
            ([50, 40], [20, 7], [10, 0], [30, 40], [5, 1], [9, 6]),
        ] {
            let part = ResizedPart {
                map,
                map_first,
                whole,
                first,
                size,
            };
            let values_of = self.random([2, 3, given[0], given[1]]);
            let direction = self.random([2, 3, size[0], size[1]]);
            self.compare(&format!("{part:?}"), |device| {
                let map = Tensor::<4>::from_data(values_of.to_data(), device).require_grad();
                let resized = kernels::resize_part(map.clone(), &part);
                let direction = Tensor::from_data(direction.to_data(), device);
                let gradients = (resized.clone() * direction).sum().backward();
                vec![
                    ("output", values(resized.inner())),
                    ("gradient", of(&map, &gradients)),
                ]
            });
        }
        // Of more than was given: nobody uses what comes out there, but nothing else is read for it.
        let part = ResizedPart {
            map: [40, 40],
            map_first: [16, 8],
            whole: [320, 320],
            first: [0, 0],
            size: [320, 300],
        };
        let device = self.gpu.clone().autodiff();
        let map = Tensor::<4>::ones([1, 2, 7, 9], &device).require_grad();
        let resized = kernels::resize_part(map.clone(), &part);
        let gradients = resized.clone().sum().backward();
        assert!(values(resized.inner()).iter().all(|value| *value == 1.0));
        assert!(of(&map, &gradients).iter().all(|value| value.is_finite()));
    }

    /// Of equal logits the first counts; labels that are no class are left out.
    pub(super) fn check_labels(&self) {
        for (batch, classes, size) in [(1, 1, [1, 1]), (2, 21, [37, 29]), (1, 150, [5, 70])] {
            let logits = self.random([batch, classes, size[0], size[1]]);
            let logits = logits.mul_scalar(5.0).round();
            let labels = kernels::most_likely(Tensor::from_data(logits.to_data(), &self.gpu));
            assert_eq!(labels.dims(), [batch, 1, size[0], size[1]]);
            let predicted: Vec<i32> = labels.into_data().iter::<i32>().collect();
            let area = size[0] * size[1];
            let logits = values(logits);
            for (pixel, predicted) in predicted.iter().enumerate() {
                let of =
                    |class: usize| logits[(pixel / area * classes + class) * area + pixel % area];
                let first = (0..classes).fold(
                    0,
                    |best, class| {
                        if of(class) > of(best) { class } else { best }
                    },
                );
                assert_eq!(*predicted as usize, first);
            }
            let truth: Vec<i32> = (0..predicted.len() as i32)
                .map(|n| {
                    if n % 11 == 0 {
                        255
                    } else {
                        n * 7 % classes as i32
                    }
                })
                .collect();
            let mut expected = vec![0; classes * classes];
            for (truth, predicted) in truth.iter().zip(&predicted) {
                if (*truth as usize) < classes {
                    expected[*truth as usize * classes + *predicted as usize] += 1;
                }
            }
            let on = |labels: &[i32]| {
                let data = TensorData::new(labels.to_vec(), [labels.len()]);
                Tensor::<1, Int>::from_data(data, &self.gpu).cast(IntDType::I32)
            };
            let counts = kernels::confusion(&on(&truth), &on(&predicted), classes);
            let counts = counts.expect("a kernel of GPUs").into_data();
            assert_eq!(counts.iter::<i32>().collect::<Vec<_>>(), expected);
        }
    }

    /// What is dropped is up to the device: its share, its repetition, and its gradient are not.
    pub(super) fn check_dropout(&self) {
        let device = self.gpu.clone().autodiff();
        let layer = DropoutConfig::new(0.3).init();
        let ones = Tensor::<4>::ones([2, 10, 50, 40], &device).require_grad();
        let drop = |seed: u64| {
            device.seed(seed);
            let dropped = kernels::dropout(&layer, ones.clone());
            let gradients = dropped.clone().sum().backward();
            let output = values(dropped.inner());
            assert_eq!(output, of(&ones, &gradients), "the same mask");
            output
        };
        let first = drop(1);
        let kept = first.iter().filter(|value| **value != 0.0).count();
        // Of 40000 values 28000, and six times the deviation of a binomial distribution.
        assert!((kept as f64 - 28_000.0).abs() < 6.0 * 91.7, "{kept}");
        assert!(
            first
                .iter()
                .all(|value| *value == 0.0 || (value - 1.0 / 0.7).abs() < 1e-6)
        );
        assert_eq!(first, drop(1));
        assert_ne!(first, drop(2));
        // Two draws in one step differ, and a prediction drops nothing.
        device.seed(1);
        let draw = || values(kernels::dropout(&layer, ones.clone()).inner());
        let (one, other) = (draw(), draw());
        assert!(one == first && one != other);
        let equal = one.iter().zip(&other).filter(|(one, other)| one == other);
        // Independent masks agree at 0.3^2 + 0.7^2 = 0.58 of the places.
        assert!((equal.count() as f64 - 23_200.0).abs() < 6.0 * 98.7);
        // What a step draws together is as different, and repeats as it; more dropouts draw again.
        let together = |seed: u64| {
            device.seed(seed);
            let _draws = kernels::SharedDraws::enter();
            [(); 10].map(|()| draw())
        };
        let step = together(3);
        for (nth, mask) in step.iter().enumerate() {
            assert!(step[..nth].iter().all(|earlier| earlier != mask), "{nth}");
        }
        assert_eq!(step, together(3));
        assert_ne!(step[1], together(4)[1]);
        let alone = kernels::dropout(&layer, ones.clone().inner());
        assert!(values(alone).iter().all(|value| *value == 1.0));
    }
}

/// What batch normalization makes of images, written out.
fn normalized(images: &Tensor<4>, gamma: &Tensor<1>, beta: &Tensor<1>) -> Tensor<4> {
    let [_, channels, _, _] = images.dims();
    let axes = [0, 2, 3];
    let mean = images.clone().mean_dims(&axes);
    let centered = images.clone() - mean;
    let variance = (centered.clone() * centered.clone()).mean_dims(&axes);
    let shape = [1, channels, 1, 1];
    let (gamma, beta) = (gamma.clone().reshape(shape), beta.clone().reshape(shape));
    centered / variance.add_scalar(1e-5).sqrt() * gamma + beta
}
