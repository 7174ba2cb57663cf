//! Why a pixel has its class: what each score layer of an FCN adds to each class's score.

use std::path::PathBuf;
use std::sync::Arc;

use crate::dataset::{ClassList, Size};
use crate::engine::maps::NumberMap;
use crate::model::{LayerOutput, ReceptiveField, Trunk};
use crate::training::Contributions;

/// The scores of every pixel of an image, by where they come from.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Name of the run.
    pub run: String,
    /// The image file.
    pub image_path: PathBuf,
    /// Columns and rows of the image.
    pub image_size: Size,
    /// Classes of the run.
    pub classes: Arc<ClassList>,
    /// Seconds the network took.
    pub secs: f64,
    trunk: Trunk,
    contributions: Contributions,
}

/// A rectangle of pixels; all of its borders belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelRect {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Last column.
    pub right: u32,
    /// Last row.
    pub bottom: u32,
}

impl PixelRect {
    /// Columns and rows.
    pub fn size(&self) -> Size {
        Size::new(self.right - self.left + 1, self.bottom - self.top + 1)
    }
}

/// What a network makes of one pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelScores {
    /// By label.
    pub classes: Vec<ClassScore>,
    /// Of the probabilities, in bits: 0 = sure of one class, the logarithm to base 2 of the number of
    /// classes = each is as likely.
    pub entropy: f64,
}

/// The score of one class at one pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassScore {
    /// What each score layer adds, in the order of [`Explanation::sources`].
    pub contributions: Vec<f32>,
    /// Their sum.
    pub logit: f32,
    /// Softmax of the logits, `0.0..=1.0`.
    pub probability: f64,
}

/// A number for each pixel of an image, of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplanationMap {
    /// The softmax of its logit, `0.0..=1.0`.
    Probability,
    /// What one of the score layers adds, by its place among [`Explanation::sources`].
    Part(usize),
    /// The sum of the parts.
    Logit,
}

impl Explanation {
    pub(super) fn new(
        (run, image_path): (String, PathBuf),
        image_size: Size,
        classes: Arc<ClassList>,
        trunk: Trunk,
        contributions: Contributions,
        secs: f64,
    ) -> Self {
        Self {
            run,
            image_path,
            image_size,
            classes,
            secs,
            trunk,
            contributions,
        }
    }

