//! What a device hands out in a run, against the estimate that was made before it.

use burn::tensor::{Device, DeviceKind};
use fcn_workbench::dataset::Size;
use fcn_workbench::model::Trunk;
use fcn_workbench::training::{
    Control, DataFacts, DeviceId, MemoryEstimate, Outcome, Precision, RunConfig, TrainEvent,
    TrainSink, train,
};

use crate::common::TinySet;

type Edit = fn(&mut RunConfig);

const SETTINGS: [(&str, Edit); 5] = [
    ("slim", |_| ()),
    ("larger crops", |config| {
        config.augment.crop = Some(Size::new(160, 128));
    }),
    ("16 bits", |config| {
        config.augment.crop = Some(Size::new(160, 128));
        config.precision = Precision::Bf16;
    }),
    ("recomputed", |config| {
        config.augment.crop = Some(Size::new(160, 128));
        config.recompute_activations = true;
    }),
    ("branches", |config| config.trunk = Trunk::Googlenet),
];

pub fn is_what_was_estimated() {
    let ratios = SETTINGS.map(|(name, edit)| {
        let set = TinySet::new(4, 1);
        let folder = set.run(|config| {
            config.batch_size = 4;
            edit(config);
            config.device = DeviceId::Software;
            config.epochs = 2;
        });
        let config = folder.meta().expect("settings").config;
        let estimate = MemoryEstimate::new(&config, &DataFacts::read(&set.open()));
        let mut peak = Peak::default();
        train(&folder, &set.open(), &Control::default(), &mut peak);
        assert_eq!(peak.outcome, Some(Outcome::Finished), "{name}");
        let ratio = estimate.total() as f64 / peak.reserved as f64;
        let mib = [estimate.total(), peak.reserved, peak.in_use].map(|bytes| bytes >> 20);
        (name, ratio, mib)
    });
    assert!(
        ratios
            .iter()
            .all(|(_, ratio, _)| (0.9..1.5).contains(ratio)),
        "estimated, handed out and in use, MiB: {ratios:?}"
    );
}

/// The most that the device's memory held at the events of a run.
#[derive(Default)]
struct Peak {
    reserved: u64,
    in_use: u64,
    outcome: Option<Outcome>,
}

impl TrainSink for Peak {
    fn send(&mut self, event: TrainEvent) {
        if let TrainEvent::Ended(outcome) = event {
            self.outcome = Some(outcome);
            return;
        }
        let usage = Device::wgpu(DeviceKind::Cpu).memory_pool_usage();
        let usage = usage.expect("the backend tells");
        self.reserved = self.reserved.max(usage.bytes_reserved);
        self.in_use = self.in_use.max(usage.bytes_in_use);
    }
}
