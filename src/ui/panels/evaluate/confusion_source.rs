//! Gets an evaluated image again, with its mask, its ground truth and its wrong pixels.

use std::sync::Arc;

use crate::engine::{
    Class, ClassList, Confusion, Dataset, DatasetItem, EngineError, KeptEvaluation, LabelMap, Poll,
    PredictOptions, Prediction, Task, VOID, confused_pixels,
};
use crate::ui::context::PanelCtx;
use crate::ui::view_model::confusion_view::CellPlace;

/// Images that are kept, so that to step back is to wait for nothing.
const KEPT: usize = 6;

/// An image that can be shown.
pub struct Found {
    /// Its place in the list that was scored.
    pub place: usize,
    pub prediction: Arc<Prediction>,
    /// Label 0 where it is wrong, or confused as was asked for; void elsewhere.
    pub wrong: Arc<LabelMap>,
}

/// What was asked for: which evaluation, which image, which confusion.
type Wanted = (usize, usize, Option<CellPlace>);
type DatasetResult = Result<Arc<Dataset>, EngineError>;
type PredictionResult = Result<Arc<Prediction>, EngineError>;

/// How far the image in hand is.
enum Step {
    Predicting(Task<PredictionResult>),
    Marking(Arc<Prediction>, Task<LabelMap>),
    Failed(String),
}

/// The datasets and images behind the list.
#[derive(Default)]
pub struct ConfusionSource {
    /// Of the evaluation at this address.
    dataset: Option<(usize, Result<Arc<Dataset>, String>)>,
    opening: Option<(usize, Task<DatasetResult>)>,
    /// Predictions by evaluation and place, the last used at the end.
    predictions: Vec<(usize, usize, Arc<Prediction>)>,
    found: Option<(Wanted, Arc<Found>)>,
    step: Option<(Wanted, Step)>,
    /// A class list of one color.
    mark: Option<([u8; 3], Arc<ClassList>)>,
}

impl ConfusionSource {
    /// The image at `place` of the list, called `id`; `None` = it is on its way.
    ///
    /// # Errors
    /// What went wrong, as a message.
    pub fn get(
        &mut self,
        ctx: &PanelCtx<'_>,
        kept: &Arc<KeptEvaluation>,
        (place, id): (usize, &str),
        confusion: Option<CellPlace>,
    ) -> Result<Option<Arc<Found>>, String> {
        let of = Arc::as_ptr(kept) as usize;
        let wanted = (of, place, confusion);
        if let Some((known, found)) = &self.found
            && *known == wanted
        {
            return Ok(Some(Arc::clone(found)));
        }
        let Some(dataset) = self.dataset(ctx, kept)? else {
            return Ok(None);
        };
        if self.step.as_ref().is_none_or(|(known, _)| *known != wanted) {
            let prediction = self
                .predictions
                .iter()
                .find(|(evaluation, known, _)| *evaluation == of && *known == place);
            let step = match prediction {
                Some((_, _, prediction)) => mark_wrong(ctx, Arc::clone(prediction), confusion),
                None => match item(&dataset, kept, place, id) {
                    Some(item) => {
                        // As it was scored.
                        let options = PredictOptions {
                            averaging: kept.averaging.clone(),
                            ..PredictOptions::default()
                        };
                        let task = ctx.engine.predict_item(&kept.run, &dataset, item, options);
                        Step::Predicting(task)
                    }
                    None => Step::Failed(format!(
                        "{id} is not in the list any more. Evaluate the run again"
                    )),
                },
            };
            self.step = Some((wanted, step));
        }
        self.advance(ctx, wanted)
    }

