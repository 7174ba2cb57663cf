//! The layers of a network with their sizes, one by one.

use serde::{Deserialize, Serialize};

/// What a layer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerKind {
    Convolution,
    /// A transposed convolution.
    Upsampling,
    /// Max pooling.
    Pooling,
    /// Batch normalization of a training step.
    Normalization,
    /// The sum of two maps.
    Sum,
    /// Dropout of a training step.
    Dropout,
    /// Bilinear interpolation.
    Interpolation,
}

/// A layer and the map that it is given. Sizes are `[height, width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LayerShape {
    pub kind: LayerKind,
    pub batch_size: usize,
    /// In and out.
    pub channels: [usize; 2],
    pub size: [usize; 2],
    pub size_out: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
    pub bias: bool,
    /// Whether a ReLU follows at once.
    pub relu: bool,
    /// Whether pooling rounds its output's size up.
    pub ceil: bool,
}

impl LayerShape {
    /// Multiply-adds of one pass.
    pub fn multiply_adds(&self) -> u64 {
        let pixels = match self.kind {
            LayerKind::Convolution => self.size_out,
            LayerKind::Upsampling => self.size,
            _ => return 0,
        };
        let all = [self.batch_size, pixels[0], pixels[1], self.weights()];
        all.iter().map(|count| *count as u64).product()
    }

    /// Number of weights, without the bias.
    pub fn weights(&self) -> usize {
        match self.kind {
            LayerKind::Convolution | LayerKind::Upsampling => {
                self.channels.iter().chain(&self.kernel).product()
            }
            // Gamma and beta.
            LayerKind::Normalization => 2 * self.channels[0],
            _ => 0,
        }
    }

    /// Values of the map that it is given, or of both.
    pub fn inputs(&self) -> usize {
        let maps = if self.kind == LayerKind::Sum { 2 } else { 1 };
        maps * self.batch_size * self.channels[0] * self.size[0] * self.size[1]
    }

    /// Values of the map that it makes.
    pub fn outputs(&self) -> usize {
        self.batch_size * self.channels[1] * self.size_out[0] * self.size_out[1]
    }
}
