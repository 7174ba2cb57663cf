//! Weights files read and written without the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

/// Tensors by name.
pub type Tensors = BTreeMap<String, Values>;

#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

pub fn read(path: &Path) -> Tensors {
    let bytes = fs::read(path).expect("the file");
    let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let values = |view: &TensorView<'_>| {
        assert_eq!(view.dtype(), Dtype::F32);
        let (words, []) = view.data().as_chunks() else {
            panic!("bytes are left over")
        };
        let values = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        Values {
            shape: view.shape().to_vec(),
            values,
        }
    };
    file.tensors()
        .into_iter()
        .map(|(name, view)| (name, values(&view)))
        .collect()
}

/// The texts in the header.
pub fn metadata(path: &Path) -> BTreeMap<String, String> {
    let bytes = fs::read(path).expect("the file");
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
    header
        .metadata()
        .clone()
        .expect("texts")
        .into_iter()
        .collect()
}

/// Writes `from` to `to` with another text under `key` in the header.
pub fn copy_with_text(from: &Path, to: &Path, key: &str, text: &str) {
    let bytes = fs::read(from).expect("the file");
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("8 bytes")) as usize;
    let (header, values) = rest.split_at(length);
    let mut header: serde_json::Value = serde_json::from_slice(header).expect("JSON");
    header["__metadata__"][key] = text.into();
    let mut header = header.to_string();
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let length = (header.len() as u64).to_le_bytes();
    fs::write(to, [&length, header.as_bytes(), values].concat()).expect("written");
}

/// Without any text in the header.
pub fn write(path: &Path, tensors: &Tensors) {
    let bytes: Vec<Vec<u8>> = tensors
        .values()
        .map(|tensor| {
            tensor
                .values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, tensor), bytes)| {
        (
            name,
            TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).expect("a tensor"),
        )
    });
    safetensors::serialize_to_file(views, None, path).expect("written");
}

/// As [`write`], with one tensor of bytes.
pub fn write_with(path: &Path, tensors: &Tensors, (name, bytes): (&str, &[u8])) {
    let values: BTreeMap<&str, Vec<u8>> = tensors
        .iter()
        .map(|(name, tensor)| {
            let values = tensor.values.iter();
            (
                &**name,
                values.flat_map(|value| value.to_le_bytes()).collect(),
            )
        })
        .collect();
    let views = tensors.iter().map(|(own, tensor)| {
        let shape = tensor.shape.clone();
        let view = if own == name {
            TensorView::new(Dtype::I8, shape, bytes)
        } else {
            TensorView::new(Dtype::F32, shape, &values[&**own])
        };
        (own, view.expect("a tensor"))
    });
    safetensors::serialize_to_file(views, None, path).expect("written");
}

/// Bilinear interpolation of each class by itself with kernels of `size`, an even number:
/// the weight falls in a straight line from the middle to 0 outside.
pub fn bilinear(classes: usize, size: usize) -> Values {
    let half = size as f32 / 2.0;
    let along = |at: usize| 1.0 - (at as f32 + 0.5 - half).abs() / half;
    let mut values = Vec::new();
    for (from, to) in (0..classes).flat_map(|from| (0..classes).map(move |to| (from, to))) {
        for (row, column) in (0..size).flat_map(|row| (0..size).map(move |column| (row, column))) {
            values.push(if from == to {
                along(row) * along(column)
            } else {
                0.0
            });
        }
    }
    Values {
        shape: vec![classes, classes, size, size],
        values,
    }
}
