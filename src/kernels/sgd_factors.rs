//! The numbers of a step of gradient descent, for every device.

/// Factors of a step: `v = momentum * v + gradient_scale * gradient + weight_decay * w`, then
/// `w = w - learning_rate * v`.
#[derive(Debug, Clone, Copy)]
pub struct SgdStep {
    pub gradient_scale: f32,
    /// L2 penalty, 0 or more.
    pub weight_decay: f32,
    /// Share of the last velocity, `0.0..1.0`.
    pub momentum: f32,
    pub learning_rate: f32,
}
