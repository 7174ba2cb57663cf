//! All scores of a set of images in one pass.

use serde::{Deserialize, Serialize};

use super::calibration::{CalibrationBin, CalibrationCounts};
use super::components::{ComponentCounts, Components};
use super::distance::{BandScore, DistanceCounts, boundary_distance};
use super::objects::{ObjectCounts, ObjectScore};
use super::{ConfusionMatrix, ImageMean, ImageScore, Scores};

/// The label of pixels that are not counted.
const VOID: u8 = 255;

/// Counts of a set of images, from which its scores follow: pooled over the set, image by
/// image, along label boundaries and by the distance to them, by the size of objects, and
/// by confidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredCounts")]
pub struct SetCounts {
    pooled: ConfusionMatrix,
    image_mean: ImageMean,
    boundary: ConfusionMatrix,
    boundary_width: usize,
    distances: DistanceCounts,
    objects: ObjectCounts,
    /// Of masks with confidences alone.
    calibration: Option<CalibrationCounts>,
    /// By label, those of the ground truth and those of the predictions.
    components: [Vec<ComponentCounts>; 2],
}

/// Counts as they are read from a file, which may hold anything.
#[derive(Deserialize)]
struct StoredCounts {
    pooled: ConfusionMatrix,
    image_mean: ImageMean,
    boundary: ConfusionMatrix,
    boundary_width: usize,
    distances: DistanceCounts,
    objects: ObjectCounts,
    calibration: Option<CalibrationCounts>,
    components: [Vec<ComponentCounts>; 2],
}

impl TryFrom<StoredCounts> for SetCounts {
    type Error = &'static str;

    fn try_from(stored: StoredCounts) -> Result<Self, Self::Error> {
        let classes = stored.pooled.num_classes();
        let calibration = stored.calibration.as_ref();
        let fits = stored.boundary.num_classes() == classes
            && stored.distances.is_of(classes)
            && stored.objects.is_of(classes)
            && calibration.is_none_or(CalibrationCounts::is_whole)
            && stored.components.iter().all(|all| all.len() == classes);
        if !fits {
            return Err("the counts are of different classes");
        }
        Ok(Self {
            pooled: stored.pooled,
            image_mean: stored.image_mean,
            boundary: stored.boundary,
            boundary_width: stored.boundary_width,
            distances: stored.distances,
            objects: stored.objects,
            calibration: stored.calibration,
            components: stored.components,
        })
    }
}

impl SetCounts {
    /// No image yet. The boundary scores are those of a band of `boundary_width` pixels,
    /// see [`boundary_band`](super::boundary_band).
    pub fn new(num_classes: usize, boundary_width: usize) -> Self {
        let none = || vec![ComponentCounts::default(); num_classes];
        Self {
            pooled: ConfusionMatrix::new(num_classes),
            image_mean: ImageMean::default(),
            boundary: ConfusionMatrix::new(num_classes),
            boundary_width,
            distances: DistanceCounts::new(num_classes),
            objects: ObjectCounts::new(num_classes),
            calibration: None,
            components: [none(), none()],
        }
    }

    /// Adds one image of `[height, columns]` labels, row by row; returns its own scores.
    ///
    /// # Panics
    /// As [`ConfusionMatrix::add`] does, and when `truth` is not made of whole rows.
    pub fn add(&mut self, truth: &[u8], predicted: &[u8], columns: usize) -> ImageScore {
        let classes = self.pooled.num_classes();
        let mut image = ConfusionMatrix::new(classes);
        image.add(truth, predicted);
        self.image_mean.add(&image);
        self.pooled.merge(&image);

        let distances = boundary_distance(truth, columns);
        self.distances.add(truth, predicted, &distances);
        let in_band = |(label, distance): (&u8, &u16)| {
            let near = usize::from(*distance) <= self.boundary_width;
            // In an image of one label there is no boundary.
            if near && *distance < u16::MAX {
                *label
            } else {
                VOID
            }
        };
        let band: Vec<u8> = truth.iter().zip(&distances).map(in_band).collect();
        self.boundary.add(&band, predicted);

        let objects = Components::of(truth, columns);
        self.objects.add(&objects, predicted);
        let seen: Vec<u8> = predicted
            .iter()
            .zip(truth)
            .map(|(predicted, truth)| if *truth == VOID { VOID } else { *predicted })
            .collect();
        let components = [objects, Components::of(&seen, columns)]
            .map(|found| ComponentCounts::by_class(&found, classes));
        for (own, image) in self.components.iter_mut().zip(&components) {
            for (own, image) in own.iter_mut().zip(image) {
                own.merge(image);
            }
        }
        ImageScore::new(&image, &components[0], &components[1])
    }

