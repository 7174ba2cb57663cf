//! Training steps in 16 bits on a GPU: which kind, for as long as a step lasts.
//!
//! Operations take no precision as a parameter: those of a thread that has [entered](Half::enter)
//! one round what they multiply, and keep it for their backward pass in 16 bits. Products and sums,
//! gradients and weights stay `f32`.

use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    static ENTERED: Cell<Option<Half>> = const { Cell::new(None) };
}

/// A 16-bit dtype.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Half {
    /// The range of `f32` and 8 bits of precision.
    Bf16,
    /// 11 bits of precision, and values up to 65504.
    F16,
}

impl Half {
    /// Steps on this thread are in these 16 bits until the guard is dropped.
    pub fn enter(self) -> EnteredHalf {
        EnteredHalf {
            previous: ENTERED.replace(Some(self)),
            on_this_thread: PhantomData,
        }
    }

    /// What this thread has entered.
    #[cfg_attr(
        not(feature = "gpu"),
        expect(dead_code, reason = "asked by GPUs alone")
    )]
    pub(crate) fn entered() -> Option<Self> {
        ENTERED.get()
    }
}

/// While it lives, steps of this thread are in [`Half`].
#[derive(Debug)]
#[must_use = "steps are in 16 bits while the guard lives"]
pub struct EnteredHalf {
    previous: Option<Half>,
    /// Not `Send`: it must be dropped where it was made.
    on_this_thread: PhantomData<*const ()>,
}

impl Drop for EnteredHalf {
    fn drop(&mut self) {
        ENTERED.set(self.previous);
    }
}
