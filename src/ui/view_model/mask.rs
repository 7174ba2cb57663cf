//! From label maps to pixels: fills, outlines, errors, disagreement.
//!
//! Every function returns RGBA, 4 bytes per pixel, row by row. A pixel is either opaque or
//! `[0, 0, 0, 0]`, so the bytes are also valid as premultiplied alpha; opacity is applied
//! when the layer is drawn. Pure functions, for worker threads.

use super::ClassSet;
use crate::engine::{ClassList, LabelMap, VOID};

/// Colors for marks over masks, the first ones preferred.
const ERROR_COLORS: [[u8; 3]; 6] = [
    [255, 32, 64],
    [255, 0, 220],
    [255, 255, 255],
    [0, 255, 255],
    [255, 230, 0],
    [120, 255, 0],
];
const DISAGREEMENT_COLORS: [[u8; 3]; 6] = [
    [255, 196, 0],
    [0, 255, 255],
    [255, 255, 255],
    [255, 0, 220],
    [120, 255, 0],
    [255, 32, 64],
];
/// Farther than this from each other, colors are told apart at a glance.
const FAR: u32 = 90;

/// Where nothing is drawn.
pub(super) const CLEAR: [u8; 4] = [0; 4];

/// Each visible class in its color; void, hidden classes and unknown labels are transparent.
pub fn fill(mask: &LabelMap, classes: &ClassList, visible: ClassSet) -> Vec<u8> {
    let palette = palette(classes, visible);
    mask.labels
        .iter()
        .flat_map(|&label| palette[usize::from(label)])
        .collect()
}

/// The borders between labels, `width` pixels (1 or more) on either side, each side in its
/// class color. Hidden classes and void have no color, but others have a border to them.
pub fn outline(mask: &LabelMap, classes: &ClassList, visible: ClassSet, width: usize) -> Vec<u8> {
    let palette = palette(classes, visible);
    let (columns, rows) = (mask.width as usize, mask.height as usize);
    let label = |x: usize, y: usize| mask.labels[y * columns + x];
    let mut rgba = Vec::with_capacity(mask.labels.len() * 4);
    for y in 0..rows {
        for x in 0..columns {
            let own = label(x, y);
            let meets_other = (1..=width).any(|d| {
                (x >= d && label(x - d, y) != own)
                    || (x + d < columns && label(x + d, y) != own)
                    || (y >= d && label(x, y - d) != own)
                    || (y + d < rows && label(x, y + d) != own)
            });
            rgba.extend(if meets_other {
                palette[usize::from(own)]
            } else {
                CLEAR
            });
        }
    }
    rgba
}

/// The color of wrong pixels, which none of the classes has.
pub fn error_color(classes: &ClassList) -> [u8; 3] {
    unlike(classes, ERROR_COLORS)
}

/// The color of pixels on which masks differ, which none of the classes has.
pub fn disagreement_color(classes: &ClassList) -> [u8; 3] {
    unlike(classes, DISAGREEMENT_COLORS)
}

/// The first of `colors` that is far from all classes, or else the farthest of all colors.
fn unlike(classes: &ClassList, colors: [[u8; 3]; 6]) -> [u8; 3] {
    let distance = |color: &[u8; 3]| {
        let to = |class: [u8; 3]| {
            let differences = color
                .iter()
                .zip(class)
                .map(|(a, b)| u32::from(a.abs_diff(b)));
            differences
                .map(|difference| difference * difference)
                .sum::<u32>()
        };
        classes
            .iter()
            .map(|class| to(class.color))
            .min()
            .unwrap_or(u32::MAX)
    };
    let [preferred, ..] = colors;
    colors
        .into_iter()
        .find(|color| distance(color) >= FAR * FAR)
        .or_else(|| every_color().max_by_key(distance))
        .unwrap_or(preferred)
}

/// Colors all over the cube. There are more of them than a list has classes, so that no class has
/// one of them.
fn every_color() -> impl Iterator<Item = [u8; 3]> {
    const LEVELS: [u8; 7] = [0, 43, 85, 128, 170, 213, 255];
    let levels = || LEVELS.into_iter();
    levels().flat_map(move |r| levels().flat_map(move |g| levels().map(move |b| [r, g, b])))
}

/// The wrong pixels of `mask` in [`error_color`]; pixels with void as ground truth are transparent.
///
/// # Panics
/// When the maps differ in size.
pub fn errors(mask: &LabelMap, truth: &LabelMap, classes: &ClassList) -> Vec<u8> {
    assert_same_size(mask, truth);
    let color = error_color(classes);
    mask.labels
        .iter()
        .zip(&truth.labels)
        .flat_map(|(&predicted, &truth)| opaque_where(truth != VOID && predicted != truth, color))
        .collect()
}

