//! What operations keep of their inputs for the backward pass: the values themselves, or, where the
//! step is in 16 bits, the values in 16 bits, which is then also what is computed with.

use burn::backend::tensor::IntTensor;
use burn::backend::{Cube, TensorMetadata as _};

use super::super::ops::GpuOps;
use super::Values;
use crate::kernels::arithmetic::{Arithmetic, Half};

#[derive(Debug, Clone)]
pub(super) enum Kept {
    Full(Values),
    Half {
        words: IntTensor<Cube>,
        shape: [usize; 4],
        half: Half,
    },
}

impl Kept {
    /// What is computed with, and what is kept of it.
    ///
    /// # Shapes
    /// - values: `[batch_size, channels, height, width]`
    pub fn of(values: Values) -> (Values, Self) {
        let Some(half) = Arithmetic::entered().half else {
            return (values.clone(), Self::Full(values));
        };
        let shape = values.shape();
        let kept = Self::Half {
            words: Cube::pack(values, half),
            shape: [shape[0], shape[1], shape[2], shape[3]],
            half,
        };
        (kept.clone().values(), kept)
    }

    pub fn values(self) -> Values {
        match self {
            Self::Full(values) => values,
            Self::Half { words, shape, half } => Cube::unpack(words, shape, half),
        }
    }
}

/// Weights as they are computed with.
pub(super) fn rounded(weight: Values, half: Option<Half>) -> Values {
    match half {
        Some(half) => Cube::rounded(weight, half),
        None => weight,
    }
}

/// What is kept of the output of a ReLU.
#[derive(Debug, Clone)]
pub(super) enum KeptRelu {
    /// The output, which the next operation keeps, too.
    Output(Values),
    /// A bit for each value.
    Positive(IntTensor<Cube>),
}

impl KeptRelu {
    pub fn of(output: Values) -> Self {
        match Arithmetic::entered().half {
            Some(_) => Self::Positive(Cube::positive(output)),
            None => Self::Output(output),
        }
    }

    /// The gradient of the input, from that of the output.
    pub fn gradient(self, gradient: Values) -> Values {
        match self {
            Self::Output(output) => Cube::relu_gradient(output, gradient),
            Self::Positive(words) => Cube::masked_gradient(words, gradient),
        }
    }
}
