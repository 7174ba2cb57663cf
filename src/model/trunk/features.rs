//! What a trunk hands to the score layers.

use crate::model::geometry::Grid;

/// A map and where its cells lie in the image.
#[derive(Clone)]
pub struct Placed<M> {
    pub map: M,
    pub grid: Grid,
}

/// What the score layers are fed with.
pub struct Features<M> {
    /// At stride 8; `None` where the trunk has no skips.
    pub pool3: Option<Placed<M>>,
    /// At stride 16; `None` where the trunk has no skips.
    pub pool4: Option<Placed<M>>,
    /// At stride 32.
    pub coarse: Placed<M>,
}

/// Channels of the feature maps; 0 where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels {
    pub pool3: usize,
    pub pool4: usize,
    pub coarse: usize,
}
