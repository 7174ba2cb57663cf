//! What the panels draw, as plain data: curves, pixels of masks, rows of tables.
//!
//! Knows engine types. Must not know about widgets.

pub mod class_set;
pub mod curves;
pub mod draft;
pub mod files;
pub mod format;
pub mod mask;
pub mod predictions;
pub mod pretrained;
pub mod progress;
pub mod pyramid;
pub mod run_label;
pub mod scores;
pub mod selection;

pub use class_set::ClassSet;
