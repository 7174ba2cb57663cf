//! Commands of menus, buttons and keys: one place for labels, tooltips, icons and shortcuts.

use eframe::egui::{self, Key, KeyboardShortcut, Modifiers, ThemePreference};

use super::PanelKind;
use crate::ui::icons::Icon;

/// A command without data. The menu entry, the button and the key of one thing all send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UiCommand {
    /// Asks for a dataset folder.
    OpenFolder,
    /// Opens the sample.
    OpenSample,
    /// Asks for images to segment.
    OpenImages,
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
    /// Trains the three strides one after another.
    TrainThree,
    /// Trains the three strides, each from the one before.
    TrainStaged,
    /// Trains FCN-8s at once, without the stages.
    TrainAtOnce,
    /// Shows the public pretrained weights.
    Weights,
    /// Brings a panel to the front; hides it if it is there already.
    Panel(PanelKind),
    /// Changes the theme.
    Theme(ThemePreference),
    /// Restores the default layout of the panels.
    ResetLayout,
    /// Shows or hides frame times.
    DebugOverlay,
    /// Shows the first steps from data to a mask.
    GettingStarted,
    /// Shows the folders that are written.
    Folders,
    /// Shows name and version.
    About,
}

impl UiCommand {
    /// Commands with a key; Shift+F5 comes before F5, which would match it too.
    pub const WITH_KEYS: [Self; 16] = [
        Self::OpenFolder,
        Self::OpenImages,
        Self::Quit,
        Self::Stop,
        Self::StartTraining,
        Self::Pause,
        Self::Unpause,
        Self::Panel(PanelKind::Dataset),
        Self::Panel(PanelKind::Train),
        Self::Panel(PanelKind::Curves),
        Self::Panel(PanelKind::Live),
        Self::Panel(PanelKind::Inspect),
        Self::Panel(PanelKind::Compare),
        Self::Panel(PanelKind::Runs),
        Self::DebugOverlay,
        Self::GettingStarted,
    ];

    /// The text in menus and on buttons.
    pub fn label(self) -> &'static str {
        match self {
            Self::OpenFolder => "Open dataset…",
            Self::OpenSample => "Open sample",
            Self::OpenImages => "Open images…",
            Self::Quit => "Quit",
            Self::StartTraining => "Start training",
            Self::Pause => "Pause",
            Self::Unpause => "Continue",
            Self::Stop => "Stop",
            Self::TrainThree => "Train 32s, 16s, 8s",
            Self::TrainStaged => "Train in stages",
            Self::TrainAtOnce => "8s at once",
            Self::Weights => "Pretrained weights…",
            Self::Panel(panel) => panel.title(),
            Self::Theme(ThemePreference::Dark) => "Dark",
            Self::Theme(ThemePreference::Light) => "Light",
            Self::Theme(ThemePreference::System) => "Follow system",
            Self::ResetLayout => "Reset layout",
            Self::DebugOverlay => "Debug overlay",
            Self::GettingStarted => "Getting started",
            Self::Folders => "Folders",
            Self::About => "About FCN Workbench",
        }
    }

    /// What it does, in a sentence.
    pub fn tooltip(self) -> &'static str {
        match self {
            Self::OpenFolder => {
                "Open a folder with JPEGImages and SegmentationClass (VOC layout), or with train.txt \
                 and val.txt (CamVid layout)"
            }
            Self::OpenSample => {
                "Open the small sample dataset; it is generated if it does not exist yet"
            }
            Self::OpenImages => "Choose images and segment them with a trained run",
            Self::Quit => "Close the window; an active run is stopped and can be resumed later",
            Self::StartTraining => "Train one run with the settings of the Train panel",
            Self::Pause => "Pause the active run after the current step",
            Self::Unpause => "Continue the paused run",
            Self::Stop => "Save a checkpoint and stop the run; it can be resumed later",
            Self::TrainThree => {
                "Train FCN-32s, FCN-16s and FCN-8s one after another, then compare them"
            }
            Self::TrainStaged => {
                "Train FCN-32s, then FCN-16s from its weights, then FCN-8s from those, as in the papers"
            }
            Self::TrainAtOnce => {
                "Train FCN-8s at once: pool4 and pool3 are scaled down, so no stages are needed"
            }
            Self::Weights => "Public weights to start from; nothing is downloaded without a click",
            Self::Panel(PanelKind::Dataset) => "Classes, images and masks of the open dataset",
            Self::Panel(PanelKind::Train) => "Settings of the next run, and progress",
            Self::Panel(PanelKind::Curves) => "Loss and scores over the training steps",
            Self::Panel(PanelKind::Live) => "Masks of validation images while a run trains",
            Self::Panel(PanelKind::Inspect) => "Masks that a trained run predicts for any image",
            Self::Panel(PanelKind::Compare) => "Masks and scores of several runs side by side",
            Self::Panel(PanelKind::Runs) => "All runs as a table: search, sort, name, resume, delete",
            Self::Theme(ThemePreference::Dark) => "Light text on dark",
            Self::Theme(ThemePreference::Light) => "Dark text on light",
            Self::Theme(ThemePreference::System) => "Follow the theme of the desktop",
            Self::ResetLayout => "Restore the default layout of the panels",
            Self::DebugOverlay => "Show how long frames take",
            Self::GettingStarted => "The first steps from a dataset to a mask",
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
                    PanelKind::Runs => Key::Num7,
                },
            ),
            Self::DebugOverlay => key(Modifiers::NONE, Key::F12),
            Self::GettingStarted => key(Modifiers::NONE, Key::F1),
            Self::OpenSample
            | Self::TrainThree
            | Self::TrainStaged
            | Self::TrainAtOnce
            | Self::Weights
            | Self::Theme(_)
            | Self::ResetLayout
            | Self::Folders
            | Self::About => None,
        }
    }

    /// The tooltip with the key behind it, for buttons.
    pub fn tooltip_with_key(self, ctx: &egui::Context) -> String {
        match self.shortcut() {
            Some(shortcut) => format!("{} ({})", self.tooltip(), ctx.format_shortcut(&shortcut)),
            None => self.tooltip().to_owned(),
        }
    }

    /// The first command whose key was just pressed and that `enabled` allows.
    pub fn pressed(ctx: &egui::Context, enabled: impl Fn(Self) -> bool) -> Option<Self> {
        Self::WITH_KEYS.into_iter().find(|command| {
            command.shortcut().is_some_and(|shortcut| {
                enabled(*command) && ctx.input_mut(|input| input.consume_shortcut(&shortcut))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_used_once() {
        for (index, a) in UiCommand::WITH_KEYS.into_iter().enumerate() {
            assert!(a.shortcut().is_some(), "{a:?}");
            for b in &UiCommand::WITH_KEYS[index + 1..] {
                let share_on_purpose = (a, *b) == (UiCommand::Pause, UiCommand::Unpause);
                assert!(
                    share_on_purpose || a.shortcut() != b.shortcut(),
                    "{a:?} and {b:?}"
                );
            }
        }
    }

    #[test]
    fn special_shortcuts_come_before_plain_ones() {
        let position = |command| {
            UiCommand::WITH_KEYS
                .iter()
                .position(|other| *other == command)
        };
        assert!(position(UiCommand::Stop) < position(UiCommand::StartTraining));
    }

    #[test]
    fn texts_have_no_period() {
        for command in UiCommand::WITH_KEYS {
            assert!(
                !command.label().ends_with('.') && !command.tooltip().ends_with('.'),
                "{command:?}"
            );
        }
    }
}
