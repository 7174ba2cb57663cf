//! The learning rate that suits a run, from the preset of its trunk.

use super::config::{InitialWeights, RunConfig};
use super::learning::{Learning, OptimizerKind, Reduction};
use super::preset::preset;

/// What `AdamW` wants for random weights, and for trained ones.
const ADAM: [f64; 2] = [1e-3, 1e-4];

/// Length of the steps of SGD for the same gradient of a mean: its rate, times the pixels that are
/// summed up instead of averaged, over the share of the momentum that is lost in a step.
pub(super) fn strength(learning: &Learning, labeled: usize) -> f64 {
    learning.learning_rate * pixels(learning, labeled) / lost(learning)
}

/// That of the preset of the trunk.
pub(super) fn usual_strength(config: &RunConfig) -> f64 {
    strength(&preset(config.trunk).learning, 1)
}

/// The learning rate with steps as long as those of the preset of the trunk; `labeled` are the labeled
/// pixels of a batch.
pub(super) fn usual_rate(config: &RunConfig, labeled: usize) -> f64 {
    let learning = &config.learning;
    match learning.optimizer {
        OptimizerKind::AdamW => ADAM[usize::from(config.init != InitialWeights::Random)],
        OptimizerKind::Sgd => {
            let rate = usual_strength(config) * lost(learning) / pixels(learning, labeled);
            round(rate)
        }
    }
}

/// A tenth of the learning rate, or the usual one where that is less.
pub(super) fn lower_rate(config: &RunConfig, labeled: usize) -> f64 {
    let tenth = round(config.learning.learning_rate / 10.0);
    tenth.min(usual_rate(config, labeled))
}

/// Ten times the learning rate, or the usual one where that is more.
pub(super) fn higher_rate(config: &RunConfig, labeled: usize) -> f64 {
    let tenfold = round(config.learning.learning_rate * 10.0);
    tenfold.max(usual_rate(config, labeled))
}

/// Labeled pixels of a batch before one was seen, all of them where crops tell how many there are.
pub(super) fn expected_pixels(config: &RunConfig) -> usize {
    // The images of VOC.
    let whole = 500 * 375;
    let image = config
        .augment
        .crop
        .map_or(whole, |crop| crop.width as usize * crop.height as usize);
    image * config.batch_size
}

/// A rate with two digits: that of a division by ten may have sixteen.
pub(super) fn round(rate: f64) -> f64 {
    format!("{rate:.1e}").parse().unwrap_or(rate)
}

fn pixels(learning: &Learning, labeled: usize) -> f64 {
    match learning.reduction {
        Reduction::Mean => 1.0,
        Reduction::Sum => labeled.max(1) as f64,
    }
}

/// Share of the momentum that is lost in a step.
pub(super) fn lost(learning: &Learning) -> f64 {
    1.0 - learning.momentum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;

    #[test]
    fn the_usual_rate_is_that_of_the_preset_for_the_loss_and_the_momentum() {
        let mut config = preset(Trunk::Vgg16Slim);
        assert_eq!(usual_rate(&config, 20_000), 0.05);
        config.learning.reduction = Reduction::Sum;
        assert_eq!(usual_rate(&config, 20_000), 2.5e-6);
        config.learning.momentum = 0.0;
        assert_eq!(usual_rate(&config, 20_000), 2.5e-5);
        config.learning.optimizer = OptimizerKind::AdamW;
        assert_eq!(usual_rate(&config, 20_000), 1e-3);
        config.init = InitialWeights::Run("other".to_owned());
        assert_eq!(usual_rate(&config, 20_000), 1e-4);
        // A batch of VOC: near the 1e-10 of the released networks.
        let mut config = preset(Trunk::Vgg16);
        config.learning.reduction = Reduction::Sum;
        assert_eq!(usual_rate(&config, 250_000), 4e-10);
    }

    #[test]
    fn a_rate_far_off_becomes_the_usual_one_and_another_a_tenth_or_tenfold() {
        let mut config = preset(Trunk::Vgg16Slim);
        assert_eq!(lower_rate(&config, 1), 0.005);
        assert_eq!(higher_rate(&config, 1), 0.5);
        config.learning.learning_rate = 1e30;
        assert_eq!(lower_rate(&config, 1), 0.05);
        config.learning.learning_rate = 1e-5;
        assert_eq!(higher_rate(&config, 1), 0.05);
        assert_eq!(expected_pixels(&config), 4 * 160 * 128);
    }
}
