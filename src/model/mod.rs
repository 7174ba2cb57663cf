//! The networks: FCN-32s, FCN-16s and FCN-8s over a VGG16 trunk, as Burn modules.
//!
//! Knows tensors and weights. Must not know about files of a data set, scores,
//! threads or the window.

mod fcn;
mod upsample;
mod variant;
mod vgg;

pub use fcn::{Fcn, FcnConfig};
pub use upsample::{bilinear_kernel, crop_to};
pub use variant::{FinalUpsampling, Trunk, Variant};
