//! Which values of a configuration make sense, and which exclude each other.

use super::{RunConfig, SampleOrder};
use crate::dataset::Size;
use crate::training::error::TrainError;
use crate::training::learning::Reduction;
use crate::training::objective::ClassWeights;
use crate::training::schedule::Schedule;

impl RunConfig {
    /// Turns down a trunk or a geometry that the network does not have.
    pub(in crate::training) fn check_network(&self) -> Result<(), TrainError> {
        check(
            self.variant.trunks().contains(&self.trunk),
            "trunk",
            self.trunk,
            "the network cannot be built on it; choose another trunk",
        )?;
        check(
            self.trunk.geometries().contains(&self.geometry),
            "geometry",
            self.geometry,
            "the trunk does not have it; choose the other one",
        )
    }

    /// Turns down values that make no sense, naming the field.
    pub fn validate(&self) -> Result<(), TrainError> {
        let learning = &self.learning;
        self.check_network()?;
        check(
            !self.recompute_activations || self.trunk.has_stages(),
            "recompute activations",
            "on",
            "the trunk is not made of stages; turn it off, or choose another trunk",
        )?;
        positive("epochs", self.epochs)?;
        positive("batch size", self.batch_size)?;
        positive("workers", self.workers)?;
        if let Some(steps) = self.max_steps {
            positive("max steps", steps)?;
        }
        check(
            learning.learning_rate > 0.0 && learning.learning_rate.is_finite(),
            "learning rate",
            learning.learning_rate,
            "it must be above 0",
        )?;
        let share = "it must be 0 or more and below 1";
        check(
            (0.0..1.0).contains(&learning.momentum),
            "momentum",
            learning.momentum,
            share,
        )?;
        check(
            (0.0..1.0).contains(&self.dropout),
            "dropout",
            self.dropout,
            share,
        )?;
        check(
            learning.weight_decay >= 0.0 && learning.weight_decay.is_finite(),
            "weight decay",
            learning.weight_decay,
            "it must be 0 or more",
        )?;
        check(
            learning.bias_rate >= 0.0 && learning.bias_rate.is_finite(),
            "bias rate",
            learning.bias_rate,
            "it must be 0 or more",
        )?;
        positive("accumulation", learning.accumulation)?;
        if let Some(norm) = learning.clip_norm {
            check(
                norm > 0.0 && norm.is_finite(),
                "clip norm",
                norm,
                "it must be above 0",
            )?;
        }
        if let Some(rule) = learning.schedule.broken_rule() {
            check(false, "schedule", learning.schedule, rule)?;
        }
        if let Schedule::Cosine { min_rate } = learning.schedule {
            let rule = "its lowest rate must not be above the learning rate";
            check(
                min_rate <= learning.learning_rate,
                "schedule",
                learning.schedule,
                rule,
            )?;
        }
        match self.augment.crop {
            Some(size) => check_size("training size", size)?,
            None => check(
                self.batch_size == 1,
                "batch size",
                self.batch_size,
                "whole images differ in size, so they are trained one by one: set it to 1 and the \
                 accumulation to what the batch size was, or set a training size",
            )?,
        }
        if let Some(size) = self.test_size {
            check_size("test size", size)?;
        }
        check(
            (0.0..=1.0).contains(&self.augment.brightness),
            "brightness",
            self.augment.brightness,
            "it must be 0 to 1",
        )?;
        self.check_objective()?;
        self.check_average()?;
        self.check_sampling()?;
        self.check_checkpoints()?;
        let [smallest, largest] = self.augment.scale;
        check(
            0.1 <= smallest && smallest <= largest && largest <= 10.0,
            "scale",
            format!("{smallest}..{largest}"),
            "it must go from a smaller to a larger value, between 0.1 and 10",
        )
    }

