//! Which pixels of the image a logit depends on, from the layers of a network.
//!
//! Walks through the network that is built, with the code that computes with tensors
//! ([`FeatureMap`]), and follows the interval of image pixels behind each cell of a map. It is the
//! theoretical receptive field: what can have an influence at all. How strong the influence is depends on the
//! weights, and falls off from the middle.

use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout};
use burn::tensor::Device;

use super::cost::{Shape, padded};
use super::feature_map::FeatureMap;
use super::geometry::Grid;
use super::network::NetworkConfig;
use super::upsample::UpsamplingLayer;
use super::variant::ScoreSource;

/// The image pixels that a logit depends on through one score layer: a square around its own pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReceptiveField {
    /// The score layer.
    pub source: ScoreSource,
    /// From the pixel to the center of the field, in pixels, in x and in y; 0 where upsampling is
    /// aligned with the image.
    pub offset: f64,
    /// From the center to the border of the field, in pixels.
    pub radius: f64,
}

impl ReceptiveField {
    /// The first and the last column (row) of the field of the pixel in column (row) `at`, of an image
    /// with `length` columns (rows).
    pub fn range(&self, at: u32, length: u32) -> (u32, u32) {
        let center = f64::from(at) + self.offset;
        let last = f64::from(length.saturating_sub(1));
        let first = (center - self.radius).ceil().clamp(0.0, last);
        let end = (center + self.radius).floor().clamp(0.0, last);
        (first as u32, end as u32)
    }
}

impl NetworkConfig {
    /// The receptive field of a logit through each score layer, coarse to fine, for images of
    /// `[height, width]` pixels.
    pub fn receptive_fields(&self, size: [usize; 2]) -> Vec<ReceptiveField> {
        let image = Reach {
            shape: Shape::new(1, 3, size),
            grid: Grid::IMAGE,
            radius: 0.0,
        };
        let parts = self.init(&Device::flex()).compute_contributions(image);
        let field = |(source, reach): (ScoreSource, Reach)| ReceptiveField {
            source,
            offset: reach.grid.offset,
            radius: reach.radius,
        };
        parts.into_iter().map(field).collect()
    }
}

/// The shape of a map, and the image pixels behind its cells.
#[derive(Debug, Clone)]
struct Reach {
    shape: Shape,
    /// Where the middle of what a cell sees lies in the image.
    grid: Grid,
    /// From there to the last pixel that it sees.
    radius: f64,
}

impl Reach {
    /// Behind a window of `reach` cells, dilation included.
    fn window(self, reach: usize, stride: usize, padding: usize, shape: Shape) -> Self {
        Self {
            shape,
            grid: self.grid.window(reach, stride, padding),
            radius: self.radius + self.grid.scale * (reach as f64 - 1.0) / 2.0,
        }
    }

    /// What a sum of two maps sees: both.
    fn union(self, other: Self) -> Self {
        let distance = |map: &Self| (map.grid.offset - self.grid.offset).abs() + map.radius;
        Self {
            radius: self.radius.max(distance(&other)),
            ..self
        }
    }
}

impl FeatureMap for Reach {
    fn size(&self) -> [usize; 2] {
        self.shape.size()
    }

    fn convolve(self, conv: &Conv2d, norm: Option<&BatchNorm>, with_relu: bool) -> Self {
        let reach = conv.dilation[0] * (conv.kernel_size[0] - 1) + 1;
        let padding = padded(&conv.padding, [reach; 2])[0] / 2;
        let shape = self.shape.clone().convolve(conv, norm, with_relu);
        self.window(reach, conv.stride[0], padding, shape)
    }

    fn score(self, conv: &Conv2d) -> Self {
        self.convolve(conv, None, false)
    }

    /// A cell is made of those coarse cells whose kernels reach it: of `kernel / stride` in each
    /// direction.
    fn upsample(self, layer: &UpsamplingLayer) -> Self {
        let conv = layer.conv();
        let (kernel, stride) = (conv.kernel_size[0], conv.stride[0]);
        let half = (kernel as f64 - 1.0) / (2.0 * stride as f64);
        Self {
            shape: self.shape.upsample(layer),
            grid: self.grid.transposed(kernel, stride, conv.padding[0]),
            radius: self.radius + self.grid.scale * half,
        }
    }

