//! Outlines and run lengths into labels of pixels.

use crate::dataset::{LabelMap, Size};

/// The longest side of a mask that is made.
const MAX_SIDE: u32 = 32_768;
/// The most pixels of a mask that is made.
const MAX_PIXELS: u64 = 1 << 28;

/// A mask of label 0, for an image of this size.
pub(super) fn empty(size: Size) -> Result<LabelMap, String> {
    let pixels = u64::from(size.width) * u64::from(size.height);
    let sides = [size.width, size.height];
    if pixels == 0 || pixels > MAX_PIXELS || sides.iter().any(|side| *side > MAX_SIDE) {
        return Err(format!(
            "an image of {size} pixels cannot have a mask: each side must be 1 to {MAX_SIDE}, and all pixels {MAX_PIXELS} at most"
        ));
    }
    Ok(LabelMap {
        width: size.width,
        height: size.height,
        labels: vec![0; pixels as usize],
    })
}

/// Fills outlines with a label: a pixel belongs to the inside where its center does, by the
/// even-odd rule over all of them.
pub(super) fn fill(labels: &mut LabelMap, outlines: &[Vec<[f64; 2]>], label: u8) {
    let (width, height) = (labels.width as usize, labels.height as usize);
    let edges: Vec<[[f64; 2]; 2]> = outlines
        .iter()
        .flat_map(|points| {
            let next = points.iter().cycle().skip(1);
            points.iter().zip(next).map(|(one, other)| [*one, *other])
        })
        .filter(|[one, other]| one[1] != other[1] && (one[1] + other[1]).is_finite())
        .collect();
    let top = edges
        .iter()
        .flatten()
        .map(|point| point[1])
        .fold(f64::MAX, f64::min);
    let bottom = edges
        .iter()
        .flatten()
        .map(|point| point[1])
        .fold(f64::MIN, f64::max);
    let rows = top.floor().clamp(0.0, height as f64) as usize
        ..bottom.ceil().clamp(0.0, height as f64) as usize;
    let mut crossings = Vec::new();
    for row in rows {
        let center = row as f64 + 0.5;
        crossings.clear();
        crossings.extend(edges.iter().filter_map(|[one, other]| {
            let crosses = (one[1] <= center) != (other[1] <= center);
            let share = (center - one[1]) / (other[1] - one[1]);
            crosses.then(|| one[0] + share * (other[0] - one[0]))
        }));
        crossings.sort_by(f64::total_cmp);
        for [from, to] in crossings.as_chunks::<2>().0 {
            // The columns whose centers lie between.
            let column = |x: f64| (x - 0.5).ceil().clamp(0.0, width as f64) as usize;
            let (from, to) = (column(*from), column(*to));
            if from < to {
                labels.labels[row * width + from..row * width + to].fill(label);
            }
        }
    }
}

/// Gives a label to run lengths, which go down the columns and begin outside.
pub(super) fn fill_runs(labels: &mut LabelMap, runs: &[u64], label: u8) -> Result<(), String> {
    let (width, height) = (u64::from(labels.width), u64::from(labels.height));
    let total = runs
        .iter()
        .try_fold(0_u64, |sum, run| sum.checked_add(*run));
    if total != Some(width * height) {
        return Err(format!(
            "its run lengths cover {} pixels of {}. Export the annotations again",
            total.unwrap_or(u64::MAX),
            width * height
        ));
    }
    let mut position = 0;
    for (index, run) in runs.iter().enumerate() {
        if index % 2 == 1 {
            for pixel in position..position + run {
                let (column, row) = (pixel / height, pixel % height);
                labels.labels[(row * width + column) as usize] = label;
            }
        }
        position += run;
    }
    Ok(())
}

