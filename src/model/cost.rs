//! How much a network computes, from the shapes of its layers.
//!
//! Counts the multiply-adds of convolutions and transposed convolutions, the way
//! `FlopCounterMode` of PyTorch does; biases, normalization, pooling and interpolation are
//! a few per mille of them. Arithmetic alone: no weights, no tensors.

use super::alexnet;
use super::fcn::skip_size;
use super::geometry::Grid;
use super::googlenet;
use super::network::NetworkConfig;
use super::resnet;
use super::trunk::TrunkNet;
use super::unit::Window;
use super::upsample::Upsampling;
use super::variant::{Trunk, Variant};
use super::vgg;

impl NetworkConfig {
    /// Multiply-adds of one forward pass of an image of `[height, width]` pixels, 1x1 or
    /// more, without a second head. Twice that are its floating point operations.
    pub fn multiply_adds(&self, size: [usize; 2]) -> u64 {
        let mut walk = Walk::new(size);
        if self.variant.is_fcn() {
            let [pool3, pool4] = walk.trunk(self);
            walk.fcn(self, pool3, pool4);
        } else {
            walk.resnet(self.variant, self.num_classes);
        }
        walk.multiply_adds
    }
}

/// A map somewhere in a network: its size and where it lies in the image.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// `[rows, columns]`
    size: [usize; 2],
    grid: Grid,
}

/// A walk through the layers of a network.
struct Walk {
    at: Place,
    multiply_adds: u64,
}

impl Walk {
    fn new(size: [usize; 2]) -> Self {
        Self {
            at: Place {
                size,
                grid: Grid::IMAGE,
            },
            multiply_adds: 0,
        }
    }

    /// `cells` times a kernel between all channels.
    fn add(&mut self, cells: [usize; 2], channels: [usize; 2], kernel: usize) {
        let [rows, columns] = cells.map(|side| side as u64);
        let [channels_in, channels_out] = channels.map(|count| count as u64);
        self.multiply_adds +=
            rows * columns * channels_in * channels_out * (kernel * kernel) as u64;
    }

    fn conv(&mut self, channels: [usize; 2], window: Window) {
        let Window {
            kernel,
            stride,
            padding,
            dilation,
        } = window;
        let reach = dilation * (kernel - 1) + 1;
        self.at.size = self
            .at
            .size
            .map(|side| (side + 2 * padding - reach) / stride + 1);
        self.at.grid = self.at.grid.window(kernel, stride, padding);
        self.add(self.at.size, channels, kernel);
    }

    /// A max pooling of stride 2 that rounds up.
    fn pool_up(&mut self, kernel: usize) {
        self.at.size = self
            .at
            .size
            .map(|side| side.saturating_sub(kernel).div_ceil(2) + 1);
        self.at.grid = self.at.grid.window(kernel, 2, 0);
    }

    /// Each cell of the coarse map meets the whole kernel, whatever is cropped or padded away.
    fn upsample(&mut self, num_classes: usize, upsampling: Upsampling) {
        self.add(self.at.size, [num_classes; 2], upsampling.kernel);
        let Upsampling {
            kernel,
            stride,
            padding,
        } = upsampling;
        self.at.size = self
            .at
            .size
            .map(|side| (side - 1) * stride + kernel - 2 * padding);
        self.at.grid = upsampling.grid(self.at.grid);
    }

    /// To the map that the scores are made of; the maps of pool3 and pool4 on the way, where
    /// the trunk has them.
    fn trunk(&mut self, config: &NetworkConfig) -> [Option<Place>; 2] {
        match config.trunk {
            Trunk::Alexnet => {
                self.alexnet(config);
                [None, None]
            }
            Trunk::Googlenet => self.googlenet().map(Some),
            _ => self.vgg(config).map(Some),
        }
    }

