//! Shares of the classes in the truth and in the prediction.

use std::collections::VecDeque;

use crate::metrics::ConfusionMatrix;

/// Share of the pixels from which on a mask is of one class.
const ONE_CLASS: f64 = 0.999;

/// Share of the pixels of a class below which a mask of it alone is wrong.
const MOST_FREQUENT: f64 = 0.95;

/// Of the labeled pixels, by class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassShares {
    /// What the masks of the dataset have.
    pub truth: Vec<f64>,
    /// What was predicted.
    pub predicted: Vec<f64>,
}

impl ClassShares {
    /// `None` where nothing is labeled.
    pub fn of(matrix: &ConfusionMatrix) -> Option<Self> {
        let classes = matrix.num_classes();
        let all = matrix.total();
        if all == 0 {
            return None;
        }
        let share = |pixels: u64| pixels as f64 / all as f64;
        let truth = |class| (0..classes).map(|other| matrix.count(class, other)).sum();
        let predicted = |class| (0..classes).map(|other| matrix.count(other, class)).sum();
        Some(Self {
            truth: (0..classes).map(|class| share(truth(class))).collect(),
            predicted: (0..classes).map(|class| share(predicted(class))).collect(),
        })
    }

    /// Of several looks, each with the same weight.
    pub fn mean(looks: &VecDeque<Self>) -> Option<Self> {
        let classes = looks.front()?.truth.len();
        let mean = |of: &dyn Fn(&Self) -> &Vec<f64>| -> Vec<f64> {
            let sum = |class: usize| looks.iter().map(|look| of(look)[class]).sum::<f64>();
            (0..classes)
                .map(|class| sum(class) / looks.len() as f64)
                .collect()
        };
        Some(Self {
            truth: mean(&|look| &look.truth),
            predicted: mean(&|look| &look.predicted),
        })
    }

    /// The class as which nearly all is predicted, where that is wrong.
    pub fn only_class(&self) -> Option<usize> {
        let only = self.predicted.iter().position(|share| *share >= ONE_CLASS);
        only.filter(|_| !self.is_nearly_all_one())
    }

    /// Whether nearly all is predicted as one class, right or wrong.
    pub fn is_of_one_class(&self) -> bool {
        self.predicted.iter().any(|share| *share >= ONE_CLASS)
    }

    /// Whether nearly all is of one class in truth.
    pub fn is_nearly_all_one(&self) -> bool {
        self.truth.iter().any(|share| *share > MOST_FREQUENT)
    }

    /// The loss of predicting the true shares everywhere, in nats.
    pub fn entropy(&self) -> f64 {
        let term = |share: &f64| {
            if *share > 0.0 {
                -share * share.ln()
            } else {
                0.0
            }
        };
        self.truth.iter().map(term).sum()
    }
}
