//! Settings that suit a dataset, a device and the memory, each with its reason.
//!
//! Rules alone, so that window and command line say the same.

use super::config::{InitialWeights, RunConfig};
use super::device::DeviceKind;
use super::estimate::{DataFacts, MemoryEstimate};
use super::machine::{MachineMemory, memory_text};
use super::preset::preset;
use super::starting_point::StartingPoint;
use crate::dataset::Size;
use crate::model::Trunk;

/// A setting that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The setting.
    pub field: &'static str,
    /// What it was set to.
    pub value: String,
    /// Why.
    pub reason: String,
}

/// Settings, and why they are what they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Configured {
    /// The settings; dataset and device are still to be set.
    pub config: RunConfig,
    /// What was chosen, in the order of the form.
    pub choices: Vec<Choice>,
}

/// What settings are chosen for.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// The data.
    pub facts: DataFacts,
    /// The device.
    pub device: DeviceKind,
    /// The memory, which a device of its own does not share.
    pub machine: MachineMemory,
    /// Pretrained weights that are on this machine, the best first.
    pub weights: Vec<StartingPoint>,
    /// Threads that can run at a time.
    pub threads: usize,
}

/// Steps of the preset of the slim network on the sample: 200 images, 4 a step, 40 epochs.
const STEPS: usize = 2000;
/// Largest side of a crop. A step takes as much longer as a crop has more pixels.
const LARGEST_CROP: u32 = 480;
/// Sides of crops are multiples of the coarsest stride.
const STRIDE: u32 = 32;
/// Images of a step in the recipes that crop.
const IMAGES: usize = 4;
/// Fewest and most passes over the data.
const EPOCHS: [usize; 2] = [10, 400];

/// Chooses trunk, sizes, batch, rate and epochs.
pub fn configure(around: &Circumstances) -> Configured {
    let mut chosen = Chosen {
        config: preset(Trunk::Vgg16Slim),
        choices: Vec::new(),
    };
    chosen.trunk(around);
    chosen.crop(&around.facts);
    chosen.batch(around);
    chosen.test_size(around);
    chosen.rate();
    chosen.epochs(&around.facts);
    chosen.workers(around.threads);
    Configured {
        config: chosen.config,
        choices: chosen.choices,
    }
}

struct Chosen {
    config: RunConfig,
    choices: Vec<Choice>,
}

impl Chosen {
    fn because(&mut self, field: &'static str, value: impl ToString, reason: impl Into<String>) {
        self.choices.push(Choice {
            field,
            value: value.to_string(),
            reason: reason.into(),
        });
    }

    /// A processor trains the slim network from random weights; other devices take a full one
    /// where there are weights to start from.
    fn trunk(&mut self, around: &Circumstances) {
        let on_processor = matches!(around.device, DeviceKind::Cpu | DeviceKind::Software);
        match around.weights.first().filter(|_| !on_processor) {
            Some(start) => {
                self.config = preset(start.config.trunk);
                self.config.start_from(start);
                let what = match &start.weights {
                    InitialWeights::File(path) => path.display().to_string(),
                    InitialWeights::Run(run) => run.clone(),
                    InitialWeights::Random => "random weights".to_owned(),
                };
                self.because(
                    "Trunk",
                    start.config.trunk,
                    format!("a GPU is fast enough for it, and pretrained weights are here: {what}"),
                );
            }
            None if on_processor => self.because(
                "Trunk",
                self.config.trunk,
                times_text(around.facts.classes),
            ),
            None => self.because(
                "Trunk",
                self.config.trunk,
                "no pretrained weights are on this machine, and of the networks this one learns best \
                 from random weights; Pretrained weights has files for the others",
            ),
        }
        let variant = self.config.variant;
        self.because("Network", variant, "the finest that the trunk has");
    }

    /// Nearly the whole image, as validation sees it, up to what a step can afford.
    fn crop(&mut self, facts: &DataFacts) {
        let side = |side: u32| (side.min(LARGEST_CROP) / STRIDE * STRIDE).max(STRIDE);
        let usual = facts.usual;
        let crop = Size::new(side(usual.width), side(usual.height));
        self.config.augment.crop = Some(crop);
        self.config.augment.random_crop = true;
        let reason = if usual.width.max(usual.height) > LARGEST_CROP {
            format!(
                "the images are {usual}; a step takes as much longer as a crop has more pixels, so \
                 no side is above {LARGEST_CROP}"
            )
        } else {
            format!(
                "the images are {usual}: the network should see in training what it sees in \
                 validation, which is the whole image. Sides are multiples of the stride, {STRIDE}"
            )
        };
        self.because("Crop size", crop, reason);
    }

