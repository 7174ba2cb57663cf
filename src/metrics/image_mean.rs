//! Mean intersection over union, image by image.

use serde::{Deserialize, Serialize};

use super::ConfusionMatrix;

/// The mean over images of each image's own mIoU.
///
/// Not the mIoU of the papers, which pools all pixels of the set into one matrix: here
/// a small image weighs as much as a large one, and a class counts only in the images
/// where it is true or predicted. The two differ by several points, so this one is
/// called `mean_iu_over_images` wherever it shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageMean {
    sum: f64,
    images: u64,
}

impl ImageMean {
    /// Adds an image by the matrix of its pixels alone. An image without a labeled pixel
    /// has no score and is left out.
    pub fn add(&mut self, image: &ConfusionMatrix) {
        if let Some(mean_iu) = image.mean_iu() {
            self.sum += mean_iu;
            self.images += 1;
        }
    }

    /// Adds the images of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.images += other.images;
    }

    /// The mean, `0.0..=1.0`; `None` before the first image with a labeled pixel.
    pub fn mean_iu_over_images(&self) -> Option<f64> {
        (self.images > 0).then(|| self.sum / self.images as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(truth: &[u8], predicted: &[u8]) -> ConfusionMatrix {
        let mut matrix = ConfusionMatrix::new(3);
        matrix.add(truth, predicted);
        matrix
    }

    #[test]
    fn every_image_weighs_the_same() {
        let images = [
            image(&[0, 0, 1, 1], &[0, 0, 1, 0]),
            image(&[2], &[2]),
            image(&[255], &[0]),
        ];
        let mut mean = ImageMean::default();
        assert_eq!(mean.mean_iu_over_images(), None);
        for image in &images {
            mean.add(image);
        }
        // Image 1: classes 0 and 1 with 2/3 and 1/2. Image 2: class 2 with 1. Image 3: nothing.
        let expected = f64::midpoint(f64::midpoint(2.0 / 3.0, 0.5), 1.0);
        assert_eq!(mean.mean_iu_over_images(), Some(expected));
        // Pooled it is another number.
        let mut pooled = ConfusionMatrix::new(3);
        for image in &images {
            pooled.merge(image);
        }
        let expected = (2.0 / 3.0 + 0.5 + 1.0) / 3.0;
        assert!((pooled.mean_iu().expect("pixels") - expected).abs() < 1e-12);
    }

    #[test]
    fn merging_equals_adding() {
        let (a, b) = (image(&[0, 1], &[0, 0]), image(&[1, 2], &[1, 2]));
        let mut whole = ImageMean::default();
        whole.add(&a);
        whole.add(&b);
        let (mut left, mut right) = (ImageMean::default(), ImageMean::default());
        left.add(&a);
        right.add(&b);
        left.merge(&right);
        assert_eq!(left, whole);
    }
}
