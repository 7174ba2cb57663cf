//! The window: panels, commands and what they draw. Must not know about tensors.

pub mod app;
pub mod canvas;
pub mod command;
pub mod context;
pub mod debug_overlay;
pub mod dialogs;
pub mod drop_target;
mod execute;
pub mod help;
pub mod icons;
pub mod layout;
pub mod menu;
pub mod pace;
pub mod panels;
pub mod plain_painter;
pub mod pretrained_window;
pub mod quit;
pub mod state;
pub mod status_bar;
pub mod theme;
pub mod toasts;
pub mod ui_command;
pub mod ui_ext;
pub mod uploads;
pub mod view_model;
mod window;

pub use app::{App, WindowOptions};
pub use window::run;
