//! What mends a training that goes nowhere.

use serde::{Deserialize, Serialize};

use crate::training::config::RunConfig;
use crate::training::learning::Reduction;
use crate::training::objective::ClassWeights;
use crate::training::schedule::Schedule;
use crate::training::stage_rates::StageRates;

/// A change that is likely to help.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Another learning rate.
    LearningRate(f64),
    /// Another reduction of the loss.
    Reduction(Reduction),
    /// Weights of the classes.
    ClassWeights(ClassWeights),
    /// Another momentum.
    Momentum(f64),
    /// Another weight decay.
    WeightDecay(f64),
    /// Another factor on the learning rate of biases.
    BiasRate(f64),
    /// Other factors on the learning rate by stage.
    StageRates(StageRates),
    /// Another course of the learning rate.
    Schedule(Schedule),
    /// A warm-up of so many steps.
    WarmupSteps(usize),
    /// Gradients as they are.
    NoClipNorm,
    /// Another dropout.
    Dropout(f64),
    /// Another power of the focal loss.
    FocalGamma(f64),
    /// Pretrained weights, which people must choose.
    PretrainedWeights,
    /// A look at the labels of the dataset.
    Labels,
    /// Resuming on the data as it is now.
    AcceptChanges,
    /// Resuming on the dataset where it is now.
    FindDataset,
}

impl Remedy {
    /// What it does, behind `with` or `use`: `learning rate 0.001`. `None` where people must do
    /// something first.
    pub fn setting(&self) -> Option<String> {
        match self {
            Self::LearningRate(rate) => Some(format!("learning rate {}", short(*rate))),
            Self::Reduction(Reduction::Mean) => Some("the mean over pixels".to_owned()),
            Self::Reduction(Reduction::Sum) => Some("the sum over pixels".to_owned()),
            Self::ClassWeights(weights) => Some(format!("class weights {weights}")),
            Self::Momentum(share) => Some(format!("momentum {}", short(*share))),
            Self::WeightDecay(rate) => Some(format!("weight decay {}", short(*rate))),
            Self::BiasRate(factor) => Some(format!("bias rate {}", short(*factor))),
            Self::StageRates(rates) => Some(format!("stage rates {rates}")),
            Self::Schedule(schedule) => Some(format!("schedule {schedule}")),
            Self::WarmupSteps(steps) => Some(format!("{steps} warm-up steps")),
            Self::NoClipNorm => Some("no clip norm".to_owned()),
            Self::Dropout(share) => Some(format!("dropout {}", short(*share))),
            Self::FocalGamma(gamma) => Some(format!("focal gamma {}", short(*gamma))),
            Self::PretrainedWeights | Self::Labels | Self::AcceptChanges | Self::FindDataset => {
                None
            }
        }
    }

    /// Sets the field; false where people must do something first.
    pub fn apply(&self, config: &mut RunConfig) -> bool {
        let learning = &mut config.learning;
        match self {
            Self::LearningRate(rate) => learning.learning_rate = *rate,
            Self::Reduction(reduction) => learning.reduction = *reduction,
            Self::ClassWeights(weights) => learning.objective.class_weights = weights.clone(),
            Self::Momentum(share) => learning.momentum = *share,
            Self::WeightDecay(rate) => learning.weight_decay = *rate,
            Self::BiasRate(factor) => learning.bias_rate = *factor,
            Self::StageRates(rates) => learning.stage_rates = rates.clone(),
            Self::Schedule(schedule) => learning.schedule = *schedule,
            Self::WarmupSteps(steps) => learning.warmup_steps = *steps,
            Self::NoClipNorm => learning.clip_norm = None,
            Self::Dropout(share) => config.dropout = *share,
            Self::FocalGamma(gamma) => learning.objective.focal_gamma = *gamma,
            Self::PretrainedWeights | Self::Labels | Self::AcceptChanges | Self::FindDataset => {
                return false;
            }
        }
        true
    }
}

fn short(rate: f64) -> String {
    if (1e-3..1e3).contains(&rate) {
        rate.to_string()
    } else {
        format!("{rate:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;
    use crate::training::preset;

    #[test]
    fn a_remedy_says_what_it_sets_and_sets_it() {
        let mut config = preset(Trunk::Vgg16Slim);
        let rates: StageRates = "head=10".parse().expect("rates");
        let weights = ClassWeights::Median;
        let cases = [
            (Remedy::LearningRate(0.005), "learning rate 0.005"),
            (Remedy::LearningRate(1e-4), "learning rate 1e-4"),
            (Remedy::Reduction(Reduction::Sum), "the sum over pixels"),
            (
                Remedy::ClassWeights(weights.clone()),
                "class weights median",
            ),
            (Remedy::Momentum(0.8), "momentum 0.8"),
            (Remedy::WeightDecay(1e-4), "weight decay 1e-4"),
            (Remedy::BiasRate(2.0), "bias rate 2"),
            (Remedy::StageRates(rates.clone()), "stage rates head=10"),
            (Remedy::Schedule(Schedule::Fixed), "schedule fixed"),
            (Remedy::WarmupSteps(100), "100 warm-up steps"),
            (Remedy::NoClipNorm, "no clip norm"),
            (Remedy::Dropout(0.25), "dropout 0.25"),
            (Remedy::FocalGamma(2.0), "focal gamma 2"),
        ];
        config.learning.clip_norm = Some(1.0);
        for (remedy, words) in cases {
            assert_eq!(remedy.setting().as_deref(), Some(words));
            assert!(remedy.apply(&mut config));
        }
        let learning = &config.learning;
        let found = [
            learning.learning_rate,
            learning.momentum,
            learning.weight_decay,
        ];
        assert_eq!(found, [1e-4, 0.8, 1e-4]);
        assert_eq!(learning.reduction, Reduction::Sum);
        assert_eq!((learning.bias_rate, &learning.stage_rates), (2.0, &rates));
        assert_eq!(learning.schedule, Schedule::Fixed);
        assert_eq!((learning.warmup_steps, learning.clip_norm), (100, None));
        let objective = &learning.objective;
        assert_eq!(
            (
                &objective.class_weights,
                objective.focal_gamma,
                config.dropout
            ),
            (&weights, 2.0, 0.25)
        );
        let before = config.clone();
        assert!(!Remedy::Labels.apply(&mut config));
        assert_eq!((Remedy::Labels.setting(), config), (None, before));
    }
}
