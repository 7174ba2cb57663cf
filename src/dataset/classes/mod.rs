//! Classes, their colors, and the void label.
//!
//! Knows the published class lists and the text forms of class lists. Must not touch
//! the disk.

mod color_blind;
mod parse;
mod published;

pub use color_blind::color_blind;
pub(super) use parse::{ListKind, ParsedClasses};
pub(super) use published::{CITYSCAPES_TRAIN_IDS, is_voc_palette};

use serde::{Deserialize, Serialize};

/// The label of pixels that no score and no loss counts, as in PASCAL VOC.
/// Readers map a dataset's own void label (11 in `CamVid`) to this one.
pub const VOID: u8 = 255;

/// The color VOC draws void in, RGB.
pub(super) const VOID_COLOR: [u8; 3] = [224, 224, 192];

/// The most classes a list may hold: labels are bytes, and 254 and 255 are left
/// to void labels.
pub(super) const MAX_CLASSES: usize = 254;

/// One class of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Name as people say it.
    pub name: String,
    /// Color as RGB, 0..=255.
    pub color: [u8; 3],
}

/// The classes of a dataset; the position is the label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Class>", into = "Vec<Class>")]
pub struct ClassList {
    classes: Vec<Class>,
}

impl ClassList {
    /// A list of these classes, the first one with label 0.
    ///
    /// # Errors
    /// A sentence for the user when there are more than 254 classes.
    pub fn new(classes: Vec<Class>) -> Result<Self, String> {
        if classes.len() > MAX_CLASSES {
            return Err(format!(
                "{} classes are too many, at most {MAX_CLASSES} fit into a label map. Leave out those that no mask has",
                classes.len()
            ));
        }
        Ok(Self { classes })
    }

    /// `num_classes` classes (254 at most) named "class 0", "class 1" and so on,
    /// in VOC's colors.
    pub fn numbered(num_classes: usize) -> Self {
        let numbered = |label: u8| Class {
            name: format!("class {label}"),
            color: voc_color(label),
        };
        Self {
            classes: (0..=VOID)
                .take(num_classes.min(MAX_CLASSES))
                .map(numbered)
                .collect(),
        }
    }

    /// Number of classes, background included.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there is no class.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// The classes in the order of their labels.
    pub fn iter(&self) -> std::slice::Iter<'_, Class> {
        self.classes.iter()
    }

    /// The class of a label.
    pub fn get(&self, label: u8) -> Option<&Class> {
        self.classes.get(usize::from(label))
    }

    /// Color of a label as RGB; void's for what is no class.
    pub fn color(&self, label: u8) -> [u8; 3] {
        self.get(label).map_or(VOID_COLOR, |class| class.color)
    }

    /// Name of a label; "void" for what is no class.
    pub fn name(&self, label: u8) -> &str {
        self.get(label).map_or("void", |class| &class.name)
    }

    /// Whether a label is what is left around the objects of a dataset, by its name: "background" or
    /// "bg", in any case.
    pub fn is_background(&self, label: u8) -> bool {
        self.get(label)
            .is_some_and(|class| is_background(&class.name))
    }

    /// The palette of an indexed PNG: the color of every label, void's for those
    /// that are no class.
    pub fn palette(&self) -> [[u8; 3]; 256] {
        let mut palette = [VOID_COLOR; 256];
        for (entry, class) in palette.iter_mut().zip(&self.classes) {
            *entry = class.color;
        }
        palette
    }
}

impl<'a> IntoIterator for &'a ClassList {
    type Item = &'a Class;
    type IntoIter = std::slice::Iter<'a, Class>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl TryFrom<Vec<Class>> for ClassList {
    type Error = String;

    fn try_from(classes: Vec<Class>) -> Result<Self, String> {
        Self::new(classes)
    }
}

impl From<ClassList> for Vec<Class> {
    fn from(list: ClassList) -> Self {
        list.classes
    }
}

