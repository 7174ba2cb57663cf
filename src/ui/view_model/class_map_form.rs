//! A class map while it is edited: rows of classes, with what is typed as text.

use crate::engine::{
    ClassList, ClassMap, DatasetEdit, MappedClass, Palette, RangeChoice, color_blind, voc_color,
};

/// A class that is edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRow {
    /// Its name.
    pub name: String,
    /// Its color; `None` = that of the palette.
    pub color: Option<[u8; 3]>,
    /// Classes of the dataset's own list that belong to it.
    pub from: Vec<String>,
    /// Labels in the masks that belong to it, as text.
    pub labels: String,
    /// Colors in the masks that belong to it; they are kept as they are.
    colors: Vec<[u8; 3]>,
    /// Whether its pixels are void.
    pub ignore: bool,
}

/// What becomes of the values of deep images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeKind {
    /// All that the format can hold.
    Format,
    /// From one value to another.
    Stated,
    /// As measured.
    Measured,
}

/// Which bands are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BandKind {
    /// As the format says.
    Format,
    /// One as gray.
    Gray,
    /// Three as colors.
    Colors,
}

/// All that is edited of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassMapForm {
    /// The map as it was read, of which the rest is kept.
    map: ClassMap,
    /// The classes of the dataset.
    own: ClassList,
    /// Labels that are not counted, as text.
    pub void: String,
    /// Whether the masks count classes from 1.
    pub from_one: bool,
    /// Colors of classes without one.
    pub palette: Option<Palette>,
    /// The classes.
    pub rows: Vec<ClassRow>,
    /// Which bands are shown.
    pub bands: BandKind,
    /// Red, green and blue; gray is the first.
    pub chosen: [u8; 3],
    /// What becomes of the values of deep images.
    pub range: RangeKind,
    /// The lowest and the highest value.
    pub values: [u16; 2],
}

impl ClassMapForm {
    /// What a dataset has now.
    pub fn new(edit: &DatasetEdit) -> Self {
        let (map, own) = (edit.map.clone(), edit.base.classes.clone());
        let rows = if map.classes.is_empty() {
            own.iter()
                .map(|class| ClassRow {
                    name: class.name.clone(),
                    color: map.palette.is_none().then_some(class.color),
                    from: vec![class.name.clone()],
                    labels: String::new(),
                    colors: Vec::new(),
                    ignore: false,
                })
                .collect()
        } else {
            let is_own = |name: &str| {
                own.iter()
                    .any(|class| class.name.eq_ignore_ascii_case(name))
            };
            map.classes
                .iter()
                .map(|class| ClassRow {
                    name: class.name.clone(),
                    color: class.color,
                    from: if class.from.is_empty() && class.labels.is_empty() && is_own(&class.name)
                    {
                        vec![class.name.clone()]
                    } else {
                        class.from.clone()
                    },
                    labels: numbers_text(&class.labels),
                    colors: class.colors.clone(),
                    ignore: class.ignore,
                })
                .collect()
        };
        let (bands, chosen) = match map.bands[..] {
            [gray] => (BandKind::Gray, [gray, gray, gray]),
            [red, green, blue] => (BandKind::Colors, [red, green, blue]),
            _ => (BandKind::Format, [1, 2, 3]),
        };
        let (range, values) = match map.range {
            Some(RangeChoice::Stated(values)) => (RangeKind::Stated, values),
            Some(RangeChoice::Measured) => (RangeKind::Measured, [0, u16::MAX]),
            None => (RangeKind::Format, [0, 4095]),
        };
        Self {
            void: numbers_text(&map.void),
            from_one: map.first_label == Some(1),
            palette: map.palette,
            rows,
            bands,
            chosen,
            range,
            values,
            own,
            map,
        }
    }

    /// The classes of the dataset.
    pub fn own(&self) -> &ClassList {
        &self.own
    }

    /// The color in which a row is shown.
    pub fn color(&self, row: usize) -> [u8; 3] {
        let before = self.rows.iter().take(row).filter(|row| !row.ignore);
        let label = u8::try_from(before.count()).unwrap_or(u8::MAX);
        self.rows[row].color.unwrap_or_else(|| match self.palette {
            Some(Palette::ColorBlind) => color_blind(label),
            Some(Palette::Voc) | None => voc_color(label),
        })
    }

    /// Gives all classes the colors of a palette; `None` = those of the dataset's own list.
    pub fn set_palette(&mut self, palette: Option<Palette>) {
        self.palette = palette;
        for row in &mut self.rows {
            let own = self.own.iter().find(|class| row.from.contains(&class.name));
            row.color = match palette {
                None => own.map(|class| class.color),
                Some(_) => None,
            };
        }
    }

    /// Takes a class of the dataset into a row, and out of all others; or out of the row.
    pub fn set_from(&mut self, row: usize, class: &str, takes: bool) {
        for (index, other) in self.rows.iter_mut().enumerate() {
            if index == row && takes {
                if !other.from.iter().any(|name| name == class) {
                    other.from.push(class.to_owned());
                }
            } else if index == row || takes {
                other.from.retain(|name| name != class);
            }
        }
        // A row that is left without anything is no class any more.
        if takes {
            let mut index = 0;
            self.rows.retain(|other| {
                index += 1;
                index - 1 == row || !other.is_empty()
            });
        }
    }

    /// A new class at the end.
    pub fn add(&mut self) {
        self.rows.push(ClassRow {
            name: String::new(),
            color: None,
            from: Vec::new(),
            labels: String::new(),
            colors: Vec::new(),
            ignore: false,
        });
    }

