//! The networks, as Burn modules: FCN-32s, FCN-16s and FCN-8s over VGG16, `AlexNet` and
//! `GoogLeNet`, and torchvision's FCN over a dilated `ResNet`.
//!
//! A [`NetworkConfig`] describes a network and makes it; a [`Network`] turns images into logits.
//! Each [`Trunk`] is one file in `trunk/` and one row in its table; [`weights`] reads and writes
//! files of other programs.
//!
//! Knows tensors and weights. Must not know about files of a dataset, scores,
//! threads or the window.

#[cfg(test)]
mod against_pytorch;
mod cost;
mod differentiated;
mod fcn;
mod feature_map;
mod geometry;
mod network;
mod param_stage;
mod part;
mod precision;
#[cfg(test)]
pub(crate) mod pytorch_fixtures;
mod receptive_field;
mod stages;
mod taps;
mod trunk;
mod unit;
mod upsample;
mod variant;
pub mod weights;

pub use cost::{ComputedBy, LayerKind, LayerShape, NetworkMemory, StepCost};
pub use differentiated::LogitPlace;
pub use geometry::{Geometry, crop};
pub use network::{Network, NetworkConfig};
pub use param_stage::{ParamStage, StagePath};
pub use part::ImagePart;
pub use receptive_field::ReceptiveField;
pub use stages::StageEnds;
pub use taps::LayerOutput;
pub use trunk::{Trunk, VggWidths};
pub use variant::{FinalUpsampling, ScoreSource, Variant};
