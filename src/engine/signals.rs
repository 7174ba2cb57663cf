//! What a system sends before it ends programs: by then a run wants to be saved.

use std::io;

use signal_hook::consts::{SIGINT, SIGTERM};

/// Ctrl+C, the end that `kill`, a scheduler or a shutdown asks for, and the end of a session or
/// terminal.
#[cfg(unix)]
pub const STOP_SIGNALS: &[i32] = &[SIGINT, SIGTERM, signal_hook::consts::SIGHUP];

/// Ctrl+C, and the end that others ask for.
#[cfg(not(unix))]
pub const STOP_SIGNALS: &[i32] = &[SIGINT, SIGTERM];

/// Calls `act`, on a thread of its own, each time that the system asks for the end of the program.
///
/// # Errors
/// When a signal cannot be handled, or there is no thread.
#[cfg(unix)]
pub fn on_stop_signal(act: impl Fn() + Send + 'static) -> io::Result<()> {
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;

    let (mut told, teller) = UnixStream::pair()?;
    for signal in STOP_SIGNALS {
        signal_hook::low_level::pipe::register(*signal, teller.try_clone()?)?;
    }
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            let mut signal = [0];
            while told.read_exact(&mut signal).is_ok() {
                act();
            }
        })?;
    Ok(())
}

/// Elsewhere a window is closed by messages, which arrive at the window.
#[cfg(not(unix))]
pub fn on_stop_signal(_act: impl Fn() + Send + 'static) -> io::Result<()> {
    Ok(())
}
