//! Scores of semantic segmentation, from integer counts.
//!
//! Knows labels as bytes. Must not know about images, tensors or the window.

mod boundary;
mod calibration;
mod components;
mod confusion;
mod disagreement;
mod distance;
mod image_mean;
mod image_score;
mod objects;
mod set;

pub use boundary::{BOUNDARY_WIDTH, boundary_band};
pub use calibration::{CALIBRATION_BINS, CalibrationBin};
pub use components::{Component, ComponentCounts, Components, NO_COMPONENT};
pub use confusion::{ConfusionMatrix, Scores};
pub use disagreement::disagreement;
pub use distance::{BandScore, TRIMAP_WIDTHS, boundary_distance};
pub use image_mean::ImageMean;
pub use image_score::{ClassComponents, Confusion, ImageScore, MAX_CONFUSIONS};
pub use objects::{ObjectScore, ObjectSize};
pub use set::SetCounts;
