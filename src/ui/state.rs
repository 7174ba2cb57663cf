//! What survives a restart.

use eframe::egui::ThemePreference;
use serde::{Deserialize, Serialize};

use super::layout::DockLayout;
use super::panels::compare::ComparePanel;
use super::panels::curves::CurvesPanel;
use super::panels::dataset::DatasetPanel;
use super::panels::inspect::InspectPanel;
use super::panels::live::LivePanel;
use super::panels::train::TrainPanel;
use super::view_model::selection::RunSelection;
use crate::engine::DatasetRef;

/// Settings of the window itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    /// Dark, light or like the system.
    pub theme: ThemePreference,
    /// Whether frame times are shown.
    pub debug_overlay: bool,
    /// The data set that is opened at the next start; `None` = the sample.
    pub last_dataset: Option<DatasetRef>,
}

impl Default for Prefs {
    fn default() -> Self {
        Self { theme: ThemePreference::System, debug_overlay: false, last_dataset: None }
    }
}

/// The saved state: preferences, layout, view state of the panels.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppState {
    /// Settings of the window.
    pub prefs: Prefs,
    /// Places of the panels.
    pub layout: DockLayout,
    /// Ticked runs.
    pub selection: RunSelection,
    /// The Data set panel.
    pub dataset: DatasetPanel,
    /// The Train panel.
    pub train: TrainPanel,
    /// The Curves panel.
    pub curves: CurvesPanel,
    /// The Live panel.
    pub live: LivePanel,
    /// The Inspect panel.
    pub inspect: InspectPanel,
    /// The Compare panel.
    pub compare: ComparePanel,
}
