//! The memory of a run, from the layers of its network.

use super::data_facts::DataFacts;
use crate::dataset::Size;
use crate::model::ComputedBy;
use crate::training::config::RunConfig;
use crate::training::device::DeviceId;
use crate::training::learning::OptimizerKind;
use crate::training::precision::Precision;

const MIB: u64 = 1 << 20;
/// The program itself, without a network.
const PROGRAM: u64 = 85 * MIB;
/// The most that the kernels keep from step to step, see `kernels/buffer_pool.rs`.
const POOL: u64 = 64 * MIB;
/// What decoded pairs may take, see `dataset/loader/cache.rs`.
const DECODED: u64 = 512 * MIB;
/// Bytes of a value.
const VALUE: u64 = size_of::<f32>() as u64;

/// Peak memory of a run, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Whose memory the network takes. With a GPU, copies of checkpoints and images are in the
    /// machine's memory.
    pub by: ComputedBy,
    /// Weights, and what the optimizer keeps of each.
    pub weights: u64,
    /// Activations, gradients and scratch memory of a training step.
    pub step: u64,
    /// The same of a validation image, which takes the place of a step.
    pub validation: u64,
    /// Copies of weights and momentum while a checkpoint is written, and the bytes of its files, in
    /// the place of a step.
    pub saving: u64,
    /// Images: decoded ones, and batches made in advance.
    pub images: u64,
    /// The largest map or weights of the network, which are in one piece.
    pub largest: u64,
}

impl MemoryEstimate {
    /// Of a run with these settings, on their device; of more images than a batch may have, that of the
    /// most.
    pub fn new(config: &RunConfig, facts: &DataFacts) -> Self {
        let by = match config.device {
            DeviceId::Cpu => ComputedBy::Processor,
            _ if matches!(config.precision, Precision::Bf16 | Precision::F16) => {
                ComputedBy::GpuIn16Bits
            }
            _ => ComputedBy::Gpu,
        };
        let network = config.network(facts.classes);
        let train_size = config.augment.crop.unwrap_or(facts.largest);
        let memory = network.training_memory(
            config.batch_size.min(RunConfig::MOST_IMAGES),
            train_size.dims(),
            config.recompute_activations,
            by,
        );
        let velocity = match config.learning.optimizer {
            OptimizerKind::AdamW => 2 * memory.trained,
            OptimizerKind::Sgd if config.learning.momentum > 0.0 => memory.trained,
            OptimizerKind::Sgd => 0,
        };
        let average = self::average(config, memory.weights);
        // Gradients wait for those of the next batch.
        let waiting = if config.learning.accumulation > 1 {
            memory.trained
        } else {
            0
        };
        let validated = config.test_size.unwrap_or(facts.largest);
        let validation = if facts.val_images > 0 {
            // In 32 bits whatever the precision.
            let by = if by.is_gpu() { ComputedBy::Gpu } else { by };
            network.prediction_memory(validated.dims(), by)
        } else {
            0
        };
        let kept = match by {
            ComputedBy::Processor => POOL.min(memory.step / 4),
            _ => 0,
        };
        Self {
            by,
            weights: memory.weights + velocity + average,
            saving: 2 * (memory.weights + velocity + average),
            step: memory.step + waiting + kept,
            validation,
            images: batches(config, train_size) + decoded(facts),
            largest: memory.largest,
        }
    }

    /// The most at a time, of the device that computes.
    pub fn total(&self) -> u64 {
        match self.by {
            ComputedBy::Processor => {
                let most = self.step.max(self.validation).max(self.saving);
                PROGRAM + self.weights + most + self.images
            }
            ComputedBy::Gpu | ComputedBy::GpuIn16Bits => {
                let network = self.weights + self.step.max(self.validation);
                RUNTIME + in_pages(network, self.largest)
            }
        }
    }

    /// The most at a time of the machine's memory, beside a GPU's.
    pub fn beside_gpu(&self) -> u64 {
        PROGRAM + self.saving + self.images
    }
}

/// Bytes as GPUs hand them out, in pages of the largest piece so far: the last page is not full,
/// and gaps are left between pieces.
fn in_pages(bytes: u64, largest: u64) -> u64 {
    const SLACK: u64 = MIB;
    let page = largest + SLACK;
    (bytes + bytes / GAPS).next_multiple_of(page)
}

/// What the runtime of a GPU keeps beside: pages for small pieces, and for what is uploaded and read
/// back. 8 to 16 MiB were handed out for it on Mesa's software adapter.
const RUNTIME: u64 = 16 * MIB;

/// The share of memory that is lost in gaps, as a fraction: 1 / 16.
const GAPS: u64 = 16;

/// A moving average of the weights.
fn average(config: &RunConfig, weights: u64) -> u64 {
    if config.ema.is_some() { weights } else { 0 }
}

