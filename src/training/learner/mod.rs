//! A network with its optimizer: one step at a time.

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Int, IntDType, Tensor, TensorData};

use super::average::Average;
use super::checkpoint::{Parts, Resumed, RunFolder};
use super::config::RunConfig;
use super::device::reads_for_free;
use super::device_confusion::{count, labels_on};
use super::error::TrainError;
use super::gradients::{Accumulated, clip_factor, clip_on_device, norm, read, total};
use super::initial_weights::{InitialTensors, initialize};
use super::learning::Learning;
use super::loss::Targets;
use super::optimizer::Optimizer;
use super::precision::{LossScale, Precision};
use super::shaped_loss::Loss;
use crate::dataset::Batch;
use crate::kernels::{Arithmetic, BufferPool, SharedDraws, most_likely};
use crate::metrics::ConfusionMatrix;
use crate::model::Network;

/// Weight of the second head's loss (`references/segmentation/train.py` of torchvision).
const AUX_WEIGHT: f64 = 0.5;

/// Network, optimizer state and the device both are on.
pub struct Learner {
    pub(super) model: Network,
    optimizer: Optimizer,
    /// Only in `f16`.
    pub(super) loss_scale: Option<LossScale>,
    gradients: Accumulated<Network>,
    /// Memory that a step leaves for the next.
    pool: BufferPool,
    /// Norm of the gradients of the last step, `[1]`, where they were clipped without reading it.
    norm: Option<Tensor<1>>,
    /// The same, where it was read.
    read_norm: Option<f64>,
    learning: Learning,
    loss: Loss,
    precision: Precision,
    /// Of convolutions on a GPU.
    arithmetic: Arithmetic,
    recompute_activations: bool,
    device: Device,
    num_classes: usize,
    /// The moving average of the weights, where the run has one.
    average: Option<Average<Network>>,
    ema: Option<f64>,
    /// Whether losses and norms are looked at when they are made, which costs nothing there.
    reads_at_once: bool,
    /// Whether the masks of the next batch are counted.
    looks: bool,
    /// The counts of the last batch that was looked at, true class by predicted class.
    look: Option<Tensor<1, Int>>,
}

impl Learner {
    /// A network with the weights that it starts with; `folder` is the run's, beside which the
    /// run lies that it may start from. `device` is without autodiff.
    ///
    /// # Errors
    /// When the weights cannot be read or are those of another network.
    pub fn initialized(
        config: &RunConfig,
        num_classes: usize,
        folder: &RunFolder,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let initial = InitialTensors::open(config, folder, device)?;
        let mut learner = Self::new(config, num_classes, device);
        learner.model = initialize(learner.model, config, num_classes, initial.as_ref())?;
        learner.begin();
        Ok(learner)
    }

    /// A fresh network, whose weights are still to be drawn or loaded; `device` is without autodiff.
    pub(super) fn new(config: &RunConfig, num_classes: usize, device: &Device) -> Self {
        let reads_at_once = reads_for_free(device);
        let arithmetic = config.precision.on(device, config.device);
        let device = device.clone().autodiff();
        device.seed(config.seed);
        let model = config.network(num_classes).init(&device);
        let learning = config.learning.clone();
        let optimizer = Optimizer::new(&learning);
        let loss = Loss::new(learning.objective.clone(), learning.reduction);
        Self {
            model,
            optimizer,
            gradients: Accumulated::new(),
            pool: BufferPool::default(),
            loss_scale: (config.precision == Precision::F16).then(LossScale::new),
            norm: None,
            read_norm: None,
            learning,
            loss,
            precision: config.precision,
            arithmetic,
            recompute_activations: config.recompute_activations,
            device,
            num_classes,
            average: None,
            ema: config.ema,
            reads_at_once,
            looks: false,
            look: None,
        }
    }

    /// Counts the masks of the next batch, for [`take_look`](Self::take_look).
    pub(super) fn look_at_next(&mut self) {
        self.looks = true;
    }

    /// The masks of the batch that was looked at, against its labels.
    ///
    /// # Errors
    /// When the device fails.
    pub(super) fn take_look(&mut self) -> Result<Option<ConfusionMatrix>, TrainError> {
        let Some(counts) = self.look.take() else {
            return Ok(None);
        };
        let counts = counts
            .try_into_data()
            .map_err(|err| TrainError::Execution(err.to_string()))?;
        let counts = counts.iter::<u64>().collect();
        Ok(Some(ConfusionMatrix::from_counts(self.num_classes, counts)))
    }

