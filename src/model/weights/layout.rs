//! Recognizes what a file holds by its keys.

use std::collections::BTreeMap;
use std::fmt;

use strum::VariantArray as _;

use super::error::WeightsError;
use super::file::WeightsFile;
use crate::model::trunk::{Classifier, Preprocessing, Shapes, Target, Trunk};
use crate::model::variant::Variant;
use crate::text::plural;

/// Whose names and shapes a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightsLayout {
    /// One of our own networks under the names of pytorch-fcn or torchvision: pytorch-fcn's
    /// `fcn32s`, `fcn16s`, `fcn8s`, torchvision's `fcn_resnet50` and `fcn_resnet101`, or what
    /// this program wrote.
    Segmentation {
        /// Told from the upsampling layers; "at once" has the same layers as FCN-8s.
        variant: Variant,
        /// Told from the layers below.
        trunk: Trunk,
        /// Classes of the score layer.
        num_classes: usize,
    },
    /// A classifier of torchvision, of which the trunk can be used.
    Classifier {
        /// What it is made of.
        trunk: Trunk,
    },
}

impl WeightsLayout {
    /// What a file holds, by its keys and shapes.
    ///
    /// # Errors
    /// When they are those of no network known here, or of several.
    pub fn of(file: &WeightsFile) -> Result<Self, WeightsError> {
        let shapes = file.shapes();
        Self::recognize(&shapes).ok_or_else(|| {
            if let Some((groups, first)) = several(&shapes) {
                return WeightsError::SeveralNetworks {
                    path: file.path().to_path_buf(),
                    groups,
                    first,
                };
            }
            let keys: Vec<&str> = shapes.keys().take(3).copied().collect();
            WeightsError::UnknownLayout {
                path: file.path().to_path_buf(),
                keys: format!("{}, ...", keys.join(", ")),
            }
        })
    }

    /// What has these keys and shapes; `None` for a network not known here.
    pub fn recognize(shapes: &BTreeMap<&str, Vec<usize>>) -> Option<Self> {
        let shapes = Shapes(shapes);
        let trunk_where = |is_it: &dyn Fn(Trunk) -> bool| {
            let mut trunks = Trunk::VARIANTS.iter().copied();
            trunks.find(|trunk| is_it(*trunk))
        };
        let network_trunk =
            || trunk_where(&|trunk| (trunk.info().reference.is_in_network)(&shapes));
        if let (true, Some(num_classes)) = (
            shapes.has("backbone.conv1.weight"),
            shapes.first_extent("classifier.4.weight"),
        ) {
            let trunk = network_trunk()?;
            return Some(Self::Segmentation {
                variant: usual_variant(trunk),
                trunk,
                num_classes,
            });
        }
        if let Some(num_classes) = shapes.first_extent("score_fr.weight") {
            let variant = if shapes.has("upscore8.weight") {
                Variant::Fcn8s
            } else if shapes.has("upscore16.weight") {
                Variant::Fcn16s
            } else {
                Variant::Fcn32s
            };
            return Some(Self::Segmentation {
                variant,
                trunk: network_trunk()?,
                num_classes,
            });
        }
        let trunk = trunk_where(&|trunk| {
            classifier(trunk).is_some_and(|classifier| (classifier.is_it)(&shapes))
        })?;
        Some(Self::Classifier { trunk })
    }

    /// What it is made of.
    pub fn trunk(self) -> Trunk {
        match self {
            Self::Segmentation { trunk, .. } | Self::Classifier { trunk } => trunk,
        }
    }

    /// The network that a file is looked at with when none is named: its own, or the
    /// coarsest one on its trunk.
    pub fn usual_variant(self) -> Variant {
        match self {
            Self::Segmentation { variant, .. } => variant,
            Self::Classifier { trunk } => usual_variant(trunk),
        }
    }

    /// The input that public files of this layout were trained on. `vgg16_from_caffe` has
    /// torchvision's keys and Caffe's input, so its name decides.
    pub fn preprocessing(self, file_name: &str) -> Preprocessing {
        let reference = &self.trunk().info().reference;
        let caffe = file_name.to_lowercase().contains("caffe");
        match (self, &reference.classifier) {
            (Self::Classifier { .. }, Some(classifier))
                if !(caffe && reference.network_input == Preprocessing::Caffe) =>
            {
                classifier.input
            }
            _ => reference.network_input,
        }
    }

