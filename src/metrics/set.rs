//! All scores of a set of images in one pass.

use super::{ConfusionMatrix, ImageMean, Scores, boundary_band};

/// Counts of a set of images, from which its scores follow: pooled over the set, image by
/// image, and along label boundaries.
#[derive(Debug, Clone, PartialEq)]
pub struct SetCounts {
    pooled: ConfusionMatrix,
    image_mean: ImageMean,
    boundary: ConfusionMatrix,
    boundary_width: usize,
}

impl SetCounts {
    /// No image yet. The boundary scores are those of a band of `boundary_width` pixels,
    /// see [`boundary_band`].
    pub fn new(num_classes: usize, boundary_width: usize) -> Self {
        Self {
            pooled: ConfusionMatrix::new(num_classes),
            image_mean: ImageMean::default(),
            boundary: ConfusionMatrix::new(num_classes),
            boundary_width,
        }
    }

    /// Adds one image of `[height, columns]` labels, row by row.
    ///
    /// # Panics
    /// As [`ConfusionMatrix::add`] and [`boundary_band`] do.
    pub fn add(&mut self, truth: &[u8], predicted: &[u8], columns: usize) {
        let [mut image, mut boundary] =
            [(); 2].map(|()| ConfusionMatrix::new(self.pooled.num_classes()));
        image.add(truth, predicted);
        boundary.add(
            &boundary_band(truth, columns, self.boundary_width),
            predicted,
        );
        self.add_counts(&image, &boundary);
    }

    /// Adds one image by the matrix of its pixels and that of its [`boundary_band`].
    ///
    /// # Panics
    /// When the class counts differ.
    pub fn add_counts(&mut self, image: &ConfusionMatrix, boundary: &ConfusionMatrix) {
        self.image_mean.add(image);
        self.pooled.merge(image);
        self.boundary.merge(boundary);
    }

    /// Adds the images of `other`.
    ///
    /// # Panics
    /// When class counts or band widths differ.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(
            self.boundary_width, other.boundary_width,
            "bands of other widths"
        );
        self.pooled.merge(&other.pooled);
        self.image_mean.merge(&other.image_mean);
        self.boundary.merge(&other.boundary);
    }

    /// The papers' scores: one confusion matrix over the set.
    pub fn scores(&self) -> Scores {
        self.pooled.scores()
    }

    /// See [`ImageMean`].
    pub fn mean_iu_over_images(&self) -> Option<f64> {
        self.image_mean.mean_iu_over_images()
    }

    /// Scores of the boundary band alone: one confusion matrix over the bands of the set.
    pub fn boundary_scores(&self) -> Scores {
        self.boundary.scores()
    }

    /// Width of the band, in pixels.
    pub fn boundary_width(&self) -> usize {
        self.boundary_width
    }

    /// Labeled pixels that were predicted as void; each counts as wrong.
    pub fn unanswered(&self) -> u64 {
        self.pooled.unanswered()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTH: [u8; 8] = [0, 0, 0, 0, 1, 1, 1, 255];
    const PREDICTED: [u8; 8] = [0, 0, 0, 1, 1, 1, 0, 0];

    #[test]
    fn the_three_ways_of_counting_are_kept_apart() {
        let mut counts = SetCounts::new(2, 1);
        counts.add(&TRUTH, &PREDICTED, 8);
        counts.add(&[1, 1], &[1, 1], 2);
        // Pooled: class 0 has 3 hits of 4 true and 4 predicted, class 1 has 4 of 5 and 5.
        assert_eq!(counts.scores().class_iu, [Some(3.0 / 5.0), Some(4.0 / 6.0)]);
        // Image by image: (3/5 + 2/4) / 2, and 1.
        let expected = f64::midpoint(f64::midpoint(0.6, 0.5), 1.0);
        assert_eq!(counts.mean_iu_over_images(), Some(expected));
        // The band: the pixels at 3, 4 and 6, predicted 1, 1 and 0.
        let boundary = counts.boundary_scores();
        assert_eq!(boundary.pixel_accuracy, Some(1.0 / 3.0));
        assert_eq!(boundary.class_iu, [Some(0.0), Some(1.0 / 3.0)]);
        assert_eq!((counts.boundary_width(), counts.unanswered()), (1, 0));
    }

    #[test]
    fn merging_equals_adding() {
        let mut whole = SetCounts::new(2, 2);
        whole.add(&TRUTH, &PREDICTED, 4);
        whole.add(&PREDICTED, &TRUTH, 4);
        let (mut left, mut right) = (SetCounts::new(2, 2), SetCounts::new(2, 2));
        left.add(&TRUTH, &PREDICTED, 4);
        right.add(&PREDICTED, &TRUTH, 4);
        left.merge(&right);
        assert_eq!(left, whole);
        assert_eq!(left.unanswered(), 1);
    }

    #[test]
    #[should_panic(expected = "bands of other widths")]
    fn bands_of_other_widths_are_not_mixed() {
        SetCounts::new(2, 1).merge(&SetCounts::new(2, 2));
    }
}
