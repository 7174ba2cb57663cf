//! Placeholder, to be replaced.

use std::path::PathBuf;

use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

use crate::ui::context::PanelCtx;

/// Placeholder.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ComparePanel {}

impl ComparePanel {
    /// Draws nothing yet.
    pub fn ui(&mut self, _ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.weak("Compare");
    }

    /// Placeholder.
    pub fn open(&mut self, _ctx: &PanelCtx<'_>, _paths: Vec<PathBuf>) {}

    /// Placeholder.
    pub fn show(&mut self, _ctx: &PanelCtx<'_>, _runs: Vec<String>, _image: Option<PathBuf>) {}
}
