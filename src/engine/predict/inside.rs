//! What single layers make of an image, and which of its pixels pull at a score.

use std::path::Path;
use std::sync::Arc;

use super::{NetworkSource, PixelRect};
use crate::dataset::{Pixels, Size};
use crate::engine::maps::NumberMap;
use crate::engine::tasks::{Cancel, Task};
use crate::engine::{Engine, EngineError};
use crate::training::{InputGradient, LayerMaps};

/// What a layer makes of an image.
#[derive(Debug, Clone)]
pub struct Activations {
    /// Its name.
    pub layer: String,
    /// Number of channels, 1 or more.
    pub channels: usize,
    /// Of the map of each.
    pub size: Size,
    /// `[channels, rows, columns]`
    pub values: Vec<f32>,
}

/// Which of many channels are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChannelChoice {
    /// The mean of all.
    #[default]
    Mean,
    /// The largest of all, cell by cell.
    Max,
    /// One of them.
    One(usize),
}

/// How much of the influence the outline of an effective receptive field holds.
pub const EFFECTIVE_SHARE: f64 = 0.95;

/// How strongly the pixels of an image pull at a score: the effective receptive field (Luo, Li, Urtasun and
/// Zemel, NIPS 2016).
#[derive(Debug, Clone)]
pub struct EffectiveField {
    /// The class whose score it is.
    pub label: u8,
    /// The score.
    pub score: f32,
    /// The pixels of the image that can have an influence at all.
    pub area: PixelRect,
    /// Of these, the sum over the channels of the absolute gradient; of the pixels that the network saw,
    /// where it saw the image at another size.
    pub map: Arc<NumberMap>,
    /// The smallest square around the pixel, as far as it lies inside of `area`, with
    /// [`EFFECTIVE_SHARE`] of the influence; `None` where no pixel has any.
    pub outline: Option<PixelRect>,
}

impl Activations {
    fn new(layer: String, maps: LayerMaps) -> Self {
        Self {
            layer,
            channels: maps.channels,
            size: maps.size,
            values: maps.values,
        }
    }

    /// One number for each cell; of a channel that is not there, nothing.
    pub fn map(&self, choice: ChannelChoice) -> NumberMap {
        let plane = self.size.pixels() as usize;
        let planes = || self.values.chunks_exact(plane.max(1));
        let merged = |start: f32, merge: fn(f32, f32) -> f32| {
            let mut all = vec![start; plane];
            for values in planes() {
                for (all, value) in all.iter_mut().zip(values) {
                    *all = merge(*all, *value);
                }
            }
            all
        };
        let values = match choice {
            ChannelChoice::One(channel) => planes().nth(channel).unwrap_or_default().to_vec(),
            ChannelChoice::Max => merged(f32::NEG_INFINITY, f32::max),
            ChannelChoice::Mean => {
                let count = self.channels.max(1) as f32;
                let sum = merged(0.0, |sum, value| sum + value);
                sum.into_iter().map(|sum| sum / count).collect()
            }
        };
        let size = if values.len() == plane {
            self.size
        } else {
            Size::new(0, 0)
        };
        NumberMap { size, values }
    }
}

impl EffectiveField {
    fn new(label: u8, image: Size, gradient: InputGradient) -> Self {
        let InputGradient {
            seen,
            pixel,
            area,
            values,
            score,
        } = gradient;
        let map = NumberMap {
            size: area.size,
            values,
        };
        let [x, y] = [pixel[0] - area.left, pixel[1] - area.top];
        let in_image = |left: u32, top: u32, right: u32, bottom: u32| {
            // As the theoretical fields are told.
            let first = |at: u32, seen: u32, full: u32| {
                (f64::from(at) * f64::from(full) / f64::from(seen)) as u32
            };
            let last = |at: u32, seen: u32, full: u32| {
                let end = f64::from(at + 1) * f64::from(full) / f64::from(seen);
                (end.ceil() as u32 - 1).min(full - 1)
            };
            PixelRect {
                left: first(left, seen.width, image.width),
                top: first(top, seen.height, image.height),
                right: last(right, seen.width, image.width),
                bottom: last(bottom, seen.height, image.height),
            }
        };
        let (right, bottom) = (
            area.left + area.size.width - 1,
            area.top + area.size.height - 1,
        );
        let outline = reach(&map, [x, y], EFFECTIVE_SHARE).map(|reach| {
            in_image(
                pixel[0].saturating_sub(reach).max(area.left),
                pixel[1].saturating_sub(reach).max(area.top),
                (pixel[0] + reach).min(right),
                (pixel[1] + reach).min(bottom),
            )
        });
        Self {
            label,
            score,
            area: in_image(area.left, area.top, right, bottom),
            map: Arc::new(map),
            outline,
        }
    }
}

