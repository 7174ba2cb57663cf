//! A search for a learning rate: some steps at rising rates, and where the loss falls.

use std::path::Path;

use super::batches::{batch_plan, batch_seed};
use super::checkpoint::RunFolder;
use super::class_balance::ClassBalance;
use super::config::RunConfig;
use super::device;
use super::device_fault;
use super::error::TrainError;
use super::estimate::DataFacts;
use super::gradients::read;
use super::learner::Learner;
use super::learning::{OptimizerKind, Reduction};
use super::stored_batches::stored_batches;
use crate::dataset::{Batch, BatchPlan, Dataset, Loader};

/// Share of the smoothed loss that the next one keeps.
const SMOOTHING: f64 = 0.9;

/// Ends the search when the smoothed loss is this many times the lowest one.
const EXPLODED: f64 = 4.0;

/// How much the loss must fall, as a share of it.
const FALLEN: f64 = 0.97;

/// The rates that are tried, from one to the other in equal factors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateRange {
    /// The smallest, above 0.
    pub from: f64,
    /// The largest, above the smallest.
    pub to: f64,
    /// Steps, 2 or more.
    pub steps: usize,
}

/// The loss of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatePoint {
    /// Its learning rate.
    pub rate: f64,
    /// Before the step.
    pub loss: f64,
    /// The same, averaged over the last steps.
    pub smoothed: f64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct RateSearch {
    /// One for each step, up to where the loss exploded.
    pub points: Vec<RatePoint>,
    /// A tenth of the rate with the lowest loss (Smith 2017, section 3.3; Gugger 2018); `None` where
    /// the loss falls at no rate.
    pub suggested: Option<f64>,
}

impl RateRange {
    /// What is usual for the optimizer and the reduction.
    pub fn usual(config: &RunConfig) -> Self {
        let learning = &config.learning;
        let (from, to) = match (learning.optimizer, learning.reduction) {
            (OptimizerKind::AdamW, _) => (1e-7, 1.0),
            (OptimizerKind::Sgd, Reduction::Mean) => (1e-6, 10.0),
            (OptimizerKind::Sgd, Reduction::Sum) => (1e-13, 1e-3),
        };
        Self {
            from,
            to,
            steps: 100,
        }
    }

    /// The rate of a step, 0 for the first.
    fn rate(self, step: usize) -> f64 {
        let share = step as f64 / (self.steps - 1).max(1) as f64;
        self.from * (self.to / self.from).powf(share)
    }

    fn check(self) -> Result<(), TrainError> {
        let sound = self.from > 0.0 && self.from < self.to && self.to.is_finite();
        if sound && self.steps >= 2 {
            return Ok(());
        }
        Err(TrainError::Config {
            field: "range of rates",
            value: format!("{} to {} in {} steps", self.from, self.to, self.steps),
            rule: "it must go from a rate above 0 to a larger one, in 2 steps or more",
        })
    }
}

impl RateSearch {
    /// Trains a network as the run would, but for the rate, and throws it away. `runs` is the
    /// folder of the runs, one of which it may start from; `goes_on` is told the share that is done,
    /// and says whether the rest is wanted.
    ///
    /// # Errors
    /// When something cannot be read, and when the rest is not wanted.
    pub fn run(
        config: &RunConfig,
        range: RateRange,
        dataset: &Dataset,
        runs: &Path,
        goes_on: &mut dyn FnMut(f32) -> bool,
    ) -> Result<Self, TrainError> {
        let facts = || DataFacts::read(dataset);
        device_fault::named(config, facts, || {
            Self::search(config, range, dataset, runs, goes_on)
        })
    }

    fn search(
        config: &RunConfig,
        range: RateRange,
        dataset: &Dataset,
        runs: &Path,
        goes_on: &mut dyn FnMut(f32) -> bool,
    ) -> Result<Self, TrainError> {
        config.validate()?;
        config.check_classes(dataset.classes.len())?;
        range.check()?;
        let device = device::open(config.device)?;
        config.precision.check(&device, config.device)?;
        let balance = ClassBalance::of(config, dataset, &mut |_| goes_on(0.0))?;
        let mut plan = batch_plan(config, dataset);
        plan.sampling = balance.sampling;
        plan.stored = stored_batches(config, dataset)?;
        let folder = RunFolder::at(runs.join("rate-search"));
        let mut learner = Learner::initialized(config, dataset.classes.len(), &folder, &device)?;
        learner.set_class_weights(balance.weights);
        let mut batches = Batches::new(plan);
        let mut curve = Curve::default();
        for step in 0..range.steps {
            if !goes_on(step as f32 / range.steps as f32) {
                return Err(TrainError::Stopped);
            }
            let rate = range.rate(step);
            let mut losses = Vec::new();
            for _ in 0..config.learning.accumulation {
                learner.seed_batch(batch_seed(config.seed, batches.taken));
                let batch = batches.next()?;
                match learner.add(batch, rate, step + 1) {
                    Ok(loss) => losses.push(read(loss)?),
                    Err(err) if err.is_not_finite() => return Ok(curve.finish()),
                    Err(err) => return Err(err),
                }
            }
            let loss = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
            if !loss.is_finite() || !curve.add(rate, loss) {
                break;
            }
            learner = match learner.step(rate, step + 1) {
                Ok(learner) => learner,
                Err(err) if err.is_not_finite() => break,
                Err(err) => return Err(err),
            };
        }
        Ok(curve.finish())
    }
}

