use super::*;
use crate::model::Variant;

const GIB: u64 = 1 << 30;

fn around(usual: Size, train_images: usize) -> Circumstances {
    Circumstances {
        facts: DataFacts {
            train_images,
            val_images: 10,
            classes: 11,
            usual,
            largest: usual,
        },
        id: DeviceId::Cpu,
        device: DeviceKind::Cpu,
        room: MemoryRoom {
            total: Some(16 * GIB),
            available: Some(12 * GIB),
            largest: None,
        },
        weights: Vec::new(),
        threads: 8,
    }
}

fn reason<'a>(configured: &'a Configured, field: &str) -> &'a Choice {
    let mut choices = configured.choices.iter();
    choices
        .find(|choice| choice.field == field)
        .unwrap_or_else(|| panic!("no choice of {field}"))
}

#[test]
fn crops_show_what_validation_shows() {
    // CamVid: crops of 160x128 of these frames learn little.
    let configured = configure(&around(Size::new(480, 360), 367));
    let config = &configured.config;
    assert_eq!(config.augment.crop, Some(Size::new(480, 352)));
    assert_eq!((config.batch_size, config.test_size), (4, None));
    assert_eq!(config.learning.learning_rate, 0.05);
    // 92 steps an epoch.
    assert_eq!(config.epochs, 22);
    assert!(config.validate().is_ok());
    let crop = reason(&configured, "Crop size");
    assert!(crop.reason.contains("the images are 480x360"), "{crop:?}");
    for field in ["Trunk", "Network", "Batch size", "Learning rate", "Epochs"] {
        assert!(!reason(&configured, field).reason.is_empty());
    }
}

#[test]
fn large_images_are_cropped_and_small_ones_padded() {
    let crop = |size| configure(&around(size, 100)).config.augment.crop;
    assert_eq!(crop(Size::new(2048, 1024)), Some(Size::new(480, 480)));
    assert_eq!(crop(Size::new(20, 70)), Some(Size::new(32, 64)));
}

#[test]
fn little_memory_makes_small_batches_of_as_many_images() {
    let mut small = around(Size::new(480, 480), 100);
    small.room.available = Some(600 << 20);
    let configured = configure(&small);
    let config = &configured.config;
    assert!(config.batch_size < 4);
    assert_eq!(config.batch_size * config.learning.accumulation, 4);
    assert!(MemoryEstimate::new(config, &small.facts).total() <= 300 << 20);
    assert!(
        reason(&configured, "Accumulation")
            .reason
            .contains("4 images")
    );
    assert_eq!(config.learning.learning_rate, 0.05);
    assert!(config.validate().is_ok());
    // However little there is, something is chosen.
    small.room.available = Some(1);
    assert!(configure(&small).config.validate().is_ok());
}

#[test]
fn few_images_make_smaller_steps_with_a_smaller_rate() {
    let config = configure(&around(Size::new(64, 64), 2)).config;
    assert_eq!((config.batch_size, config.epochs), (2, 400));
    assert_eq!(config.learning.learning_rate, 0.025);
}

#[test]
fn a_gpu_takes_a_full_network_where_there_are_weights() {
    let mut gpu = around(Size::new(500, 375), 1000);
    gpu.device = DeviceKind::DiscreteGpu;
    assert_eq!(configure(&gpu).config.trunk, Trunk::Vgg16Slim);
    let own = RunConfig {
        variant: Variant::FcnResnet50,
        ..preset(Trunk::Resnet50)
    };
    gpu.weights = vec![StartingPoint {
        weights: InitialWeights::File("weights.pth".into()),
        config: own,
        is_network: true,
    }];
    let configured = configure(&gpu);
    let config = &configured.config;
    assert_eq!(
        (config.trunk, config.variant),
        (Trunk::Resnet50, Variant::FcnResnet50)
    );
    assert!(config.validate().is_ok());
    assert!(reason(&configured, "Trunk").reason.contains("weights.pth"));
}

#[test]
fn a_gpu_gets_batches_that_fit_into_its_memory() {
    let mut gpu = around(Size::new(480, 480), 100);
    (gpu.id, gpu.device) = (DeviceId::Gpu(0), DeviceKind::DiscreteGpu);
    gpu.room = MemoryRoom::default();
    assert_eq!(configure(&gpu).config.batch_size, 4, "nobody knows better");
    gpu.room.total = Some(400 << 20);
    let configured = configure(&gpu);
    assert!(configured.config.batch_size < 4);
    assert!(MemoryEstimate::new(&configured.config, &gpu.facts).total() <= 300 << 20);
    let batch = reason(&configured, "Batch size");
    assert!(
        batch
            .reason
            .contains("three quarters of the device's memory is 300 MiB"),
        "{batch:?}"
    );
}