    /// Where a key of the file belongs.
    pub(super) fn target(self, key: &str) -> Target {
        match self {
            Self::Classifier { trunk } => {
                classifier(trunk).map_or(Target::Unused, |classifier| (classifier.target)(key))
            }
            Self::Segmentation { .. } => Target::layer(key.to_owned()),
        }
    }
}

/// What is known of the classifier on a trunk.
fn classifier(trunk: Trunk) -> Option<&'static Classifier> {
    trunk.info().reference.classifier.as_ref()
}

fn usual_variant(trunk: Trunk) -> Variant {
    // Every trunk has one.
    trunk.variants().first().copied().unwrap_or(Variant::Fcn32s)
}

impl fmt::Display for WeightsLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segmentation {
                variant,
                trunk,
                num_classes,
            } if variant.is_fcn() => {
                let classes = plural(*num_classes, "class", "classes");
                write!(f, "{variant} on {trunk} for {classes}")
            }
            Self::Segmentation {
                variant,
                num_classes,
                ..
            } => {
                let classes = plural(*num_classes, "class", "classes");
                write!(f, "{variant} for {classes}")
            }
            Self::Classifier { trunk } => write!(f, "a {trunk} classifier"),
        }
    }
}

/// The parts of a file that holds several networks, as text, and the name of the first that is known here.
fn several(shapes: &BTreeMap<&str, Vec<usize>>) -> Option<(String, String)> {
    let mut groups: BTreeMap<&str, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (name, shape) in shapes {
        // Single numbers beside networks, such as a temperature, are of none.
        if let Some((group, rest)) = name.split_once('.') {
            groups.entry(group).or_default().insert(rest, shape.clone());
        }
    }
    let mut known = groups
        .iter()
        .filter(|(_, part)| WeightsLayout::recognize(part).is_some());
    let (first, _) = known.next()?;
    // One alone is a part of a network that is not known, as an encoder beside its decoder.
    known.next()?;
    let texts = groups
        .iter()
        .map(|(group, part)| format!("`{group}` ({})", plural(part.len(), "tensor", "tensors")));
    let texts: Vec<String> = texts.collect();
    Some((texts.join(" and "), (*first).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::weights::parameters;
    use crate::model::{FinalUpsampling, NetworkConfig};
    use burn::tensor::Device;

    fn layer(trunk: Trunk, key: &str) -> Option<(String, Option<usize>)> {
        match (WeightsLayout::Classifier { trunk }).target(key) {
            Target::Layer { name, kernel } => Some((name, kernel)),
            Target::Unused => None,
        }
    }

    #[test]
    fn numbers_of_torchvisions_vgg16_become_names() {
        let vgg = |key: &str| layer(Trunk::Vgg16, key);
        for (number, name) in [
            (0, "conv1_1"),
            (5, "conv2_1"),
            (14, "conv3_3"),
            (17, "conv4_1"),
            (28, "conv5_3"),
        ] {
            let expected = Some((format!("{name}.weight"), None));
            assert_eq!(vgg(&format!("features.{number}.weight")), expected);
        }
        assert_eq!(
            vgg("classifier.0.weight"),
            Some(("fc6.weight".to_owned(), Some(7)))
        );
        assert_eq!(
            vgg("classifier.3.bias"),
            Some(("fc7.bias".to_owned(), Some(1)))
        );
        assert_eq!(vgg("classifier.6.weight"), None);
        let bn = |key: &str| layer(Trunk::Vgg16Bn, key);
        assert_eq!(
            bn("features.40.weight"),
            Some(("conv5_3.weight".to_owned(), None))
        );
        assert_eq!(
            bn("features.8.running_var"),
            Some(("bn2_1.running_var".to_owned(), None))
        );
        assert_eq!(
            layer(Trunk::Resnet50, "layer1.0.conv1.weight")
                .map(|(name, _)| name)
                .as_deref(),
            Some("backbone.layer1.0.conv1.weight")
        );
        assert_eq!(layer(Trunk::Googlenet, "aux1.fc1.weight"), None);
    }

    /// Names and shapes of PyTorch's own modules, from `tests/reference/keys.py`.
    fn keys() -> BTreeMap<String, BTreeMap<String, Vec<usize>>> {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/reference/fixtures/keys.json"
        );
        let mut keys: BTreeMap<String, BTreeMap<String, Vec<usize>>> =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for shapes in keys.values_mut() {
            shapes.retain(|name, _| !name.ends_with("num_batches_tracked"));
        }
        keys
    }

    fn recognized(shapes: &BTreeMap<String, Vec<usize>>) -> WeightsLayout {
        let shapes = shapes
            .iter()
            .map(|(name, shape)| (name.as_str(), shape.clone()))
            .collect();
        WeightsLayout::recognize(&shapes).expect("a known layout")
    }

    fn parameters_of(layout: WeightsLayout, aux_head: bool) -> BTreeMap<String, Vec<usize>> {
        let (variant, trunk) = (layout.usual_variant(), layout.trunk());
        let config = NetworkConfig {
            variant,
            trunk,
            geometry: trunk.geometries()[0],
            num_classes: 21,
            dropout: 0.5,
            final_upsampling: FinalUpsampling::Learned,
            aux_head,
            widths: None,
        };
        let network = config.init(&Device::flex());
        let parameters = parameters(&network, variant, trunk).into_iter();
        parameters
            .map(|parameter| (parameter.name, parameter.shape))
            .collect()
    }

    #[test]
    fn every_segmentation_network_has_exactly_the_layers_of_its_python_class() {
        let mut checked = 0;
        for (class, expected) in keys() {
            let layout = recognized(&expected);
            if let WeightsLayout::Segmentation {
                variant,
                num_classes,
                ..
            } = layout
            {
                let aux_head = expected.contains_key("aux_classifier.0.weight");
                assert_eq!(parameters_of(layout, aux_head), expected, "{class}");
                assert_eq!(num_classes, 21, "{class}");
                let words = class.to_lowercase().replace("atonce", "");
                assert!(words.contains(variant.id()), "{class} is not {variant}");
                checked += 1;
            }
        }
        assert_eq!(checked, 17);
    }

    #[test]
    fn every_layer_of_a_classifiers_trunk_finds_its_place() {
        let mut checked = 0;
        for (class, shapes) in keys() {
            let layout = recognized(&shapes);
            let WeightsLayout::Classifier { trunk } = layout else {
                continue;
            };
            assert!(
                class.replace('_', "-").ends_with(trunk.id()),
                "{class} is not {trunk}"
            );
            let mut missing = parameters_of(layout, false);
            for (key, shape) in shapes {
                let Target::Layer { name, kernel } = layout.target(&key) else {
                    continue;
                };
                let wanted = missing
                    .remove(&name)
                    .unwrap_or_else(|| panic!("{class}: no place for {key}"));
                let expected = match (kernel, &shape[..]) {
                    (Some(kernel), [channels_out, inputs]) => {
                        vec![*channels_out, inputs / (kernel * kernel), kernel, kernel]
                    }
                    _ => shape.clone(),
                };
                assert_eq!(wanted, expected, "{class}: {key}");
            }
            let left: Vec<&String> = missing
                .keys()
                .filter(|name| !name.contains("score") && !name.starts_with("classifier"))
                .collect();
            assert!(left.is_empty(), "{class} has nothing for {left:?}");
            checked += 1;
        }
        assert_eq!(checked, 6);
    }

    #[test]
    fn other_networks_are_not_taken_for_known_ones() {
        let mut all = keys();
        let mut vgg = all.remove("torchvision/vgg16").unwrap();
        // VGG19 has convolutions behind VGG16's last.
        vgg.insert("features.34.weight".to_owned(), vec![512, 512, 3, 3]);
        vgg.insert("features.30.weight".to_owned(), vec![512, 512, 3, 3]);
        let mut resnet = all.remove("torchvision/resnet101").unwrap();
        resnet.insert("layer3.35.conv1.weight".to_owned(), vec![256, 1024, 1, 1]);
        resnet.insert("layer3.23.conv1.weight".to_owned(), vec![256, 1024, 1, 1]);
        for shapes in [
            vgg,
            resnet,
            BTreeMap::from([("linear.weight".to_owned(), vec![2, 3])]),
        ] {
            let shapes = shapes
                .iter()
                .map(|(name, shape)| (name.as_str(), shape.clone()))
                .collect();
            assert_eq!(WeightsLayout::recognize(&shapes), None);
        }
    }
}
