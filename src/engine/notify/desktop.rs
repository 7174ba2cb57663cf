//! Notifications of the desktop, by the program that it brings for that. Where there is none, nothing
//! is shown.

/// Shows a title and a text; waits for the program that does so.
///
/// # Errors
/// Why it was not shown.
#[cfg(unix)]
pub(super) fn show(title: &str, text: &str) -> Result<(), String> {
    use std::process::Stdio;

    let mut command = program(title, text);
    let name = command.get_program().display().to_string();
    let fail = |why: &str| format!("no notification was shown: {name}: {why}");
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .map_err(|err| fail(&err.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().map(str::trim).find(|line| !line.is_empty());
    Err(fail(
        said.unwrap_or(&format!("it ended with {}", output.status)),
    ))
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

/// Windows brings no program for it, which is said before the start.
#[cfg(not(unix))]
pub(super) fn show(_title: &str, _text: &str) -> Result<(), String> {
    Ok(())
}

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
