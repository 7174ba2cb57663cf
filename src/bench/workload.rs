//! What is called in each case, set up and ready.

use std::path::PathBuf;

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor, TensorData};

use super::case::{BenchCase, NUM_CLASSES, config_of};
use super::image_stages::ImageStages;
use super::plan::BenchJob;
use super::synthetic;
use crate::dataset::{
    Batch, BatchPlan, Dataset, LabelMap, Loader, Normalization, Rgb, SampleSpec, ensure_sample,
};
use crate::metrics::ConfusionMatrix;
use crate::model::{Network, Trunk, Variant};
use crate::training::checkpoint::RunFolder;
use crate::training::{
    InitialWeights, Learner, RunConfig, Segmenter, TrainError, batch_plan, initial_network,
    open_device, preset,
};

/// Rate of the measured steps: so small that however many there are, the weights stay sound.
const RATE: f64 = 1e-9;

/// What a case calls.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one workload in a process"
)]
pub enum Workload {
    Gemm {
        left: Tensor<2>,
        right: Tensor<2>,
        device: Device,
    },
    Forward {
        model: Network,
        images: Tensor<4>,
        logits: Option<Tensor<4>>,
        device: Device,
    },
    /// `None` after a step that failed.
    Step {
        learner: Option<Learner>,
        batch: Batch,
        device: Device,
    },
    Predict {
        segmenter: Segmenter,
        photo: Rgb,
        mask: Option<LabelMap>,
    },
    Data {
        plan: BatchPlan,
    },
    Images(ImageStages),
    Confusion {
        truth: LabelMap,
        mask: LabelMap,
        matrix: ConfusionMatrix,
    },
}

impl Workload {
    pub fn new(job: &BenchJob) -> Result<Self, TrainError> {
        let device = open_device(job.device)?;
        match job.case {
            BenchCase::Gemm { side } => {
                device.seed(0);
                let [left, right] = [(); 2].map(|()| {
                    Tensor::random([side, side], Distribution::Uniform(-1.0, 1.0), &device)
                });
                Ok(Self::Gemm {
                    left,
                    right,
                    device,
                })
            }
            BenchCase::Forward {
                trunk,
                variant,
                size,
            } => {
                let model = network(job, trunk, variant, &device)?.valid();
                let Batch {
                    images,
                    height,
                    width,
                    ..
                } = synthetic::batch(size, 1, &Normalization::IMAGENET);
                let images =
                    Tensor::from_data(TensorData::new(images, [1, 3, height, width]), &device);
                Ok(Self::Forward {
                    model,
                    images,
                    logits: None,
                    device,
                })
            }
            BenchCase::Step {
                trunk,
                variant,
                size,
                batch_size,
            } => {
                let config = run_config(job, trunk, variant);
                let learner = Learner::initialized(&config, NUM_CLASSES, &nowhere(), &device)?;
                let batch = synthetic::batch(size, batch_size, &Normalization::IMAGENET);
                Ok(Self::Step {
                    learner: Some(learner),
                    batch,
                    device,
                })
            }
            BenchCase::Predict {
                trunk,
                variant,
                size,
            } => {
                let model = network(job, trunk, variant, &device)?;
                let segmenter =
                    Segmenter::new(&model, &Normalization::IMAGENET, NUM_CLASSES, &device);
                Ok(Self::Predict {
                    segmenter,
                    photo: synthetic::photo(size),
                    mask: None,
                })
            }
            BenchCase::Data => Ok(Self::Data {
                plan: batch_plan(&preset(Trunk::Vgg16Slim), &sample(job)?),
            }),
            BenchCase::Images { stage } => {
                Ok(Self::Images(ImageStages::new(stage, &sample(job)?)?))
            }
            BenchCase::Confusion { size } => Ok(Self::Confusion {
                truth: synthetic::labels(size, 0),
                mask: synthetic::mask(size),
                matrix: ConfusionMatrix::new(NUM_CLASSES),
            }),
        }
    }

