//! What training steps on a GPU multiply with, for as long as a step lasts.
//!
//! Operations take no precision as a parameter: those of a thread that has [entered](Arithmetic::enter)
//! one multiply in it. Sums, gradients and weights stay `f32`.

use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    static ENTERED: Cell<Arithmetic> = const { Cell::new(Arithmetic::EXACT) };
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
    /// Steps on this thread are in these 16 bits until the guard is dropped; products are exact.
    pub fn enter(self) -> EnteredArithmetic {
        let arithmetic = Arithmetic {
            half: Some(self),
            ..Arithmetic::EXACT
        };
        arithmetic.enter()
    }
}

/// Who multiplies the fragments of matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatrixUnits {
    /// The device's units for it (Vulkan's cooperative matrices, CUDA's tensor cores).
    Device,
    /// Plain arithmetic in their place: slow, for tests of all that is around them.
    Emulated,
}

/// What convolutions of a step multiply with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Arithmetic {
    /// What is multiplied is rounded to 16 bits, and kept for the backward pass in them.
    pub half: Option<Half>,
    /// Convolutions are multiplied in matrix units: rounded to [`half`](Self::half), gradients too, or
    /// without it each `f32` as the sum of two `bf16`.
    pub units: Option<MatrixUnits>,
}

impl Arithmetic {
    /// `f32`, with every product and sum rounded to it.
    pub const EXACT: Self = Self {
        half: None,
        units: None,
    };

    /// Steps on this thread multiply so until the guard is dropped.
    pub fn enter(self) -> EnteredArithmetic {
        EnteredArithmetic {
            previous: ENTERED.replace(self),
            on_this_thread: PhantomData,
        }
    }

    /// What this thread has entered.
    #[cfg_attr(
        not(feature = "gpu"),
        expect(dead_code, reason = "asked by GPUs alone")
    )]
    pub(crate) fn entered() -> Self {
        ENTERED.get()
    }
}

/// While it lives, steps of this thread are in an [`Arithmetic`].
#[derive(Debug)]
#[must_use = "steps are in this arithmetic while the guard lives"]
pub struct EnteredArithmetic {
    previous: Arithmetic,
    /// Not `Send`: it must be dropped where it was made.
    on_this_thread: PhantomData<*const ()>,
}

impl Drop for EnteredArithmetic {
    fn drop(&mut self) {
        ENTERED.set(self.previous);
    }
}
