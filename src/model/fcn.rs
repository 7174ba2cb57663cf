//! FCN-32s, FCN-16s and FCN-8s (CVPR 2015, sections 4.1 to 4.3).

use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor};

use super::feature_map::FeatureMap;
use super::geometry::{Geometry, Grid};
use super::stages::Staged;
use super::trunk::{Channels, Features, Placed, TrunkNet};
use super::upsample::{Upsampling, UpsamplingLayer};
use super::variant::{FinalUpsampling, ScoreSource, Variant};

/// A trunk, score layers on it, and transposed convolutions. The layers carry the names of
/// the reference code.
#[derive(Module, Debug)]
pub(super) struct Fcn {
    trunk: TrunkNet,
    score_fr: Conv2d,
    score_pool4: Option<Conv2d>,
    score_pool3: Option<Conv2d>,
    upscore2: Option<UpsamplingLayer>,
    upscore_pool4: Option<UpsamplingLayer>,
    upscore: UpsamplingLayer,
    #[module(skip)]
    options: FcnOptions,
}

/// What the layers' shapes do not say.
#[derive(Debug, Clone, Copy)]
pub(super) struct FcnOptions {
    pub variant: Variant,
    pub geometry: Geometry,
    /// Whether the kernels of the upsampling have an odd size.
    pub odd_upsampling: bool,
}

impl FcnOptions {
    fn upsampling(self, factor: usize) -> Upsampling {
        Upsampling::new(factor, self.odd_upsampling, self.geometry)
    }

    /// Factors on pool4 and pool3 before they are scored (`voc-fcn8s-atonce/net.py`).
    fn pool_scales(self) -> PoolScales {
        let at_once = self.variant == Variant::Fcn8sAtOnce;
        let (pool4, pool3) = if at_once { (0.01, 0.0001) } else { (1.0, 1.0) };
        PoolScales { pool4, pool3 }
    }
}

struct PoolScales {
    pool4: f64,
    pool3: f64,
}

