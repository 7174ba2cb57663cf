//! Notifications of the desktop, by the program that it brings for that. Where there is none, nothing
//! is shown.

/// Shows a title and a text, from a thread of its own.
#[cfg(unix)]
pub(super) fn show(title: String, text: String) {
    use std::process::Stdio;

    let show = move || {
        let shown = program(&title, &text)
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

/// Windows brings no program for it.
#[cfg(not(unix))]
pub(super) fn show(_title: String, _text: String) {}

/// `notify-send` of freedesktop.org; what begins with a hyphen is no option.
#[cfg(all(unix, not(target_os = "macos")))]
fn program(title: &str, text: &str) -> std::process::Command {
    let mut command = std::process::Command::new("notify-send");
    command.args(["--app-name=FCN Workbench", "--", title, text]);
    command
}

/// The texts are arguments, so that nothing in them is a part of the script.
#[cfg(target_os = "macos")]
fn program(title: &str, text: &str) -> std::process::Command {
    let script =
        "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run";
    let mut command = std::process::Command::new("osascript");
    command.args(["-e", script, title, text]);
    command
}