    /// Four images a step, in batches that fit into half of the memory.
    fn batch(&mut self, around: &Circumstances) {
        let facts = &around.facts;
        // Other programs need memory too; a GPU's own is not known.
        let limit = match around.device {
            DeviceKind::Cpu | DeviceKind::Software => {
                around.machine.available.map(|available| available / 2)
            }
            _ => None,
        };
        let config = &mut self.config;
        let images = IMAGES.min(facts.train_images.max(1));
        (config.batch_size, config.learning.accumulation) = (images, 1);
        let needed = |config: &RunConfig| MemoryEstimate::new(config, facts).total();
        let fits = |config: &RunConfig| limit.is_none_or(|limit| needed(config) <= limit);
        while !fits(config) {
            if config.batch_size > 1 {
                config.batch_size /= 2;
                config.learning.accumulation = images.div_ceil(config.batch_size);
            } else if config.trunk.has_stages() && !config.recompute_activations {
                config.recompute_activations = true;
            } else if let Some(smaller) = halved(config.augment.crop) {
                config.augment.crop = Some(smaller);
            } else {
                break;
            }
        }
        let needs = memory_text(needed(config));
        let (batch, recomputes, crop) = (
            config.batch_size,
            config.recompute_activations,
            config.augment.crop,
        );
        let mut reason = format!("the run then needs about {needs}");
        if let Some(limit) = limit {
            reason = format!(
                "{reason}, and half of the free memory is {}",
                memory_text(limit)
            );
        }
        self.because("Batch size", batch, reason);
        if batch < images {
            let accumulation = self.config.learning.accumulation;
            let reason = format!("so that a step sees {images} images all the same");
            self.because("Accumulation", accumulation, reason);
        }
        if recomputes {
            let reason = "less memory for a third more time: without it one image does not fit";
            self.because("Recompute activations", "on", reason);
        }
        let first = self
            .choices
            .iter_mut()
            .find(|choice| choice.field == "Crop size");
        if let (Some(choice), Some(crop)) = (first, crop)
            && choice.value != crop.to_string()
        {
            choice.value = crop.to_string();
            choice.reason = format!(
                "larger crops of these {} images do not fit into memory",
                facts.usual
            );
        }
    }

    /// Images as they are, unless one does not fit.
    fn test_size(&mut self, around: &Circumstances) {
        let facts = &around.facts;
        self.config.test_size = None;
        let estimate = MemoryEstimate::new(&self.config, facts);
        if estimate.validation <= estimate.step
            || around
                .machine
                .available
                .is_none_or(|available| estimate.total() <= available / 2)
        {
            let reason = "scores are those of the whole images";
            self.because("Test size", "original size", reason);
            return;
        }
        let mut size = facts.largest;
        while let Some(smaller) = halved(Some(size)) {
            size = smaller;
            self.config.test_size = Some(size);
            if MemoryEstimate::new(&self.config, facts).validation <= estimate.step {
                break;
            }
        }
        let reason = format!(
            "an image of {} does not fit into half of the free memory",
            facts.largest
        );
        self.because("Test size", size, reason);
    }

    /// The recipe's, for the images of a step (Goyal et al., arXiv:1706.02677, section 2.1).
    fn rate(&mut self) {
        let usual = preset(self.config.trunk);
        let images = |config: &RunConfig| config.batch_size * config.learning.accumulation;
        let [now, then] = [images(&self.config), images(&usual)];
        let rate = usual.learning.learning_rate * now as f64 / then as f64;
        self.config.learning.learning_rate = rate;
        let reason = if now == then {
            format!(
                "that of the preset of {}, for {then} images a step",
                usual.trunk
            )
        } else {
            format!(
                "the preset of {} has {} for {then} images a step; the rate goes with the images",
                usual.trunk, usual.learning.learning_rate
            )
        };
        self.because("Learning rate", rate, reason);
    }

    fn epochs(&mut self, facts: &DataFacts) {
        let batches = facts.train_images.div_ceil(self.config.batch_size).max(1);
        let steps = self.config.steps_per_epoch(batches);
        let epochs = STEPS.div_ceil(steps).clamp(EPOCHS[0], EPOCHS[1]);
        self.config.epochs = epochs;
        let total = epochs * steps;
        let reason = format!(
            "{} training images make {steps} steps an epoch, {total} in all; the sample is learned \
             in {STEPS}",
            facts.train_images
        );
        self.because("Epochs", epochs, reason);
    }

    fn workers(&mut self, threads: usize) {
        let workers = (threads / 4).clamp(1, 4);
        self.config.workers = workers;
        let reason =
            format!("a quarter of the {threads} threads of this machine; steps need the others");
        self.because("Loader threads", workers, reason);
    }
}