/// From the cell `x`, `y` to the border of the smallest square around it that has `share` of the sum of a
/// map; `None` where that is 0.
fn reach(map: &NumberMap, [x, y]: [u32; 2], share: f64) -> Option<u32> {
    let Size { width, height } = map.size;
    let mut by_distance = vec![0.0_f64; width.max(height) as usize];
    for (place, value) in map.values.iter().enumerate() {
        let (row, column) = (place as u32 / width, place as u32 % width);
        let distance = row.abs_diff(y).max(column.abs_diff(x));
        by_distance[distance as usize] += f64::from(*value);
    }
    let total: f64 = by_distance.iter().sum();
    if total.is_nan() || total <= 0.0 {
        return None;
    }
    let mut inside = 0.0;
    let reached = by_distance.iter().position(|sum| {
        inside += sum;
        inside >= share * total
    });
    // Rounding may leave a little less than all.
    Some(reached.unwrap_or(by_distance.len() - 1) as u32)
}

impl Engine {
    /// What the layer of this name makes of an image; [`Explanation::layers`](super::Explanation::layers)
    /// says which there are.
    pub fn activations(
        &self,
        network: &NetworkSource,
        image: &Path,
        layer: &str,
    ) -> Task<Result<Arc<Activations>, EngineError>> {
        let (source, device) = self.locate(network);
        let (image, layer) = (image.to_owned(), layer.to_owned());
        self.predictor
            .submit(&self.waker, device, move |models, cancel| {
                let predictor = models.get(&source, device)?;
                let image = Pixels::open(&image, &predictor.meta().images)?;
                let maps = predictor.layer_maps(&image, &layer, wanted(cancel))?;
                let maps = maps.ok_or(EngineError::Cancelled)?;
                Ok(Arc::new(Activations::new(layer, maps)))
            })
    }

    /// Which pixels of an image pull at the score of class `label` at the pixel in column `x` and row `y`,
    /// which must be inside.
    pub fn effective_field(
        &self,
        network: &NetworkSource,
        image: &Path,
        pixel: [u32; 2],
        label: u8,
    ) -> Task<Result<Arc<EffectiveField>, EngineError>> {
        let (source, device) = self.locate(network);
        let image = image.to_owned();
        self.predictor
            .submit(&self.waker, device, move |models, cancel| {
                let predictor = models.get(&source, device)?;
                let image = Pixels::open(&image, &predictor.meta().images)?;
                let gradient = predictor.input_gradient(&image, pixel, label, wanted(cancel))?;
                let gradient = gradient.ok_or(EngineError::Cancelled)?;
                Ok(Arc::new(EffectiveField::new(label, image.size(), gradient)))
            })
    }
}

/// Whether somebody still waits.
pub(super) fn wanted(cancel: &Cancel) -> impl Fn() -> bool + Send + Sync + use<> {
    let cancel = cancel.clone();
    move || !cancel.is_cancelled()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Area;

    #[test]
    fn channels_are_shown_one_by_one_or_together() {
        let found = Activations {
            layer: "conv1".to_owned(),
            channels: 2,
            size: Size::new(3, 1),
            values: vec![1.0, 2.0, 3.0, 5.0, 0.0, -3.0],
        };
        let values = |choice| found.map(choice).values;
        assert_eq!(values(ChannelChoice::One(1)), [5.0, 0.0, -3.0]);
        assert_eq!(values(ChannelChoice::Mean), [3.0, 1.0, 0.0]);
        assert_eq!(values(ChannelChoice::Max), [5.0, 2.0, 3.0]);
        let missing = found.map(ChannelChoice::One(2));
        assert_eq!((missing.size, missing.values.len()), (Size::new(0, 0), 0));
    }

    fn gradient(values: Vec<f32>, seen: Size) -> InputGradient {
        InputGradient {
            seen,
            pixel: [12, 1],
            area: Area {
                left: 10,
                top: 0,
                size: Size::new(5, 3),
            },
            values,
            score: 0.5,
        }
    }

    #[test]
    fn the_outline_is_the_smallest_square_with_its_share() {
        // 90 of 100 in the middle, 6 beside it, 4 at the border.
        #[rustfmt::skip]
        let values = vec![
            0.0, 2.0, 0.0, 0.0, 0.0,
            4.0, 0.0, 90.0, 4.0, 0.0,
            0.0, 0.0, 0.0, 0.0, 0.0,
        ];
        let found = EffectiveField::new(
            1,
            Size::new(20, 3),
            gradient(values.clone(), Size::new(20, 3)),
        );
        let rect = |left, top, right, bottom| PixelRect {
            left,
            top,
            right,
            bottom,
        };
        assert_eq!(found.outline, Some(rect(11, 0, 13, 2)));
        assert_eq!(found.area, rect(10, 0, 14, 2));
        // Twice as large as it was seen.
        let found = EffectiveField::new(1, Size::new(40, 6), gradient(values, Size::new(20, 3)));
        assert_eq!(found.outline, Some(rect(22, 0, 27, 5)));
        assert_eq!(found.area, rect(20, 0, 29, 5));
    }

    #[test]
    fn an_outline_ends_where_the_field_ends_and_is_none_without_influence() {
        let mut values = vec![0.0; 15];
        values[0] = 1.0;
        let all = Size::new(20, 3);
        let found = EffectiveField::new(0, all, gradient(values, all));
        let outline = found.outline.expect("an outline");
        assert_eq!((outline.left, outline.right), (10, 14));
        let none = EffectiveField::new(0, all, gradient(vec![0.0; 15], all));
        assert_eq!(none.outline, None);
    }
}
