//! The figure of the papers: an image, the masks of several networks and the ground truth in a row, with
//! the classes below. As a drawing and as a picture.
//!
//! Lays out rectangles and texts whose size it is told. Must not know about fonts.

mod picture;
mod svg;

use std::sync::Arc;

use crate::engine::{ClassList, LabelMap, Pixels};
pub use picture::picture;
pub use svg::svg;

/// Widest and narrowest column, in pixels; smaller images are enlarged by whole factors.
const MAX_COLUMN: u32 = 640;
const MIN_COLUMN: u32 = 220;
const MARGIN: u32 = 16;
const GAP: u32 = 10;
/// Between a picture and its title, and around the legend.
const SPACE: u32 = 6;
/// Width and height of a square of color.
const SWATCH: u32 = 12;

/// Sizes of the letters, in pixels.
pub const TITLE_SIZE: f32 = 15.0;
pub const DETAIL_SIZE: f32 = 12.0;

/// What a column shows.
#[derive(Debug, Clone)]
pub enum Shown {
    Image(Pixels),
    Mask(Arc<LabelMap>, Arc<ClassList>),
}

/// A text whose size is known: as it is drawn, with an ellipsis where it was too long.
#[derive(Debug, Clone, PartialEq)]
pub struct SizedText {
    pub text: String,
    pub width: u32,
    pub height: u32,
    /// How much of each pixel is covered by ink, row by row.
    pub ink: Vec<u8>,
}

/// A column of the figure.
#[derive(Debug, Clone)]
pub struct Column {
    pub shown: Shown,
    pub title: SizedText,
    pub detail: SizedText,
}

/// Everything that is drawn.
#[derive(Debug, Clone)]
pub struct Figure {
    columns: Vec<Column>,
    /// All classes of the masks by label, those that no mask has included.
    classes: Vec<([u8; 3], SizedText)>,
}

/// A rectangle, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Area {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

/// Where everything goes.
struct Layout<'a> {
    width: u32,
    height: u32,
    columns: Vec<(Area, &'a Shown)>,
    texts: Vec<(u32, u32, f32, &'a SizedText)>,
    swatches: Vec<(Area, [u8; 3])>,
}

/// The width of a column that shows an image `width` pixels wide.
pub fn column_width(width: u32) -> u32 {
    let width = width.max(1);
    if width < MIN_COLUMN {
        return width * MIN_COLUMN.div_ceil(width);
    }
    width.min(MAX_COLUMN)
}

impl Figure {
    /// A figure of `columns`, and of those `classes` that their masks have.
    pub fn new(columns: Vec<Column>, classes: Vec<([u8; 3], SizedText)>) -> Self {
        Self { columns, classes }
    }

    /// The labels that occur in any mask.
    fn used(&self) -> [bool; 256] {
        let mut used = [false; 256];
        for column in &self.columns {
            if let Shown::Mask(mask, _) = &column.shown {
                for label in &mask.labels {
                    used[usize::from(*label)] = true;
                }
            }
        }
        used
    }

    fn layout(&self) -> Layout<'_> {
        let (mut columns, mut texts) = (Vec::new(), Vec::new());
        let (mut left, mut bottom) = (MARGIN, MARGIN);
        for column in &self.columns {
            let [width, height] = column.shown.size();
            let scaled = column_width(width);
            let area = Area {
                left,
                top: MARGIN,
                width: scaled,
                height: scaled_side(height, width, scaled),
            };
            columns.push((area, &column.shown));
            let mut top = area.top + area.height + SPACE;
            for (text, size) in [(&column.title, TITLE_SIZE), (&column.detail, DETAIL_SIZE)] {
                let centered = left + scaled.saturating_sub(text.width) / 2;
                texts.push((centered, top, size, text));
                top += text.height;
            }
            bottom = bottom.max(top);
            left += scaled + GAP;
        }
        let width = (left - GAP.min(left) + MARGIN).max(2 * MARGIN);
        let (swatches, bottom) = self.legend(width, bottom + 2 * SPACE, &mut texts);
        Layout {
            width,
            height: bottom + MARGIN,
            columns,
            texts,
            swatches,
        }
    }

    /// The classes from left to right, in as many lines as they need; also returns where they end.
    fn legend<'a>(
        &'a self,
        width: u32,
        top: u32,
        texts: &mut Vec<(u32, u32, f32, &'a SizedText)>,
    ) -> (Vec<(Area, [u8; 3])>, u32) {
        let used = self.used();
        let mut swatches = Vec::new();
        let (mut left, mut top, mut line) = (MARGIN, top, 0);
        let shown = self.classes.iter().enumerate();
        for (_, (color, name)) in shown.filter(|(label, _)| used[*label]) {
            let entry = SWATCH + SPACE + name.width;
            if left > MARGIN && left + entry + MARGIN > width {
                left = MARGIN;
                top += line + SPACE;
                line = 0;
            }
            let height = name.height.max(SWATCH);
            let area = Area {
                left,
                top: top + (height - SWATCH) / 2,
                width: SWATCH,
                height: SWATCH,
            };
            swatches.push((area, *color));
            texts.push((left + SWATCH + SPACE, top, DETAIL_SIZE, name));
            left += entry + 2 * GAP;
            line = line.max(height);
        }
        (swatches, top + line)
    }
}