/// Half the sides, in multiples of the stride; `None` where they are small already.
fn halved(size: Option<Size>) -> Option<Size> {
    let size = size?;
    let side = |side: u32| (side / 2 / STRIDE * STRIDE).max(STRIDE);
    let smaller = Size::new(side(size.width), side(size.height));
    (smaller.pixels() < size.pixels()).then_some(smaller)
}

/// How much more a full network computes than the slim one.
fn times_text(classes: usize) -> String {
    let operations = |trunk| preset(trunk).network(classes).multiply_adds([224, 224]);
    let times = operations(Trunk::Vgg16) / operations(Trunk::Vgg16Slim).max(1);
    format!(
        "it learns from random weights, and a processor takes about {times} times as long for a \
         step of VGG16"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Variant;

    const GIB: u64 = 1 << 30;

    fn around(usual: Size, train_images: usize) -> Circumstances {
        Circumstances {
            facts: DataFacts {
                train_images,
                val_images: 10,
                classes: 11,
                usual,
                largest: usual,
            },
            device: DeviceKind::Cpu,
            machine: MachineMemory {
                total: Some(16 * GIB),
                available: Some(12 * GIB),
            },
            weights: Vec::new(),
            threads: 8,
        }
    }

    fn reason<'a>(configured: &'a Configured, field: &str) -> &'a Choice {
        let mut choices = configured.choices.iter();
        choices
            .find(|choice| choice.field == field)
            .unwrap_or_else(|| panic!("no choice of {field}"))
    }

    #[test]
    fn crops_show_what_validation_shows() {
        // CamVid: crops of 160x128 of these frames learn little.
        let configured = configure(&around(Size::new(480, 360), 367));
        let config = &configured.config;
        assert_eq!(config.augment.crop, Some(Size::new(480, 352)));
        assert_eq!((config.batch_size, config.test_size), (4, None));
        assert_eq!(config.learning.learning_rate, 0.05);
        // 92 steps an epoch.
        assert_eq!(config.epochs, 22);
        assert!(config.validate().is_ok());
        let crop = reason(&configured, "Crop size");
        assert!(crop.reason.contains("the images are 480x360"), "{crop:?}");
        for field in ["Trunk", "Network", "Batch size", "Learning rate", "Epochs"] {
            assert!(!reason(&configured, field).reason.is_empty());
        }
    }

    #[test]
    fn large_images_are_cropped_and_small_ones_padded() {
        let crop = |size| configure(&around(size, 100)).config.augment.crop;
        assert_eq!(crop(Size::new(2048, 1024)), Some(Size::new(480, 480)));
        assert_eq!(crop(Size::new(20, 70)), Some(Size::new(32, 64)));
    }

    #[test]
    fn little_memory_makes_small_batches_of_as_many_images() {
        let mut small = around(Size::new(480, 480), 100);
        small.machine.available = Some(GIB);
        let configured = configure(&small);
        let config = &configured.config;
        assert!(config.batch_size < 4);
        assert_eq!(config.batch_size * config.learning.accumulation, 4);
        assert!(MemoryEstimate::new(config, &small.facts).total() <= GIB / 2);
        assert!(
            reason(&configured, "Accumulation")
                .reason
                .contains("4 images")
        );
        assert_eq!(config.learning.learning_rate, 0.05);
        assert!(config.validate().is_ok());
        // However little there is, something is chosen.
        small.machine.available = Some(1);
        assert!(configure(&small).config.validate().is_ok());
    }

    #[test]
    fn few_images_make_smaller_steps_with_a_smaller_rate() {
        let config = configure(&around(Size::new(64, 64), 2)).config;
        assert_eq!((config.batch_size, config.epochs), (2, 400));
        assert_eq!(config.learning.learning_rate, 0.025);
    }

    #[test]
    fn a_gpu_takes_a_full_network_where_there_are_weights() {
        let mut gpu = around(Size::new(500, 375), 1000);
        gpu.device = DeviceKind::DiscreteGpu;
        assert_eq!(configure(&gpu).config.trunk, Trunk::Vgg16Slim);
        let own = RunConfig {
            variant: Variant::FcnResnet50,
            ..preset(Trunk::Resnet50)
        };
        gpu.weights = vec![StartingPoint {
            weights: InitialWeights::File("weights.pth".into()),
            config: own,
            is_network: true,
        }];
        let configured = configure(&gpu);
        let config = &configured.config;
        assert_eq!(
            (config.trunk, config.variant),
            (Trunk::Resnet50, Variant::FcnResnet50)
        );
        assert!(config.validate().is_ok());
        assert!(reason(&configured, "Trunk").reason.contains("weights.pth"));
    }
}
