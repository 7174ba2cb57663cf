//! Writes the program's own log lines to stderr.
//!
//! Lines of libraries are left out: graphics drivers and windowing report at
//! warning level what nobody at the keyboard can act on.

use std::io::Write as _;

use log::{LevelFilter, Log, Metadata, Record};

const TARGET: &str = env!("CARGO_CRATE_NAME");

struct Logger;

static LOGGER: Logger = Logger;

/// Starts logging: warnings and errors, with `verbose` 1 also information, with 2 all.
pub fn install(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::Warn,
        1 => LevelFilter::Info,
        _ => LevelFilter::Trace,
    };
    // The only error is a logger that is already there, and it then goes on logging.
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(level);
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(TARGET)
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let level = record.level().as_str().to_lowercase();
            // A closed stderr is no reason to stop training.
            writeln!(std::io::stderr().lock(), "{level}: {}", record.args()).ok();
        }
    }

    fn flush(&self) {}
}
