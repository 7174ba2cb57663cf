//! Scores by the distance to the nearest label boundary: the trimap plots of the papers.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::ConfusionMatrix;
use super::boundary::is_border;

/// Widths of the bands along label boundaries, in pixels, as the trimap plots of Krähenbühl and
/// Koltun (NIPS 2011) and of `DeepLab` (arXiv:1412.7062) have them.
pub const TRIMAP_WIDTHS: [usize; 8] = [1, 2, 3, 5, 8, 12, 20, 40];

/// The distance of pixels in an image of one label.
const NEVER: u16 = u16::MAX;

/// How far the nearest pixel of another label is from each pixel, in Chebyshev distance (the larger
/// one of columns and rows); 1 beside a boundary, the largest value where there is none. A pixel is
/// in the [`boundary_band`](super::boundary_band) of a width where it is at most that.
///
/// `truth` is `[height, columns]` row by row. Void is a label, as it is there.
///
/// # Panics
/// When `truth` is not made of whole rows.
pub fn boundary_distance(truth: &[u8], columns: usize) -> Vec<u16> {
    assert!(
        truth.is_empty() || (columns > 0 && truth.len().is_multiple_of(columns)),
        "{} labels are no rows of {columns} columns",
        truth.len()
    );
    let rows = truth.len().checked_div(columns).unwrap_or(0);
    let mut distances = vec![NEVER; truth.len()];
    for row in 0..rows {
        for column in 0..columns {
            if is_border(truth, [columns, rows], column, row) {
                distances[row * columns + column] = 1;
            }
        }
    }
    // Twice over the image: from the pixels left and above, then from those right and below. That is
    // exact for this distance (Rosenfeld and Pfaltz, 1966).
    for row in 0..rows {
        for column in 0..columns {
            let at = row * columns + column;
            let mut nearest = distances[at];
            if column > 0 {
                nearest = nearest.min(one_more(distances[at - 1]));
            }
            if row > 0 {
                let around = around(column, columns);
                let above = &distances[at - column - columns..][around];
                nearest = above
                    .iter()
                    .fold(nearest, |d, above| d.min(one_more(*above)));
            }
            distances[at] = nearest;
        }
    }
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let at = row * columns + column;
            let mut nearest = distances[at];
            if column + 1 < columns {
                nearest = nearest.min(one_more(distances[at + 1]));
            }
            if row + 1 < rows {
                let around = around(column, columns);
                let below = &distances[at - column + columns..][around];
                nearest = below
                    .iter()
                    .fold(nearest, |d, below| d.min(one_more(*below)));
            }
            distances[at] = nearest;
        }
    }
    distances
}

/// A step farther; what is never reached stays so.
fn one_more(distance: u16) -> u16 {
    if distance == NEVER {
        NEVER
    } else {
        distance.saturating_add(1).min(NEVER - 1)
    }
}

/// A column and those beside it.
fn around(column: usize, columns: usize) -> Range<usize> {
    column.saturating_sub(1)..(column + 2).min(columns)
}

/// Counts by distance: a matrix for each ring between two of [`TRIMAP_WIDTHS`], and one for what is
/// farther than the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DistanceCounts {
    rings: Vec<ConfusionMatrix>,
}

/// The scores of a trimap band, and of the ring between it and the next narrower one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BandScore {
    /// Width of the band, in pixels; `None` = the whole image.
    pub width: Option<usize>,
    /// Labeled pixels in the band.
    pub pixels: u64,
    /// mIoU of the band, from one confusion matrix over the set.
    pub mean_iu: Option<f64>,
    /// Share of the band's pixels that are right.
    pub pixel_accuracy: Option<f64>,
    /// The same of the ring: the pixels that the next narrower band does not have.
    pub ring_accuracy: Option<f64>,
}

impl DistanceCounts {
    /// No image yet.
    pub fn new(num_classes: usize) -> Self {
        let rings = TRIMAP_WIDTHS.len() + 1;
        Self {
            rings: vec![ConfusionMatrix::new(num_classes); rings],
        }
    }

    /// Adds one image, with the [`boundary_distance`] of its pixels.
    ///
    /// # Panics
    /// As [`ConfusionMatrix::add`] does, and when the lengths differ.
    pub fn add(&mut self, truth: &[u8], predicted: &[u8], distances: &[u16]) {
        assert_eq!(truth.len(), distances.len(), "distances of another image");
        let pixels = truth.iter().zip(predicted).zip(distances);
        for ((truth, predicted), distance) in pixels {
            let ring = TRIMAP_WIDTHS.partition_point(|width| *width < usize::from(*distance));
            self.rings[ring].add(&[*truth], &[*predicted]);
        }
    }