impl Fcn {
    /// A network on a trunk: score layers at zero (section 4.1) and upsampling at bilinear
    /// interpolation.
    pub fn new(
        (trunk, channels): (TrunkNet, Channels),
        options: FcnOptions,
        classes: usize,
        upsampling: FinalUpsampling,
        device: &Device,
    ) -> Self {
        let score = |channels| {
            Conv2dConfig::new([channels, classes], [1, 1])
                .with_initializer(Initializer::Zeros)
                .init(device)
        };
        let stride = options.variant.stride();
        let fuse_pool4 = stride <= 16;
        let fuse_pool3 = stride <= 8;
        let double = || {
            let learned = upsampling != FinalUpsampling::AllFixed;
            options.upsampling(2).init(classes, learned, device)
        };
        let learned = upsampling == FinalUpsampling::Learned;
        Self {
            trunk,
            score_fr: score(channels.coarse),
            score_pool4: fuse_pool4.then(|| score(channels.pool4)),
            score_pool3: fuse_pool3.then(|| score(channels.pool3)),
            upscore2: fuse_pool4.then(double),
            upscore_pool4: fuse_pool3.then(double),
            upscore: options.upsampling(stride).init(classes, learned, device),
            options,
        }
    }

    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`, normalized
    /// - output: `[batch_size, num_classes, height, width]`, logits
    pub fn forward<M: FeatureMap>(&self, images: M) -> M {
        let size = images.size();
        self.score(self.trunk.forward(images, self.options.geometry), size)
    }

    /// The rest of [`forward`](Self::forward), from what the stages of the trunk have made of
    /// images of `size` (`[height, width]`); `None` where it has none.
    ///
    /// # Shapes
    /// - outputs: of each stage, `[batch_size, channels, rows, columns]`
    /// - output: `[batch_size, num_classes, height, width]`, logits
    pub fn behind_stages(&self, outputs: &[Tensor<4>], size: [usize; 2]) -> Option<Tensor<4>> {
        let trunk = self.trunk.stages()?;
        let features = trunk.behind_stages(outputs.to_vec(), self.options.geometry);
        Some(self.score(features, size))
    }

    /// Pool3, pool4 and the last map.
    #[cfg(test)]
    pub fn trunk_maps(&self, images: Tensor<4>) -> [Tensor<4>; 3] {
        let features = self.trunk.forward(images, self.options.geometry);
        let skips = [features.pool3, features.pool4];
        let [pool3, pool4] = skips.map(|pooled| pooled.expect("a skip").map);
        [pool3, pool4, features.coarse.map]
    }

    /// As [`forward`](Self::forward), with what each score layer adds to the logits apart.
    pub fn contributions<M: FeatureMap>(&self, images: M) -> Vec<(ScoreSource, M)> {
        let size = images.size();
        let features = self.trunk.forward(images, self.options.geometry);
        self.fuse(features, size, Parts::Apart)
    }

    /// Logits at `size` from the maps of the trunk.
    fn score<M: FeatureMap>(&self, features: Features<M>, size: [usize; 2]) -> M {
        let mut parts = self.fuse(features, size, Parts::Summed);
        // The coarse scores are always there, and the others were added to them.
        parts.swap_remove(0).1
    }

    /// Scores the maps of the trunk, and upsamples them to `size` on one way. Upsampling, cropping
    /// and adding are linear, so that each part can be followed to the logits by itself.
    fn fuse<M: FeatureMap>(
        &self,
        features: Features<M>,
        size: [usize; 2],
        how: Parts,
    ) -> Vec<(ScoreSource, M)> {
        let scales = self.options.pool_scales();
        let mut grid = features.coarse.grid;
        let coarse = features.coarse.map.score(&self.score_fr);
        let coarse = coarse.tap(|| "score_fr".to_owned());
        let mut parts = vec![(ScoreSource::Coarse, coarse)];
        let skips = [
            (
                ScoreSource::Pool4,
                &self.upscore2,
                &self.score_pool4,
                features.pool4,
                scales.pool4,
            ),
            (
                ScoreSource::Pool3,
                &self.upscore_pool4,
                &self.score_pool3,
                features.pool3,
                scales.pool3,
            ),
        ];
        let layers = ["score_pool4", "score_pool3"];
        for (layer, (source, upsample, score, pooled, scale)) in layers.into_iter().zip(skips) {
            if let (Some(upsample), Some(score), Some(pooled)) = (upsample, score, pooled) {
                grid = self.options.upsampling(2).grid(grid);
                let coarse = each(parts, |map| map.upsample(upsample));
                let map = if scale == 1.0 {
                    pooled.map
                } else {
                    pooled.map.scale(scale)
                };
                let scored = map.score(score);
                let skip = Placed {
                    map: scored.tap(|| layer.to_owned()),
                    grid: pooled.grid,
                };
                parts = align(coarse, grid, source, skip);
                if how == Parts::Summed {
                    parts = sum(parts);
                }
            }
        }
        let last = self.options.upsampling(self.options.variant.stride());
        let offset = last.grid(grid).crop_onto(Grid::IMAGE);
        each(parts, |map| map.upsample(&self.upscore).crop(offset, size))
    }
}

impl Staged for Fcn {
    fn num_stages(&self) -> usize {
        self.trunk.num_stages()
    }

    fn stage(&self, index: usize, map: Tensor<4>) -> Tensor<4> {
        match self.trunk.stages() {
            Some(trunk) => trunk.stage(index, map),
            None => map,
        }
    }
}

/// What [`Fcn::fuse`] does with the scores of several layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// Adds them up before they are upsampled, as the papers do.
    Summed,
    /// Keeps them apart to the end.
    Apart,
}

fn each<M>(parts: Vec<(ScoreSource, M)>, work: impl Fn(M) -> M) -> Vec<(ScoreSource, M)> {
    let work = |(source, map)| (source, work(map));
    parts.into_iter().map(work).collect()
}

/// Maps of one scale where all are there: the skip is cropped at its start to where the
/// upsampled maps begin, and what is longer is cropped at its end.
fn align<M: FeatureMap>(
    coarse: Vec<(ScoreSource, M)>,
    grid: Grid,
    source: ScoreSource,
    skip: Placed<M>,
) -> Vec<(ScoreSource, M)> {
    let offset = skip.grid.crop_onto(grid);
    let [skip_rows, skip_columns] = skip.map.size();
    let mut size = [skip_rows - offset, skip_columns - offset];
    for (_, map) in &coarse {
        let [rows, columns] = map.size();
        size = [size[0].min(rows), size[1].min(columns)];
    }
    let mut parts = each(coarse, |map| map.crop(0, size));
    parts.push((source, skip.map.crop(offset, size)));
    parts
}

/// One part that holds the sum of all, under the name of the first.
fn sum<M: FeatureMap>(parts: Vec<(ScoreSource, M)>) -> Vec<(ScoreSource, M)> {
    let add = |(source, sum): (ScoreSource, M), (_, map)| (source, sum.add(map));
    parts.into_iter().reduce(add).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::trunk::{Layers, Trunk, TrunkOptions};

    /// Crops of pool4, of pool3 and at the end, by the arithmetic of the grids.
    fn crops(variant: Variant, trunk: Trunk, geometry: Geometry) -> (Vec<usize>, usize) {
        let device = Device::flex();
        let options = TrunkOptions {
            geometry,
            dropout: 0.5,
            widths: None,
        };
        let Layers::Fcn(layers, channels) = trunk.layers(&options, &device) else {
            panic!("{trunk} has heads of its own")
        };
        let options = FcnOptions {
            variant,
            geometry,
            odd_upsampling: trunk.info().odd_upsampling,
        };
        let net = Fcn::new(
            (*layers, channels),
            options,
            2,
            FinalUpsampling::Learned,
            &device,
        );
        let features = net
            .trunk
            .forward(Tensor::<4>::zeros([1, 3, 1, 1], &device), geometry);
        let mut grid = features.coarse.grid;
        let mut skips = Vec::new();
        for (pooled, stride) in [(features.pool4, 16), (features.pool3, 8)] {
            if let (Some(pooled), true) = (pooled, variant.stride() <= stride) {
                grid = net.options.upsampling(2).grid(grid);
                skips.push(pooled.grid.crop_onto(grid));
            }
        }
        let last = net.options.upsampling(variant.stride()).grid(grid);
        (skips, last.crop_onto(Grid::IMAGE))
    }

    #[test]
    fn the_crops_of_the_reference_come_out_of_the_arithmetic() {
        // `crop` layers of voc-fcn{32,16,8}s/net.py and voc-fcn-alexnet/net.py.
        let reference = |variant, trunk| crops(variant, trunk, Geometry::Reference);
        assert_eq!(reference(Variant::Fcn32s, Trunk::Vgg16Slim), (vec![], 19));
        assert_eq!(reference(Variant::Fcn16s, Trunk::Vgg16Slim), (vec![5], 27));
        assert_eq!(
            reference(Variant::Fcn8s, Trunk::Vgg16Slim),
            (vec![5, 9], 31)
        );
        assert_eq!(reference(Variant::Fcn32s, Trunk::Alexnet), (vec![], 18));
    }

    #[test]
    fn nothing_is_cropped_at_the_start_of_padded_maps() {
        for variant in Variant::STRIDES {
            let (skips, last) = crops(variant, Trunk::Vgg16Slim, Geometry::Padded);
            assert!(
                skips.iter().all(|crop| *crop == 0) && last == 0,
                "{variant}: {skips:?}, {last}"
            );
        }
    }
}
