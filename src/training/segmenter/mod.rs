//! Prediction: an image in, a label map out.

mod averaged;
#[cfg(test)]
mod tests;

use burn::module::Module;
use burn::tensor::{Device, IntDType, Tensor, TensorData};

use super::device::reads_for_free;
use super::device_confusion::{self, CountsOnDevice};
use super::error::TrainError;
use super::gradients::read;
use super::loss::{Targets, loss_sum};
use super::predict_options::Averaging;
use super::tiles::Tile;
use crate::dataset::{Area, LabelMap, Normalization, Rgb, Size, resize_rgb};
use crate::kernels::{self, ResizedPart, most_likely, resize, resize_part};
use crate::model::{ImagePart, LogitPlace, Network, ScoreSource};

/// What is known of an image whose ground truth is.
pub(super) struct Detailed {
    pub mask: LabelMap,
    /// The probability of the label of each pixel.
    pub confidence: Vec<f32>,
    /// Sum of the loss over the labeled pixels.
    pub loss: f64,
    /// Number of these.
    pub labeled: usize,
}

/// A logit, and how strongly each pixel pulls at it.
pub(super) struct PixelGradient {
    pub score: f32,
    /// Of each pixel, the sum over the channels of the absolute gradient.
    pub values: Vec<f32>,
}

/// A network in inference mode with its preprocessing.
pub struct Segmenter {
    model: Network,
    device: Device,
    normalization: Normalization,
    num_classes: usize,
    on_host: bool,
    /// Whether the device computes with bytes, and reading more takes longer.
    has_bytes: bool,
}

impl Segmenter {
    /// `model` may be a training network; a copy without dropout and gradients is kept.
    pub fn new(
        model: &Network,
        normalization: &Normalization,
        num_classes: usize,
        device: &Device,
    ) -> Self {
        let on_host = reads_for_free(device);
        Self {
            on_host,
            has_bytes: !on_host && device.supports_dtype(IntDType::U8),
            model: model.valid(),
            device: device.clone(),
            normalization: normalization.clone(),
            num_classes,
        }
    }

    /// Logits at the image's own size. With `test_size` the network sees the image at that
    /// size, and its logits are interpolated back.
    ///
    /// # Shapes
    /// - output: `[1, num_classes, height, width]`
    fn logits(&self, image: &Rgb, test_size: Option<Size>) -> Tensor<4> {
        let logits = self.model.forward(self.input(image, test_size));
        enlarge(logits, image.size())
    }

    /// What the network sees of an image.
    ///
    /// # Shapes
    /// - output: `[1, 3, height, width]`, of `test_size` where there is one
    fn input(&self, image: &Rgb, test_size: Option<Size>) -> Tensor<4> {
        let resized = test_size
            .filter(|size| *size != image.size())
            .map(|size| resize_rgb(image, size));
        let seen = resized.as_ref().unwrap_or(image);
        let [height, width] = seen.size().dims();
        let mut values = vec![0.0; 3 * height * width];
        self.normalization.write_chw(seen, &mut values);
        let data = TensorData::new(values, [1, 3, height, width]);
        Tensor::from_data(data, &self.device)
    }

    /// What each score layer adds to [`logits_vec`](Self::logits_vec), coarse to fine;
    /// see [`Network::contributions`]. Each is `[num_classes, height, width]`.
    pub(super) fn contributions(
        &self,
        image: &Rgb,
        test_size: Option<Size>,
    ) -> Result<Vec<(ScoreSource, Vec<f32>)>, TrainError> {
        let parts = self.model.contributions(self.input(image, test_size));
        let values = |(source, part)| {
            // Interpolation is linear too, so the parts still sum to the logits.
            Ok((source, floats(enlarge(part, image.size()))?))
        };
        parts.into_iter().map(values).collect()
    }

