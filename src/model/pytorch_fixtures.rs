//! What PyTorch computed (`tests/reference/fixtures`, made by `make.py` beside it), and the
//! weights that both sides generate.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::{Module as _, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use safetensors::SafeTensors;
use serde_json::Value;

use super::weights::parameters;
use super::{FinalUpsampling, Network, NetworkConfig, VggWidths};
use crate::kernels::bilinear_kernel;

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference/fixtures")
        .join(name)
}

pub fn manifest() -> Value {
    let text = std::fs::read(fixture("manifest.json")).expect("the manifest");
    serde_json::from_slice(&text).expect("JSON")
}

/// A safetensors file in memory.
pub struct Tensors(Vec<u8>);

impl Tensors {
    pub fn read(path: &Path) -> Self {
        Self(std::fs::read(path).unwrap_or_else(|err| panic!("{}: {err}", path.display())))
    }

    fn open(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.0).expect("a safetensors file")
    }

    /// Names of what is a float, in order.
    pub fn names(&self) -> Vec<String> {
        let file = self.open();
        let mut names: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
        names.retain(|name| !name.ends_with("num_batches_tracked"));
        names.sort();
        names
    }

    /// Shape and values.
    pub fn floats(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let file = self.open();
        let view = file
            .tensor(name)
            .unwrap_or_else(|err| panic!("{name}: {err}"));
        let values = view
            .data()
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes));
        (view.shape().to_vec(), values.collect())
    }
}

impl Tensors {
    pub fn doubles(&self, name: &str) -> Vec<f64> {
        let file = self.open();
        let view = file
            .tensor(name)
            .unwrap_or_else(|err| panic!("{name}: {err}"));
        view.data()
            .as_chunks::<8>()
            .0
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
            .collect()
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        self.open()
            .tensor(name)
            .unwrap_or_else(|err| panic!("{name}: {err}"))
            .data()
            .to_vec()
    }
}

/// Names of an input, of its logits, and of those of the second head.
pub struct Example {
    pub input: String,
    pub logits: String,
    pub aux: Option<String>,
}

/// One network of the manifest.
pub struct Case {
    pub name: String,
    build: Value,
    seed: u64,
    gains: BTreeMap<String, f64>,
    /// File of the weights, where they are stored.
    pub weights: Option<String>,
    /// File of the expected logits.
    pub outputs: String,
    /// What it was shown.
    pub examples: Vec<Example>,
}

impl Case {
    pub fn all(manifest: &Value) -> Vec<Self> {
        let networks = manifest["networks"].as_object().expect("networks");
        networks
            .iter()
            .map(|(name, entry)| Self::new(name, entry))
            .collect()
    }

    fn new(name: &str, entry: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let examples = entry["examples"].as_array().expect("examples").iter();
        Self {
            name: name.to_owned(),
            build: entry["build"].clone(),
            seed: entry["seed"].as_u64().expect("a seed"),
            gains: serde_json::from_value(entry["gains"].clone()).expect("gains"),
            weights: entry["weights"].as_str().map(str::to_owned),
            outputs: text(&entry["outputs"]),
            examples: examples
                .map(|example| Example {
                    input: text(&example["input"]),
                    logits: text(&example["logits"]),
                    aux: example["aux"].as_str().map(str::to_owned),
                })
                .collect(),
        }
    }

    pub fn config(&self) -> NetworkConfig {
        let word = |key: &str| self.build[key].as_str().unwrap_or_default();
        let trunk_word = match word("trunk") {
            "vgg16_bn" => "vgg16-bn",
            "fcn_resnet50" => "resnet50",
            "fcn_resnet101" => "resnet101",
            other => other,
        };
        let trunk = trunk_word.parse().expect("a trunk");
        let variant_word = if word("variant").is_empty() {
            word("trunk")
        } else {
            word("variant")
        };
        let variant = variant_word.parse().ok();
        let geometry = word("geometry").parse().ok();
        let widths = self.build["widths"].as_array().map(|widths| VggWidths {
            stages: serde_json::from_value(widths[0].clone()).expect("five widths"),
            fc: widths[1].as_u64().expect("a width") as usize,
        });
        NetworkConfig {
            variant: variant.expect("a variant"),
            trunk,
            geometry: geometry.unwrap_or_default(),
            num_classes: self.build["n_class"].as_u64().expect("classes") as usize,
            dropout: 0.5,
            final_upsampling: FinalUpsampling::Learned,
            aux_head: self.examples.iter().any(|example| example.aux.is_some()),
            widths,
        }
    }

    /// The network with generated weights.
    pub fn fill(&self, net: Network, config: &NetworkConfig) -> Network {
        let names = parameters(&net, config.variant, config.trunk)
            .into_iter()
            .map(|parameter| parameter.name);
        net.map(&mut Fill {
            case: self,
            names: names.collect::<Vec<_>>().into_iter(),
        })
    }

    /// The rule of `tests/reference/README.md`.
    fn values(&self, name: &str, shape: &[usize]) -> Vec<f32> {
        let leaf = name.rsplit('.').next().unwrap_or(name);
        let mut values = uniform(name, shape.iter().product(), self.seed);
        let scale = |values: &mut [f32], start: f32, factor: f32| {
            for value in values {
                *value = start + factor * *value;
            }
        };
        match (leaf, shape) {
            ("bias" | "running_mean", _) => scale(&mut values, 0.0, 0.1),
            ("running_var", _) => scale(&mut values, 1.0, 0.3),
            (_, [_]) => scale(&mut values, 1.0, 0.2),
            (_, &[channels, _, size, _]) if name.starts_with("upscore") => {
                let kernel = bilinear_kernel(size);
                for (index, plane) in values.chunks_exact_mut(size * size).enumerate() {
                    let diagonal = index / channels == index % channels;
                    for (value, weight) in plane.iter_mut().zip(&kernel) {
                        *value = if diagonal {
                            weight * (1.0 + 0.1 * *value)
                        } else {
                            0.0
                        };
                    }
                }
            }
            (_, shape) => {
                let fan_in: usize = shape[1..].iter().product();
                let gain = self.gains.get(name).copied().unwrap_or_else(|| gain(name));
                let bound = ((6.0 / fan_in as f64).sqrt() * gain) as f32;
                scale(&mut values, 0.0, bound);
            }
        }
        values
    }
}

fn gain(name: &str) -> f64 {
    if name.ends_with(".conv3.weight") {
        0.125
    } else if name.starts_with("score_pool") || name.ends_with("classifier.4.weight") {
        0.5
    } else {
        1.0
    }
}

/// Numbers in -1..1: `SplitMix64` from the FNV-1a hash of the name.
fn uniform(name: &str, count: usize, seed: u64) -> Vec<f32> {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let key = hash ^ seed;
    (1..=count as u64)
        .map(|index| {
            let mut z = index.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(key);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let top = (z ^ (z >> 31)) >> 40;
            top as f32 * 2.0f32.powi(-23) - 1.0
        })
        .collect()
}

/// Weights in the order in which they are visited.
struct Fill<'a> {
    case: &'a Case,
    names: std::vec::IntoIter<String>,
}

impl ModuleMapper for Fill<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.names.next().expect("a name for each weight");
        let shape: [usize; D] = param.lazy_shape().dims();
        let values = self.case.values(&name, &shape);
        let tensor = Tensor::from_data(TensorData::new(values, shape), &param.lazy_device());
        let id = param.id;
        param.transform_for_load(tensor, id)
    }
}
