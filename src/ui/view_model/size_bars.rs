//! The sizes of a dataset's images, as a few bars.

use std::collections::BTreeMap;

/// Bars at most; more sizes are put together by their longer side.
const MOST: usize = 8;

/// Images of about one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeBar {
    /// `500 × 375`, or `256 to 511 px`.
    pub label: String,
    /// How many.
    pub images: usize,
}

/// Each size by itself, the smallest first; of many, ranges of the longer side in equal factors.
pub fn size_bars(sizes: &BTreeMap<[u32; 2], usize>) -> Vec<SizeBar> {
    if sizes.len() <= MOST {
        let mut by_area: Vec<_> = sizes.iter().collect();
        by_area.sort_by_key(|([width, height], _)| u64::from(*width) * u64::from(*height));
        return by_area
            .into_iter()
            .map(|([width, height], images)| SizeBar {
                label: format!("{width} × {height}"),
                images: *images,
            })
            .collect();
    }
    let longer = |size: &[u32; 2]| size[0].max(size[1]);
    let smallest = sizes.keys().map(longer).min().unwrap_or(1).max(1);
    let largest = sizes.keys().map(longer).max().unwrap_or(1);
    // The first side of each range, and one past the last.
    let factor = f64::from(largest + 1) / f64::from(smallest);
    let mut edges: Vec<u32> = (0..=MOST)
        .map(|bar| {
            let share = bar as f64 / MOST as f64;
            (f64::from(smallest) * factor.powf(share)).round() as u32
        })
        .collect();
    edges.dedup();
    edges
        .windows(2)
        .map(|edge| {
            let (first, last) = (edge[0], edge[1] - 1);
            let inside = sizes
                .iter()
                .filter(|(size, _)| (first..=last).contains(&longer(size)));
            SizeBar {
                label: if first == last {
                    format!("{first} px")
                } else {
                    format!("{first} to {last} px")
                },
                images: inside.map(|(_, images)| images).sum(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_sizes_are_named_from_the_smallest() {
        let sizes = [([500, 375], 3), ([375, 500], 2), ([64, 900], 1)].into();
        let bars: Vec<(String, usize)> = size_bars(&sizes)
            .into_iter()
            .map(|bar| (bar.label, bar.images))
            .collect();
        let expected = [("64 × 900", 1), ("375 × 500", 2), ("500 × 375", 3)];
        assert_eq!(
            bars,
            expected.map(|(label, images)| (label.to_owned(), images))
        );
        assert!(size_bars(&BTreeMap::new()).is_empty());
    }

    #[test]
    fn many_sizes_are_put_together_and_none_is_left_out() {
        // Longer sides from 100 to 199.
        let sizes: BTreeMap<[u32; 2], usize> = (100..200)
            .map(|side| ([side, 50], 1 + usize::from(side == 199)))
            .collect();
        let bars = size_bars(&sizes);
        assert_eq!(bars.len(), MOST);
        assert_eq!(bars.iter().map(|bar| bar.images).sum::<usize>(), 101);
        // Each range is the eighth root of two longer than the one before: 100 to 109.05.
        assert_eq!(
            (bars[0].label.as_str(), bars[0].images),
            ("100 to 108 px", 9)
        );
        assert_eq!(bars[7].label, "183 to 199 px");
        // Sides that are all one.
        let sizes: BTreeMap<[u32; 2], usize> = (1..20).map(|side| ([20, side], 1)).collect();
        let bars = size_bars(&sizes);
        assert_eq!(bars.len(), 1);
        assert_eq!((bars[0].label.as_str(), bars[0].images), ("20 px", 19));
    }
}
