//! What the self-test computes: small networks with fixed weights, which together have every kind of
//! layer that trains. Dropout is not among them: what it drops is up to the device.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::MaxPool2dConfig;
use burn::optim::GradientsParams;
use burn::tensor::{Device, IntDType, Tensor};

use super::comparison::Part;
use super::convolutions::{Sizes, convolution, in_all_tiles};
use super::values::{noise, push};
use crate::kernels::{self, Arithmetic, Half};
use crate::model::{FinalUpsampling, Geometry, NetworkConfig, Trunk, Variant, VggWidths};
use crate::training::TrainError;
use crate::training::device_confusion::{count, labels_on};
use crate::training::learning::{Learning, Reduction};
use crate::training::loss::{Targets, objective};
use crate::training::sgd::Sgd;

const NUM_CLASSES: usize = 5;
/// Batch size, height, width.
const IMAGES: [usize; 3] = [2, 70, 61];

/// All numbers of the test, on a device without autodiff.
pub(super) fn trial(device: &Device) -> Result<Vec<Part>, TrainError> {
    let device = device.clone().autodiff();
    let mut parts = Vec::new();
    // One with biases, and one with batch normalization.
    for trunk in [Trunk::Vgg16, Trunk::Vgg16Slim] {
        network(trunk, &device, &mut parts)?;
    }
    residual(&device, &mut parts)?;
    let device = device.inner();
    in_all_tiles(&device, Arithmetic::EXACT, &mut parts)?;
    in_16_bits(&device, &mut parts)?;
    beside_the_layers(&device, &mut parts)?;
    Ok(parts)
}

/// A narrow FCN-8s: what it predicts, its loss and gradients, and its weights after two steps.
fn network(trunk: Trunk, device: &Device, parts: &mut Vec<Part>) -> Result<(), TrainError> {
    let config = NetworkConfig {
        variant: Variant::Fcn8s,
        trunk,
        geometry: Geometry::Padded,
        num_classes: NUM_CLASSES,
        dropout: 0.0,
        final_upsampling: FinalUpsampling::Learned,
        aux_head: false,
        widths: Some(VggWidths {
            stages: [6, 8, 10, 12, 14],
            fc: 20,
        }),
    };
    let [batch_size, height, width] = IMAGES;
    let mut network = config.init(device).map(&mut Noise::default());
    let images = Tensor::<4>::from_data(noise(&[batch_size, 3, height, width], 1), device);
    let labels: Vec<u8> = (0..batch_size * height * width).map(label).collect();
    let targets = Targets::new(&labels, IMAGES, NUM_CLASSES);
    let id = trunk.id();

    let logits = network.valid().forward(images.clone().inner());
    push(parts, format!("prediction of {id}"), logits)?;
    let mut sgd = Sgd::new(&Learning::sgd(0.05, 0.9, 0.01));
    for step in 1..=2 {
        let (loss, differentiated) =
            objective(network.forward(images.clone()), &targets, Reduction::Mean);
        push(parts, format!("loss of {id} in step {step}"), loss.inner())?;
        let gradients = GradientsParams::from_grads(differentiated.backward(), &network);
        let mut read = Read::new(format!("gradient of {id} in step {step}"), Some(&gradients));
        network.visit(&mut read);
        parts.extend(read.parts()?);
        network = sgd.step(0.05, 1.0, network, gradients);
    }
    let mut read = Read::new(format!("weights of {id} after two steps"), None);
    network.valid().visit(&mut read);
    parts.extend(read.parts()?);
    Ok(())
}

/// Fixed weights whose maps neither vanish nor explode.
#[derive(Default)]
struct Noise {
    name: String,
    count: usize,
}

