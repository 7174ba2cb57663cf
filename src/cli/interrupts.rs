//! Ctrl+C, and what a system sends before it ends programs, as a request to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::EXIT_STOPPED;
use crate::engine::STOP_SIGNALS;

/// The first of these signals asks for a stop, the second ends the program.
pub struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    pub fn install() -> Result<Self, String> {
        let asked = Arc::new(AtomicBool::new(false));
        let code = i32::from(EXIT_STOPPED);
        for signal in STOP_SIGNALS {
            // Order matters: the shutdown reads the flag before this signal sets it.
            signal_hook::flag::register_conditional_shutdown(*signal, code, Arc::clone(&asked))
                .and_then(|_| signal_hook::flag::register(*signal, Arc::clone(&asked)))
                .map_err(|err| {
                    format!("signal {signal} cannot be handled: {err}. Start the program again")
                })?;
        }
        Ok(Self(asked))
    }

    /// Whether a stop was requested.
    pub fn any(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
