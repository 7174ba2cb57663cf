//! Gradients of a step: added up over batches, averaged, clipped.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;

use super::error::TrainError;
use crate::kernels::{squares_on_device, sum_of_squares, sum_on_device};
use crate::model::{Network, StageEnds};

/// Gradients of one or more batches that wait for a step.
pub(super) struct Accumulated<M> {
    sum: GradientsAccumulator<M>,
    batches: usize,
}

impl<M: Module> Accumulated<M> {
    pub fn new() -> Self {
        Self {
            sum: GradientsAccumulator::new(),
            batches: 0,
        }
    }

    /// Differentiates the loss of a batch and adds the gradients of `model`.
    ///
    /// # Shapes
    /// - loss: `[1]`
    pub fn add(&mut self, model: &M, loss: Tensor<1>) {
        let gradients = GradientsParams::from_grads(loss.backward(), model);
        self.sum.accumulate(model, gradients);
        self.batches += 1;
    }

    /// The sum of all gradients, and the factor that makes it a mean over the batches. Nothing
    /// is kept.
    ///
    /// Caffe divides by `iter_size` whether its loss is normalized or not
    /// (`SGDSolver::Normalize` in `sgd_solver.cpp`), and so does this.
    pub fn take(&mut self) -> (GradientsParams, f64) {
        let batches = std::mem::take(&mut self.batches);
        (self.sum.grads(), 1.0 / batches.max(1) as f64)
    }
}

impl Accumulated<Network> {
    /// As [`add`](Self::add), for a loss behind [`Network::forward_in_stages`].
    ///
    /// # Shapes
    /// - loss: `[1]`
    pub fn add_in_stages(&mut self, model: &Network, loss: Tensor<1>, ends: StageEnds) {
        model.backward_through_stages(ends, loss.backward(), &mut |gradients| {
            self.sum
                .accumulate(model, GradientsParams::from_grads(gradients, model));
        });
        self.batches += 1;
    }
}

/// L2 norm of all gradients of `model` together, as if they were one vector.
pub(super) fn norm<M: Module>(model: &M, gradients: &GradientsParams) -> Result<f64, TrainError> {
    let mut squares = ReadSquares {
        gradients,
        own: 0.0,
        rest: None,
    };
    model.visit(&mut squares);
    let rest = squares.rest.map_or(Ok(0.0), read)?;
    Ok((squares.own + rest).sqrt())
}

/// Sum of the squares of all gradients, on their device; `None` where there are none.
///
/// # Shapes
/// - output: `[1]`
fn squares<M: Module>(model: &M, gradients: &GradientsParams) -> Option<Tensor<1>> {
    let mut squares = Squares {
        gradients,
        sum: None,
    };
    model.visit(&mut squares);
    squares.sum
}

/// Scales gradients down so that the norm of `scale` times them is at most `most`, and reads
/// nothing from the device; returns that norm. As [`clip_factor`].
///
/// # Shapes
/// - output: `[1]`
pub(super) fn clip_on_device<M: Module>(
    model: &M,
    gradients: &mut GradientsParams,
    scale: f64,
    most: f64,
) -> Option<Tensor<1>> {
    let norm = squares(model, gradients)?.sqrt().mul_scalar(scale);
    let factor = norm
        .clone()
        .add_scalar(1e-6)
        .recip()
        .mul_scalar(most)
        .clamp_max(1.0);
    model.visit(&mut Scale { gradients, factor });
    Some(norm)
}

/// Sum of all weights, running statistics included: not finite where one of them is not.
pub(super) fn total<M: Module>(model: &M) -> Result<f64, TrainError> {
    let mut total = Total { sum: None };
    model.visit(&mut total);
    total.sum.map_or(Ok(0.0), read)
}

/// Reads a number from the device.
///
/// # Shapes
/// - number: `[1]`
pub(super) fn read(number: Tensor<1>) -> Result<f64, TrainError> {
    let number = number
        .try_into_scalar::<f32>()
        .map_err(|err| TrainError::Execution(err.to_string()))?;
    Ok(f64::from(number))
}

