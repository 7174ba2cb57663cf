//! The name that each layer has in the reference code.
//!
//! VGG16: wkentaro/pytorch-fcn (`torchfcn/models/fcn32s.py`), where `conv1_1` to `conv5_3`,
//! `fc6`, `score_fr` and so on are Caffe's; batch normalization, which it does not have, is
//! `bn1_1` and `bnfc6`. `AlexNet`, `GoogLeNet` and the `ResNet`s: torchvision.

use std::collections::HashMap;

use burn::module::{Module as _, ModuleVisitor, Param};
use burn_store::ModuleSnapshot as _;
use burn_store::burn_pack::Tensor;

use crate::model::network::{Network, NetworkConfig};
use crate::model::trunk::Trunk;
use crate::model::variant::Variant;

/// A weight of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedParameter {
    /// Name in the reference code: `conv1_1.weight`.
    pub name: String,
    /// Its extents: `[out, in, height, width]` for a convolution.
    pub shape: Vec<usize>,
    /// Path in our module, without the names of enum variants.
    pub(super) path: String,
}

/// All weights of a network and the running values of its batch normalization, in the
/// network's order. Nothing is computed for weights that were not used yet.
pub fn parameters(network: &Network, variant: Variant, trunk: Trunk) -> Vec<NamedParameter> {
    let mut collector = Collector {
        path: Vec::new(),
        found: Vec::new(),
    };
    network.visit(&mut collector);
    collector
        .found
        .into_iter()
        .map(|(path, shape)| {
            let segments: Vec<&str> = path.split('.').collect();
            let name = reference_name(&segments, variant, trunk);
            NamedParameter { name, shape, path }
        })
        .collect()
}

/// All weights under their reference names, read when they are used.
pub(super) fn named_tensors(network: &Network, config: &NetworkConfig) -> Vec<(String, Tensor)> {
    let names: HashMap<String, String> = parameters(network, config.variant, config.trunk)
        .into_iter()
        .map(|parameter| (parameter.path, parameter.name))
        .collect();
    network
        .collect(None, None, true)
        .into_iter()
        .filter_map(|tensor| Some((names.get(&tensor.name)?.clone(), tensor)))
        .collect()
}

struct Collector {
    /// Names on the way to where the visit is; `None` for an enum's variant.
    path: Vec<Option<String>>,
    found: Vec<(String, Vec<usize>)>,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path
            .push((!container.starts_with("Enum:")).then(|| name.to_owned()));
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<burn::tensor::Tensor<D>>) {
        let path: Vec<&str> = self.path.iter().flatten().map(String::as_str).collect();
        self.found
            .push((path.join("."), param.lazy_shape().iter().copied().collect()));
    }
}

/// The name of a weight in the reference code, from the segments of its path in our module.
fn reference_name(path: &[&str], variant: Variant, trunk: Trunk) -> String {
    let trunk_name = trunk.info().reference.name;
    match path {
        ["net", "trunk", rest @ ..] => trunk_name(rest),
        // pytorch-fcn puts the factor into the name of the last upsampling.
        ["net", "upscore", leaf] => match variant.stride() {
            16 => format!("upscore16.{leaf}"),
            8 => format!("upscore8.{leaf}"),
            _ => format!("upscore.{leaf}"),
        },
        ["net", rest @ ..] if variant.is_fcn() => rest.join("."),
        ["net", rest @ ..] => trunk_name(rest),
        other => other.join("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str, variant: Variant, trunk: Trunk) -> String {
        reference_name(&path.split('.').collect::<Vec<_>>(), variant, trunk)
    }

    #[test]
    fn layers_have_the_names_of_the_reference_code() {
        let vgg = |path| name(path, Variant::Fcn16s, Trunk::Vgg16Slim);
        assert_eq!(vgg("net.trunk.stages.4.2.conv.weight"), "conv5_3.weight");
        assert_eq!(vgg("net.trunk.stages.0.1.norm.gamma"), "bn1_2.weight");
        assert_eq!(vgg("net.trunk.fc6.norm.running_var"), "bnfc6.running_var");
        assert_eq!(vgg("net.score_pool4.bias"), "score_pool4.bias");
        assert_eq!(vgg("net.upscore.weight"), "upscore16.weight");
        assert_eq!(
            name("net.upscore.weight", Variant::Fcn32s, Trunk::Vgg16),
            "upscore.weight"
        );
        let alex = |path| name(path, Variant::Fcn32s, Trunk::Alexnet);
        assert_eq!(alex("net.trunk.convs.3.conv.bias"), "features.8.bias");
        let google = |path| name(path, Variant::Fcn8s, Trunk::Googlenet);
        assert_eq!(google("net.trunk.stem.1.norm.beta"), "conv2.bn.bias");
        assert_eq!(
            google("net.trunk.blocks.6.branch3.1.conv.weight"),
            "inception4e.branch3.1.conv.weight"
        );
        assert_eq!(
            google("net.trunk.blocks.0.branch4.conv.weight"),
            "inception3a.branch4.1.conv.weight"
        );
        let resnet = |path| name(path, Variant::FcnResnet50, Trunk::Resnet50);
        assert_eq!(
            resnet("net.stages.2.5.conv2.norm.running_mean"),
            "backbone.layer3.5.bn2.running_mean"
        );
        assert_eq!(
            resnet("net.stages.0.0.downsample.norm.beta"),
            "backbone.layer1.0.downsample.1.bias"
        );
        assert_eq!(
            resnet("net.aux_classifier.score.bias"),
            "aux_classifier.4.bias"
        );
    }
}
