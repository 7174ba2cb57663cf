//! Writes the program's own log lines to stderr, and gives warnings and errors to the window.
//!
//! Lines of libraries are left out: graphics drivers and windowing report at
//! warning level what nobody at the keyboard can act on.

use std::io::Write as _;
use std::sync::OnceLock;

use crossbeam_channel::{Receiver, Sender, bounded};
use log::{Level, LevelFilter, Log, Metadata, Record};

const TARGET: &str = env!("CARGO_CRATE_NAME");

struct Logger;

static LOGGER: Logger = Logger;

/// Who else gets the lines of libraries.
static LIBRARIES: OnceLock<fn(&Record<'_>)> = OnceLock::new();

/// What of our own lines is written.
static OWN: OnceLock<LevelFilter> = OnceLock::new();

/// Where warnings and errors go besides.
static WINDOW: OnceLock<Sender<(Level, String)>> = OnceLock::new();

/// Messages that may wait for the window; more are on stderr only.
const QUEUE: usize = 64;

/// Warnings and errors from now on, for a window that shows them.
pub fn problems() -> Receiver<(Level, String)> {
    let (sender, receiver) = bounded(QUEUE);
    // The first window gets them; there is only one.
    WINDOW.set(sender).ok();
    receiver
}

/// Starts logging: warnings and errors, with `verbose` 1 also information, with 2 all. The lines of
/// libraries, which are not written, go to `libraries`.
pub fn install(verbose: u8, libraries: fn(&Record<'_>)) {
    let level = match verbose {
        0 => LevelFilter::Warn,
        1 => LevelFilter::Info,
        _ => LevelFilter::Trace,
    };
    LIBRARIES.set(libraries).ok();
    OWN.set(level).ok();
    // The only error is a logger that is already there, which then stays in use.
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(level);
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let own = OWN.get().copied().unwrap_or(LevelFilter::Warn);
        metadata.target().starts_with(TARGET) && metadata.level() <= own
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let level = record.level().as_str().to_lowercase();
            // A closed stderr is no reason to stop training.
            writeln!(std::io::stderr().lock(), "{level}: {}", record.args()).ok();
            if let (Some(window), Level::Error | Level::Warn) = (WINDOW.get(), record.level()) {
                window
                    .try_send((record.level(), record.args().to_string()))
                    .ok();
            }
        } else if !record.target().starts_with(TARGET)
            && let Some(libraries) = LIBRARIES.get()
        {
            libraries(record);
        }
    }

    fn flush(&self) {}
}
