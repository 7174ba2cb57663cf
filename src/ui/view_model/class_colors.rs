//! The colors in which classes are shown: those of the dataset, or colors that color-blind people
//! can tell apart. Masks that are saved as labels keep those of the dataset.

use std::cell::RefCell;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::{Class, ClassList, color_blind};

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
            ColorChoice::ColorBlind if classes.get(label).is_some() => color_blind(label),
            _ => classes.color(label),
        }
    }
}

fn for_color_blind(classes: &ClassList) -> ClassList {
    let recolored = classes.iter().zip(0..=u8::MAX).map(|(class, label)| Class {
        name: class.name.clone(),
        color: color_blind(label),
    });
    // As many as there were.
    ClassList::new(recolored.collect()).unwrap_or_else(|_| classes.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::VOID;
    use crate::ui::theme::class_color;
    use crate::ui::theme::color_vision::{Sight, distance};
    use crate::ui::view_model::mask::{disagreement_color, error_color};

    /// About 2.3 is just noticeable.
    const CLEAR: f64 = 15.0;

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
