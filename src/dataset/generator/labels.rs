//! The classes of the sample and their labels.

use crate::dataset::{Class, ClassList};

pub(super) const MEADOW: u8 = 1;
pub(super) const WATER: u8 = 2;
pub(super) const HOUSE: u8 = 3;
pub(super) const BALLOON: u8 = 4;
pub(super) const TREE: u8 = 5;
pub(super) const POST: u8 = 6;

/// The classes in the order of their labels; 0 is the background.
pub(super) fn sample_classes() -> ClassList {
    let classes: [(&str, [u8; 3]); 7] = [
        ("background", [58, 64, 84]),
        ("meadow", [132, 200, 82]),
        ("water", [54, 146, 230]),
        ("house", [228, 88, 66]),
        ("balloon", [250, 198, 52]),
        ("tree", [22, 124, 80]),
        ("post", [206, 98, 224]),
    ];
    let named = |(name, color): (&str, [u8; 3])| Class {
        name: name.to_owned(),
        color,
    };
    ClassList::new(classes.into_iter().map(named).collect()).unwrap_or_default()
}
