//! Commands of menus, buttons, keys and the palette: one place for labels, tooltips, icons,
//! shortcuts and the menus that list them.

mod menus;

use eframe::egui::{self, Key, KeyboardShortcut, Modifiers, ThemePreference};

use super::shortcut::shortcut_text;
use super::{InspectedFile, PanelKind, PlotFormat};
use crate::ui::icons::Icon;
use crate::ui::view_model::ColorChoice;
use crate::ui::view_model::ui_scale::ScaleStep;
pub use menus::{MENUS, Menu, Section};

/// A command without data. The menu entry, the button and the key of one thing all send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumCount)]
pub enum UiCommand {
    /// Asks for a dataset folder.
    OpenFolder,
    /// Opens the sample.
    OpenSample,
    /// Shows the public datasets.
    PublicDatasets,
    /// Shows what classes, bands, lists and pairs of the open dataset mean.
    DatasetSettings,
    /// Reads all images and masks of the open dataset for what is wrong with them.
    CheckDataset,
    /// Asks for images to segment.
    OpenImages,
    /// Asks where to save something of the inspected image.
    Save(InspectedFile),
    /// Asks for a folder for the masks and overlays of all images in Inspect.
    SaveAll,
    /// Asks where to save the plots, or their values.
    ExportPlots(PlotFormat),
    /// Takes the last deletion or change of runs back.
    UndoRunChange,
    /// Closes the window.
    Quit,
    /// Trains with the settings of the Train panel.
    StartTraining,
    /// Pauses the active run.
    Pause,
    /// Ends the pause of the active run.
    Unpause,
    /// Stops the active run.
    Stop,
    /// Ends the active run at once, without saving.
    StopNow,
    /// Trains the three strides one after another.
    TrainThree,
    /// Trains the three strides, each from the one before.
    TrainStaged,
    /// Trains FCN-8s at once, without the stages.
    TrainAtOnce,
    /// Trains for a minute to see whether it learns.
    TryOut,
    /// Puts a run with the settings of the Train panel into the queue.
    AddToQueue,
    /// Trains the runs of the queue.
    RunQueue,
    /// Takes all runs out of the queue.
    ClearQueue,
    /// Asks who is told when a run ends.
    Notifications,
    /// Shows the public pretrained weights.
    Weights,
    /// Brings a panel to the front; hides it if it is there already.
    Panel(PanelKind),
    /// Changes the theme.
    Theme(ThemePreference),
    /// Changes the colors of classes.
    ClassColors(ColorChoice),
    /// Restores the default layout of the panels.
    ResetLayout,
    /// Changes the size of texts and controls.
    Scale(ScaleStep),
    /// Shows or hides frame times.
    DebugOverlay,
    /// Shows the first steps from data to a mask.
    GettingStarted,
    /// Shows the keys of all commands.
    Shortcuts,
    /// Lists all commands, to search and carry out.
    Palette,
    /// Shows the documents.
    Documents,
    /// Shows what the words of the field mean.
    Terms,
    /// Shows the folders that are written.
    Folders,
    /// Shows name and version.
    About,
}

impl UiCommand {
    /// All commands, in the order of the menus.
    pub fn all() -> impl Iterator<Item = Self> {
        MENUS
            .iter()
            .flat_map(|menu| menu.sections)
            .flat_map(|section| section.commands)
            .copied()
    }

