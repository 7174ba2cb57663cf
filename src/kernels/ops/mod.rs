//! What a training step spends its time on beside convolutions.

pub(crate) mod batch_norm;
pub(crate) mod cross_entropy;
pub(crate) mod max_pool2d;
pub(crate) mod sgd_step;
pub(crate) mod sum_of_squares;