    /// Turns down what does not suit a dataset of so many classes.
    pub fn check_classes(&self, num_classes: usize) -> Result<(), TrainError> {
        let weights = &self.learning.objective.class_weights;
        let fits = match weights {
            ClassWeights::Given(given) => given.len() == num_classes,
            ClassWeights::Equal | ClassWeights::Inverse | ClassWeights::Median => true,
        };
        let rule = "there must be one number for each class of the dataset";
        check(fits, "class weights", weights, rule)
    }

    fn check_objective(&self) -> Result<(), TrainError> {
        let learning = &self.learning;
        let rates = &learning.stage_rates;
        if let Some(rule) = rates.broken_rule(&self.trunk.param_stages()) {
            check(false, "stage rates", rates, rule)?;
        }
        check(
            !(self.recompute_activations && rates.any_frozen()),
            "recompute activations",
            "on",
            "a frozen stage has nothing to recompute; turn one of both off",
        )?;
        if let Some((field, value, rule)) = learning.objective.broken_rule() {
            check(false, field, value, rule)?;
        }
        check(
            learning.objective.dice_share == 0.0 || learning.reduction == Reduction::Mean,
            "dice share",
            learning.objective.dice_share,
            "Dice has no sum over pixels; choose the reduction `mean`",
        )?;
        let entropy_alone = learning.objective.focal_gamma > 0.0
            || learning.objective.class_weights != ClassWeights::Equal;
        check(
            learning.objective.dice_share < 1.0 || !entropy_alone,
            "dice share",
            learning.objective.dice_share,
            "class weights and focal gamma change the cross entropy, of which nothing is left; choose less \
             than 1, or turn them off",
        )
    }

    fn check_previews(&self) -> Result<(), TrainError> {
        check(
            self.preview_images <= 64,
            "live images",
            self.preview_images,
            "it must be 0 to 64",
        )?;
        check(
            (0.0..=3600.0).contains(&self.preview_secs),
            "live interval",
            self.preview_secs,
            "it must be 0 to 3600 seconds; 0 turns the live masks off",
        )
    }

    fn check_sampling(&self) -> Result<(), TrainError> {
        let Some(temperature) = self.rare_sampling else {
            return Ok(());
        };
        let name = "rare sampling";
        let sound = temperature > 0.0 && temperature.is_finite();
        check(sound, name, temperature, "it must be above 0")?;
        check(
            self.order == SampleOrder::Shuffled,
            name,
            temperature,
            "it draws the images, so they have no order; choose `shuffled`",
        )
    }

    fn check_average(&self) -> Result<(), TrainError> {
        self.ema.map_or(Ok(()), |decay| {
            let sound = decay > 0.0 && decay < 1.0;
            check(sound, "EMA decay", decay, "it must be above 0 and below 1")
        })
    }

    fn check_checkpoints(&self) -> Result<(), TrainError> {
        positive("early stop", self.early_stop.unwrap_or(1))?;
        self.check_previews()?;
        let policy = &self.checkpoints;
        check(
            policy.minutes >= 0.0 && policy.minutes.is_finite(),
            "checkpoint minutes",
            policy.minutes,
            "it must be 0 or more; 0 saves by steps and epochs alone",
        )?;
        positive("checkpoint epochs", policy.epochs)?;
        positive("kept last checkpoints", policy.keep_last)?;
        positive("kept best checkpoints", policy.keep_best)?;
        positive("checkpoint steps", policy.steps.unwrap_or(1))?;
        positive("kept epochs", policy.keep_every.unwrap_or(1))
    }
}

fn positive(field: &'static str, value: usize) -> Result<(), TrainError> {
    check(value > 0, field, value, "it must be 1 or more")
}

fn check_size(field: &'static str, size: Size) -> Result<(), TrainError> {
    let sensible = 1..=8192;
    check(
        sensible.contains(&size.width) && sensible.contains(&size.height),
        field,
        size,
        "each side must be 1 to 8192 pixels",
    )
}

fn check(
    holds: bool,
    field: &'static str,
    value: impl ToString,
    rule: &'static str,
) -> Result<(), TrainError> {
    if holds {
        return Ok(());
    }
    Err(TrainError::Config {
        field,
        value: value.to_string(),
        rule,
    })
}
