//! VGG16 with its fully connected layers as convolutions (CVPR 2015, section 3.1).

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::geometry::{Geometry, Grid};
use super::trunk::{Channels, Features, Placed};
use super::unit::{ConvUnit, EPSILON, Norm, Window};
use super::variant::Trunk;
use crate::kernels::max_pool2d;

/// Output channels of a VGG16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widths {
    /// Of the five stages, each 1 or more.
    pub stages: [usize; 5],
    /// Of fc6 and fc7, 1 or more.
    pub fc: usize,
}

impl Widths {
    /// The usual ones of a trunk.
    pub(super) fn of(trunk: Trunk) -> Self {
        match trunk {
            Trunk::Vgg16Slim => Self {
                stages: [8, 16, 32, 64, 96],
                fc: 192,
            },
            _ => Self {
                stages: [64, 128, 256, 512, 512],
                fc: 4096,
            },
        }
    }
}

/// 3x3 convolutions in each stage of VGG16 (configuration D).
pub(super) const CONVOLUTIONS: [usize; 5] = [2, 2, 3, 3, 3];

/// fc6 is a 7x7 convolution.
pub(super) const FC6: usize = 7;

/// The trunk: five stages of 3x3 convolutions, each followed by a 2x2 max pooling that
/// rounds up, then fc6 (7x7) and fc7 (1x1) with dropout.
///
/// Padded geometry: every convolution keeps height and width (fc6 is padded by 3), so any
/// input from 1x1 pixel up has an output. Reference geometry: the first convolution is
/// padded by 100 and fc6 not at all.
#[derive(Module, Debug)]
pub(super) struct Vgg16 {
    stages: Vec<Vec<ConvUnit>>,
    pool: MaxPool2d,
    fc6: ConvUnit,
    fc7: ConvUnit,
    dropout: Dropout,
}

impl Vgg16 {
    pub(super) fn new(
        trunk: Trunk,
        widths: Widths,
        geometry: Geometry,
        dropout: f64,
        device: &Device,
    ) -> Self {
        let (norm, fc_norm) = match trunk {
            Trunk::Vgg16Slim => (
                Norm::Batch { epsilon: EPSILON },
                Norm::Batch { epsilon: EPSILON },
            ),
            Trunk::Vgg16Bn => (Norm::BiasAndBatch, Norm::Bias),
            _ => (Norm::Bias, Norm::Bias),
        };
        let mut channels_in = 3;
        let mut window = Window::same(3).padding(geometry.first_padding(1));
        let stages = std::iter::zip(widths.stages, CONVOLUTIONS)
            .map(|(channels_out, convolutions)| {
                (0..convolutions)
                    .map(|_| {
                        let unit = ConvUnit::new([channels_in, channels_out], window, norm, device);
                        channels_in = channels_out;
                        window = Window::same(3);
                        unit
                    })
                    .collect()
            })
            .collect();
        let fc6 = Window::same(FC6).padding(fc6_padding(geometry));
        Self {
            stages,
            pool: MaxPool2dConfig::new([2, 2])
                .with_strides([2, 2])
                .with_ceil_mode(true)
                .init(),
            fc6: ConvUnit::new([channels_in, widths.fc], fc6, fc_norm, device),
            fc7: ConvUnit::new([widths.fc, widths.fc], Window::same(1), fc_norm, device),
            dropout: DropoutConfig::new(dropout).init(),
        }
    }

    pub(super) fn channels(widths: Widths) -> Channels {
        Channels {
            pool3: widths.stages[2],
            pool4: widths.stages[3],
            coarse: widths.fc,
        }
    }

    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`
    pub(super) fn forward(&self, images: Tensor<4>, geometry: Geometry) -> Features {
        let mut map = images;
        let mut pooled = Vec::with_capacity(CONVOLUTIONS.len());
        for index in 0..CONVOLUTIONS.len() {
            map = self.stage(index, map);
            pooled.push(map.clone());
        }
        drop(map);
        self.behind_stages(pooled, geometry)
    }

    /// What a stage makes of a map: its convolutions, and half the size.
    pub(super) fn stage(&self, index: usize, map: Tensor<4>) -> Tensor<4> {
        max_pool2d(
            &self.pool,
            self.stages[index]
                .iter()
                .fold(map, |map, unit| unit.forward(map)),
        )
    }

    /// The rest of [`forward`](Self::forward), from what each stage has made.
    pub(super) fn behind_stages(&self, pooled: Vec<Tensor<4>>, geometry: Geometry) -> Features {
        // The other convolutions of the stages are padded by 1 and leave the grid as it is.
        let mut grid = Grid::IMAGE.window(3, 1, geometry.first_padding(1));
        let mut place = |map| {
            grid = grid.window(2, 2, 0);
            Placed { map, grid }
        };
        let mut pooled: Vec<Placed> = pooled.into_iter().map(&mut place).collect();
        let Placed { map, grid } = pooled.swap_remove(4);
        let pool4 = pooled.swap_remove(3);
        let pool3 = pooled.swap_remove(2);
        let fc6 = self.dropout.forward(self.fc6.forward(map));
        let fc7 = self.dropout.forward(self.fc7.forward(fc6));
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

pub(super) fn fc6_padding(geometry: Geometry) -> usize {
    match geometry {
        Geometry::Padded => FC6 / 2,
        Geometry::Reference => 0,
    }
}