/// The run lengths of COCO's compressed strings: six bits a letter, five of the number from the
/// lowest and one for "more follows"; from the fourth on, differences to the one before last.
pub(super) fn runs_of(text: &str) -> Result<Vec<u64>, String> {
    let damaged = || "its run lengths are damaged".to_owned();
    let mut letters = text.bytes();
    let mut runs: Vec<i64> = Vec::new();
    while let Some(mut letter) = letters.next() {
        let (mut value, mut shift) = (0_i64, 0);
        loop {
            let bits = i64::from(
                letter
                    .checked_sub(48)
                    .filter(|bits| *bits < 64)
                    .ok_or_else(damaged)?,
            );
            value |= (bits & 0x1f) << shift;
            shift += 5;
            if bits & 0x20 == 0 {
                if bits & 0x10 != 0 {
                    value |= -1 << shift;
                }
                break;
            }
            if shift > 40 {
                return Err(damaged());
            }
            letter = letters.next().ok_or_else(damaged)?;
        }
        if runs.len() > 2 {
            value += runs[runs.len() - 2];
        }
        runs.push(value);
    }
    runs.into_iter()
        .map(|run| u64::try_from(run).map_err(|_| damaged()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(size: Size, draw: impl FnOnce(&mut LabelMap)) -> Vec<Vec<u8>> {
        let mut labels = empty(size).expect("a size");
        draw(&mut labels);
        labels
            .labels
            .chunks(size.width as usize)
            .map(<[u8]>::to_vec)
            .collect()
    }

    #[test]
    fn pixels_belong_to_the_side_of_their_centers() {
        // From 0.6 to 2.5: the centers 1.5 and, on the left edge of the next, not 2.5.
        let square = vec![[0.6, 0.0], [2.5, 0.0], [2.5, 2.0], [0.6, 2.0]];
        let rows = drawn(Size::new(4, 3), |labels| fill(labels, &[square], 7));
        assert_eq!(rows, [[0, 7, 0, 0], [0, 7, 0, 0], [0, 0, 0, 0]]);
        let triangle = vec![[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]];
        let rows = drawn(Size::new(4, 4), |labels| fill(labels, &[triangle], 1));
        assert_eq!(
            rows,
            [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
        );
    }

    #[test]
    fn holes_stay_empty_and_what_is_outside_is_cut() {
        let outer = vec![[-9.0, -9.0], [9.0, -9.0], [9.0, 9.0], [-9.0, 9.0]];
        let hole = vec![[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0]];
        let rows = drawn(Size::new(3, 3), |labels| fill(labels, &[outer, hole], 1));
        assert_eq!(rows, [[1, 1, 1], [1, 0, 1], [1, 1, 1]]);
        let broken = vec![[f64::NAN, 0.0], [1.0, f64::INFINITY]];
        let rows = drawn(Size::new(2, 1), |labels| fill(labels, &[broken], 1));
        assert_eq!(rows, [[0, 0]]);
    }

    #[test]
    fn runs_go_down_the_columns() {
        let rows = drawn(Size::new(3, 2), |labels| {
            fill_runs(labels, &[1, 2, 3], 5).expect("6 pixels");
        });
        assert_eq!(rows, [[0, 5, 0], [5, 0, 0]]);
        let mut labels = empty(Size::new(3, 2)).expect("a size");
        let problem = fill_runs(&mut labels, &[1, 2], 5).unwrap_err();
        assert!(problem.contains("3 pixels of 6"), "{problem}");
    }

    #[test]
    fn compressed_runs_are_cocos() {
        // As cocoapi's `rleToString` writes them by hand: 40 is 8 and 1 times 32, "X1"; the fourth
        // is the difference to the second, 3 - 40 = -37 = 27 - 2 * 32, "kN".
        assert_eq!(runs_of("5X17").expect("runs"), [5, 40, 7]);
        assert_eq!(runs_of("5X177").expect("runs"), [5, 40, 7, 47]);
        assert_eq!(runs_of("5X17kN").expect("runs"), [5, 40, 7, 3]);
        assert!(runs_of("X").is_err());
        assert!(runs_of("\u{1}").is_err());
        assert!(empty(Size::new(0, 4)).is_err());
        assert!(empty(Size::new(40_000, 1)).is_err());
    }

    #[test]
    fn run_lengths_of_another_number_of_pixels_say_what_to_do() {
        let mut labels = empty(Size::new(4, 3)).expect("a size");
        let message = fill_runs(&mut labels, &[9, 1], 1).expect_err("10 of 12");
        assert_eq!(
            message,
            "its run lengths cover 10 pixels of 12. Export the annotations again"
        );
    }
}
