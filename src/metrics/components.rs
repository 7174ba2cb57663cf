//! Connected components of label maps: objects, without knowing what an object is.

use serde::{Deserialize, Serialize};

/// The label of pixels in no component.
const VOID: u8 = 255;

/// The place of void pixels in [`Components::of_pixel`].
pub const NO_COMPONENT: u32 = u32::MAX;

/// Pixels of one label that touch, at a side or at a corner (8-connected).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Component {
    /// The label of its pixels.
    pub label: u8,
    /// Number of its pixels.
    pub area: u32,
}

/// All components of a label map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    /// In the order of their first pixels, row by row.
    pub found: Vec<Component>,
    /// Place in `found` by pixel; [`NO_COMPONENT`] for void.
    pub of_pixel: Vec<u32>,
}

impl Components {
    /// Finds the components of `labels`, `[height, columns]` row by row. Void (255) has none.
    ///
    /// # Panics
    /// When `labels` is not made of whole rows.
    pub fn of(labels: &[u8], columns: usize) -> Self {
        assert!(
            labels.is_empty() || (columns > 0 && labels.len().is_multiple_of(columns)),
            "{} labels are no rows of {columns} columns",
            labels.len()
        );
        let mut parents = Parents::default();
        let mut of_pixel = vec![NO_COMPONENT; labels.len()];
        for (at, &label) in labels.iter().enumerate() {
            if label == VOID {
                continue;
            }
            let (column, row) = (at % columns, at / columns);
            let mut own = None;
            let mut join = |other: usize| {
                if labels[other] == label {
                    let found = of_pixel[other];
                    own = Some(own.map_or(found, |own| parents.join(own, found)));
                }
            };
            if column > 0 {
                join(at - 1);
            }
            if row > 0 {
                let above = at - columns;
                if column > 0 {
                    join(above - 1);
                }
                join(above);
                if column + 1 < columns {
                    join(above + 1);
                }
            }
            of_pixel[at] = own.unwrap_or_else(|| parents.start());
        }
        let mut places = vec![NO_COMPONENT; parents.0.len()];
        let mut found: Vec<Component> = Vec::new();
        for (place, &label) in of_pixel.iter_mut().zip(labels) {
            if *place == NO_COMPONENT {
                continue;
            }
            let root = &mut places[parents.root(*place) as usize];
            if *root == NO_COMPONENT {
                *root = found.len() as u32;
                found.push(Component { label, area: 0 });
            }
            *place = *root;
            found[*root as usize].area += 1;
        }
        Self { found, of_pixel }
    }
}

/// Sets that are joined: each points to another of its set, the root to itself.
#[derive(Default)]
struct Parents(Vec<u32>);

impl Parents {
    fn start(&mut self) -> u32 {
        let new = self.0.len() as u32;
        self.0.push(new);
        new
    }

    fn root(&mut self, mut set: u32) -> u32 {
        while self.0[set as usize] != set {
            // Halve the path, so that the next search is short.
            self.0[set as usize] = self.0[self.0[set as usize] as usize];
            set = self.0[set as usize];
        }
        set
    }

    /// Joins two sets; the older root stays. Returns it.
    fn join(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.root(a), self.root(b));
        let (root, other) = (a.min(b), a.max(b));
        self.0[other as usize] = root;
        root
    }
}

/// How many components there are, and how large.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentCounts {
    /// Number of components.
    pub count: u64,
    /// Pixels of all of them.
    pub area: u64,
    /// Pixels of the largest.
    pub largest: u64,
}

impl ComponentCounts {
    /// By label, `num_classes` of them; other labels do not count.
    pub fn by_class(components: &Components, num_classes: usize) -> Vec<Self> {
        let mut classes = vec![Self::default(); num_classes];
        for component in &components.found {
            if let Some(class) = classes.get_mut(usize::from(component.label)) {
                let area = u64::from(component.area);
                class.merge(&Self {
                    count: 1,
                    area,
                    largest: area,
                });
            }
        }
        classes
    }

