//! How the color of a class is laid over the pixel below it.

use serde::{Deserialize, Serialize};
use strum::EnumIter;

use super::ClassSet;
use super::mask::{CLEAR, palette};
use crate::engine::{ClassList, LabelMap, Rgb};

/// A way to mix two colors; the opacity of the mask is applied to the result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Blend {
    /// The color of the class alone.
    #[default]
    Normal,
    /// Both multiplied: never lighter than the image.
    Multiply,
    /// The opposite of multiplying: never darker than the image.
    Screen,
    /// The color of the class in the brightness of the image, whose texture stays.
    Color,
}

impl Blend {
    /// Its name in a list.
    pub fn label(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Multiply => "Multiply",
            Self::Screen => "Screen",
            Self::Color => "Color",
        }
    }

    /// What it does, in a sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Normal => "The color of the class over the image, at the opacity that is set",
            Self::Multiply => "The color of the class times that of the image: for bright images",
            Self::Screen => "Brightens the image by the color of the class: for dark images",
            Self::Color => {
                "The color of the class in the brightness of the image, whose texture stays visible"
            }
        }
    }

    /// The color of a pixel with a class.
    pub fn mix(self, below: [u8; 3], class: [u8; 3]) -> [u8; 3] {
        let each = |mix: fn(u32, u32) -> u32| {
            let value = |channel: usize| {
                let mixed = mix(below[channel].into(), class[channel].into());
                u8::try_from(mixed).unwrap_or(u8::MAX)
            };
            [value(0), value(1), value(2)]
        };
        match self {
            Self::Normal => class,
            Self::Multiply => each(|below, class| (below * class + 127) / 255),
            Self::Screen => each(|below, class| 255 - ((255 - below) * (255 - class) + 127) / 255),
            Self::Color => in_brightness(class, luma(below)),
        }
    }
}

/// As [`fill`](super::mask::fill), with each color mixed with that of the image below it.
///
/// # Panics
/// When image and mask differ in size.
pub fn blended(
    mask: &LabelMap,
    image: &Rgb,
    (classes, visible): (&ClassList, ClassSet),
    blend: Blend,
) -> Vec<u8> {
    assert_eq!(
        [mask.width, mask.height],
        [image.width, image.height],
        "image and mask differ in size"
    );
    let palette = palette(classes, visible);
    let mixed = |(label, below): (&u8, &[u8])| {
        let [r, g, b, alpha] = palette[usize::from(*label)];
        if alpha == 0 {
            return CLEAR;
        }
        let [r, g, b] = blend.mix([below[0], below[1], below[2]], [r, g, b]);
        [r, g, b, alpha]
    };
    let pixels = mask.labels.iter().zip(image.pixels.chunks_exact(3));
    pixels.flat_map(mixed).collect()
}

/// Rec. 601, `0.0..=255.0`.
fn luma([r, g, b]: [u8; 3]) -> f32 {
    0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b)
}

/// A color moved to a brightness; what leaves the range is pulled toward gray, as the PDF standard's
/// `ClipColor` does.
fn in_brightness(color: [u8; 3], wanted: f32) -> [u8; 3] {
    let moved = color.map(|value| f32::from(value) + wanted - luma(color));
    let (least, most) = (
        moved.into_iter().fold(f32::MAX, f32::min),
        moved.into_iter().fold(f32::MIN, f32::max),
    );
    let pulled = |value: f32| {
        let mut value = value;
        if least < 0.0 {
            value = wanted + (value - wanted) * wanted / (wanted - least);
        }
        if most > 255.0 {
            value = wanted + (value - wanted) * (255.0 - wanted) / (most - wanted);
        }
        value.round().clamp(0.0, 255.0) as u8
    };
    moved.map(pulled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_mixed_as_their_names_say() {
        let (below, class) = ([100, 200, 0], [255, 51, 128]);
        assert_eq!(Blend::Normal.mix(below, class), class);
        // 100 * 255 / 255, 200 * 51 / 255, 0.
        assert_eq!(Blend::Multiply.mix(below, class), [100, 40, 0]);
        // 255, 255 - 55 * 204 / 255, 128.
        assert_eq!(Blend::Screen.mix(below, class), [255, 211, 128]);
    }

    #[test]
    fn the_color_mode_keeps_the_brightness_of_the_image() {
        for below in [
            [0, 0, 0],
            [40, 90, 20],
            [128, 128, 128],
            [200, 220, 250],
            [255, 255, 255],
        ] {
            for class in [[255, 0, 0], [0, 0, 255], [10, 200, 90], [90, 90, 90]] {
                let mixed = Blend::Color.mix(below, class);
                let error = (luma(mixed) - luma(below)).abs();
                assert!(error < 1.5, "{below:?} {class:?}: {mixed:?}");
            }
        }
        assert_eq!(Blend::Color.mix([0; 3], [255, 0, 0]), [0; 3]);
        assert_eq!(Blend::Color.mix([255; 3], [255, 0, 0]), [255; 3]);
    }
}
