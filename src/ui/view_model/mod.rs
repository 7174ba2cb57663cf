//! What the panels draw, as plain data: curves, pixels of masks, rows of tables.
//!
//! Knows engine types. Must not know about widgets.

pub mod blend;
pub mod catalogue_row;
pub mod class_colors;
pub mod class_map_form;
pub mod class_set;
pub mod confusion_view;
pub mod contribution_bar;
pub mod csv_cell;
pub mod figure;
pub mod file_label;
pub mod format;
pub mod image_order;
pub mod inspected;
pub mod mask;
pub mod prediction_cache;
pub mod progress;
pub mod run_label;
pub mod run_selection;
pub mod run_table;
pub mod score_export;
pub mod score_table;
pub mod size_bars;
pub mod ui_scale;

pub use class_colors::{ClassColors, ColorChoice};
pub use class_map_form::{BandKind, ClassMapForm, RangeKind};
pub use class_set::ClassSet;
