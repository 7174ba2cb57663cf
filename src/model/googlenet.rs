//! `GoogLeNet` without its last average pooling and classifier (CVPR 2015, section 4.1), with
//! batch normalization as in `torchvision/models/googlenet.py`.

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use super::geometry::Grid;
use super::trunk::{Channels, Features, Placed};
use super::unit::{ConvUnit, Norm, Window};
use crate::kernels::max_pool2d;

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

/// Channels into a block, out of branch 1, inside and out of branches 2 and 3, out of 4.
pub(super) type Block = (usize, usize, [usize; 2], [usize; 2], usize);

/// The nine blocks, 3a to 5b.
pub(super) const BLOCKS: [Block; 9] = [
    (192, 64, [96, 128], [16, 32], 32),
    (256, 128, [128, 192], [32, 96], 64),
    (480, 192, [96, 208], [16, 48], 64),
    (512, 160, [112, 224], [24, 64], 64),
    (512, 128, [128, 256], [24, 64], 64),
    (512, 112, [144, 288], [32, 64], 64),
    (528, 256, [160, 320], [32, 128], 128),
    (832, 256, [160, 320], [32, 128], 128),
    (832, 384, [192, 384], [48, 128], 128),
];

impl Inception {
    fn new((channels, one, two, three, four): Block, device: &Device) -> Self {
        let unit = |channels, kernel| ConvUnit::new(channels, Window::same(kernel), NORM, device);
        Self {
            branch1: unit([channels, one], 1),
            branch2: vec![unit([channels, two[0]], 1), unit(two, 3)],
            // 5x5 in the paper; torchvision's released weights have 3x3.
            branch3: vec![unit([channels, three[0]], 1), unit(three, 3)],
            pool: MaxPool2dConfig::new([3, 3])
                .with_strides([1, 1])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            branch4: unit([channels, four], 1),
        }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let chain = |units: &[ConvUnit]| {
            units
                .iter()
                .fold(input.clone(), |map, unit| unit.forward(map))
        };
        let pooled = max_pool2d(&self.pool, input.clone());
        Tensor::cat(
            vec![
                self.branch1.forward(input.clone()),
                chain(&self.branch2),
                chain(&self.branch3),
                self.branch4.forward(pooled),
            ],
            1,
        )
    }
}

/// The trunk. Skips are taken behind block 4e (stride 16) and block 3b (stride 8), the
/// last ones at their strides.
#[derive(Module, Debug)]
pub(super) struct GoogLeNet {
    stem: Vec<ConvUnit>,
    pool: MaxPool2d,
    last_pool: MaxPool2d,
    blocks: Vec<Inception>,
    dropout: Dropout,
}

/// Blocks before the pooling to stride 16, and before that to stride 32.
pub(super) const BLOCKS_3: usize = 2;
pub(super) const BLOCKS_4: usize = 7;

/// The 3x3 poolings drop the last row of an odd map, and the upsampled scores would be
/// shorter than the image: images are padded to a multiple of the stride.
pub(super) const STRIDE: usize = 32;

impl GoogLeNet {
    pub const CHANNELS: Channels = Channels {
        pool3: 480,
        pool4: 832,
        coarse: 1024,
    };

    pub fn new(dropout: f64, device: &Device) -> Self {
        let pool = |size: usize| {
            MaxPool2dConfig::new([size; 2])
                .with_strides([2, 2])
                .with_ceil_mode(true)
                .init()
        };
        Self {
            stem: vec![
                ConvUnit::new([3, 64], Window::same(7).stride(2), NORM, device),
                ConvUnit::new([64, 64], Window::same(1), NORM, device),
                ConvUnit::new([64, 192], Window::same(3), NORM, device),
            ],
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
    pub fn forward(&self, images: Tensor<4>) -> Features {
        let mut map = to_multiple(images, STRIDE);
        let mut grid = Grid::IMAGE.window(7, 2, 3);
        for (index, unit) in self.stem.iter().enumerate() {
            map = unit.forward(map);
            if index != 1 {
                map = max_pool2d(&self.pool, map);
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
                map = max_pool2d(&self.pool, map);
                grid = grid.window(3, 2, 0);
            }
            if index == BLOCKS_4 {
                pool4 = Some(Placed {
                    map: map.clone(),
                    grid,
                });
                map = max_pool2d(&self.last_pool, map);
                grid = grid.window(2, 2, 0);
            }
            map = block.forward(map);
        }
        let coarse = Placed {
            map: self.dropout.forward(map),
            grid,
        };
        Features {
            pool3,
            pool4,
            coarse,
        }
    }
}

/// Zeros below and to the right, as many as are missing to the next multiple.
fn to_multiple(images: Tensor<4>, multiple: usize) -> Tensor<4> {
    let [_, _, height, width] = images.dims();
    let missing = |side: usize| side.next_multiple_of(multiple) - side;
    let (below, right) = (missing(height), missing(width));
    if below == 0 && right == 0 {
        return images;
    }
    images.pad((0, right, 0, below), 0.0)
}
