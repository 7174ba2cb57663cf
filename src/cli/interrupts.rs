//! Ctrl+C as a request to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::SIGINT;

use super::EXIT_STOPPED;

/// Ctrl+C: the first asks for a stop, the second ends the program.
pub struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    pub fn install() -> Result<Self, String> {
        let asked = Arc::new(AtomicBool::new(false));
        let code = i32::from(EXIT_STOPPED);
        // Order matters: the shutdown reads the flag before this signal sets it.
        signal_hook::flag::register_conditional_shutdown(SIGINT, code, Arc::clone(&asked))
            .and_then(|_| signal_hook::flag::register(SIGINT, Arc::clone(&asked)))
            .map_err(|err| format!("Ctrl+C cannot be handled: {err}. Start the program again"))?;
        Ok(Self(asked))
    }

    /// Whether a stop was requested.
    pub fn any(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
