//! What panels draw, as plain data: no widgets, no channels.

pub mod curves;
pub mod draft;
pub mod format;
pub mod mask;
pub mod progress;
pub mod selection;
