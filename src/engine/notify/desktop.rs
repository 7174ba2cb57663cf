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

/// Why nothing can be shown here.
pub(super) fn problem() -> Option<String> {
    match PROGRAM {
        Some(name) => missing(name, std::env::var_os("PATH").as_deref()),
        None => Some("this system has no program that shows it. Use --webhook".to_owned()),
    }
}

/// Whether no folder of `path` has the program.
fn missing(name: &str, path: Option<&std::ffi::OsStr>) -> Option<String> {
    let is_there = path
        .is_some_and(|path| std::env::split_paths(path).any(|folder| folder.join(name).is_file()));
    (!is_there).then(|| {
        format!(
            "the program {name}, which shows it, is not installed. Install it, or use --webhook"
        )
    })
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
    fn a_program_that_is_not_there_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Some(dir.path().as_os_str());
        let problem = missing("notify-send", path).expect("it is not there");
        assert!(problem.contains("notify-send") && problem.contains("--webhook"));
        std::fs::write(dir.path().join("notify-send"), "").expect("written");
        assert_eq!(missing("notify-send", path), None);
        assert!(missing("notify-send", None).is_some());
    }
}
