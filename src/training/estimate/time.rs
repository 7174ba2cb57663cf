//! How long a run takes, from runs on the same device or from how fast that is.

use super::data_facts::DataFacts;
use super::speed::DeviceSpeed;
use crate::training::config::RunConfig;

/// A run whose steps were timed.
#[derive(Debug, Clone, Copy)]
pub struct EarlierRun<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its settings, with the device that it ran on.
    pub config: &'a RunConfig,
    /// Its number of classes.
    pub classes: usize,
    /// Seconds of a step, in the middle of its last ones.
    pub step_secs: f64,
}

/// How long a run will take.
#[derive(Debug, Clone, PartialEq)]
pub struct RunTime {
    /// Seconds of a step.
    pub step_secs: f64,
    /// Seconds of the whole run, validation included.
    pub total_secs: f64,
    /// What says so.
    pub source: TimeSource,
}

/// What the time of a run is known from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeSource {
    /// The run of this name had steps of the same size.
    SameStep(String),
    /// The time of the run of this name, scaled by the operations.
    Scaled(String),
    /// A trial of these settings.
    Trial,
    /// A product that was timed on the device: good for the size of the number alone.
    Product,
}

impl TimeSource {
    /// As the end of a sentence.
    pub fn text(&self) -> String {
        match self {
            Self::SameStep(run) => format!("as in {run}"),
            Self::Scaled(run) => format!("by the number of operations, from {run}"),
            Self::Trial => "as in the trial".to_owned(),
            Self::Product => {
                "roughly, by a matrix product that was timed on this device".to_owned()
            }
        }
    }
}

impl RunTime {
    /// From the first of `earlier` with the same network and precision on the same device, best
    /// one with steps of the same size; where there is none, from the `speed` of the device.
    /// `None` where that is not known either.
    pub fn estimate(
        config: &RunConfig,
        facts: &DataFacts,
        earlier: &[EarlierRun<'_>],
        speed: Option<DeviceSpeed>,
    ) -> Option<Self> {
        let like = |run: &&EarlierRun<'_>| {
            let other = run.config;
            (other.device, other.trunk, other.precision)
                == (config.device, config.trunk, config.precision)
                && run.step_secs > 0.0
                && run.step_secs.is_finite()
        };
        let operations = operations(config, facts);
        let of = |run: &EarlierRun<'_>| {
            let facts = DataFacts {
                classes: run.classes,
                ..*facts
            };
            self::operations(run.config, &facts)
        };
        let same = earlier
            .iter()
            .filter(like)
            .find(|run| of(run) == operations);
        // Seconds of a multiply-add.
        let of_run = |run: &EarlierRun<'_>| run.step_secs / of(run).max(1) as f64;
        let (rate, source) = match (same, earlier.iter().find(like)) {
            (Some(run), _) => (of_run(run), TimeSource::SameStep(run.name.to_owned())),
            (None, Some(run)) => (of_run(run), TimeSource::Scaled(run.name.to_owned())),
            (None, None) => (1.0 / speed?.in_step(config)?, TimeSource::Product),
        };
        let step_secs = rate * operations as f64;
        let steps = total_steps(config, facts);
        let validated = config.test_size.unwrap_or(facts.usual);
        let network = config.network(facts.classes);
        let of_image = rate * network.multiply_adds(validated.dims()) as f64;
        let epochs = steps.div_ceil(steps_per_epoch(config, facts).max(1));
        let validation = (epochs * facts.val_images) as f64 * of_image;
        Some(Self {
            step_secs,
            total_secs: steps as f64 * step_secs + validation,
            source,
        })
    }
}

fn steps_per_epoch(config: &RunConfig, facts: &DataFacts) -> usize {
    config.steps_per_epoch(facts.train_images.div_ceil(config.batch_size.max(1)))
}

/// Steps of the whole run.
pub(super) fn total_steps(config: &RunConfig, facts: &DataFacts) -> usize {
    config.total_steps(steps_per_epoch(config, facts))
}

