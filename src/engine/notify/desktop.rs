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

/// Why nothing can be shown here, and what to do about it: get the program, or do `instead`.
pub(super) fn problem(instead: &str) -> Option<String> {
    let Some(name) = PROGRAM else {
        return Some(format!(
            "this system has no program that shows it. You can {instead}"
        ));
    };
    is_missing(name, std::env::var_os("PATH").as_deref()).then(|| {
        format!("the program {name}, which shows it, is not installed. Install it, or {instead}")
    })
}

/// Whether no folder of `path` has the program.
fn is_missing(name: &str, path: Option<&std::ffi::OsStr>) -> bool {
    !path.is_some_and(|path| std::env::split_paths(path).any(|folder| folder.join(name).is_file()))
}

#[cfg(all(unix, not(target_os = "macos")))]
const PROGRAM: Option<&str> = Some("notify-send");
#[cfg(target_os = "macos")]
const PROGRAM: Option<&str> = Some("osascript");
#[cfg(not(unix))]
const PROGRAM: Option<&str> = None;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_looked_for_in_the_path() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Some(dir.path().as_os_str());
        assert!(is_missing("notify-send", path));
        std::fs::write(dir.path().join("notify-send"), "").expect("written");
        assert!(!is_missing("notify-send", path));
        assert!(is_missing("notify-send", None));
    }
}
