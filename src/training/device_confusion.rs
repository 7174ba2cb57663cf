//! The confusion matrix of an image, counted where its mask is.

use burn::tensor::{Device, Int, IntDType, Tensor, TensorData, Transaction};

use super::error::TrainError;
use crate::kernels;
use crate::metrics::ConfusionMatrix;

/// Pixels that are compared in one product. Their counts are sums of as many ones in `f32`, which
/// is exact up to `1 << 24`; the two tables of zeros and ones take `8 * num_classes` bytes a
/// pixel, 44 MB for 21 classes.
const PIECE: usize = 1 << 18;

/// Images whose counts are read together.
const TOGETHER: usize = 16;

/// The labels of an image in the order of its pixels, as integers on the device.
///
/// # Shapes
/// - output: `[pixels]`
pub(super) fn labels_on(device: &Device, labels: &[u8]) -> Tensor<1, Int> {
    let labels: Vec<i32> = labels.iter().copied().map(i32::from).collect();
    let pixels = labels.len();
    Tensor::<1, Int>::from_data(TensorData::new(labels, [pixels]), device).cast(IntDType::I32)
}

/// How many pixels of each true class have been predicted as each class. A pixel whose true
/// label is no class is equal to none of them, so void is left out before anything is counted,
/// and no label is ever a place in memory.
///
/// # Shapes
/// - truth, predicted: `[pixels]`
/// - output: `[num_classes * num_classes]`, true class by predicted class
pub(super) fn count(
    truth: Tensor<1, Int>,
    predicted: Tensor<1, Int>,
    num_classes: usize,
) -> Tensor<1, Int> {
    if let Some(counts) = kernels::confusion(&truth, &predicted, num_classes) {
        return counts;
    }
    let [pixels] = truth.dims();
    let device = truth.device();
    let classes = Tensor::<1, Int>::arange(0..num_classes as i64, &device).cast(IntDType::I32);
    let classes = classes.reshape([num_classes, 1]);
    let is_class = |labels: &Tensor<1, Int>, start: usize, length: usize| {
        labels
            .clone()
            .narrow(0, start, length)
            .reshape([1, length])
            .equal(classes.clone())
            .float()
    };
    let mut sum: Option<Tensor<2, Int>> = None;
    for start in (0..pixels).step_by(PIECE) {
        let length = PIECE.min(pixels - start);
        let [truth, predicted] = [&truth, &predicted].map(|labels| is_class(labels, start, length));
        let counts = truth
            .matmul(predicted.transpose())
            .int()
            .cast(IntDType::I32);
        sum = Some(match sum.take() {
            Some(sum) => sum + counts,
            None => counts,
        });
    }
    let cells = num_classes * num_classes;
    let nothing =
        || Tensor::<2, Int>::zeros([num_classes, num_classes], &device).cast(IntDType::I32);
    sum.unwrap_or_else(nothing).reshape([cells])
}

/// What is known of an image, on the device.
pub(super) struct CountsOnDevice {
    /// See [`count`].
    pub counts: Tensor<1, Int>,
    /// Sum of the loss over the labeled pixels, `[1]`.
    pub loss: Tensor<1>,
}

/// What is known of an image, read from the device.
#[derive(Debug, PartialEq)]
pub(super) struct ImageCounts {
    /// Of its pixels.
    pub matrix: ConfusionMatrix,
    /// Sum of the loss over the labeled pixels.
    pub loss: f64,
}

/// The images whose counts have not been read.
pub(super) struct ConfusionReadback {
    images: Vec<CountsOnDevice>,
    num_classes: usize,
}

impl ConfusionReadback {
    pub fn new(num_classes: usize) -> Self {
        Self {
            images: Vec::new(),
            num_classes,
        }
    }

    /// Adds an image; returns the results of all that wait once they are [`TOGETHER`].
    pub fn push(&mut self, image: CountsOnDevice) -> Result<Vec<ImageCounts>, TrainError> {
        self.images.push(image);
        if self.images.len() < TOGETHER {
            Ok(Vec::new())
        } else {
            self.read()
        }
    }

    /// The counts of each image that waits, in their order, in one transfer.
    pub fn read(&mut self) -> Result<Vec<ImageCounts>, TrainError> {
        let images = std::mem::take(&mut self.images);
        if images.is_empty() {
            return Ok(Vec::new());
        }
        let (counts, losses): (Vec<_>, Vec<_>) = images
            .into_iter()
            .map(|image| (image.counts, image.loss))
            .unzip();
        let counts = Tensor::cat(counts, 0);
        let reading = Transaction::default()
            .register(counts)
            .register(Tensor::cat(losses, 0));
        let data = reading
            .try_execute()
            .map_err(|err| TrainError::Execution(err.to_string()))?;
        let [counts, losses] = &data[..] else {
            return Err(TrainError::Execution(
                "it returned something other than was asked for".into(),
            ));
        };
        let counts: Vec<u64> = counts.iter::<u64>().collect();
        let counts = counts.chunks_exact(self.num_classes * self.num_classes);
        let images = losses
            .iter::<f32>()
            .zip(counts)
            .map(|(loss, counts)| ImageCounts {
                matrix: ConfusionMatrix::from_counts(self.num_classes, counts.to_vec()),
                loss: f64::from(loss),
            });
        Ok(images.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels of 0 to 3 in no order, every seventh void.
    fn labels(pixels: usize, pace: usize) -> Vec<u8> {
        let label = |n: usize| {
            if (n + pace).is_multiple_of(7) {
                255
            } else {
                (n * pace / 3 % 4) as u8
            }
        };
        (0..pixels).map(label).collect()
    }

    #[test]
    fn counts_on_the_device_equal_those_of_the_host() {
        let device = Device::flex();
        // One piece, and one with something left over.
        for pixels in [60, PIECE + 17] {
            let truth = labels(pixels, 5);
            let predicted: Vec<u8> = labels(pixels, 11)
                .into_iter()
                .map(|label| if label == 255 { 2 } else { label })
                .collect();
            let found = count(
                labels_on(&device, &truth),
                labels_on(&device, &predicted),
                4,
            );
            let mut expected = ConfusionMatrix::new(4);
            expected.add(&truth, &predicted);
            let found: Vec<u64> = found.into_data().iter::<u64>().collect();
            assert_eq!(ConfusionMatrix::from_counts(4, found), expected);
            assert!((0..4).all(|class| expected.count(class, 2) > 0));
        }
    }

    #[test]
    fn images_are_read_together_and_keep_their_order() {
        let device = Device::flex();
        let mut readback = ConfusionReadback::new(2);
        let image = |truth: &[u8]| {
            let truth = labels_on(&device, truth);
            CountsOnDevice {
                counts: count(truth, labels_on(&device, &[0, 1]), 2),
                loss: Tensor::from_data([0.5], &device),
            }
        };
        for _ in 0..TOGETHER - 1 {
            assert!(readback.push(image(&[0, 1])).expect("counts").is_empty());
        }
        let read = readback.push(image(&[255, 0])).expect("counts");
        assert_eq!(read.len(), TOGETHER);
        let matrix = |counts: [u64; 4]| ConfusionMatrix::from_counts(2, counts.to_vec());
        assert_eq!(
            read[0],
            ImageCounts {
                matrix: matrix([1, 0, 0, 1]),
                loss: 0.5
            }
        );
        assert_eq!(read[TOGETHER - 1].matrix, matrix([0, 1, 0, 0]));
        assert!(readback.read().expect("nothing").is_empty());
    }
}