impl ModuleMapper for Noise {
    /// Also called for every parameter, right before it is mapped.
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        name.clone_into(&mut self.name);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.count += 1;
        let seed = 100 + self.count as u32;
        let name = self.name.clone();
        param.map(|old| {
            let shape = old.dims();
            let values = Tensor::<D>::from_data(noise(&shape, seed), &old.device());
            let values = match name.as_str() {
                "weight" => {
                    let inputs: usize = shape[1..].iter().product();
                    values.mul_scalar((6.0 / inputs.max(1) as f64).sqrt())
                }
                "gamma" | "running_var" => values.mul_scalar(0.2).add_scalar(1.0),
                _ => values.mul_scalar(0.1),
            };
            if old.is_require_grad() {
                Tensor::from_inner(values.inner()).require_grad()
            } else {
                values
            }
        })
    }
}

/// Reads gradients, or weights, of every parameter.
struct Read<'a> {
    what: String,
    gradients: Option<&'a GradientsParams>,
    parts: Vec<Part>,
    error: Option<TrainError>,
}

impl<'a> Read<'a> {
    fn new(what: String, gradients: Option<&'a GradientsParams>) -> Self {
        Self {
            what,
            gradients,
            parts: Vec::new(),
            error: None,
        }
    }

    fn parts(self) -> Result<Vec<Part>, TrainError> {
        self.error.map_or(Ok(self.parts), Err)
    }
}

impl ModuleVisitor for Read<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = match self.gradients {
            Some(gradients) => gradients.get::<D>(param.id),
            None => Some(param.val()),
        };
        let what = format!("{}, parameter {}", self.what, self.parts.len() + 1);
        if let Some(tensor) = tensor
            && let Err(err) = push(&mut self.parts, what, tensor)
        {
            self.error.get_or_insert(err);
        }
    }
}

/// What only `ResNet`s and `GoogLeNet` have: strides, overlapping pooling, dilation, sums, maps behind each
/// other and interpolation.
fn residual(device: &Device, parts: &mut Vec<Part>) -> Result<(), TrainError> {
    let first = conv([3, 8], 7, 2, (3, 1), device);
    let dilated = conv([8, 8], 3, 1, (2, 2), device);
    let strided = conv([8, 6], 1, 2, (0, 1), device);
    let pool = MaxPool2dConfig::new([3, 3])
        .with_strides([2, 2])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .init();
    let images = Tensor::<4>::from_data(noise(&[2, 3, 45, 38], 2), device).require_grad();
    let map = kernels::conv2d(&first, images.clone(), true);
    let map = kernels::max_pool2d(&pool, map);
    let map = kernels::add_relu(map.clone(), kernels::conv2d(&dilated, map, false));
    let map = kernels::conv2d(&strided, map, false);
    let map = Tensor::cat(vec![map.clone(), map.mul_scalar(0.5)], 1);
    let output = kernels::resize(map, [45, 38]);
    let mean = kernels::sum(output.clone().powi_scalar(2)) / output.shape().num_elements() as f32;
    let gradients = mean.backward();
    push(parts, "output of residual layers", output.inner())?;
    let named = [
        ("images", Some(&images)),
        ("a strided convolution", Some(&first.weight.val())),
        ("a dilated convolution", Some(&dilated.weight.val())),
        ("a pointwise convolution", Some(&strided.weight.val())),
    ]
    .map(|(what, tensor)| (what, tensor.and_then(|tensor| tensor.grad(&gradients))));
    for (what, gradient) in named {
        if let Some(gradient) = gradient {
            push(parts, format!("gradient of {what}"), gradient)?;
        }
    }
    Ok(())
}

/// What steps in 16 bits pack and unpack, on a device without matrix units, too. The processor computes in
/// 32 bits, from which they differ by less than the test allows.
fn in_16_bits(device: &Device, parts: &mut Vec<Part>) -> Result<(), TrainError> {
    for half in [Half::Bf16, Half::F16] {
        let arithmetic = Arithmetic {
            half: Some(half),
            units: None,
        };
        let name = format!("convolution in {half:?}");
        convolution(&name, IN_16_BITS, true, (device, arithmetic), parts)?;
    }
    Ok(())
}