    /// The text in menus and on buttons.
    pub fn label(self) -> &'static str {
        match self {
            Self::OpenFolder => "Open dataset…",
            Self::OpenSample => "Open sample",
            Self::PublicDatasets => "Public datasets…",
            Self::DatasetSettings => "Dataset settings…",
            Self::CheckDataset => "Check dataset",
            Self::OpenImages => "Open images…",
            Self::Save(file) => file.label(),
            Self::SaveAll => "Save all…",
            Self::ExportPlots(format) => format.label(),
            Self::UndoRunChange => "Undo change of runs",
            Self::Quit => "Quit",
            Self::StartTraining => "Start training",
            Self::Pause => "Pause",
            Self::Unpause => "Continue",
            Self::Stop => "Stop",
            Self::StopNow => "Stop now",
            Self::TrainThree => "Train 32s, 16s, 8s",
            Self::TrainStaged => "Train in stages",
            Self::TrainAtOnce => "8s at once",
            Self::TryOut => "Try for one minute",
            Self::AddToQueue => "Add to queue",
            Self::RunQueue => "Run queue",
            Self::ClearQueue => "Clear queue",
            Self::Notifications => "Notifications…",
            Self::Weights => "Pretrained weights…",
            Self::Panel(panel) => panel.title(),
            Self::Theme(ThemePreference::Dark) => "Dark",
            Self::Theme(ThemePreference::Light) => "Light",
            Self::Theme(ThemePreference::System) => "Follow system",
            Self::ClassColors(ColorChoice::Dataset) => "Those of the dataset",
            Self::ClassColors(ColorChoice::ColorBlind) => "Color-blind safe",
            Self::ResetLayout => "Reset layout",
            Self::Scale(step) => step.label(),
            Self::DebugOverlay => "Debug overlay",
            Self::GettingStarted => "Getting started",
            Self::Shortcuts => "Keyboard shortcuts",
            Self::Palette => "Command palette…",
            Self::Documents => "Documents",
            Self::Terms => "Terms",
            Self::Folders => "Folders",
            Self::About => "About FCN Workbench",
        }
    }

    /// What it does, in a sentence.
    pub fn tooltip(self) -> &'static str {
        match self {
            Self::OpenFolder => {
                "Open a folder of images and masks: that of a public dataset, your own folders, or lists of \
                 pairs"
            }
            Self::OpenSample => {
                "Open the small sample dataset; it is generated if it does not exist yet"
            }
            Self::PublicDatasets => {
                "Public datasets to download or unpack; nothing is downloaded without a click"
            }
            Self::DatasetSettings => "Classes, bands, lists and pairs of the open dataset",
            Self::CheckDataset => {
                "Reads all images and masks and lists what is wrong: labels that mean something else, damaged files, \
                 copies in both lists"
            }
            Self::OpenImages => {
                "Choose images, or zips and tars of them, and segment them with a trained run"
            }
            Self::Save(file) => file.tooltip(),
            Self::SaveAll => {
                "Write the mask and the overlay of every image in Inspect into a folder, in the background"
            }
            Self::ExportPlots(format) => format.tooltip(),
            Self::UndoRunChange => "Take the last deletion, name, note or tag of runs back",
            Self::Quit => "Close the window; an active run is stopped and can be resumed later",
            Self::StartTraining => "Train one run with the settings of the Train panel",
            Self::Pause => "Pause the active run after the current step",
            Self::Unpause => "Continue the paused run",
            Self::Stop => {
                "Finish the step, save a checkpoint and stop the run; it can be resumed later"
            }
            Self::StopNow => {
                "End the run at once, in the middle of a step too, without saving; it can be resumed from its \
                 last checkpoint"
            }
            Self::TrainThree => {
                "Train FCN-32s, FCN-16s and FCN-8s one after another, then compare them"
            }
            Self::TrainStaged => {
                "Train FCN-32s, then FCN-16s from its weights, then FCN-8s from those, as in the papers"
            }
            Self::TrainAtOnce => {
                "Train FCN-8s at once: pool4 and pool3 are scaled down, so no stages are needed"
            }
            Self::TryOut => {
                "Train on a few images for a minute: whether the loss falls, and how long the whole run would take; \
                 nothing is kept"
            }
            Self::AddToQueue => {
                "Put a run with the settings of the Train panel behind those that wait"
            }
            Self::RunQueue => {
                "Train the runs of the queue one after another; one that was stopped is resumed"
            }
            Self::ClearQueue => "Take all runs out of the queue; what was trained stays",
            Self::Notifications => {
                "Who is told when a run ends: the desktop, or an address of yours (webhook)"
            }
            Self::Weights => "Public weights to start from; nothing is downloaded without a click",
            Self::Panel(panel) => panel.tooltip(),
            Self::Theme(ThemePreference::Dark) => "Light text on dark",
            Self::Theme(ThemePreference::Light) => "Dark text on light",
            Self::Theme(ThemePreference::System) => "Follow the theme of the desktop",
            Self::ClassColors(ColorChoice::Dataset) => {
                "Show classes in the colors that come with the dataset"
            }
            Self::ClassColors(ColorChoice::ColorBlind) => {
                "Show classes in colors that color-blind people can tell apart; saved masks keep their own"
            }
            Self::ResetLayout => "Restore the default layout of the panels",
            Self::Scale(ScaleStep::Larger) => "Make texts and controls larger, up to 300 %",
            Self::Scale(ScaleStep::Smaller) => "Make texts and controls smaller, down to 100 %",
            Self::Scale(ScaleStep::To(_)) => {
                "Show texts and controls at this share of the size that the desktop asks for"
            }
            Self::DebugOverlay => "Show how long frames take",
            Self::GettingStarted => "The first steps from a dataset to a mask",
            Self::Shortcuts => "All commands that have a key, and the keys of the images",
            Self::Palette => "Search all commands and carry one out",
            Self::Documents => {
                "Read the documents: data, settings, scores, networks, the command line"
            }
            Self::Terms => "What mIoU, void, stride and other words of the field mean",
            Self::Folders => "Where datasets and runs are stored",
            Self::About => "Version, papers and license",
        }
    }

    /// The icon on its button.
    pub fn icon(self) -> Option<Icon> {
        match self {
            Self::StartTraining | Self::Unpause => Some(Icon::Play),
            Self::Pause => Some(Icon::Pause),
            Self::Stop => Some(Icon::Stop),
            Self::TrainThree => Some(Icon::Stairs),
            _ => None,
        }
    }

    pub fn shortcut(self) -> Option<KeyboardShortcut> {
        let key = |modifiers, key| Some(KeyboardShortcut::new(modifiers, key));
        match self {
            Self::OpenFolder => key(Modifiers::COMMAND, Key::O),
            Self::OpenImages => key(Modifiers::COMMAND, Key::I),
            Self::Quit => key(Modifiers::COMMAND, Key::Q),
            Self::StartTraining => key(Modifiers::NONE, Key::F5),
            Self::Pause | Self::Unpause => key(Modifiers::NONE, Key::F6),
            Self::Stop => key(Modifiers::SHIFT, Key::F5),
            Self::Panel(panel) => key(
                Modifiers::COMMAND,
                match panel {
                    PanelKind::Dataset => Key::Num1,
                    PanelKind::Train => Key::Num2,
                    PanelKind::Curves => Key::Num3,
                    PanelKind::Live => Key::Num4,
                    PanelKind::Inspect => Key::Num5,
                    PanelKind::Compare => Key::Num6,
                    PanelKind::LookInside => Key::Num8,
                    PanelKind::Runs => Key::Num7,
                    PanelKind::Evaluate => Key::Num9,
                },
            ),
            Self::Scale(ScaleStep::Larger) => key(Modifiers::COMMAND, Key::Plus),
            Self::Scale(ScaleStep::Smaller) => key(Modifiers::COMMAND, Key::Minus),
            Self::Scale(ScaleStep::To(100)) => key(Modifiers::COMMAND, Key::Num0),
            Self::DebugOverlay => key(Modifiers::NONE, Key::F12),
            Self::GettingStarted => key(Modifiers::NONE, Key::F1),
            Self::Shortcuts => key(Modifiers::NONE, Key::Questionmark),
            Self::Palette => key(Modifiers::COMMAND, Key::P),
            Self::Save(_)
            | Self::SaveAll
            | Self::ExportPlots(_)
            | Self::UndoRunChange
            | Self::OpenSample
            | Self::PublicDatasets
            | Self::DatasetSettings
            | Self::CheckDataset
            | Self::StopNow
            | Self::TryOut
            | Self::AddToQueue
            | Self::RunQueue
            | Self::ClearQueue
            | Self::TrainThree
            | Self::TrainStaged
            | Self::TrainAtOnce
            | Self::Notifications
            | Self::Weights
            | Self::Theme(_)
            | Self::ClassColors(_)
            | Self::Scale(_)
            | Self::ResetLayout
            | Self::Documents
            | Self::Terms
            | Self::Folders
            | Self::About => None,
        }
    }

    /// The tooltip with the key behind it, for buttons.
    pub fn tooltip_with_key(self, ctx: &egui::Context) -> String {
        match self.shortcut() {
            Some(shortcut) => format!("{} ({})", self.tooltip(), shortcut_text(ctx, &shortcut)),
            None => self.tooltip().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
