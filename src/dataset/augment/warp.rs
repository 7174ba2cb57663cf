//! Crops that are turned and bent.

use serde::Serialize;

use crate::dataset::{LabelMap, Rgb, Size, VOID};

/// Vectors of a bend each way.
pub(super) const BENDS: usize = 3;

/// How a crop is turned about its middle and bent before it is mirrored. Only what lies outside of the
/// image becomes padding: a turned crop shows what lies beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Warp {
    /// By how much the content is turned, counterclockwise.
    pub degrees: f32,
    /// How far from its place each point of a 3 by 3 grid over the crop takes its pixel, in pixels to
    /// the right and down, row by row; what lies between is interpolated by cubic curves. Empty = not
    /// bent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bends: Vec<[f32; 2]>,
}

/// Where a crop lies in its image.
#[derive(Clone, Copy)]
pub(super) struct CropPlace {
    /// Its first column and row.
    pub start: [i64; 2],
    pub size: Size,
    pub mirrored: bool,
}

/// A place in the image before the crop, in pixels; whole numbers are the middles of pixels.
#[derive(Clone, Copy)]
struct Place {
    x: f64,
    y: f64,
}

/// The places of a crop's pixels in its image.
struct Places<'a> {
    middle: [f64; 2],
    start: [f64; 2],
    sine: f64,
    cosine: f64,
    bends: Option<[Vec<[f64; BENDS]>; 2]>,
    warp: &'a Warp,
}

impl<'a> Places<'a> {
    fn new(crop: CropPlace, warp: &'a Warp) -> Self {
        let (sine, cosine) = f64::from(warp.degrees).to_radians().sin_cos();
        let middle = |side: u32| (f64::from(side) - 1.0) / 2.0;
        let is_bent = warp.bends.len() == BENDS * BENDS;
        Self {
            middle: [middle(crop.size.width), middle(crop.size.height)],
            start: crop.start.map(|start| start as f64),
            sine,
            cosine,
            bends: is_bent.then(|| <[u32; 2]>::from(crop.size).map(grid_weights)),
            warp,
        }
    }

    /// Where the pixel of a column and a row comes from.
    fn of(&self, column: usize, row: usize) -> Place {
        let [x, y] = [column as f64 - self.middle[0], row as f64 - self.middle[1]];
        let [bent_x, bent_y] = self.bend(column, row);
        Place {
            x: self.start[0] + self.middle[0] + x * self.cosine - y * self.sine + bent_x,
            y: self.start[1] + self.middle[1] + x * self.sine + y * self.cosine + bent_y,
        }
    }

    fn bend(&self, column: usize, row: usize) -> [f64; 2] {
        let Some([columns, rows]) = &self.bends else {
            return [0.0, 0.0];
        };
        let mut bend = [0.0, 0.0];
        for (points, by_row) in self.warp.bends.chunks_exact(BENDS).zip(rows[row]) {
            for (point, by_column) in points.iter().zip(columns[column]) {
                bend[0] += f64::from(point[0]) * by_row * by_column;
                bend[1] += f64::from(point[1]) * by_row * by_column;
            }
        }
        bend
    }
}

/// How much each of three points, spread evenly from the first position to the last, counts at each
/// position: Catmull and Rom's cubic, with the outer points repeated.
fn grid_weights(side: u32) -> Vec<[f64; BENDS]> {
    let last = f64::from(side.max(2) - 1);
    let weights = |position: u32| {
        let at = f64::from(position) / last * (BENDS - 1) as f64;
        let cell = at.floor().min((BENDS - 2) as f64);
        let t = at - cell;
        let four = [
            ((2.0 - t) * t - 1.0) * t / 2.0,
            (1.5 * t - 2.5) * t * t + 1.0,
            ((4.0 - 3.0 * t) * t + 1.0) * t / 2.0,
            (t - 1.0) * t * t / 2.0,
        ];
        let mut weights = [0.0; BENDS];
        for (offset, weight) in four.into_iter().enumerate() {
            let point = (cell as usize + offset).saturating_sub(1).min(BENDS - 1);
            weights[point] += weight;
        }
        weights
    };
    (0..side).map(weights).collect()
}

/// The nearest pixel as a place in the row-by-row list, where there is one.
fn nearest(place: Place, size: Size) -> Option<usize> {
    let [x, y] = [place.x, place.y].map(|at| (at + 0.5).floor());
    let inside = |at: f64, side: u32| at >= 0.0 && at < f64::from(side);
    (inside(x, size.width) && inside(y, size.height))
        .then(|| y as usize * size.width as usize + x as usize)
}

/// Between the four pixels around a place; those beyond the border are the ones at it.
fn blended(pixels: &[[u8; 3]], size: Size, place: Place) -> [u8; 3] {
    let [left, top] = [place.x.floor(), place.y.floor()];
    let [right, below] = [place.x - left, place.y - top];
    let column = |at: f64| at.clamp(0.0, f64::from(size.width - 1)) as usize;
    let row = |at: f64| at.clamp(0.0, f64::from(size.height - 1)) as usize;
    let pixel = |x: f64, y: f64| pixels[row(y) * size.width as usize + column(x)];
    let corners = [
        pixel(left, top),
        pixel(left + 1.0, top),
        pixel(left, top + 1.0),
        pixel(left + 1.0, top + 1.0),
    ];
    let mix = |one: f64, other: f64, share: f64| one + (other - one) * share;
    std::array::from_fn(|channel| {
        let [one, beside, under, across] = corners.map(|corner| f64::from(corner[channel]));
        mix(mix(one, beside, right), mix(under, across, right), below).round() as u8
    })
}

impl Warp {
    /// The warped crop of an image: bilinear, with `padding` outside of it.
    pub(super) fn cut_rgb(&self, crop: CropPlace, rgb: &Rgb, padding: [u8; 3]) -> Vec<[u8; 3]> {
        let (size, source) = (rgb.size(), rgb.pixels.as_chunks::<3>().0);
        self.cut(crop, padding, |place| {
            nearest(place, size).map(|_| blended(source, size, place))
        })
    }

    /// The warped crop of the labels: the nearest one, and void outside of the mask.
    pub(super) fn cut_labels(&self, crop: CropPlace, labels: &LabelMap) -> Vec<u8> {
        let size = labels.size();
        self.cut(crop, VOID, |place| {
            nearest(place, size).map(|at| labels.labels[at])
        })
    }

    fn cut<T: Copy>(
        &self,
        crop: CropPlace,
        padding: T,
        sample: impl Fn(Place) -> Option<T>,
    ) -> Vec<T> {
        let places = Places::new(crop, self);
        let [rows, columns] = crop.size.dims();
        let mut cut = vec![padding; columns * rows];
        for (row, target) in cut.chunks_exact_mut(columns).enumerate() {
            for (column, target) in target.iter_mut().enumerate() {
                let column = if crop.mirrored {
                    columns - 1 - column
                } else {
                    column
                };
                if let Some(value) = sample(places.of(column, row)) {
                    *target = value;
                }
            }
        }
        cut
    }
}
