//! The panels, one struct each. A panel keeps view state only.

pub mod compare;
pub mod curves;
pub mod dataset;
pub mod inspect;
pub mod live;
pub mod train;
