//! What follows from the choice of a network: its trunk, its geometry, the values of its preset,
//! and the runs of a plan.

use super::config::RunConfig;
use super::error::TrainError;
use super::preset::preset;
use crate::model::{Trunk, Variant};

/// The preset of a network of which everything, a part or nothing was chosen.
///
/// Does not check that the variant can be built on the trunk:
/// [`validate`](RunConfig::validate) does.
pub fn network_preset(variant: Option<Variant>, trunk: Option<Trunk>) -> RunConfig {
    let trunk = trunk.unwrap_or_else(|| variant.map_or(DEFAULT_TRUNK, usual_trunk));
    let preset = preset(trunk);
    match variant {
        Some(variant) => preset.with_variant(variant),
        None => preset,
    }
}

/// Narrow enough to be trained on a processor.
const DEFAULT_TRUNK: Trunk = Trunk::Vgg16Slim;

/// The default trunk where the network can be built on it, else the first one.
fn usual_trunk(variant: Variant) -> Trunk {
    let trunks = variant.trunks();
    if trunks.contains(&DEFAULT_TRUNK) {
        return DEFAULT_TRUNK;
    }
    trunks.first().copied().unwrap_or(DEFAULT_TRUNK)
}

impl RunConfig {
    /// Changes the trunk: values at the old preset go to the new one, values that were set stay.
    /// Weights of another trunk do not fit, so the run starts from random ones.
    pub fn set_trunk(&mut self, trunk: Trunk) {
        if self.trunk == trunk {
            return;
        }
        let old = preset(self.trunk);
        self.trunk = trunk;
        if !trunk.geometries().contains(&self.geometry) {
            self.geometry = preset(trunk).geometry;
        }
        self.start_from_random();
        self.follow_preset(&old);
    }

    /// Changes the network; where it cannot be built on the trunk, the trunk becomes its usual one.
    pub fn set_variant(&mut self, variant: Variant) {
        *self = self.with_variant(variant);
        if !variant.trunks().contains(&self.trunk) {
            self.set_trunk(usual_trunk(variant));
        }
    }

    /// The same settings at each of the three strides, coarse to fine.
    ///
    /// # Errors
    /// When the trunk lacks one of them.
    pub fn three_strides(&self) -> Result<Vec<Self>, TrainError> {
        let rule = "it does not have all three strides; choose VGG16 or GoogLeNet";
        let at = |variant| self.at(variant, rule);
        Variant::STRIDES.into_iter().map(at).collect()
    }

    /// The same settings for FCN-8s at once.
    ///
    /// # Errors
    /// When the trunk does not have it.
    pub fn at_once(&self) -> Result<Self, TrainError> {
        self.at(
            Variant::Fcn8sAtOnce,
            "it cannot be trained at once; choose VGG16",
        )
    }

    fn at(&self, variant: Variant, rule: &'static str) -> Result<Self, TrainError> {
        if variant.trunks().contains(&self.trunk) {
            return Ok(self.with_variant(variant));
        }
        Err(TrainError::Config {
            field: "trunk",
            value: self.trunk.to_string(),
            rule,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::Recipe;

    #[test]
    fn what_is_not_chosen_is_what_a_processor_can_train() {
        use Variant::{Fcn8s, Fcn32s, FcnResnet50};
        let chosen = |variant, trunk| {
            let config = network_preset(variant, trunk);
            config.validate().expect("a sound preset");
            (config.variant, config.trunk)
        };
        assert_eq!(chosen(None, None), (Fcn8s, Trunk::Vgg16Slim));
        assert_eq!(chosen(Some(Fcn32s), None), (Fcn32s, Trunk::Vgg16Slim));
        assert_eq!(
            chosen(Some(FcnResnet50), None),
            (FcnResnet50, Trunk::Resnet50)
        );
        assert_eq!(chosen(None, Some(Trunk::Alexnet)), (Fcn32s, Trunk::Alexnet));
    }

    #[test]
    fn a_new_trunk_keeps_only_what_was_set() {
        let mut config = preset(Trunk::Vgg16Slim);
        config.seed = 7;
        config.set_trunk(Trunk::Vgg16);
        assert_eq!(config.changes_from_preset(), ["seed"]);
        assert_eq!(config.learning, preset(Trunk::Vgg16).learning);
    }

    #[test]
    fn a_network_brings_a_trunk_that_it_can_be_built_on() {
        let mut config = preset(Trunk::Vgg16Slim);
        config.set_variant(Variant::FcnResnet101);
        assert_eq!(
            (config.variant, config.trunk),
            (Variant::FcnResnet101, Trunk::Resnet101)
        );
        config.set_variant(Variant::Fcn16s);
        assert_eq!(
            (config.variant, config.trunk),
            (Variant::Fcn16s, Trunk::Vgg16Slim)
        );
    }

    #[test]
    fn a_plan_has_all_strides_coarse_to_fine() {
        let plan = preset(Trunk::Vgg16).three_strides().expect("three strides");
        let strides: Vec<usize> = plan.iter().map(|config| config.variant.stride()).collect();
        assert_eq!(strides, [32, 16, 8]);
        let err = preset(Trunk::Alexnet).three_strides().expect_err("no plan");
        assert!(err.to_string().contains("trunk is AlexNet"), "{err}");
    }

    #[test]
    fn at_once_has_the_recipe_for_it() {
        let mut config = preset(Trunk::Vgg16);
        Recipe::PamiHeavy.apply(&mut config);
        let at_once = config.at_once().expect("VGG16 has it");
        assert_eq!(
            Recipe::of(&at_once),
            Recipe::of(&config.with_variant(Variant::Fcn8sAtOnce))
        );
        assert_eq!(at_once.at_once().expect("the same"), at_once);
        preset(Trunk::Googlenet).at_once().expect_err("not on it");
    }
}