/// The pixels on which not all `masks` agree in [`disagreement_color`]. The masks must
/// have the same classes. One mask has no disagreement; without masks the result is empty.
///
/// # Panics
/// When the maps differ in size.
pub fn disagreement(masks: &[&LabelMap], classes: &ClassList) -> Vec<u8> {
    let color = disagreement_color(classes);
    let Some((first, others)) = masks.split_first() else {
        return Vec::new();
    };
    for other in others {
        assert_same_size(first, other);
    }
    (0..first.labels.len())
        .flat_map(|i| {
            let differs = others.iter().any(|mask| mask.labels[i] != first.labels[i]);
            opaque_where(differs, color)
        })
        .collect()
}

/// A position in an image, in pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pixel {
    pub x: u32,
    pub y: u32,
}

/// The label at a pixel; `None` outside of the mask.
pub fn label_at(mask: &LabelMap, Pixel { x, y }: Pixel) -> Option<u8> {
    let inside = x < mask.width && y < mask.height;
    inside
        .then(|| y as usize * mask.width as usize + x as usize)
        .and_then(|i| mask.labels.get(i).copied())
}

/// RGBA by label.
pub(super) fn palette(classes: &ClassList, visible: ClassSet) -> [[u8; 4]; 256] {
    let mut palette = [CLEAR; 256];
    for (label, class) in (0..=u8::MAX).zip(classes.iter()) {
        if label != VOID {
            palette[usize::from(label)] = opaque_where(visible.contains(label), class.color);
        }
    }
    palette
}

fn opaque_where(shown: bool, [r, g, b]: [u8; 3]) -> [u8; 4] {
    if shown { [r, g, b, 255] } else { CLEAR }
}

