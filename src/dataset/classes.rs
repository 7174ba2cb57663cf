//! Classes, their colors, and the void label.

use serde::{Deserialize, Serialize};

/// The label of pixels that no score and no loss counts, as in PASCAL VOC.
/// Readers map a data set's own void label (11 in CamVid) to this one.
pub const VOID: u8 = 255;

/// One class of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Name as people say it.
    pub name: String,
    /// Color as RGB, 0..=255.
    pub color: [u8; 3],
}

/// The classes of a data set; the position is the label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClassList {
    classes: Vec<Class>,
}

impl ClassList {
    /// Number of classes, background included.
    pub fn len(&self) -> usize { self.classes.len() }
    /// Whether there is no class.
    pub fn is_empty(&self) -> bool { self.classes.is_empty() }
    /// The classes in the order of their labels.
    pub fn iter(&self) -> std::slice::Iter<'_, Class> { self.classes.iter() }
    /// The class of a label.
    pub fn get(&self, label: u8) -> Option<&Class> { self.classes.get(usize::from(label)) }
    /// Color of a label; void's for what is no class.
    pub fn color(&self, label: u8) -> [u8; 3] { self.get(label).map_or([224, 224, 192], |c| c.color) }
    /// Name of a label; "void" for what is no class.
    pub fn name(&self, label: u8) -> &str { self.get(label).map_or("void", |c| &c.name) }
}
/// stub
pub fn voc_color(_label: u8) -> [u8; 3] { [0, 0, 0] }
