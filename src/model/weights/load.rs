//! From a file into a network: first everything is compared, then everything is loaded.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use burn::module::Module as _;
use burn::tensor::{DType, Shape, TensorData};
use burn_store::burn_pack::Tensor;
use burn_store::{Applier, bridge};

use super::error::WeightsError;
use super::file::{WeightsFile, shape};
use super::layout::WeightsLayout;
use super::names::{NamedParameter, parameters};
use crate::model::network::{Network, NetworkConfig};
use crate::model::trunk::Target;

/// What the weights are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Every layer must be in the file.
    Predict,
    /// A start for training: the trunk must be in the file; score layers and upsampling
    /// that it lacks, or has for other classes, keep their initialization (net surgery; an
    /// FCN-16s that starts from an FCN-32s, CVPR 2015, section 4.2).
    Initialize,
}

/// What becomes of one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeightsRowState {
    /// Taken from the file as it is.
    Loaded,
    /// Taken from a fully connected layer of this shape.
    Reshaped { from: Vec<usize> },
    /// Keeps its initialization; why.
    Initialized { reason: String },
    /// In the file, but of no use here; why.
    Skipped { reason: &'static str },
}

/// One line of what a file means to a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightsRow {
    /// Name in the reference code, or in the file where the network has no such layer.
    pub name: String,
    /// Its extents in the network, or in the file.
    pub shape: Vec<usize>,
    /// What becomes of it.
    pub state: WeightsRowState,
}

/// What is going to be loaded, layer by layer; nothing is read yet.
pub struct LoadPlan {
    /// A row for each layer of the network, then for what is left in the file.
    pub rows: Vec<WeightsRow>,
    /// By the name of the layer in the reference code.
    tensors: Vec<(String, Tensor)>,
}

impl LoadPlan {
    /// Compares a file with a network.
    ///
    /// # Errors
    /// When the file is of another network, or a layer is missing or has another shape.
    pub fn new(
        file: &WeightsFile,
        layout: WeightsLayout,
        network: &Network,
        config: &NetworkConfig,
        purpose: Purpose,
    ) -> Result<Self, WeightsError> {
        if layout.trunk() != config.trunk {
            return Err(WeightsError::OtherNetwork {
                path: file.path().to_path_buf(),
                found: layout.to_string(),
                wanted: format!("{} on {}", config.variant, config.trunk),
            });
        }
        let mut available = available(file, layout);
        let mut plan = Self {
            rows: Vec::new(),
            tensors: Vec::new(),
        };
        for parameter in parameters(network, config.variant, config.trunk) {
            let found = available.layers.remove(&parameter.name);
            plan.add(file, found, parameter, purpose)?;
        }
        let skipped = available
            .layers
            .into_values()
            .map(|found| (found.key, "the network has no such layer"));
        let unused = available
            .unused
            .into_iter()
            .map(|key| (key, "part of the classifier"));
        let shapes = file.shapes();
        plan.rows
            .extend(skipped.chain(unused).map(|(key, reason)| WeightsRow {
                shape: shapes.get(key.as_str()).cloned().unwrap_or_default(),
                name: key,
                state: WeightsRowState::Skipped { reason },
            }));
        Ok(plan)
    }

    fn add(
        &mut self,
        file: &WeightsFile,
        found: Option<Found>,
        parameter: NamedParameter,
        purpose: Purpose,
    ) -> Result<(), WeightsError> {
        let NamedParameter {
            name,
            shape: wanted,
            path,
        } = parameter;
        let may_be_new = purpose == Purpose::Initialize && depends_on_classes(&name);
        let state = match found.and_then(|found| Some((file.get(&found.key)?.clone(), found))) {
            Some((tensor, found)) => {
                let own = shape(&tensor);
                let shaped = found.shape(&own);
                if shaped == wanted {
                    let tensor = as_float(tensor, path, &wanted);
                    self.tensors.push((name.clone(), tensor));
                    if own == wanted {
                        WeightsRowState::Loaded
                    } else {
                        WeightsRowState::Reshaped { from: own }
                    }
                } else if may_be_new {
                    WeightsRowState::Initialized {
                        reason: format!("the file has {own:?}, for other classes"),
                    }
                } else {
                    let path = file.path().to_path_buf();
                    return Err(WeightsError::WrongShape {
                        path,
                        layer: name,
                        found: own,
                        wanted,
                    });
                }
            }
            None if may_be_new || name.starts_with("aux_classifier.") => {
                WeightsRowState::Initialized {
                    reason: "not in the file".to_owned(),
                }
            }
            None => {
                let path = file.path().to_path_buf();
                return Err(WeightsError::MissingLayer {
                    path,
                    layer: name,
                    shape: wanted,
                });
            }
        };
        self.rows.push(WeightsRow {
            name,
            shape: wanted,
            state,
        });
        Ok(())
    }