    /// Does it once, to the end: nothing waits on the device afterwards.
    pub fn call(&mut self) -> Result<(), TrainError> {
        match self {
            Self::Gemm {
                left,
                right,
                device,
            } => {
                // Kept until it is there: a result that nobody wants need not be computed.
                let product = left.clone().matmul(right.clone());
                synced(device)?;
                std::hint::black_box(product);
                Ok(())
            }
            Self::Forward {
                model,
                images,
                logits,
                device,
            } => {
                // The last one goes first, as it does where only one is wanted.
                *logits = None;
                *logits = Some(model.forward(images.clone()));
                synced(device)
            }
            Self::Step {
                learner,
                batch,
                device,
            } => {
                if let Some(mut ready) = learner.take() {
                    ready.add(batch.clone(), RATE, 1)?;
                    *learner = Some(ready.step(RATE, 1)?);
                }
                synced(device)
            }
            Self::Predict {
                segmenter,
                photo,
                mask,
            } => {
                *mask = Some(segmenter.segment(photo, None)?);
                Ok(())
            }
            Self::Data { plan } => {
                // Without what an earlier epoch has decoded.
                let plan = BatchPlan {
                    cache: std::sync::Arc::default(),
                    ..plan.clone()
                };
                let mut loader = Loader::start(plan, 1, 0);
                while let Some(batch) = loader.next() {
                    std::hint::black_box(batch?);
                }
                Ok(())
            }
            Self::Images(stages) => stages.call(),
            Self::Confusion {
                truth,
                mask,
                matrix,
            } => {
                matrix.add(
                    std::hint::black_box(&truth.labels),
                    std::hint::black_box(&mask.labels),
                );
                Ok(())
            }
        }
    }

    /// What a call works on, and how many of it.
    pub fn items(&self) -> (&'static str, usize) {
        match self {
            Self::Gemm { .. } => ("products", 1),
            Self::Forward { .. } | Self::Predict { .. } => ("images", 1),
            Self::Step { batch, .. } => ("images", batch.batch_size),
            Self::Data { plan } => ("batches", plan.batches_per_epoch()),
            Self::Images(stages) => ("images", stages.count()),
            Self::Confusion { truth, .. } => ("pixels", truth.labels.len()),
        }
    }

    /// The number by which another program's result is compared, where there is one.
    pub fn check(&self) -> Result<Option<f64>, TrainError> {
        match self {
            Self::Forward {
                logits: Some(logits),
                ..
            } => {
                let data = logits.clone().try_into_data();
                let data = data.map_err(|err| TrainError::Execution(err.to_string()))?;
                Ok(mean(data.iter::<f32>().map(|logit| f64::from(logit.abs()))))
            }
            Self::Predict {
                mask: Some(mask), ..
            } => Ok(mean(mask.labels.iter().map(|label| f64::from(*label)))),
            Self::Confusion { matrix, .. } => Ok(matrix.pixel_accuracy()),
            _ => Ok(None),
        }
    }
}

/// The generated sample, made where it is not there.
fn sample(job: &BenchJob) -> Result<Dataset, TrainError> {
    ensure_sample(&job.sample, &SampleSpec::default(), &mut |_, _| true)?;
    Ok(Dataset::open(&job.sample)?)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u64), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

pub(super) fn synced(device: &Device) -> Result<(), TrainError> {
    device
        .sync()
        .map_err(|err| TrainError::Execution(err.to_string()))
}

fn run_config(job: &BenchJob, trunk: Trunk, variant: Variant) -> RunConfig {
    let init = job
        .weights
        .clone()
        .map_or(InitialWeights::Random, InitialWeights::File);
    RunConfig {
        init,
        ..config_of(trunk, variant)
    }
}

fn network(
    job: &BenchJob,
    trunk: Trunk,
    variant: Variant,
    device: &Device,
) -> Result<Network, TrainError> {
    let config = run_config(job, trunk, variant);
    initial_network(&config, NUM_CLASSES, &nowhere(), device)
}

/// Where other runs would be, which none starts from here.
fn nowhere() -> RunFolder {
    RunFolder::at(PathBuf::new())
}
