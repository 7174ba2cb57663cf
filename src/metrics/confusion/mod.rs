//! The confusion matrix and the four scores the FCN papers report.

use serde::{Deserialize, Serialize};

/// The label of pixels without a class: void in the ground truth and in predictions.
const NO_CLASS: u8 = 255;

/// Pixel counts by true class (row) and predicted class (column), summed over a
/// whole set of images, as in `score.py` of shelhamer/fcn.berkeleyvision.org and in
/// `label_accuracy_score` of wkentaro/pytorch-fcn (`torchfcn/utils.py`): one histogram
/// over the set, not a mean of per-image ratios.
///
/// Which classes the means leave out is theirs too (`nanmean`): mean accuracy those
/// without a true pixel, mIoU only those with neither a true nor a predicted one, so
/// that a class which is predicted but never true pulls the mIoU down as a 0.
///
/// One thing goes beyond them: a labeled pixel that is predicted as void (255), which
/// breaks their `bincount`, is a miss of its true class and a hit of none.
///
/// # Example
/// ```
/// use fcn_workbench::metrics::ConfusionMatrix;
///
/// // Six pixels of two classes; the last one is void and does not count.
/// let truth = [0, 0, 0, 1, 1, 255];
/// let predicted = [0, 0, 1, 1, 1, 0];
/// let mut matrix = ConfusionMatrix::new(2);
/// matrix.add(&truth, &predicted);
///
/// assert_eq!(matrix.pixel_accuracy(), Some(4.0 / 5.0));
/// // Of each class, 2 pixels are right of 3 that are true or predicted.
/// assert_eq!(matrix.mean_iu(), Some(2.0 / 3.0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredMatrix")]
pub struct ConfusionMatrix {
    num_classes: usize,
    /// `[num_classes, num_classes]`, true class by predicted class.
    counts: Vec<u64>,
    /// `[num_classes]`: pixels predicted as void, by true class.
    unanswered: Vec<u64>,
}

/// A matrix as it is read from a file, which may hold anything.
#[derive(Deserialize)]
struct StoredMatrix {
    num_classes: usize,
    counts: Vec<u64>,
    unanswered: Vec<u64>,
}

impl TryFrom<StoredMatrix> for ConfusionMatrix {
    type Error = String;

    fn try_from(stored: StoredMatrix) -> Result<Self, String> {
        let StoredMatrix {
            num_classes,
            counts,
            unanswered,
        } = stored;
        let cells = num_classes.checked_mul(num_classes);
        if cells != Some(counts.len()) || unanswered.len() != num_classes {
            return Err(format!(
                "a confusion matrix of {num_classes} classes has {} counts",
                counts.len()
            ));
        }
        Ok(Self {
            num_classes,
            counts,
            unanswered,
        })
    }
}

/// The scores of one confusion matrix, each in `0.0..=1.0`.
///
/// `None` means that there is nothing to divide by: no labeled pixel at all, or,
/// for a class, neither a true nor a predicted pixel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Share of labeled pixels predicted right.
    pub pixel_accuracy: Option<f64>,
    /// Mean over the classes present in the ground truth of their recall.
    pub mean_accuracy: Option<f64>,
    /// Mean over classes of intersection over union (mIoU), background included.
    pub mean_iu: Option<f64>,
    /// Intersection over union weighted by the class's share of true pixels.
    pub frequency_weighted_iu: Option<f64>,
    /// Intersection over union by class.
    pub class_iu: Vec<Option<f64>>,
}

impl Scores {
    /// The four scores of the papers, in their order: pixel accuracy, mean accuracy, mIoU and
    /// frequency weighted IU.
    pub fn means(&self) -> [Option<f64>; 4] {
        [
            self.pixel_accuracy,
            self.mean_accuracy,
            self.mean_iu,
            self.frequency_weighted_iu,
        ]
    }
}

impl ConfusionMatrix {
    /// An empty matrix of `num_classes` x `num_classes`.
    pub fn new(num_classes: usize) -> Self {
        let counts = vec![0; num_classes * num_classes];
        Self {
            num_classes,
            counts,
            unanswered: vec![0; num_classes],
        }
    }

    /// A matrix that was counted elsewhere, true class by predicted class, row by row; no pixel
    /// is predicted as void.
    ///
    /// # Panics
    /// When there are not `num_classes` x `num_classes` counts.
    pub fn from_counts(num_classes: usize, counts: Vec<u64>) -> Self {
        assert_eq!(
            counts.len(),
            num_classes * num_classes,
            "counts of other classes"
        );
        Self {
            num_classes,
            counts,
            unanswered: vec![0; num_classes],
        }
    }

