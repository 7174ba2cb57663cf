//! A network with its optimizer: one step at a time.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::config::{Learning, RunConfig};
use super::device::reads_for_free;
use super::error::TrainError;
use super::gradients::{Accumulated, clip_factor, clip_on_device, magnitude, norm};
use super::loss::{Targets, objective};
use super::precision::{LossScale, Precision};
use super::sgd::Sgd;
use crate::dataset::Batch;
use crate::model::{Network, NetworkConfig};

/// Weight of the second head's loss (`references/segmentation/train.py` of torchvision).
const AUX_WEIGHT: f64 = 0.5;

/// Network, optimizer state and the device both are on.
pub(super) struct Learner {
    pub model: Network,
    pub optimizer: Sgd,
    /// Only in `f16`.
    pub loss_scale: Option<LossScale>,
    gradients: Accumulated<Network>,
    /// Norm of the gradients of the last step, `[1]`, where they were clipped without reading it.
    norm: Option<Tensor<1>>,
    learning: Learning,
    precision: Precision,
    device: Device,
    num_classes: usize,
    /// Whether losses and norms are looked at when they are made, which costs nothing there.
    reads_at_once: bool,
}

/// The network that a configuration describes.
pub(super) fn network_config(config: &RunConfig, num_classes: usize) -> NetworkConfig {
    NetworkConfig {
        variant: config.variant,
        trunk: config.trunk,
        geometry: config.geometry,
        num_classes,
        dropout: config.dropout,
        final_upsampling: config.final_upsampling,
        aux_head: config.aux_head,
        widths: None,
    }
}

impl Learner {
    /// A fresh network; `device` is without autodiff.
    pub fn new(config: &RunConfig, num_classes: usize, device: &Device) -> Self {
        let reads_at_once = reads_for_free(device);
        let device = device.clone().autodiff();
        device.seed(config.seed);
        let model = network_config(config, num_classes)
            .init(&device)
            // Draw the weights now, while the generator is where the seed put it.
            .materialize();
        let learning = config.learning.clone();
        let optimizer = Sgd::new(&learning);
        Self {
            model,
            optimizer,
            gradients: Accumulated::new(),
            loss_scale: (config.precision == Precision::F16).then(LossScale::new),
            norm: None,
            learning,
            precision: config.precision,
            device,
            num_classes,
            reads_at_once,
        }
    }

    /// Adds the gradients of a batch to those that wait for the next [`step`](Self::step);
    /// gives the mean loss over its labelled pixels, `[1]`. Batch normalization sees each batch
    /// by itself.
    ///
    /// # Errors
    /// When the loss is not finite, on a device where it is read at once; on others whoever
    /// reads it must look. `step` and `learning_rate` are for the message.
    pub fn add(&mut self, batch: Batch, learning_rate: f64, step: usize) -> Result<Tensor<1>, TrainError> {
        let shape = [batch.batch_size, 3, batch.height, batch.width];
        let images = Tensor::<4>::from_data(TensorData::new(batch.images, shape), &self.device);
        let images = images.cast(self.precision.numbers());
        let size = [batch.batch_size, batch.height, batch.width];
        let targets = Targets::new(&batch.labels, size, self.num_classes);
        let (logits, aux_logits) = self.model.forward_with_aux(images);
        let (mean, mut loss) = objective(logits, &targets, self.learning.reduction);
        if let Some(logits) = aux_logits {
            let (_, aux_loss) = objective(logits, &targets, self.learning.reduction);
            loss = loss + aux_loss.mul_scalar(AUX_WEIGHT);
        }
        let mean = mean.inner();
        if self.reads_at_once {
            let loss = read(mean.clone())?;
            if !loss.is_finite() {
                return Err(TrainError::NonFinite { loss, step, learning_rate });
            }
        }
        let scaled = match self.loss_scale {
            Some(scale) => loss.mul_scalar(scale.factor),
            None => loss,
        };
        self.gradients.add(&self.model, scaled);
        Ok(mean)
    }

