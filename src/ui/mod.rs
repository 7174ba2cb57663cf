//! The window: panels, commands and what they draw. Must not know about tensors.

pub mod canvas;
pub mod command;
pub mod context;
pub mod dialogs;
pub mod panels;
pub mod view_model;
