//! A network with its optimizer: one step at a time.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};

use super::config::RunConfig;
use super::error::TrainError;
use super::loss::{Targets, loss_sum};
use super::sgd::Sgd;
use crate::dataset::Batch;
use crate::model::{Fcn, FcnConfig};

/// Network, optimizer state and the device both are on.
pub(super) struct Learner {
    pub model: Fcn,
    pub optimizer: Sgd,
    device: Device,
    num_classes: usize,
}

/// The network that a configuration describes.
pub(super) fn fcn_config(config: &RunConfig, num_classes: usize) -> FcnConfig {
    FcnConfig {
        variant: config.variant,
        trunk: config.trunk,
        num_classes,
        dropout: config.dropout,
        final_upsampling: config.final_upsampling,
    }
}

impl Learner {
    /// A fresh network; `device` is without autodiff.
    pub fn new(config: &RunConfig, num_classes: usize, device: &Device) -> Self {
        let device = device.clone().autodiff();
        device.seed(config.seed);
        let model = fcn_config(config, num_classes)
            .init(&device)
            // Draw the weights now, while the generator is where the seed put it.
            .materialize();
        Self { model, optimizer: Sgd::new(&config.learning), device, num_classes }
    }

    /// One step of stochastic gradient descent on the mean loss of the batch.
    ///
    /// # Errors
    /// When the loss is not finite; the weights are then as they were before.
    pub fn step(self, batch: Batch, learning_rate: f64, step: usize) -> Result<(Self, f64), TrainError> {
        let Self { model, mut optimizer, device, num_classes } = self;
        let shape = [batch.batch_size, 3, batch.height, batch.width];
        let images = Tensor::from_data(TensorData::new(batch.images, shape), &device);
        let size = [batch.batch_size, batch.height, batch.width];
        let targets = Targets::new(&batch.labels, size, num_classes, &device);
        // A batch of void alone has loss 0, not 0 / 0.
        let loss = loss_sum(model.forward(images), &targets).div_scalar(targets.labelled.max(1) as f64);
        let value =
            loss.clone().try_into_scalar::<f32>().map_err(|err| TrainError::Execution(err.to_string()))?;
        if !value.is_finite() {
            let loss = f64::from(value);
            return Err(TrainError::NonFinite { loss, step, learning_rate });
        }
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        let model = optimizer.step(learning_rate, model, gradients);
        Ok((Self { model, optimizer, device, num_classes }, f64::from(value)))
    }

    /// Number of weights.
    pub fn num_params(&self) -> usize {
        self.model.num_params()
    }

    /// Makes everything random in the next step (dropout) depend on `seed` alone, so
    /// that a resumed run draws what the unbroken one would have drawn.
    pub fn seed_step(&self, seed: u64) {
        self.device.seed(seed);
    }
}
