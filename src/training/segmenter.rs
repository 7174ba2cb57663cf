//! Prediction: an image in, a label map out.

use burn::module::Module;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor, TensorData};

use super::error::TrainError;
use super::loss::{Targets, loss_sum};
use crate::dataset::{LabelMap, Normalization, Rgb, resize_rgb};
use crate::model::Network;

/// A network in inference mode with its preprocessing.
pub(super) struct Segmenter {
    model: Network,
    device: Device,
    normalization: Normalization,
    num_classes: usize,
}

impl Segmenter {
    /// `model` may be a training network; a copy without dropout and gradients is kept.
    pub fn new(model: &Network, normalization: &Normalization, num_classes: usize, device: &Device) -> Self {
        Self {
            model: model.valid(),
            device: device.clone(),
            normalization: normalization.clone(),
            num_classes,
        }
    }

    /// Logits at the image's own size.
    ///
    /// # Shapes
    /// - output: `[1, num_classes, height, width]`
    ///
    /// With `test_size` (`[width, height]`) the network sees the image at that size and
    /// its logits are interpolated back.
    fn logits(&self, image: &Rgb, test_size: Option<[u32; 2]>) -> Tensor<4> {
        let own = [image.width, image.height];
        match test_size {
            Some(size) if size != own => {
                let logits = self.forward(&resize_rgb(image, size[0], size[1]));
                let size = [image.height as usize, image.width as usize];
                let options = InterpolateOptions::new(InterpolateMode::Bilinear)
                    .with_align_corners(false)
                    .with_output_size(size);
                interpolate(logits, options)
            }
            _ => self.forward(image),
        }
    }

    fn forward(&self, image: &Rgb) -> Tensor<4> {
        let (height, width) = (image.height as usize, image.width as usize);
        let mut values = vec![0.0; 3 * height * width];
        self.normalization.write_chw(image, &mut values);
        let data = TensorData::new(values, [1, 3, height, width]);
        self.model.forward(Tensor::from_data(data, &self.device))
    }

    /// [`logits`](Self::logits) as plain numbers, `[num_classes, height, width]`.
    pub fn logits_vec(&self, image: &Rgb, test_size: Option<[u32; 2]>) -> Result<Vec<f32>, TrainError> {
        let data = self
            .logits(image, test_size)
            .try_into_data()
            .map_err(|err| TrainError::Execution(err.to_string()))?;
        Ok(data.iter::<f32>().collect())
    }

    /// The most likely class of every pixel.
    pub fn segment(&self, image: &Rgb, test_size: Option<[u32; 2]>) -> Result<LabelMap, TrainError> {
        most_likely(self.logits(image, test_size), image)
    }

    /// The mask, the sum of the loss over the labelled pixels, and their number.
    /// `truth` must have the image's size.
    pub fn segment_with_loss(
        &self,
        image: &Rgb,
        truth: &LabelMap,
        test_size: Option<[u32; 2]>,
    ) -> Result<(LabelMap, f64, usize), TrainError> {
        let logits = self.logits(image, test_size);
        let size = [1, image.height as usize, image.width as usize];
        let targets = Targets::new(&truth.labels, size, self.num_classes);
        let loss = loss_sum(logits.clone(), &targets)
            .try_into_scalar::<f32>()
            .map_err(|err| TrainError::Execution(err.to_string()))?;
        Ok((most_likely(logits, image)?, f64::from(loss), targets.labelled))
    }
}

fn most_likely(logits: Tensor<4>, image: &Rgb) -> Result<LabelMap, TrainError> {
    let labels = logits
        .argmax(1)
        .try_into_data()
        .map_err(|err| TrainError::Execution(err.to_string()))?
        .iter::<u8>()
        .collect();
    Ok(LabelMap { width: image.width, height: image.height, labels })
}