    /// The network with the file's values in it.
    ///
    /// # Errors
    /// When the file cannot be read any more or holds NaN or infinite values; the network that was handed over is then gone.
    pub fn apply(self, file: &WeightsFile, network: Network) -> Result<Network, WeightsError> {
        let path = || file.path().to_path_buf();
        let broken = Arc::default();
        let tensors = self.tensors.into_iter();
        let tensors = tensors.map(|(layer, tensor)| watched(layer, tensor, &broken));
        let mut applier = Applier::new(tensors.collect(), None, None, true);
        let network = network.map(&mut applier);
        if let Some(err) = applier.into_result().errors.first() {
            return Err(WeightsError::Read {
                path: path(),
                reason: err.to_string(),
            });
        }
        match broken.get() {
            Some(Broken { layer, bad, total }) => Err(WeightsError::NotFinite {
                path: path(),
                layer: layer.clone(),
                bad: *bad,
                total: *total,
            }),
            None => Ok(network),
        }
    }
}

/// A layer with values that are no numbers; with NaN in it every prediction would be NaN.
struct Broken {
    layer: String,
    bad: usize,
    total: usize,
}

/// The tensor, whose values are looked at when they are read, so that no file is read twice for it.
fn watched(layer: String, tensor: Tensor, broken: &Arc<OnceLock<Broken>>) -> Tensor {
    let broken = Arc::clone(broken);
    let (name, dtype, shape) = (tensor.name.clone(), tensor.dtype, tensor.shape.clone());
    bridge::map_data(tensor, name, dtype, shape, move |data| {
        let values = data.iter::<f32>();
        let bad = values.filter(|value| !value.is_finite()).count();
        if bad > 0 {
            let (layer, total) = (layer.clone(), data.num_elements());
            // The first one is told.
            broken.set(Broken { layer, bad, total }).ok();
        }
        data
    })
}

/// A tensor of the file that belongs to a layer.
struct Found {
    key: String,
    kernel: Option<usize>,
}

impl Found {
    /// Its shape as a layer: `[out, in * k * k]` of a fully connected layer becomes
    /// `[out, in, k, k]`, the order in which PyTorch flattens a feature map.
    fn shape(&self, own: &[usize]) -> Vec<usize> {
        match (self.kernel, own) {
            (Some(kernel), [channels_out, inputs]) if inputs % (kernel * kernel) == 0 => {
                vec![*channels_out, inputs / (kernel * kernel), kernel, kernel]
            }
            _ => own.to_vec(),
        }
    }
}

struct Available {
    /// By reference name.
    layers: BTreeMap<String, Found>,
    unused: Vec<String>,
}

fn available(file: &WeightsFile, layout: WeightsLayout) -> Available {
    let mut available = Available {
        layers: BTreeMap::new(),
        unused: Vec::new(),
    };
    for key in file.shapes().into_keys() {
        let key = key.to_owned();
        match layout.target(&key) {
            Target::Layer { name, kernel } => {
                available.layers.insert(name, Found { key, kernel });
            }
            Target::Unused => available.unused.push(key),
        }
    }
    available
}

/// Layers whose shape has the number of classes in it.
fn depends_on_classes(name: &str) -> bool {
    // A ResNet classifier's file has nothing of the heads.
    ["score_", "upscore", "classifier.", "aux_classifier."]
        .iter()
        .any(|start| name.starts_with(start))
}

/// The tensor under a path of our module, in 32-bit floats.
fn as_float(tensor: Tensor, path: String, shape: &[usize]) -> Tensor {
    let shape = Shape::from(shape.to_vec());
    let target = shape.clone();
    bridge::map_data(tensor, path, DType::F32, target, move |data| {
        let (bytes, _, dtype) = data.convert_dtype(DType::F32).into_parts();
        TensorData::from_bytes(bytes, shape.clone(), dtype)
    })
}
