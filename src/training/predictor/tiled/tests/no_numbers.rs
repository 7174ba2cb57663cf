//! Networks whose scores are infinite or NaN.

use super::*;

struct Huge;

impl ModuleMapper for Huge {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weight| weight.ones_like() * 3e38)
    }
}

/// Weights this large are numbers, and what they give is not.
#[test]
fn a_network_that_gives_no_numbers_predicts_nothing() {
    let predictor = predictor(Variant::Fcn8s, Geometry::Padded, None);
    let config = &predictor.meta.config;
    let device = Device::flex();
    let model = config.network(CLASSES).init(&device).map(&mut Huge);
    let segmenter = Segmenter::new(&model, &config.normalization, CLASSES, &device);
    let broken = Predictor {
        segmenter: segmenter.read_from(std::path::Path::new("huge.pth")),
        ..predictor
    };
    let small = noise(64, 48);
    let averaging = Averaging {
        scales: Vec::new(),
        flip: true,
    };
    let options = [
        PredictOptions::default(),
        PredictOptions {
            threshold: Some(0.5),
            ..PredictOptions::default()
        },
        PredictOptions {
            averaging: averaging.clone(),
            ..PredictOptions::default()
        },
    ];
    let refused = |err: TrainError| {
        let message = err.to_string();
        assert!(
            message.starts_with("huge.pth: the network gives no numbers"),
            "{message}"
        );
    };
    let plan = broken.plan(small.size(), &Tiling::default());
    let image = Pixels::from(small.clone());
    for options in &options {
        let found = broken.predict(&image, &plan, options, |_| true, &mut |_, _| {});
        refused(found.expect_err("no mask"));
    }
    refused(broken.logits(&image, &plan).expect_err("no logits"));
    refused(
        broken
            .averaged(&image, &plan, &averaging)
            .expect_err("no shares"),
    );
    refused(
        broken
            .contributions(&image, || true)
            .expect_err("no scores"),
    );
    refused(
        broken
            .input_gradient(&image, [3, 4], 1, || true)
            .expect_err("no gradient"),
    );
    // As `evaluate` scores it.
    let truth = void(small.size());
    for averaging in [Averaging::default(), averaging] {
        let found = broken
            .segmenter
            .segment_in_detail(&small, &truth, None, &averaging);
        refused(found.err().expect("no scores"));
    }
    // In tiles too.
    let wide = noise(1009, 8);
    let tiling = sides(640);
    let plan = broken.plan(wide.size(), &tiling);
    assert!(!plan.is_whole());
    let options = PredictOptions {
        tiling,
        ..PredictOptions::default()
    };
    let found = broken.predict(&wide.into(), &plan, &options, |_| true, &mut |_, _| {});
    refused(found.expect_err("no mask"));
}