    fn vgg(&mut self, config: &NetworkConfig) -> [Place; 2] {
        let widths = config.vgg_widths();
        let mut channels = 3;
        let mut window = Window::same(3).padding(config.geometry.first_padding(1));
        let mut pooled = [self.at; 5];
        for (stage, (width, convolutions)) in
            widths.stages.into_iter().zip(vgg::CONVOLUTIONS).enumerate()
        {
            for _ in 0..convolutions {
                self.conv([channels, width], window);
                (channels, window) = (width, Window::same(3));
            }
            self.pool_up(2);
            pooled[stage] = self.at;
        }
        let fc6 = Window::same(vgg::FC6).padding(vgg::fc6_padding(config.geometry));
        self.conv([channels, widths.fc], fc6);
        self.conv([widths.fc; 2], Window::same(1));
        [pooled[2], pooled[3]]
    }

    fn alexnet(&mut self, config: &NetworkConfig) {
        for (index, &(channels, kernel, stride, padding, pooled)) in
            alexnet::CONVOLUTIONS.iter().enumerate()
        {
            let padding = if index == 0 {
                config.geometry.first_padding(padding)
            } else {
                padding
            };
            self.conv(
                channels,
                Window::same(kernel).stride(stride).padding(padding),
            );
            if pooled {
                self.pool_up(3);
            }
        }
        self.conv([256, 4096], Window::same(alexnet::FC6).padding(0));
        self.conv([4096, 4096], Window::same(1));
    }

    fn googlenet(&mut self) -> [Place; 2] {
        self.at.size = self
            .at
            .size
            .map(|side| side.next_multiple_of(googlenet::STRIDE));
        self.conv([3, 64], Window::same(7).stride(2));
        self.pool_up(3);
        self.conv([64, 64], Window::same(1));
        self.conv([64, 192], Window::same(3));
        self.pool_up(3);
        let mut pooled = [self.at; 2];
        for (index, &(channels, one, two, three, four)) in googlenet::BLOCKS.iter().enumerate() {
            if index == googlenet::BLOCKS_3 {
                pooled[0] = self.at;
                self.pool_up(3);
            }
            if index == googlenet::BLOCKS_4 {
                pooled[1] = self.at;
                self.pool_up(2);
            }
            for (channels, kernel) in [
                ([channels, one], 1),
                ([channels, two[0]], 1),
                (two, 3),
                ([channels, three[0]], 1),
                (three, 3),
                ([channels, four], 1),
            ] {
                self.conv(channels, Window::same(kernel));
            }
        }
        pooled
    }

    /// Score layers, skips and upsampling.
    fn fcn(&mut self, config: &NetworkConfig, pool3: Option<Place>, pool4: Option<Place>) {
        let NetworkConfig {
            variant,
            trunk,
            geometry,
            num_classes,
            ..
        } = *config;
        let channels = TrunkNet::channels(config);
        self.conv([channels.coarse, num_classes], Window::same(1));
        for (pooled, channels, stride) in [(pool4, channels.pool4, 16), (pool3, channels.pool3, 8)]
        {
            let (Some(pooled), true) = (pooled, variant.stride() <= stride) else {
                continue;
            };
            self.upsample(num_classes, Upsampling::new(2, trunk, geometry));
            self.add(pooled.size, [channels, num_classes], 1);
            let offset = pooled.grid.crop_onto(self.at.grid);
            self.at.size = skip_size(self.at.size, pooled.size, offset);
        }
        self.upsample(
            num_classes,
            Upsampling::new(variant.stride(), trunk, geometry),
        );
    }

