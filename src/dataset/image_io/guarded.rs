//! Runs the decoders of other crates.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// Whether a decoder runs on this thread.
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a decoder. Decoders have panicked on damaged files before; here that is one more way of not being
/// decodable, of which nothing but the message is told.
pub(super) fn guarded<T>(decode: impl FnOnce() -> T) -> Result<T, String> {
    be_silent();
    let was_decoding = IS_DECODING.replace(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    IS_DECODING.set(was_decoding);
    decoded.map_err(|_| "the decoder gave up on it".to_owned())
}

fn is_decoding() -> bool {
    IS_DECODING.try_with(Cell::get).unwrap_or(false)
}

/// Keeps the trace of a decoder's panic from the terminal, from now on.
fn be_silent() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if is_decoding() {
                log::debug!("A decoder panicked: {panic}");
            } else {
                others(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_nothing_is_silent_behind_it() {
        let decoded = guarded(|| {
            assert!(is_decoding());
            // As the decoder of a TIFF inside of that of a mask.
            let inner = guarded(|| -> u8 { panic!("an index is out of bounds") });
            (inner, is_decoding())
        });
        let gave_up = Err("the decoder gave up on it".to_owned());
        assert_eq!(decoded, Ok((gave_up, true)));
        assert!(!is_decoding());
    }
}
