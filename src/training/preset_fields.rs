//! The values of a run that a preset sets, one by one.
//!
//! Dataset, network, initial weights and device are choices, not preset values.

use super::config::RunConfig;
use super::preset::preset;

struct Field {
    label: &'static str,
    same: fn(&RunConfig, &RunConfig) -> bool,
    copy: fn(&mut RunConfig, &RunConfig),
}

macro_rules! field {
    ($label:literal, $($path:ident).+) => {
        Field {
            label: $label,
            same: |a, b| a.$($path).+ == b.$($path).+,
            copy: |to, from| to.$($path).+.clone_from(&from.$($path).+),
        }
    };
}

const FIELDS: &[Field] = &[
    field!("epochs", epochs),
    field!("step limit", max_steps),
    field!("batch size", batch_size),
    field!("learning rate", learning.learning_rate),
    field!("momentum", learning.momentum),
    field!("weight decay", learning.weight_decay),
    field!("schedule", learning.schedule),
    field!("warm-up", learning.warmup_steps),
    field!("bias LR factor", learning.bias_rate),
    field!("bias decay", learning.decay_biases),
    field!("reduction", learning.reduction),
    field!("accumulation", learning.accumulation),
    field!("clip norm", learning.clip_norm),
    field!("optimizer", learning.optimizer),
    field!("stage rates", learning.stage_rates),
    field!("class weights", learning.objective.class_weights),
    field!("focal gamma", learning.objective.focal_gamma),
    field!("dice share", learning.objective.dice_share),
    field!("early stop", early_stop),
    field!("average of the weights", ema),
    field!("checkpoints", checkpoints),
    field!("dropout", dropout),
    field!("final upsampling", final_upsampling),
    field!("crop", augment.crop),
    field!("crop place", augment.random_crop),
    field!("scale", augment.scale),
    field!("flip", augment.flip),
    field!("brightness", augment.brightness),
    field!("rotation", augment.rotation),
    field!("elastic", augment.elastic),
    field!("saturation", augment.saturation),
    field!("hue", augment.hue),
    field!("blur", augment.blur),
    field!("noise", augment.noise),
    field!("order", order),
    field!("rare classes", rare_sampling),
    field!("normalization", normalization),
    field!("test size", test_size),
    field!("seed", seed),
    field!("loader threads", workers),
    field!("precision", precision),
    field!("recompute activations", recompute_activations),
    field!("live images", preview_images),
    field!("live interval", preview_secs),
];

impl RunConfig {
    /// Names of the values that differ from the preset of the trunk.
    pub fn changes_from_preset(&self) -> Vec<&'static str> {
        let preset = preset(self.trunk);
        FIELDS
            .iter()
            .filter(|field| !(field.same)(self, &preset))
            .map(|field| field.label)
            .collect()
    }

    /// Sets all preset values; dataset, network, initial weights and device stay.
    pub fn reset_to_preset(&mut self) {
        let preset = preset(self.trunk);
        for field in FIELDS {
            (field.copy)(self, &preset);
        }
    }

    /// Brings the values that are those of the preset `old` to the preset of the trunk.
    pub(super) fn follow_preset(&mut self, old: &Self) {
        let new = preset(self.trunk);
        for field in FIELDS {
            if (field.same)(self, old) {
                (field.copy)(self, &new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Trunk, Variant};
    use crate::training::{DeviceId, Recipe, Reduction, SampleOrder, Schedule};

    #[test]
    fn choices_are_not_changes() {
        let mut config = preset(Trunk::Vgg16Slim);
        config.variant = Variant::Fcn32s;
        config.device = DeviceId::Gpu(3);
        assert!(config.changes_from_preset().is_empty());
        config.learning.momentum = 0.5;
        config.seed = 7;
        assert_eq!(config.changes_from_preset(), ["momentum", "seed"]);
        config.reset_to_preset();
        assert!(config.changes_from_preset().is_empty());
        assert_eq!(
            (config.variant, config.device),
            (Variant::Fcn32s, DeviceId::Gpu(3))
        );
    }

    #[test]
    fn no_value_of_a_recipe_is_left_out() {
        let mut config = preset(Trunk::Vgg16Slim);
        Recipe::Cvpr2015.apply(&mut config);
        config.learning.schedule = Schedule::Cosine { min_rate: 0.0 };
        config.learning.reduction = Reduction::Sum;
        config.learning.clip_norm = Some(1.0);
        config.learning.warmup_steps = 5;
        config.order = SampleOrder::Sequential;
        let changed = config.changes_from_preset();
        for name in [
            "bias LR factor",
            "bias decay",
            "reduction",
            "accumulation",
            "clip norm",
            "warm-up",
            "order",
        ] {
            assert!(changed.contains(&name), "{name} is not in {changed:?}");
        }
        config.reset_to_preset();
        assert_eq!(config, preset(Trunk::Vgg16Slim));
    }
}
