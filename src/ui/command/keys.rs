//! Which key means which command.

use std::collections::HashSet;

use eframe::egui::{self, Event, Id, Key, KeyboardShortcut, Modifiers};

use super::{Problem, UiCommand};

/// A key that was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressed {
    /// Its command can be carried out.
    Command(UiCommand),
    /// Its command cannot be carried out now, and why.
    Refused(UiCommand, Problem),
}

/// Takes the key of a command out of the input of this frame. A key belongs to its command
/// also while there is a `problem` with it: nothing else may happen then. While a dialog asks
/// something, keys are for the dialog alone; one dialog is the palette, whose key closes it.
pub fn take_pressed(
    ctx: &egui::Context,
    palette_is_open: bool,
    problem: impl Fn(UiCommand) -> Option<Problem>,
) -> Option<Pressed> {
    mark_repeats(ctx);
    let in_dialog = ctx.memory(|memory| memory.top_modal_layer().is_some());
    let writing = ctx.text_edit_focused();
    let shortcut = UiCommand::all()
        .filter(|command| !in_dialog || palette_is_open && *command == UiCommand::Palette)
        .filter_map(UiCommand::shortcut)
        .filter(|shortcut| !writing || !is_typed(*shortcut))
        // Held keys repeat: one press is one command.
        .find(|shortcut| ctx.input_mut(|input| take(input, *shortcut)) == Some(Press::First))?;
    let mut refused = None;
    // Pause and Continue share a key.
    for command in UiCommand::all().filter(|command| command.shortcut() == Some(shortcut)) {
        let Some(problem) = problem(command) else {
            return Some(Pressed::Command(command));
        };
        refused.get_or_insert(Pressed::Refused(command, problem));
    }
    refused
}

/// egui knows held keys by what they write, so that a `?` whose Shift is let go first would be held
/// for ever: its end is that of a slash. Here they are known by their place on the keyboard.
fn mark_repeats(ctx: &egui::Context) {
    let id = Id::unique("held keys");
    let mut held: HashSet<Key> = ctx.data(|data| data.get_temp(id)).unwrap_or_default();
    ctx.input_mut(|input| {
        for event in &mut input.events {
            match event {
                Event::Key {
                    physical_key: Some(key),
                    pressed,
                    repeat,
                    ..
                } => {
                    if *pressed {
                        *repeat = !held.insert(*key);
                    } else {
                        held.remove(key);
                    }
                }
                Event::WindowFocused(false) => held.clear(),
                _ => {}
            }
        }
    });
    ctx.data_mut(|data| data.insert_temp(id, held));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Press {
    First,
    Repeated,
}

/// Removes the key from the input; modifiers must be those of the shortcut and no others.
fn take(input: &mut egui::InputState, shortcut: KeyboardShortcut) -> Option<Press> {
    let mut found = None;
    input.events.retain(|event| {
        let Event::Key {
            key,
            pressed: true,
            repeat,
            modifiers,
            ..
        } = event
        else {
            return true;
        };
        if !keys_match(*key, shortcut) || !modifiers_match(*modifiers, shortcut) {
            return true;
        }
        if found != Some(Press::First) {
            found = Some(if *repeat {
                Press::Repeated
            } else {
                Press::First
            });
        }
        false
    });
    found
}

/// A plus is the key of the equals sign on many keyboards, with or without Shift.
fn keys_match(key: Key, shortcut: KeyboardShortcut) -> bool {
    key == shortcut.logical_key || (shortcut.logical_key == Key::Plus && key == Key::Equals)
}

/// Whether a shortcut is a character, which text fields take.
fn is_typed(shortcut: KeyboardShortcut) -> bool {
    shortcut.logical_key == Key::Questionmark
}

fn modifiers_match(held: Modifiers, shortcut: KeyboardShortcut) -> bool {
    if is_typed(shortcut) {
        // Most keyboards need Shift for it.
        return !held.ctrl && !held.command;
    }
    if shortcut.logical_key == Key::Plus {
        return held.command && !held.alt;
    }
    held.matches_exact(shortcut.modifiers)
}

/// Keys that panels and images listen to, for the shortcut sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewKey {
    /// The keys, as they are written.
    pub keys: &'static str,
    /// What they do, and where.
    pub what: &'static str,
}

/// What panels do with keys and the pointer.
pub const VIEW_KEYS: [ViewKey; 9] = [
    view_key("Up, Down", "Previous and next image in Inspect"),
    view_key(
        "Left, Right",
        "Previous and next validation image in Compare",
    ),
    view_key(
        "B, held",
        "Blink in Compare: the first mask in every pane, or the sides of a swipe exchanged",
    ),
    view_key("+, −", "Zoom the image that has the focus"),
    view_key("0", "Fit the image into its panel"),
    view_key("1", "One screen pixel per image pixel"),
    view_key("Wheel, drag", "Zoom to the pointer, pan"),
    view_key("Enter", "The marked button of a dialog"),
    view_key("Esc", "Close a dialog or a window, and change nothing"),
];

const fn view_key(keys: &'static str, what: &'static str) -> ViewKey {
    ViewKey { keys, what }
}

#[cfg(test)]
mod tests {
    use eframe::egui::RawInput;

