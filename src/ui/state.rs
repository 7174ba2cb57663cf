//! What survives a restart.

use eframe::egui::{Context, ThemePreference};
use serde::{Deserialize, Serialize};

use super::dock::DockLayout;
use super::panels::compare::ComparePanel;
use super::panels::curves::CurvesPanel;
use super::panels::dataset::DatasetPanel;
use super::panels::evaluate::EvaluatePanel;
use super::panels::inspect::InspectPanel;
use super::panels::live::LivePanel;
use super::panels::look_inside::LookInsidePanel;
use super::panels::runs::RunsPanel;
use super::panels::train::TrainPanel;
use super::recent::Recent;
use super::view_model::ColorChoice;
use super::view_model::run_selection::RunSelection;
use super::view_model::ui_scale::ScaleStep;
use crate::engine::{DatasetRef, Notifications, RestOfPlan};

/// Settings of the window itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    /// Dark, light, or that of the system.
    pub theme: ThemePreference,
    /// The colors of classes.
    pub class_colors: ColorChoice,
    /// The size of texts and controls, in percent.
    pub scale: u16,
    /// Whether frame times are shown.
    pub debug_overlay: bool,
    /// Who is told when a run ends.
    pub notifications: Notifications,
    /// The dataset to open at the next start; `None` = the sample.
    pub last_dataset: Option<DatasetRef>,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            theme: ThemePreference::System,
            class_colors: ColorChoice::default(),
            scale: 100,
            debug_overlay: false,
            notifications: Notifications {
                desktop: true,
                ..Notifications::default()
            },
            last_dataset: None,
        }
    }
}

impl Prefs {
    /// Shows texts and controls at their scale. The keys for it are ours, which keep it.
    pub fn apply_scale(&self, ctx: &Context) {
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        // The file may say anything.
        let percent = ScaleStep::To(self.scale).from(self.scale);
        ctx.set_zoom_factor(f32::from(percent) / 100.0);
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
    /// What was opened lately.
    pub recent: Recent,
    /// What an older window kept of a plan; now it is in the queue.
    #[serde(skip_serializing)]
    pub plan: Option<RestOfPlan>,
    /// Ticked runs.
    pub selection: RunSelection,
    /// The Dataset panel.
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
    /// The Look inside panel.
    pub look_inside: LookInsidePanel,
    /// The Evaluate panel.
    pub evaluate: EvaluatePanel,
    /// The Runs panel.
    pub runs: RunsPanel,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::command::PanelKind;

    #[test]
    fn the_state_survives_a_restart() {
        let mut state = AppState::default();
        state.prefs.theme = ThemePreference::Light;
        state.prefs.scale = 150;
        state.prefs.last_dataset = Some(DatasetRef::Folder("/data/own".into()));
        state.selection.set("run", true);
        state.layout.hide(PanelKind::Live);
        state.layout.show(PanelKind::Compare);
        let saved = serde_json::to_string(&state).unwrap();
        let found: AppState = serde_json::from_str(&saved).unwrap();
        assert_eq!(found.prefs.theme, ThemePreference::Light);
        assert_eq!(found.prefs.scale, 150);
        assert_eq!(found.prefs.last_dataset, state.prefs.last_dataset);
        assert!(found.selection.contains("run"));
        assert!(!found.layout.is_open(PanelKind::Live));
        assert!(found.layout.is_in_front(PanelKind::Compare));
    }

    #[test]
    fn a_state_with_less_in_it_is_filled_up() {
        let found: AppState = serde_json::from_str(r#"{"prefs":{"debug_overlay":true}}"#).unwrap();
        assert!(found.prefs.debug_overlay);
        assert_eq!(found.prefs.scale, 100);
        assert!(found.layout.is_open(PanelKind::Live));
    }
}