    /// Adds the gradients of a batch to those that wait for the next [`step`](Self::step);
    /// returns the mean loss over its labeled pixels. Batch normalization sees each batch
    /// by itself.
    ///
    /// # Shapes
    /// - output: `[1]`
    ///
    /// # Errors
    /// When the loss is not finite, on a device where it is read at once; on others whoever
    /// reads it must look. `step` and `learning_rate` are for the message.
    pub fn add(
        &mut self,
        batch: Batch,
        learning_rate: f64,
        step: usize,
    ) -> Result<Tensor<1>, TrainError> {
        let _pool = self.pool.enter();
        let shape = [batch.batch_size, 3, batch.height, batch.width];
        let images = Tensor::<4>::from_data(TensorData::new(batch.images, shape), &self.device);
        // On a GPU maps stay f32, and operations round and keep what they multiply.
        let _arithmetic = self.arithmetic.enter();
        let _draws = SharedDraws::enter();
        let images = match self.arithmetic.half {
            Some(_) => images,
            None => images.cast(self.precision.dtype()),
        };
        let size = [batch.batch_size, batch.height, batch.width];
        let targets = Targets::new(&batch.labels, size, self.num_classes);
        let (logits, aux_logits, ends) = if self.recompute_activations {
            let (logits, aux_logits, ends) = self.model.forward_in_stages(images);
            (logits, aux_logits, Some(ends))
        } else {
            let (logits, aux_logits) = self.model.forward_with_aux(images);
            (logits, aux_logits, None)
        };
        if std::mem::take(&mut self.looks) {
            self.look = Some(self.count_masks(logits.clone().inner(), &batch.labels));
        }
        let (mean, mut loss) = self.loss.of(logits, &targets);
        if let Some(logits) = aux_logits {
            let (_, aux_loss) = self.loss.of(logits, &targets);
            loss = loss + aux_loss.mul_scalar(AUX_WEIGHT);
        }
        let mean = mean.inner();
        if self.reads_at_once {
            let loss = read(mean.clone())?;
            if !loss.is_finite() {
                return Err(TrainError::NonFinite {
                    loss,
                    step,
                    learning_rate,
                });
            }
        }
        let scaled = match self.loss_scale {
            Some(scale) => loss.mul_scalar(scale.factor),
            None => loss,
        };
        match ends {
            Some(ends) => self.gradients.add_in_stages(&self.model, scaled, ends),
            None => self.gradients.add(&self.model, scaled),
        }
        Ok(mean)
    }

    /// How many labeled pixels of each class have been predicted as each class.
    ///
    /// # Shapes
    /// - logits: `[batch_size, num_classes, height, width]`
    /// - output: `[num_classes * num_classes]`
    fn count_masks(&self, logits: Tensor<4>, labels: &[u8]) -> Tensor<1, Int> {
        let truth = labels_on(&logits.device(), labels);
        let predicted = most_likely(logits)
            .reshape([labels.len()])
            .cast(IntDType::I32);
        count(truth, predicted, self.num_classes)
    }

    /// One step of stochastic gradient descent with the gradients added so far; with a loss
    /// scale, none where they are not finite.
    ///
    /// # Errors
    /// When they are to be clipped and their norm is not finite, on a device where it is read
    /// at once; on others it is left for [`take_norm`](Self::take_norm). When no loss scale
    /// makes them finite.
    pub fn step(mut self, learning_rate: f64, step: usize) -> Result<Self, TrainError> {
        self.pool.end_step();
        self.read_norm = None;
        let (mut sum, mut scale) = self.gradients.take();
        if let Some(loss_scale) = self.loss_scale {
            scale /= loss_scale.factor;
        }
        match self.learning.clip_norm {
            most if self.loss_scale.is_some() || (most.is_some() && self.reads_at_once) => {
                let norm = scale * norm(&self.model, &sum)?;
                let finite = norm.is_finite();
                self.read_norm = finite.then_some(norm);
                let next = self
                    .loss_scale
                    .and_then(|loss_scale| loss_scale.after(finite));
                if !finite && next.is_none() {
                    return Err(TrainError::NonFiniteGradients {
                        norm,
                        step,
                        learning_rate,
                    });
                }
                self.loss_scale = next;
                if !finite {
                    return Ok(self);
                }
                scale *= most.map_or(1.0, |most| clip_factor(norm, most));
            }
            Some(most) => self.norm = clip_on_device(&self.model, &mut sum, scale, most),
            // To be shown. Elsewhere it would cost a pass of its own and a reading.
            None if self.reads_at_once && is_norm_measured(self.model.num_params(), step) => {
                let norm = scale * norm(&self.model, &sum)?;
                self.read_norm = norm.is_finite().then_some(norm);
            }
            None => {}
        }
        self.model = self.optimizer.step(learning_rate, scale, self.model, sum);
        if let Some(average) = &mut self.average {
            average.update(&self.model, step);
        }
        Ok(self)
    }