fn add(sum: &mut Option<Tensor<1>>, own: Tensor<1>) {
    *sum = Some(match sum.take() {
        Some(sum) => sum + own,
        None => own,
    });
}

struct Total {
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Total {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val();
        // A graph would only be in the way: what sums on a GPU has none.
        let values = if values.is_autodiff() {
            values.inner()
        } else {
            values
        };
        add(&mut self.sum, sum_on_device(values));
    }
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    /// `[1]`
    factor: Tensor<1>,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let factor = self.factor.clone().reshape([1; D]);
            self.gradients.register(param.id, gradient * factor);
        }
    }
}

/// What gradients of this norm are multiplied by so that it is at most `most`
/// (`torch.nn.utils.clip_grad_norm_`, which keeps the division sound by the same 1e-6).
///
/// PyTorch and this clip the mean over accumulated batches; Caffe clips their sum.
pub(super) fn clip_factor(norm: f64, most: f64) -> f64 {
    (most / (norm + 1e-6)).min(1.0)
}

/// Squares that are read.
struct ReadSquares<'a> {
    gradients: &'a GradientsParams,
    /// The sum of those that the kernels add up.
    own: f64,
    /// `[1]`: that of the others.
    rest: Option<Tensor<1>>,
}

impl ModuleVisitor for ReadSquares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else {
            return;
        };
        match sum_of_squares(&gradient) {
            Some(sum) => self.own += sum,
            None => add(&mut self.rest, squares_on_device(gradient)),
        }
    }
}