    fn max_pool(self, pool: &MaxPool2d) -> Self {
        let kernel = pool.kernel_size[0];
        let padding = padded(&pool.padding, pool.kernel_size)[0] / 2;
        let shape = self.shape.clone().max_pool(pool);
        self.window(kernel, pool.stride[0], padding, shape)
    }

    fn dropout(self, _dropout: &Dropout) -> Self {
        self
    }

    fn scale(self, _factor: f64) -> Self {
        self
    }

    fn add(self, other: Self) -> Self {
        self.union(other)
    }

    fn add_relu(self, other: Self) -> Self {
        self.union(other)
    }

    fn concat(maps: Vec<Self>) -> Self {
        let empty = || Self {
            shape: Shape::new(1, 0, [0, 0]),
            grid: Grid::IMAGE,
            radius: 0.0,
        };
        maps.into_iter().reduce(Self::union).unwrap_or_else(empty)
    }

    fn crop(self, offset: usize, size: [usize; 2]) -> Self {
        Self {
            shape: self.shape.crop(offset, size),
            grid: Grid {
                offset: self.grid.offset + self.grid.scale * offset as f64,
                ..self.grid
            },
            radius: self.radius,
        }
    }

    fn pad_to(self, size: [usize; 2]) -> Self {
        Self {
            shape: self.shape.pad_to(size),
            ..self
        }
    }