    fn resnet(&mut self, variant: Variant, num_classes: usize) {
        self.conv([3, 64], Window::same(7).stride(2));
        // 3x3, stride 2, padded by 1, rounded down.
        self.at.size = self.at.size.map(|side| side.div_ceil(2));
        let mut channels = 64;
        for ((width, stride, first, dilation), blocks) in
            std::iter::zip(resnet::STAGES, resnet::blocks(variant))
        {
            for block in 0..blocks {
                let (stride, dilation) = if block == 0 {
                    (stride, first)
                } else {
                    (1, dilation)
                };
                let point = Window::same(1);
                let channels_out = width * resnet::EXPANSION;
                let input = self.at;
                self.conv([channels, width], point);
                self.conv(
                    [width, width],
                    Window::same(3).dilated(dilation).stride(stride),
                );
                self.conv([width, channels_out], point);
                if stride != 1 || channels != channels_out {
                    self.at = input;
                    self.conv([channels, channels_out], point.stride(stride));
                }
                channels = channels_out;
            }
        }
        self.conv([channels, channels / 4], Window::same(3));
        self.conv([channels / 4, num_classes], Window::same(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FinalUpsampling, Geometry, Widths};

    fn config(variant: Variant, trunk: Trunk, geometry: Geometry) -> NetworkConfig {
        NetworkConfig {
            variant,
            trunk,
            geometry,
            num_classes: 21,
            dropout: 0.5,
            final_upsampling: FinalUpsampling::Learned,
            aux_head: false,
            widths: None,
        }
    }

    #[test]
    fn one_convolution_equals_the_hand_computed_one() {
        // 5x3 pixels, 7x7 kernel, stride 2, padding 3: 3x2 cells of 3 * 64 * 49.
        let mut walk = Walk::new([5, 3]);
        walk.conv([3, 64], Window::same(7).stride(2));
        assert_eq!(
            (walk.at.size, walk.multiply_adds),
            ([3, 2], 6 * 3 * 64 * 49)
        );
        // Dilated by 2, a 3x3 kernel reaches over 5 cells and is padded by 2.
        walk.conv([64, 8], Window::same(3).dilated(2));
        assert_eq!(
            (walk.at.size, walk.multiply_adds),
            ([3, 2], 6 * 3 * 64 * 49 + 6 * 64 * 8 * 9)
        );
    }

    #[test]
    fn a_whole_network_equals_the_hand_computed_one() {
        // All widths 1, one class, 32x32 pixels: stages of 32, 16, 8, 4 and 2 pixels.
        let config = NetworkConfig {
            num_classes: 1,
            widths: Some(Widths {
                stages: [1; 5],
                fc: 1,
            }),
            ..config(Variant::Fcn32s, Trunk::Vgg16, Geometry::Padded)
        };
        let stages = 9 * (32 * 32 * (3 + 1) + 16 * 16 * 2 + 8 * 8 * 3 + 4 * 4 * 3 + 2 * 2 * 3);
        let heads = 49 + 1 + 1 + 64 * 64;
        assert_eq!(config.multiply_adds([32, 32]), stages + heads);
    }

    #[test]
    fn all_networks_have_the_operations_that_pytorch_counts() {
        use Geometry::{Padded, Reference};
        // `FlopCounterMode` of PyTorch 2.15 over the networks of tests/reference/fcn.py, 21
        // classes, at 375x500 and 65x33 (height x width); its operations are twice ours.
        for (variant, trunk, geometry, operations) in [
            (
                Variant::Fcn8s,
                Trunk::Vgg16,
                Padded,
                [162_382_431_744, 3_054_869_280],
            ),
            (
                Variant::Fcn8s,
                Trunk::Vgg16,
                Reference,
                [293_568_384_384, 39_159_802_944],
            ),
            (
                Variant::Fcn16s,
                Trunk::Vgg16,
                Reference,
                [293_432_691_456, 39_135_288_384],
            ),
            (
                Variant::Fcn32s,
                Trunk::Vgg16Slim,
                Padded,
                [3_104_967_744, 62_260_272],
            ),
            (
                Variant::Fcn16s,
                Trunk::Vgg16Slim,
                Padded,
                [3_109_741_632, 54_256_752],
            ),
            (
                Variant::Fcn32s,
                Trunk::Alexnet,
                Reference,
                [32_971_800_192, 2_351_251_116],
            ),
            (
                Variant::Fcn8s,
                Trunk::Googlenet,
                Padded,
                [12_538_558_464, 391_829_952],
            ),
            (
                Variant::Fcn16s,
                Trunk::Googlenet,
                Padded,
                [12_465_788_928, 389_555_904],
            ),
            (
                Variant::FcnResnet50,
                Trunk::Resnet50,
                Padded,
                [199_999_272_960, 3_024_049_536],
            ),
            (
                Variant::FcnResnet101,
                Trunk::Resnet101,
                Padded,
                [312_161_384_448, 4_728_640_896],
            ),
        ] {
            let config = config(variant, trunk, geometry);
            let counted = [[375, 500], [65, 33]].map(|size| 2 * config.multiply_adds(size));
            assert_eq!(counted, operations, "{variant} {trunk} {geometry}");
        }
    }
}