    /// Adds the images of `other`.
    ///
    /// # Panics
    /// When the class counts differ.
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in self.rings.iter_mut().zip(&other.rings) {
            own.merge(other);
        }
    }

    /// The bands, the narrowest first, and the whole images last.
    pub fn bands(&self) -> Vec<BandScore> {
        let widths = TRIMAP_WIDTHS.iter().copied().map(Some).chain([None]);
        let mut band: Option<ConfusionMatrix> = None;
        let mut bands = Vec::new();
        for (width, ring) in widths.zip(&self.rings) {
            let band = match &mut band {
                Some(band) => {
                    band.merge(ring);
                    band
                }
                None => band.insert(ring.clone()),
            };
            bands.push(BandScore {
                width,
                pixels: band.total(),
                mean_iu: band.mean_iu(),
                pixel_accuracy: band.pixel_accuracy(),
                ring_accuracy: ring.pixel_accuracy(),
            });
        }
        bands
    }

    /// Whether it has the rings of this version, of `num_classes`.
    pub(super) fn is_of(&self, num_classes: usize) -> bool {
        self.rings.len() == TRIMAP_WIDTHS.len() + 1
            && (self.rings.iter()).all(|ring| ring.num_classes() == num_classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::boundary_band;

    #[test]
    fn the_distance_is_the_larger_one_of_columns_and_rows() {
        assert_eq!(boundary_distance(&[0, 0, 0, 1, 1], 5), [3, 2, 1, 1, 2]);
        #[rustfmt::skip]
        let truth = [
            0, 0, 0, 0, 0,
            0, 0, 0, 0, 0,
            0, 0, 1, 0, 0,
        ];
        #[rustfmt::skip]
        let expected = [
            2, 2, 2, 2, 2,
            2, 1, 1, 1, 2,
            2, 1, 1, 1, 2,
        ];
        assert_eq!(boundary_distance(&truth, 5), expected);
        assert_eq!(boundary_distance(&[7; 4], 2), [NEVER; 4]);
        assert!(boundary_distance(&[], 0).is_empty());
    }

    #[test]
    fn a_band_is_what_is_near_enough() {
        let mut state = 7_u32;
        for round in 0..60 {
            let columns = 3 + round % 11;
            let truth: Vec<u8> = (0..columns * (2 + round % 7))
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    // Mostly one label, so that there are distances.
                    u8::from(state >> 24 < 20)
                })
                .collect();
            let distances = boundary_distance(&truth, columns);
            for width in [1, 2, 4] {
                let near = distances.iter().zip(&truth);
                let near: Vec<u8> = near
                    .map(|(d, label)| {
                        if usize::from(*d) <= width {
                            *label
                        } else {
                            255
                        }
                    })
                    .collect();
                assert_eq!(near, boundary_band(&truth, columns, width), "{truth:?}");
            }
        }
    }

    #[test]
    fn bands_add_up_ring_by_ring() {
        // One row: three pixels of class 0, six of class 1, and void, which is not counted.
        let truth = [0, 0, 0, 1, 1, 1, 1, 1, 1, 255];
        let distances = boundary_distance(&truth, 10);
        assert_eq!(distances, [3, 2, 1, 1, 2, 3, 3, 2, 1, 1]);
        // Wrong: the pixels at 2, 3 (both in the band of 1 px) and 4 (2 px).
        let predicted = [0, 0, 1, 0, 0, 1, 1, 1, 1, 0];
        let mut counts = DistanceCounts::new(2);
        counts.add(&truth, &predicted, &distances);
        let bands = counts.bands();
        assert_eq!(bands.len(), 9);
        // In the band of 1 px: 0 -> 1, 1 -> 0, 1 -> 1.
        assert_eq!((bands[0].width, bands[0].pixels), (Some(1), 3));
        assert_eq!(bands[0].pixel_accuracy, Some(1.0 / 3.0));
        assert_eq!(bands[0].mean_iu, Some(f64::midpoint(0.0, 1.0 / 3.0)));
        // With those of 2 px: 0 -> 0, 1 -> 0, 1 -> 1.
        assert_eq!((bands[1].pixels, bands[1].pixel_accuracy), (6, Some(0.5)));
        assert_eq!(bands[1].ring_accuracy, Some(2.0 / 3.0));
        assert_eq!(bands[1].mean_iu, Some(f64::midpoint(1.0 / 4.0, 2.0 / 5.0)));
        // All nine are within 3 px; the wider rings are empty.
        assert_eq!((bands[2].pixels, bands[2].ring_accuracy), (9, Some(1.0)));
        assert_eq!((bands[3].pixels, bands[3].ring_accuracy), (9, None));
        assert_eq!((bands[8].width, bands[8].pixels), (None, 9));
        let mut whole = ConfusionMatrix::new(2);
        whole.add(&truth, &predicted);
        assert_eq!(bands[8].mean_iu, whole.mean_iu());

        let mut twice = counts.clone();
        twice.merge(&counts);
        assert_eq!(twice.bands()[8].pixels, 18);
        assert_eq!(twice.bands()[0].mean_iu, bands[0].mean_iu);
    }
}
