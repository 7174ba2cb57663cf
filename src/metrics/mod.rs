//! Scores of semantic segmentation, from integer counts.
//!
//! Knows labels as bytes. Must not know about images, tensors or the window.

mod boundary;
mod confusion;
mod disagreement;
mod image_mean;
mod set;

pub use boundary::{BOUNDARY_WIDTH, boundary_band};
pub use confusion::{ConfusionMatrix, Scores};
pub use disagreement::disagreement;
pub use image_mean::ImageMean;
pub use set::SetCounts;
