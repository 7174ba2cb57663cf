//! `AlexNet` with its fully connected layers as convolutions, in torchvision's widths
//! (`torchvision/models/alexnet.py`) and the geometry of `voc-fcn-alexnet/net.py`.

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::Device;

use super::description::{Classifier, Preprocessing, Reference, Target, TrunkInfo};
use super::features::{Channels, Features, Placed};
use super::names::fc_name;
use crate::model::feature_map::FeatureMap;
use crate::model::geometry::{Geometry, Grid};
use crate::model::unit::{ConvSpec, ConvUnit, Norm};
use crate::model::variant::Variant;

pub const ALEXNET: TrunkInfo = TrunkInfo {
    label: "AlexNet",
    summary: "The smallest and fastest trunk of the paper; reference geometry only",
    variants: &[Variant::Fcn32s],
    geometries: &[Geometry::Reference],
    last_map: "fc7",
    has_stages: false,
    odd_upsampling: true,
    max_pixels: 6_000_000,
    reference: Reference {
        name: reference_name,
        is_in_network: |shapes| shapes.has("features.0.weight"),
        network_input: Preprocessing::ImageNet,
        classifier: Some(Classifier {
            is_it: |shapes| {
                shapes
                    .get("features.0.weight")
                    .is_some_and(|shape| shape.ends_with(&[11, 11]))
            },
            target: classifier_target,
            input: Preprocessing::ImageNet,
        }),
    },
};

pub const CHANNELS: Channels = Channels {
    pool3: 0,
    pool4: 0,
    coarse: FC7.out_channels,
};

/// A convolution, and whether a pooling follows.
struct Layer {
    conv: ConvSpec,
    pooled: bool,
}

/// The first one's padding is that of the geometry.
const LAYERS: [Layer; 5] = [
    Layer {
        conv: ConvSpec::same(3, 64, 11).stride(4).padding(2),
        pooled: true,
    },
    Layer {
        conv: ConvSpec::same(64, 192, 5),
        pooled: true,
    },
    Layer {
        conv: ConvSpec::same(192, 384, 3),
        pooled: false,
    },
    Layer {
        conv: ConvSpec::same(384, 256, 3),
        pooled: false,
    },
    Layer {
        conv: ConvSpec::same(256, 256, 3),
        pooled: true,
    },
];
const FC6: ConvSpec = ConvSpec::same(256, 4096, 6).padding(0);
const FC7: ConvSpec = ConvSpec::same(4096, 4096, 1);

fn layers(geometry: Geometry) -> [Layer; 5] {
    let mut layers = LAYERS;
    let first = &mut layers[0].conv;
    first.padding = geometry.first_padding(first.padding);
    layers
}

/// The trunk: five convolutions, three of them followed by a 3x3 max pooling of stride 2
/// that rounds up (as Caffe's), then fc6 and fc7 with dropout.
#[derive(Module, Debug)]
pub struct AlexNet {
    convs: Vec<ConvUnit>,
    pool: MaxPool2d,
    fc6: ConvUnit,
    fc7: ConvUnit,
    dropout: Dropout,
}

impl AlexNet {
    pub fn new(geometry: Geometry, dropout: f64, device: &Device) -> Self {
        let unit = |shape| ConvUnit::new(shape, Norm::Bias, device);
        Self {
            convs: layers(geometry).map(|layer| unit(layer.conv)).into(),
            pool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_ceil_mode(true)
                .init(),
            fc6: unit(FC6),
            fc7: unit(FC7),
            dropout: DropoutConfig::new(dropout).init(),
        }
    }

    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`
    pub fn forward<M: FeatureMap>(&self, images: M, geometry: Geometry) -> Features<M> {
        let mut map = images;
        let mut grid = Grid::IMAGE;
        let layers = self.convs.iter().zip(layers(geometry));
        for (number, (unit, Layer { conv, pooled })) in (1..).zip(layers) {
            map = unit.forward(map).tap(|| format!("conv{number}"));
            grid = conv.grid(grid);
            if pooled {
                map = map.max_pool(&self.pool).tap(|| format!("pool{number}"));
                grid = grid.window(3, 2, 0);
            }
        }
        let fc6 = self.fc6.forward(map).tap(|| "fc6".to_owned());
        let fc7 = self.fc7.forward(fc6.dropout(&self.dropout));
        let fc7 = fc7.tap(|| "fc7".to_owned()).dropout(&self.dropout);
        Features {
            pool3: None,
            pool4: None,
            coarse: Placed {
                map: fc7,
                grid: FC6.grid(grid),
            },
        }
    }
}

/// Indices of torchvision's `alexnet.features` that are convolutions.
const FEATURES: [usize; 5] = [0, 3, 6, 8, 10];

fn reference_name(path: &[&str]) -> String {
    match path {
        ["convs", index, "conv", leaf] => {
            let index = FEATURES[index.parse::<usize>().unwrap_or_default()];
            format!("features.{index}.{leaf}")
        }
        _ => fc_name(path),
    }
}

fn classifier_target(key: &str) -> Target {
    let (module, leaf) = key.rsplit_once('.').unwrap_or((key, ""));
    match module {
        "classifier.1" => Target::fully_connected(format!("fc6.{leaf}"), FC6.kernel),
        "classifier.4" => Target::fully_connected(format!("fc7.{leaf}"), FC7.kernel),
        module => {
            let index = module
                .strip_prefix("features.")
                .and_then(|index| index.parse().ok());
            if index.is_some_and(|index| FEATURES.contains(&index)) {
                Target::layer(key.to_owned())
            } else {
                Target::Unused
            }
        }
    }
}
