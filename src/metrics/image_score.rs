//! What is kept of one image: enough to find it again by what is wrong in it.

use serde::{Deserialize, Serialize};

use super::components::ComponentCounts;
use super::confusion::ConfusionMatrix;

/// Confusions that are kept of an image, those of the most pixels; a large set stays small.
pub const MAX_CONFUSIONS: usize = 64;

/// What stands for void among predicted labels.
const VOID: u8 = 255;

/// The scores of one image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageScore {
    /// Of this image alone; `None` where nothing is labeled.
    pub mean_iu: Option<f64>,
    /// Share of the labeled pixels that are right.
    pub pixel_accuracy: Option<f64>,
    /// Labeled pixels.
    pub labeled: u64,
    /// Wrong pixels by what they are taken for, the most first; at most [`MAX_CONFUSIONS`].
    pub confusions: Vec<Confusion>,
    /// Classes that are true or predicted in it.
    pub components: Vec<ClassComponents>,
}

/// Pixels of one class that are taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u8, u8, u64)", into = "(u8, u8, u64)")]
pub struct Confusion {
    /// The true class.
    pub truth: u8,
    /// The predicted one; 255 = void.
    pub predicted: u8,
    /// Number of pixels.
    pub pixels: u64,
}

/// The connected components of a class in one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u8, [u64; 3], [u64; 3])", into = "(u8, [u64; 3], [u64; 3])")]
pub struct ClassComponents {
    /// The class.
    pub label: u8,
    /// Those of the ground truth.
    pub truth: ComponentCounts,
    /// Those of the prediction, where something is labeled.
    pub predicted: ComponentCounts,
}

impl ImageScore {
    /// The score of an image by the matrix of its pixels, and its components by class.
    pub(super) fn new(
        image: &ConfusionMatrix,
        truth: &[ComponentCounts],
        predicted: &[ComponentCounts],
    ) -> Self {
        let classes = image.num_classes();
        let mut confusions: Vec<Confusion> = (0..classes)
            .flat_map(|truth| (0..classes).map(move |predicted| (truth, predicted)))
            .filter(|(truth, predicted)| truth != predicted)
            .map(|(truth, predicted)| Confusion {
                truth: truth as u8,
                predicted: predicted as u8,
                pixels: image.count(truth, predicted),
            })
            .chain((0..classes).map(|truth| Confusion {
                truth: truth as u8,
                predicted: VOID,
                pixels: image.unanswered_of(truth),
            }))
            .filter(|confusion| confusion.pixels > 0)
            .collect();
        confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.pixels));
        confusions.truncate(MAX_CONFUSIONS);
        let components = truth.iter().zip(predicted).enumerate();
        let components = components.map(|(label, (truth, predicted))| ClassComponents {
            label: label as u8,
            truth: *truth,
            predicted: *predicted,
        });
        Self {
            mean_iu: image.mean_iu(),
            pixel_accuracy: image.pixel_accuracy(),
            labeled: image.total(),
            confusions,
            components: components
                .filter(|class| class.truth.count + class.predicted.count > 0)
                .collect(),
        }
    }

    /// Pixels of class `truth` that are taken for `predicted`, 255 = void; 0 also where that is not
    /// among those that are kept.
    pub fn confused(&self, truth: u8, predicted: u8) -> u64 {
        let is_it =
            |confusion: &&Confusion| confusion.truth == truth && confusion.predicted == predicted;
        let found = self.confusions.iter().find(is_it);
        found.map_or(0, |confusion| confusion.pixels)
    }
}

impl From<(u8, u8, u64)> for Confusion {
    fn from((truth, predicted, pixels): (u8, u8, u64)) -> Self {
        Self {
            truth,
            predicted,
            pixels,
        }
    }
}

impl From<Confusion> for (u8, u8, u64) {
    fn from(confusion: Confusion) -> Self {
        (confusion.truth, confusion.predicted, confusion.pixels)
    }
}

impl From<(u8, [u64; 3], [u64; 3])> for ClassComponents {
    fn from((label, truth, predicted): (u8, [u64; 3], [u64; 3])) -> Self {
        let counts = |[count, area, largest]: [u64; 3]| ComponentCounts {
            count,
            area,
            largest,
        };
        Self {
            label,
            truth: counts(truth),
            predicted: counts(predicted),
        }
    }
}

impl From<ClassComponents> for (u8, [u64; 3], [u64; 3]) {
    fn from(class: ClassComponents) -> Self {
        let counts = |counts: ComponentCounts| [counts.count, counts.area, counts.largest];
        (class.label, counts(class.truth), counts(class.predicted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_confusions_come_first() {
        let mut matrix = ConfusionMatrix::new(3);
        matrix.add(&[0, 0, 0, 1, 1, 2, 2], &[1, 1, 0, 1, 2, 255, 2]);
        let score = ImageScore::new(&matrix, &[], &[]);
        let of = |truth, predicted, pixels| Confusion {
            truth,
            predicted,
            pixels,
        };
        assert_eq!(score.confusions, [of(0, 1, 2), of(1, 2, 1), of(2, 255, 1)]);
        assert_eq!((score.confused(0, 1), score.confused(1, 0)), (2, 0));
        assert_eq!((score.labeled, score.pixel_accuracy), (7, Some(3.0 / 7.0)));
    }

    #[test]
    fn a_score_is_read_as_it_was_written() {
        let one = ComponentCounts {
            count: 1,
            area: 9,
            largest: 9,
        };
        let none = ComponentCounts::default();
        let mut matrix = ConfusionMatrix::new(2);
        matrix.add(&[0, 1], &[1, 1]);
        let score = ImageScore::new(&matrix, &[none, one], &[none, none]);
        assert_eq!(score.components.len(), 1);
        let text = serde_json::to_string(&score).expect("JSON");
        assert!(text.contains("[[0,1,1]]"), "{text}");
        assert!(text.contains("[[1,[1,9,9],[0,0,0]]]"), "{text}");
        let read: ImageScore = serde_json::from_str(&text).expect("a score");
        assert_eq!(read, score);
    }
}
