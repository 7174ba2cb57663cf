//! What the panels draw, as plain data: pixels of masks, rows of tables, lists of files.
//!
//! Knows engine types. Must not know about egui.

pub mod class_set;
pub mod files;
pub mod mask;
pub mod predictions;
pub mod scores;

pub use class_set::ClassSet;
