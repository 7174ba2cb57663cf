//! What mends a training that goes nowhere.

use serde::{Deserialize, Serialize};

use crate::training::learning::{Learning, Reduction};
use crate::training::objective::ClassWeights;

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
            Self::PretrainedWeights | Self::Labels | Self::AcceptChanges | Self::FindDataset => {
                None
            }
        }
    }

    /// Sets the field; false where people must do something first.
    pub fn apply(&self, learning: &mut Learning) -> bool {
        match self {
            Self::LearningRate(rate) => learning.learning_rate = *rate,
            Self::Reduction(reduction) => learning.reduction = *reduction,
            Self::ClassWeights(weights) => learning.objective.class_weights = weights.clone(),
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
        let mut learning = preset(Trunk::Vgg16Slim).learning;
        let cases = [
            (Remedy::LearningRate(0.005), "learning rate 0.005"),
            (Remedy::LearningRate(1e-4), "learning rate 1e-4"),
            (Remedy::Reduction(Reduction::Sum), "the sum over pixels"),
            (
                Remedy::ClassWeights(ClassWeights::Median),
                "class weights median",
            ),
        ];
        for (remedy, words) in cases {
            assert_eq!(remedy.setting().as_deref(), Some(words));
            assert!(remedy.apply(&mut learning));
        }
        assert_eq!(
            (learning.learning_rate, learning.reduction),
            (1e-4, Reduction::Sum)
        );
        assert_eq!(learning.objective.class_weights, ClassWeights::Median);
        let before = learning.clone();
        assert!(!Remedy::Labels.apply(&mut learning));
        assert_eq!((Remedy::Labels.setting(), learning), (None, before));
    }
}
