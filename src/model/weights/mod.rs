//! Weights from and to files of the field: PyTorch's `.pth` and `.safetensors`.
//!
//! A file's keys say what it is ([`WeightsLayout`]); each key is brought to the name that the layer
//! has in the reference code, and each of our layers knows that name too
//! (`names`). Pickles are parsed, never executed.

mod error;
mod file;
mod layout;
mod load;
mod names;
mod not_weights;
mod other_form;
mod save;
mod unwrap;

pub use crate::model::trunk::Preprocessing;
pub use error::WeightsError;
pub use file::{WEIGHTS_EXTENSIONS, WeightsFile, has_weights_extension};
pub use layout::WeightsLayout;
pub use load::{LoadPlan, Purpose, WeightsRow, WeightsRowState};
pub use names::{NamedParameter, parameters};
pub use save::save;
