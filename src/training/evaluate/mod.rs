//! A network's masks of a whole list of images, and their loss.

mod detail;

use super::control::Control;
use super::device_confusion::{ConfusionReadback, ImageCounts};
use super::error::TrainError;
use super::segmenter::Segmenter;
use crate::dataset::{ClassMatch, DatasetItem, LabelMap, MaskReader, Rgb, Size};
use crate::metrics::ConfusionMatrix;

pub(super) use detail::evaluate_in_detail;
pub use detail::{EvaluationScores, ScoredImage};

/// The loss over a list of images.
pub(super) struct ListLoss {
    /// Mean over the labeled pixels, in nats; `None` when there is none.
    pub mean: Option<f64>,
}

/// What is wanted of each image.
#[derive(Clone, Copy)]
pub(super) struct Scoring<'a> {
    pub reader: &'a MaskReader,
    /// Classes of the network.
    pub num_classes: usize,
    /// How the dataset's classes become the network's; `None` = they are the same.
    pub classes: Option<&'a ClassMatch>,
    /// `[width, height]` at which the network sees the images; `None` = their own.
    pub test_size: Option<Size>,
}

impl Scoring<'_> {
    /// An image, and its truth in the labels of the network.
    fn read(&self, item: &DatasetItem) -> Result<(Rgb, LabelMap), TrainError> {
        let (image, truth) = self.reader.read_pair(item)?;
        let truth = match self.classes {
            Some(classes) => classes.in_network_labels(&truth),
            None => truth,
        };
        Ok((image, truth))
    }
}

/// Masks that are kept beside their counts.
pub(super) trait Kept {
    /// Whether the mask of an image is wanted, by its place in the list.
    fn wants(&self, place: usize) -> bool;

    /// Takes that mask.
    fn take(&mut self, place: usize, mask: LabelMap);
}

/// Segments `items`; `None` when `control` was stopped in between. `count` gets the matrix of
/// each image's pixels, in the order of the images; `progress` how many of how many images are
/// done.
///
/// On the CPU masks are counted as they come, and so are those that are kept. The others
/// are counted on the device, and only counts and losses are read, those of several images
/// together.
pub(super) fn evaluate(
    segmenter: &Segmenter,
    items: &[DatasetItem],
    how: Scoring<'_>,
    control: &Control,
    count: &mut dyn FnMut(&ConfusionMatrix),
    kept: &mut dyn Kept,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Option<ListLoss>, TrainError> {
    let (mut loss, mut labeled) = (0.0, 0);
    let mut readback = ConfusionReadback::new(how.num_classes);
    let mut take = |images: Vec<ImageCounts>| {
        for image in images {
            count(&image.matrix);
            loss += image.loss;
        }
    };
    for (done, item) in items.iter().enumerate() {
        if control.stop_requested() {
            return Ok(None);
        }
        progress(done, items.len());
        let (image, truth) = how.read(item)?;
        let wanted = kept.wants(done);
        if segmenter.on_host() || wanted {
            let (mask, image_loss, pixels) =
                segmenter.segment_with_loss(&image, &truth, how.test_size)?;
            let mut matrix = ConfusionMatrix::new(how.num_classes);
            matrix.add(&truth.labels, &mask.labels);
            let counted = ImageCounts {
                matrix,
                loss: image_loss,
            };
            // Those before it first, in the order of the images.
            take(readback.read()?);
            take(vec![counted]);
            labeled += pixels;
            if wanted {
                kept.take(done, mask);
            }
        } else {
            let (counted, pixels) = segmenter.count(&image, &truth, how.test_size);
            take(readback.push(counted)?);
            labeled += pixels;
        }
    }
    take(readback.read()?);
    progress(items.len(), items.len());
    Ok(Some(ListLoss {
        mean: (labeled > 0).then(|| loss / labeled as f64),
    }))
}