    use super::*;
    use crate::ui::command::shortcut_text;
    use crate::ui::view_model::ui_scale::ScaleStep;

    fn press(key: Key, modifiers: Modifiers) -> Event {
        Event::Key {
            key,
            physical_key: None,
            pressed: true,
            // egui finds out by itself.
            repeat: false,
            modifiers,
        }
    }

    /// What is pressed when `event` comes and only `possible` commands can be carried out.
    fn pressed(event: Event, possible: &[UiCommand]) -> Option<Pressed> {
        pressed_in(&egui::Context::default(), event, possible)
    }

    fn pressed_in(ctx: &egui::Context, event: Event, possible: &[UiCommand]) -> Option<Pressed> {
        let input = RawInput {
            events: vec![event],
            ..RawInput::default()
        };
        let mut found = None;
        ctx.run_ui(input, |ui| {
            found = take_pressed(ui.ctx(), false, |command| {
                (!possible.contains(&command)).then(|| Problem::from("not now"))
            });
        })
        .drop_without_applying_deltas();
        found
    }

    #[test]
    fn modifiers_match_exactly() {
        let all: Vec<_> = UiCommand::all().collect();
        let f5 = |modifiers| pressed(press(Key::F5, modifiers), &all);
        let command = |command| Some(Pressed::Command(command));
        assert_eq!(f5(Modifiers::NONE), command(UiCommand::StartTraining));
        assert_eq!(f5(Modifiers::SHIFT), command(UiCommand::Stop));
        assert_eq!(f5(Modifiers::ALT), None);
        assert_eq!(f5(Modifiers::SHIFT | Modifiers::ALT), None);
        let ctrl_shift = Modifiers::COMMAND | Modifiers::CTRL | Modifiers::SHIFT;
        assert_eq!(f5(ctrl_shift), None);
        let o = |modifiers| pressed(press(Key::O, modifiers), &all);
        let ctrl = Modifiers::COMMAND | Modifiers::CTRL;
        assert_eq!(o(ctrl), command(UiCommand::OpenFolder));
        assert_eq!(o(ctrl_shift), None);
    }

    #[test]
    fn a_disabled_command_swallows_its_key() {
        let possible = [UiCommand::StartTraining];
        assert_eq!(
            pressed(press(Key::F5, Modifiers::SHIFT), &possible),
            Some(Pressed::Refused(UiCommand::Stop, "not now".into()))
        );
    }

    #[test]
    fn a_shared_key_is_for_the_command_that_can_be_carried_out() {
        let f6 = || press(Key::F6, Modifiers::NONE);
        for possible in [UiCommand::Pause, UiCommand::Unpause] {
            assert_eq!(pressed(f6(), &[possible]), Some(Pressed::Command(possible)));
        }
        assert_eq!(
            pressed(f6(), &[]),
            Some(Pressed::Refused(UiCommand::Pause, "not now".into()))
        );
    }

    #[test]
    fn a_held_key_is_pressed_once() {
        let all: Vec<_> = UiCommand::all().collect();
        let ctx = egui::Context::default();
        let f12 = || press(Key::F12, Modifiers::NONE);
        assert_eq!(
            pressed_in(&ctx, f12(), &all),
            Some(Pressed::Command(UiCommand::DebugOverlay))
        );
        assert_eq!(pressed_in(&ctx, f12(), &all), None);
    }

    #[test]
    fn a_key_is_let_go_whatever_it_writes_by_then() {
        let all: Vec<_> = UiCommand::all().collect();
        let ctx = egui::Context::default();
        let slash = |key, pressed| Event::Key {
            key,
            physical_key: Some(Key::Slash),
            pressed,
            repeat: false,
            modifiers: Modifiers::NONE,
        };
        let sheet = Some(Pressed::Command(UiCommand::Shortcuts));
        for _ in 0..2 {
            assert_eq!(
                pressed_in(&ctx, slash(Key::Questionmark, true), &all),
                sheet
            );
            assert_eq!(pressed_in(&ctx, slash(Key::Questionmark, true), &all), None);
            // Shift was let go before.
            assert_eq!(pressed_in(&ctx, slash(Key::Slash, false), &all), None);
        }
    }

    #[test]
    fn shortcuts_are_written_as_on_the_keyboard() {
        let ctx = egui::Context::default();
        let text = |command: UiCommand| {
            let shortcut = command.shortcut().expect("a key");
            shortcut_text(&ctx, &shortcut)
        };
        assert_eq!(text(UiCommand::Shortcuts), "?");
        let scale = |step| text(UiCommand::Scale(step));
        assert!(scale(ScaleStep::Larger).ends_with("++"));
        assert!(scale(ScaleStep::Smaller).ends_with("+−"));
        assert!(scale(ScaleStep::To(100)).ends_with("+0"));
    }

    #[test]
    fn a_question_mark_may_need_shift() {
        let all: Vec<_> = UiCommand::all().collect();
        for modifiers in [Modifiers::NONE, Modifiers::SHIFT] {
            assert_eq!(
                pressed(press(Key::Questionmark, modifiers), &all),
                Some(Pressed::Command(UiCommand::Shortcuts))
            );
        }
    }
}
