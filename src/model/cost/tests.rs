use super::*;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2dConfig;
use burn::tensor::Tensor;

use crate::model::feature_map::FeatureMap;
use crate::model::network::tests::two_classes;
use crate::model::{Geometry, Trunk, Variant, VggWidths};

fn config(variant: Variant, trunk: Trunk, geometry: Geometry) -> NetworkConfig {
    NetworkConfig {
        num_classes: 21,
        ..two_classes(variant, trunk, geometry)
    }
}

#[test]
fn one_convolution_equals_the_hand_computed_one() {
    let device = Device::flex();
    let conv = |channels, kernel: usize, padding: usize| {
        Conv2dConfig::new(channels, [kernel; 2]).with_padding(PaddingConfig2d::Explicit(
            padding, padding, padding, padding,
        ))
    };
    // 5x3 pixels, 7x7 kernel, stride 2, padding 3: 3x2 cells of 3 * 64 * 49.
    let strided = conv([3, 64], 7, 3).with_stride([2, 2]).init(&device);
    let map = Shape::new(1, 3, [5, 3]).convolve(&strided, None, true);
    assert_eq!(
        (map.size, map.tape.borrow().multiply_adds()),
        ([3, 2], 6 * 3 * 64 * 49)
    );
    // Dilated by 2, a 3x3 kernel reaches over 5 cells and is padded by 2.
    let dilated = conv([64, 8], 3, 2).with_dilation([2, 2]).init(&device);
    let map = map.convolve(&dilated, None, true);
    assert_eq!(
        (map.size, map.tape.borrow().multiply_adds()),
        ([3, 2], 6 * 3 * 64 * 49 + 6 * 64 * 8 * 9)
    );
}

#[test]
fn shapes_are_those_of_tensors() {
    let device = Device::flex();
    let pool = |kernel: usize, stride: usize, ceil: bool, padding: usize| {
        burn::nn::pool::MaxPool2dConfig::new([kernel; 2])
            .with_strides([stride; 2])
            .with_ceil_mode(ceil)
            .with_padding(PaddingConfig2d::Explicit(
                padding, padding, padding, padding,
            ))
            .init()
    };
    for pool in [
        pool(2, 2, true, 0),
        pool(3, 2, true, 0),
        pool(3, 2, false, 1),
        pool(3, 1, false, 1),
    ] {
        for size in [[4, 5], [6, 7], [9, 12]] {
            let map = Tensor::<4>::zeros([1, 1, size[0], size[1]], &device);
            assert_eq!(
                FeatureMap::max_pool(Shape::new(1, 1, size), &pool).size,
                FeatureMap::max_pool(map, &pool).size(),
                "{pool:?} of {size:?}"
            );
        }
    }
}

#[test]
fn a_whole_network_equals_the_hand_computed_one() {
    // All widths 1, one class, 32x32 pixels: stages of 32, 16, 8, 4 and 2 pixels.
    let config = NetworkConfig {
        num_classes: 1,
        widths: Some(VggWidths {
            stages: [1; 5],
            fc: 1,
        }),
        ..config(Variant::Fcn32s, Trunk::Vgg16, Geometry::Padded)
    };
    let stages = 9 * (32 * 32 * (3 + 1) + 16 * 16 * 2 + 8 * 8 * 3 + 4 * 4 * 3 + 2 * 2 * 3);
    let heads = 49 + 1 + 1 + 64 * 64;
    assert_eq!(config.multiply_adds([32, 32]), stages + heads);
}

#[test]
fn all_networks_have_the_operations_that_pytorch_counts() {
    use Geometry::{Padded, Reference};
    // `FlopCounterMode` of PyTorch 2.15 over the networks of tests/reference/fcn.py, 21
    // classes, at 375x500 and 65x33 (height x width); its operations are twice ours.
    for (variant, trunk, geometry, operations) in [
        (
            Variant::Fcn8s,
            Trunk::Vgg16,
            Padded,
            [162_382_431_744, 3_054_869_280],
        ),
        (
            Variant::Fcn8s,
            Trunk::Vgg16,
            Reference,
            [293_568_384_384, 39_159_802_944],
        ),
        (
            Variant::Fcn16s,
            Trunk::Vgg16,
            Reference,
            [293_432_691_456, 39_135_288_384],
        ),
        (
            Variant::Fcn32s,
            Trunk::Vgg16Slim,
            Padded,
            [3_104_967_744, 62_260_272],
        ),
        (
            Variant::Fcn16s,
            Trunk::Vgg16Slim,
            Padded,
            [3_109_741_632, 54_256_752],
        ),
        (
            Variant::Fcn32s,
            Trunk::Alexnet,
            Reference,
            [32_971_800_192, 2_351_251_116],
        ),
        (
            Variant::Fcn8s,
            Trunk::Googlenet,
            Padded,
            [12_538_558_464, 391_829_952],
        ),
        (
            Variant::Fcn16s,
            Trunk::Googlenet,
            Padded,
            [12_465_788_928, 389_555_904],
        ),
        (
            Variant::FcnResnet50,
            Trunk::Resnet50,
            Padded,
            [199_999_272_960, 3_024_049_536],
        ),
        (
            Variant::FcnResnet101,
            Trunk::Resnet101,
            Padded,
            [312_161_384_448, 4_728_640_896],
        ),
    ] {
        let config = config(variant, trunk, geometry);
        let counted = [[375, 500], [65, 33]].map(|size| 2 * config.multiply_adds(size));
        assert_eq!(counted, operations, "{variant} {trunk} {geometry}");
    }
}

#[test]
fn a_gpu_in_16_bits_keeps_half_of_what_it_multiplies_and_a_bit_of_each_relu() {
    let device = Device::flex();
    let conv = Conv2dConfig::new([4, 8], [1; 2]).init(&device);
    // 10x10 pixels of 4 and of 8 channels: 1600 and 3200 bytes.
    let tape = |by| {
        let map = Shape::new(1, 4, [10, 10]).computed_by(by);
        let map = map.convolve(&conv, None, true);
        let mut tape = map.tape.take();
        tape.ends = vec![map.map];
        tape.end_in_loss(by);
        tape
    };
    // Forward: images, output, and what is kept. Backward: the gradient of the output and the one
    // before the ReLU, and 160 bytes of weights, 128 of which are a kernel.
    let weights = 4 * (4 * 8 + 8);
    let kernel = 4 * 4 * 8;
    let exact = tape(ComputedBy::Gpu).peak();
    assert_eq!(exact, 1600 + 3200 + 3200 + 3200.max(weights));
    let half = tape(ComputedBy::GpuIn16Bits).peak();
    // The output is kept as bits, and the loss has let go of it; the input is packed and unpacked.
    let kept = 1600 / 2 + 3200 / 32;
    assert_eq!(
        half,
        1600 + kept + 3200 + (3200 + kernel + 1600).max(weights)
    );
    let config = config(Variant::Fcn8s, Trunk::Vgg16, Geometry::Padded);
    let step = |by| config.training_memory(20, [224, 224], false, by).step as f64;
    let ratio = step(ComputedBy::GpuIn16Bits) / step(ComputedBy::Gpu);
    // What is multiplied is unpacked for as long, which takes most of it back at the peak.
    assert!((0.5..1.0).contains(&ratio), "{ratio}");
}
