//! What happens inside a network: what each score layer adds, what single layers make, and which pixels
//! pull at a score.

use std::sync::Arc;

use super::Predictor;
use crate::dataset::{Area, Pixels, Rgb, Size};
use crate::kernels::Work;
use crate::model::{ComputedBy, LayerOutput, LogitPlace, ReceptiveField, ScoreSource};
use crate::training::device;
use crate::training::error::TrainError;
use crate::training::machine::{MachineMemory, memory_text};
use crate::training::tiles::Tile;

/// What each score layer of a network adds to the logits of an image.
#[derive(Debug, Clone)]
pub struct Contributions {
    /// The image's own, or a smaller one where they would take too much memory.
    pub size: Size,
    /// Coarse to fine, each `[num_classes, height, width]`; their sum is the logits.
    pub parts: Vec<(ScoreSource, Vec<f32>)>,
    /// The size at which the network saw the image.
    pub seen: Size,
    /// What a logit depends on through each score layer, in pixels of `seen`.
    pub fields: Vec<ReceptiveField>,
    /// The layers whose maps can be looked at.
    pub layers: Vec<LayerOutput>,
}

/// What a layer makes of an image.
#[derive(Debug, Clone)]
pub struct LayerMaps {
    /// Number of channels.
    pub channels: usize,
    /// Of each map.
    pub size: Size,
    /// `[channels, rows, columns]`
    pub values: Vec<f32>,
}

/// How strongly each pixel pulls at a score.
#[derive(Debug, Clone)]
pub struct InputGradient {
    /// The size at which the network saw the image.
    pub seen: Size,
    /// The pixel of `seen` whose score it is, as column and row.
    pub pixel: [u32; 2],
    /// The pixels of `seen` that can have an influence at all.
    pub area: Area,
    /// Of these pixels row by row, the sum over the channels of the absolute gradient.
    pub values: Vec<f32>,
    /// The score.
    pub score: f32,
}

/// Numbers that are kept of one image: 1 GiB.
const MAX_NUMBERS: u64 = (1 << 30) / 4;

