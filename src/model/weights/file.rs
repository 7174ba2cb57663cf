//! A file of tensors by name, opened but not read.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use burn_store::burn_pack::Tensor;
use burn_store::{ModuleStore as _, SafetensorsStore, bridge, pytorch::PytorchReader};

use super::error::WeightsError;
use super::names::named_tensors;
use super::unwrap::unwrapped;
use crate::files::has_extension;
use crate::model::network::{Network, NetworkConfig};

/// Tensors by name, whose values are read when they are used.
#[derive(Debug, Clone)]
pub struct WeightsFile {
    path: PathBuf,
    tensors: BTreeMap<String, Tensor>,
    metadata: HashMap<String, String>,
}

/// Ends of the names of files that can be opened.
pub const WEIGHTS_EXTENSIONS: [&str; 3] = ["pth", "pt", "safetensors"];

/// Whether the extension is that of a weights file, in any case.
pub fn has_weights_extension(path: &Path) -> bool {
    has_extension(path, &WEIGHTS_EXTENSIONS)
}

/// Headers of safetensors files are a few kilobytes; a longer one is no such file.
const LONGEST_HEADER: u64 = 100 << 20;

impl WeightsFile {
    /// Opens a `.safetensors` file, or one that `torch.save` wrote (zip or legacy format, a
    /// state dictionary by itself or inside another dictionary). The pickle in it is parsed
    /// and never executed.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let fail = |reason: String| WeightsError::Read {
            path: path.to_path_buf(),
            reason,
        };
        if path.is_dir() {
            return Err(fail("this is a folder".to_owned()));
        }
        // In the system's own words, whatever the format.
        File::open(path).map_err(|err| fail(err.to_string()))?;
        let is_safetensors = is_safetensors(path).map_err(|err| fail(err.to_string()))?;
        let (tensors, metadata): (BTreeMap<String, Tensor>, _) = if is_safetensors {
            let metadata = read_metadata(path).map_err(fail)?;
            let mut store = SafetensorsStore::from_file(path);
            let tensors = store
                .get_all_tensors()
                .map_err(|err| fail(err.to_string()))?
                .clone();
            (tensors.into_iter().collect(), metadata)
        } else {
            let reader = PytorchReader::new(path).map_err(|err| fail(err.to_string()))?;
            let tensors = reader.into_tensors().into_iter();
            (
                tensors
                    .map(|(name, tensor)| (name, bridge::from_pytorch(tensor)))
                    .collect(),
                HashMap::new(),
            )
        };
        let tensors = unwrapped(tensors);
        if tensors.is_empty() {
            return Err(fail("there are no tensors in it".to_owned()));
        }
        Ok(Self {
            path: path.to_path_buf(),
            tensors,
            metadata,
        })
    }

    /// The weights of a network as if they had been read from a file at `path`.
    pub fn from_network(path: &Path, network: &Network, config: &NetworkConfig) -> Self {
        let tensors = named_tensors(network, config).into_iter().collect();
        Self {
            path: path.to_path_buf(),
            tensors,
            metadata: HashMap::new(),
        }
    }

    /// The same without the tensors of these names.
    pub fn without(mut self, names: &[String]) -> Self {
        self.tensors.retain(|name, _| !names.contains(name));
        self
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Texts that were saved with it; PyTorch's own formats have none.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// Names and shapes of all tensors, in the order of their names.
    pub fn shapes(&self) -> BTreeMap<&str, Vec<usize>> {
        self.tensors
            .iter()
            .map(|(name, tensor)| (name.as_str(), shape(tensor)))
            .collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }
}

pub(super) fn shape(tensor: &Tensor) -> Vec<usize> {
    tensor.shape.iter().copied().collect()
}

/// Whether a file begins as safetensors does, whatever it is called: the length of a header in 8
/// bytes, and the header, which is JSON.
fn is_safetensors(path: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(9).read_to_end(&mut start)?;
    let Some((length, rest)) = start.split_first_chunk::<8>() else {
        return Ok(false);
    };
    Ok(rest == b"{" && u64::from_le_bytes(*length) <= LONGEST_HEADER)
}

