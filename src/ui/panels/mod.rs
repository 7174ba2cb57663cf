//! The panels, one struct each. A panel keeps view state only.
