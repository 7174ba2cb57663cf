use super::*;
use crate::metrics::ConfusionMatrix;
use crate::model::Trunk;
use crate::training::device_confusion::{ConfusionReadback, ImageCounts};
use crate::training::preset;
use burn::module::{ModuleMapper, Param};
use burn::tensor::Distribution;

/// Score layers start at 0, where every class is as likely.
struct Shaken;

impl ModuleMapper for Shaken {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weight| {
            let noise = weight.random_like(Distribution::Uniform(0.0, 0.1));
            weight + noise
        })
    }
}

#[test]
fn a_mask_is_counted_on_the_device_as_on_the_host() {
    let device = Device::flex();
    let config = preset(Trunk::Vgg16Slim);
    let model = config.network(4).init(&device).map(&mut Shaken);
    let segmenter = Segmenter::new(&model, &config.normalization, 4, &device);
    assert!(segmenter.on_host() && !segmenter.has_bytes);
    let (width, height) = (40, 24);
    let pixels = (0..3 * width * height)
        .map(|n| (n * 29 % 251) as u8)
        .collect();
    let image = Rgb {
        width,
        height,
        pixels,
    };
    let label = |n: u32| if n < width { 255 } else { (n / 7 % 4) as u8 };
    let truth = LabelMap {
        width,
        height,
        labels: (0..width * height).map(label).collect(),
    };
    let (mask, loss, labeled) = segmenter
        .segment_with_loss(&image, &truth, None)
        .expect("a mask");
    let mut expected = ConfusionMatrix::new(4);
    expected.add(&truth.labels, &mask.labels);

    let (counted, pixels) = segmenter.count(&image, &truth, None);
    let mut readback = ConfusionReadback::new(4);
    assert!(readback.push(counted).expect("counts").is_empty());
    let expected = ImageCounts {
        matrix: expected,
        loss,
    };
    assert_eq!(readback.read().expect("counts"), [expected]);
    assert_eq!(
        (pixels, labeled),
        (
            ((height - 1) * width) as usize,
            ((height - 1) * width) as usize
        )
    );

    let detailed = segmenter
        .segment_in_detail(&image, &truth, None, &Averaging::default())
        .expect("a mask");
    assert_eq!((&detailed.mask, detailed.loss), (&mask, loss));
    assert_eq!(detailed.labeled, labeled);
    // The softmax by its definition.
    let logits = segmenter.logits_vec(&image, None).expect("logits");
    let plane = (width * height) as usize;
    for (pixel, confidence) in detailed.confidence.iter().enumerate() {
        let logit = |label: usize| f64::from(logits[label * plane + pixel]);
        // Those of shaken weights are large.
        let largest = (0..4).map(logit).fold(f64::NEG_INFINITY, f64::max);
        let exp = |label: usize| (logit(label) - largest).exp();
        let sum: f64 = (0..4).map(exp).sum();
        let expected = exp(usize::from(mask.labels[pixel])) / sum;
        assert!((f64::from(*confidence) - expected).abs() < 1e-5);
    }

    let in_bytes = Segmenter {
        has_bytes: true,
        ..segmenter
    };
    assert_eq!(in_bytes.segment(&image, None).expect("a mask"), mask);
}
