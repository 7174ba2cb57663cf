//! Steps of gradient descent, one weight after the other and several to a launch.

use burn::tensor::{Device, Tensor};
use fcn_workbench::kernels::{self, SgdStep, SgdSteps};

use super::{Both, Values, assert_near, values};

const STEP: SgdStep = SgdStep {
    gradient_scale: 0.25,
    weight_decay: 0.1,
    momentum: 0.9,
    learning_rate: 0.5,
};

impl Both {
    pub(super) fn check_sgd_steps(&self) {
        for shape in [[1, 1], [7, 3], [300, 500]] {
            let (start, first, second) =
                (self.random(shape), self.random(shape), self.random(shape));
            let after = |device: &Device| {
                let on = |tensor: &Tensor<2>| Tensor::<2>::from_data(tensor.to_data(), device);
                let start = on(&start);
                let (weight, velocity) = kernels::sgd_step(start.clone(), None, on(&first), STEP);
                let kept = velocity.clone();
                let (weight, velocity) =
                    kernels::sgd_step(weight, Some(velocity), on(&second), STEP);
                // What is used elsewhere stays as it is.
                [weight, velocity, kept, start].map(values)
            };
            for (found, expected) in after(&self.gpu).iter().zip(&after(&self.cpu)) {
                assert_near(found, expected, "a step");
            }
        }
    }

    /// More weights than a launch takes, each with factors of its own, around the edges of cubes.
    pub(super) fn check_sgd_groups(&self) {
        let lengths = [
            1, 255, 256, 257, 3, 10_000, 512, 2, 7, 513, 40, 300, 1, 768, 99, 4097, 5,
        ];
        let mut steps = SgdSteps::default();
        let mut expected: Vec<[Values; 2]> = Vec::new();
        let mut used_elsewhere = Vec::new();
        for (nth, length) in lengths.into_iter().enumerate() {
            let [weight, velocity, gradient] = [(); 3].map(|()| self.random([length]));
            let step = SgdStep {
                weight_decay: 0.01 * nth as f32,
                learning_rate: 0.1 + nth as f32,
                gradient_scale: 1.0 / (1 + nth) as f32,
                ..STEP
            };
            let on_gpu = |tensor: &Tensor<1>| Tensor::<1>::from_data(tensor.to_data(), &self.gpu);
            let [own, moving, slope] = [&weight, &velocity, &gradient].map(on_gpu);
            assert_eq!(steps.gather(&own, None, &slope, step), None, "no velocity");
            assert_eq!(steps.gather(&own, Some(&moving), &slope, step), Some(nth));
            if nth % 3 == 0 {
                used_elsewhere.push((own, values(weight.clone())));
            }
            let none = SgdSteps::default().gather(&weight, Some(&velocity), &gradient, step);
            assert_eq!(none, None, "the processor takes one at a time");
            let (weight, velocity) = kernels::sgd_step(weight, Some(velocity), gradient, step);
            expected.push([weight, velocity].map(values));
        }
        let mut stepped = steps.run();
        for (nth, [weight, velocity]) in expected.iter().enumerate() {
            let (found, moving) = stepped.take::<1>(nth).expect("a weight");
            assert_near(&values(found), weight, &format!("weight {nth} of a group"));
            assert_near(&values(moving), velocity, &format!("velocity {nth}"));
        }
        assert!(stepped.take::<1>(0).is_none() && stepped.take::<1>(lengths.len()).is_none());
        for (tensor, before) in used_elsewhere {
            assert_eq!(values(tensor), before, "what is used elsewhere stays");
        }
        assert!(SgdSteps::default().run().take::<1>(0).is_none());
    }
}
