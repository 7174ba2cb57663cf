//! The panels, one struct each. A panel keeps view state only.

pub mod compare;
pub mod inspect;
pub mod live;
