//! Why a weights file cannot be used. Each message says what to do.

use std::path::PathBuf;

use crate::files::FileError;

/// A failure to read, understand or write a file of weights. Nothing was changed by it.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file is no weights file, or damaged.
    #[error(
        "{path}: {reason}. Choose a .pth, .pt or .safetensors file of weights; if it was downloaded, download it again"
    )]
    Read { path: PathBuf, reason: String },
    /// The file holds weights in a form that cannot be read.
    #[error("{path}: {reason}")]
    OtherForm { path: PathBuf, reason: String },
    /// There are several networks in the file, and none is the one to take.
    #[error(
        "{path}: there are several networks in the file: {groups}. Save the weights of one of them \
         as a file of their own: those whose keys begin with `{first}.`, for example"
    )]
    SeveralNetworks {
        path: PathBuf,
        groups: String,
        first: String,
    },
    /// The keys are those of no network known here.
    #[error(
        "{path}: unknown layers ({keys}). Known are the networks of the public weights, pytorch-fcn's and those this program writes"
    )]
    UnknownLayout { path: PathBuf, keys: String },
    /// The file is of another network.
    #[error(
        "{path}: the file holds {found}, which does not fit {wanted}. Choose the network that it was made for"
    )]
    OtherNetwork {
        path: PathBuf,
        found: String,
        wanted: String,
    },
    /// A layer of the network is not in the file.
    #[error(
        "{path}: layer {layer} with shape {shape:?} is not in the file. Choose the network that it was made for"
    )]
    MissingLayer {
        path: PathBuf,
        layer: String,
        shape: Vec<usize>,
    },
    /// A layer has another shape.
    #[error(
        "{path}: layer {layer} has shape {found:?}, {wanted:?} is needed. Choose the network that it was made for"
    )]
    WrongShape {
        path: PathBuf,
        layer: String,
        found: Vec<usize>,
        wanted: Vec<usize>,
    },
    /// Values of a layer are no numbers.
    #[error(
        "{path}: {bad} of the {total} values of layer {layer} are NaN or infinite, so nothing could be predicted with \
         them. Choose a checkpoint from before the training diverged"
    )]
    NotFinite {
        path: PathBuf,
        layer: String,
        bad: usize,
        total: usize,
    },
    /// Values of a layer are whole numbers, which are its weights only after a scale is applied.
    #[error(
        "{path}: layer {layer} is stored as {dtype}, not as floating point numbers, so its values are not the weights \
         themselves. Save the network with weights in 32-bit or 16-bit floats"
    )]
    NotFloat {
        path: PathBuf,
        layer: String,
        dtype: String,
    },
    /// Variances are below zero, of which there is no square root.
    #[error(
        "{path}: {bad} of the {total} variances of layer {layer} are below 0, so nothing could be predicted with \
         them. The file is damaged; choose another one, or download it again"
    )]
    NegativeVariance {
        path: PathBuf,
        layer: String,
        bad: usize,
        total: usize,
    },
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}
