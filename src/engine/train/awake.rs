//! Keeps the computer from going to sleep by itself while a run is trained, by the program that the
//! system brings for that: systemd's `systemd-inhibit`, or `caffeinate` of macOS. Elsewhere, and where
//! the system does not allow it, it may go to sleep.

use std::io;
use std::process::Child;

/// Until it is dropped. Where this program dies, the other one notices and ends too.
pub(super) struct Awake(Option<Child>);

impl Awake {
    /// Asks the system for it. Starts a program: not for the thread of the window.
    pub fn hold() -> Self {
        let started = start();
        if let Err(err) = &started {
            log::debug!("The computer may go to sleep: {err}");
        }
        Self(started.ok())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // The end of its input ends it; it is killed where it does not read.
            drop(child.stdin.take());
            child.kill().ok();
            child.wait().ok();
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn start() -> io::Result<Child> {
    use std::process::Stdio;

    program()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn start() -> io::Result<Child> {
    Err(io::ErrorKind::Unsupported.into())
}

/// `cat` reads its input until that is closed, also by the death of this program.
#[cfg(target_os = "linux")]
fn program() -> std::process::Command {
    let mut command = std::process::Command::new("systemd-inhibit");
    command.args(["--what=idle:sleep", "--who=FCN Workbench"]);
    command.args(["--why=A network is being trained", "--mode=block", "cat"]);
    command
}

#[cfg(target_os = "macos")]
fn program() -> std::process::Command {
    let mut command = std::process::Command::new("caffeinate");
    command.args(["-i", "-w", &std::process::id().to_string()]);
    command
}