/// Multiply-adds of a step.
fn operations(config: &RunConfig, facts: &DataFacts) -> u64 {
    let size = config.augment.crop.unwrap_or(facts.usual);
    let images = config.images_per_step();
    let network = config.network(facts.classes);
    network
        .step_cost(size.dims(), config.recompute_activations)
        .times(images)
        .total()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Size;
    use crate::model::Trunk;
    use crate::training::estimate::memory::MemoryEstimate;
    use crate::training::{DeviceId, preset};

    const FACTS: DataFacts = DataFacts {
        train_images: 40,
        val_images: 0,
        classes: 5,
        usual: Size::new(160, 128),
        largest: Size::new(160, 128),
    };

    #[test]
    fn a_step_takes_what_it_took_or_what_its_operations_say() {
        let config = preset(Trunk::Vgg16Slim);
        let halved = RunConfig {
            batch_size: 2,
            ..config.clone()
        };
        let run = |name, config, step_secs| EarlierRun {
            name,
            config,
            classes: 5,
            step_secs,
        };
        let runs = [run("small", &halved, 0.1), run("same", &config, 0.3)];
        let time = RunTime::estimate(&config, &FACTS, &runs, None).expect("a time");
        assert_eq!(time.source, TimeSource::SameStep("same".to_owned()));
        assert!((time.step_secs - 0.3).abs() < 1e-9);
        // 10 steps in each of 40 epochs.
        assert!((time.total_secs - 400.0 * 0.3).abs() < 1e-6);
        let time = RunTime::estimate(&config, &FACTS, &runs[..1], None).expect("a time");
        assert_eq!(time.source, TimeSource::Scaled("small".to_owned()));
        assert!((time.step_secs - 0.2).abs() < 1e-9);
    }

    #[test]
    fn the_most_images_of_the_largest_size_have_a_time_and_a_memory() {
        let mut config = preset(Trunk::Vgg16);
        config.batch_size = RunConfig::MOST_IMAGES;
        config.learning.accumulation = RunConfig::MOST_IMAGES;
        config.augment.crop = Some(Size::new(8192, 8192));
        config.validate().expect("a valid configuration");
        assert_eq!(operations(&config, &FACTS), u64::MAX);
        let memory = MemoryEstimate::new(&config, &FACTS);
        // Of the first map alone, 64 channels of 4 bytes.
        assert!(memory.total() > (RunConfig::MOST_IMAGES as u64) << (26 + 8));
        // What is refused anyway is not counted wrong, but as the most that is not.
        config.batch_size = usize::MAX;
        assert_eq!(MemoryEstimate::new(&config, &FACTS), memory);
        assert_eq!(operations(&config, &FACTS), u64::MAX);
    }

    #[test]
    fn other_devices_and_networks_say_nothing() {
        let config = preset(Trunk::Vgg16Slim);
        let elsewhere = RunConfig {
            device: DeviceId::Gpu(0),
            ..config.clone()
        };
        let other = preset(Trunk::Vgg16);
        let runs = [&elsewhere, &other].map(|config| EarlierRun {
            name: "r",
            config,
            classes: 5,
            step_secs: 1.0,
        });
        assert_eq!(RunTime::estimate(&config, &FACTS, &runs, None), None);
    }

    #[test]
    fn without_runs_the_speed_of_the_device_says_it() {
        let config = preset(Trunk::Vgg16Slim);
        let speed = Some(DeviceSpeed {
            multiply_adds: 4.0 * operations(&config, &FACTS) as f64,
        });
        let time = RunTime::estimate(&config, &FACTS, &[], speed).expect("a time");
        assert_eq!(time.source, TimeSource::Product);
        // A step reaches a quarter of a product's speed.
        assert!((time.step_secs - 1.0).abs() < 1e-9, "{}", time.step_secs);
        assert!((time.total_secs - 400.0).abs() < 1e-6);
        assert_eq!(RunTime::estimate(&config, &FACTS, &[], None), None);
    }
}