    /// The maps that the score layers are on, coarse to fine: `fc7`, `pool4`, `pool3`.
    pub fn sources(&self) -> Vec<&'static str> {
        let parts = self.contributions.parts.iter();
        parts
            .map(|(source, _)| self.trunk.map_name(*source))
            .collect()
    }

    /// The size of the scores: the image's, or a smaller one where they would take too much memory.
    pub fn size(&self) -> Size {
        self.contributions.size
    }

    /// Which pixels of the image the scores of the pixel in column `x` and row `y` depend on, for each of
    /// [`sources`](Self::sources): what can have an influence at all.
    pub fn receptive_fields(&self, x: u32, y: u32) -> Vec<PixelRect> {
        let (image, seen) = (self.image_size, self.contributions.seen);
        let along = |field: &ReceptiveField, at: u32, seen: u32, full: u32| {
            let scale = f64::from(full) / f64::from(seen);
            let (first, last) = field.range((f64::from(at) / scale) as u32, seen);
            let first = (f64::from(first) * scale) as u32;
            let last = (f64::from(last + 1) * scale).ceil() as u32 - 1;
            (first, last.min(full.saturating_sub(1)))
        };
        let rect = |field: &ReceptiveField| {
            let (left, right) = along(field, x, seen.width, image.width);
            let (top, bottom) = along(field, y, seen.height, image.height);
            PixelRect {
                left,
                top,
                right,
                bottom,
            }
        };
        self.contributions.fields.iter().map(rect).collect()
    }

    /// The layers whose maps can be looked at, from the image to the scores.
    pub fn layers(&self) -> &[LayerOutput] {
        &self.contributions.layers
    }

    /// A map of class `label`, of [`size`](Self::size); of a class or a part that is not there, zeros. Slow for
    /// large images.
    pub fn map(&self, which: ExplanationMap, label: u8) -> NumberMap {
        let Contributions { size, parts, .. } = &self.contributions;
        let plane = size.pixels() as usize;
        let of_part = |part: usize, label: usize| {
            let values = parts.get(part).map_or(&[][..], |(_, values)| values);
            values.get(label * plane..(label + 1) * plane)
        };
        let sum = |label: usize| {
            let mut sum = vec![0.0; plane];
            for values in (0..parts.len()).filter_map(|part| of_part(part, label)) {
                for (sum, value) in sum.iter_mut().zip(values) {
                    *sum += value;
                }
            }
            sum
        };
        let label = usize::from(label);
        let values = match which {
            ExplanationMap::Part(part) => match of_part(part, label) {
                Some(values) => values.to_vec(),
                None => vec![0.0; plane],
            },
            ExplanationMap::Logit => sum(label),
            ExplanationMap::Probability => {
                let own = sum(label);
                // One over the sum of what the others are to it; an exponential of infinity is share 0.
                let mut weights = vec![0.0_f32; plane];
                for other in 0..self.classes.len() {
                    let other = sum(other);
                    for ((weight, own), other) in weights.iter_mut().zip(&own).zip(other) {
                        *weight += (other - own).exp();
                    }
                }
                weights.into_iter().map(f32::recip).collect()
            }
        };
        NumberMap {
            size: *size,
            values,
        }
    }

    /// The scores of the pixel in column `x` and row `y` of the image; `None` outside.
    pub fn pixel(&self, x: u32, y: u32) -> Option<PixelScores> {
        let image = self.image_size;
        if x >= image.width || y >= image.height {
            return None;
        }
        let scaled = |at: u32, seen: u32, full: u32| {
            (u64::from(at) * u64::from(seen) / u64::from(full)) as usize
        };
        let Contributions { size, parts, .. } = &self.contributions;
        let column = scaled(x, size.width, image.width);
        let row = scaled(y, size.height, image.height);
        let plane = size.pixels() as usize;
        let at = row * size.width as usize + column;
        let of_label = |label: usize| {
            let values = parts.iter().map(|(_, values)| values[label * plane + at]);
            values.collect()
        };
        let contributions = (0..self.classes.len()).map(of_label).collect();
        Some(PixelScores::new(contributions))
    }
}

impl PixelScores {
    fn new(contributions: Vec<Vec<f32>>) -> Self {
        let logits: Vec<f32> = contributions
            .iter()
            .map(|parts| parts.iter().sum())
            .collect();
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f64> = logits
            .iter()
            .map(|logit| f64::from(logit - largest).exp())
            .collect();
        let sum: f64 = weights.iter().sum();
        let probabilities: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
        let bits = |p: &f64| if *p > 0.0 { -p * p.log2() } else { 0.0 };
        let entropy = probabilities.iter().map(bits).sum();
        let classes = contributions.into_iter().zip(logits).zip(probabilities);
        let classes = classes.map(|((contributions, logit), probability)| ClassScore {
            contributions,
            logit,
            probability,
        });
        Self {
            classes: classes.collect(),
            entropy,
        }
    }

