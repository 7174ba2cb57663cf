//! Which values of a configuration make sense.

use super::RunConfig;
use crate::dataset::Size;
use crate::training::error::TrainError;
use crate::training::schedule::Schedule;

/// What was found, in the order of the checks.
#[derive(Default)]
struct Checks(Vec<TrainError>);

impl Checks {
    fn check(
        &mut self,
        holds: bool,
        field: &'static str,
        value: impl ToString,
        rule: &'static str,
    ) {
        if !holds {
            self.0.push(TrainError::Config {
                field,
                value: value.to_string(),
                rule,
            });
        }
    }

    fn positive(&mut self, field: &'static str, value: usize) {
        self.check(value > 0, field, value, "it must be 1 or more");
    }

    fn share(&mut self, field: &'static str, value: f64) {
        let rule = "it must be 0 or more and below 1";
        self.check((0.0..1.0).contains(&value), field, value, rule);
    }

    fn above_zero(&mut self, field: &'static str, value: f64) {
        let holds = value > 0.0 && value.is_finite();
        self.check(holds, field, value, "it must be above 0");
    }

    fn not_negative(&mut self, field: &'static str, value: f64, rule: &'static str) {
        self.check(value >= 0.0 && value.is_finite(), field, value, rule);
    }

    fn size(&mut self, field: &'static str, size: Size) {
        let sensible = 1..=8192;
        let holds = sensible.contains(&size.width) && sensible.contains(&size.height);
        self.check(holds, field, size, "each side must be 1 to 8192 pixels");
    }

    /// The first one.
    fn result(self) -> Result<(), TrainError> {
        self.0.into_iter().next().map_or(Ok(()), Err)
    }
}

impl RunConfig {
    /// Turns down networks that do not exist.
    pub(in crate::training) fn check_network(&self) -> Result<(), TrainError> {
        let mut found = Checks::default();
        self.network_checks(&mut found);
        found.result()
    }

    /// Turns down values that make no sense, naming the first of the fields.
    pub fn validate(&self) -> Result<(), TrainError> {
        self.checks().result()
    }

    /// An error for every value that makes no sense.
    pub(in crate::training) fn broken_values(&self) -> Vec<TrainError> {
        self.checks().0
    }

    fn checks(&self) -> Checks {
        let mut found = Checks::default();
        self.network_checks(&mut found);
        found.positive("epochs", self.epochs);
        found.positive("batch size", self.batch_size);
        found.positive("workers", self.workers);
        found.positive("max steps", self.max_steps.unwrap_or(1));
        self.learning_checks(&mut found);
        self.image_checks(&mut found);
        self.checkpoint_checks(&mut found);
        let rule = "it must be 0 or more; 0 turns live masks off";
        found.not_negative("live interval", self.preview_secs, rule);
        found
    }

    fn network_checks(&self, found: &mut Checks) {
        found.check(
            self.variant.trunks().contains(&self.trunk),
            "trunk",
            self.trunk,
            "the network cannot be built on it; choose another trunk",
        );
        found.check(
            self.trunk.geometries().contains(&self.geometry),
            "geometry",
            self.geometry,
            "the trunk does not have it; choose the other one",
        );
    }

    fn learning_checks(&self, found: &mut Checks) {
        found.check(
            !self.recompute_activations || self.trunk.has_stages(),
            "recompute activations",
            "on",
            "the trunk is not made of stages; turn it off, or choose another trunk",
        );
        let learning = &self.learning;
        found.above_zero("learning rate", learning.learning_rate);
        found.share("momentum", learning.momentum);
        found.share("dropout", self.dropout);
        let rule = "it must be 0 or more";
        found.not_negative("weight decay", learning.weight_decay, rule);
        found.not_negative("bias rate", learning.bias_rate, rule);
        found.positive("accumulation", learning.accumulation);
        found.above_zero("clip norm", learning.clip_norm.unwrap_or(1.0));
        if let Some(rule) = learning.schedule.broken_rule() {
            found.check(false, "schedule", learning.schedule, rule);
        }
        if let Schedule::Cosine { min_rate } = learning.schedule {
            found.check(
                min_rate <= learning.learning_rate,
                "schedule",
                learning.schedule,
                "its lowest rate must not be above the learning rate",
            );
        }
    }

    fn image_checks(&self, found: &mut Checks) {
        match self.augment.crop {
            Some(size) => found.size("training size", size),
            None => found.check(
                self.batch_size <= 1,
                "batch size",
                self.batch_size,
                "whole images differ in size, so they are trained one by one: set it to 1 and the \
                 accumulation to what the batch size was, or set a training size",
            ),
        }
        if let Some(size) = self.test_size {
            found.size("test size", size);
        }
        found.check(
            (0.0..=1.0).contains(&self.augment.brightness),
            "brightness",
            self.augment.brightness,
            "it must be 0 to 1",
        );
        let [smallest, largest] = self.augment.scale;
        found.check(
            0.1 <= smallest && smallest <= largest && largest <= 10.0,
            "scale",
            format!("{smallest}..{largest}"),
            "it must go from a smaller to a larger value, between 0.1 and 10",
        );
    }

    fn checkpoint_checks(&self, found: &mut Checks) {
        let policy = &self.checkpoints;
        let rule = "it must be 0 or more; 0 saves by steps and epochs alone";
        found.not_negative("checkpoint minutes", policy.minutes, rule);
        found.positive("checkpoint epochs", policy.epochs);
        found.positive("kept last checkpoints", policy.keep_last);
        found.positive("kept best checkpoints", policy.keep_best);
        found.positive("checkpoint steps", policy.steps.unwrap_or(1));
        found.positive("kept epochs", policy.keep_every.unwrap_or(1));
    }
}
