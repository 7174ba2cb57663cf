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
