//! `AlexNet` with its fully connected layers as convolutions, in torchvision's widths
//! (`torchvision/models/alexnet.py`) and the geometry of `voc-fcn-alexnet/net.py`.

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::geometry::{Geometry, Grid};
use super::trunk::{Channels, Features, Placed};
use super::unit::{ConvUnit, Norm, Window};
use crate::kernels::max_pool2d;

/// fc6 is a 6x6 convolution without padding.
pub(super) const FC6: usize = 6;

/// The trunk: five convolutions, three of them followed by a 3x3 max pooling of stride 2
/// that rounds up (as Caffe's), then fc6 and fc7 with dropout.
#[derive(Module, Debug)]
pub(super) struct AlexNet {
    convs: Vec<ConvUnit>,
    pool: MaxPool2d,
    fc6: ConvUnit,
    fc7: ConvUnit,
    dropout: Dropout,
}

/// Channels in and out, kernel, stride, padding, and whether a pooling follows. The first
/// one's padding is that of the geometry.
pub(super) const CONVOLUTIONS: [([usize; 2], usize, usize, usize, bool); 5] = [
    ([3, 64], 11, 4, 2, true),
    ([64, 192], 5, 1, 2, true),
    ([192, 384], 3, 1, 1, false),
    ([384, 256], 3, 1, 1, false),
    ([256, 256], 3, 1, 1, true),
];

impl AlexNet {
    pub const CHANNELS: Channels = Channels {
        pool3: 0,
        pool4: 0,
        coarse: 4096,
    };

    pub fn new(geometry: Geometry, dropout: f64, device: &Device) -> Self {
        let convs = CONVOLUTIONS
            .iter()
            .enumerate()
            .map(|(index, &(channels, kernel, stride, padding, _))| {
                let padding = if index == 0 {
                    geometry.first_padding(padding)
                } else {
                    padding
                };
                let window = Window::same(kernel).stride(stride).padding(padding);
                ConvUnit::new(channels, window, Norm::Bias, device)
            })
            .collect();
        let fc6 = Window::same(FC6).padding(0);
        Self {
            convs,
            pool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_ceil_mode(true)
                .init(),
            fc6: ConvUnit::new([256, 4096], fc6, Norm::Bias, device),
            fc7: ConvUnit::new([4096, 4096], Window::same(1), Norm::Bias, device),
            dropout: DropoutConfig::new(dropout).init(),
        }
    }

    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`
    pub fn forward(&self, images: Tensor<4>, geometry: Geometry) -> Features {
        let mut map = images;
        let mut grid = Grid::IMAGE;
        for (index, (unit, &(_, kernel, stride, padding, pooled))) in
            self.convs.iter().zip(&CONVOLUTIONS).enumerate()
        {
            let padding = if index == 0 {
                geometry.first_padding(padding)
            } else {
                padding
            };
            map = unit.forward(map);
            grid = grid.window(kernel, stride, padding);
            if pooled {
                map = max_pool2d(&self.pool, map);
                grid = grid.window(3, 2, 0);
            }
        }
        let fc6 = self.dropout.forward(self.fc6.forward(map));
        let fc7 = self.dropout.forward(self.fc7.forward(fc6));
        Features {
            pool3: None,
            pool4: None,
            coarse: Placed {
                map: fc7,
                grid: grid.window(FC6, 1, 0),
            },
        }
    }
}
