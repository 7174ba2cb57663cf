//! Whether a mask was made for an image as it is stored or as its EXIF orientation shows it.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage};

use super::{LabelMap, Rgb};
use crate::dataset::VOID;

/// Fewer pixels at boundaries say nothing.
const MIN_PIXELS: u64 = 12;
/// How much stronger the image's edges have to be under the boundaries of the turned mask.
const MUCH_STRONGER: f64 = 2.0;
/// Differences of brightness below are noise.
const NOISE: f64 = 6.0;

/// Whether the boundaries of a mask lie on edges of the image only when the mask is turned as
/// the image was. Sizes tell this for quarter turns; after half turns and mirroring they agree.
pub(super) fn fits_as_stored(rgb: &Rgb, labels: &LabelMap, orientation: Orientation) -> bool {
    if orientation == Orientation::NoTransforms {
        return false;
    }
    let Some(stored) = GrayImage::from_raw(labels.width, labels.height, labels.labels.clone())
    else {
        return false;
    };
    let mut turned = DynamicImage::ImageLuma8(stored);
    turned.apply_orientation(orientation);
    let turned = LabelMap {
        width: turned.width(),
        height: turned.height(),
        labels: turned.into_luma8().into_raw(),
    };
    if turned.size() != labels.size() {
        return false;
    }
    let brightness: Vec<f64> = rgb
        .pixels
        .as_chunks::<3>()
        .0
        .iter()
        .map(|pixel| pixel.iter().map(|value| f64::from(*value)).sum::<f64>() / 3.0)
        .collect();
    match (
        edges_under(&brightness, labels),
        edges_under(&brightness, &turned),
    ) {
        (Some(as_it_is), Some(as_turned)) => {
            as_turned > NOISE && as_turned > MUCH_STRONGER * as_it_is
        }
        _ => false,
    }
}

/// The mean step of brightness across boundaries of a mask; `None` without enough of them.
fn edges_under(brightness: &[f64], labels: &LabelMap) -> Option<f64> {
    let (width, height) = (labels.width as usize, labels.height as usize);
    let (mut sum, mut pixels) = (0.0, 0);
    let mut across = |one: usize, other: usize| {
        let (a, b) = (labels.labels[one], labels.labels[other]);
        if a != b && a != VOID && b != VOID {
            sum += (brightness[one] - brightness[other]).abs();
            pixels += 1;
        }
    };
    for y in 0..height {
        for x in 0..width {
            let here = y * width + x;
            if x + 1 < width {
                across(here, here + 1);
            }
            if y + 1 < height {
                across(here, here + width);
            }
        }
    }
    (pixels >= MIN_PIXELS).then(|| sum / pixels as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bright square on dark ground at a place, and its mask.
    fn square(left: u32, top: u32) -> (Rgb, LabelMap) {
        let inside = |x: u32, y: u32| (left..left + 8).contains(&x) && (top..top + 8).contains(&y);
        let places = || (0..24).flat_map(|y| (0..32).map(move |x| (x, y)));
        let rgb = Rgb {
            width: 32,
            height: 24,
            pixels: places()
                .flat_map(|(x, y)| [if inside(x, y) { 200 } else { 40 }; 3])
                .collect(),
        };
        let labels = LabelMap {
            width: 32,
            height: 24,
            labels: places().map(|(x, y)| u8::from(inside(x, y))).collect(),
        };
        (rgb, labels)
    }

    #[test]
    fn a_half_turn_shows_at_the_boundaries() {
        let (rgb, seen) = square(2, 3);
        // 180 degrees bring the square from (2, 3) to (32 - 2 - 8, 24 - 3 - 8).
        let (_, stored) = square(22, 13);
        assert!(fits_as_stored(&rgb, &stored, Orientation::Rotate180));
        assert!(!fits_as_stored(&rgb, &seen, Orientation::Rotate180));
        assert!(!fits_as_stored(&rgb, &stored, Orientation::NoTransforms));
        // A mask that fits neither way is not for this check.
        let (_, elsewhere) = square(12, 3);
        assert!(!fits_as_stored(&rgb, &elsewhere, Orientation::Rotate180));
    }
}
