//! How fast a device computes, measured before anything was trained on it.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Instant;

use burn::tensor::{Device, Tensor};

use crate::model::Trunk;
use crate::training::config::RunConfig;
use crate::training::device::DeviceId;
use crate::training::precision::Precision;

/// Side of the matrices: their product takes some hundredths of a second on two cores.
const SIDE: usize = 1024;
/// Timed products, of which the fastest counts: the others were disturbed.
const ROUNDS: usize = 3;

/// What a matrix product says about a device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeviceSpeed {
    /// Multiply-adds a second.
    pub multiply_adds: f64,
}

impl DeviceSpeed {
    /// Of a device; the first call of the program takes some tenths of a second. `None` where
    /// nothing was measured: opening a GPU can end the process.
    pub fn of(device: DeviceId) -> Option<Self> {
        static PROCESSOR: OnceLock<DeviceSpeed> = OnceLock::new();
        match device {
            DeviceId::Cpu => Some(*PROCESSOR.get_or_init(|| Self::measured(&Device::flex()))),
            _ => None,
        }
    }

    fn measured(device: &Device) -> Self {
        // Values do not matter, but random ones would change what others draw.
        let [left, right] =
            [0.5, -0.25].map(|value| Tensor::<2>::full([SIDE, SIDE], value, device));
        let product = || {
            let start = Instant::now();
            black_box(left.clone().matmul(right.clone()));
            start.elapsed().as_secs_f64()
        };
        // The first one wakes threads and maps memory.
        product();
        let secs = (0..ROUNDS).map(|_| product()).fold(f64::MAX, f64::min);
        Self {
            multiply_adds: (SIDE as f64).powi(3) / secs.max(1e-9),
        }
    }

    /// Multiply-adds a second in a training step of a run; `None` where that cannot be said.
    pub(super) fn in_step(self, config: &RunConfig) -> Option<f64> {
        let known = config.precision == Precision::F32;
        known.then(|| self.multiply_adds * share(config.trunk))
    }
}

/// Multiply-adds that a training step does in the time in which a matrix product does one, on the
/// processor. Ratio of the rows `train` and `gemm` of `fcn-workbench bench` (docs/benchmarks.md).
fn share(trunk: Trunk) -> f64 {
    match trunk {
        Trunk::Vgg16Slim => 0.25,
        Trunk::Vgg16 | Trunk::Vgg16Bn => 0.4,
        Trunk::Googlenet | Trunk::Alexnet | Trunk::Resnet50 | Trunk::Resnet101 => 0.3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::preset;

    #[test]
    fn the_processor_is_measured_once_and_nothing_else_is_opened() {
        let speed = DeviceSpeed::of(DeviceId::Cpu).expect("the processor");
        assert!(speed.multiply_adds > 0.0 && speed.multiply_adds.is_finite());
        assert_eq!(DeviceSpeed::of(DeviceId::Cpu), Some(speed));
        assert_eq!(DeviceSpeed::of(DeviceId::Gpu(0)), None);
    }

    #[test]
    fn a_step_is_slower_than_a_product() {
        let speed = DeviceSpeed { multiply_adds: 1e9 };
        let mut config = preset(Trunk::Vgg16Slim);
        assert_eq!(speed.in_step(&config), Some(0.25e9));
        config.precision = Precision::F16;
        assert_eq!(speed.in_step(&config), None);
    }
}
