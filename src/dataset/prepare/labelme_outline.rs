//! The outlines of labelme's shapes.

/// A circle's outline has this many corners.
const CORNERS: u32 = 128;

/// The corners of a rectangle, turned or not, one after another around its middle; some programs write them row by row.
fn around(mut corners: [[f64; 2]; 4]) -> Vec<[f64; 2]> {
    let middle = [0, 1].map(|axis| corners.iter().map(|corner| corner[axis]).sum::<f64>() / 4.0);
    let angle = |corner: &[f64; 2]| (corner[1] - middle[1]).atan2(corner[0] - middle[0]);
    corners.sort_by(|one, other| angle(one).total_cmp(&angle(other)));
    corners.to_vec()
}

/// The outline of a shape; `None` for points and lines, which have no area.
pub(super) fn outline(kind: Option<&str>, points: &[[f64; 2]]) -> Option<Vec<[f64; 2]>> {
    match (kind, points) {
        // Other programs write all corners of a rectangle, which may be turned.
        (Some("rectangle" | "rotation"), [first, corners @ .., last])
            if corners.len() == 3 && first == last =>
        {
            Some(around([*first, corners[0], corners[1], corners[2]]))
        }
        (Some("rectangle" | "rotation"), [a, b, c, d]) => Some(around([*a, *b, *c, *d])),
        (Some("polygon") | None, [_, _, _, ..]) => Some(points.to_vec()),
        (Some("rectangle"), [[x, y], [right, bottom]]) => Some(vec![
            [*x, *y],
            [*right, *y],
            [*right, *bottom],
            [*x, *bottom],
        ]),
        (Some("circle"), [center, edge]) => {
            let radius = (edge[0] - center[0]).hypot(edge[1] - center[1]);
            let corner = |index: u32| {
                let angle = f64::from(index) / f64::from(CORNERS) * std::f64::consts::TAU;
                [
                    center[0] + radius * angle.cos(),
                    center[1] + radius * angle.sin(),
                ]
            };
            Some((0..CORNERS).map(corner).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Size;
    use crate::dataset::prepare::outline::{empty, fill};

    #[test]
    fn corners_of_a_rectangle_may_come_in_rows() {
        let square = |points: &[[f64; 2]]| {
            let mut labels = empty(Size::new(4, 4)).expect("a mask");
            fill(
                &mut labels,
                &[outline(Some("rectangle"), points).expect("an area")],
                1,
            );
            labels
                .labels
                .iter()
                .map(|label| u32::from(*label))
                .sum::<u32>()
        };
        let [a, b, c, d] = [[1.0, 1.0], [4.0, 1.0], [4.0, 4.0], [1.0, 4.0]];
        for points in [
            &[a, c][..],
            &[a, b, c, d],
            &[a, b, d, c],
            &[c, a, b, d],
            &[a, b, c, d, a],
        ] {
            assert_eq!(square(points), 9, "{points:?}");
        }
    }
}
