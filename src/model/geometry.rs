//! Where the cells of a feature map lie in the image, and so by how much two maps must be
//! cropped to be aligned.
//!
//! The arithmetic is that of `coord_map.py` in Caffe, on which the crop layers of the
//! reference networks (`net.py` in shelhamer/fcn.berkeleyvision.org) are built.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::fmt;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How borders are treated.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    VariantArray,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Geometry {
    /// Convolutions keep height and width, and nothing has to be cropped but what pooling
    /// has rounded up: less work for the same receptive field.
    #[default]
    Padded,
    /// 100 pixels of padding on the first convolution, none on fc6, and cropping: the
    /// released Caffe networks and their PyTorch conversions.
    Reference,
}

impl Geometry {
    /// The name on the command line and in files: `reference`.
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// Padding of a first convolution that keeps the size with `same` pixels.
    pub(super) fn first_padding(self, same: usize) -> usize {
        match self {
            Self::Padded => same,
            Self::Reference => 100,
        }
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Padded => "Padded",
            Self::Reference => "Reference (Caffe)",
        })
    }
}

/// A map's cells along one axis: cell `i` is centered on pixel `scale * i + offset` of the
/// image. Height and width have the same grid, as all windows here are square.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grid {
    pub scale: f64,
    pub offset: f64,
}

impl Grid {
    /// The image itself.
    pub const IMAGE: Self = Self {
        scale: 1.0,
        offset: 0.0,
    };

    /// Behind a convolution or a pooling.
    pub fn window(self, kernel: usize, stride: usize, padding: usize) -> Self {
        let center = (kernel as f64 - 1.0) / 2.0 - padding as f64;
        Self {
            scale: self.scale * stride as f64,
            offset: self.offset + self.scale * center,
        }
    }

    /// Behind a transposed convolution.
    pub fn transposed(self, kernel: usize, stride: usize, padding: usize) -> Self {
        let scale = self.scale / stride as f64;
        let center = (kernel as f64 - 1.0) / 2.0 - padding as f64;
        Self {
            scale,
            offset: self.offset - scale * center,
        }
    }

    /// The cells to cut off the start of `self`, so that what is left begins where
    /// `target` does. Both must have one scale. A part of a cell cannot be cut off, and
    /// neither can what is missing.
    pub fn crop_onto(self, target: Self) -> usize {
        ((target.offset - self.offset) / self.scale)
            .floor()
            .max(0.0) as usize
    }
}

/// The first `height` rows and `width` columns after `offset` of each.
///
/// # Shapes
/// - maps: `[batch_size, channels, at least offset + height, at least offset + width]`
/// - output: `[batch_size, channels, height, width]`
pub fn crop(maps: Tensor<4>, offset: usize, [height, width]: [usize; 2]) -> Tensor<4> {
    let [batch_size, channels, rows, columns] = maps.dims();
    if offset == 0 && [rows, columns] == [height, width] {
        return maps;
    }
    maps.slice([
        0..batch_size,
        0..channels,
        offset..offset + height,
        offset..offset + width,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn windows_move_the_first_cell() {
        // 3x3 padded by 1 changes nothing; 2x2 pooling centers between two pixels.
        assert_eq!(Grid::IMAGE.window(3, 1, 1), Grid::IMAGE);
        let pooled = Grid::IMAGE.window(2, 2, 0);
        assert_eq!(
            pooled,
            Grid {
                scale: 2.0,
                offset: 0.5
            }
        );
        // Twice the pooled map, kernel 4: its first cell lies one pixel before the image.
        assert_eq!(
            pooled.transposed(4, 2, 0),
            Grid {
                scale: 1.0,
                offset: -1.0
            }
        );
        assert_eq!(pooled.transposed(4, 2, 1), Grid::IMAGE);
        assert_eq!(pooled.transposed(4, 2, 0).crop_onto(Grid::IMAGE), 1);
    }

    #[test]
    fn crop_keeps_rows_and_columns_after_the_offset() {
        let maps = Tensor::<4>::from_data([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]], &Device::flex());
        let values = |maps: Tensor<4>| maps.into_data().try_to_vec::<f32>().expect("floats");
        assert_eq!(values(crop(maps.clone(), 0, [1, 2])), [1.0, 2.0]);
        assert_eq!(values(crop(maps, 1, [1, 2])), [5.0, 6.0]);
    }
}
