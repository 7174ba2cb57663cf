//! Scores of a network over a whole list of images.

use super::control::Control;
use super::error::TrainError;
use super::segmenter::Segmenter;
use crate::dataset::{Item, MaskReader};
use crate::metrics::{ConfusionMatrix, Scores};

/// The result of an evaluation.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// Scores from one confusion matrix over all images.
    pub scores: Scores,
    /// Mean loss over the labelled pixels, in nats; `None` when there is none.
    pub loss: Option<f64>,
    /// Number of images.
    pub images: usize,
}

/// Evaluates `segmenter` on `items`; `None` when `control` was stopped in between.
/// `progress` is told how many of how many images are done.
pub(super) fn evaluate(
    segmenter: &Segmenter,
    items: &[Item],
    reader: &MaskReader,
    test_size: Option<[u32; 2]>,
    control: &Control,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Option<Evaluation>, TrainError> {
    let mut matrix = ConfusionMatrix::new(reader.num_classes);
    let (mut loss, mut labelled) = (0.0, 0);
    for (done, item) in items.iter().enumerate() {
        if control.stop_requested() {
            return Ok(None);
        }
        progress(done, items.len());
        let (image, truth) = reader.read_pair(item)?;
        let (mask, image_loss, pixels) = segmenter.segment_with_loss(&image, &truth, test_size)?;
        matrix.add(&truth.labels, &mask.labels);
        loss += image_loss;
        labelled += pixels;
    }
    progress(items.len(), items.len());
    Ok(Some(Evaluation {
        scores: matrix.scores(),
        loss: (labelled > 0).then(|| loss / labelled as f64),
        images: items.len(),
    }))
}
