//! Classes, their colors, and the void label.
//!
//! Knows the published class lists of PASCAL VOC and `CamVid` and the text form
//! `classes.txt`. Must not touch the disk.

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
                "{} classes are too many, at most {MAX_CLASSES} fit into a label map",
                classes.len()
            ));
        }
        Ok(Self { classes })
    }

    /// The 21 classes of PASCAL VOC, background included, in their published colors.
    pub fn voc() -> Self {
        let named = |(label, name): (u8, &str)| Class {
            name: name.to_owned(),
            color: voc_color(label),
        };
        Self {
            classes: (0..).zip(VOC_NAMES).map(named).collect(),
        }
    }

    /// The 11 classes of `CamVid` as `SegNet` grouped them, in its colors.
    pub fn camvid() -> Self {
        let named = |(name, color): (&str, [u8; 3])| Class {
            name: name.to_owned(),
            color,
        };
        Self {
            classes: CAMVID_CLASSES.into_iter().map(named).collect(),
        }
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

    /// Reads the text of a `classes.txt`: one class a line as `name` or
    /// `name red green blue`; a name may hold spaces, `#` starts a comment line.
    /// A class without a color gets VOC's color for its label.
    ///
    /// # Errors
    /// A sentence for the user when there is no class, there are too many, or a
    /// color value is above 255.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut classes = Vec::new();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let default_color = voc_color(u8::try_from(classes.len()).unwrap_or(VOID));
            classes.push(
                parse_class(line, default_color)
                    .map_err(|reason| format!("line {}: {reason}", index + 1))?,
            );
        }
        if classes.is_empty() {
            return Err(
                "there is no class in it. Write one class a line, as \"name\" or \"name red green blue\""
                    .to_owned(),
            );
        }
        Self::new(classes)
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

/// Reads one line of a class list, already trimmed and not empty.
fn parse_class(line: &str, default_color: [u8; 3]) -> Result<Class, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_number = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit());
    let split = words.len().saturating_sub(3);
    let (name, values) = words.split_at(split);
    if name.is_empty() || !values.iter().all(is_number) {
        return Ok(Class {
            name: line.to_owned(),
            color: default_color,
        });
    }
    let mut color = [0; 3];
    for (channel, value) in color.iter_mut().zip(values) {
        *channel = value
            .parse()
            .map_err(|_| format!("the color value {value} is above 255"))?;
    }
    Ok(Class {
        name: name.join(" "),
        color,
    })
}

const VOC_NAMES: [&str; 21] = [
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
];

const CAMVID_CLASSES: [(&str, [u8; 3]); 11] = [
    ("Sky", [128, 128, 128]),
    ("Building", [128, 0, 0]),
    ("Pole", [192, 192, 128]),
    ("Road", [128, 64, 128]),
    ("Pavement", [60, 40, 222]),
    ("Tree", [128, 128, 0]),
    ("SignSymbol", [192, 128, 128]),
    ("Fence", [64, 64, 128]),
    ("Car", [64, 0, 128]),
    ("Pedestrian", [64, 64, 0]),
    ("Bicyclist", [0, 128, 192]),
];

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
    fn class_lists_are_parsed() {
        let list = ClassList::parse("\u{feff}# comment\nsky 1 2 3\r\n\n traffic light \nlane 2\n")
            .expect("a valid list");
        assert_eq!((list.name(0), list.color(0)), ("sky", [1, 2, 3]));
        assert_eq!(
            (list.name(1), list.color(1)),
            ("traffic light", [128, 0, 0])
        );
        assert_eq!((list.name(2), list.color(2)), ("lane 2", [0, 128, 0]));
        assert!(
            ClassList::parse("road 1 2 300")
                .unwrap_err()
                .contains("line 1: the color value 300")
        );
        assert!(
            ClassList::parse("# nothing\n")
                .unwrap_err()
                .contains("no class")
        );
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