    /// The matrix of some of the classes: pixels of the others do not count, and to predict one
    /// of the others is to predict void.
    ///
    /// # Panics
    /// When `kept` is of another number of classes.
    #[must_use]
    pub fn only(&self, kept: &[bool]) -> Self {
        assert_eq!(kept.len(), self.num_classes, "of other classes");
        let mut only = Self::new(self.num_classes);
        for truth in (0..self.num_classes).filter(|class| kept[*class]) {
            only.unanswered[truth] = self.unanswered[truth];
            for (predicted, kept) in kept.iter().enumerate() {
                let count = self.count(truth, predicted);
                if *kept {
                    only.counts[truth * self.num_classes + predicted] = count;
                } else {
                    only.unanswered[truth] += count;
                }
            }
        }
        only
    }

    /// Number of classes, background included.
    pub fn num_classes(&self) -> usize {
        self.num_classes
    }

    /// Pixels of true class `truth` that were predicted as `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth * self.num_classes + predicted]
    }

    /// Labeled pixels that were predicted as void.
    pub fn unanswered(&self) -> u64 {
        self.unanswered.iter().sum()
    }

    /// Adds one image: its labels, `[height * width]` each, in the same order. A pixel whose true label is not a class (void, 255) does not count;
    /// one that is predicted as 255 counts as wrong.
    ///
    /// # Panics
    /// When the slices differ in length, or a prediction is neither a class nor 255 where
    /// the true label is a class.
    pub fn add(&mut self, truth: &[u8], predicted: &[u8]) {
        assert_eq!(
            truth.len(),
            predicted.len(),
            "ground truth and prediction differ in pixels"
        );
        for (&truth, &label) in truth.iter().zip(predicted) {
            let (truth, predicted) = (usize::from(truth), usize::from(label));
            if truth >= self.num_classes {
                continue;
            }
            if predicted < self.num_classes {
                self.counts[truth * self.num_classes + predicted] += 1;
                continue;
            }
            assert!(
                label == NO_CLASS,
                "predicted label {label} is not one of {} classes",
                self.num_classes
            );
            self.unanswered[truth] += 1;
        }
    }

    /// Adds the counts of `other`.
    ///
    /// # Panics
    /// When the class counts differ.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(
            self.num_classes, other.num_classes,
            "matrices of other classes"
        );
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        for (count, more) in self.unanswered.iter_mut().zip(&other.unanswered) {
            *count += more;
        }
    }

    /// Number of labeled pixels counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.unanswered()
    }

    /// Pixels of true class `class` that were predicted as void.
    pub fn unanswered_of(&self, class: usize) -> u64 {
        self.unanswered[class]
    }

    /// Labeled pixels of a class: its support.
    pub fn true_pixels(&self, class: usize) -> u64 {
        (0..self.num_classes)
            .map(|p| self.count(class, p))
            .sum::<u64>()
            + self.unanswered[class]
    }

    /// Labeled pixels that were predicted as a class.
    pub fn predicted_pixels(&self, class: usize) -> u64 {
        (0..self.num_classes).map(|t| self.count(t, class)).sum()
    }

    /// `sum_i n_ii / sum_i t_i` (CVPR 2015, section 5).
    pub fn pixel_accuracy(&self) -> Option<f64> {
        let right = (0..self.num_classes).map(|c| self.count(c, c)).sum();
        ratio(right, self.total())
    }

    /// Recall `n_ii / t_i` of one class; `None` where the class has no true pixel.
    pub fn class_accuracy(&self, class: usize) -> Option<f64> {
        ratio(self.count(class, class), self.true_pixels(class))
    }

    /// Mean of the recalls of the classes that occur.
    pub fn mean_accuracy(&self) -> Option<f64> {
        mean((0..self.num_classes).filter_map(|c| self.class_accuracy(c)))
    }

    /// `n_ii / (t_i + sum_j n_ji - n_ii)`; `None` where the class was neither there nor
    /// predicted, 0 where it was predicted but not there.
    pub fn class_iu(&self, class: usize) -> Option<f64> {
        let hit = self.count(class, class);
        ratio(
            hit,
            self.true_pixels(class) + self.predicted_pixels(class) - hit,
        )
    }

    /// Mean intersection over union; absent classes are left out, as `nanmean` does.
    pub fn mean_iu(&self) -> Option<f64> {
        mean((0..self.num_classes).filter_map(|c| self.class_iu(c)))
    }

    /// Sum over classes of frequency times intersection over union.
    pub fn frequency_weighted_iu(&self) -> Option<f64> {
        let total = self.total();
        (total > 0).then(|| {
            (0..self.num_classes)
                .filter_map(|c| Some((self.true_pixels(c), self.class_iu(c)?)))
                .map(|(pixels, iu)| pixels as f64 / total as f64 * iu)
                .sum()
        })
    }

    /// All scores at once.
    pub fn scores(&self) -> Scores {
        Scores {
            pixel_accuracy: self.pixel_accuracy(),
            mean_accuracy: self.mean_accuracy(),
            mean_iu: self.mean_iu(),
            frequency_weighted_iu: self.frequency_weighted_iu(),
            class_iu: (0..self.num_classes).map(|c| self.class_iu(c)).collect(),
        }
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0u32), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / f64::from(n))
}

#[cfg(test)]
mod tests;
