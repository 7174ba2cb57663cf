//! Scratch memory of the kernels for GPUs.

use super::layers::{LayerKind, LayerShape};
use crate::kernels::{ConvShape, ProductPass, bytes_of_parts};

/// Bytes of the parts into which the sums of a layer's output are cut.
pub(super) fn parts_of_output(layer: &LayerShape) -> u64 {
    let pass = match layer.kind {
        LayerKind::Convolution => ProductPass::Forward,
        LayerKind::Upsampling => ProductPass::Data,
        _ => return 0,
    };
    parts(pass, layer)
}

/// As [`parts_of_output`], of its weights' gradient.
pub(super) fn parts_of_weights(layer: &LayerShape) -> u64 {
    match layer.kind {
        LayerKind::Convolution | LayerKind::Upsampling => parts(ProductPass::Weights, layer),
        _ => 0,
    }
}

fn parts(pass: ProductPass, layer: &LayerShape) -> u64 {
    let [input, output] = layer.channels;
    let (size, [in_channels, out_channels]) = match layer.kind {
        // The convolution that leads back.
        LayerKind::Upsampling => (layer.size_out, [output, input]),
        _ => (layer.size, [input, output]),
    };
    let shape = ConvShape {
        batch: layer.batch_size,
        in_channels,
        out_channels,
        size,
        kernel: layer.kernel,
        stride: layer.stride,
        padding: layer.padding,
        dilation: layer.dilation,
    };
    bytes_of_parts(pass, &shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upsampling_has_the_parts_of_the_convolution_that_leads_back() {
        // 21 classes from 7x7 to 14x14: 21 rows by 4 times 49 columns, whose sums of 84 are whole; and
        // 21x336 weights, summed over 49 pixels.
        let mut layer = LayerShape {
            kind: LayerKind::Upsampling,
            batch_size: 1,
            channels: [21; 2],
            size: [7; 2],
            size_out: [14; 2],
            kernel: [4; 2],
            stride: [2; 2],
            padding: [1; 2],
            dilation: [1; 2],
            bias: false,
            relu: false,
            ceil: false,
        };
        assert_eq!(parts_of_output(&layer), 0);
        assert_eq!(parts_of_weights(&layer), 0);
        // 100 images of 70x70 have long sums: of all parts together no more than their share.
        (layer.batch_size, layer.size, layer.size_out) = (100, [70; 2], [140; 2]);
        let bytes = 4 * 21 * 21 * 16;
        let parts = parts_of_weights(&layer);
        assert!(parts > 0 && parts.is_multiple_of(bytes), "{parts}");
        assert!(parts <= 128 << 20, "{parts}");
        assert_eq!(parts_of_output(&layer), 0);
        layer.kind = LayerKind::Pooling;
        assert_eq!((parts_of_output(&layer), parts_of_weights(&layer)), (0, 0));
    }
}
