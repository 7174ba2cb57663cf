//! Notifications of the desktop, by the program that it brings for that. Where there is none, nothing
//! is shown.

use std::process::{Command, Stdio};

/// Shows a title and a text, from a thread of its own.
pub(super) fn show(title: String, text: String) {
    let show = move || {
        let Some(mut command) = command(&title, &text) else {
            return;
        };
        let shown = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if let Err(err) = shown {
            log::info!("The desktop cannot show a notification: {err}");
        }
    };
    let thread = std::thread::Builder::new().name("notification".into());
    if let Err(err) = thread.spawn(show) {
        log::info!("The desktop cannot show a notification: {err}");
    }
}

/// `notify-send` of freedesktop.org; what begins with a hyphen is no option.
#[cfg(all(unix, not(target_os = "macos")))]
fn command(title: &str, text: &str) -> Option<Command> {
    let mut command = Command::new("notify-send");
    command.args(["--app-name=FCN Workbench", "--", title, text]);
    Some(command)
}

/// The texts are arguments, so that nothing in them is a part of the script.
#[cfg(target_os = "macos")]
fn command(title: &str, text: &str) -> Option<Command> {
    let script =
        "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run";
    let mut command = Command::new("osascript");
    command.args(["-e", script, title, text]);
    Some(command)
}

/// Windows brings no program for it.
#[cfg(not(unix))]
fn command(_title: &str, _text: &str) -> Option<Command> {
    None
}
