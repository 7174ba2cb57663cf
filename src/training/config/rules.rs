//! Which values of a configuration make sense, and which exclude each other.

use super::{RunConfig, SampleOrder};
use crate::dataset::{Normalization, Size};
use crate::training::broken_rule::BrokenRules;
use crate::training::error::TrainError;
use crate::training::learning::Reduction;
use crate::training::objective::ClassWeights;
use crate::training::schedule::Schedule;

impl RunConfig {
    /// Turns down a trunk or a geometry that the network does not have.
    pub(in crate::training) fn check_network(&self) -> Result<(), TrainError> {
        let mut rules = BrokenRules::default();
        self.network_rules(&mut rules);
        rules.into_result()
    }

    /// Turns down what no network can predict with, whatever it was trained with.
    pub(in crate::training) fn check_prediction(&self) -> Result<(), TrainError> {
        let mut rules = BrokenRules::default();
        self.network_rules(&mut rules);
        self.reading_rules(&mut rules);
        rules.into_result()
    }

    /// Turns down values that make no sense, naming the first field.
    pub fn validate(&self) -> Result<(), TrainError> {
        self.broken_rules().into_result()
    }

    /// All values that make no sense.
    pub fn broken_rules(&self) -> BrokenRules {
        let mut rules = BrokenRules::default();
        self.network_rules(&mut rules);
        rules.check(
            !self.recompute_activations || self.trunk.has_stages(),
            "recompute activations",
            "on",
            "the trunk is not made of stages; turn it off, or choose another trunk",
        );
        rules.check(
            !(self.recompute_activations && self.learning.stage_rates.any_frozen()),
            "recompute activations",
            "on",
            "a frozen stage has nothing to recompute; turn one of both off",
        );
        rules.check(
            self.batches.is_none() || self.rare_sampling.is_none(),
            "rare sampling",
            self.rare_sampling.unwrap_or_default(),
            "batches of a folder are drawn already; leave one of both out",
        );
        positive(&mut rules, "epochs", self.epochs);
        countable(&mut rules, "batch size", self.batch_size);
        positive(&mut rules, "workers", self.workers);
        positive(&mut rules, "max steps", self.max_steps.unwrap_or(1));
        if let Some(cache) = &self.decoded_cache {
            let holds = cache.gib > 0.0 && cache.gib.is_finite();
            rules.check(holds, "cache size", cache.gib, "it must be above 0 GiB");
        }
        self.learning_rules(&mut rules);
        self.schedule_rules(&mut rules);
        self.image_rules(&mut rules);
        self.augment_rules(&mut rules);
        self.objective_rules(&mut rules);
        self.sampling_rules(&mut rules);
        self.checkpoint_rules(&mut rules);
        self.scale_rules(&mut rules);
        rules
    }

    /// Turns down what does not suit a dataset of so many classes.
    pub fn check_classes(&self, num_classes: usize) -> Result<(), TrainError> {
        let weights = &self.learning.objective.class_weights;
        let fits = match weights {
            ClassWeights::Given(given) => given.len() == num_classes,
            ClassWeights::Equal | ClassWeights::Inverse | ClassWeights::Median => true,
        };
        let mut rules = BrokenRules::default();
        let rule = "there must be one number for each class of the dataset";
        rules.check(fits, "class weights", weights, rule);
        rules.into_result()
    }

    fn network_rules(&self, rules: &mut BrokenRules) {
        rules.check(
            self.variant.trunks().contains(&self.trunk),
            "trunk",
            self.trunk,
            "the network cannot be built on it; choose another trunk",
        );
        rules.check(
            self.trunk.geometries().contains(&self.geometry),
            "geometry",
            self.geometry,
            "the trunk does not have it; choose the other one",
        );
    }

    fn learning_rules(&self, rules: &mut BrokenRules) {
        let learning = &self.learning;
        rules.check(
            learning.learning_rate > 0.0 && learning.learning_rate.is_finite(),
            "learning rate",
            learning.learning_rate,
            "it must be above 0",
        );
        for (field, value) in [("momentum", learning.momentum), ("dropout", self.dropout)] {
            let rule = "it must be 0 or more and below 1";
            rules.check((0.0..1.0).contains(&value), field, value, rule);
        }
        for (field, value) in [
            ("weight decay", learning.weight_decay),
            ("bias rate", learning.bias_rate),
        ] {
            let holds = value >= 0.0 && value.is_finite();
            rules.check(holds, field, value, "it must be 0 or more");
        }
        countable(rules, "accumulation", learning.accumulation);
        if let Some(norm) = learning.clip_norm {
            let holds = norm > 0.0 && norm.is_finite();
            rules.check(holds, "clip norm", norm, "it must be above 0");
        }
    }

    fn schedule_rules(&self, rules: &mut BrokenRules) {
        let schedule = self.learning.schedule;
        for (part, rule) in schedule.broken_rules() {
            rules.check_part(false, "schedule", part, schedule, rule);
        }
        if let Schedule::Cosine { min_rate } = schedule {
            let rule = "its lowest rate must not be above the learning rate";
            let holds = min_rate <= self.learning.learning_rate;
            rules.check(holds, "schedule", schedule, rule);
        }
    }

    fn image_rules(&self, rules: &mut BrokenRules) {
        match self.augment.crop {
            Some(size) => size_rules(rules, "training size", size),
            None => rules.check(
                self.batch_size == 1,
                "batch size",
                self.batch_size,
                "whole images differ in size, so they are trained one by one: set it to 1 and the \
                 accumulation to what the batch size was, or set a training size",
            ),
        }
        self.reading_rules(rules);
    }