    /// Adds those of another image.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.area += other.area;
        self.largest = self.largest.max(other.largest);
    }

    /// Pixels of a component, on average.
    pub fn mean_area(&self) -> Option<f64> {
        (self.count > 0).then(|| self.area as f64 / self.count as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn components(rows: &[&str]) -> Vec<(u8, u32)> {
        let label = |byte: u8| if byte == b'.' { VOID } else { byte - b'0' };
        let labels: Vec<u8> = rows.iter().flat_map(|row| row.bytes().map(label)).collect();
        let columns = rows.first().map_or(0, |row| row.len());
        let found = Components::of(&labels, columns);
        let areas = found.found.iter().map(|c| (c.label, c.area)).collect();
        for (place, label) in found.of_pixel.iter().zip(&labels) {
            let expected = found.found.get(*place as usize).map_or(VOID, |c| c.label);
            assert_eq!(expected, *label);
        }
        areas
    }

    #[test]
    fn corners_connect_and_void_does_not() {
        assert_eq!(components(&["10", "01"]), [(1, 2), (0, 2)]);
        assert_eq!(components(&["1.1"]), [(1, 1), (1, 1)]);
        assert_eq!(components(&["01", "10", "11"]), [(0, 2), (1, 4)]);
        assert_eq!(components(&["..", ".."]), []);
        assert_eq!(components(&[]), []);
    }

    #[test]
    fn arms_that_meet_below_are_one_component() {
        // A comb, and the gaps between its teeth, which touch nothing of each other.
        assert_eq!(
            components(&["10101", "10101", "11111"]),
            [(1, 11), (0, 2), (0, 2)]
        );
        // A spiral is one component, and so is what it winds around.
        assert_eq!(
            components(&["11111", "00001", "11101", "10001", "11111"]),
            [(1, 17), (0, 8)]
        );
    }

    #[test]
    fn components_are_the_defined_ones_on_random_labels() {
        let mut state = 1_u32;
        for round in 0..80_usize {
            let columns = 1 + round % 9;
            let labels: Vec<u8> = (0..columns * (1 + round % 6))
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    [0, 0, 1, VOID][(state >> 30) as usize]
                })
                .collect();
            let found = Components::of(&labels, columns);
            // By definition: what can be reached over pixels of the same label.
            for start in 0..labels.len() {
                let mut reached = vec![start];
                let mut next = 0;
                while next < reached.len() {
                    let at = reached[next];
                    for other in 0..labels.len() {
                        let near = (at % columns).abs_diff(other % columns) <= 1
                            && (at / columns).abs_diff(other / columns) <= 1;
                        if near && labels[other] == labels[start] && !reached.contains(&other) {
                            reached.push(other);
                        }
                    }
                    next += 1;
                }
                let place = found.of_pixel[start];
                if labels[start] == VOID {
                    assert_eq!(place, NO_COMPONENT);
                    continue;
                }
                let area = found.found[place as usize].area;
                assert_eq!(area as usize, reached.len(), "{labels:?} in {columns}");
                assert!(reached.iter().all(|at| found.of_pixel[*at] == place));
            }
        }
    }

    #[test]
    fn classes_are_counted_over_images() {
        let labels = [1, 0, 1, 1, 0, 255];
        let found = Components::of(&labels, 6);
        let mut counts = ComponentCounts::by_class(&found, 3);
        let of = |count, area, largest| ComponentCounts {
            count,
            area,
            largest,
        };
        assert_eq!(counts, [of(2, 2, 1), of(2, 3, 2), of(0, 0, 0)]);
        counts[1].merge(&of(1, 7, 7));
        assert_eq!(counts[1], of(3, 10, 7));
        assert_eq!(counts[0].mean_area(), Some(1.0));
        assert_eq!(counts[2].mean_area(), None);
    }
}
