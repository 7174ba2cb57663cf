//! VGG16 with its fully connected layers as convolutions (CVPR 2015, section 3.1).

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::description::{Classifier, Preprocessing, Reference, Shapes, Target, TrunkInfo};
use super::features::{Channels, Features, Placed};
use super::names::{fc_name, norm_leaf, one_based};
use crate::model::feature_map::FeatureMap;
use crate::model::geometry::{Geometry, Grid};
use crate::model::unit::{ConvSpec, ConvUnit, EPSILON, Norm};
use crate::model::variant::Variant;

const VARIANTS: &[Variant] = &[
    Variant::Fcn32s,
    Variant::Fcn16s,
    Variant::Fcn8s,
    Variant::Fcn8sAtOnce,
];
const GEOMETRIES: &[Geometry] = &[Geometry::Padded, Geometry::Reference];

pub const VGG16: TrunkInfo = TrunkInfo {
    label: "VGG16",
    summary: "As in the papers, 134 million parameters: for GPUs",
    variants: VARIANTS,
    geometries: GEOMETRIES,
    last_map: "fc7",
    has_stages: true,
    odd_upsampling: false,
    max_pixels: 3_000_000,
    reference: Reference {
        name: reference_name,
        is_in_network: |shapes| shapes.has_any("conv1_") && !shapes.has("bn1_1.weight"),
        network_input: Preprocessing::Caffe,
        classifier: Some(Classifier {
            is_it: |shapes| {
                !has_norm(shapes)
                    && shapes.has("features.28.weight")
                    && !shapes.has("features.30.weight")
            },
            target: |key| classifier_target(key, false),
            input: Preprocessing::ImageNet,
        }),
    },
};

pub const VGG16_SLIM: TrunkInfo = TrunkInfo {
    label: "VGG16 slim",
    summary: "The same layers, much narrower: for CPUs and quick experiments",
    max_pixels: 24_000_000,
    reference: Reference {
        is_in_network: |shapes| shapes.has("bn1_1.weight") && !shapes.has("conv1_1.bias"),
        network_input: Preprocessing::ImageNet,
        classifier: None,
        ..VGG16.reference
    },
    ..VGG16
};

pub const VGG16_BN: TrunkInfo = TrunkInfo {
    label: "VGG16 with batch norm",
    summary: "VGG16 with batch normalization, as in torchvision",
    reference: Reference {
        is_in_network: |shapes| shapes.has("bn1_1.weight") && shapes.has("conv1_1.bias"),
        network_input: Preprocessing::ImageNet,
        classifier: Some(Classifier {
            is_it: |shapes| {
                has_norm(shapes)
                    && shapes.has("features.40.weight")
                    && !shapes.has("features.43.weight")
            },
            target: |key| classifier_target(key, true),
            input: Preprocessing::ImageNet,
        }),
        ..VGG16.reference
    },
    ..VGG16
};

/// Output channels of a VGG16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VggWidths {
    /// Of the five stages, each 1 or more.
    pub stages: [usize; 5],
    /// Of fc6 and fc7, 1 or more.
    pub fc: usize,
}

impl VggWidths {
    /// Those of the paper.
    pub const FULL: Self = Self {
        stages: [64, 128, 256, 512, 512],
        fc: 4096,
    };
    /// A fraction of them.
    pub const SLIM: Self = Self {
        stages: [8, 16, 32, 64, 96],
        fc: 192,
    };

    /// Channels of the maps that are scored.
    pub fn channels(self) -> Channels {
        Channels {
            pool3: self.stages[2],
            pool4: self.stages[3],
            coarse: self.fc,
        }
    }
}

/// How the layers of a VGG16 are normalized.
#[derive(Debug, Clone, Copy)]
pub struct VggNorms {
    stages: Norm,
    fc: Norm,
}

impl VggNorms {
    /// Biases alone.
    pub const NONE: Self = Self {
        stages: Norm::Bias,
        fc: Norm::Bias,
    };
    /// Batch normalization in the place of all biases.
    pub const BATCH: Self = Self {
        stages: Norm::Batch { epsilon: EPSILON },
        fc: Norm::Batch { epsilon: EPSILON },
    };
    /// As torchvision's `vgg16_bn`, which normalizes the 3x3 convolutions.
    pub const TORCHVISION: Self = Self {
        stages: Norm::BiasAndBatch,
        fc: Norm::Bias,
    };
}

/// 3x3 convolutions in each stage of VGG16 (configuration D).
const CONVOLUTIONS: [usize; 5] = [2, 2, 3, 3, 3];

/// Side of fc6 as a convolution.
const FC6: usize = 7;

fn fc6_padding(geometry: Geometry) -> usize {
    match geometry {
        Geometry::Padded => FC6 / 2,
        Geometry::Reference => 0,
    }
}

/// The trunk: five stages of 3x3 convolutions, each followed by a 2x2 max pooling that
/// rounds up, then fc6 (7x7) and fc7 (1x1) with dropout.
///
/// Padded geometry: every convolution keeps height and width (fc6 is padded by 3), so any
/// input from 1x1 pixel up has an output. Reference geometry: the first convolution is
/// padded by 100 and fc6 not at all.
#[derive(Module, Debug)]
pub struct Vgg16 {
    stages: Vec<Vec<ConvUnit>>,
    pool: MaxPool2d,
    fc6: ConvUnit,
    fc7: ConvUnit,
    dropout: Dropout,
}

