//! Ctrl+C, and what a system sends before it ends programs, as a request to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::SIGINT;

use super::EXIT_STOPPED;
use crate::engine::STOP_SIGNALS;

/// The first of these signals asks for a stop, the second ends the program.
pub struct Interrupts {
    asked: Arc<AtomicBool>,
    /// The number of the last signal, 0 before the first.
    last: Arc<AtomicUsize>,
}

impl Interrupts {
    pub fn install() -> Result<Self, String> {
        let asked = Arc::new(AtomicBool::new(false));
        let last = Arc::new(AtomicUsize::new(0));
        let code = i32::from(EXIT_STOPPED);
        for signal in STOP_SIGNALS {
            // Order matters: the shutdown reads the flag before this signal sets it.
            let number = usize::try_from(*signal).unwrap_or_default();
            signal_hook::flag::register_conditional_shutdown(*signal, code, Arc::clone(&asked))
                .and_then(|_| signal_hook::flag::register_usize(*signal, Arc::clone(&last), number))
                .and_then(|_| signal_hook::flag::register(*signal, Arc::clone(&asked)))
                .map_err(|err| {
                    format!("signal {signal} cannot be handled: {err}. Start the program again")
                })?;
        }
        Ok(Self { asked, last })
    }

    /// Whether a stop was requested.
    pub fn any(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// How it is asked once more, which ends the program at once.
    pub fn once_more(&self) -> &'static str {
        let ctrl_c = usize::try_from(SIGINT).unwrap_or_default();
        if self.last.load(Ordering::SeqCst) == ctrl_c {
            "Press Ctrl+C again to quit"
        } else {
            "A second signal ends the program"
        }
    }
}
