//! How an image is predicted, beside the network.

use serde::{Deserialize, Serialize};

use super::tiles::Tiling;

/// How an image is predicted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PredictOptions {
    /// How a large image is cut into tiles.
    pub tiling: Tiling,
    /// Over what probabilities are averaged.
    pub averaging: Averaging,
    /// Pixels whose largest probability is below this are void, `0.0..=1.0`: unknown rather than wrong.
    pub threshold: Option<f32>,
}

/// Over what the probabilities of a pixel are averaged, beside the image as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Averaging {
    /// Sizes of the image as shares of its own; empty = its own alone.
    pub scales: Vec<f32>,
    /// Whether each of them is also mirrored.
    pub flip: bool,
}

impl Averaging {
    /// The same in one form: what averages nothing is the default.
    pub fn normalized(&self) -> Self {
        if self.is_off() {
            return Self::default();
        }
        let is_one = self.scales == [1.0];
        Self {
            scales: if is_one {
                Vec::new()
            } else {
                self.scales.clone()
            },
            flip: self.flip,
        }
    }

    /// `averaged over 75, 100 and 125 % of the size and mirror images`; `None` where nothing is.
    pub fn text(&self) -> Option<String> {
        let Self { scales, flip } = self.normalized();
        let percent = |scale: &f32| format!("{:.0}", scale * 100.0);
        let sizes = match &scales[..] {
            [] => None,
            [one] => Some(format!("{} % of the size", percent(one))),
            [most @ .., last] => {
                let most: Vec<String> = most.iter().map(percent).collect();
                Some(format!(
                    "{} and {} % of the size",
                    most.join(", "),
                    percent(last)
                ))
            }
        };
        match (sizes, flip) {
            (None, false) => None,
            (Some(sizes), false) => Some(format!("averaged over {sizes}")),
            (None, true) => Some("averaged over mirror images".to_owned()),
            (Some(sizes), true) => Some(format!("averaged over {sizes} and mirror images")),
        }
    }

    /// Whether there is one alone.
    pub fn is_off(&self) -> bool {
        !self.flip && self.scales.iter().all(|scale| *scale == 1.0)
    }

    /// The sizes, its own where none are given.
    pub fn sizes(&self) -> &[f32] {
        if self.scales.is_empty() {
            &[1.0]
        } else {
            &self.scales
        }
    }
}

impl PredictOptions {
    /// What is other than usual, for people: `averaged over mirror images, unknown below 60 %`; `None` =
    /// nothing.
    pub fn text(&self) -> Option<String> {
        let threshold = self.threshold.filter(|threshold| *threshold > 0.0);
        let threshold =
            threshold.map(|threshold| format!("unknown below {:.0} %", threshold * 100.0));
        let parts: Vec<String> = self.averaging.text().into_iter().chain(threshold).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_told_in_words() {
        let text = |scales: &[f32], flip| {
            let averaging = Averaging {
                scales: scales.to_vec(),
                flip,
            };
            averaging.text().unwrap_or_default()
        };
        assert_eq!(text(&[], false), "");
        assert_eq!(text(&[1.0], false), "");
        assert_eq!(text(&[1.0], true), "averaged over mirror images");
        assert_eq!(text(&[0.5], false), "averaged over 50 % of the size");
        assert_eq!(
            text(&[0.75, 1.0, 1.25], true),
            "averaged over 75, 100 and 125 % of the size and mirror images"
        );
        let options = PredictOptions {
            threshold: Some(0.6),
            ..PredictOptions::default()
        };
        assert_eq!(options.text().as_deref(), Some("unknown below 60 %"));
        assert_eq!(PredictOptions::default().text(), None);
    }

    #[test]
    fn what_averages_nothing_is_the_default() {
        let one = Averaging {
            scales: vec![1.0],
            flip: false,
        };
        assert_eq!(one.normalized(), Averaging::default());
        let both = Averaging {
            scales: vec![1.0],
            flip: true,
        };
        assert_eq!(both.normalized().scales, [] as [f32; 0]);
    }
}