    /// As [`add`](Self::add), with the probability of each predicted label.
    ///
    /// # Panics
    /// As that does, and when the lengths differ.
    pub fn add_with_confidence(
        &mut self,
        truth: &[u8],
        predicted: &[u8],
        confidence: &[f32],
        columns: usize,
    ) -> ImageScore {
        let classes = self.pooled.num_classes();
        let calibration = self.calibration.get_or_insert_default();
        calibration.add(truth, predicted, confidence, classes);
        self.add(truth, predicted, columns)
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
        self.distances.merge(&other.distances);
        self.objects.merge(&other.objects);
        if let Some(other) = &other.calibration {
            self.calibration.get_or_insert_default().merge(other);
        }
        let components = self.components.iter_mut().zip(&other.components);
        for (own, other) in components.flat_map(|(own, other)| own.iter_mut().zip(other)) {
            own.merge(other);
        }
    }

    /// The papers' scores: one confusion matrix over the set.
    pub fn scores(&self) -> Scores {
        self.pooled.scores()
    }

    /// The confusion matrix over the set.
    pub fn confusion(&self) -> &ConfusionMatrix {
        &self.pooled
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

    /// The scores of bands of several widths, the whole images last.
    pub fn bands(&self) -> Vec<BandScore> {
        self.distances.bands()
    }

    /// The scores by the size of objects, small ones first, of the classes that are objects.
    pub fn objects(&self, is_object: impl Fn(usize) -> bool) -> Vec<ObjectScore> {
        self.objects.scores(is_object)
    }

    /// Whether the number of objects is known: earlier versions counted them over all classes, those
    /// included that are no objects.
    pub fn has_objects(&self) -> bool {
        self.objects.has_objects()
    }

    /// The reliability diagram and the expected calibration error; `None` where there are no
    /// confidences.
    pub fn calibration(&self) -> Option<(Vec<CalibrationBin>, f64)> {
        let counts = self.calibration.as_ref()?;
        Some((counts.bins(), counts.error()?))
    }

    /// Connected components of the ground truth, by label.
    pub fn true_components(&self) -> &[ComponentCounts] {
        &self.components[0]
    }

    /// Connected components of the predictions, by label; void pixels of the truth are left out.
    pub fn predicted_components(&self) -> &[ComponentCounts] {
        &self.components[1]
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
    fn what_is_counted_is_read_as_it_was_written() {
        let mut counts = SetCounts::new(2, 1);
        counts.add_with_confidence(&TRUTH, &PREDICTED, &[0.5; 8], 8);
        let text = serde_json::to_string(&counts).expect("JSON");
        let read: SetCounts = serde_json::from_str(&text).expect("counts");
        assert_eq!(read, counts);
        // Counts that do not fit together would panic later.
        let other = text.replace("\"boundary_width\"", "\"width\"");
        serde_json::from_str::<SetCounts>(&other).expect_err("a field is missing");
        let other = text.replacen("\"num_classes\":2", "\"num_classes\":3", 1);
        let err = serde_json::from_str::<SetCounts>(&other).expect_err("too few counts");
        assert!(err.to_string().contains("3 classes has 4 counts"), "{err}");
        let fewer = SetCounts::new(1, 1);
        let fewer = serde_json::to_value(&fewer).expect("JSON");
        let mut value = serde_json::to_value(&counts).expect("JSON");
        value["objects"] = fewer["objects"].clone();
        let err = serde_json::from_value::<SetCounts>(value).expect_err("other classes");
        assert!(err.to_string().contains("different classes"), "{err}");
    }

    #[test]
    fn an_image_has_its_own_scores_and_components() {
        let mut counts = SetCounts::new(2, 1);
        let score = counts.add(&TRUTH, &PREDICTED, 8);
        assert_eq!(score.mean_iu, Some(f64::midpoint(0.6, 0.5)));
        assert_eq!((score.confused(0, 1), score.confused(1, 0)), (1, 1));
        // Predicted: 0 0 0 1 1 1 0, and void, which hides what is predicted there.
        let of = |count, area, largest| ComponentCounts {
            count,
            area,
            largest,
        };
        assert_eq!(counts.true_components(), [of(1, 4, 4), of(1, 3, 3)]);
        assert_eq!(counts.predicted_components(), [of(2, 4, 3), of(1, 3, 3)]);
        assert_eq!(counts.objects(|_| true)[0].objects, Some(2));
        assert_eq!(counts.bands().len(), 9);
        assert_eq!(counts.calibration(), None);
    }

    #[test]
    #[should_panic(expected = "bands of other widths")]
    fn bands_of_other_widths_are_not_mixed() {
        SetCounts::new(2, 1).merge(&SetCounts::new(2, 2));
    }
}
