//! A file of tensors by name, opened but not read.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use burn_store::burn_pack::Tensor;
use burn_store::{ModuleStore as _, SafetensorsStore, bridge, pytorch::PytorchReader};

use super::error::WeightsError;
use super::names::named_tensors;
use super::not_weights::{START, not_weights};
use super::other_form::{by_reader, by_start};
use super::unwrap::{Unwrapped, unwrapped};
use crate::files::{has_extension, open_regular};
use crate::model::network::{Network, NetworkConfig};

/// Tensors by name, whose values are read when they are used.
#[derive(Debug, Clone)]
pub struct WeightsFile {
    path: PathBuf,
    tensors: BTreeMap<String, Tensor>,
    metadata: HashMap<String, String>,
    /// Which weights were taken where there are several of one network.
    choice: Option<String>,
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
        let other = |reason: String| WeightsError::OtherForm {
            path: path.to_path_buf(),
            reason,
        };
        let fail = |reason: String| WeightsError::Read {
            path: path.to_path_buf(),
            reason: reason.trim_end_matches('.').to_owned(),
        };
        let unread = |said: String| match by_reader(&said) {
            Some(known) => other(known),
            None => fail(said),
        };
        if path.is_dir() {
            return Err(fail("this is a folder".to_owned()));
        }
        // In the system's own words, whatever the format.
        let file = open_regular(path).map_err(|err| fail(err.to_string()))?;
        let mut start = Vec::new();
        file.take(START)
            .read_to_end(&mut start)
            .map_err(|err| fail(err.to_string()))?;
        if let Some(reason) = not_weights(&start) {
            return Err(fail(reason.to_owned()));
        }
        if let Some(reason) = by_start(&start) {
            return Err(other(reason.to_owned()));
        }
        let is_safetensors = is_safetensors(path).map_err(|err| fail(err.to_string()))?;
        let (tensors, metadata): (BTreeMap<String, Tensor>, _) = if is_safetensors {
            let metadata = read_metadata(path).map_err(fail)?;
            let mut store = SafetensorsStore::from_file(path);
            let tensors = store
                .get_all_tensors()
                .map_err(|err| unread(err.to_string()))?
                .clone();
            (tensors.into_iter().collect(), metadata)
        } else {
            let reader = PytorchReader::new(path).map_err(|err| unread(err.to_string()))?;
            let tensors = reader.into_tensors().into_iter();
            (
                tensors
                    .map(|(name, tensor)| (name, bridge::from_pytorch(tensor)))
                    .collect(),
                HashMap::new(),
            )
        };
        let Some(first) = tensors.keys().next().cloned() else {
            return Err(fail("there are no tensors in it".to_owned()));
        };
        let Unwrapped { tensors, choice } = unwrapped(tensors);
        if tensors.is_empty() {
            return Err(other(format!(
                "its tensors, such as `{first}`, are those of losses, metrics, optimizers and counters, and none is of a \
                 network. Choose a file with the weights of the network itself"
            )));
        }
        Ok(Self {
            path: path.to_path_buf(),
            tensors,
            metadata,
            choice,
        })
    }

    /// The weights of a network as if they had been read from a file at `path`.
    pub fn from_network(path: &Path, network: &Network, config: &NetworkConfig) -> Self {
        let tensors = named_tensors(network, config).into_iter().collect();
        Self {
            path: path.to_path_buf(),
            tensors,
            metadata: HashMap::new(),
            choice: None,
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

    /// Which weights were taken, in words, where the file holds several of one network, such as their moving
    /// average beside them.
    pub fn choice(&self) -> Option<&str> {
        self.choice.as_deref()
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
mod tests;
