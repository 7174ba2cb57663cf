//! Everything that can be said about a network's masks of a list of images.

use std::panic::resume_unwind;
use std::thread;

use crossbeam_channel::{Receiver, bounded};
use serde::{Deserialize, Serialize};

use super::{ListLoss, Scoring};
use crate::dataset::{DatasetItem, LabelMap, VOID};
use crate::metrics::{ImageScore, SetCounts};
use crate::training::control::Control;
use crate::training::error::TrainError;
use crate::training::predict_options::Averaging;
use crate::training::segmenter::{Detailed, Segmenter};

/// Images that wait to be counted. Counting is faster than a network, so that more would not help.
const WAITING: usize = 2;

/// The result of an evaluation.
#[derive(Debug, Clone)]
pub struct EvaluationScores {
    /// All counts of the set.
    pub counts: SetCounts,
    /// Mean loss over the labeled pixels, in nats; `None` when there is none.
    pub loss: Option<f64>,
    /// The images, in the order of the list.
    pub images: Vec<ScoredImage>,
}

/// One image of a list, without its pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredImage {
    /// Its name in the list.
    pub id: String,
    /// Its own scores.
    #[serde(flatten)]
    pub score: ImageScore,
}

/// An image that was segmented.
struct Segmented {
    id: String,
    truth: LabelMap,
    found: Detailed,
}

/// Segments `items` and counts everything; `None` when `control` was stopped in between. A class
/// that is not `kept` is not scored: to predict it is to predict void. Counting is done beside the
/// network, image by image, so that memory holds a few images at a time.
pub(in crate::training) fn evaluate_in_detail(
    segmenter: &Segmenter,
    items: &[DatasetItem],
    how: Scoring<'_>,
    (kept, boundary_width, averaging): (&[bool], usize, &Averaging),
    control: &Control,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Option<EvaluationScores>, TrainError> {
    let counts = SetCounts::new(how.num_classes, boundary_width);
    let (sender, receiver) = bounded(WAITING);
    thread::scope(|scope| {
        let counting = thread::Builder::new()
            .name("count".into())
            .spawn_scoped(scope, move || count(counts, receiver, kept))
            .map_err(|err| TrainError::Execution(format!("no thread to count with: {err}")))?;
        let mut segment = || -> Result<Option<ListLoss>, TrainError> {
            let (mut loss, mut labeled) = (0.0, 0);
            for (done, item) in items.iter().enumerate() {
                if control.stop_requested() {
                    return Ok(None);
                }
                progress(done, items.len());
                let (image, truth) = how.read(item)?;
                let found =
                    segmenter.segment_in_detail(&image, &truth, how.test_size, averaging)?;
                loss += found.loss;
                labeled += found.labeled;
                let id = item.id.clone();
                if sender.send(Segmented { id, truth, found }).is_err() {
                    // It panicked, which shows when it is joined.
                    break;
                }
            }
            progress(items.len(), items.len());
            Ok(Some(ListLoss {
                mean: (labeled > 0).then(|| loss / labeled as f64),
            }))
        };
        let result = segment();
        drop(sender);
        let (counts, images) = counting.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(result?.map(|loss| EvaluationScores {
            counts,
            loss: loss.mean,
            images,
        }))
    })
}

fn count(
    mut counts: SetCounts,
    images: Receiver<Segmented>,
    kept: &[bool],
) -> (SetCounts, Vec<ScoredImage>) {
    let is_kept = |label: &u8| kept.get(usize::from(*label)).copied().unwrap_or_default();
    let mut scored = Vec::new();
    for Segmented { id, truth, found } in images {
        let mut labels = found.mask.labels;
        for label in labels.iter_mut().filter(|label| !is_kept(label)) {
            *label = VOID;
        }
        let columns = truth.width as usize;
        let score = counts.add_with_confidence(&truth.labels, &labels, &found.confidence, columns);
        scored.push(ScoredImage { id, score });
    }
    (counts, scored)
}
