//! What holds for all commands.

use std::collections::HashSet;
use std::mem::discriminant;

use strum::EnumCount as _;

use super::*;

#[test]
fn every_command_is_in_one_menu() {
    let kinds: HashSet<_> = UiCommand::all()
        .map(|command| discriminant(&command))
        .collect();
    assert_eq!(kinds.len(), UiCommand::COUNT);
    for panel in PanelKind::ALL {
        let entries = UiCommand::all().filter(|command| *command == UiCommand::Panel(panel));
        assert_eq!(entries.count(), 1, "{panel:?}");
    }
    let all: Vec<_> = UiCommand::all().collect();
    for (index, command) in all.iter().enumerate() {
        assert!(!all[..index].contains(command), "{command:?} twice");
    }
}

#[test]
fn keys_are_used_once() {
    let keyed: Vec<_> = UiCommand::all()
        .filter(|command| command.shortcut().is_some())
        .collect();
    for (index, a) in keyed.iter().enumerate() {
        for b in &keyed[index + 1..] {
            // One of the two can be carried out at a time.
            let share_on_purpose = (*a, *b) == (UiCommand::Pause, UiCommand::Unpause);
            assert!(
                share_on_purpose || a.shortcut() != b.shortcut(),
                "{a:?} and {b:?}"
            );
        }
    }
}

#[test]
fn texts_have_no_period() {
    for command in UiCommand::all() {
        assert!(
            !command.label().ends_with('.') && !command.tooltip().ends_with('.'),
            "{command:?}"
        );
    }
}