    /// Labels, the most likely first; of equals the lower one, as in the mask.
    pub fn ranking(&self) -> Vec<u8> {
        let mut labels: Vec<u8> = (0..=u8::MAX).take(self.classes.len()).collect();
        let logit = |label: &u8| self.classes[usize::from(*label)].logit;
        labels.sort_by(|a, b| logit(b).total_cmp(&logit(a)));
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Class;
    use crate::model::ScoreSource;

    fn explanation(image: [u32; 2], size: [u32; 2]) -> Explanation {
        let class = |name: &str| Class {
            name: name.to_owned(),
            color: [0, 0, 0],
        };
        let pixels = (size[0] * size[1]) as usize;
        // Class 0 scores 0.5 everywhere by fc7, class 1 its pixel's number by pool4.
        let coarse = [vec![0.5; pixels], vec![0.0; pixels]].concat();
        let numbers = (0..pixels).map(|pixel| pixel as f32);
        let fine = vec![0.0; pixels].into_iter().chain(numbers).collect();
        Explanation::new(
            ("run".into(), "a.png".into()),
            image.into(),
            Arc::new(ClassList::new(vec![class("sky"), class("tree")]).expect("classes")),
            Trunk::Vgg16Slim,
            Contributions {
                size: Size::new(size[0], size[1]),
                parts: vec![(ScoreSource::Coarse, coarse), (ScoreSource::Pool4, fine)],
                seen: Size::new(size[0], size[1]),
                fields: vec![ReceptiveField {
                    source: ScoreSource::Coarse,
                    offset: 0.0,
                    radius: 1.0,
                }],
                layers: Vec::new(),
            },
            0.1,
        )
    }

    #[test]
    fn a_pixel_has_the_scores_of_its_place() {
        let found = explanation([3, 2], [3, 2]);
        assert_eq!(found.sources(), ["fc7", "pool4"]);
        // Row 1, column 2: pixel 5.
        let scores = found.pixel(2, 1).expect("inside");
        assert_eq!(scores.classes[0].contributions, [0.5, 0.0]);
        assert_eq!(scores.classes[1].contributions, [0.0, 5.0]);
        assert_eq!(scores.ranking(), [1, 0]);
        // exp(-4.5) = 0.011109; of the sum 1.011109.
        assert!((scores.classes[0].probability - 0.010_987).abs() < 1e-6);
        assert!((scores.classes[1].probability - 0.989_013).abs() < 1e-6);
        // -(0.010987 * log2 0.010987 + 0.989013 * log2 0.989013)
        assert!(
            (scores.entropy - 0.087_267).abs() < 1e-5,
            "{}",
            scores.entropy
        );
        assert_eq!((found.pixel(3, 0), found.pixel(0, 2)), (None, None));
    }

    #[test]
    fn maps_have_the_numbers_of_the_pixels() {
        let found = explanation([3, 2], [3, 2]);
        let values = |which, label| found.map(which, label).values;
        assert_eq!(values(ExplanationMap::Part(0), 0), [0.5; 6]);
        let numbers = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(values(ExplanationMap::Part(1), 1), numbers);
        assert_eq!(values(ExplanationMap::Logit, 1), numbers);
        assert_eq!(values(ExplanationMap::Part(7), 1), [0.0; 6]);
        for label in [0, 1] {
            let shares = values(ExplanationMap::Probability, label);
            for (pixel, share) in (0_u32..).zip(shares) {
                let scores = found.pixel(pixel % 3, pixel / 3).expect("inside");
                let expected = scores.classes[usize::from(label)].probability;
                assert!((f64::from(share) - expected).abs() < 1e-6, "pixel {pixel}");
            }
        }
    }

    #[test]
    fn scores_of_a_smaller_size_are_found_by_the_pixel_of_the_image() {
        let found = explanation([30, 20], [3, 2]);
        assert_eq!(found.pixel(29, 19).expect("inside").classes[1].logit, 5.0);
        assert_eq!(found.pixel(9, 9).expect("inside").classes[1].logit, 0.0);
        assert_eq!(found.pixel(10, 9).expect("inside").classes[1].logit, 1.0);
    }

    #[test]
    fn a_field_is_told_in_pixels_of_the_image() {
        let field = |image, size, x, y| explanation(image, size).receptive_fields(x, y)[0];
        let rect = |left, top, right, bottom| PixelRect {
            left,
            top,
            right,
            bottom,
        };
        assert_eq!(field([9, 6], [9, 6], 4, 0), rect(3, 0, 5, 1));
        assert_eq!(rect(3, 0, 5, 1).size(), Size::new(3, 2));
        // Ten times larger than what the network saw: pixel 45 is in its column 4.
        assert_eq!(field([90, 60], [9, 6], 45, 0), rect(30, 0, 59, 19));
    }

    #[test]
    fn equal_scores_are_as_unsure_as_can_be() {
        let scores = PixelScores::new(vec![vec![1.0, 2.0]; 8]);
        assert!((scores.entropy - 3.0).abs() < 1e-12);
        assert_eq!(scores.ranking(), [0, 1, 2, 3, 4, 5, 6, 7]);
        // Neither overflows nor underflows to NaN.
        let far = PixelScores::new(vec![vec![1000.0], vec![-1000.0]]);
        assert_eq!((far.classes[0].probability, far.entropy), (1.0, 0.0));
    }
}
