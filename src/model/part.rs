//! Logits of a part of an image that is too large to be seen as a whole.

/// A part of an image, as a network sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImagePart {
    /// `[height, width]` of the whole image.
    pub whole: [usize; 2],
    /// `[row, column]` where the part begins; multiples of [`Self::GRID`].
    pub first: [usize; 2],
}

impl ImagePart {
    /// The largest distance of cells in any network here, in pixels: a part that begins on it has its
    /// cells where the whole image has them.
    pub const GRID: usize = 32;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FinalUpsampling, Geometry, NetworkConfig, Trunk, Variant};
    use burn::module::Module as _;
    use burn::tensor::{Device, Distribution, Tensor};

    fn values(map: Tensor<4>) -> Vec<f32> {
        map.into_data().try_to_vec().expect("floats")
    }

    /// Of a dilated ResNet, whose interpolation has a factor of its own for each size of image.
    #[test]
    fn a_part_of_an_image_has_the_logits_of_the_whole() {
        let device = Device::flex();
        device.seed(2);
        let config = NetworkConfig {
            variant: Variant::FcnResnet50,
            trunk: Trunk::Resnet50,
            geometry: Geometry::Padded,
            num_classes: 2,
            dropout: 0.1,
            final_upsampling: FinalUpsampling::Learned,
            aux_head: false,
            widths: None,
        };
        let (height, width) = (9, 1203);
        let field = config.receptive_fields([height, width])[0];
        let margin = (field.radius + field.offset.abs()).ceil() as usize;
        let first = 96;
        assert!(first + margin < width - 100, "{margin}");
        let net = config.init(&device).valid();
        let images = Tensor::<4>::random([1, 3, height, width], Distribution::Default, &device);
        let whole = net.forward(images.clone());
        let part = ImagePart {
            whole: [height, width],
            first: [0, first],
        };
        let seen = images.slice([0..1, 0..3, 0..height, first..width]);
        let found = net.forward_part(seen, &part);
        // From a margin behind the border of the part to the border of the image.
        let expected = values(whole.slice([0..1, 0..2, 0..height, first + margin..width]));
        let found = values(found.slice([0..1, 0..2, 0..height, margin..width - first]));
        for (found, expected) in found.into_iter().zip(expected) {
            let error = (found - expected).abs() / (1.0 + expected.abs());
            assert!(error < 1e-4, "{found} is not {expected}");
        }
    }
}