    /// What a layer makes of an image: channels, size of their maps, and `[channels, rows, columns]`; `None`
    /// where there is no such layer.
    pub(super) fn layer_output(
        &self,
        image: &Rgb,
        test_size: Option<Size>,
        layer: &str,
    ) -> Result<Option<(usize, Size, Vec<f32>)>, TrainError> {
        let input = self.input(image, test_size);
        let Some(map) = self.model.layer_output(input, layer) else {
            return Ok(None);
        };
        let [_, channels, rows, columns] = map.dims();
        let size = Size::new(columns as u32, rows as u32);
        Ok(Some((channels, size, floats(map)?)))
    }

    /// A logit of a part of an image, and the gradient with respect to that part; see
    /// [`Network::input_gradient`].
    pub(super) fn input_gradient(
        &self,
        image: &Rgb,
        test_size: Option<Size>,
        part: &ImagePart,
        logit: LogitPlace,
    ) -> Result<PixelGradient, TrainError> {
        let input = self.input(image, test_size);
        let (score, gradient) = self.model.input_gradient(input, part, logit);
        let score = floats(score)?.first().copied().unwrap_or_default();
        let [_, _, height, width] = gradient.dims();
        // Here, where three numbers are added up: Burn would time candidates for that on a GPU.
        let gradient = floats(gradient)?;
        let mut values = vec![0.0; height * width];
        for channel in gradient.chunks_exact(height * width) {
            for (sum, value) in values.iter_mut().zip(channel) {
                *sum += value.abs();
            }
        }
        Ok(PixelGradient { score, values })
    }

    /// [`logits`](Self::logits) as plain numbers, `[num_classes, height, width]`.
    pub(super) fn logits_vec(
        &self,
        image: &Rgb,
        test_size: Option<Size>,
    ) -> Result<Vec<f32>, TrainError> {
        floats(self.logits(image, test_size))
    }

    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// Whether the device is the CPU, from which nothing has to be transferred.
    pub(super) fn on_host(&self) -> bool {
        self.on_host
    }

    /// The most likely class of every pixel.
    pub fn segment(&self, image: &Rgb, test_size: Option<Size>) -> Result<LabelMap, TrainError> {
        self.most_likely(self.logits(image, test_size), image.size())
    }

    /// The logits of the core of a tile of an image of some size; `seen` is what the network sees.
    ///
    /// # Shapes
    /// - output: `[1, num_classes, height, width]` of the core
    pub(super) fn tile_logits(&self, seen: &Rgb, tile: &Tile, image: Size) -> Tensor<4> {
        let input = self.input(seen, None);
        let logits = self.model.forward_part(input, &tile.part(image));
        let ([top, left], [height, width]) = (tile.offset(), tile.core.size.dims());
        let [_, classes, ..] = logits.dims();
        logits.slice([0..1, 0..classes, top..top + height, left..left + width])
    }

    /// The logits of an image that the network sees at `test_size`, at that size; see
    /// [`enlarged_part`](Self::enlarged_part).
    pub(super) fn small_logits(&self, image: &Rgb, test_size: Size) -> Tensor<4> {
        self.model.forward(self.input(image, Some(test_size)))
    }

    /// A part of those logits at the size of the image, which as a whole would take too much memory.
    pub(super) fn enlarged_part(logits: &Tensor<4>, area: Area, image: Size) -> Tensor<4> {
        let [_, _, rows, columns] = logits.dims();
        let part = ResizedPart {
            map: [rows, columns],
            map_first: [0, 0],
            whole: image.dims(),
            first: [area.top as usize, area.left as usize],
            size: area.size.dims(),
        };
        resize_part(logits.clone(), &part)
    }

    /// A tensor as plain numbers.
    pub(super) fn numbers(values: Tensor<4>) -> Result<Vec<f32>, TrainError> {
        floats(values)
    }

    /// The mask, the sum of the loss over the labeled pixels, and their number.
    /// `truth` must have the image's size.
    pub(super) fn segment_with_loss(
        &self,
        image: &Rgb,
        truth: &LabelMap,
        test_size: Option<Size>,
    ) -> Result<(LabelMap, f64, usize), TrainError> {
        let logits = self.logits(image, test_size);
        let targets = self.targets(truth);
        let loss = read(loss_sum(logits.clone(), &targets))?;
        let mask = self.most_likely(logits, image.size())?;
        Ok((mask, loss, targets.labeled))
    }

