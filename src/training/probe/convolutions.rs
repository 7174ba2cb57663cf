//! All passes of convolutions in every tile that products on GPUs are cut into. What a network's own
//! sizes are cut into depends on the device and on the batch, so the tiles are forced here: small maps
//! reach the kernels that large ones train with.

use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::{Device, Gradients, Tensor};

use super::comparison::Part;
use super::values::{noise, push};
use crate::kernels::{self, Arithmetic, PRODUCT_TILES, ProductCut};
use crate::training::TrainError;

/// A convolution that keeps the size of its map.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub batch: usize,
    pub channels: [usize; 2],
    /// Height and width.
    pub size: [usize; 2],
    pub kernel: usize,
    pub stride: usize,
}

/// More than one of the largest tile in rows and columns of every pass, with odd remainders.
const ACROSS_TILES: Sizes = Sizes {
    batch: 2,
    channels: [131, 133],
    size: [9, 11],
    kernel: 3,
    stride: 1,
};

/// Whole sums, and parts that are added up by another kernel.
const PARTS: [usize; 2] = [1, 3];

/// A convolution with bias and ReLU in each tile; in exact arithmetic, which is what it trains in, a
/// transposed one, too.
pub(super) fn in_all_tiles(
    device: &Device,
    arithmetic: Arithmetic,
    parts: &mut Vec<Part>,
) -> Result<(), TrainError> {
    for tile in PRODUCT_TILES {
        for number in PARTS {
            let cut = ProductCut {
                tile,
                parts: number,
            };
            let _cut = cut.enter();
            let what = format!("in {number} parts of {}x{}", tile.rows, tile.columns);
            let name = format!("convolution {what}");
            let with_relu = true;
            convolution(&name, ACROSS_TILES, with_relu, (device, arithmetic), parts)?;
            if arithmetic == Arithmetic::EXACT {
                upsampling(&format!("upsampling {what}"), device, parts)?;
            }
        }
    }
    Ok(())
}

/// Output and gradients of a convolution, with a bias where it has a ReLU.
pub(super) fn convolution(
    name: &str,
    sizes: Sizes,
    with_relu: bool,
    (device, arithmetic): (&Device, Arithmetic),
    parts: &mut Vec<Part>,
) -> Result<(), TrainError> {
    let device = device.clone().autodiff();
    let layer = layer(sizes, with_relu, &device);
    let images = images(sizes, &device).require_grad();
    let entered = arithmetic.enter();
    let output = kernels::conv2d(&layer, images.clone(), with_relu);
    let direction = Tensor::<4>::from_data(noise(&output.dims(), 2), &Device::flex());
    let direction = if with_relu {
        direction * clear_of_zero(sizes)
    } else {
        direction
    };
    let direction = Tensor::from_data(direction.into_data(), &device.inner());
    let gradients = kernels::backward_with(output.clone(), direction);
    drop(entered);
    push(parts, name, output.inner())?;
    let mut gradient = Gradient {
        of: name,
        gradients: &gradients,
        parts,
    };
    gradient.push("input", &images)?;
    gradient.push("weights", &layer.weight.val())?;
    match &layer.bias {
        Some(bias) => gradient.push("bias", &bias.val()),
        None => Ok(()),
    }
}

fn images(sizes: Sizes, device: &Device) -> Tensor<4> {
    let [height, width] = sizes.size;
    let shape = [sizes.batch, sizes.channels[0], height, width];
    Tensor::from_data(noise(&shape, 1), device)
}

fn layer(sizes: Sizes, with_bias: bool, device: &Device) -> Conv2d {
    let [inputs, outputs] = sizes.channels;
    let (kernel, padding) = (sizes.kernel, sizes.kernel / 2);
    let layer = Conv2dConfig::new(sizes.channels, [kernel; 2])
        .with_stride([sizes.stride; 2])
        .with_padding(PaddingConfig2d::Explicit(
            padding, padding, padding, padding,
        ))
        .with_bias(with_bias)
        .init(device);
    let weight = Tensor::from_data(noise(&[outputs, inputs, kernel, kernel], 0), device);
    let bias = Tensor::from_data(noise(&[outputs], 3), device);
    Conv2d {
        weight: Param::from_tensor(weight),
        bias: with_bias.then(|| Param::from_tensor(bias)),
        ..layer
    }
}

/// Share of the largest output within which rounding may end on either side of a ReLU.
const UNCLEAR: f32 = 0.02;

/// 1 where the outputs of the processor are far from 0, else 0.
fn clear_of_zero(sizes: Sizes) -> Tensor<4> {
    let cpu = Device::flex();
    let linear = kernels::conv2d(&layer(sizes, true, &cpu), images(sizes, &cpu), false).abs();
    let most = linear.clone().max().reshape([1, 1, 1, 1]);
    linear.greater(most.mul_scalar(UNCLEAR)).float()
}

/// Output and gradients of a transposed convolution of all phases of a stride.
fn upsampling(name: &str, device: &Device, parts: &mut Vec<Part>) -> Result<(), TrainError> {
    const CHANNELS: [usize; 2] = [21, 22];
    let device = device.clone().autodiff();
    let layer: ConvTranspose2d = ConvTranspose2dConfig::new(CHANNELS, [4, 4])
        .with_stride([2, 2])
        .with_padding([1, 1])
        .with_bias(false)
        .init(&device);
    let weight = Tensor::from_data(noise(&[CHANNELS[0], CHANNELS[1], 4, 4], 4), &device);
    let layer = ConvTranspose2d {
        weight: Param::from_tensor(weight),
        ..layer
    };
    let images = Tensor::<4>::from_data(noise(&[2, CHANNELS[0], 10, 7], 5), &device).require_grad();
    let output = kernels::conv_transpose2d(&layer, images.clone());
    let direction = Tensor::from_data(noise(&output.dims(), 6), &device.inner());
    let gradients = kernels::backward_with(output.clone(), direction);
    push(parts, name, output.inner())?;
    let mut gradient = Gradient {
        of: name,
        gradients: &gradients,
        parts,
    };
    gradient.push("input", &images)?;
    gradient.push("weights", &layer.weight.val())
}

/// Where gradients of a layer are taken from, and put.
struct Gradient<'a> {
    of: &'a str,
    gradients: &'a Gradients,
    parts: &'a mut Vec<Part>,
}

impl Gradient<'_> {
    fn push<const D: usize>(&mut self, what: &str, tensor: &Tensor<D>) -> Result<(), TrainError> {
        let what = format!("gradient of the {what} of {}", self.of);
        let gradient = tensor
            .grad(self.gradients)
            .ok_or_else(|| TrainError::Execution(format!("no {what}")))?;
        push(self.parts, what, gradient)
    }
}
