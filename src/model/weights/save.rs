//! From a network into a `.safetensors` file that the matching Python class loads.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use burn::tensor::DType;
use burn_store::bridge;
use safetensors::{Dtype, View, serialize_to_file};

use super::error::WeightsError;
use super::names::named_tensors;
use crate::files::{FileError, Output};
use crate::model::network::{Network, NetworkConfig};

/// Writes all weights as 32-bit floats under the names of the reference code, so that
/// `load_state_dict(strict=True)` of the Python class takes them; `metadata` goes into the
/// header. The file appears whole or not at all.
pub fn save(
    network: &Network,
    config: &NetworkConfig,
    metadata: BTreeMap<String, String>,
    output: &Output,
) -> Result<(), WeightsError> {
    let path = output.path();
    let mut layers = Vec::new();
    for (name, tensor) in named_tensors(network, config) {
        let data = bridge::into_data(tensor)
            .map_err(|err| FileError::write(path)(io::Error::other(err.to_string())))?;
        let (bytes, shape, _) = data.convert_dtype(DType::F32).into_parts();
        layers.push((
            name,
            Layer {
                shape: shape.iter().copied().collect(),
                bytes: bytes.to_vec(),
            },
        ));
    }
    let metadata = Some(metadata.into_iter().collect());
    Ok(output.write_by_path(|scratch| {
        serialize_to_file(layers, metadata, scratch).map_err(io::Error::other)
    })?)
}

struct Layer {
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for Layer {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