impl Predictor {
    /// What each score layer adds to the logits; `None` = nobody wanted it any more.
    ///
    /// # Errors
    /// When the device fails.
    pub fn contributions(
        &self,
        image: &Pixels,
        go_on: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Result<Option<Contributions>, TrainError> {
        let image = self.looked_at(image)?;
        let test_size = self.meta.config.test_size;
        let work = Work::watched(move |_| go_on());
        let _entered = work.enter();
        let parts = self.segmenter.contributions(&image, test_size)?;
        if work.is_abandoned() {
            return Ok(None);
        }
        let seen = test_size.unwrap_or(image.size());
        let network = self.meta.config.network(self.meta.classes.len());
        Ok(Some(Contributions {
            size: image.size(),
            parts,
            seen,
            fields: network.receptive_fields(seen.dims()),
            layers: network.layer_outputs(seen.dims()),
        }))
    }

    /// What the layer of this name makes of an image; `None` = nobody wanted it any more.
    ///
    /// # Errors
    /// Also when there is no such layer, and when its maps would take over 1 GiB.
    pub fn layer_maps(
        &self,
        image: &Pixels,
        layer: &str,
        go_on: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Result<Option<LayerMaps>, TrainError> {
        let image = self.looked_at(image)?;
        let test_size = self.meta.config.test_size;
        let seen = test_size.unwrap_or(image.size());
        let layers = self
            .meta
            .config
            .network(self.meta.classes.len())
            .layer_outputs(seen.dims());
        let Some(output) = layers.iter().find(|output| output.name == layer) else {
            let names: Vec<&str> = layers.iter().map(|output| &*output.name).collect();
            return Err(TrainError::NoLayer {
                layer: layer.to_owned(),
                layers: names.join(", "),
            });
        };
        let [rows, columns] = output.size;
        let numbers = output.channels as u64 * rows as u64 * columns as u64;
        if numbers > MAX_NUMBERS {
            return Err(TrainError::LayerTooLarge {
                layer: layer.to_owned(),
                size: seen,
                bytes: memory_text(4 * numbers),
            });
        }
        let work = Work::watched(move |_| go_on());
        let _entered = work.enter();
        let maps = self.segmenter.layer_output(&image, test_size, layer)?;
        if work.is_abandoned() {
            return Ok(None);
        }
        Ok(maps.map(|(channels, size, values)| LayerMaps {
            channels,
            size,
            values,
        }))
    }

    /// How strongly each pixel of an image pulls at the score of class `label` at the pixel in the column
    /// and the row `at` (Luo, Li, Urtasun and Zemel, "Understanding the effective receptive field in deep
    /// convolutional neural networks", NIPS 2016); `None` = nobody wanted it any more. The network sees what
    /// is around the pixel, as far as it can have an influence.
    ///
    /// # Errors
    /// Also when there is too little memory.
    ///
    /// # Panics
    /// When the pixel is outside of the image, or the label outside of the classes.
    pub fn input_gradient(
        &self,
        image: &Pixels,
        at: [u32; 2],
        label: u8,
        go_on: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Result<Option<InputGradient>, TrainError> {
        let full = image.size();
        let image = self.looked_at(image)?;
        let test_size = self.meta.config.test_size;
        let seen = test_size.unwrap_or(image.size());
        let scaled = |at: u32, seen: u32, full: u32| {
            let place = u64::from(at) * u64::from(seen) / u64::from(full);
            place as u32
        };
        let [x, y] = [
            scaled(at[0], seen.width, full.width),
            scaled(at[1], seen.height, full.height),
        ];
        let network = self.meta.config.network(self.meta.classes.len());
        let tile = match test_size {
            Some(_) => Tile::whole(seen),
            None => Tile::around(&network, seen, [x, y]),
        };
        self.has_room(tile.seen.size)?;
        let part = match test_size {
            Some(_) => image,
            None => Arc::new(tile.seen.cut(&image)),
        };
        let place = LogitPlace {
            label: usize::from(label),
            pixel: [(y - tile.seen.top) as usize, (x - tile.seen.left) as usize],
        };
        let work = Work::watched(move |_| go_on());
        let _entered = work.enter();
        let gradient = self
            .segmenter
            .input_gradient(&part, test_size, &tile.part(seen), place)?;
        if work.is_abandoned() {
            return Ok(None);
        }
        let fields = network.receptive_fields(seen.dims());
        let area = field_of(&fields, [x, y], seen);
        Ok(Some(InputGradient {
            seen,
            pixel: [x, y],
            values: within(&gradient.values, tile.seen, area),
            area,
            score: gradient.score,
        }))
    }

    /// The image as it is looked at from inside: smaller where the scores would take too much memory.
    fn looked_at(&self, image: &Pixels) -> Result<Arc<Rgb>, TrainError> {
        let per_pixel = (self.meta.classes.len() * ScoreSource::COUNT) as u64;
        let most = self.meta.config.trunk.max_pixels();
        Ok(
            match reduced(image.size(), most.min(MAX_NUMBERS / per_pixel)) {
                Some(size) => Arc::new(image.resized(size)?),
                None => image.decoded()?,
            },
        )
    }

    /// Whether there is memory for the graph of a part of this size.
    fn has_room(&self, seen: Size) -> Result<(), TrainError> {
        let (by, available) = if self.segmenter.on_host() {
            (ComputedBy::Processor, MachineMemory::read().available)
        } else {
            (ComputedBy::Gpu, device::memory(self.device).total)
        };
        let network = self.meta.config.network(self.meta.classes.len());
        let needed = network.training_memory(1, seen.dims(), false, by);
        match available {
            Some(available) if needed.step > available => Err(TrainError::GradientTooLarge {
                size: seen,
                needed: memory_text(needed.step),
                available: memory_text(available),
            }),
            _ => Ok(()),
        }
    }
}

/// What a pixel depends on through any of these fields.
fn field_of(fields: &[ReceptiveField], [x, y]: [u32; 2], image: Size) -> Area {
    let along = |at: u32, length: u32| {
        let ranges = fields.iter().map(|field| field.range(at, length));
        ranges.fold((at, at), |all, (first, last)| {
            (all.0.min(first), all.1.max(last))
        })
    };
    let ((left, right), (top, bottom)) = (along(x, image.width), along(y, image.height));
    Area {
        left,
        top,
        size: Size::new(right - left + 1, bottom - top + 1),
    }
}

/// The values of `area` out of those of `all` around it.
fn within(values: &[f32], all: Area, area: Area) -> Vec<f32> {
    let row = all.size.width as usize;
    let start = (area.left - all.left) as usize;
    let rows = (area.top - all.top) as usize..;
    let rows = rows.take(area.size.height as usize);
    rows.flat_map(|y| &values[y * row + start..][..area.size.width as usize])
        .copied()
        .collect()
}

/// A size with the image's aspect and at most `most` pixels; `None` when it has
/// no more than that.
fn reduced(image: Size, most: u64) -> Option<Size> {
    let pixels = image.pixels();
    if pixels <= most {
        return None;
    }
    let scale = (most as f64 / pixels as f64).sqrt();
    let side = |side: u32| ((f64::from(side) * scale) as u32).max(1);
    Some(Size::new(side(image.width), side(image.height)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_over_the_limit_are_reduced_and_keep_their_aspect() {
        assert_eq!(reduced(Size::new(100, 100), 10_000), None);
        let small = reduced(Size::new(400, 100), 10_000);
        assert_eq!(small, Some(Size::new(200, 50)));
        let small = reduced(Size::new(100_000, 1), 100);
        assert_eq!(small, Some(Size::new(3162, 1)));
    }

    #[test]
    fn a_field_is_that_of_all_score_layers_together() {
        let field = |offset, radius| ReceptiveField {
            source: ScoreSource::Coarse,
            offset,
            radius,
        };
        let image = Size::new(100, 20);
        let area = field_of(&[field(0.5, 10.0), field(-2.0, 11.0)], [50, 3], image);
        // Columns 41 to 60 and 37 to 59; rows 0 to 13.
        assert_eq!((area.left, area.size.width), (37, 24));
        assert_eq!((area.top, area.size.height), (0, 14));
    }

    #[test]
    fn values_are_cut_out_row_by_row() {
        let area = |left, top, width, height| Area {
            left,
            top,
            size: Size::new(width, height),
        };
        let values: Vec<f32> = (0..12_u8).map(f32::from).collect();
        let found = within(&values, area(10, 20, 4, 3), area(11, 21, 2, 2));
        assert_eq!(found, [5.0, 6.0, 9.0, 10.0]);
    }
}