    fn advance(
        &mut self,
        ctx: &PanelCtx<'_>,
        wanted: Wanted,
    ) -> Result<Option<Arc<Found>>, String> {
        let (of, place, confusion) = wanted;
        let Some((_, step)) = &mut self.step else {
            return Ok(None);
        };
        match step {
            Step::Predicting(task) => match task.poll_result() {
                None => Ok(None),
                Some(Err(err)) => {
                    *step = Step::Failed(err.to_string());
                    Ok(None)
                }
                Some(Ok(prediction)) => {
                    self.predictions.push((of, place, Arc::clone(&prediction)));
                    if self.predictions.len() > KEPT {
                        self.predictions.remove(0);
                    }
                    *step = mark_wrong(ctx, prediction, confusion);
                    Ok(None)
                }
            },
            Step::Marking(prediction, task) => match task.poll() {
                Poll::Pending => Ok(None),
                Poll::Lost => {
                    *step = Step::Failed(
                        "its wrong pixels could not be found; the log says more".into(),
                    );
                    Ok(None)
                }
                Poll::Ready(wrong) => {
                    let found = Arc::new(Found {
                        place,
                        prediction: Arc::clone(prediction),
                        wrong: Arc::new(wrong),
                    });
                    self.step = None;
                    self.found = Some((wanted, Arc::clone(&found)));
                    Ok(Some(found))
                }
            },
            Step::Failed(message) => Err(message.clone()),
        }
    }

    /// The dataset of an evaluation; `None` = it is being opened.
    fn dataset(
        &mut self,
        ctx: &PanelCtx<'_>,
        kept: &Arc<KeptEvaluation>,
    ) -> Result<Option<Arc<Dataset>>, String> {
        let of = Arc::as_ptr(kept) as usize;
        if let Some((known, dataset)) = &self.dataset
            && *known == of
        {
            return dataset.clone().map(Some);
        }
        if self.opening.as_ref().is_none_or(|(known, _)| *known != of) {
            self.opening = Some((of, ctx.engine.scored_dataset(kept)));
        }
        let result = self
            .opening
            .as_mut()
            .and_then(|(_, task)| task.poll_result());
        let Some(result) = result else {
            return Ok(None);
        };
        self.opening = None;
        let result = result.map_err(|err| err.to_string());
        self.dataset = Some((of, result.clone()));
        result.map(Some)
    }

    /// The classes of [`Found::wrong`]: one of this color, kept while the color is the same.
    pub fn mark_of(&mut self, classes: &Arc<ClassList>, color: [u8; 3]) -> Arc<ClassList> {
        if let Some((known, mark)) = &self.mark
            && *known == color
        {
            return Arc::clone(mark);
        }
        let class = Class {
            name: "wrong".to_owned(),
            color,
        };
        // One class is always a list.
        let mark = ClassList::new(vec![class]).map_or_else(|_| Arc::clone(classes), Arc::new);
        self.mark = Some((color, Arc::clone(&mark)));
        mark
    }
}

/// The image in the dataset as it is now.
fn item<'a>(
    dataset: &'a Dataset,
    kept: &KeptEvaluation,
    place: usize,
    id: &str,
) -> Option<&'a DatasetItem> {
    let items = dataset.items(kept.split);
    let same = items.get(place).filter(|item| item.id == id);
    same.or_else(|| items.iter().find(|item| item.id == id))
}

fn mark_wrong(
    ctx: &PanelCtx<'_>,
    prediction: Arc<Prediction>,
    confusion: Option<CellPlace>,
) -> Step {
    let Some(truth) = prediction.truth.clone() else {
        return Step::Failed("its ground truth cannot be read".to_owned());
    };
    let mask = Arc::clone(&prediction.mask);
    let task = ctx.engine.spawn("wrong pixels", move |_| match confusion {
        Some(CellPlace {
            truth: from,
            predicted,
        }) => {
            let confusion = Confusion {
                truth: from,
                predicted,
                pixels: 0,
            };
            confused_pixels(&truth, &mask, confusion)
        }
        None => LabelMap {
            labels: truth
                .labels
                .iter()
                .zip(&mask.labels)
                .map(|(truth, found)| {
                    if *truth == VOID || truth == found {
                        VOID
                    } else {
                        0
                    }
                })
                .collect(),
            ..*mask
        },
    });
    Step::Marking(prediction, task)
}
