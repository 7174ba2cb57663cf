//! How well a mask fits its image by the edges under its boundaries, as it is and turned as EXIF turns
//! the image.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage};

use crate::dataset::{LabelMap, Rgb, VOID};

/// Fewer pixels at boundaries say nothing.
const MIN_PIXELS: u64 = 12;
/// Mean steps of color below are noise.
const NOISE: f64 = 6.0;
/// How much stronger the edges are on the one side than on the other, of one pair.
pub(super) const CLEAR: f64 = 2.0;
/// How wide a line of void between two objects is, at most; VOC's has 5 pixels.
const LINE: usize = 16;

/// Steps of color under the boundaries of a mask.
#[derive(Debug, Clone, Copy, Default)]
struct Steps {
    sum: f64,
    pixels: u64,
}

/// How well a mask fits its image, by the boundaries that it has only as it is and only when it is
/// turned as EXIF turns the image.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fit {
    shown: Steps,
    stored: Steps,
}

/// What a mask was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MadeFor {
    Shown,
    Stored,
    Unknown,
}

impl Fit {
    /// Compares a mask with its image as it is shown; `None` where EXIF does not turn the image, the
    /// size tells, or the mask stays the same when it is turned.
    pub(super) fn of(rgb: &Rgb, labels: &LabelMap, orientation: Orientation) -> Option<Self> {
        if orientation == Orientation::NoTransforms || rgb.size() != labels.size() {
            return None;
        }
        let turned = turned(labels, orientation)?;
        if turned.size() != labels.size() || turned.labels == labels.labels {
            return None;
        }
        Some(Self {
            shown: Steps::under(rgb, labels, &turned),
            stored: Steps::under(rgb, &turned, labels),
        })
    }

    pub(super) fn and(self, other: Self) -> Self {
        let and = |one: Steps, other: Steps| Steps {
            sum: one.sum + other.sum,
            pixels: one.pixels + other.pixels,
        };
        Self {
            shown: and(self.shown, other.shown),
            stored: and(self.stored, other.stored),
        }
    }

    pub(super) fn made_for(self, clear: f64) -> MadeFor {
        let (Some(shown), Some(stored)) = (self.shown.mean(), self.stored.mean()) else {
            return MadeFor::Unknown;
        };
        if stored > NOISE && stored > clear * shown {
            MadeFor::Stored
        } else if shown > NOISE && shown > clear * stored {
            MadeFor::Shown
        } else {
            MadeFor::Unknown
        }
    }
}

/// A mask as EXIF turns its image.
pub(super) fn turned(labels: &LabelMap, orientation: Orientation) -> Option<LabelMap> {
    let pixels = GrayImage::from_raw(labels.width, labels.height, labels.labels.clone())?;
    let mut image = DynamicImage::ImageLuma8(pixels);
    image.apply_orientation(orientation);
    Some(LabelMap {
        width: image.width(),
        height: image.height(),
        labels: image.into_luma8().into_raw(),
    })
}

impl Steps {
    /// The steps across the boundaries of a mask that `other` does not have in the same places.
    fn under(rgb: &Rgb, labels: &LabelMap, other: &LabelMap) -> Self {
        let (width, height) = (labels.width as usize, labels.height as usize);
        let mut steps = Self::default();
        for y in 0..height {
            steps.along((0..width).map(|x| y * width + x), rgb, labels, other);
        }
        for x in 0..width {
            steps.along((0..height).map(|y| y * width + x), rgb, labels, other);
        }
        steps
    }

    fn along(
        &mut self,
        line: impl Iterator<Item = usize>,
        rgb: &Rgb,
        labels: &LabelMap,
        other: &LabelMap,
    ) {
        let is_boundary = |labels: &[u8], a: usize, b: usize| {
            labels[a] != labels[b] && labels[a] != VOID && labels[b] != VOID
        };
        // Objects with a line of void around them meet across it.
        let mut before: Option<(usize, usize)> = None;
        for (place, pixel) in line.enumerate() {
            if labels.labels[pixel] == VOID {
                continue;
            }
            if let Some((last_place, last)) = before
                && place - last_place <= LINE
                && is_boundary(&labels.labels, last, pixel)
                && !is_boundary(&other.labels, last, pixel)
            {
                self.sum += f64::from(step(rgb, last, pixel));
                self.pixels += 1;
            }
            before = Some((place, pixel));
        }
    }

    fn mean(self) -> Option<f64> {
        (self.pixels >= MIN_PIXELS).then(|| self.sum / self.pixels as f64)
    }
}

/// The largest difference of a channel between two pixels. Objects of one brightness and another
/// color have an edge too.
fn step(rgb: &Rgb, one: usize, other: usize) -> u8 {
    let pixels = rgb.pixels.as_chunks::<3>().0;
    let channels = pixels[one].iter().zip(&pixels[other]);
    channels.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square of another color but nearly the same brightness, and its mask with a line of void
    /// around it.
    fn square(left: u32, top: u32) -> (Rgb, LabelMap) {
        let inside = |x: u32, y: u32, margin: u32| {
            (left - margin..left + 8 + margin).contains(&x)
                && (top - margin..top + 8 + margin).contains(&y)
        };
        let places = || (0..24).flat_map(|y| (0..32).map(move |x| (x, y)));
        let rgb = Rgb {
            width: 32,
            height: 24,
            pixels: places()
                .flat_map(|(x, y)| {
                    if inside(x, y, 0) {
                        [140, 80, 100]
                    } else {
                        [80, 120, 110]
                    }
                })
                .collect(),
        };
        let label = |(x, y)| match (inside(x, y, 0), inside(x, y, 1)) {
            (true, _) => 1,
            (_, true) => VOID,
            _ => 0,
        };
        let labels = LabelMap {
            width: 32,
            height: 24,
            labels: places().map(label).collect(),
        };
        (rgb, labels)
    }

    fn made_for(rgb: &Rgb, labels: &LabelMap, orientation: Orientation) -> Option<MadeFor> {
        Some(Fit::of(rgb, labels, orientation)?.made_for(CLEAR))
    }

    #[test]
    fn half_turns_and_mirroring_show_at_the_boundaries() {
        use Orientation::{FlipHorizontal, FlipVertical, NoTransforms, Rotate90, Rotate180};
        let (rgb, seen) = square(2, 3);
        for orientation in [Rotate180, FlipHorizontal, FlipVertical] {
            // Each of these is its own reverse.
            let stored = turned(&seen, orientation).expect("a mask");
            assert_eq!(
                made_for(&rgb, &stored, orientation),
                Some(MadeFor::Stored),
                "{orientation:?}"
            );
            assert_eq!(
                made_for(&rgb, &seen, orientation),
                Some(MadeFor::Shown),
                "{orientation:?}"
            );
        }
        assert_eq!(made_for(&rgb, &seen, NoTransforms), None);
        assert_eq!(made_for(&rgb, &seen, Rotate90), None, "the size tells");
        // A mask that fits neither way.
        let (_, elsewhere) = square(12, 3);
        let unknown = made_for(&rgb, &elsewhere, Rotate180);
        assert_eq!(unknown, Some(MadeFor::Unknown));
        let nothing = LabelMap {
            labels: vec![0; 32 * 24],
            ..seen
        };
        assert_eq!(made_for(&rgb, &nothing, Rotate180), None);
    }
}
