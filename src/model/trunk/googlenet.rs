//! `GoogLeNet` without its last average pooling and classifier (CVPR 2015, section 4.1), with
//! batch normalization as in `torchvision/models/googlenet.py`.

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, PaddingConfig2d};
use burn::tensor::Device;

use super::description::{Classifier, Preprocessing, Reference, Shapes, Target, TrunkInfo};
use super::features::{Channels, Features, Placed};
use super::names::{norm_leaf, one_based};
use crate::model::feature_map::FeatureMap;
use crate::model::geometry::{Geometry, Grid};
use crate::model::unit::{ConvSpec, ConvUnit, Norm, chain};
use crate::model::variant::Variant;

pub const GOOGLENET: TrunkInfo = TrunkInfo {
    label: "GoogLeNet",
    summary: "Inception blocks, 6 million parameters, as in torchvision",
    variants: &[Variant::Fcn32s, Variant::Fcn16s, Variant::Fcn8s],
    geometries: &[Geometry::Padded],
    last_map: "inception5b",
    has_stages: false,
    odd_upsampling: false,
    max_pixels: 6_000_000,
    reference: Reference {
        name: reference_name,
        is_in_network: has_inceptions,
        network_input: Preprocessing::ImageNet,
        classifier: Some(Classifier {
            is_it: has_inceptions,
            target: classifier_target,
            input: Preprocessing::Symmetric,
        }),
    },
};

pub const CHANNELS: Channels = Channels {
    pool3: 480,
    pool4: 832,
    coarse: 1024,
};

/// Its batch normalization; torchvision's `BasicConv2d` has another epsilon than PyTorch.
const NORM: Norm = Norm::Batch { epsilon: 1e-3 };

/// One inception block: four branches side by side.
#[derive(Module, Debug)]
struct Inception {
    branch1: ConvUnit,
    branch2: Vec<ConvUnit>,
    branch3: Vec<ConvUnit>,
    pool: MaxPool2d,
    branch4: ConvUnit,
}

/// Channels of an inception block.
#[derive(Debug, Clone, Copy)]
struct Block {
    in_channels: usize,
    /// Out of branch 1, a 1x1 convolution.
    branch1: usize,
    branch2: Reduced,
    branch3: Reduced,
    /// Out of branch 4, a 1x1 convolution behind a pooling.
    branch4: usize,
}

/// Channels of a branch that a 1x1 convolution reduces before a 3x3 one.
#[derive(Debug, Clone, Copy)]
struct Reduced {
    reduced: usize,
    out: usize,
}

/// A block by the six numbers of a row of table 1 in "Going deeper with convolutions".
const fn block(
    in_channels: usize,
    branch1: usize,
    (reduced2, out2): (usize, usize),
    (reduced3, out3): (usize, usize),
    branch4: usize,
) -> Block {
    let branch2 = Reduced {
        reduced: reduced2,
        out: out2,
    };
    let branch3 = Reduced {
        reduced: reduced3,
        out: out3,
    };
    Block {
        in_channels,
        branch1,
        branch2,
        branch3,
        branch4,
    }
}

/// The nine blocks, 3a to 5b.
const BLOCKS: [Block; 9] = [
    block(192, 64, (96, 128), (16, 32), 32),
    block(256, 128, (128, 192), (32, 96), 64),
    block(480, 192, (96, 208), (16, 48), 64),
    block(512, 160, (112, 224), (24, 64), 64),
    block(512, 128, (128, 256), (24, 64), 64),
    block(512, 112, (144, 288), (32, 64), 64),
    block(528, 256, (160, 320), (32, 128), 128),
    block(832, 256, (160, 320), (32, 128), 128),
    block(832, 384, (192, 384), (48, 128), 128),
];

impl Inception {
    fn new(block: Block, device: &Device) -> Self {
        let unit = |in_channels, out_channels, kernel| {
            let shape = ConvSpec::same(in_channels, out_channels, kernel);
            ConvUnit::new(shape, NORM, device)
        };
        let channels = block.in_channels;
        let branch =
            |Reduced { reduced, out }| vec![unit(channels, reduced, 1), unit(reduced, out, 3)];
        Self {
            branch1: unit(channels, block.branch1, 1),
            branch2: branch(block.branch2),
            // 5x5 in the paper; torchvision's released weights have 3x3.
            branch3: branch(block.branch3),
            pool: MaxPool2dConfig::new([3, 3])
                .with_strides([1, 1])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            branch4: unit(channels, block.branch4, 1),
        }
    }

