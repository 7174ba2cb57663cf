//! Masks of a run in training.

use std::sync::Arc;

use crate::dataset::ClassList;
use crate::training::Preview;

/// The newest masks of the pinned validation images.
#[derive(Debug, Clone)]
pub struct Live {
    /// The run that made them.
    pub run: String,
    /// The masks.
    pub preview: Arc<Preview>,
    /// The run's classes.
    pub classes: Arc<ClassList>,
}
