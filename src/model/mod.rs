//! stub, to be replaced
mod variant;
pub use variant::{FinalUpsampling, Trunk, Variant};