    /// A network as this one, on its device; its weights are to be loaded.
    pub(super) fn fresh_network(&self, config: &RunConfig) -> Network {
        config.network(self.num_classes).init(&self.device)
    }

    /// Sets the weights of the classes that were computed from the data.
    pub(super) fn set_class_weights(&mut self, weights: Option<Vec<f64>>) {
        self.loss.set_weights(weights);
    }

    /// To be called once the weights are there: freezes those that do not learn, and begins the
    /// average with all of them.
    pub(super) fn begin(&mut self) {
        let rates = &self.learning.stage_rates;
        if rates.any_frozen() {
            self.model = self.model.clone().freeze(|stage| rates.is_frozen(stage));
        }
        self.average = self.ema.map(|decay| Average::new(decay, &self.model));
    }

    /// The network that is scored: the average, where there is one.
    pub(super) fn scored(&self) -> &Network {
        self.average
            .as_ref()
            .map_or(&self.model, |average| &average.network)
    }

    /// What a checkpoint is made of.
    pub(super) fn parts(&self) -> Parts {
        let (optimizer, second_moments, updates) = self.optimizer.state(&self.model);
        Parts {
            // `valid` takes in what batch normalization has seen in the last step; a record alone
            // would be one step behind.
            weights: self.model.valid(),
            optimizer,
            second_moments,
            updates,
            average: self.average.as_ref().map(|average| average.network.clone()),
        }
    }

    /// Continues from a checkpoint.
    ///
    /// # Errors
    /// When it is that of another optimizer.
    pub(super) fn restore(&mut self, resumed: Resumed, path: &Path) -> Result<(), TrainError> {
        let Resumed {
            last,
            weights,
            optimizer,
            second_moments,
            average,
            ..
        } = resumed;
        self.model = weights;
        self.begin();
        match (&mut self.average, average) {
            (Some(own), Some(saved)) => own.restore(&saved),
            (Some(_), None) => {
                return Err(TrainError::read(
                    path,
                    "the average of the weights is missing",
                ));
            }
            (None, _) => {}
        }
        let second_moments = second_moments.map(|network| network.valid());
        let whole =
            self.optimizer
                .restore(&optimizer.valid(), second_moments.as_ref(), last.updates);
        if !whole {
            return Err(TrainError::read(
                path,
                "the second moments of AdamW are missing",
            ));
        }
        if self.loss_scale.is_some() {
            self.loss_scale = last.loss_scale.or(self.loss_scale);
        }
        Ok(())
    }

    /// The norm of the gradients of the last step, `[1]`, where they were clipped without
    /// looking at it.
    pub(super) fn take_norm(&mut self) -> Option<Tensor<1>> {
        self.norm.take()
    }

    /// The norm of the gradients of the last step, where it was read.
    pub(super) fn read_norm(&self) -> Option<f64> {
        self.read_norm
    }

    /// An error where weights are not finite: the update of a step comes after its loss.
    pub(super) fn check_weights(&self, step: usize, learning_rate: f64) -> Result<(), TrainError> {
        if total(&self.model.valid())?.is_finite() {
            return Ok(());
        }
        Err(TrainError::NonFiniteWeights {
            step,
            learning_rate,
        })
    }

    /// Number of weights.
    pub(super) fn num_params(&self) -> usize {
        self.model.num_params()
    }

    /// Makes everything random in the next batch (dropout) depend on `seed` alone, so
    /// that a resumed run draws what the unbroken one would have drawn.
    pub fn seed_batch(&self, seed: u64) {
        self.device.seed(seed);
    }
}

/// Whether the norm of the gradients of a step is measured only to be shown. Reading the gradients
/// of a large network takes some hundredths of a step with few images, so it is done now and then.
fn is_norm_measured(weights: usize, step: usize) -> bool {
    const LARGE: usize = 8_000_000;
    weights < LARGE || step % 8 == 1
}

#[cfg(test)]
mod against_pytorch;

#[cfg(test)]
mod tests;
