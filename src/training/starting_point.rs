//! Weights that a run can start from, and what its settings take over from them.

use std::path::PathBuf;

use super::config::{InitialWeights, RunConfig};
use super::error::TrainError;
use super::external_weights::WeightsSummary;
use super::preset::preset;
use crate::model::weights::WeightsLayout;
use crate::model::{Trunk, Variant};

/// Weights with the settings that they were trained with.
#[derive(Debug, Clone, PartialEq)]
pub struct StartingPoint {
    /// Where they are.
    pub weights: InitialWeights,
    /// What they were trained with.
    pub config: RunConfig,
    /// Whether they are a whole network's, so that its variant and geometry mean something; a
    /// classifier has neither.
    pub is_network: bool,
}

impl StartingPoint {
    /// The best weights of the run `name`.
    pub fn of_run(name: &str, config: &RunConfig) -> Self {
        Self {
            weights: InitialWeights::Run(name.to_owned()),
            config: config.clone(),
            is_network: true,
        }
    }

    /// A weights file with what it holds.
    pub fn of_file(path: PathBuf, summary: &WeightsSummary) -> Self {
        Self {
            weights: InitialWeights::File(path),
            config: summary.config.clone(),
            is_network: matches!(summary.layout, WeightsLayout::Segmentation { .. }),
        }
    }

    /// The network that they are.
    pub fn variant(&self) -> Option<Variant> {
        self.is_network.then_some(self.config.variant)
    }

    /// An error where they are not those of `trunk`.
    pub fn check_trunk(&self, trunk: Trunk) -> Result<(), TrainError> {
        if self.config.trunk == trunk {
            return Ok(());
        }
        Err(TrainError::OtherTrunk {
            trunk,
            weights: self.config.trunk,
        })
    }
}

impl RunConfig {
    /// Starts from random weights, with the input normalization of the preset.
    pub fn start_from_random(&mut self) {
        self.init = InitialWeights::Random;
        self.normalization = preset(self.trunk).normalization;
    }

    /// Starts from weights: on their trunk, with their input normalization and, where they are a
    /// whole network's, in its geometry. The variant stays where it can be built on that trunk.
    pub fn start_from(&mut self, start: &StartingPoint) {
        let own = &start.config;
        if !self.variant.trunks().contains(&own.trunk) {
            self.set_variant(own.variant);
        }
        self.set_trunk(own.trunk);
        if start.is_network {
            self.geometry = own.geometry;
        }
        self.normalization = own.normalization.clone();
        self.init = start.weights.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Normalization;
    use crate::model::Geometry;

    #[test]
    fn weights_bring_their_trunk_and_their_input_and_take_them_away_again() {
        let mut own = preset(Trunk::Vgg16);
        (own.variant, own.geometry, own.normalization) =
            (Variant::Fcn32s, Geometry::Reference, Normalization::CAFFE);
        let mut config = preset(Trunk::Vgg16Slim);
        config.variant = Variant::Fcn16s;
        let mut start = StartingPoint {
            weights: InitialWeights::File("fcn32s.pth".into()),
            config: own,
            is_network: true,
        };
        start.check_trunk(Trunk::Vgg16).expect("their own");
        start.check_trunk(Trunk::Vgg16Slim).expect_err("another");
        config.start_from(&start);
        assert_eq!(
            (config.variant, config.trunk),
            (Variant::Fcn16s, Trunk::Vgg16)
        );
        assert_eq!(
            (config.geometry, &config.init),
            (Geometry::Reference, &start.weights)
        );
        assert_eq!(config.normalization, Normalization::CAFFE);
        config.start_from_random();
        assert_eq!(
            (&config.init, &config.normalization),
            (&InitialWeights::Random, &Normalization::IMAGENET)
        );

        // A classifier says nothing of the borders.
        config.geometry = Geometry::Padded;
        start.is_network = false;
        assert_eq!(start.variant(), None);
        config.start_from(&start);
        assert_eq!(
            (config.geometry, &config.normalization),
            (Geometry::Padded, &Normalization::CAFFE)
        );
        config.set_trunk(Trunk::Vgg16Slim);
        assert_eq!(
            (&config.init, &config.normalization),
            (&InitialWeights::Random, &Normalization::IMAGENET)
        );
    }

    #[test]
    fn a_network_that_cannot_be_built_on_the_trunk_of_the_weights_becomes_theirs() {
        let mut config = preset(Trunk::Vgg16Slim);
        let start = StartingPoint::of_run("resnet", &preset(Trunk::Resnet50));
        config.start_from(&start);
        assert_eq!(
            (config.variant, config.trunk),
            (Variant::FcnResnet50, Trunk::Resnet50)
        );
        assert_eq!(config.init, InitialWeights::Run("resnet".to_owned()));
    }
}
