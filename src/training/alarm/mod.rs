//! What is likely to be wrong with a training, and what mends it.

mod remedy;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

pub use remedy::Remedy;

/// Something that is likely to be wrong with a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// What it is.
    pub kind: AlarmKind,
    /// What was seen, its likely cause, and what to do.
    pub text: String,
    /// What is likely to mend it.
    pub remedy: Option<Remedy>,
}

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum AlarmKind {
    /// The learning rate does not suit the loss or the optimizer.
    Rate,
    /// Batches have no labeled pixel.
    Void,
    /// The weights to start from do not suit the data.
    Start,
    /// The loss is far too large.
    Exploded,
    /// The loss, a gradient or a weight is no number any more, which ends the run.
    NotFinite,
    /// The loss does not move.
    Dead,
    /// Masks are of one class.
    OneClass,
    /// The data are not those that the run was started on, so it was not resumed.
    DataChanged,
    /// The dataset is not where it was, so the run was not resumed.
    DatasetGone,
}

impl AlarmKind {
    /// The name in JSON: `one-class`.
    pub fn id(self) -> &'static str {
        self.into()
    }
}

impl Alarm {
    /// Of a run that is not resumed because its data changed.
    pub(super) fn data_changed(changes: &str) -> Self {
        Self {
            kind: AlarmKind::DataChanged,
            text: format!(
                "the data of this run changed since it was started ({changes}), so it was not resumed. \
                 Restore the files, or continue on what is there now; losses and scores from here on are \
                 then of other data than those before"
            ),
            remedy: Some(Remedy::AcceptChanges),
        }
    }

    /// Of a run that is not resumed because its dataset cannot be opened, and why that is.
    pub fn dataset_gone(problem: &str) -> Self {
        Self {
            kind: AlarmKind::DatasetGone,
            text: format!(
                "{problem}. The run was not resumed. If its dataset was moved or renamed, choose its folder; the \
                 run keeps that"
            ),
            remedy: Some(Remedy::FindDataset),
        }
    }

    /// Of a run that ends because numbers are not finite, with the likely cause and what mends it.
    pub(super) fn not_finite((cause, remedy): (String, Remedy)) -> Self {
        Self {
            kind: AlarmKind::NotFinite,
            text: format!(
                "the loss, the gradients or the weights are no numbers any more. {cause}"
            ),
            remedy: Some(remedy),
        }
    }
}
