//! The window: panels, commands and what they draw. Must not know about tensors.

pub mod app;
pub mod canvas;
pub mod catalogue_window;
pub mod command;
pub mod context;
pub mod dataset_window;
pub mod debug_overlay;
pub mod dialogs;
pub mod dock;
mod documents;
pub mod drop_target;
mod elided;
mod focus;
pub mod help;
pub mod icons;
pub mod menu;
pub mod notifications_window;
mod number;
mod palette;
pub mod panels;
pub mod quit;
pub mod recent;
pub mod repaint_throttle;
pub mod software_painter;
pub mod state;
pub mod status_bar;
mod sticky_header;
mod terms;
#[cfg(test)]
mod test_engine;
mod text_raster;
pub mod theme;
pub mod toasts;
pub mod ui_ext;
pub mod upload_counter;
pub mod view_model;
mod when;
mod window;
mod window_size;

pub use app::{App, WindowOptions};
pub use window::run;
