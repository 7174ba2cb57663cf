//! How an image is predicted, beside the network.

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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Averaging {
    /// Sizes of the image as shares of its own; empty = its own alone.
    pub scales: Vec<f32>,
    /// Whether each of them is also mirrored.
    pub flip: bool,
}

impl Averaging {
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
