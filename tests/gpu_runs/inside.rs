//! What is looked at inside of networks, and large images, on a GPU against the processor.

use burn::module::Module as _;
use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use fcn_workbench::dataset::{Pixels, Rgb};
use fcn_workbench::model::{
    FinalUpsampling, Geometry, ImagePart, LogitPlace, NetworkConfig, Trunk, Variant,
};
use fcn_workbench::training::{
    Control, DeviceId, Outcome, PredictOptions, Predictor, Tiling, train,
};

use crate::common::{Recorder, TinySet};

fn noise(width: u32, height: u32) -> Pixels {
    let value = |n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8;
    Pixels::from(Rgb {
        width,
        height,
        pixels: (0..3 * width * height).map(value).collect(),
    })
}

/// Within a share of the largest: few values lie so near to a ReLU's 0 that the two devices round them to
/// different sides.
#[track_caller]
fn assert_near(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let most = expected
        .iter()
        .fold(0.0f32, |most, value| most.max(value.abs()));
    assert!(most > 0.0, "{what} says nothing");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 5e-3 * most,
            "{what}: {found} is not {expected} (of at most {most})"
        );
    }
}

pub fn looks_equal_those_of_the_processor() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|config| config.epochs = 3);
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut sink);
    assert_eq!(sink.outcome(), Some(&Outcome::Finished));
    let [cpu, gpu] = [DeviceId::Cpu, DeviceId::Software]
        .map(|device| Predictor::load(&folder, device).expect("weights"));

    assert_eq!(cpu.arithmetic(), None);
    let words = gpu.arithmetic().expect("a GPU's");
    assert!(
        words.starts_with("Computed on software: exact f32, each kernel within"),
        "{words}"
    );

    let image = noise(70, 45);
    let both = [&cpu, &gpu].map(|predictor| {
        let found = predictor.contributions(&image, || true);
        let parts = found.expect("no error").expect("wanted").parts;
        let maps = ["conv1_1", "pool3", "fc7"].map(|layer| {
            let found = predictor.layer_maps(&image, layer, || true);
            found.expect("no error").expect("wanted").values
        });
        let found = predictor.input_gradient(&image, [30, 20], 1, || true);
        let gradient = found.expect("no error").expect("wanted");
        (parts, maps, gradient)
    });
    let [expected, found] = &both;
    for ((source, expected), (_, found)) in expected.0.iter().zip(&found.0) {
        assert_near(found, expected, &format!("what {source:?} adds"));
    }
    for (expected, found) in expected.1.iter().zip(&found.1) {
        assert_near(found, expected, "a layer's maps");
    }
    assert_eq!(found.2.area, expected.2.area);
    assert_near(&found.2.values, &expected.2.values, "a gradient");
    assert_near(&[found.2.score], &[expected.2.score], "its score");

    // In tiles, and as a whole.
    let image = noise(1009, 16);
    let [expected, found] = [(&cpu, None), (&gpu, Some(640))].map(|(predictor, side)| {
        let tiling = Tiling {
            side,
            skip_empty: false,
        };
        let options = PredictOptions {
            tiling,
            ..PredictOptions::default()
        };
        let plan = predictor.plan(image.size(), &tiling);
        assert_eq!(plan.is_whole(), side.is_none());
        let mask = predictor.predict(&image, &plan, &options, |_| true, &mut |_, _| {});
        mask.expect("no error").expect("wanted").labels
    });
    let pairs = found.iter().zip(&expected);
    let others = pairs.filter(|(found, expected)| found != expected).count();
    assert!(others * 100 <= expected.len(), "{others} pixels");
}

/// A ResNet's logits are interpolated, with a factor of the whole image.
pub fn parts_of_images_of_a_resnet_equal_those_of_the_processor() {
    let config = NetworkConfig {
        variant: Variant::FcnResnet50,
        trunk: Trunk::Resnet50,
        geometry: Geometry::Padded,
        aux_head: false,
        widths: None,
        num_classes: 2,
        dropout: 0.1,
        final_upsampling: FinalUpsampling::Learned,
    };
    let (cpu, gpu) = (Device::flex(), Device::wgpu(DeviceKind::Cpu));
    cpu.seed(8);
    let net = config.init(&cpu).materialize();
    let copy = config
        .init(&gpu)
        .try_load_record(net.clone().into_record())
        .expect("the same layers");
    let part = ImagePart {
        whole: [19, 90],
        first: [0, 32],
    };
    let logit = LogitPlace {
        label: 1,
        pixel: [9, 20],
    };
    let values: Vec<f32> = (0..3 * 19 * 40).map(|n| (n as f32 * 0.37).sin()).collect();
    let [expected, found] = [(&net, &cpu), (&copy, &gpu)].map(|(net, device)| {
        let data = TensorData::new(values.clone(), [1, 3, 19, 40]);
        let image = Tensor::<4>::from_data(data, device);
        let (score, gradient) = net.input_gradient(image, &part, logit);
        [score, gradient].map(|values| {
            let values = values.into_data().try_to_vec::<f32>();
            values.expect("floats")
        })
    });
    assert_near(&found[0], &expected[0], "a score");
    assert_near(&found[1], &expected[1], "its gradient");
}
