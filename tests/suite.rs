//! All tests of the library in one program, which is linked once: each folder beside this
//! file is a module of it.
//!
//! A program of its own has what needs a process of its own: `autotune_cache` and `wgpu_path`
//! set up what a process has once; `cli` starts programs, and a child has the locked files
//! of its parent open until it runs.

#![expect(
    clippy::expect_used,
    reason = "helpers outside #[test] functions; a failure here is a failed test"
)]

mod architecture;
mod catalogue;
mod common;
mod documents;
mod old_runs;
mod reference;
mod training;
mod weights;
mod window;