    /// The map that is meant.
    ///
    /// # Errors
    /// A sentence when something typed is no number.
    pub fn map(&self) -> Result<ClassMap, String> {
        let classes = if self.is_own() {
            Vec::new()
        } else {
            self.rows
                .iter()
                .map(ClassRow::class)
                .collect::<Result<_, _>>()?
        };
        Ok(ClassMap {
            first_label: self.from_one.then_some(1),
            void: numbers(&self.void)
                .map_err(|part| format!("\"{part}\" is no label from 0 to 255"))?,
            palette: self.palette,
            bands: match self.bands {
                BandKind::Format => Vec::new(),
                BandKind::Gray => vec![self.chosen[0]],
                BandKind::Colors => self.chosen.to_vec(),
            },
            range: match self.range {
                RangeKind::Format => None,
                RangeKind::Stated => Some(RangeChoice::Stated(self.values)),
                RangeKind::Measured => Some(RangeChoice::Measured),
            },
            classes,
            ..self.map.clone()
        })
    }

    /// Whether the rows are the classes of the dataset as they are.
    fn is_own(&self) -> bool {
        self.rows.len() == self.own.len()
            && self.rows.iter().zip(&self.own).all(|(row, class)| {
                let has_own_color = match self.palette {
                    None => row.color == Some(class.color),
                    Some(_) => row.color.is_none(),
                };
                has_own_color
                    && row.name == class.name
                    && row.from == [class.name.as_str()]
                    && row.labels.trim().is_empty()
                    && row.colors.is_empty()
                    && !row.ignore
            })
    }
}

impl ClassRow {
    fn is_empty(&self) -> bool {
        self.from.is_empty() && self.labels.trim().is_empty() && self.colors.is_empty()
    }

    fn class(&self) -> Result<MappedClass, String> {
        let labels = numbers(&self.labels).map_err(|part| {
            format!(
                "class \"{}\": \"{part}\" is no label from 0 to 255",
                self.name
            )
        })?;
        Ok(MappedClass {
            name: self.name.trim().to_owned(),
            color: self.color.filter(|_| !self.ignore),
            labels,
            colors: self.colors.clone(),
            from: self.from.clone(),
            ignore: self.ignore,
        })
    }
}

/// Labels between commas or blanks; the first part that is none.
fn numbers(text: &str) -> Result<Vec<u8>, String> {
    text.split([',', ' ', ';'])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().map_err(|_| part.to_owned()))
        .collect()
}

fn numbers_text(numbers: &[u8]) -> String {
    let numbers: Vec<String> = numbers.iter().map(u8::to_string).collect();
    numbers.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Class;

    fn form() -> ClassMapForm {
        let class = |name: &str, color| Class {
            name: name.to_owned(),
            color,
        };
        let own = vec![
            class("ground", [0, 0, 0]),
            class("car", [1, 1, 1]),
            class("truck", [2, 2, 2]),
        ];
        let own = ClassList::new(own).expect("classes");
        ClassMapForm {
            map: ClassMap::default(),
            void: String::new(),
            from_one: false,
            palette: None,
            rows: own
                .iter()
                .map(|class| ClassRow {
                    name: class.name.clone(),
                    color: Some(class.color),
                    from: vec![class.name.clone()],
                    labels: String::new(),
                    colors: Vec::new(),
                    ignore: false,
                })
                .collect(),
            own,
            bands: BandKind::Format,
            chosen: [1, 2, 3],
            range: RangeKind::Format,
            values: [0, 4095],
        }
    }

    #[test]
    fn what_is_not_changed_says_nothing() {
        assert_eq!(form().map(), Ok(ClassMap::default()));
        let mut changed = form();
        changed.void = "0, 11".to_owned();
        changed.bands = BandKind::Colors;
        changed.chosen = [4, 3, 2];
        changed.range = RangeKind::Measured;
        let map = changed.map().expect("a map");
        assert_eq!((map.void, map.classes.len()), (vec![0, 11], 0));
        assert_eq!(map.bands, [4, 3, 2]);
        assert_eq!(map.range, Some(RangeChoice::Measured));
        changed.void = "0, x".to_owned();
        assert!(changed.map().expect_err("no label").contains("\"x\""));
    }

    #[test]
    fn a_class_is_merged_into_another() {
        let mut form = form();
        form.set_from(1, "truck", true);
        assert_eq!(form.rows.len(), 2, "truck is no class any more");
        form.rows[1].name = "vehicle".to_owned();
        form.rows[0].ignore = true;
        let map = form.map().expect("a map");
        assert_eq!(map.classes[1].from, ["car", "truck"]);
        assert_eq!((map.classes[0].ignore, map.classes[0].color), (true, None));
        form.set_from(1, "truck", false);
        assert_eq!(form.rows[1].from, ["car"]);
        form.rows[1].labels = "7 300".to_owned();
        let message = form.map().expect_err("no label");
        assert!(
            message.contains("vehicle") && message.contains("300"),
            "{message}"
        );
    }

    #[test]
    fn palettes_color_the_classes_that_count() {
        let mut form = form();
        form.set_palette(Some(Palette::ColorBlind));
        assert_eq!([0, 1].map(|row| form.color(row)), [[0, 0, 0], [0, 0, 255]]);
        form.rows[0].ignore = true;
        assert_eq!(form.color(1), [0, 0, 0], "the first that counts");
        form.set_palette(None);
        assert_eq!(form.color(2), [2, 2, 2]);
    }
}