fn assert_same_size(a: &LabelMap, b: &LabelMap) {
    assert_eq!(
        [a.width, a.height],
        [b.width, b.height],
        "label maps differ in size"
    );
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::Class;
    use crate::ui::view_model::class_colors::{ClassColors, ColorChoice};

    const BLACK: [u8; 4] = [0, 0, 0, 255];
    const RED: [u8; 4] = [128, 0, 0, 255];
    const GREEN: [u8; 4] = [0, 128, 0, 255];
    const WRONG: [u8; 4] = [255, 32, 64, 255];
    const DIFFERS: [u8; 4] = [255, 196, 0, 255];

    fn classes() -> ClassList {
        serde_json::from_str(
            r#"[{"name": "background", "color": [0, 0, 0]},
                {"name": "car", "color": [128, 0, 0]},
                {"name": "tree", "color": [0, 128, 0]}]"#,
        )
        .unwrap()
    }

    fn map(width: u32, labels: &[u8]) -> LabelMap {
        LabelMap {
            width,
            height: labels.len() as u32 / width,
            labels: labels.to_vec(),
        }
    }

    fn without(label: u8) -> ClassSet {
        let mut set = ClassSet::default();
        set.set(label, false);
        set
    }

    #[test]
    fn fill_gives_each_class_its_color_and_leaves_void_clear() {
        let mask = map(2, &[0, 1, 2, VOID]);
        let rgba = fill(&mask, &classes(), ClassSet::default());
        assert_eq!(rgba, [BLACK, RED, GREEN, CLEAR].concat());
    }

    #[test]
    fn fill_leaves_hidden_and_unknown_classes_clear() {
        let mask = map(4, &[0, 1, 2, 9]);
        let rgba = fill(&mask, &classes(), without(1));
        assert_eq!(rgba, [BLACK, CLEAR, GREEN, CLEAR].concat());
    }

    #[test]
    fn outline_colors_both_sides_of_a_border() {
        let mask = map(4, &[1, 1, 2, 2]);
        let rgba = outline(&mask, &classes(), ClassSet::default(), 1);
        assert_eq!(rgba, [CLEAR, RED, GREEN, CLEAR].concat());
    }

    #[test]
    fn outline_sees_rows_above_and_below() {
        let mask = map(1, &[1, 1, 1, 2]);
        let rgba = outline(&mask, &classes(), ClassSet::default(), 1);
        assert_eq!(rgba, [CLEAR, CLEAR, RED, GREEN].concat());
    }

    #[test]
    fn outline_of_width_two_is_two_pixels_on_either_side() {
        let mask = map(6, &[1, 1, 1, 2, 2, 2]);
        let rgba = outline(&mask, &classes(), ClassSet::default(), 2);
        assert_eq!(rgba, [CLEAR, RED, RED, GREEN, GREEN, CLEAR].concat());
    }

    #[test]
    fn outline_skips_hidden_and_void_but_draws_against_them() {
        let mask = map(4, &[1, 2, VOID, 1]);
        let rgba = outline(&mask, &classes(), without(2), 1);
        assert_eq!(rgba, [RED, CLEAR, CLEAR, RED].concat());
    }

    #[test]
    fn one_label_everywhere_has_no_outline() {
        let mask = map(3, &[1; 9]);
        let rgba = outline(&mask, &classes(), ClassSet::default(), 1);
        assert_eq!(rgba, vec![0; 36]);
    }

    #[test]
    fn errors_mark_wrong_pixels_and_ignore_void() {
        let (mask, truth) = (map(4, &[0, 1, 2, 1]), map(4, &[0, 2, VOID, 1]));
        let rgba = errors(&mask, &truth, &classes());
        assert_eq!(rgba, [CLEAR, WRONG, CLEAR, CLEAR].concat());
    }

    #[test]
    #[should_panic(expected = "differ in size")]
    fn errors_of_other_sizes_are_a_bug() {
        errors(&map(2, &[0, 0]), &map(1, &[0, 0]), &classes());
    }

    #[test]
    fn disagreement_needs_one_mask_that_differs() {
        let (a, b, c) = (map(3, &[0, 1, 2]), map(3, &[0, 1, 1]), map(3, &[0, 2, 2]));
        let disagreement = |masks: &[&LabelMap]| super::disagreement(masks, &classes());
        assert_eq!(
            disagreement(&[&a, &b, &c]),
            [CLEAR, DIFFERS, DIFFERS].concat()
        );
        assert_eq!(disagreement(&[&a, &b]), [CLEAR, CLEAR, DIFFERS].concat());
        assert_eq!(disagreement(&[&a]), [CLEAR; 3].concat());
        assert!(disagreement(&[]).is_empty());
    }

    #[test]
    fn marks_have_a_color_that_no_class_has() {
        let list = |colors: &[[u8; 3]]| {
            let classes = colors.iter().map(|color| Class {
                name: "class".into(),
                color: *color,
            });
            ClassList::new(classes.collect()).expect("classes")
        };
        // Red like the mark, then all marks but one.
        let red = list(&[[250, 30, 60], [0, 0, 0]]);
        assert_eq!(error_color(&red), ERROR_COLORS[1]);
        let all_but_white = [0, 1, 3, 4, 5].map(|index| ERROR_COLORS[index]);
        assert_eq!(error_color(&list(&all_but_white)), [255, 255, 255]);
    }

    /// How far a mark is from the class that is most like it.
    fn distance(mark: [u8; 3], classes: &ClassList) -> f64 {
        let distance = |class: &Class| {
            let sides = mark.iter().zip(class.color);
            let squares = sides.map(|(a, b)| (f64::from(*a) - f64::from(b)).powi(2));
            squares.sum::<f64>().sqrt()
        };
        classes.iter().map(distance).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn no_class_of_any_palette_looks_like_a_mark() {
        let of_colors = |colors: Vec<[u8; 3]>| {
            let classes = colors.into_iter().enumerate();
            let classes = classes.map(|(label, color)| Class {
                name: format!("class {label}"),
                color,
            });
            ClassList::new(classes.collect()).expect("classes")
        };
        let published = [
            ClassList::voc(),
            ClassList::camvid(),
            ClassList::camvid_original(),
            ClassList::cityscapes(),
            ClassList::oxford_pets(),
            classes(),
        ];
        // Those without a palette get VOC's, up to as many classes as there can be.
        let numbered = [1, 2, 21, 60, 150, 254].map(ClassList::numbered);
        let mut lists: Vec<(ClassList, f64)> = Vec::new();
        for classes in published.into_iter().chain(numbered) {
            let classes = Arc::new(classes);
            let safe = ClassColors::new(ColorChoice::ColorBlind).of(&classes);
            lists.push((classes.as_ref().clone(), f64::from(FAR)));
            lists.push((safe.as_ref().clone(), f64::from(FAR)));
        }
        // Grays, as of masks without a palette.
        let gray = |label: u8| [label; 3];
        lists.push((of_colors((0..254).map(gray).collect()), f64::from(FAR)));
        // Every color that is tried, one after the other.
        let tried: Vec<[u8; 3]> = ERROR_COLORS.into_iter().chain(every_color()).collect();
        lists.push((of_colors(tried[..254].to_vec()), 1.0));
        lists.push((of_colors(tried[tried.len() - 254..].to_vec()), 1.0));
        for (classes, least) in lists {
            for mark in [error_color(&classes), disagreement_color(&classes)] {
                let found = distance(mark, &classes);
                let names = (classes.len(), classes.name(0));
                assert!(found >= least, "{mark:?} of {names:?}: {found}");
            }
        }
    }

    #[test]
    fn label_at_knows_the_edges() {
        let mask = map(2, &[3, 4, 5, 6]);
        assert_eq!(label_at(&mask, Pixel { x: 1, y: 0 }), Some(4));
        assert_eq!(label_at(&mask, Pixel { x: 0, y: 1 }), Some(5));
        assert_eq!(label_at(&mask, Pixel { x: 2, y: 0 }), None);
        assert_eq!(label_at(&mask, Pixel { x: 0, y: 2 }), None);
    }
}
