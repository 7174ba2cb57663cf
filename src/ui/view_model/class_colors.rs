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
/// disagreement. The first is black, as in VOC.
const COLOR_BLIND: &str = "\
     00000fb5b005a7846faf86106146df5a600a7af75045704aff6f8ce6063300368fac74378b9bb434fa0c265018\
     0f3a743103aa686505742cfa07a0ee202c09bb8f6de2d4124175b5fc6fac60c6be24530d472f6a826ebb957890\
     d95cd98106e6a6ddf78189fd03a85447f70294575b79fa8ce78abda3e10447957603355d998c866b14aba65414\
     332e09ae89daafb663ff955302acf56ed0ba0514ef7ff01363403f529693897a52094a176bf22651373b211626\
     3340060e46449777899a358c214178b1aab7212eb944987a06c4855466e09c6ce780512bee6a483077fc04dacd\
     328a3b348601d9edf4c97305b6136a909abb058d6d4191095665a9a63483b2c8a4d5ea5e8ea62b7ca2160d967b\
     4270bb79559aac569bff8d98242dc880dbac2bd80c45a9fe4c031300b6744cf84446810188ed4c7315de561bd7\
     c89af933170550e83e56930c4e54b86136c493d5877ec8b67528eb1d537c4526560c577899e43eb583a14407db\
     300acc5f774722236b49d89497c9359d3d8c411637";

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
