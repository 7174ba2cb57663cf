//! Convolutions and transposed convolutions, forward and backward.

pub(crate) mod bilinear;
pub(crate) mod conv2d;
pub(crate) mod conv_transpose2d;
pub(crate) mod direct;
pub(crate) mod forward;
pub(crate) mod input_gradient;
pub(crate) mod padded_gradient;
pub(crate) mod padded_plane;
pub(crate) mod patch_product;
pub(crate) mod shape;
pub(crate) mod space_to_depth;
pub(crate) mod weight_gradient;

#[cfg(test)]
mod tests;
