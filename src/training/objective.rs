//! The settings of what is differentiated: the cross entropy of the papers, or one that is
//! weighted by class, focal, or mixed with Dice, for data of which some classes are rare.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::broken_rule::BrokenRules;
use crate::dataset::ClassCounts;

/// Weights of the classes in the cross entropy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeights {
    /// All are 1, as in the papers.
    #[default]
    Equal,
    /// One over the share of the class in the labeled pixels of the training list, so that all
    /// classes together count as many pixels as before.
    Inverse,
    /// The median frequency over that of the class, where the frequency is its share in the images
    /// that have it (Eigen and Fergus 2015, section 6.3.2).
    Median,
    /// One for each class, by label, 0 or more.
    Given(Vec<f64>),
}

/// What the loss is made of, beside the mean or sum over pixels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Objective {
    /// Weights of the classes; the mean is then over the weights of the pixels, as in PyTorch.
    pub class_weights: ClassWeights,
    /// Power of `1 - p` by which pixels that are right already count less (Lin et al. 2017,
    /// section 3.2: 2); 0 = none.
    pub focal_gamma: f64,
    /// Share of the Dice loss, `0.0..=1.0`; the rest is the cross entropy. Dice is one minus the
    /// mean over the classes of the batch of `(2 both + 1) / (predicted + true + 1)`, counted in
    /// shares of pixels over the whole batch (Milletari et al. 2016).
    pub dice_share: f64,
}

impl Objective {
    /// Turns down values that make no sense.
    pub(super) fn check(&self, rules: &mut BrokenRules) {
        rules.check(
            (0.0..=10.0).contains(&self.focal_gamma),
            "focal gamma",
            self.focal_gamma,
            "it must be 0 to 10; 0 is the cross entropy itself",
        );
        rules.check(
            (0.0..=1.0).contains(&self.dice_share),
            "dice share",
            self.dice_share,
            "it must be 0 to 1",
        );
        let ClassWeights::Given(weights) = &self.class_weights else {
            return;
        };
        // Far beyond what is of use, and within what f32 can add up.
        let is_weight = |weight: &f64| *weight == 0.0 || (1e-12..=1e12).contains(weight);
        // Where all are 0, each of them is wrong.
        let none_counts = weights.iter().all(|weight| *weight == 0.0);
        let rule = "each must be 0 or from 1e-12 to 1e12, and one of them above 0";
        for (label, weight) in weights.iter().enumerate() {
            let holds = is_weight(weight) && !none_counts;
            rules.check_part(holds, "class weights", label, &self.class_weights, rule);
        }
        rules.check(
            !weights.is_empty(),
            "class weights",
            &self.class_weights,
            rule,
        );
    }
}

impl ClassWeights {
    /// Whether the pixels of each class must be counted first.
    pub(super) fn needs_counts(&self) -> bool {
        matches!(self, Self::Inverse | Self::Median)
    }

    /// One weight for each class; `None` where all are equal. Classes that never occur have 0,
    /// which no pixel will ask for.
    pub(super) fn resolve(&self, counts: &ClassCounts) -> Option<Vec<f64>> {
        let pixels = &counts.pixels;
        let occurring = pixels.iter().filter(|pixels| **pixels > 0).count();
        match self {
            Self::Equal => None,
            Self::Given(weights) => Some(weights.clone()),
            Self::Inverse => {
                let all: u64 = pixels.iter().sum();
                let inverse = |own: &u64| match own {
                    0 => 0.0,
                    own => all as f64 / (occurring as f64 * *own as f64),
                };
                Some(pixels.iter().map(inverse).collect())
            }
            Self::Median => {
                let frequencies: Vec<Option<f64>> = pixels
                    .iter()
                    .zip(&counts.pixels_around)
                    .map(|(own, around)| (*own > 0).then(|| *own as f64 / *around as f64))
                    .collect();
                let median = median(frequencies.iter().copied().flatten().collect());
                let weight = |frequency: &Option<f64>| frequency.map_or(0.0, |own| median / own);
                Some(frequencies.iter().map(weight).collect())
            }
        }
    }
}

/// The middle of some values, the mean of the two in the middle where their number is even.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

impl fmt::Display for ClassWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal => f.write_str("equal"),
            Self::Inverse => f.write_str("inverse"),
            Self::Median => f.write_str("median"),
            Self::Given(weights) => {
                let weights: Vec<String> = weights.iter().map(f64::to_string).collect();
                f.write_str(&weights.join(","))
            }
        }
    }
}

impl FromStr for ClassWeights {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "equal" => return Ok(Self::Equal),
            "inverse" => return Ok(Self::Inverse),
            "median" => return Ok(Self::Median),
            _ => {}
        }
        let weights: Result<Vec<f64>, _> =
            text.split(',').map(|part| part.trim().parse()).collect();
        weights
            .map(Self::Given)
            .map_err(|_| "not equal, inverse, median, or one number for each class: 1,0.5,2")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pixels: &[u64], pixels_around: &[u64]) -> ClassCounts {
        ClassCounts {
            pixels: pixels.to_vec(),
            pixels_around: pixels_around.to_vec(),
            images: Vec::new(),
        }
    }

    #[test]
    fn weights_equal_the_hand_computed_ones() {
        let counts = counts(&[60, 30, 10, 0], &[100, 50, 100, 0]);
        assert_eq!(ClassWeights::Equal.resolve(&counts), None);
        // 100 pixels, 3 classes that occur: 100 / (3 * 60), ...
        let inverse = ClassWeights::Inverse.resolve(&counts).expect("weights");
        for (found, expected) in
            inverse
                .iter()
                .zip([100.0 / 180.0, 100.0 / 90.0, 100.0 / 30.0, 0.0])
        {
            assert!((found - expected).abs() < 1e-12, "{inverse:?}");
        }
        // Frequencies 0.6, 0.6 and 0.1: the median is 0.6.
        let median = ClassWeights::Median.resolve(&counts).expect("weights");
        for (found, expected) in median.iter().zip([1.0, 1.0, 6.0, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{median:?}");
        }
        assert_eq!(super::median(vec![3.0, 1.0]), 2.0);
    }

    #[test]
    fn texts_come_back() {
        for text in ["equal", "inverse", "median", "1,0.5,2"] {
            let weights: ClassWeights = text.parse().expect(text);
            assert_eq!(weights.to_string(), text);
        }
        "1,two".parse::<ClassWeights>().expect_err("not a number");
    }
}