/// The batch in hand, and two that each thread has made in advance: floats, and labels.
fn batches(config: &RunConfig, size: Size) -> u64 {
    let images = config.batch_size.min(RunConfig::MOST_IMAGES) as u64;
    let batch = images * size.pixels() * (3 * VALUE + 1);
    // No machine has more threads.
    (1 + 2 * config.workers.min(1 << 10) as u64) * batch
}

/// Decoded pairs of a usual size, up to what is kept of them.
fn decoded(facts: &DataFacts) -> u64 {
    let pair = facts.usual.pixels() * 4;
    DECODED.min(facts.train_images as u64 * pair)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;
    use crate::training::preset;

    pub const FACTS: DataFacts = DataFacts {
        train_images: 10,
        val_images: 2,
        classes: 21,
        usual: Size::new(100, 50),
        largest: Size::new(200, 100),
    };

    #[test]
    fn weights_are_counted_once_and_once_more_for_their_momentum() {
        let mut config = preset(Trunk::Vgg16);
        let parameters: u64 = 134_260_544 + 21 * (4096 + 512 + 256) + 63 + 21 * 21 * 288;
        let of = |config: &RunConfig| MemoryEstimate::new(config, &FACTS).weights;
        assert_eq!(of(&config), 2 * 4 * parameters);
        config.learning.momentum = 0.0;
        assert_eq!(of(&config), 4 * parameters);
        config.learning.optimizer = OptimizerKind::AdamW;
        assert_eq!(of(&config), 3 * 4 * parameters, "two moments");
        config.ema = Some(0.999);
        assert_eq!(of(&config), 4 * 4 * parameters, "an average");
    }

    #[test]
    fn what_saves_memory_is_estimated_to_save_it() {
        let base = RunConfig {
            batch_size: 8,
            ..preset(Trunk::Vgg16Slim)
        };
        let step = |edit: fn(&mut RunConfig)| {
            let mut config = base.clone();
            edit(&mut config);
            MemoryEstimate::new(&config, &FACTS).step as f64
        };
        let whole = step(|_| ());
        let halved = step(|config| config.batch_size = 4) / whole;
        assert!((0.45..0.7).contains(&halved), "{halved}");
        let recomputed = step(|config| config.recompute_activations = true) / whole;
        assert!((0.3..0.9).contains(&recomputed), "{recomputed}");
        let smaller = step(|config| config.augment.crop = Some(Size::new(80, 64))) / whole;
        assert!((0.2..0.4).contains(&smaller), "{smaller}");
        assert!(step(|config| config.learning.accumulation = 2) > whole);
    }

    #[test]
    fn images_are_those_in_memory_and_those_in_batches() {
        let config = preset(Trunk::Vgg16Slim);
        // 4 crops of 160x128, 13 bytes a pixel, three times; 10 pairs of 100x50, 4 bytes a pixel.
        let expected = 3 * 4 * 160 * 128 * 13 + 10 * 100 * 50 * 4;
        assert_eq!(MemoryEstimate::new(&config, &FACTS).images, expected);
        let many = DataFacts {
            train_images: 1_000_000,
            ..FACTS
        };
        assert_eq!(decoded(&many), DECODED);
    }

    /// The sample.
    const SAMPLE: DataFacts = DataFacts {
        train_images: 200,
        val_images: 40,
        classes: 7,
        usual: Size::new(192, 144),
        largest: Size::new(192, 144),
    };

    #[test]
    fn estimates_are_near_the_peaks_that_were_measured() {
        // Peak resident memory in MiB of `train --device cpu --max-steps 2` on the sample, Linux
        // with glibc, see docs/benchmarks.md.
        type Edit = fn(&mut RunConfig);
        let cases: [(&str, Trunk, Edit, f64); 5] = [
            ("slim", Trunk::Vgg16Slim, |_| (), 155.0),
            (
                "slim, 16 of 320x320",
                Trunk::Vgg16Slim,
                |config| {
                    config.batch_size = 16;
                    config.augment.crop = Some(Size::new(320, 320));
                },
                645.0,
            ),
            (
                "the same, recomputed",
                Trunk::Vgg16Slim,
                |config| {
                    config.batch_size = 16;
                    config.augment.crop = Some(Size::new(320, 320));
                    config.recompute_activations = true;
                },
                654.0,
            ),
            (
                "slim, 32",
                Trunk::Vgg16Slim,
                |config| config.batch_size = 32,
                427.0,
            ),
            ("vgg16", Trunk::Vgg16, |_| (), 3435.0),
        ];
        let ratios = cases.map(|(name, trunk, edit, measured)| {
            let mut config = preset(trunk);
            edit(&mut config);
            let estimate = MemoryEstimate::new(&config, &SAMPLE);
            (
                name,
                estimate.total() as f64 / MIB as f64 / measured,
                estimate,
            )
        });
        assert!(
            ratios
                .iter()
                .all(|(_, ratio, _)| (0.8..1.2).contains(ratio)),
            "{ratios:#?}"
        );
    }
}