impl Shown {
    fn size(&self) -> [u32; 2] {
        match self {
            Self::Image(image) => image.size().into(),
            Self::Mask(mask, _) => [mask.width, mask.height],
        }
    }
}

/// `side * to / from`, 1 or more.
fn scaled_side(side: u32, from: u32, to: u32) -> u32 {
    let scaled = u64::from(side) * u64::from(to) / u64::from(from.max(1));
    u32::try_from(scaled.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Class, Rgb};

    pub fn text(text: &str) -> SizedText {
        let (width, height) = (text.chars().count() as u32 * 6, 10);
        SizedText {
            text: text.to_owned(),
            width,
            height,
            ink: vec![255; (width * height) as usize],
        }
    }

    /// An image of 2 x 1 pixels and a mask of it, with classes 0 to 2 of which 0 and 2 occur.
    pub fn figure() -> Figure {
        let class = |n: u8| Class {
            name: format!("class<{n}>"),
            color: [n, 100, 200],
        };
        let classes = ClassList::new((0..3).map(class).collect()).expect("classes");
        let image = Rgb {
            width: 2,
            height: 1,
            pixels: vec![10, 20, 30, 40, 50, 60],
        };
        let mask = LabelMap {
            width: 2,
            height: 1,
            labels: vec![2, 0],
        };
        let legend = (0..3).map(|n| ([n, 100, 200], text(&format!("class<{n}>"))));
        let columns = vec![
            Column {
                shown: Shown::Image(image.into()),
                title: text("Image"),
                detail: text(""),
            },
            Column {
                shown: Shown::Mask(Arc::new(mask), Arc::new(classes)),
                title: text("FCN-8s"),
                detail: text("mIoU 50 %"),
            },
        ];
        Figure::new(columns, legend.collect())
    }

    #[test]
    fn small_images_are_enlarged_by_whole_factors_and_large_ones_reduced() {
        assert_eq!(column_width(2), 220);
        assert_eq!(column_width(32), 224);
        assert_eq!(column_width(480), 480);
        assert_eq!(column_width(2048), 640);
        assert_eq!(scaled_side(1024, 2048, 640), 320);
        assert_eq!(scaled_side(1, 30_000, 640), 1);
    }

    #[test]
    fn columns_stand_side_by_side_over_the_classes_that_occur() {
        let figure = figure();
        let layout = figure.layout();
        assert_eq!(layout.width, 16 + 220 + 10 + 220 + 16);
        let lefts: Vec<u32> = layout.columns.iter().map(|(area, _)| area.left).collect();
        assert_eq!(lefts, [16, 246]);
        assert_eq!(layout.columns[0].0.height, 110);
        let colors: Vec<u8> = layout.swatches.iter().map(|(_, color)| color[0]).collect();
        assert_eq!(colors, [0, 2], "class 1 is in no mask");
        // The title of the first column is in its middle.
        let (left, top, _, title) = layout.texts[0];
        assert_eq!(
            (left, top, &*title.text),
            (16 + (220 - 30) / 2, 16 + 110 + 6, "Image")
        );
        assert!(layout.swatches.iter().all(|(area, _)| area.top > top));
        assert!(layout.height > layout.swatches[0].0.top + SWATCH);
    }

    #[test]
    fn a_legend_that_is_too_long_goes_on_in_the_next_line() {
        let mut figure = figure();
        for (_, name) in &mut figure.classes {
            name.width = 400;
        }
        let layout = figure.layout();
        let [first, second] = &layout.swatches[..] else {
            panic!("two classes")
        };
        assert_eq!(first.0.left, second.0.left);
        assert!(second.0.top >= first.0.top + SWATCH);
    }
}
