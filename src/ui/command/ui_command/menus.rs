//! The menus: where each command is.

use eframe::egui::ThemePreference;

use super::UiCommand;
use crate::ui::command::{InspectedFile, PanelKind, PlotFormat};
use crate::ui::view_model::ColorChoice;
use crate::ui::view_model::ui_scale::ScaleStep;

/// A menu of the menu bar.
#[derive(Debug, Clone, Copy)]
pub struct Menu {
    /// Its title.
    pub title: &'static str,
    /// Its sections, with a line between them.
    pub sections: &'static [Section],
}

/// Entries of a menu that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// The title of the submenu that holds them; `None` = they are in the menu itself.
    pub submenu: Option<&'static str>,
    /// The entries.
    pub commands: &'static [UiCommand],
}

impl Section {
    const fn of(commands: &'static [UiCommand]) -> Self {
        Self {
            submenu: None,
            commands,
        }
    }
}

/// Every command, where the menu bar has it. Shortcuts, the shortcut sheet and the command
/// palette go through this list too.
pub const MENUS: [Menu; 4] = [
    Menu {
        title: "File",
        sections: &[
            Section::of(&[
                UiCommand::OpenFolder,
                UiCommand::OpenSample,
                UiCommand::PublicDatasets,
            ]),
            Section::of(&[UiCommand::DatasetSettings, UiCommand::CheckDataset]),
            Section::of(&[UiCommand::OpenImages]),
            Section {
                submenu: Some("Save"),
                commands: &[
                    UiCommand::Save(InspectedFile::Mask),
                    UiCommand::Save(InspectedFile::Overlay),
                    UiCommand::Save(InspectedFile::Probabilities),
                    UiCommand::SaveAll,
                    UiCommand::ExportPlots(PlotFormat::Png),
                    UiCommand::ExportPlots(PlotFormat::Svg),
                    UiCommand::ExportPlots(PlotFormat::Csv),
                ],
            },
            Section::of(&[UiCommand::UndoRunChange]),
            Section::of(&[UiCommand::Quit]),
        ],
    },
    Menu {
        title: "Train",
        sections: &[
            Section::of(&[
                UiCommand::StartTraining,
                UiCommand::TryOut,
                UiCommand::Pause,
                UiCommand::Unpause,
                UiCommand::Stop,
                UiCommand::StopNow,
            ]),
            Section::of(&[
                UiCommand::TrainThree,
                UiCommand::TrainStaged,
                UiCommand::TrainAtOnce,
            ]),
            Section::of(&[
                UiCommand::AddToQueue,
                UiCommand::RunQueue,
                UiCommand::ClearQueue,
            ]),
            Section::of(&[UiCommand::Weights, UiCommand::Notifications]),
        ],
    },
    Menu {
        title: "View",
        sections: &[
            Section::of(&[
                UiCommand::Panel(PanelKind::Dataset),
                UiCommand::Panel(PanelKind::Train),
                UiCommand::Panel(PanelKind::Curves),
                UiCommand::Panel(PanelKind::Live),
                UiCommand::Panel(PanelKind::Inspect),
                UiCommand::Panel(PanelKind::Compare),
                UiCommand::Panel(PanelKind::Runs),
                UiCommand::Panel(PanelKind::LookInside),
                UiCommand::Panel(PanelKind::Evaluate),
                UiCommand::ResetLayout,
            ]),
            Section {
                submenu: Some("Theme"),
                commands: &[
                    UiCommand::Theme(ThemePreference::Dark),
                    UiCommand::Theme(ThemePreference::Light),
                    UiCommand::Theme(ThemePreference::System),
                ],
            },
            Section {
                submenu: Some("Class colors"),
                commands: &[
                    UiCommand::ClassColors(ColorChoice::Dataset),
                    UiCommand::ClassColors(ColorChoice::ColorBlind),
                ],
            },
            Section {
                submenu: Some("UI scale"),
                commands: &[
                    UiCommand::Scale(ScaleStep::Larger),
                    UiCommand::Scale(ScaleStep::Smaller),
                    UiCommand::Scale(ScaleStep::To(100)),
                    UiCommand::Scale(ScaleStep::To(125)),
                    UiCommand::Scale(ScaleStep::To(150)),
                    UiCommand::Scale(ScaleStep::To(200)),
                    UiCommand::Scale(ScaleStep::To(250)),
                    UiCommand::Scale(ScaleStep::To(300)),
                ],
            },
            Section::of(&[UiCommand::DebugOverlay]),
        ],
    },
    Menu {
        title: "Help",
        sections: &[
            Section::of(&[
                UiCommand::GettingStarted,
                UiCommand::Shortcuts,
                UiCommand::Palette,
            ]),
            Section::of(&[UiCommand::Documents, UiCommand::Terms]),
            Section::of(&[UiCommand::Folders, UiCommand::About]),
        ],
    },
];
