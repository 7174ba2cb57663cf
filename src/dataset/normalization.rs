//! From bytes to the floats that a network is fed with.

use serde::{Deserialize, Serialize};

use super::{Rgb, Size};

/// Order of the channels that a network expects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelOrder {
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Blue, green, red: networks that were trained with Caffe.
    Bgr,
}

/// Values of a channel before the mean is taken off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueRange {
    /// 0 to 1.
    #[default]
    Unit,
    /// 0 to 255.
    Byte,
}

/// `(value - mean) / std` by channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normalization {
    /// Subtracted; in the network's channel order and range.
    pub mean: [f32; 3],
    /// Divided by, above 0; in the network's channel order and range.
    pub std: [f32; 3],
    /// Order of the channels.
    #[serde(default)]
    pub order: ChannelOrder,
    /// Range of the values.
    #[serde(default)]
    pub range: ValueRange,
}

impl Normalization {
    /// The values of `ImageNet` with which torchvision's networks were trained.
    pub const IMAGENET: Self = Self {
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
        order: ChannelOrder::Rgb,
        range: ValueRange::Unit,
    };

    /// The mean of the Caffe networks (`voc_layers.py` of shelhamer/fcn.berkeleyvision.org).
    pub const CAFFE: Self = Self {
        mean: [104.006_99, 116.668_77, 122.678_92],
        std: [1.0; 3],
        order: ChannelOrder::Bgr,
        range: ValueRange::Byte,
    };

    /// -1 to 1: torchvision's `googlenet`, whose weights come from TensorFlow.
    pub const SYMMETRIC: Self = Self {
        mean: [0.5; 3],
        std: [0.5; 3],
        order: ChannelOrder::Rgb,
        range: ValueRange::Unit,
    };

    /// The known ones, by their names on the command line.
    pub const NAMED: [(&'static str, Self); 3] = [
        ("imagenet", Self::IMAGENET),
        ("caffe", Self::CAFFE),
        ("symmetric", Self::SYMMETRIC),
    ];

    /// Its name on the command line; `None` where it has none.
    pub fn name(&self) -> Option<&'static str> {
        let found = Self::NAMED.into_iter().find(|(_, known)| known == self);
        found.map(|(name, _)| name)
    }

    /// Writes `(value - mean) / std`, channel by channel.
    ///
    /// # Shapes
    /// - `out`: `[3, height, width]`
    ///
    /// # Panics
    /// When `out` is of another length.
    pub fn write_chw(&self, rgb: &Rgb, out: &mut [f32]) {
        let plane = rgb.width as usize * rgb.height as usize;
        assert_eq!(
            out.len(),
            3 * plane,
            "the buffer must hold [3, {}, {}]",
            rgb.height,
            rgb.width
        );
        if plane == 0 {
            return;
        }
        let scale = match self.range {
            ValueRange::Unit => 255.0,
            ValueRange::Byte => 1.0,
        };
        for (channel, plane) in out.chunks_exact_mut(plane).enumerate() {
            let source = match self.order {
                ChannelOrder::Rgb => channel,
                ChannelOrder::Bgr => 2 - channel,
            };
            let normalized =
                |value: usize| (value as f32 / scale - self.mean[channel]) / self.std[channel];
            let table: [f32; 256] = std::array::from_fn(normalized);
            for (target, pixel) in plane.iter_mut().zip(rgb.pixels.as_chunks::<3>().0) {
                *target = table[usize::from(pixel[source])];
            }
        }
    }

    /// The image whose values these are: what [`write_chw`](Self::write_chw) was given.
    ///
    /// # Shapes
    /// - `values`: `[3, height, width]`
    ///
    /// # Panics
    /// When `values` are of another length.
    pub fn undo(&self, values: &[f32], size: Size) -> Rgb {
        let Size { width, height } = size;
        let plane = width as usize * height as usize;
        assert_eq!(values.len(), 3 * plane, "[3, {height}, {width}] values");
        let scale = match self.range {
            ValueRange::Unit => 255.0,
            ValueRange::Byte => 1.0,
        };
        let mut pixels = vec![0; 3 * plane];
        for (channel, plane) in values.chunks_exact(plane.max(1)).enumerate() {
            let target = match self.order {
                ChannelOrder::Rgb => channel,
                ChannelOrder::Bgr => 2 - channel,
            };
            for (pixel, value) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(plane) {
                let value = (value * self.std[channel] + self.mean[channel]) * scale;
                pixel[target] = value.round() as u8;
            }
        }
        Rgb {
            width,
            height,
            pixels,
        }
    }
}

impl Default for Normalization {
    fn default() -> Self {
        Self::IMAGENET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(normalization: &Normalization) -> [f32; 6] {
        let rgb = Rgb {
            width: 2,
            height: 1,
            pixels: vec![0, 255, 51, 255, 0, 102],
        };
        let mut out = [0.0; 6];
        normalization.write_chw(&rgb, &mut out);
        out
    }

    #[test]
    fn normalized_values_are_by_channel() {
        let normalization = Normalization {
            mean: [0.0, 0.5, 0.2],
            std: [1.0, 0.5, 0.1],
            ..Normalization::IMAGENET
        };
        for (value, expected) in normalized(&normalization)
            .into_iter()
            .zip([0.0, 1.0, 1.0, -1.0, 0.0, 2.0])
        {
            assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
        }
    }

    #[test]
    fn what_is_normalized_comes_back_to_the_bit() {
        let rgb = Rgb {
            width: 16,
            height: 16,
            pixels: (0..=255)
                .flat_map(|value| [value, 255 - value, value / 2])
                .collect(),
        };
        for (name, normalization) in Normalization::NAMED {
            let mut values = vec![0.0; 3 * 256];
            normalization.write_chw(&rgb, &mut values);
            assert_eq!(normalization.undo(&values, rgb.size()), rgb, "{name}");
        }
    }

    #[test]
    fn caffe_takes_blue_first_and_whole_numbers() {
        let normalization = Normalization {
            mean: [1.0, 2.0, 3.0],
            ..Normalization::CAFFE
        };
        assert_eq!(
            normalized(&normalization),
            [50.0, 101.0, 253.0, -2.0, -3.0, 252.0]
        );
    }

    #[test]
    fn configurations_without_order_and_range_are_rgb_from_0_to_1() {
        let old = r#"{"mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225]}"#;
        assert_eq!(
            serde_json::from_str::<Normalization>(old).unwrap(),
            Normalization::IMAGENET
        );
    }
}