    /// One step of stochastic gradient descent with the gradients added so far; with a loss
    /// scale, none where they are not finite.
    ///
    /// # Errors
    /// When they are to be clipped and their norm is not finite, on a device where it is read
    /// at once; on others it is left for [`take_norm`](Self::take_norm). When no loss scale
    /// makes them finite.
    pub fn step(mut self, learning_rate: f64, step: usize) -> Result<Self, TrainError> {
        let (mut sum, mut scale) = self.gradients.take();
        if let Some(loss_scale) = self.loss_scale {
            scale /= loss_scale.factor;
        }
        match self.learning.clip_norm {
            most if self.loss_scale.is_some() || (most.is_some() && self.reads_at_once) => {
                let norm = scale * norm(&self.model, &sum)?;
                let finite = norm.is_finite();
                let next = self.loss_scale.and_then(|loss_scale| loss_scale.after(finite));
                if !finite && next.is_none() {
                    return Err(TrainError::NonFiniteGradients { norm, step, learning_rate });
                }
                self.loss_scale = next;
                if !finite {
                    return Ok(self);
                }
                scale *= most.map_or(1.0, |most| clip_factor(norm, most));
            }
            Some(most) => self.norm = clip_on_device(&self.model, &mut sum, scale, most),
            None => {}
        }
        self.model = self.optimizer.step(learning_rate, scale, self.model, sum);
        Ok(self)
    }

    /// The norm of the gradients of the last step, `[1]`, where they were clipped without
    /// looking at it.
    pub fn take_norm(&mut self) -> Option<Tensor<1>> {
        self.norm.take()
    }

    /// Turns down weights that are not numbers: the update of a step comes after its loss.
    pub fn check_weights(&self, step: usize, learning_rate: f64) -> Result<(), TrainError> {
        let sum = magnitude(&self.model.valid())?;
        if sum.is_finite() {
            return Ok(());
        }
        Err(TrainError::NonFiniteWeights { step, learning_rate })
    }

    /// Number of weights.
    pub fn num_params(&self) -> usize {
        self.model.num_params()
    }

    /// Makes everything random in the next batch (dropout) depend on `seed` alone, so
    /// that a resumed run draws what the unbroken one would have drawn.
    pub fn seed_batch(&self, seed: u64) {
        self.device.seed(seed);
    }
}

fn read(number: Tensor<1>) -> Result<f64, TrainError> {
    let number = number.try_into_scalar::<f32>().map_err(|err| TrainError::Execution(err.to_string()))?;
    Ok(f64::from(number))
}