/// Batches of one epoch after the other.
struct Batches {
    plan: BatchPlan,
    loader: Loader,
    epoch: usize,
    taken: usize,
}

impl Batches {
    fn new(plan: BatchPlan) -> Self {
        Self {
            loader: Loader::start(plan.clone(), 1, 0),
            plan,
            epoch: 1,
            taken: 0,
        }
    }

    fn next(&mut self) -> Result<Batch, TrainError> {
        self.taken += 1;
        if let Some(batch) = self.loader.next() {
            return Ok(batch?);
        }
        self.epoch += 1;
        self.loader = Loader::start(self.plan.clone(), self.epoch, 0);
        let batch = self.loader.next();
        // An epoch without a batch has no images, which is an error of its own.
        Ok(batch.unwrap_or_else(|| self.plan.batch(self.epoch, 0))?)
    }
}

/// The losses so far.
#[derive(Default)]
struct Curve {
    points: Vec<RatePoint>,
    sum: f64,
}

impl Curve {
    /// False where the loss has exploded.
    fn add(&mut self, rate: f64, loss: f64) -> bool {
        self.sum = SMOOTHING * self.sum + (1.0 - SMOOTHING) * loss;
        let count = i32::try_from(self.points.len() + 1).unwrap_or(i32::MAX);
        // Without the zero that the sum began with (Kingma and Ba 2015, section 3).
        let smoothed = self.sum / (1.0 - SMOOTHING.powi(count));
        let lowest = self.points.iter().map(|point| point.smoothed);
        let exploded = smoothed > EXPLODED * lowest.fold(f64::INFINITY, f64::min);
        self.points.push(RatePoint {
            rate,
            loss,
            smoothed,
        });
        !exploded
    }

    fn finish(self) -> RateSearch {
        RateSearch {
            suggested: suggestion(&self.points),
            points: self.points,
        }
    }
}

fn suggestion(points: &[RatePoint]) -> Option<f64> {
    let lowest = points
        .iter()
        .enumerate()
        .min_by(|(_, one), (_, other)| one.smoothed.total_cmp(&other.smoothed));
    let (place, lowest) = lowest?;
    let before = points[..place].iter().map(|point| point.smoothed);
    let highest = before.fold(0.0, f64::max);
    (lowest.smoothed < FALLEN * highest).then(|| {
        // Two digits: more would be pretended.
        let rate = lowest.rate / 10.0;
        format!("{rate:.1e}").parse().unwrap_or(rate)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(losses: &[f64]) -> Curve {
        let mut curve = Curve::default();
        for (step, loss) in losses.iter().enumerate() {
            curve.add(10f64.powi(step as i32 - 5), *loss);
        }
        curve
    }

    #[test]
    fn rates_rise_by_equal_factors() {
        let range = RateRange {
            from: 1e-4,
            to: 1.0,
            steps: 5,
        };
        for (step, expected) in [1e-4, 1e-3, 1e-2, 0.1, 1.0].into_iter().enumerate() {
            assert!((range.rate(step) / expected - 1.0).abs() < 1e-9);
        }
        range.check().expect("sound");
        for (from, to, steps) in [(0.0, 1.0, 5), (1.0, 0.1, 5), (0.1, 1.0, 1)] {
            RateRange { from, to, steps }
                .check()
                .expect_err("not sound");
        }
    }

    #[test]
    fn losses_are_smoothed_as_by_hand() {
        let smoothed: Vec<f64> = curve(&[1.0, 0.0, 2.0])
            .points
            .iter()
            .map(|point| point.smoothed)
            .collect();
        // 0.1 / 0.1; 0.09 / 0.19; (0.081 + 0.2) / 0.271.
        for (found, expected) in smoothed.iter().zip([1.0, 0.09 / 0.19, 0.281 / 0.271]) {
            assert!((found - expected).abs() < 1e-12, "{smoothed:?}");
        }
    }

    #[test]
    fn a_tenth_of_the_rate_with_the_lowest_loss_is_suggested() {
        // Smoothed the loss is the lowest at the sixth step, of the rate 1.
        let falling = curve(&[2.0, 2.0, 1.5, 1.0, 0.5, 0.1, 9.0]);
        assert_eq!(falling.finish().suggested, Some(0.1));
        assert_eq!(curve(&[1.0, 1.0, 1.01, 1.2]).finish().suggested, None);
        assert_eq!(curve(&[]).finish().suggested, None);
    }

    #[test]
    fn a_loss_that_explodes_ends_the_search() {
        let mut curve = Curve::default();
        assert!(curve.add(0.1, 1.0) && curve.add(0.2, 1.0));
        assert!(!curve.add(0.4, 100.0));
    }
}
