//! What is known of a trunk beside its layers.

use std::collections::BTreeMap;

use crate::model::geometry::Geometry;
use crate::model::variant::Variant;

/// A trunk in the table of trunks.
pub struct TrunkInfo {
    /// Its name for people: `VGG16 slim`.
    pub label: &'static str,
    /// In a sentence, what it is good for.
    pub summary: &'static str,
    /// What can be built on it, the usual one first.
    pub variants: &'static [Variant],
    /// The geometries it has, the usual one first.
    pub geometries: &'static [Geometry],
    /// What the field calls its last map, on which the coarse scores are computed.
    pub last_map: &'static str,
    /// Whether it can be trained in stages of which only the ends are kept.
    pub has_stages: bool,
    /// Whether the kernels of its upsampling have an odd size.
    pub odd_upsampling: bool,
    /// Pixels of the largest image that is segmented as it is. The first layers keep a few
    /// maps of all their channels in floats: 64 channels of 3 million pixels are 0.8 GB each.
    pub max_pixels: u64,
    /// Weights of the field for it.
    pub reference: Reference,
}

/// How files of the field name and feed this trunk.
pub struct Reference {
    /// The name of a weight in the reference code, from its path below the trunk (below the
    /// network, for a `ResNet`) in our module.
    pub name: fn(&[&str]) -> String,
    /// Whether a segmentation network with these keys has this trunk.
    pub is_in_network: fn(&Shapes<'_>) -> bool,
    /// The input of public segmentation networks on this trunk.
    pub network_input: Preprocessing,
    /// torchvision's classifier.
    pub classifier: Option<Classifier>,
}

/// A classifier of which the trunk can be used.
pub struct Classifier {
    /// Whether these keys are this classifier's.
    pub is_it: fn(&Shapes<'_>) -> bool,
    /// Where a key belongs in our network.
    pub target: fn(&str) -> Target,
    /// The input of the public one.
    pub input: Preprocessing,
}

/// The input that weights were trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preprocessing {
    /// BGR, 0 to 255, mean 104.00699 / 116.66877 / 122.67892 (`voc_layers.py` of
    /// shelhamer/fcn.berkeleyvision.org).
    Caffe,
    /// RGB, 0 to 1, `ImageNet`'s mean and standard deviation (torchvision).
    ImageNet,
    /// RGB, -1 to 1: torchvision's `googlenet`, whose released weights come from TensorFlow
    /// (`transform_input`).
    Symmetric,
}

/// A key's place in our network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A layer by its reference name; fully connected ones become convolutions of this size.
    Layer { name: String, kernel: Option<usize> },
    /// Part of a classifier that segmentation has no use for.
    Unused,
}

impl Target {
    /// A layer that keeps its shape.
    pub fn layer(name: String) -> Self {
        Self::Layer { name, kernel: None }
    }

    /// A fully connected layer that becomes a convolution of `kernel` x `kernel`.
    pub fn fully_connected(name: String, kernel: usize) -> Self {
        Self::Layer {
            name,
            kernel: Some(kernel),
        }
    }
}

/// Keys and shapes of the tensors in a file.
pub struct Shapes<'a>(pub &'a BTreeMap<&'a str, Vec<usize>>);

impl Shapes<'_> {
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub fn has_any(&self, start: &str) -> bool {
        self.0.keys().any(|key| key.starts_with(start))
    }

    pub fn get(&self, key: &str) -> Option<&[usize]> {
        self.0.get(key).map(Vec::as_slice)
    }

    /// First extent of a tensor: the output channels of a convolution.
    pub fn first_extent(&self, key: &str) -> Option<usize> {
        self.get(key)?.first().copied()
    }
}