#[cfg(test)]
mod against_pytorch;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Trunk, Variant};
    use crate::training::config::Reduction;
    use crate::training::preset;
    use burn::module::{ModuleVisitor, Param};

    const SIZE: usize = 64;
    const RATE: f64 = 0.1;

    /// A network without dropout that has no momentum to begin with.
    fn learner() -> Learner {
        let mut config = preset(Trunk::Vgg16Slim);
        (config.variant, config.dropout) = (Variant::Fcn32s, 0.0);
        config.learning = Learning::sgd(RATE, 0.9, 0.0);
        Learner::new(&config, 2, &Device::flex())
    }

    /// The same weights with other values of the optimizer.
    fn changed(base: &Learner, edit: impl FnOnce(&mut Learning)) -> Learner {
        let mut learning = base.learning.clone();
        edit(&mut learning);
        Learner {
            model: base.model.clone(),
            optimizer: Sgd::new(&learning),
            gradients: Accumulated::new(),
            loss_scale: base.loss_scale,
            norm: None,
            learning,
            precision: base.precision,
            device: base.device.clone(),
            num_classes: base.num_classes,
            reads_at_once: base.reads_at_once,
        }
    }

    /// One image: a row of void, then some rows of class 0, then more of class 1.
    fn batch() -> Batch {
        let label = |pixel: usize| match pixel / SIZE {
            0 => 255,
            1..20 => 0,
            _ => 1,
        };
        Batch {
            images: (0..3 * SIZE * SIZE).map(|n| (n * 37 % 101) as f32 / 50.0 - 1.0).collect(),
            labels: (0..SIZE * SIZE).map(label).collect(),
            batch_size: 1,
            height: SIZE,
            width: SIZE,
            ids: vec!["image".to_owned()],
        }
    }

    /// How far each weight goes in one step with the gradients of equal batches.
    fn changes(base: &Learner, mut learner: Learner, batches: usize, learning_rate: f64) -> Vec<f32> {
        for _ in 0..batches {
            let loss = read(learner.add(batch(), learning_rate, 1).expect("a loss")).expect("a number");
            // Score layers start at 0, so both classes are as likely.
            assert!((loss - std::f64::consts::LN_2).abs() < 1e-6, "{loss}");
        }
        let learner = learner.step(learning_rate, 1).expect("a step");
        let after = weights(&learner.model);
        std::iter::zip(weights(&base.model), after).map(|(before, after)| after - before).collect()
    }

    /// All weights but the running statistics of batch normalization, which have no gradient.
    fn weights(model: &Network) -> Vec<f32> {
        #[derive(Default)]
        struct Weights {
            values: Vec<f32>,
            name: String,
        }
        impl ModuleVisitor for Weights {
            fn enter_module(&mut self, name: &str, _container_type: &str) {
                name.clone_into(&mut self.name);
            }
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                if !self.name.starts_with("running") {
                    self.values.extend(param.val().into_data().try_to_vec::<f32>().expect("floats"));
                }
            }
        }
        let mut weights = Weights::default();
        model.visit(&mut weights);
        weights.values
    }

    fn length(changes: &[f32]) -> f64 {
        changes.iter().map(|change| f64::from(*change).powi(2)).sum::<f64>().sqrt()
    }

    #[track_caller]
    fn assert_close(changes: &[f32], expected: &[f32]) {
        assert!(length(expected) > 1e-3, "nothing was learned");
        let apart: Vec<f32> = std::iter::zip(changes, expected).map(|(a, b)| a - b).collect();
        assert!(length(&apart) < 1e-4 * length(expected), "{} of {}", length(&apart), length(expected));
    }

    #[test]
    fn the_same_batch_over_and_over_makes_the_step_of_one() {
        let base = learner();
        let once = changes(&base, changed(&base, |_| {}), 1, RATE);
        assert_close(&changes(&base, changed(&base, |_| {}), 3, RATE), &once);
    }

    #[test]
    fn the_sum_steps_as_far_as_the_mean_with_the_rate_divided_by_the_pixels() {
        let base = learner();
        let mean = changes(&base, changed(&base, |_| {}), 1, RATE);
        let summed = changed(&base, |learning| learning.reduction = Reduction::Sum);
        let labelled = (SIZE * SIZE - SIZE) as f64;
        assert_close(&changes(&base, summed, 1, RATE / labelled), &mean);
    }

    #[test]
    fn a_clipped_step_is_as_long_as_the_limit_and_goes_the_same_way() {
        let base = learner();
        let free = changes(&base, changed(&base, |_| {}), 1, RATE);
        let norm = length(&free) / RATE;
        let clipped =
            |most| changes(&base, changed(&base, |learning| learning.clip_norm = Some(most)), 1, RATE);
        let quarter: Vec<f32> = free.iter().map(|change| 0.25 * change).collect();
        assert_close(&clipped(0.25 * norm), &quarter);
        assert_close(&clipped(2.0 * norm), &free);
    }

    #[test]
    fn gradients_beyond_numbers_are_refused_where_they_are_measured() {
        let base = learner();
        let mut learner = changed(&base, |learning| learning.clip_norm = Some(1.0));
        let logits = learner.model.forward(Tensor::zeros([1, 3, 8, 8], &learner.device));
        learner.gradients.add(&learner.model, logits.sum().mul_scalar(f32::INFINITY));
        let message = learner.step(RATE, 7).err().expect("no norm").to_string();
        assert!(message.contains("gradients") && message.contains("step 7"), "{message}");
    }

    #[test]
    fn a_step_that_reads_nothing_goes_as_far_and_leaves_what_was_not_looked_at() {
        let base = learner();
        let unread = |learner: Learner| Learner { reads_at_once: false, ..learner };
        let free = changes(&base, changed(&base, |_| {}), 2, RATE);
        assert_eq!(changes(&base, unread(changed(&base, |_| {})), 2, RATE), free);
        let most = Some(0.25 * length(&free) / RATE);
        let clipping = || changed(&base, |learning| learning.clip_norm = most);
        let clipped = changes(&base, clipping(), 2, RATE);
        assert!(length(&clipped) < 0.3 * length(&free));
        assert_close(&changes(&base, unread(clipping()), 2, RATE), &clipped);

        // Before it is broken: copies share what batch normalization has gathered.
        base.check_weights(0, RATE).expect("sound weights");
        let mut learner = unread(clipping());
        let mut broken = batch();
        broken.images[0] = f32::NAN;
        let loss = learner.add(broken, RATE, 7).expect("nobody looked");
        assert!(read(loss).expect("a number").is_nan());
        let mut learner = learner.step(RATE, 7).expect("nobody looked");
        assert!(read(learner.take_norm().expect("a norm")).expect("a number").is_nan());
        let message = learner.check_weights(7, RATE).expect_err("broken").to_string();
        assert!(message.contains("weights") && message.contains("step 7"), "{message}");
    }
}
