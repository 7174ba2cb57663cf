//! Per-pixel multinomial logistic loss with void pixels left out.

use std::cell::OnceCell;

use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};

use super::learning::Reduction;
use crate::kernels::cross_entropy_sum;

/// Ground truth. What is no class is void.
pub(super) struct Targets<'a> {
    pub labels: &'a [u8],
    /// Batch size, height, width.
    size: [usize; 3],
    pub num_classes: usize,
    /// Number of labeled pixels.
    pub labeled: usize,
    on_device: OnceCell<DeviceTargets>,
}

/// Ground truth on the device, safe to gather with: void is label 0 with weight 0,
/// because a label outside the classes reads out of bounds (silently on GPUs).
#[derive(Clone)]
pub(super) struct DeviceTargets {
    /// `[batch_size, 1, height, width]`, `0..num_classes`
    pub labels: Tensor<4, Int>,
    /// `[batch_size, 1, height, width]`, 1 where labeled, 0 where void
    pub weights: Tensor<4>,
}

impl<'a> Targets<'a> {
    /// Labels of `[batch_size, height, width]` pixels.
    pub fn new(labels: &'a [u8], size: [usize; 3], num_classes: usize) -> Self {
        let labeled = labels
            .iter()
            .filter(|&&label| usize::from(label) < num_classes)
            .count();
        Self {
            labels,
            size,
            num_classes,
            labeled,
            on_device: OnceCell::new(),
        }
    }

    /// Uploads them, once.
    pub fn on_device(&self, device: &Device) -> DeviceTargets {
        let known = |label: u8| usize::from(label) < self.num_classes;
        let upload = || {
            let [batch_size, height, width] = self.size;
            let shape = [batch_size, 1, height, width];
            let labels = self
                .labels
                .iter()
                .map(|&label| if known(label) { i32::from(label) } else { 0 });
            let weights = self
                .labels
                .iter()
                .map(|&label| if known(label) { 1.0f32 } else { 0.0 });
            let (labels, weights): (Vec<i32>, Vec<f32>) = (labels.collect(), weights.collect());
            DeviceTargets {
                labels: Tensor::from_data(TensorData::new(labels, shape), device),
                weights: Tensor::from_data(TensorData::new(weights, shape), device),
            }
        };
        self.on_device.get_or_init(upload).clone()
    }
}

/// Sum over the labeled pixels of `-log softmax(logits)[label]`, in nats
/// (CVPR 2015, section 4: "per-pixel multinomial logistic loss"; void left out).
///
/// # Shapes
/// - logits: `[batch_size, num_classes, height, width]`
/// - output: `[1]`
pub(super) fn loss_sum(logits: Tensor<4>, targets: &Targets<'_>) -> Tensor<1> {
    cross_entropy_sum(&logits, targets.labels).unwrap_or_else(|| gathered_sum(logits, targets))
}

/// As [`loss_sum`], on any device.
fn gathered_sum(logits: Tensor<4>, targets: &Targets<'_>) -> Tensor<1> {
    let DeviceTargets { labels, weights } = targets.on_device(&logits.device());
    let picked = log_softmax(logits, 1).gather(1, labels);
    (picked * weights).sum().neg()
}