    fn forward<M: FeatureMap>(&self, input: M) -> M {
        let pooled = input.clone().max_pool(&self.pool);
        M::concat(vec![
            self.branch1.forward(input.clone()),
            chain(&self.branch2, input.clone()),
            chain(&self.branch3, input),
            self.branch4.forward(pooled),
        ])
    }
}

/// The trunk. Skips are taken behind block 4e (stride 16) and block 3b (stride 8), the
/// last ones at their strides.
#[derive(Module, Debug)]
pub struct GoogLeNet {
    stem: Vec<ConvUnit>,
    pool: MaxPool2d,
    last_pool: MaxPool2d,
    blocks: Vec<Inception>,
    dropout: Dropout,
}

/// Blocks before the pooling to stride 16, and before that to stride 32.
const BLOCKS_3: usize = 2;
const BLOCKS_4: usize = 7;

/// The 3x3 poolings drop the last row of an odd map, and the upsampled scores would be
/// shorter than the image: images are padded to a multiple of the stride.
const STRIDE: usize = 32;

const FIRST: ConvSpec = ConvSpec::same(3, 64, 7).stride(2);

impl GoogLeNet {
    pub fn new(dropout: f64, device: &Device) -> Self {
        let pool = |size: usize| {
            MaxPool2dConfig::new([size; 2])
                .with_strides([2, 2])
                .with_ceil_mode(true)
                .init()
        };
        let stem = [FIRST, ConvSpec::same(64, 64, 1), ConvSpec::same(64, 192, 3)];
        Self {
            stem: stem.map(|shape| ConvUnit::new(shape, NORM, device)).into(),
            pool: pool(3),
            last_pool: pool(2),
            blocks: BLOCKS
                .iter()
                .map(|block| Inception::new(*block, device))
                .collect(),
            dropout: DropoutConfig::new(dropout).init(),
        }
    }

    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`; padded with zeros to a multiple of 32
    pub fn forward<M: FeatureMap>(&self, images: M) -> Features<M> {
        let size = images.size().map(|side| side.next_multiple_of(STRIDE));
        let mut map = images.pad_to(size);
        let mut grid = FIRST.grid(Grid::IMAGE);
        for (index, unit) in self.stem.iter().enumerate() {
            map = unit.forward(map).tap(|| format!("conv{}", index + 1));
            if index != 1 {
                map = map.max_pool(&self.pool);
                grid = grid.window(3, 2, 0);
            }
        }
        let (mut pool3, mut pool4) = (None, None);
        for (index, block) in self.blocks.iter().enumerate() {
            if index == BLOCKS_3 {
                pool3 = Some(Placed {
                    map: map.clone(),
                    grid,
                });
                map = map.max_pool(&self.pool);
                grid = grid.window(3, 2, 0);
            }
            if index == BLOCKS_4 {
                pool4 = Some(Placed {
                    map: map.clone(),
                    grid,
                });
                map = map.max_pool(&self.last_pool);
                grid = grid.window(2, 2, 0);
            }
            let name = || format!("inception{}", INCEPTIONS[index]);
            map = block.forward(map).tap(name);
        }
        let coarse = Placed {
            map: map.dropout(&self.dropout),
            grid,
        };
        Features {
            pool3,
            pool4,
            coarse,
        }
    }
}

/// The inception blocks in their order.
const INCEPTIONS: [&str; 9] = ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"];

fn reference_name(path: &[&str]) -> String {
    match path {
        ["stem", index, unit @ ..] => format!("conv{}.{}", one_based(index), basic_conv(unit)),
        ["blocks", block, branch, unit @ ..] => {
            let block = INCEPTIONS[block.parse::<usize>().unwrap_or_default()];
            let unit = match (*branch, unit) {
                // Behind a pooling, which is number 0.
                ("branch4", unit) => format!("1.{}", basic_conv(unit)),
                (_, [index @ ("0" | "1"), unit @ ..]) => format!("{index}.{}", basic_conv(unit)),
                (_, unit) => basic_conv(unit),
            };
            format!("inception{block}.{branch}.{unit}")
        }
        other => other.join("."),
    }
}

/// torchvision's `BasicConv2d`: `conv` and `bn`.
fn basic_conv(unit: &[&str]) -> String {
    match unit {
        ["norm", leaf] => format!("bn.{}", norm_leaf(leaf)),
        other => other.join("."),
    }
}

fn has_inceptions(shapes: &Shapes<'_>) -> bool {
    shapes.has("inception3a.branch1.conv.weight")
}

fn classifier_target(key: &str) -> Target {
    let (module, _) = key.rsplit_once('.').unwrap_or((key, ""));
    if module == "fc" || module.starts_with("aux") {
        Target::Unused
    } else {
        Target::layer(key.to_owned())
    }
}
