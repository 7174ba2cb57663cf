//! Products of matrices, in registers.

pub(crate) mod along_pixels;
pub(crate) mod packed;
