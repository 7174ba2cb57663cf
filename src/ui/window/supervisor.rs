//! Opens the window in a child process, one way after the other: drivers may end or hang a program
//! before it can say why.
//!
//! The child says on its stdout how it went: [`OPENED`] once a frame is drawn, or [`FAILED`] with the
//! reason. Its stdin stays open as long as it is wanted.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use super::attempts::Attempt;
use crate::engine::on_stop_signal;

const OPENED: &str = "opened";
const FAILED: &str = "failed: ";
/// A driver that has not drawn a frame by then hangs.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a child that has said nothing is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// In the child: says that the window is open.
pub fn tell_opened() {
    writeln!(io::stdout(), "{OPENED}").ok();
}

/// In the child: says why it is not.
pub fn tell_failed(reason: &str) {
    writeln!(io::stdout(), "{FAILED}{}", reason.replace('\n', " ")).ok();
}

/// In the child: blocks until the window is not wanted any more, or the program that started it is
/// gone.
pub fn wait_until_unwanted() {
    let mut rest = [0];
    while io::stdin().read(&mut rest).is_ok_and(|count| count > 0) {}
}

/// Why a window did not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub attempt: Attempt,
    pub reason: String,
}

/// What became of the windows.
#[derive(Debug)]
pub enum Ending {
    /// One opened; this is how its process ended.
    Opened(ExitStatus),
    /// None opened.
    Refused(Vec<Refusal>),
}

/// Tries the `attempts` one after the other, with processes that `command` describes, until a window
/// opens, and waits for its end.
pub fn supervise(attempts: &[Attempt], command: &dyn Fn(Attempt) -> Command) -> io::Result<Ending> {
    // Held while the window is wanted.
    let wish: Arc<Mutex<Option<ChildStdin>>> = Arc::default();
    let withdrawn = Arc::clone(&wish);
    on_stop_signal(move || {
        // The window closes, and what it trains is saved.
        withdrawn
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    })?;
    let mut refusals = Vec::new();
    for attempt in attempts {
        let mut child = command(*attempt)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        *wish.lock().unwrap_or_else(PoisonError::into_inner) = child.stdin.take();
        match first_word(&mut child)? {
            Word::Opened => return Ok(Ending::Opened(child.wait()?)),
            Word::Failed(reason) => {
                child.kill().ok();
                child.wait()?;
                log::info!("{attempt}: {reason}");
                refusals.push(Refusal {
                    attempt: *attempt,
                    reason,
                });
            }
        }
    }
    Ok(Ending::Refused(refusals))
}

enum Word {
    Opened,
    Failed(String),
}

/// What a child says first, or what becomes of it before.
fn first_word(child: &mut Child) -> io::Result<Word> {
    let lines = lines_of(child)?;
    let mut waited = Duration::ZERO;
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(line) if line == OPENED => return Ok(Word::Opened),
            Ok(line) => {
                if let Some(reason) = line.strip_prefix(FAILED) {
                    return Ok(Word::Failed(reason.to_owned()));
                }
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait()?;
                return Ok(Word::Failed(format!("the process ended with {status}")));
            }
            Err(RecvTimeoutError::Timeout) => {
                waited += LOOK;
                if waited >= PATIENCE {
                    let secs = PATIENCE.as_secs();
                    return Ok(Word::Failed(format!("nothing was drawn within {secs} s")));
                }
            }
        }
    }
}

/// The lines of a child's stdout.
fn lines_of(child: &mut Child) -> io::Result<Receiver<String>> {
    let (sender, receiver) = bounded(8);
    let Some(output) = child.stdout.take() else {
        return Ok(receiver);
    };
    std::thread::Builder::new()
        .name("window output".into())
        .spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody listens any more once the window is open.
                sender.try_send(line).ok();
            }
        })?;
    Ok(receiver)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::window::attempts::{Backend, Desktop};

    const WAYS: [Attempt; 3] = [
        Attempt {
            desktop: Desktop::Wayland,
            backend: Some(Backend::Vulkan),
        },
        Attempt {
            desktop: Desktop::X11,
            backend: Some(Backend::Vulkan),
        },
        Attempt {
            desktop: Desktop::X11,
            backend: Some(Backend::OpenGl),
        },
    ];

    /// Runs a script in the place of the window.
    fn run(script: &'static str) -> Ending {
        let command = |attempt: Attempt| {
            let mut command = Command::new("sh");
            command.args(["-c", script]).env("WAY", attempt.to_string());
            command
        };
        supervise(&WAYS, &command).expect("processes")
    }

    #[test]
    fn the_first_way_that_draws_is_taken_and_its_end_is_the_end() {
        let script = r#"case "$WAY" in
            *Wayland) echo "failed: no compositor"; exit 1;;
            "Vulkan on X11") kill -SEGV $$;;
            *) echo opened; exit 7;;
        esac"#;
        let Ending::Opened(status) = run(script) else {
            panic!("the third way works")
        };
        assert_eq!(
            status.code(),
            Some(7),
            "what happens later is not tried again"
        );
    }

    #[test]
    fn where_none_draws_each_says_why() {
        let Ending::Refused(refusals) =
            run(r#"echo "noise"; echo "failed: no $WAY"; exec sleep 60"#)
        else {
            panic!("nothing opened")
        };
        let reasons: Vec<&str> = refusals.iter().map(|refusal| &*refusal.reason).collect();
        assert_eq!(
            reasons,
            [
                "no Vulkan on Wayland",
                "no Vulkan on X11",
                "no OpenGL on X11"
            ]
        );
    }

    #[test]
    fn a_window_whose_stdin_ends_is_not_wanted() {
        // It reads until its stdin is closed, which the end of the test's process would do.
        let Ending::Opened(status) = run("echo opened; exit 0") else {
            panic!("it opened")
        };
        assert!(status.success());
    }
}
