//! One pass of one layer, set up and ready to be called.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, PaddingConfig2d};
use burn::tensor::{Device, Distribution, Tensor};

use super::case::{NUM_CLASSES, config_of};
use super::device_calls::{Counting, DeviceCalls};
use super::layer_parts::{LayersJob, Part, Pass};
use super::synthetic;
use super::workload::synced;
use crate::dataset::{Batch, Normalization};
use crate::kernels::{self, Arithmetic, SgdStep, SgdSteps};
use crate::model::{LayerKind, LayerShape};
use crate::training::checkpoint::RunFolder;
use crate::training::{Learner, TrainError};

/// What is called.
#[expect(clippy::large_enum_variant, reason = "there is one of them at a time")]
enum Work {
    Convolution {
        layer: Conv2d,
        relu: bool,
    },
    Upsampling(ConvTranspose2d),
    Pooling(MaxPool2d),
    Normalization {
        layer: BatchNorm,
        relu: bool,
    },
    Sum {
        other: Tensor<4>,
        relu: bool,
    },
    Dropout(Dropout),
    Interpolation {
        to: [usize; 2],
    },
    Loss {
        labels: Vec<u8>,
    },
    /// Every weight of the network, its velocity and its gradient; none within a call.
    Optimizer(Vec<[Tensor<1>; 3]>),
    /// `None` within a step.
    Step {
        learner: Option<Learner>,
        batch: Batch,
    },
}

/// Whether the calls of the device are counted while it is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Yes,
    No,
}

/// What a pass took, with its wait for the device, and what it asked of the device where that was
/// counted, without that wait.
pub(super) struct Called {
    pub time: Duration,
    pub calls: Option<DeviceCalls>,
}

/// A pass that has begun.
struct Started {
    counting: Option<Counting>,
    at: Instant,
}

impl Started {
    fn now(what: Counted) -> Self {
        Self {
            counting: (what == Counted::Yes).then(Counting::start),
            at: Instant::now(),
        }
    }

    fn end(self, device: &Device) -> Result<Called, TrainError> {
        synced(device)?;
        let time = self.at.elapsed();
        let Some(counting) = self.counting else {
            return Ok(Called { time, calls: None });
        };
        let calls = counting.end();
        let counting = Counting::start();
        synced(device)?;
        let calls = Some(calls.without(&counting.end()));
        Ok(Called { time, calls })
    }
}

/// A pass with what it works on.
pub(super) struct Prepared {
    work: Work,
    pass: Pass,
    /// Empty where `work` has its own.
    input: Tensor<4>,
    device: Device,
    /// Of layers; a step enters its own.
    arithmetic: Arithmetic,
}

/// A route that says nothing of what is chosen.
pub(super) const GPU_KERNEL: &str = "GPU kernel";

/// Rate of the measured steps: so small that the weights stay sound.
const RATE: f64 = 1e-9;

/// Batches that steps of this process were given.
static BATCHES: AtomicU64 = AtomicU64::new(0);

