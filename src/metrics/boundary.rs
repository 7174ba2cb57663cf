//! The band of pixels along label boundaries, to be scored on its own.

/// Default width of the band, in pixels.
pub const BOUNDARY_WIDTH: usize = 5;

/// Void, which keeps a pixel from being counted.
const VOID: u8 = 255;

/// The ground truth of one image with everything void but a band along its label
/// boundaries: the trimap of Kohli, Ladicky and Torr (IJCV 2009) and of Krähenbühl and
/// Koltun (NIPS 2011). A [`ConfusionMatrix`](super::ConfusionMatrix) of it over all images
/// has the boundary scores.
///
/// A pixel is in the band when a pixel of another true label is at most `width` pixels
/// away in Chebyshev distance (the larger of the distances in columns and rows): when the
/// square of `2 * width + 1` pixels around it is not all one label. Both sides of a
/// boundary belong to it, and the image's edge is none.
///
/// Void is a label here, so the rim of a void area is a boundary. PASCAL VOC draws void
/// between all objects, and `DeepLab` (arXiv:1412.7062, section 5) takes the pixels near
/// void for the band; where classes touch without void between them, as in `CamVid`, their
/// common border counts as well. Void pixels themselves stay void and are never counted.
///
/// `truth` is `[height, columns]` row by row, the result too. Takes time and memory
/// linear in the pixels, whatever the width. A width of 0 is an empty band.
///
/// # Panics
/// When `truth` is not made of whole rows.
pub fn boundary_band(truth: &[u8], columns: usize, width: usize) -> Vec<u8> {
    assert!(
        truth.is_empty() || (columns > 0 && truth.len().is_multiple_of(columns)),
        "{} labels are no rows of {columns} columns",
        truth.len()
    );
    if truth.is_empty() || width == 0 {
        return vec![VOID; truth.len()];
    }
    // The nearest other label is `width` away exactly where a border pixel is `width - 1` away.
    let borders = BorderCounts::new(truth, columns);
    let reach = width - 1;
    let in_band =
        |position: usize| borders.any_within(position % columns, position / columns, reach);
    let keep = |(position, &label)| if in_band(position) { label } else { VOID };
    truth.iter().enumerate().map(keep).collect()
}

/// Counts of border pixels, those with another label among their eight neighbors, summed
/// over all rectangles that start in the upper left corner. The count in any rectangle
/// follows from its four corners.
struct BorderCounts {
    columns: usize,
    rows: usize,
    /// `[rows + 1, columns + 1]`: border pixels above and left of each corner of a pixel.
    sums: Vec<u32>,
}

impl BorderCounts {
    fn new(truth: &[u8], columns: usize) -> Self {
        let rows = truth.len() / columns;
        let stride = columns + 1;
        let mut sums = vec![0; stride * (rows + 1)];
        for row in 0..rows {
            let mut in_row = 0;
            for column in 0..columns {
                in_row += u32::from(is_border(truth, [columns, rows], column, row));
                sums[(row + 1) * stride + column + 1] = sums[row * stride + column + 1] + in_row;
            }
        }
        Self {
            columns,
            rows,
            sums,
        }
    }

    /// Whether there is a border pixel at most `reach` columns and rows away.
    fn any_within(&self, column: usize, row: usize, reach: usize) -> bool {
        let span = |at: usize, end: usize| {
            [
                at.saturating_sub(reach),
                at.saturating_add(reach).saturating_add(1).min(end),
            ]
        };
        let ([left, right], [top, bottom]) = (span(column, self.columns), span(row, self.rows));
        let sum = |column: usize, row: usize| self.sums[row * (self.columns + 1) + column];
        sum(right, bottom) + sum(left, top) > sum(left, bottom) + sum(right, top)
    }
}

