//! Per-pixel multinomial logistic loss with void pixels left out.

use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};

use super::config::Reduction;

/// Ground truth on the device, safe to gather with: void is label 0 with weight 0,
/// because a label outside the classes reads out of bounds (silently on GPUs).
pub(super) struct Targets {
    /// `[batch_size, 1, height, width]`, `0..num_classes`
    labels: Tensor<4, Int>,
    /// `[batch_size, 1, height, width]`, 1 where labelled, 0 where void
    weights: Tensor<4>,
    /// Number of labelled pixels.
    pub labelled: usize,
}

impl Targets {
    /// Labels of `[batch_size, height, width]` pixels; what is no class counts as void.
    pub fn new(
        labels: &[u8],
        [batch_size, height, width]: [usize; 3],
        num_classes: usize,
        device: &Device,
    ) -> Self {
        let known = |label: u8| usize::from(label) < num_classes;
        let shape = [batch_size, 1, height, width];
        let indices: Vec<i32> =
            labels.iter().map(|&label| if known(label) { i32::from(label) } else { 0 }).collect();
        let weights: Vec<f32> = labels.iter().map(|&label| if known(label) { 1.0 } else { 0.0 }).collect();
        Self {
            labels: Tensor::from_data(TensorData::new(indices, shape), device),
            weights: Tensor::from_data(TensorData::new(weights, shape), device),
            labelled: labels.iter().filter(|&&label| known(label)).count(),
        }
    }
}

/// Sum over the labelled pixels of `-log softmax(logits)[label]`, in nats
/// (CVPR 2015, section 4: "per-pixel multinomial logistic loss"; void left out).
///
/// # Shapes
/// - logits: `[batch_size, num_classes, height, width]`
/// - output: `[1]`
pub(super) fn loss_sum(logits: Tensor<4>, targets: &Targets) -> Tensor<1> {
    let log_probabilities = log_softmax(logits, 1);
    let picked = log_probabilities.gather(1, targets.labels.clone());
    (picked * targets.weights.clone()).sum().neg()
}

/// The mean loss of a batch, which is what people see, and the loss that is
/// differentiated: the same, or the sum.
///
/// # Shapes
/// - logits: `[batch_size, num_classes, height, width]`
/// - output: `[1]` each
pub(super) fn objective(
    logits: Tensor<4>,
    targets: &Targets,
    reduction: Reduction,
) -> (Tensor<1>, Tensor<1>) {
    let sum = loss_sum(logits, targets);
    // A batch of void alone has loss 0, not 0 / 0.
    let mean = sum.clone().div_scalar(targets.labelled.max(1) as f64);
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
        let targets = Targets::new(labels, [1, 1, 2], 2, &device);
        let loss = loss_sum(Tensor::from_data(logits, &device), &targets);
        (loss.into_scalar(), targets.labelled)
    }

    #[test]
    fn loss_equals_the_hand_computed_one() {
        // Pixel 0: logits 0, ln 3 -> p(1) = 3/4. Pixel 1: equal logits -> p = 1/2.
        let logits = [[[[0.0, 5.0]], [[3f32.ln(), 5.0]]]];
        let (loss, labelled) = sum(logits, &[1, 0]);
        assert!((loss - ((4.0f32 / 3.0).ln() + 2f32.ln())).abs() < 1e-6);
        assert_eq!(labelled, 2);
    }

    #[test]
    fn void_pixels_add_nothing() {
        let logits = [[[[0.0, 5.0]], [[3f32.ln(), -80.0]]]];
        let (loss, labelled) = sum(logits, &[1, 255]);
        assert!((loss - (4.0f32 / 3.0).ln()).abs() < 1e-6);
        assert_eq!(labelled, 1);
        assert_eq!(sum(logits, &[255, 255]).0, 0.0);
    }

    #[test]
    fn void_pixels_take_no_gradient() {
        let device = Device::flex().autodiff();
        let logits = Tensor::<4>::from_data([[[[0.0, 5.0]], [[1.0, 2.0]]]], &device).require_grad();
        let targets = Targets::new(&[0, 255], [1, 1, 2], 2, &device);
        let gradients = loss_sum(logits.clone(), &targets).backward();
        let gradient = logits.grad(&gradients).expect("a gradient");
        let values = gradient.into_data().try_to_vec::<f32>().expect("floats");
        // softmax(0, 1)[1] = 0.7311: minus for the true class, plus for the other.
        assert!((values[0] + 0.731_058_6).abs() < 1e-5);
        assert!((values[2] - 0.731_058_6).abs() < 1e-5);
        assert_eq!((values[1], values[3]), (0.0, 0.0));
    }

    #[test]
    fn mean_and_sum_differ_by_the_labelled_pixels_and_both_show_the_mean() {
        let device = Device::flex();
        let logits = Tensor::<4>::from_data([[[[0.0, 5.0]], [[3f32.ln(), 5.0]]]], &device);
        let mean = f32::midpoint((4.0f32 / 3.0).ln(), 2f32.ln());
        let of = |labels: &[u8], reduction| {
            let targets = Targets::new(labels, [1, 1, 2], 2, &device);
            let (shown, differentiated) = objective(logits.clone(), &targets, reduction);
            [shown.into_scalar::<f32>(), differentiated.into_scalar::<f32>()]
        };
        for (reduction, expected) in [(Reduction::Mean, mean), (Reduction::Sum, 2.0 * mean)] {
            let [shown, differentiated] = of(&[1, 0], reduction);
            assert!((shown - mean).abs() < 1e-6 && (differentiated - expected).abs() < 1e-6);
            assert_eq!(of(&[255, 255], reduction), [0.0, 0.0], "void alone");
        }
    }
}