/// The mean loss of a batch, which is what people see, and the loss that is
/// differentiated: the same, or the sum.
///
/// # Shapes
/// - logits: `[batch_size, num_classes, height, width]`
/// - output: `[1]` each
pub(super) fn objective(
    logits: Tensor<4>,
    targets: &Targets<'_>,
    reduction: Reduction,
) -> (Tensor<1>, Tensor<1>) {
    let sum = loss_sum(logits, targets);
    // A batch of void alone has loss 0, not 0 / 0.
    let mean = sum.clone().div_scalar(targets.labeled.max(1) as f64);
    match reduction {
        Reduction::Mean => (mean.clone(), mean),
        Reduction::Sum => (mean, sum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(logits: [[[[f32; 2]; 1]; 2]; 1], labels: &[u8]) -> (f32, usize) {
        let device = Device::flex();
        let targets = Targets::new(labels, [1, 1, 2], 2);
        let loss = loss_sum(Tensor::from_data(logits, &device), &targets);
        (loss.into_scalar(), targets.labeled)
    }

    #[test]
    fn loss_equals_the_hand_computed_one() {
        // Pixel 0: logits 0, ln 3 -> p(1) = 3/4. Pixel 1: equal logits -> p = 1/2.
        let logits = [[[[0.0, 5.0]], [[3f32.ln(), 5.0]]]];
        let (loss, labeled) = sum(logits, &[1, 0]);
        assert!((loss - ((4.0f32 / 3.0).ln() + 2f32.ln())).abs() < 1e-6);
        assert_eq!(labeled, 2);
    }

    #[test]
    fn void_pixels_add_nothing() {
        let logits = [[[[0.0, 5.0]], [[3f32.ln(), -80.0]]]];
        let (loss, labeled) = sum(logits, &[1, 255]);
        assert!((loss - (4.0f32 / 3.0).ln()).abs() < 1e-6);
        assert_eq!(labeled, 1);
        assert_eq!(sum(logits, &[255, 255]).0, 0.0);
    }

    #[test]
    fn void_pixels_take_no_gradient() {
        let device = Device::flex().autodiff();
        let logits = Tensor::<4>::from_data([[[[0.0, 5.0]], [[1.0, 2.0]]]], &device).require_grad();
        let targets = Targets::new(&[0, 255], [1, 1, 2], 2);
        let gradients = loss_sum(logits.clone(), &targets).backward();
        let gradient = logits.grad(&gradients).expect("a gradient");
        let values = gradient.into_data().try_to_vec::<f32>().expect("floats");
        // softmax(0, 1)[1] = 0.7311: minus for the true class, plus for the other.
        assert!((values[0] + 0.731_058_6).abs() < 1e-5);
        assert!((values[2] - 0.731_058_6).abs() < 1e-5);
        assert_eq!((values[1], values[3]), (0.0, 0.0));
    }

    #[test]
    fn the_closed_form_is_what_burn_derives() {
        let device = Device::flex().autodiff();
        let (batch_size, classes, height, width) = (2, 5, 23, 31);
        let logits = || {
            let shape = [batch_size, classes, height, width];
            let values = (0..shape.iter().product())
                .map(|n: usize| ((n * 7919) % 1009) as f32 / 50.0 - 10.0);
            let values: Vec<f32> = values.collect();
            Tensor::<4>::from_data(TensorData::new(values, shape), &device).require_grad()
        };
        // Classes, labels that are none, and void.
        let labels: Vec<u8> = (0..batch_size * height * width)
            .map(|n| [0, 1, 2, 3, 4, 5, 255][n * 31 % 7])
            .collect();
        let targets = Targets::new(&labels, [batch_size, height, width], classes);
        let gradients = |sum: &dyn Fn(Tensor<4>) -> Tensor<1>| {
            let logits = logits();
            let loss = sum(logits.clone());
            let gradients = loss.clone().div_scalar(7.0).backward();
            let gradient = logits.grad(&gradients).expect("a gradient").into_data();
            (
                loss.into_scalar::<f32>(),
                gradient.try_to_vec::<f32>().expect("floats"),
            )
        };
        let (found, found_gradient) = gradients(&|logits| loss_sum(logits, &targets));
        let (expected, expected_gradient) = gradients(&|logits| gathered_sum(logits, &targets));
        assert!(
            (found - expected).abs() < 1e-5 * expected,
            "{found}, {expected}"
        );
        let alone: f32 = loss_sum(logits().inner(), &targets).into_scalar();
        assert_eq!(alone, found, "a validation has no graph");
        assert!(expected_gradient.iter().any(|value| value.abs() > 0.01));
        for (found, expected) in found_gradient.iter().zip(&expected_gradient) {
            assert!((found - expected).abs() < 1e-6, "{found}, {expected}");
        }
    }

    #[test]
    fn mean_and_sum_differ_by_the_labeled_pixels_and_both_show_the_mean() {
        let device = Device::flex();
        let logits = Tensor::<4>::from_data([[[[0.0, 5.0]], [[3f32.ln(), 5.0]]]], &device);
        let mean = f32::midpoint((4.0f32 / 3.0).ln(), 2f32.ln());
        let of = |labels: &[u8], reduction| {
            let targets = Targets::new(labels, [1, 1, 2], 2);
            let (shown, differentiated) = objective(logits.clone(), &targets, reduction);
            [
                shown.into_scalar::<f32>(),
                differentiated.into_scalar::<f32>(),
            ]
        };
        for (reduction, expected) in [(Reduction::Mean, mean), (Reduction::Sum, 2.0 * mean)] {
            let [shown, differentiated] = of(&[1, 0], reduction);
            assert!((shown - mean).abs() < 1e-6 && (differentiated - expected).abs() < 1e-6);
            assert_eq!(of(&[255, 255], reduction), [0.0, 0.0], "void alone");
        }
    }
}