    fn reading_rules(&self, rules: &mut BrokenRules) {
        if let Some(size) = self.test_size {
            size_rules(rules, "test size", size);
        }
        let Normalization { mean, std, .. } = &self.normalization;
        for (part, value) in mean.iter().enumerate() {
            let rule = "it must be a finite number";
            rules.check_part(value.is_finite(), "mean", part, value, rule);
        }
        for (part, value) in std.iter().enumerate() {
            let rule = "each channel is divided by it, so it must be above 0";
            let holds = *value > 0.0 && value.is_finite();
            rules.check_part(holds, "standard deviation", part, value, rule);
        }
    }

    fn augment_rules(&self, rules: &mut BrokenRules) {
        let augment = &self.augment;
        for (field, value, most, rule) in [
            ("brightness", augment.brightness, 1.0, "it must be 0 to 1"),
            (
                "rotation",
                augment.rotation,
                180.0,
                "it must be 0 to 180 degrees",
            ),
            (
                "elastic",
                augment.elastic,
                100.0,
                "it must be 0 to 100 pixels",
            ),
            ("saturation", augment.saturation, 1.0, "it must be 0 to 1"),
            ("hue", augment.hue, 180.0, "it must be 0 to 180 degrees"),
            ("blur", augment.blur, 20.0, "it must be 0 to 20 pixels"),
            ("noise", augment.noise, 1.0, "it must be 0 to 1"),
        ] {
            rules.check((0.0..=most).contains(&value), field, value, rule);
        }
    }

    fn scale_rules(&self, rules: &mut BrokenRules) {
        let scale = self.augment.scale;
        let [smallest, largest] = scale;
        // Where both could be right alone, neither can be called the wrong one.
        let in_order = smallest <= largest || scale.iter().any(|side| !is_scale(*side));
        for (part, side) in scale.iter().enumerate() {
            rules.check_part(
                is_scale(*side) && in_order,
                "scale",
                part,
                format!("{smallest}..{largest}"),
                "it must go from a smaller to a larger value, between 0.1 and 10",
            );
        }
    }

    fn objective_rules(&self, rules: &mut BrokenRules) {
        let learning = &self.learning;
        learning.objective.check(rules);
        rules.check(
            learning.objective.dice_share == 0.0 || learning.reduction == Reduction::Mean,
            "dice share",
            learning.objective.dice_share,
            "Dice has no sum over pixels; choose the reduction `mean`",
        );
        let entropy_alone = learning.objective.focal_gamma > 0.0
            || learning.objective.class_weights != ClassWeights::Equal;
        rules.check(
            learning.objective.dice_share < 1.0 || !entropy_alone,
            "dice share",
            learning.objective.dice_share,
            "class weights and focal gamma change the cross entropy, of which nothing is left; choose less \
             than 1, or turn them off",
        );
    }

    fn sampling_rules(&self, rules: &mut BrokenRules) {
        if let Some(decay) = self.ema {
            let holds = decay > 0.0 && decay < 1.0;
            rules.check(holds, "EMA decay", decay, "it must be above 0 and below 1");
        }
        let rates = &self.learning.stage_rates;
        if let Some(rule) = rates.broken_rule(&self.trunk.param_stages()) {
            rules.check(false, "stage rates", rates, rule);
        }
        let Some(temperature) = self.rare_sampling else {
            return;
        };
        let holds = temperature > 0.0 && temperature.is_finite();
        rules.check(holds, "rare sampling", temperature, "it must be above 0");
        rules.check(
            self.order == SampleOrder::Shuffled,
            "rare sampling",
            temperature,
            "it draws the images, so they have no order; choose `shuffled`",
        );
    }

    fn preview_rules(&self, rules: &mut BrokenRules) {
        rules.check(
            self.preview_images <= 64,
            "live images",
            self.preview_images,
            "it must be 0 to 64",
        );
        rules.check(
            (0.0..=3600.0).contains(&self.preview_secs),
            "live interval",
            self.preview_secs,
            "it must be 0 to 3600 seconds; 0 turns the live masks off",
        );
        rules.check(
            self.film_secs
                .is_none_or(|secs| secs > 0.0 && secs <= 3600.0),
            "film interval",
            self.film_secs.unwrap_or_default(),
            "it must be above 0 and at most 3600 seconds",
        );
    }

    fn checkpoint_rules(&self, rules: &mut BrokenRules) {
        positive(rules, "early stop", self.early_stop.unwrap_or(1));
        self.preview_rules(rules);
        let policy = &self.checkpoints;
        rules.check(
            policy.minutes >= 0.0 && policy.minutes.is_finite(),
            "checkpoint minutes",
            policy.minutes,
            "it must be 0 or more; 0 saves by steps and epochs alone",
        );
        positive(rules, "checkpoint epochs", policy.epochs);
        positive(rules, "kept last checkpoints", policy.keep_last);
        positive(rules, "kept best checkpoints", policy.keep_best);
        positive(rules, "checkpoint steps", policy.steps.unwrap_or(1));
        positive(rules, "kept epochs", policy.keep_every.unwrap_or(1));
    }
}

fn positive(rules: &mut BrokenRules, field: &'static str, value: usize) {
    rules.check(value > 0, field, value, "it must be 1 or more");
}

/// Images of a batch, or batches of a step.
fn countable(rules: &mut BrokenRules, field: &'static str, value: usize) {
    positive(rules, field, value);
    let holds = value <= RunConfig::MOST_IMAGES;
    rules.check(holds, field, value, "it must be at most 65536");
}

fn size_rules(rules: &mut BrokenRules, field: &'static str, size: Size) {
    for (part, side) in [size.width, size.height].into_iter().enumerate() {
        let rule = "each side must be 1 to 8192 pixels";
        rules.check_part((1..=8192).contains(&side), field, part, size, rule);
    }
}

fn is_scale(side: f32) -> bool {
    (0.1..=10.0).contains(&side)
}
