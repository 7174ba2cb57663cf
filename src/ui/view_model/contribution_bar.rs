//! The bar of a score that is a sum: what raises it lies to the right of zero, what lowers it to the left.

use std::ops::Range;

/// A piece of a bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Which part of the sum it is.
    pub part: usize,
    /// From zero, in the unit of the parts.
    pub range: Range<f32>,
}

/// The pieces of `parts` one behind the other, each sign on its own side of zero.
pub fn segments(parts: &[f32]) -> Vec<Segment> {
    let (mut above, mut below) = (0.0, 0.0);
    let segment = |(part, &value): (usize, &f32)| {
        let end = if value < 0.0 { &mut below } else { &mut above };
        let start = *end;
        *end += value;
        let range = start.min(*end)..start.max(*end);
        Segment { part, range }
    };
    parts.iter().enumerate().map(segment).collect()
}

/// The largest distance from zero that a bar of `bars` reaches; never 0, so that it can be divided by.
pub fn reach<'a>(bars: impl IntoIterator<Item = &'a [f32]>) -> f32 {
    let ends = bars.into_iter().flat_map(segments);
    let reach = ends.flat_map(|segment| [segment.range.start.abs(), segment.range.end.abs()]);
    reach.fold(f32::MIN_POSITIVE, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sign_is_stacked_on_its_side() {
        let ranges: Vec<_> = segments(&[2.0, -1.0, 0.5, -3.0])
            .into_iter()
            .map(|segment| (segment.part, segment.range))
            .collect();
        assert_eq!(
            ranges,
            [
                (0, 0.0..2.0),
                (1, -1.0..0.0),
                (2, 2.0..2.5),
                (3, -4.0..-1.0)
            ]
        );
    }

    #[test]
    fn the_reach_is_that_of_the_longest_side() {
        let bars: [&[f32]; 2] = [&[2.0, 0.5], &[-1.0, -3.0]];
        assert_eq!(reach(bars), 4.0);
        assert!(reach([&[0.0, 0.0][..]]) > 0.0);
        assert!(reach([]) > 0.0);
    }
}