const IN_16_BITS: Sizes = Sizes {
    batch: 1,
    channels: [19, 23],
    size: [11, 13],
    kernel: 3,
    stride: 1,
};

/// What runs ask of logits and gradients: the most likely classes and their counts, logarithms of softmax and
/// sums of squares.
fn beside_the_layers(device: &Device, parts: &mut Vec<Part>) -> Result<(), TrainError> {
    let dims = [2, NUM_CLASSES, 23, 19];
    let logits = Tensor::<4>::from_data(noise(&dims, 3), device);
    let predicted = kernels::most_likely(logits.clone());
    push(parts, "most likely classes", predicted.clone().float())?;
    let pixels = dims[0] * dims[2] * dims[3];
    let labels: Vec<u8> = (0..pixels).map(label).collect();
    let predicted = predicted.reshape([pixels]).cast(IntDType::I32);
    let counts = count(labels_on(device, &labels), predicted, NUM_CLASSES);
    push(parts, "counts of classes", counts.float())?;
    let squares = kernels::squares_on_device(logits.clone());
    push(parts, "sum of squares", squares)?;
    let device = device.clone().autodiff();
    let logits = Tensor::<4>::from_data(logits.into_data(), &device).require_grad();
    let shares = kernels::log_softmax(logits.clone());
    let direction = Tensor::<4>::from_data(noise(&dims, 4), &device.inner());
    let gradients = kernels::backward_with(shares.clone(), direction);
    push(parts, "logarithms of softmax", shares.inner())?;
    match logits.grad(&gradients) {
        Some(gradient) => push(parts, "gradient of softmax", gradient),
        None => Err(TrainError::Execution("no gradient of softmax".to_owned())),
    }
}

/// Every eleventh pixel is void.
fn label(pixel: usize) -> u8 {
    if pixel.is_multiple_of(11) {
        255
    } else {
        (pixel / 7 % NUM_CLASSES) as u8
    }
}

fn conv(
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    (padding, dilation): (usize, usize),
    device: &Device,
) -> Conv2d {
    let layer = Conv2dConfig::new(channels, [kernel; 2])
        .with_stride([stride; 2])
        .with_dilation([dilation; 2])
        .with_padding(PaddingConfig2d::Explicit(
            padding, padding, padding, padding,
        ))
        .with_bias(false)
        .init(device);
    layer.map(&mut Noise {
        count: channels[0] + kernel,
        ..Noise::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::probe::comparison::compare;

    #[test]
    fn the_numbers_are_worth_comparing_and_the_same_each_time() {
        let parts = trial(&Device::flex()).expect("numbers");
        assert_eq!(
            compare(&parts, &trial(&Device::flex()).expect("numbers")),
            Ok(())
        );
        for part in &parts {
            let most = part
                .values
                .iter()
                .fold(0.0f32, |most, value| most.max(value.abs()));
            assert!(most > 1e-10 && most < 1e6, "{}: {most}", part.what);
        }
        // Predictions, losses, gradients of two steps and weights of each parameter: 16 units with
        // weight and bias (or weight, gamma and beta), 3 scores, 3 upsamplings.
        let count = |what: &str| {
            parts
                .iter()
                .filter(|part| part.what.starts_with(what))
                .count()
        };
        assert_eq!(count("prediction of"), 2);
        assert_eq!(count("loss of"), 4);
        assert!(count("gradient of vgg16 in step 1") >= 15 * 2 + 3 * 2 + 3);
        assert!(count("gradient of vgg16-slim in step 2") > 15 * 2 + 3 * 2 + 3);
        assert_eq!(count("gradient of a"), 3);
        // Four tiles, whole and in parts.
        assert_eq!(
            (count("convolution in"), count("upsampling in")),
            (8 + 2, 8)
        );
        assert_eq!(count("gradient of the bias of convolution in"), 8 + 2);
    }
}