/// Whether a pixel has one of another label among its eight neighbors.
pub(super) fn is_border(
    truth: &[u8],
    [columns, rows]: [usize; 2],
    column: usize,
    row: usize,
) -> bool {
    let label = truth[row * columns + column];
    let (left, right) = (column.saturating_sub(1), (column + 2).min(columns));
    (row.saturating_sub(1)..(row + 2).min(rows)).any(|row| {
        truth[row * columns + left..row * columns + right]
            .iter()
            .any(|&other| other != label)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::ConfusionMatrix;

    /// Labels from text: digits are labels, `.` is void.
    fn labels(rows: &[&str]) -> Vec<u8> {
        let label = |byte: u8| if byte == b'.' { VOID } else { byte - b'0' };
        rows.iter().flat_map(|row| row.bytes().map(label)).collect()
    }

    #[test]
    fn the_band_has_both_sides_of_a_boundary() {
        let truth = labels(&["00001111"; 2]);
        assert_eq!(boundary_band(&truth, 8, 1), labels(&["...01..."; 2]));
        assert_eq!(boundary_band(&truth, 8, 2), labels(&["..0011.."; 2]));
        assert_eq!(boundary_band(&truth, 8, 3), labels(&[".000111."; 2]));
        assert_eq!(boundary_band(&truth, 8, 4), truth);
        assert_eq!(boundary_band(&truth, 8, usize::MAX), truth);
        assert_eq!(boundary_band(&truth, 8, 0), labels(&["........"; 2]));
    }

    #[test]
    fn the_distance_is_the_larger_one_of_columns_and_rows() {
        let truth = labels(&["00000", "00000", "00100", "00000", "00000"]);
        assert_eq!(
            boundary_band(&truth, 5, 1),
            labels(&[".....", ".000.", ".010.", ".000.", "....."])
        );
        assert_eq!(boundary_band(&truth, 5, 2), truth);
    }

    #[test]
    fn the_rim_of_void_is_a_boundary_and_void_is_not_counted() {
        let truth = labels(&["000..0000"]);
        assert_eq!(boundary_band(&truth, 9, 1), labels(&["..0..0..."]));
        assert_eq!(boundary_band(&truth, 9, 2), labels(&[".00..00.."]));
    }

    #[test]
    fn an_image_of_one_label_has_no_band() {
        assert_eq!(boundary_band(&[3; 12], 4, 5), [VOID; 12]);
        assert_eq!(boundary_band(&[3], 1, 5), [VOID]);
        assert!(boundary_band(&[], 0, 5).is_empty());
    }

    #[test]
    #[should_panic(expected = "7 labels are no rows of 2 columns")]
    fn half_a_row_is_a_bug() {
        boundary_band(&[0; 7], 2, 1);
    }

    /// Blobs of labels with holes of void, by a small generator of its own.
    fn random_labels(seed: u64, columns: usize, rows: usize) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut draw = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let mut truth = vec![0; columns * rows];
        for label in [1, 2, VOID] {
            let (left, top, side) = (draw(columns), draw(rows), 1 + draw(4));
            for row in top..(top + side).min(rows) {
                truth[row * columns + left..row * columns + (left + side).min(columns)].fill(label);
            }
        }
        truth
    }

    /// The definition, word by word: every pixel against every other one.
    fn by_definition(truth: &[u8], columns: usize, width: usize) -> Vec<u8> {
        let place = |position: usize| (position % columns, position / columns);
        let in_band = |position: usize| {
            let (column, row) = place(position);
            (0..truth.len()).any(|other| {
                let (other_column, other_row) = place(other);
                let distance = column.abs_diff(other_column).max(row.abs_diff(other_row));
                truth[other] != truth[position] && distance <= width
            })
        };
        let keep = |position: usize| {
            if in_band(position) {
                truth[position]
            } else {
                VOID
            }
        };
        (0..truth.len()).map(keep).collect()
    }

    #[test]
    fn the_band_is_the_defined_one_on_random_labels() {
        for seed in 0..200 {
            let (columns, rows) = (1 + seed as usize % 13, 1 + seed as usize / 13 % 9);
            let truth = random_labels(seed, columns, rows);
            for width in [1, 2, 3, 6] {
                let band = boundary_band(&truth, columns, width);
                assert_eq!(
                    band,
                    by_definition(&truth, columns, width),
                    "{truth:?} in {columns} columns, {width} px"
                );
            }
        }
    }

    #[test]
    fn a_wider_band_holds_the_narrower_one_and_ends_at_the_whole_image() {
        for seed in 0..50 {
            let truth = random_labels(seed, 12, 9);
            let counted = |width| {
                let mut matrix = ConfusionMatrix::new(3);
                matrix.add(&boundary_band(&truth, 12, width), &truth);
                matrix.total()
            };
            let totals: Vec<u64> = (0..=12).map(counted).collect();
            assert!(totals.is_sorted(), "{totals:?}");
            let one_label = truth.iter().all(|label| *label == truth[0]);
            let labeled = truth.iter().filter(|label| **label != VOID).count() as u64;
            assert_eq!(totals[12], if one_label { 0 } else { labeled });
        }
    }
}
