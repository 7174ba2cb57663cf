//! Settings that suit a dataset, a device and the memory, each with its reason.
//!
//! Rules alone, so that window and command line say the same.

use crate::dataset::Size;
use crate::model::Trunk;
use crate::text;
use crate::training::config::{InitialWeights, RunConfig};
use crate::training::device::{DeviceId, DeviceKind};
use crate::training::estimate::{DataFacts, MemoryEstimate, MemoryRoom};
use crate::training::machine::memory_text;
use crate::training::preset::preset;
use crate::training::starting_point::StartingPoint;

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
    /// The settings; the dataset is still to be set.
    pub config: RunConfig,
    /// What was chosen, in the order of the form.
    pub choices: Vec<Choice>,
}

/// What settings are chosen for.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// The data.
    pub facts: DataFacts,
    /// The device, and what it is.
    pub id: DeviceId,
    pub device: DeviceKind,
    /// The device's memory.
    pub room: MemoryRoom,
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
    chosen.config.device = around.id;
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

/// What a run may take, where that is known, and in words: other programs need memory too.
fn limit(room: MemoryRoom) -> (Option<u64>, &'static str) {
    match room.available {
        Some(available) => (Some(available / 2), "half of the free memory"),
        None => (
            room.total.map(|total| total / 4 * 3),
            "three quarters of the device's memory",
        ),
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

    /// Four images a step, in batches that fit into half of the free memory, or into three quarters of
    /// a device's own.
    fn batch(&mut self, around: &Circumstances) {
        let facts = &around.facts;
        let (limit, share) = limit(around.room);
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
            reason = format!("{reason}, and {share} is {}", memory_text(limit));
        }
        self.because("Batch size", batch, reason);
        if batch < images {
            let accumulation = self.config.learning.accumulation;
            let reason = format!(
                "so that a step sees {} all the same",
                text::plural(images, "image", "images")
            );
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
        let (limit, share) = limit(around.room);
        if estimate.validation <= estimate.step
            || limit.is_none_or(|limit| estimate.total() <= limit)
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
        let reason = format!("an image of {} does not fit into {share}", facts.largest);
        self.because("Test size", size, reason);
    }

    /// The recipe's, for the images of a step (Goyal et al., arXiv:1706.02677, section 2.1).
    fn rate(&mut self) {
        let usual = preset(self.config.trunk);
        let images = RunConfig::images_per_step;
        let [now, then] = [images(&self.config), images(&usual)];
        let is_usual = now == then;
        let exact = usual.learning.learning_rate * now as f64 / then as f64;
        // What is shown is what is trained with.
        let rate = text::round(exact);
        self.config.learning.learning_rate = rate;
        let then = text::plural(then, "image", "images");
        let reason = if is_usual {
            format!("that of the preset of {}, for {then} a step", usual.trunk)
        } else {
            format!(
                "the preset of {} has {} for {then} a step; the rate goes with the images",
                usual.trunk,
                text::setting(usual.learning.learning_rate)
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
            "{} in an epoch of {}, {total} in all; the sample is learned in {STEPS}",
            text::plural(steps, "step", "steps"),
            text::plural(facts.train_images, "training image", "training images")
        );
        self.because("Epochs", epochs, reason);
    }

    fn workers(&mut self, threads: usize) {
        let workers = (threads / 4).clamp(1, 4);
        self.config.workers = workers;
        let reason =
            format!("a quarter of the threads of this machine ({threads}); steps need the others");
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
mod tests;
