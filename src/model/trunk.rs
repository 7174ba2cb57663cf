//! The trunks behind one door.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::alexnet::AlexNet;
use super::geometry::{Geometry, Grid};
use super::googlenet::GoogLeNet;
use super::network::NetworkConfig;
use super::variant::Trunk;
use super::vgg::Vgg16;

/// A map and where its cells lie in the image.
pub(super) struct Placed {
    /// `[batch_size, channels, rows, columns]`
    pub map: Tensor<4>,
    pub grid: Grid,
}

/// What the score layers are fed with.
pub(super) struct Features {
    /// At stride 8; `None` where the trunk has no skips.
    pub pool3: Option<Placed>,
    /// At stride 16; `None` where the trunk has no skips.
    pub pool4: Option<Placed>,
    /// At stride 32.
    pub coarse: Placed,
}

/// Channels of the feature maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Channels {
    pub pool3: usize,
    pub pool4: usize,
    pub coarse: usize,
}

/// A trunk for FCN-32s, 16s and 8s.
#[derive(Module, Debug)]
pub(super) enum TrunkNet {
    Vgg(Vgg16),
    Alex(AlexNet),
    Google(GoogLeNet),
}

impl TrunkNet {
    /// With random weights. A trunk of another kind (`resnet50`) has its own network; it
    /// comes out as VGG16 here and is never asked for.
    pub fn new(config: &NetworkConfig, device: &Device) -> Self {
        let NetworkConfig {
            trunk,
            geometry,
            dropout,
            ..
        } = *config;
        match trunk {
            Trunk::Alexnet => Self::Alex(AlexNet::new(geometry, dropout, device)),
            Trunk::Googlenet => Self::Google(GoogLeNet::new(dropout, device)),
            vgg => Self::Vgg(Vgg16::new(
                vgg,
                config.vgg_widths(),
                geometry,
                dropout,
                device,
            )),
        }
    }

    /// Channels of what [`forward`](Self::forward) gives.
    pub fn channels(config: &NetworkConfig) -> Channels {
        match config.trunk {
            Trunk::Alexnet => AlexNet::CHANNELS,
            Trunk::Googlenet => GoogLeNet::CHANNELS,
            _ => Vgg16::channels(config.vgg_widths()),
        }
    }

    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`
    pub fn forward(&self, images: Tensor<4>, geometry: Geometry) -> Features {
        match self {
            Self::Vgg(trunk) => trunk.forward(images, geometry),
            Self::Alex(trunk) => trunk.forward(images, geometry),
            Self::Google(trunk) => trunk.forward(images),
        }
    }
}