impl Prepared {
    pub fn new(job: &LayersJob, part: &Part, device: &Device) -> Result<Self, TrainError> {
        job.precision.check(device, job.device)?;
        let arithmetic = job.precision.on(device, job.device);
        let is_backward = matches!(
            part.pass,
            Pass::DataGradient | Pass::WeightGradient | Pass::LossGradient
        );
        // Predictions neither drop nor look at statistics.
        let in_training = part.layer.is_some_and(|layer| {
            matches!(layer.kind, LayerKind::Normalization | LayerKind::Dropout)
        });
        let device = if is_backward || in_training {
            device.clone().autodiff()
        } else {
            device.clone()
        };
        let random =
            |shape: [usize; 4]| Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), &device);
        let (work, shape) = match &part.layer {
            Some(layer) => {
                let [height, width] = layer.size;
                let shape = [layer.batch_size, layer.channels[0], height, width];
                (layer_work(layer, part.pass, &device), shape)
            }
            None => rest(job, part.pass, &device)?,
        };
        let input = random(shape);
        let input = match part.pass {
            Pass::DataGradient | Pass::LossGradient => input.require_grad(),
            _ => input,
        };
        synced(&device)?;
        Ok(Self {
            work,
            pass: part.pass,
            input,
            device,
            arithmetic,
        })
    }

    /// Does it once.
    pub fn call(&mut self, what: Counted) -> Result<Called, TrainError> {
        let input = &self.input;
        let device = &self.device;
        let _arithmetic = self.arithmetic.enter();
        let forward = |work: &Work| match work {
            Work::Convolution { layer, relu } => kernels::conv2d(layer, input.clone(), *relu),
            Work::Upsampling(layer) => kernels::conv_transpose2d(layer, input.clone()),
            Work::Pooling(layer) => kernels::max_pool2d(layer, input.clone()),
            Work::Normalization { layer, relu } => kernels::batch_norm(layer, input.clone(), *relu),
            Work::Sum { other, relu: true } => kernels::add_relu(input.clone(), other.clone()),
            Work::Sum { other, relu: false } => input.clone() + other.clone(),
            Work::Dropout(layer) => kernels::dropout(layer, input.clone()),
            Work::Interpolation { to } => kernels::resize(input.clone(), *to),
            _ => input.clone(),
        };
        match (&mut self.work, self.pass) {
            (Work::Optimizer(weights), _) => {
                let started = Started::now(what);
                *weights = step_weights(std::mem::take(weights));
                started.end(device)
            }
            (Work::Step { learner, batch }, _) => {
                let batch = batch.clone();
                let started = Started::now(what);
                if let Some(mut ready) = learner.take() {
                    // As in training, no two batches draw the same.
                    ready.seed_batch(BATCHES.fetch_add(1, Ordering::Relaxed));
                    ready.add(batch, RATE, 1)?;
                    *learner = Some(ready.step(RATE, 1)?);
                }
                started.end(device)
            }
            (Work::Loss { labels }, Pass::LossForward) => {
                let started = Started::now(what);
                let loss = kernels::cross_entropy_sum(input, labels);
                let called = started.end(device)?;
                std::hint::black_box(loss);
                Ok(called)
            }
            (Work::Loss { labels }, _) => {
                let loss = kernels::cross_entropy_sum(input, labels);
                synced(device)?;
                let started = Started::now(what);
                let gradients = loss.map(|loss| loss.backward());
                let gradient = gradients.and_then(|gradients| input.grad(&gradients));
                let called = started.end(device)?;
                std::hint::black_box(gradient);
                Ok(called)
            }
            (work, Pass::Forward) => {
                let started = Started::now(what);
                let output = forward(work);
                let called = started.end(device)?;
                std::hint::black_box(output);
                Ok(called)
            }
            (work, _) => {
                let output = forward(work);
                synced(device)?;
                let started = Started::now(what);
                // As of the sum: 1 everywhere.
                let gradients = output.backward();
                let called = started.end(device)?;
                std::hint::black_box(gradients);
                Ok(called)
            }
        }
    }

    /// What computes it.
    pub fn route(&self) -> String {
        let nth = match self.pass {
            Pass::DataGradient => 1,
            Pass::WeightGradient => 2,
            _ => 0,
        };
        let _arithmetic = self.arithmetic.enter();
        let routes = match &self.work {
            Work::Convolution { layer, .. } => kernels::conv_routes(layer, &self.input),
            Work::Upsampling(layer) => kernels::transposed_routes(layer, &self.input),
            _ => None,
        };
        match routes {
            Some(routes) => routes[nth].clone(),
            None if kernels::is_on_gpu(&self.input) => GPU_KERNEL.to_owned(),
            None => "processor".to_owned(),
        }
    }
}

