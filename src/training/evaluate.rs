//! A network's masks of a whole list of images, and their loss.

use super::control::Control;
use super::error::TrainError;
use super::segmenter::Segmenter;
use crate::dataset::{Item, LabelMap, MaskReader};
use crate::metrics::Scores;

/// The result of an evaluation.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// Scores from one confusion matrix over all images.
    pub scores: Scores,
    /// Mean over images of each image's mean IU, see [`ImageMean`](crate::metrics::ImageMean);
    /// not the mean IU of the papers, which is in `scores`.
    pub mean_iu_over_images: Option<f64>,
    /// Scores of the pixels along label boundaries alone, from one confusion matrix over
    /// all images, see [`boundary_band`](crate::metrics::boundary_band).
    pub boundary: Scores,
    /// Width of that band, in pixels.
    pub boundary_width: usize,
    /// Mean loss over the labelled pixels, in nats; `None` when there is none.
    pub loss: Option<f64>,
    /// Number of images.
    pub images: usize,
}

/// The loss over a list of images.
pub(super) struct ListLoss {
    /// Mean over the labelled pixels, in nats; `None` when there is none.
    pub mean: Option<f64>,
}

/// Segments `items`; `None` when `control` was stopped in between. `count` gets the true
/// labels and the mask of each image, `progress` how many of how many images are done.
pub(super) fn evaluate(
    segmenter: &Segmenter,
    items: &[Item],
    reader: &MaskReader,
    test_size: Option<[u32; 2]>,
    control: &Control,
    count: &mut dyn FnMut(&LabelMap, &LabelMap),
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Option<ListLoss>, TrainError> {
    let (mut loss, mut labelled) = (0.0, 0);
    for (done, item) in items.iter().enumerate() {
        if control.stop_requested() {
            return Ok(None);
        }
        progress(done, items.len());
        let (image, truth) = reader.read_pair(item)?;
        let (mask, image_loss, pixels) = segmenter.segment_with_loss(&image, &truth, test_size)?;
        count(&truth, &mask);
        loss += image_loss;
        labelled += pixels;
    }
    progress(items.len(), items.len());
    Ok(Some(ListLoss { mean: (labelled > 0).then(|| loss / labelled as f64) }))
}