impl Vgg16 {
    pub fn new(
        widths: VggWidths,
        norms: VggNorms,
        geometry: Geometry,
        dropout: f64,
        device: &Device,
    ) -> Self {
        let mut in_channels = 3;
        let mut padding = geometry.first_padding(1);
        let stages = std::iter::zip(widths.stages, CONVOLUTIONS)
            .map(|(out_channels, convolutions)| {
                (0..convolutions)
                    .map(|_| {
                        let shape = ConvSpec::same(in_channels, out_channels, 3).padding(padding);
                        (in_channels, padding) = (out_channels, 1);
                        ConvUnit::new(shape, norms.stages, device)
                    })
                    .collect()
            })
            .collect();
        let fc6 = ConvSpec::same(in_channels, widths.fc, FC6).padding(fc6_padding(geometry));
        let fc7 = ConvSpec::same(widths.fc, widths.fc, 1);
        Self {
            stages,
            pool: MaxPool2dConfig::new([2, 2])
                .with_strides([2, 2])
                .with_ceil_mode(true)
                .init(),
            fc6: ConvUnit::new(fc6, norms.fc, device),
            fc7: ConvUnit::new(fc7, norms.fc, device),
            dropout: DropoutConfig::new(dropout).init(),
        }
    }

    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`
    pub fn forward<M: FeatureMap>(&self, images: M, geometry: Geometry) -> Features<M> {
        let mut map = images;
        let mut pooled = Vec::with_capacity(CONVOLUTIONS.len());
        for index in 0..CONVOLUTIONS.len() {
            map = self.stage(index, map).end_of_stage();
            pooled.push(map.clone());
        }
        drop(map);
        self.behind_stages(pooled, geometry)
    }

    pub fn num_stages(&self) -> usize {
        self.stages.len()
    }

    /// What a stage makes of a map: its convolutions, and half the size.
    ///
    /// # Shapes
    /// - map: `[batch_size, channels, height, width]`
    /// - output: `[batch_size, out_channels, height / 2, width / 2]`, rounded up
    pub fn stage<M: FeatureMap>(&self, index: usize, map: M) -> M {
        let units = self.stages[index].iter().enumerate();
        let convolved = units.fold(map, |map, (unit, conv)| {
            let name = || format!("conv{}_{}", index + 1, unit + 1);
            conv.forward(map).tap(name)
        });
        convolved
            .max_pool(&self.pool)
            .tap(|| format!("pool{}", index + 1))
    }

    /// The rest of [`forward`](Self::forward), from what each of the five stages has made.
    ///
    /// # Shapes
    /// - pooled: of each stage, `[batch_size, channels, rows, columns]`
    pub fn behind_stages<M: FeatureMap>(&self, pooled: Vec<M>, geometry: Geometry) -> Features<M> {
        // The other convolutions of the stages are padded by 1 and leave the grid as it is.
        let mut grid = Grid::IMAGE.window(3, 1, geometry.first_padding(1));
        let mut place = |map| {
            grid = grid.window(2, 2, 0);
            Placed { map, grid }
        };
        let mut pooled: Vec<Placed<M>> = pooled.into_iter().map(&mut place).collect();
        let Placed { map, grid } = pooled.swap_remove(4);
        let pool4 = pooled.swap_remove(3);
        let pool3 = pooled.swap_remove(2);
        let fc6 = self.fc6.forward(map).tap(|| "fc6".to_owned());
        let fc7 = self.fc7.forward(fc6.dropout(&self.dropout));
        let fc7 = fc7.tap(|| "fc7".to_owned()).dropout(&self.dropout);
        let coarse = Placed {
            map: fc7,
            grid: grid.window(FC6, 1, fc6_padding(geometry)),
        };
        Features {
            pool3: Some(pool3),
            pool4: Some(pool4),
            coarse,
        }
    }
}

fn reference_name(path: &[&str]) -> String {
    match path {
        ["stages", stage, index, "conv", leaf] => {
            format!("conv{}_{}.{leaf}", one_based(stage), one_based(index))
        }
        ["stages", stage, index, "norm", leaf] => {
            let (stage, index) = (one_based(stage), one_based(index));
            format!("bn{stage}_{index}.{}", norm_leaf(leaf))
        }
        _ => fc_name(path),
    }
}

/// Whether the `features` of a torchvision VGG have batch normalization.
fn has_norm(shapes: &Shapes<'_>) -> bool {
    shapes.has("features.1.running_mean")
}

fn classifier_target(key: &str, batch_norm: bool) -> Target {
    let (module, leaf) = key.rsplit_once('.').unwrap_or((key, ""));
    match module {
        "classifier.0" => Target::fully_connected(format!("fc6.{leaf}"), FC6),
        "classifier.3" => Target::fully_connected(format!("fc7.{leaf}"), 1),
        module => module
            .strip_prefix("features.")
            .and_then(|index| features_name(index.parse().ok()?, batch_norm))
            .map_or(Target::Unused, |name| {
                Target::layer(format!("{name}.{leaf}"))
            }),
    }
}

/// Reference name of number `index` of torchvision's `features`: convolution, (batch
/// normalization,) ReLU for each convolution, and a pooling behind each stage.
fn features_name(index: usize, batch_norm: bool) -> Option<String> {
    let per_convolution = if batch_norm { 3 } else { 2 };
    let mut start = 0;
    for (stage, convolutions) in CONVOLUTIONS.into_iter().enumerate() {
        let end = start + convolutions * per_convolution;
        if (start..end).contains(&index) {
            let (number, part) = (
                (index - start) / per_convolution,
                (index - start) % per_convolution,
            );
            let kind = match part {
                0 => "conv",
                1 if batch_norm => "bn",
                _ => return None,
            };
            return Some(format!("{kind}{}_{}", stage + 1, number + 1));
        }
        start = end + 1;
    }
    None
}