fn layer_work(layer: &LayerShape, pass: Pass, device: &Device) -> Work {
    let [height, width] = layer.padding;
    let padding = PaddingConfig2d::Explicit(height, width, height, width);
    let without_gradient = pass == Pass::DataGradient;
    match layer.kind {
        LayerKind::Convolution => {
            let conv: Conv2d = Conv2dConfig::new(layer.channels, layer.kernel)
                .with_stride(layer.stride)
                .with_dilation(layer.dilation)
                .with_padding(padding)
                .with_bias(layer.bias)
                .init(device);
            Work::Convolution {
                layer: if without_gradient {
                    conv.no_grad()
                } else {
                    conv
                },
                relu: layer.relu,
            }
        }
        LayerKind::Upsampling => {
            let conv: ConvTranspose2d = ConvTranspose2dConfig::new(layer.channels, layer.kernel)
                .with_stride(layer.stride)
                .with_padding(layer.padding)
                .with_bias(false)
                .init(device);
            Work::Upsampling(if without_gradient {
                conv.no_grad()
            } else {
                conv
            })
        }
        LayerKind::Pooling => Work::Pooling(
            MaxPool2dConfig::new(layer.kernel)
                .with_strides(layer.stride)
                .with_padding(padding)
                .with_ceil_mode(layer.ceil)
                .init(),
        ),
        LayerKind::Normalization => Work::Normalization {
            layer: BatchNormConfig::new(layer.channels[0]).init(device),
            relu: layer.relu,
        },
        LayerKind::Sum => {
            let [height, width] = layer.size;
            let shape = [layer.batch_size, layer.channels[0], height, width];
            Work::Sum {
                other: Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), device),
                relu: layer.relu,
            }
        }
        LayerKind::Dropout => Work::Dropout(DropoutConfig::new(0.5).init()),
        LayerKind::Interpolation => Work::Interpolation { to: layer.size_out },
    }
}

/// Numbers of values of the weights that are trained.
#[derive(Default)]
struct Lengths(Vec<usize>);

impl ModuleVisitor for Lengths {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.val().is_require_grad() {
            self.0.push(param.lazy_shape().num_elements());
        }
    }
}

/// Weights, velocities and gradients after a step, as the optimizer of a run does it.
fn step_weights(weights: Vec<[Tensor<1>; 3]>) -> Vec<[Tensor<1>; 3]> {
    let step = SgdStep {
        gradient_scale: 1.0,
        weight_decay: 0.0,
        momentum: 0.9,
        learning_rate: RATE as f32,
    };
    let mut steps = SgdSteps::default();
    let mut alone = Vec::new();
    let mut gathered = Vec::new();
    for [weight, velocity, gradient] in weights {
        if let Some(number) = steps.gather(&weight, Some(&velocity), &gradient, step) {
            gathered.push((number, gradient));
        } else {
            let (weight, velocity) =
                kernels::sgd_step(weight, Some(velocity), gradient.clone(), step);
            alone.push([weight, velocity, gradient]);
        }
    }
    let mut stepped = steps.run();
    let together = gathered.into_iter().filter_map(|(number, gradient)| {
        let (weight, velocity) = stepped.take(number)?;
        Some([weight, velocity, gradient])
    });
    alone.extend(together);
    alone
}

/// What is no layer, and the shape of its input.
fn rest(job: &LayersJob, pass: Pass, device: &Device) -> Result<(Work, [usize; 4]), TrainError> {
    let size = [job.size.height as usize, job.size.width as usize];
    let batch = || synthetic::batch(job.size, job.batch_size, &Normalization::IMAGENET);
    let mut config = config_of(job.trunk, job.variant);
    (config.device, config.precision) = (job.device, job.precision);
    Ok(match pass {
        Pass::LossForward | Pass::LossGradient => {
            let labels = batch().labels;
            (
                Work::Loss { labels },
                [job.batch_size, NUM_CLASSES, size[0], size[1]],
            )
        }
        Pass::Optimizer => {
            let mut lengths = Lengths::default();
            let trained = device.clone().autodiff();
            config
                .network(NUM_CLASSES)
                .init(&trained)
                .visit(&mut lengths);
            let weights = lengths.0.into_iter().map(|length| {
                // Each has memory of its own.
                [(); 3].map(|()| Tensor::<1>::zeros([length], device))
            });
            (Work::Optimizer(weights.collect()), [1; 4])
        }
        _ => {
            let nowhere = RunFolder::at(PathBuf::new());
            let learner = Learner::initialized(&config, NUM_CLASSES, &nowhere, device)?;
            let work = Work::Step {
                learner: Some(learner),
                batch: batch(),
            };
            (work, [1; 4])
        }
    })
}
