//! Probabilities averaged over sizes and mirror images, and pixels that are left unknown.

use burn::tensor::Tensor;

use super::{Detailed, Segmenter, enlarge};
use crate::dataset::{LabelMap, Rgb, Size, VOID};
use crate::kernels::{self, softmax};
use crate::training::error::TrainError;
use crate::training::gradients::read;
use crate::training::loss::loss_sum;
use crate::training::predict_options::Averaging;

impl Segmenter {
    /// As [`segment_in_detail`](Self::segment_in_detail), by averaged probabilities.
    pub(super) fn averaged_in_detail(
        &self,
        image: &Rgb,
        truth: &LabelMap,
        test_size: Option<Size>,
        averaging: &Averaging,
    ) -> Result<Detailed, TrainError> {
        let shares = self.averaged(image, test_size, averaging);
        let targets = self.targets(truth);
        // Of logarithms of probabilities the softmax is the probabilities again.
        let logits = shares.clone().clamp_min(f32::MIN_POSITIVE).log();
        Ok(Detailed {
            loss: read(loss_sum(logits, &targets))?,
            confidence: self.numbers(kernels::largest(shares.clone()))?,
            mask: self.most_likely(shares, image.size())?,
            labeled: targets.labeled,
        })
    }

    /// The mean over sizes and mirror images of the probability of each class; see
    /// [`Averaging`].
    ///
    /// # Shapes
    /// - output: `[1, num_classes, height, width]`
    pub(in crate::training) fn averaged(
        &self,
        image: &Rgb,
        test_size: Option<Size>,
        averaging: &Averaging,
    ) -> Tensor<4> {
        let base = test_size.unwrap_or(image.size());
        let mut sum: Option<Tensor<4>> = None;
        let mut add = |logits: Tensor<4>| {
            let shares = softmax(enlarge(logits, image.size()));
            sum = Some(match sum.take() {
                Some(sum) => sum + shares,
                None => shares,
            });
        };
        let mut count = 0.0;
        for scale in averaging.sizes() {
            let side = |side: u32| ((side as f32 * scale).round() as u32).max(1);
            let size = Size::new(side(base.width), side(base.height));
            let input = self.input(image, Some(size));
            add(self.model.forward(input.clone()));
            count += 1.0;
            if averaging.flip {
                add(self.model.forward(input.flip([3])).flip([3]));
                count += 1.0;
            }
        }
        let sum = sum.unwrap_or_else(|| softmax(self.logits(image, test_size)));
        sum / f64::max(count, 1.0)
    }

    /// The most likely class of every pixel by logits, and void where its probability is below the
    /// threshold.
    pub(in crate::training) fn labels(
        &self,
        logits: Tensor<4>,
        size: Size,
        threshold: Option<f32>,
    ) -> Result<LabelMap, TrainError> {
        let Some(threshold) = threshold else {
            self.check(&logits)?;
            return self.most_likely(logits, size);
        };
        self.sure_labels(softmax(logits), size, threshold)
    }

    /// As [`labels`](Self::labels), by probabilities.
    pub(in crate::training) fn sure_labels(
        &self,
        shares: Tensor<4>,
        size: Size,
        threshold: f32,
    ) -> Result<LabelMap, TrainError> {
        let largest = self.numbers(kernels::largest(shares.clone()))?;
        let mut mask = self.most_likely(shares, size)?;
        for (label, share) in mask.labels.iter_mut().zip(largest) {
            if share < threshold {
                *label = VOID;
            }
        }
        Ok(mask)
    }
}