struct Squares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else {
            return;
        };
        add(&mut self.sum, squares_on_device(gradient));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::learning::{Learning, Reduction};
    use crate::training::loss::{Targets, objective};
    use crate::training::sgd::Sgd;
    use burn::nn::conv::{Conv2d, Conv2dConfig};
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::{Device, TensorData};

    fn line(device: &Device) -> Linear {
        let mut model: Linear = LinearConfig::new(1, 1).init(device);
        model.weight = Param::from_tensor(Tensor::from_data([[1.0]], device));
        model.bias = Some(Param::from_tensor(Tensor::from_data([0.0], device)));
        model
    }

    #[test]
    fn gradients_are_added_up_and_their_mean_is_taken() {
        let device = Device::flex().autodiff();
        let model = line(&device);
        let mut gradients = Accumulated::new();
        // d(wx + b)/dw = x, d/db = 1.
        for x in [2.0, 6.0] {
            let output = model.forward(Tensor::<2>::from_data([[x]], &device));
            gradients.add(&model, output.sum());
        }
        let (sum, scale) = gradients.take();
        assert_eq!(scale, 0.5);
        let weight: f32 = sum
            .get::<2>(model.weight.id)
            .expect("a gradient")
            .into_scalar();
        assert_eq!(weight, 8.0);
        // The norm of (8, 2).
        assert!((norm(&model, &sum).expect("a norm") - 68f64.sqrt()).abs() < 1e-6);
        let (nothing, scale) = gradients.take();
        assert_eq!((nothing.len(), scale), (0, 1.0));
        assert_eq!(norm(&model, &nothing).expect("a norm"), 0.0);
    }

    #[test]
    fn only_larger_norms_are_clipped() {
        assert_eq!(clip_factor(0.0, 1.0), 1.0);
        assert_eq!(clip_factor(0.5, 1.0), 1.0);
        assert!((clip_factor(8.0, 2.0) - 0.25).abs() < 1e-6);
    }

    #[test]
    fn clipping_on_the_device_equals_clipping_with_what_was_read() {
        let device = Device::flex().autodiff();
        let model = line(&device);
        let of = |most: f64| {
            let output = model.forward(Tensor::<2>::from_data([[6.0]], &device));
            let mut gradients = GradientsParams::from_grads(output.sum().backward(), &model);
            // Half of the gradients (6, 1).
            let norm = clip_on_device(&model, &mut gradients, 0.5, most).expect("gradients");
            let weight: f32 = gradients
                .get::<2>(model.weight.id)
                .expect("a gradient")
                .into_scalar();
            (norm.into_scalar::<f32>(), weight)
        };
        let norm = 0.5 * 37f64.sqrt();
        for most in [0.25, 100.0] {
            let (found, weight) = of(most);
            assert!((f64::from(found) - norm).abs() < 1e-5);
            assert!(
                (f64::from(weight) - 6.0 * clip_factor(norm, most)).abs() < 1e-5,
                "{weight}"
            );
        }
    }

    /// Two images of two pixels and two channels, all labeled.
    const IMAGES: [[[[f32; 2]; 1]; 2]; 2] =
        [[[[1.0, -2.0]], [[0.5, 3.0]]], [[[0.0, 1.5]], [[-1.0, 2.0]]]];
    const LABELS: [u8; 4] = [0, 1, 2, 1];

    /// Weights after one step on both images, `batch_size` of them at a time.
    fn weights_after_a_step(
        batch_size: usize,
        reduction: Reduction,
        learning_rate: f64,
    ) -> Vec<f32> {
        let device = Device::flex().autodiff();
        let mut model: Conv2d = Conv2dConfig::new([2, 3], [1, 1])
            .with_bias(false)
            .init(&device);
        let weights: Vec<f32> = (0..6).map(|n| n as f32 * 0.3 - 0.7).collect();
        let weights = Tensor::from_data(TensorData::new(weights, [3, 2, 1, 1]), &device);
        model.weight = Param::from_tensor(weights);
        let learning = Learning {
            reduction,
            ..Learning::sgd(learning_rate, 0.9, 0.01)
        };
        let mut gradients = Accumulated::new();
        for first in (0..2).step_by(batch_size) {
            let images = Tensor::<4>::from_data(IMAGES, &device).narrow(0, first, batch_size);
            let labels = &LABELS[2 * first..2 * (first + batch_size)];
            let targets = Targets::new(labels, [batch_size, 1, 2], 3);
            let (_, loss) = objective(model.forward(images), &targets, reduction);
            gradients.add(&model, loss);
        }
        let (gradients, scale) = gradients.take();
        let model = Sgd::new(&learning).step(learning_rate, scale, model, gradients);
        model.weight.val().into_data().try_to_vec().expect("floats")
    }

    #[track_caller]
    fn assert_close(values: &[f32], expected: &[f32]) {
        assert_eq!(values.len(), expected.len());
        for (value, expected) in values.iter().zip(expected) {
            assert!(
                (value - expected).abs() < 1e-6,
                "{values:?} != {expected:?}"
            );
        }
    }

    #[test]
    fn accumulated_batches_equal_one_of_their_size_where_all_have_equally_many_pixels() {
        let accumulated = weights_after_a_step(1, Reduction::Mean, 0.5);
        assert_close(&accumulated, &weights_after_a_step(2, Reduction::Mean, 0.5));
        let start: Vec<f32> = (0..6).map(|n| n as f32 * 0.3 - 0.7).collect();
        assert!(
            accumulated
                .iter()
                .zip(&start)
                .any(|(value, start)| (value - start).abs() > 0.01)
        );
    }

    #[test]
    fn accumulated_sums_are_divided_by_the_batches_as_caffe_does() {
        // 2 batches with a sum of 2 pixels each, halved, against the sum over all 4 pixels.
        let accumulated = weights_after_a_step(1, Reduction::Sum, 0.1);
        let whole = weights_after_a_step(2, Reduction::Sum, 0.1);
        assert!(
            accumulated
                .iter()
                .zip(&whole)
                .any(|(one, other)| (one - other).abs() > 0.01)
        );
        let start: Vec<f32> = (0..6).map(|n| n as f32 * 0.3 - 0.7).collect();
        for ((accumulated, whole), start) in accumulated.iter().zip(&whole).zip(&start) {
            // The decay, 0.01 * start, is not divided.
            let decay = 0.1 * 0.01 * start;
            let change = start - whole - decay;
            assert!((start - accumulated - decay - 0.5 * change).abs() < 1e-6);
        }
    }
}