    /// Each pixel is made of the cells on either side of it, at half a cell's distance from the borders.
    fn resize(self, size: [usize; 2]) -> Self {
        let factor = self.size()[0] as f64 / size[0] as f64;
        Self {
            grid: Grid {
                scale: self.grid.scale * factor,
                offset: self.grid.offset + self.grid.scale * (factor - 1.0) / 2.0,
            },
            radius: self.radius + self.grid.scale,
            shape: self.shape.resize(size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::tests::two_classes;
    use crate::model::{Geometry, Trunk, Variant};
    use burn::module::{Module, ModuleMapper, Param};
    use burn::tensor::{Tensor, TensorData};
    use rand::{RngExt as _, SeedableRng as _};
    use rand_pcg::Pcg64Mcg;
    use strum::VariantArray as _;

    #[test]
    fn the_fields_are_those_of_hand_computed_layers() {
        // VGG16's fc7 sees 404 pixels (a radius of 201.5), its cells lie 32 pixels apart, and the
        // upsampling of kernel 64 and stride 32 blends cells up to 63 / 64 of that distance away.
        let fields = |variant| {
            two_classes(variant, Trunk::Vgg16, Geometry::Padded).receptive_fields([224, 224])
        };
        let coarse = fields(Variant::Fcn32s)[0];
        assert_eq!(
            (coarse.source, coarse.radius),
            (ScoreSource::Coarse, 201.5 + 31.5)
        );
        // 2x, then 16x: 32 * 3 / 4 and 16 * 31 / 32.
        let fused = fields(Variant::Fcn16s);
        assert_eq!(fused[0].radius, 201.5 + 24.0 + 15.5);
        // pool4: 1 + 2*2 + 1 + 2*(2*2 + 1) + 4*(2*3 + 1) + 8*(2*3 + 1) = 100; through stride 16: 15.5 more.
        assert_eq!(
            (fused[1].source, fused[1].radius),
            (ScoreSource::Pool4, 49.5 + 15.5)
        );
        let finest = fields(Variant::Fcn8s)[2];
        // pool3: 1 + 4 + 1 + 2*5 + 4*7 = 44.
        assert_eq!(
            (finest.source, finest.radius),
            (ScoreSource::Pool3, 21.5 + 7.5)
        );
    }

    #[test]
    fn a_range_ends_at_the_border_of_the_image() {
        let field = ReceptiveField {
            source: ScoreSource::Coarse,
            offset: 0.5,
            radius: 10.0,
        };
        assert_eq!(field.range(50, 100), (41, 60));
        assert_eq!(
            (field.range(3, 100), field.range(99, 100)),
            ((0, 13), (90, 99))
        );
    }

    /// Weights of which none is zero, as score layers are at first, and no unit is dead. Burn's own
    /// random numbers are shared with all tests that run meanwhile.
    struct Seeded(Pcg64Mcg);

    impl Seeded {
        fn values(&mut self, count: usize, bound: f32) -> Vec<f32> {
            (0..count)
                .map(|_| self.0.random_range(-bound..bound))
                .collect()
        }
    }

    impl ModuleMapper for Seeded {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|weight| {
                let (shape, device) = (weight.shape(), weight.device());
                let inputs: usize = shape[1..].iter().product();
                // As He et al. have it; biases and factors are about 1.
                let (center, bound) = if D == 1 {
                    (1.0, 0.1)
                } else {
                    (0.0, (6.0 / inputs as f32).sqrt())
                };
                let values = self.values(shape.num_elements(), bound);
                Tensor::from_data(TensorData::new(values, shape), &device) + center
            })
        }
    }

    /// What is outside the field changes nothing, what is at its border does.
    #[test]
    fn no_pixel_outside_the_field_has_an_influence() {
        let device = Device::flex();
        let mut seeded = Seeded(Pcg64Mcg::seed_from_u64(3));
        for &geometry in Geometry::VARIANTS {
            let config = two_classes(Variant::Fcn8s, Trunk::Vgg16Slim, geometry);
            let (height, width, at) = (24, 640, 330_usize);
            let net = config.init(&device).map(&mut seeded).valid();
            let mut noise = || {
                let values = seeded.values(3 * height * width, 1.0);
                Tensor::<4>::from_data(TensorData::new(values, [1, 3, height, width]), &device)
            };
            let parts = |images: Tensor<4>| {
                let parts = net.contributions(images);
                let value = |(source, map): (ScoreSource, Tensor<4>)| {
                    let pixel = map.slice([0..1, 0..2, 11..12, at..at + 1]);
                    (
                        source,
                        pixel.into_data().try_to_vec::<f32>().expect("floats"),
                    )
                };
                parts.into_iter().map(value).collect::<Vec<_>>()
            };
            let (images, other) = (noise(), noise());
            let expected = parts(images.clone());
            for field in config.receptive_fields([height, width]) {
                let (first, last) = field.range(at as u32, width as u32);
                let (first, last) = (first as usize, last as usize);
                assert!(first > 0 && last < width - 1, "{field:?}");
                let columns = |from: usize, to: usize, of: &Tensor<4>| {
                    of.clone().slice([0..1, 0..3, 0..height, from..to])
                };
                let changed = |from: usize, to: usize| {
                    let pieces = vec![
                        columns(0, from, &other),
                        columns(from, to, &images),
                        columns(to, width, &other),
                    ];
                    let found = parts(Tensor::cat(pieces, 3));
                    let of = |parts: &[(ScoreSource, Vec<f32>)]| {
                        let part = parts.iter().find(|(source, _)| *source == field.source);
                        part.map(|(_, values)| values.clone())
                    };
                    of(&found) != of(&expected)
                };
                assert!(
                    !changed(first, last + 1),
                    "{geometry}: outside of {field:?}"
                );
                // Paths at the very border are few, and a pooling may pass them by.
                let inside = (last - first) / 8;
                assert!(
                    changed(first + inside, last + 1 - inside),
                    "{geometry}: {field:?}"
                );
            }
        }
    }

    #[test]
    fn every_network_has_its_fields() {
        for trunk in Trunk::VARIANTS {
            for &variant in trunk.variants() {
                let geometry = trunk.geometries()[0];
                let fields = two_classes(variant, *trunk, geometry).receptive_fields([96, 128]);
                assert!(
                    fields.iter().all(|field| field.radius > 0.0),
                    "{trunk} {variant}"
                );
                assert!(
                    fields.is_sorted_by(|a, b| a.radius >= b.radius),
                    "{trunk} {variant}"
                );
            }
        }
    }
}
