//! The colors in which classes are shown: those of the dataset, or colors that color-blind people
//! can tell apart. Masks that are saved as labels keep those of the dataset.

use std::cell::RefCell;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::{Class, ClassList};

/// Which colors classes have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColorChoice {
    /// Those that come with the dataset, or VOC's.
    #[default]
    Dataset,
    /// A color for each label, the same for all datasets.
    ColorBlind,
}

/// The colors by label, as hexadecimal digits of red, green and blue in steps of 17.
///
/// Of all such colors each is the one that is farthest from those before it, for people with
/// normal sight, deuteranopes and protanopes alike (Machado, Oliveira and Fernandes 2009; CIE
/// L*a*b*). All are far from white, from the color of void and from the marks of errors and
/// disagreement. The first is black, as in VOC; no other is nearly as dark.
const COLOR_BLIND: &str = "\
     00000fb5ba7846faf86df9135a60577af75070bff6f8ce6063968fac73658b9b3cbb434fb080f3a743aacfa686\
     0ee569bb8f6d5b5fc6842facb0d9573be50df5a906ebb890d95772cd93536e665b945df79fd39a47f09c79fe78\
     abd81d73b96545f998c866b186305677d468baaae89da65dafbff9a0a7667cfa49cf56ed9794ef7ff03f693897\
     b0009464949d064f2d67b9070e49779349a3a7bab7eb99756e09c6ce79abee675680a89b3587fcb66acde9e34c\
     e99c7edf4c97a50736eab96996826ac1a47ac759898a48ea27c36237735473767406c79533cac5ff8d98d6cdc8\
     a5e853f9cb6ec899fe4c03cc50ebba8ad3ce54e83155e43b5debd73516d9af97bf8734e579e4b86456c45877ec\
     7578b68eb1d5a726750c543e3a1d4a914a3be3c7625f7aca82899a05db4b894f8b9d3dda7884e75b788c17d9d8\
     b87c50e8d2b3092fe8a393bc999be9b1cce5d8cc74563e1df98e7e678f5fa0253ab8b7551ddfe9966055910a4a\
     a62ad49f67bacd534986f85e2ad6703d768a04d987";

/// Class lists that are remembered with their colors changed.
const KEPT: usize = 64;

/// Gives classes the chosen colors.
#[derive(Debug, Default)]
pub struct ClassColors {
    choice: ColorChoice,
    /// Class lists with the same ones in other colors: textures are painted again when their
    /// class list is another one.
    changed: RefCell<Vec<(Arc<ClassList>, Arc<ClassList>)>>,
}

impl ClassColors {
    /// In these colors.
    pub fn new(choice: ColorChoice) -> Self {
        Self {
            choice,
            ..Self::default()
        }
    }

    /// Which colors they are.
    pub fn choice(&self) -> ColorChoice {
        self.choice
    }

    /// `classes` in the chosen colors; of the same list it is always the same one.
    pub fn of(&self, classes: &Arc<ClassList>) -> Arc<ClassList> {
        if self.choice == ColorChoice::Dataset {
            return classes.clone();
        }
        let mut changed = self.changed.borrow_mut();
        if let Some((_, found)) = changed.iter().find(|(of, _)| Arc::ptr_eq(of, classes)) {
            return found.clone();
        }
        let recolored = Arc::new(for_color_blind(classes));
        if changed.len() == KEPT {
            changed.remove(0);
        }
        changed.push((classes.clone(), recolored.clone()));
        recolored
    }

    /// The color of a label, as [`ClassList::color`].
    pub fn color(&self, classes: &ClassList, label: u8) -> [u8; 3] {
        match self.choice {
            ColorChoice::ColorBlind if classes.get(label).is_some() => color_blind(label.into()),
            _ => classes.color(label),
        }
    }
}

fn for_color_blind(classes: &ClassList) -> ClassList {
    let recolored = classes.iter().enumerate().map(|(label, class)| Class {
        name: class.name.clone(),
        color: color_blind(label),
    });
    // As many as there were.
    ClassList::new(recolored.collect()).unwrap_or_else(|_| classes.clone())
}

/// There is one for every label of a class.
fn color_blind(label: usize) -> [u8; 3] {
    [0, 1, 2].map(|channel| {
        let digit = COLOR_BLIND.as_bytes().get(3 * label + channel);
        let value = digit.and_then(|digit| char::from(*digit).to_digit(16));
        value
            .and_then(|value| u8::try_from(17 * value).ok())
            .unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::VOID;
    use crate::ui::theme::class_color;
    use crate::ui::theme::color_vision::{Sight, distance};
    use crate::ui::view_model::mask::{disagreement_color, error_color};

    const MOST: usize = 254;
    /// About 2.3 is just noticeable.
    const CLEAR: f64 = 15.0;

    #[test]
    fn every_label_has_a_color_of_its_own() {
        let mut colors: Vec<_> = (0..MOST).map(color_blind).collect();
        assert_eq!(COLOR_BLIND.len(), 3 * MOST);
        assert_eq!((colors[0], colors[1]), ([0, 0, 0], [0, 0, 255]));
        colors.sort_unstable();
        colors.dedup();
        assert_eq!(colors.len(), MOST);
    }

    #[test]
    fn color_blind_people_can_tell_classes_marks_and_void() {
        let classes = Arc::new(ClassList::numbered(21));
        let shown = ClassColors::new(ColorChoice::ColorBlind).of(&classes);
        let mut colors: Vec<_> = shown.iter().map(|class| class.color).collect();
        colors.extend([error_color(&shown), disagreement_color(&shown)]);
        colors.push(shown.color(VOID));
        for sight in [Sight::Deuteranope, Sight::Protanope] {
            for (index, a) in colors.iter().enumerate() {
                for b in &colors[..index] {
                    let found = distance(class_color(*a), class_color(*b), sight);
                    assert!(found >= CLEAR, "{a:?} and {b:?} for {sight:?}: {found}");
                }
            }
        }
    }

    #[test]
    fn classes_keep_their_names_and_void_its_color() {
        let classes = Arc::new(ClassList::voc());
        let own = ClassColors::default();
        assert!(Arc::ptr_eq(&own.of(&classes), &classes));
        let other = ClassColors::new(ColorChoice::ColorBlind);
        let shown = other.of(&classes);
        assert!(Arc::ptr_eq(&other.of(&classes), &shown));
        assert_eq!((shown.len(), shown.name(3)), (21, "bird"));
        for label in [0, 3, 20, VOID] {
            assert_eq!(other.color(&classes, label), shown.color(label));
            assert_eq!(own.color(&classes, label), classes.color(label));
        }
        assert_eq!(shown.color(VOID), classes.color(VOID));
    }
}