/// VOC's color of a label as RGB: the label's bits, three at a time, become the
/// highest bits of red, green and blue, so that neighbors differ clearly.
pub fn voc_color(label: u8) -> [u8; 3] {
    let mut color = [0; 3];
    let mut rest = label;
    for shift in (0..8).rev() {
        for (channel, value) in color.iter_mut().enumerate() {
            *value |= ((rest >> channel) & 1) << shift;
        }
        rest >>= 3;
    }
    color
}

/// Whether a class of this name is what is left around the objects of a dataset.
pub(in crate::dataset) fn is_background(name: &str) -> bool {
    let name = name.trim_matches([' ', '_']);
    ["background", "bg"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word))
}

/// Whether labeling programs call so what is not labeled.
pub(in crate::dataset) fn is_ignored(name: &str) -> bool {
    ["__ignore__", "_ignore_"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voc_colors_are_the_published_ones() {
        assert_eq!(voc_color(0), [0, 0, 0]);
        assert_eq!(voc_color(1), [128, 0, 0]);
        assert_eq!(voc_color(2), [0, 128, 0]);
        assert_eq!(voc_color(8), [64, 0, 0]);
        assert_eq!(voc_color(15), [192, 128, 128]);
        assert_eq!(voc_color(20), [0, 64, 128]);
        assert_eq!(voc_color(VOID), VOID_COLOR);
    }

    #[test]
    fn known_lists_have_their_names_and_colors() {
        let voc = ClassList::voc();
        assert_eq!(voc.len(), 21);
        assert_eq!(voc.name(15), "person");
        assert_eq!(voc.color(15), [192, 128, 128]);
        let camvid = ClassList::camvid();
        assert_eq!(camvid.len(), 11);
        assert_eq!(camvid.name(3), "Road");
        assert_eq!(camvid.color(3), [128, 64, 128]);
        assert_eq!(camvid.name(11), "void");
    }

    #[test]
    fn unknown_labels_are_void() {
        let list = ClassList::numbered(2);
        assert_eq!(
            (list.name(1), list.name(2), list.name(VOID)),
            ("class 1", "void", "void")
        );
        assert_eq!(list.color(2), VOID_COLOR);
        let palette = list.palette();
        assert_eq!(
            (palette[0], palette[1], palette[2], palette[255]),
            ([0, 0, 0], [128, 0, 0], VOID_COLOR, VOID_COLOR)
        );
    }

    #[test]
    fn background_is_told_by_its_name() {
        let voc = ClassList::voc();
        let of_voc: Vec<u8> = (0..=VOID)
            .filter(|label| voc.is_background(*label))
            .collect();
        assert_eq!(of_voc, [0]);
        let names = [
            "Background",
            "__background__",
            "bg",
            "background clutter",
            "sky",
        ];
        let classes = names.map(|name| Class {
            name: name.to_owned(),
            color: [0; 3],
        });
        let list = ClassList::new(classes.to_vec()).expect("a list");
        let found = [0, 1, 2, 3, 4, VOID].map(|label| list.is_background(label));
        assert_eq!(found, [true, true, true, false, false, false]);
    }

    #[test]
    fn more_than_254_classes_are_refused() {
        let classes: Vec<Class> = (0..255)
            .map(|_| Class {
                name: "x".into(),
                color: [0; 3],
            })
            .collect();
        assert!(ClassList::new(classes[..254].to_vec()).is_ok());
        assert!(ClassList::new(classes).unwrap_err().contains("255 classes"));
        assert_eq!(ClassList::numbered(1000).len(), 254);
    }

    #[test]
    fn a_list_is_saved_as_a_plain_array() {
        let list = ClassList::numbered(1);
        let text = serde_json::to_string(&list).expect("a list can be written");
        assert_eq!(text, r#"[{"name":"class 0","color":[0,0,0]}]"#);
        assert_eq!(
            serde_json::from_str::<ClassList>(&text).expect("and read"),
            list
        );
    }
}