/// The texts in the header of a safetensors file: its length as 8 bytes, then JSON.
fn read_metadata(path: &Path) -> Result<HashMap<String, String>, String> {
    let mut file = File::open(path).map_err(|err| err.to_string())?;
    let mut length = [0; 8];
    file.read_exact(&mut length)
        .map_err(|_| "the file is cut off".to_owned())?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        return Err("this is no safetensors file".to_owned());
    }
    let mut header = Vec::new();
    file.take(length)
        .read_to_end(&mut header)
        .map_err(|err| err.to_string())?;
    let header: serde_json::Value =
        serde_json::from_slice(&header).map_err(|err| format!("its header is damaged ({err})"))?;
    let texts = header
        .get("__metadata__")
        .and_then(serde_json::Value::as_object);
    Ok(texts
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use burn::tensor::Device;

    use super::*;
    use crate::model::weights::{LoadPlan, Purpose, WeightsLayout};
    use crate::model::{FinalUpsampling, Geometry, Trunk, Variant};

    /// Small checkpoints in every wrapping, from `tests/reference/pth.py`.
    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/fixtures")
    }

    fn cases() -> serde_json::Map<String, serde_json::Value> {
        let text = std::fs::read(folder().join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&text).unwrap();
        manifest["pth"].as_object().unwrap().clone()
    }

    fn values(path: &Path) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
        let file = WeightsFile::open(path).unwrap_or_else(|err| panic!("{err}"));
        let value = |tensor: &Tensor| {
            let data = bridge::to_data(tensor).unwrap();
            (shape(tensor), data.iter::<f32>().collect())
        };
        file.tensors
            .iter()
            .map(|(name, tensor)| (name.clone(), value(tensor)))
            .collect()
    }

    #[test]
    fn no_value_is_read_twice() {
        let target = NetworkConfig {
            variant: Variant::Fcn32s,
            trunk: Trunk::Vgg16Slim,
            geometry: Geometry::Padded,
            num_classes: 3,
            dropout: 0.0,
            final_upsampling: FinalUpsampling::Learned,
            aux_head: false,
            widths: None,
        };
        let device = Device::flex();
        let source = target.init(&device);
        let mut file = WeightsFile::from_network(Path::new("net.pth"), &source, &target);
        let reads = Arc::new(AtomicUsize::new(0));
        for tensor in file.tensors.values_mut() {
            let reads = Arc::clone(&reads);
            let (name, dtype, shape) = (tensor.name.clone(), tensor.dtype, tensor.shape.clone());
            *tensor = bridge::map_data(tensor.clone(), name, dtype, shape, move |data| {
                reads.fetch_add(1, Ordering::Relaxed);
                data
            });
        }
        let layout = WeightsLayout::of(&file).unwrap();
        let network = target.init(&device);
        let plan = LoadPlan::new(&file, layout, &network, &target, Purpose::Predict).unwrap();
        assert_eq!(reads.load(Ordering::Relaxed), 0);
        plan.apply(&file, network).unwrap();
        assert_eq!(reads.load(Ordering::Relaxed), file.tensors.len());
    }

    #[test]
    fn every_wrapping_of_a_checkpoint_gives_the_same_values() {
        let mut checked = 0;
        for (name, case) in cases() {
            let Some(expected) = case["expected"].as_str() else {
                continue;
            };
            let found = values(&folder().join("pth").join(&name));
            assert_eq!(
                found,
                values(&folder().join("pth").join(expected)),
                "{name}"
            );
            assert!(found.contains_key("conv1_1.weight"), "{name}");
            checked += 1;
        }
        assert_eq!(checked, 11);
    }

    /// Writes a file of the values 1, 2, ... under these names, in order.
    fn write(path: &Path, names: &[&str], change: impl Fn(&str) -> f32) {
        let values: Vec<Vec<u8>> = names
            .iter()
            .map(|name| change(name).to_le_bytes().to_vec())
            .collect();
        let views = names.iter().zip(&values).map(|(name, value)| {
            let view =
                safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], value);
            ((*name).to_owned(), view.unwrap())
        });
        safetensors::serialize_to_file(views, None, path).unwrap();
    }

    #[test]
    fn wrappers_are_taken_off_as_often_as_they_are_there() {
        let dir = tempfile::tempdir().unwrap();
        // The content decides, whatever the name says.
        let path = dir.path().join("compiled.pth");
        for start in [
            "",
            "_orig_mod.",
            "module._orig_mod.",
            "_orig_mod.module.",
            "state_dict.model._orig_mod.",
            "model.net.module.",
        ] {
            let named = [format!("{start}conv1.weight"), format!("{start}conv1.bias")];
            let counters = [
                format!("{start}n_averaged"),
                format!("{start}bn.num_batches_tracked"),
            ];
            let all: Vec<&str> = named.iter().chain(&counters).map(String::as_str).collect();
            write(&path, &all, |_| 1.0);
            let found = values(&path);
            let names: Vec<&str> = found.keys().map(String::as_str).collect();
            assert_eq!(names, ["conv1.bias", "conv1.weight"], "{start}");
        }
        // A part of the network that is compiled by itself.
        write(&path, &["model.backbone._orig_mod.conv1.weight"], |_| 1.0);
        let found = values(&path);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["backbone.conv1.weight"]);
    }

    #[test]
    fn buffers_of_losses_and_metrics_are_left_aside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lightning.ckpt");
        let names = [
            "model.conv1.weight",
            "model.loss_fn.weight",
            "criterion.weight",
            "val_metrics.confmat",
            "class_weights",
        ];
        write(&path, &names, |_| 1.0);
        assert_eq!(values(&path).keys().collect::<Vec<_>>(), ["conv1.weight"]);
        write(&path, &["conv1.weight", "criterion.weight"], |_| 1.0);
        assert_eq!(values(&path).keys().collect::<Vec<_>>(), ["conv1.weight"]);
    }

    #[test]
    fn a_pytorch_file_may_be_called_safetensors() {
        let dir = tempfile::tempdir().unwrap();
        let (name, case) = cases()
            .into_iter()
            .find(|(_, case)| case["expected"].as_str().is_some())
            .unwrap();
        let original = folder().join("pth").join(&name);
        let renamed = dir.path().join("renamed.safetensors");
        std::fs::copy(&original, &renamed).unwrap();
        let expected = folder()
            .join("pth")
            .join(case["expected"].as_str().unwrap());
        assert_eq!(values(&renamed), values(&expected));
    }

    #[test]
    fn damaged_files_are_refused() {
        let mut checked = 0;
        for (name, _) in cases()
            .into_iter()
            .filter(|(name, _)| name.starts_with("truncated"))
        {
            match WeightsFile::open(&folder().join("pth").join(&name)) {
                // Cut off within the values: the names can be read, the values cannot.
                Ok(file) => {
                    let broken = file
                        .tensors
                        .values()
                        .any(|tensor| bridge::to_data(tensor).is_err());
                    assert!(broken, "{name} was read");
                }
                Err(err) => assert!(err.to_string().contains(&name), "{err}"),
            }
            checked += 1;
        }
        assert_eq!(checked, 3);
    }

    #[test]
    fn of_a_whole_pickled_module_the_weights_are_read() {
        let found = values(&folder().join("pth/whole-module.pth"));
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["0.bias", "0.weight"]);
    }

    #[test]
    fn a_pickle_is_parsed_and_never_run() {
        // Beside its weights each of these calls `open("pickle-was-executed", "w")`.
        for name in ["malicious.pth", "malicious-legacy.pth"] {
            // What the call would give is of no interest, so the weights may be read all the same.
            if let Ok(file) = WeightsFile::open(&folder().join("pth").join(name)) {
                assert!(file.get("conv1_1.weight").is_some(), "{name}");
            }
            assert!(!Path::new("pickle-was-executed").exists(), "{name}");
        }
    }

    #[test]
    fn what_is_no_file_of_weights_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("notes.pth");
        std::fs::write(&text, "hello").unwrap();
        let header = dir.path().join("long.safetensors");
        std::fs::write(&header, u64::MAX.to_le_bytes()).unwrap();
        for path in [
            text.as_path(),
            header.as_path(),
            dir.path(),
            &dir.path().join("none.pth"),
        ] {
            let message = WeightsFile::open(path).err().unwrap().to_string();
            assert!(message.contains(&path.display().to_string()), "{message}");
        }
    }
}
