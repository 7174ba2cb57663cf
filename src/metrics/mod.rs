//! Scores of semantic segmentation, from integer counts.
//!
//! Knows labels as bytes. Must not know about images, tensors or the window.

mod confusion;

pub use confusion::{ConfusionMatrix, Scores};
