//! The loss of a batch, as the [`Objective`] says: value for people, and what is differentiated.

use burn::tensor::{Device, Tensor, TensorData};

use super::learning::Reduction;
use super::loss::{Targets, objective};
use super::objective::{ClassWeights, Objective};
use crate::kernels::{self, log_softmax};

/// The loss of a run, with the weights of its classes.
#[derive(Debug, Clone)]
pub(super) struct Loss {
    shape: Objective,
    reduction: Reduction,
    /// By label; `None` = all are 1.
    weights: Option<Vec<f64>>,
}

impl Loss {
    pub fn new(shape: Objective, reduction: Reduction) -> Self {
        let weights = match &shape.class_weights {
            ClassWeights::Given(weights) => Some(weights.clone()),
            _ => None,
        };
        Self {
            shape,
            reduction,
            weights,
        }
    }

    /// Sets the weights that were computed from the data.
    pub fn set_weights(&mut self, weights: Option<Vec<f64>>) {
        self.weights = weights;
    }

    /// The mean cross entropy of a batch, which is what people see, and the loss that is
    /// differentiated.
    ///
    /// # Shapes
    /// - logits: `[batch_size, num_classes, height, width]`
    /// - output: `[1]` each
    pub fn of(&self, logits: Tensor<4>, targets: &Targets<'_>) -> (Tensor<1>, Tensor<1>) {
        let plain = self.shape.focal_gamma == 0.0 && self.shape.dice_share == 0.0;
        if plain && self.weights.is_none() {
            return objective(logits, targets, self.reduction);
        }
        let device = logits.device();
        let on_device = targets.on_device(&device);
        let log_shares = log_softmax(logits);
        let picked = log_shares.clone().gather(1, on_device.labels);
        let labeled = targets.labeled.max(1) as f64;
        let mean = kernels::sum(picked.clone() * on_device.weights.clone())
            .neg()
            .div_scalar(labeled);
        let entropy = self.entropy(picked, targets, &device);
        let dice_share = self.shape.dice_share;
        let loss = if dice_share > 0.0 {
            let dice = dice(log_shares.exp() * on_device.weights, targets, &device);
            entropy.mul_scalar(1.0 - dice_share) + dice.mul_scalar(dice_share)
        } else {
            entropy
        };
        (mean, loss)
    }

    /// The weighted and focal cross entropy; `picked` are the logarithms of the shares of the true
    /// classes, `[batch_size, 1, height, width]`.
    fn entropy(&self, picked: Tensor<4>, targets: &Targets<'_>, device: &Device) -> Tensor<1> {
        let weight = |label: &u8| {
            let label = usize::from(*label);
            let own = self.weights.as_ref().map_or(1.0, |weights| {
                weights.get(label).copied().unwrap_or_default()
            });
            if label < targets.num_classes {
                own
            } else {
                0.0
            }
        };
        let weights: Vec<f32> = targets
            .labels
            .iter()
            .map(|label| weight(label) as f32)
            .collect();
        let total: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
        let weights = Tensor::from_data(TensorData::new(weights, picked.dims()), device);
        let mut terms = picked.clone().neg() * weights;
        if self.shape.focal_gamma > 0.0 {
            // Never 0, of which some powers have no gradient.
            let wrong = picked.exp().neg().add_scalar(1.0).clamp_min(1e-6);
            terms = terms * wrong.powf_scalar(self.shape.focal_gamma);
        }
        let sum = kernels::sum(terms);
        match self.reduction {
            // A batch of void, or of classes without weight, has loss 0, not 0 / 0.
            Reduction::Mean if total > 0.0 => sum.div_scalar(total),
            Reduction::Mean | Reduction::Sum => sum,
        }
    }
}

/// The Dice loss of shares, `[batch_size, num_classes, height, width]`, 0 where void.
fn dice(shares: Tensor<4>, targets: &Targets<'_>, device: &Device) -> Tensor<1> {
    let [batch_size, classes, height, width] = shares.dims();
    let pixels = height * width;
    let mut truth = vec![0.0f32; batch_size * classes * pixels];
    let mut counts = vec![0.0f32; classes];
    for (place, label) in targets.labels.iter().enumerate() {
        let label = usize::from(*label);
        if label < classes {
            let (image, pixel) = (place / pixels, place % pixels);
            truth[(image * classes + label) * pixels + pixel] = 1.0;
            counts[label] += 1.0;
        }
    }
    let occurring = counts.iter().filter(|count| **count > 0.0).count();
    if occurring == 0 {
        return kernels::sum(shares).mul_scalar(0.0);
    }
    let shape = [batch_size, classes, height, width];
    let truth = Tensor::<4>::from_data(TensorData::new(truth, shape), device);
    let wanted: Vec<f32> = counts
        .iter()
        .map(|count| {
            if *count > 0.0 {
                1.0 / occurring as f32
            } else {
                0.0
            }
        })
        .collect();
    let vector =
        |values: Vec<f32>| Tensor::<1>::from_data(TensorData::new(values, [classes]), device);
    let both = kernels::channel_sums(shares.clone() * truth);
    let each = kernels::channel_sums(shares) + vector(counts);
    let ratio = both.mul_scalar(2.0).add_scalar(1.0) / each.add_scalar(1.0);
    let terms = (ratio * vector(wanted)).reshape([1, classes, 1, 1]);
    kernels::sum(terms).neg().add_scalar(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_void_alone_has_loss_0_and_no_gradient() {
        let device = Device::flex().autodiff();
        let shape = Objective {
            class_weights: ClassWeights::Given(vec![1.0, 2.0]),
            focal_gamma: 2.0,
            dice_share: 0.5,
        };
        let logits = Tensor::<4>::from_data([[[[0.0, 5.0]], [[1.0, 2.0]]]], &device).require_grad();
        let targets = Targets::new(&[255, 255], [1, 1, 2], 2);
        let (mean, loss) = Loss::new(shape, Reduction::Mean).of(logits.clone(), &targets);
        let gradient = logits.grad(&loss.backward()).expect("a gradient");
        assert_eq!(mean.into_scalar::<f32>(), 0.0);
        assert_eq!(gradient.abs().sum().into_scalar::<f32>(), 0.0);
    }

    #[test]
    fn a_pixel_that_is_right_for_certain_has_a_finite_gradient() {
        let device = Device::flex().autodiff();
        let shape = Objective {
            focal_gamma: 0.5,
            ..Objective::default()
        };
        let logits = Tensor::<4>::from_data([[[[90.0]], [[-90.0]]]], &device).require_grad();
        let targets = Targets::new(&[0], [1, 1, 1], 2);
        let (_, loss) = Loss::new(shape, Reduction::Mean).of(logits.clone(), &targets);
        let gradient = logits.grad(&loss.backward()).expect("a gradient");
        assert!(gradient.abs().sum().into_scalar::<f32>().is_finite());
    }
}