    /// As [`segment_with_loss`](Self::segment_with_loss), with how sure the network is, by probabilities
    /// that are averaged where that is asked for.
    pub(super) fn segment_in_detail(
        &self,
        image: &Rgb,
        truth: &LabelMap,
        test_size: Option<Size>,
        averaging: &Averaging,
    ) -> Result<Detailed, TrainError> {
        if !averaging.is_off() {
            return self.averaged_in_detail(image, truth, test_size, averaging);
        }
        let logits = self.logits(image, test_size);
        let targets = self.targets(truth);
        let loss = read(loss_sum(logits.clone(), &targets))?;
        Ok(Detailed {
            confidence: floats(largest_probability(logits.clone()))?,
            mask: self.most_likely(logits, image.size())?,
            loss,
            labeled: targets.labeled,
        })
    }

    /// As [`segment_with_loss`](Self::segment_with_loss), with the mask counted by `truth` and
    /// everything left on the device.
    pub(super) fn count(
        &self,
        image: &Rgb,
        truth: &LabelMap,
        test_size: Option<Size>,
    ) -> (CountsOnDevice, usize) {
        let logits = self.logits(image, test_size);
        let targets = self.targets(truth);
        let loss = loss_sum(logits.clone(), &targets);
        let predicted = most_likely(logits)
            .cast(IntDType::I32)
            .reshape([truth.labels.len()]);
        let truth = device_confusion::labels_on(&self.device, &truth.labels);
        let counts = device_confusion::count(truth, predicted, self.num_classes);
        (CountsOnDevice { counts, loss }, targets.labeled)
    }

    pub(super) fn targets<'a>(&self, truth: &'a LabelMap) -> Targets<'a> {
        let size = [1, truth.height as usize, truth.width as usize];
        Targets::new(&truth.labels, size, self.num_classes)
    }

    /// The most likely class of every pixel.
    ///
    /// # Shapes
    /// - logits: `[1, num_classes, height, width]`
    fn most_likely(&self, logits: Tensor<4>, size: Size) -> Result<LabelMap, TrainError> {
        let mut labels = most_likely(logits);
        // Bytes travel where the device has them (CUDA, Metal, Vulkan with 8-bit storage). WGSL
        // has none: there the indices travel as they are. On the CPU nothing travels.
        if self.has_bytes {
            labels = labels.cast(IntDType::U8);
        }
        let labels = labels
            .try_into_data()
            .map_err(|err| TrainError::Execution(err.to_string()))?
            .iter::<u8>()
            .collect();
        Ok(LabelMap {
            width: size.width,
            height: size.height,
            labels,
        })
    }
}

/// The softmax of the largest logit of each pixel: one over the sum of what the others are to it.
///
/// # Shapes
/// - logits: `[1, num_classes, height, width]`
/// - output: `[1, 1, height, width]`
fn largest_probability(logits: Tensor<4>) -> Tensor<4> {
    if kernels::is_on_gpu(&logits) {
        // Burn times candidates for maxima and sums of a GPU.
        return kernels::largest(kernels::softmax(logits));
    }
    let largest = logits.clone().max_dim(1);
    (logits - largest).exp().sum_dim(1).recip()
}

/// Logits at the size of the image that was seen at another one.
fn enlarge(logits: Tensor<4>, size: Size) -> Tensor<4> {
    let [_, _, height, width] = logits.dims();
    if [height, width] == size.dims() {
        return logits;
    }
    resize(logits, size.dims())
}

fn floats(values: Tensor<4>) -> Result<Vec<f32>, TrainError> {
    let data = values
        .try_into_data()
        .map_err(|err| TrainError::Execution(err.to_string()))?;
    Ok(data.iter::<f32>().collect())
}
