//! Whether a network is right as often as it says: the reliability diagram.

use serde::{Deserialize, Serialize};

/// Bins of equal width, as many as Guo et al. have (arXiv:1706.04599).
pub const CALIBRATION_BINS: usize = 15;

/// Void, which does not count.
const VOID: u8 = 255;

/// Pixels of one bin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Bin {
    pixels: u64,
    right: u64,
    /// Sum of the confidences.
    confidence: f64,
}

/// Pixels by the confidence of their prediction: the probability of the predicted class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CalibrationCounts {
    bins: Vec<Bin>,
}

/// A bar of the reliability diagram.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// Lower end of the confidences in it; they are above it.
    pub from: f64,
    /// Upper end, which belongs to it.
    pub to: f64,
    /// Labeled pixels in it.
    pub pixels: u64,
    /// Their mean confidence.
    pub confidence: Option<f64>,
    /// Share of them that are right.
    pub accuracy: Option<f64>,
}

impl Default for CalibrationCounts {
    fn default() -> Self {
        Self {
            bins: vec![Bin::default(); CALIBRATION_BINS],
        }
    }
}

impl CalibrationCounts {
    /// Adds one image: labels, and the confidence of each predicted label, `0.0..=1.0`. Pixels
    /// whose true label is not one of `num_classes` do not count.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn add(&mut self, truth: &[u8], predicted: &[u8], confidence: &[f32], num_classes: usize) {
        assert!(
            truth.len() == predicted.len() && truth.len() == confidence.len(),
            "labels and confidences differ in pixels"
        );
        let pixels = truth.iter().zip(predicted).zip(confidence);
        for ((&truth, &predicted), &confidence) in pixels {
            if truth == VOID || usize::from(truth) >= num_classes {
                continue;
            }
            let confidence = f64::from(confidence);
            // Bins are open below: (0, 1/15], (1/15, 2/15] and so on.
            let place = (confidence * CALIBRATION_BINS as f64).ceil() as usize;
            let bin = &mut self.bins[place.clamp(1, CALIBRATION_BINS) - 1];
            bin.pixels += 1;
            bin.right += u64::from(truth == predicted);
            bin.confidence += confidence;
        }
    }

    /// Adds the images of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in self.bins.iter_mut().zip(&other.bins) {
            own.pixels += other.pixels;
            own.right += other.right;
            own.confidence += other.confidence;
        }
    }

    /// The bins of the diagram.
    pub fn bins(&self) -> Vec<CalibrationBin> {
        let count = CALIBRATION_BINS as f64;
        let bins = self.bins.iter().enumerate();
        bins.map(|(place, bin)| CalibrationBin {
            from: place as f64 / count,
            to: (place + 1) as f64 / count,
            pixels: bin.pixels,
            confidence: bin.mean(bin.confidence),
            accuracy: bin.mean(bin.right as f64),
        })
        .collect()
    }

    /// Expected calibration error: how far confidence and accuracy are apart, mean over the pixels;
    /// `None` without a pixel.
    pub fn error(&self) -> Option<f64> {
        let total: u64 = self.bins.iter().map(|bin| bin.pixels).sum();
        let apart = self.bins.iter().map(|bin| {
            // Both are sums over the bin, so that the weights are in them.
            (bin.right as f64 - bin.confidence).abs()
        });
        (total > 0).then(|| apart.sum::<f64>() / total as f64)
    }

    /// Whether it has the bins of this version.
    pub(super) fn is_whole(&self) -> bool {
        self.bins.len() == CALIBRATION_BINS
    }
}

impl Bin {
    fn mean(&self, sum: f64) -> Option<f64> {
        (self.pixels > 0).then(|| sum / self.pixels as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_distance_of_confidence_and_accuracy() {
        let mut counts = CalibrationCounts::default();
        assert_eq!(counts.error(), None);
        // Two in the last bin, one of them right; two in the bin of 0.5, both right; void.
        counts.add(
            &[0, 1, 1, 0, 255],
            &[0, 0, 1, 0, 0],
            &[1.0, 1.0, 0.5, 0.5, 0.9],
            2,
        );
        // Half of the pixels are 0.5 apart, the other half too.
        assert_eq!(counts.error(), Some(0.5));
        let bins = counts.bins();
        assert_eq!(bins.len(), 15);
        assert_eq!((bins[14].pixels, bins[14].accuracy), (2, Some(0.5)));
        assert_eq!(bins[14].confidence, Some(1.0));
        // 0.5 is in (7/15, 8/15].
        assert_eq!((bins[7].pixels, bins[7].accuracy), (2, Some(1.0)));
        assert_eq!((bins[7].from, bins[7].to), (7.0 / 15.0, 8.0 / 15.0));
        assert_eq!((bins[0].pixels, bins[0].accuracy), (0, None));
    }

    #[test]
    fn over_and_under_confidence_in_one_bin_cancel_as_defined() {
        let mut counts = CalibrationCounts::default();
        // Guo et al. compare means of a bin: one of two is right at 0.8 each.
        counts.add(&[0, 0, 0, 0, 0], &[0, 0, 0, 0, 1], &[0.8; 5], 2);
        let error = counts.error().expect("pixels");
        assert!(error.abs() < 1e-7, "{error}");
    }

    #[test]
    fn confidences_outside_of_the_bins_are_kept() {
        let mut counts = CalibrationCounts::default();
        counts.add(&[0, 0], &[0, 0], &[0.0, 1.000_001], 1);
        let bins = counts.bins();
        assert_eq!((bins[0].pixels, bins[14].pixels), (1, 1));
        let mut other = counts.clone();
        other.merge(&counts);
        assert_eq!(other.bins()[0].pixels, 2);
    }
}
