//! Which images and crops a training sees more often, for the sake of rare classes.

use rand::RngExt as _;

use super::{Augment, Change, ClassCounts, LabelMap, Rng};

/// Crops that are tried for one with enough of a class.
const TRIES: usize = 10;

/// Share of a crop that is enough of a class.
const ENOUGH: f64 = 0.01;

/// Draws a class, then an image that has it, then a crop that shows it: the rare class sampling of
/// Hoyer et al. 2022 (`DAFormer`, section 3.2).
#[derive(Debug, Clone, PartialEq)]
pub struct RareSampling {
    /// Sums of the probabilities of the classes up to each, the last 1; of those that occur.
    sums: Vec<f64>,
    /// The labels of these classes.
    labels: Vec<u8>,
    /// The places in the list of the images that have each.
    images: Vec<Vec<u32>>,
}

impl RareSampling {
    /// The probability of a class is proportional to `exp((1 - share) / temperature)`: a small
    /// temperature draws the rarest alone, a large one all classes alike. `None` where no pixel is
    /// labeled.
    pub fn new(counts: &ClassCounts, temperature: f64) -> Option<Self> {
        let all: u64 = counts.pixels.iter().sum();
        let mut sampling = Self {
            sums: Vec::new(),
            labels: Vec::new(),
            images: Vec::new(),
        };
        let occurring = (0..=u8::MAX)
            .zip(counts.pixels.iter().zip(&counts.images))
            .filter(|(_, (pixels, _))| **pixels > 0);
        let rarest = counts
            .pixels
            .iter()
            .copied()
            .filter(|pixels| *pixels > 0)
            .min()?;
        let mut sum = 0.0;
        for (label, (pixels, images)) in occurring {
            // Beside the rarest, whose term is 1, so that nothing overflows.
            let behind = (*pixels - rarest) as f64 / all as f64;
            sum += (-behind / temperature).exp();
            sampling.sums.push(sum);
            sampling.labels.push(label);
            sampling.images.push(images.clone());
        }
        for part in &mut sampling.sums {
            *part /= sum;
        }
        Some(sampling)
    }

    /// The place of an image in the list, and the class for which it was drawn.
    pub(super) fn draw(&self, rng: &mut Rng) -> (usize, u8) {
        let number: f64 = rng.random();
        let class = self.sums.iter().position(|sum| number < *sum);
        let class = class.unwrap_or(self.sums.len() - 1);
        let images = &self.images[class];
        let image = images[rng.random_range(0..images.len())];
        (image as usize, self.labels[class])
    }

    /// A change as `augment` draws it, with a crop that shows enough of a class: the first of some,
    /// or the one with the most.
    pub(super) fn change(augment: &Augment, labels: &LabelMap, class: u8, rng: &mut Rng) -> Change {
        let count = |change: &Change| {
            let shown = change.apply_to_labels(labels).labels;
            let of_class = shown.iter().map(|label| usize::from(*label == class));
            (of_class.sum::<usize>(), shown.len())
        };
        let mut best = augment.draw(labels.size(), rng);
        let (mut most, pixels) = count(&best);
        for _ in 1..TRIES {
            if most as f64 >= ENOUGH * pixels as f64 {
                break;
            }
            let next = augment.draw(labels.size(), rng);
            let (found, _) = count(&next);
            if found > most {
                (best, most) = (next, found);
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;
    use crate::dataset::Size;

    /// Nine tenths of the pixels are of class 0, one tenth of class 2, which one image has.
    fn counts() -> ClassCounts {
        ClassCounts {
            pixels: vec![90, 0, 10],
            pixels_around: vec![100, 0, 20],
            images: vec![vec![0, 1, 2, 3, 4], vec![], vec![3]],
        }
    }

    #[test]
    fn rare_classes_are_drawn_as_often_as_the_temperature_says() {
        // exp(0.8 / T) = 3 times as often.
        let sampling = RareSampling::new(&counts(), 0.8 / 3f64.ln()).expect("classes");
        assert_eq!(sampling.labels, [0, 2]);
        assert!((sampling.sums[0] - 0.25).abs() < 1e-12, "{sampling:?}");
        assert!((sampling.sums[1] - 1.0).abs() < 1e-12);
        let mut rng = Rng::seed_from_u64(1);
        let draws: Vec<(usize, u8)> = (0..1000).map(|_| sampling.draw(&mut rng)).collect();
        let rare = draws.iter().filter(|(_, class)| *class == 2).count();
        // 750, with a deviation of 14.
        assert!((680..820).contains(&rare), "{rare}");
        assert!(
            draws
                .iter()
                .all(|(image, class)| *class == 0 || *image == 3)
        );
        assert!((0..5).all(|image| draws.iter().any(|(drawn, _)| *drawn == image)));
        assert_eq!(RareSampling::new(&ClassCounts::default(), 1.0), None);
        // Without an overflow.
        let cold = RareSampling::new(&counts(), 1e-9).expect("classes");
        assert_eq!(cold.sums, [0.0, 1.0]);
    }

    #[test]
    fn a_crop_shows_the_class_that_it_was_drawn_for() {
        let (width, height) = (40, 1);
        let mut labels = vec![0; 40];
        labels[35] = 2;
        let labels = LabelMap {
            width,
            height,
            labels,
        };
        let augment = Augment {
            random_crop: true,
            ..Augment::none(Some(Size::new(20, 1)))
        };
        // 16 of the 21 places do not show it; ten in a row are 7 %.
        let found = (0..100).filter(|seed| {
            let mut rng = Rng::seed_from_u64(*seed);
            let change = RareSampling::change(&augment, &labels, 2, &mut rng);
            change.apply_to_labels(&labels).labels.contains(&2)
        });
        assert!(found.count() > 80);
    }
}
