//! The test that a device must pass before it is offered.
//!
//! Runs in a child process: a driver can end the process that uses it.

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::module::{conv_transpose2d, conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};

use super::device::{self, AdapterName, DeviceEntry, DeviceId, DeviceKind};
use super::error::TrainError;

/// Ids that a machine could have, the `index`th of each kind.
pub fn candidates(index: usize) -> Vec<DeviceId> {
    let mut ids = Vec::new();
    if cfg!(feature = "cuda") {
        ids.push(DeviceId::Cuda(index));
    }
    if cfg!(feature = "wgpu") {
        ids.extend([
            DeviceId::Gpu(index),
            DeviceId::IntegratedGpu(index),
            DeviceId::VirtualGpu(index),
        ]);
        if index == 0 {
            ids.push(DeviceId::Software);
        }
    }
    ids
}

/// The CPU, which needs no test.
pub fn cpu_entry() -> DeviceEntry {
    DeviceEntry {
        id: DeviceId::Cpu,
        name: device::describe(DeviceId::Cpu),
        kind: DeviceKind::Cpu,
        backend: "flex".into(),
        problem: None,
    }
}

/// Opens a device and compares what it computes with the CPU. `None` when the
/// machine has no such device. A software adapter is named but not run.
pub fn probe(id: DeviceId) -> Option<DeviceEntry> {
    let kind = match id {
        DeviceId::Cpu => return Some(cpu_entry()),
        DeviceId::Gpu(_) | DeviceId::Cuda(_) => DeviceKind::DiscreteGpu,
        DeviceId::IntegratedGpu(_) => DeviceKind::IntegratedGpu,
        DeviceId::VirtualGpu(_) => DeviceKind::VirtualGpu,
        DeviceId::Software => DeviceKind::Software,
    };
    let (adapter, problem) = match identify(id) {
        Ok(None) => return None,
        Ok(Some(adapter)) => (adapter, None),
        Err(err) => {
            let unnamed = AdapterName {
                name: id.to_string(),
                backend: String::new(),
            };
            (unnamed, Some(err.to_string()))
        }
    };
    let problem = problem.or_else(|| match kind {
        DeviceKind::Software => {
            Some("a software driver computes on the CPU, slower than the device cpu".into())
        }
        _ => self_test(id).err().map(|err| err.to_string()),
    });
    Some(DeviceEntry {
        id,
        name: adapter.name,
        kind,
        backend: adapter.backend,
        problem,
    })
}

fn identify(id: DeviceId) -> Result<Option<AdapterName>, TrainError> {
    if let DeviceId::Cuda(index) = id {
        return Ok(cuda_name(index));
    }
    #[cfg(feature = "wgpu")]
    return device::adapter(id);
    #[cfg(not(feature = "wgpu"))]
    Ok(None)
}

#[cfg(feature = "cuda")]
fn cuda_name(index: usize) -> Option<AdapterName> {
    use burn::tensor::DeviceType;
    super::autotune_cache::start();
    // Without a driver the runtime panics instead of listing nothing.
    let devices =
        std::panic::catch_unwind(|| Device::enumerate(DeviceType::Cuda).into_vec()).ok()?;
    let device = devices.get(index)?;
    let name = device
        .identity()
        .map_or_else(|| format!("CUDA device {index}"), |identity| identity.name);
    Some(AdapterName {
        name,
        backend: "CUDA".into(),
    })
}

#[cfg(not(feature = "cuda"))]
fn cuda_name(_index: usize) -> Option<AdapterName> {
    None
}

/// One forward and backward pass of a small FCN-8s on the device and on the CPU,
/// with the same weights. Wrong numbers are silent otherwise.
fn self_test(id: DeviceId) -> Result<(), TrainError> {
    let device = device::open(id)?;
    let expected = trial(&Device::flex())?;
    let values = trial(&device)?;
    let scale = expected
        .iter()
        .fold(1.0f32, |most, value| most.max(value.abs()));
    let error = std::iter::zip(&expected, &values)
        .map(|(expected, value)| (expected - value).abs() / scale)
        .fold(0.0f32, |most, error| {
            if error.is_nan() {
                f32::NAN
            } else {
                most.max(error)
            }
        });
    if error < 1e-2 {
        return Ok(());
    }
    Err(TrainError::Device {
        device: id.to_string(),
        reason: format!(
            "its numbers differ from the CPU's by {:.1} %: the driver computes wrongly",
            error * 100.0
        ),
    })
}

/// Features and a gradient of a two-layer network with fixed weights.
fn trial(device: &Device) -> Result<Vec<f32>, TrainError> {
    let device = device.clone().autodiff();
    let wave = |shape: [usize; 4], pace: f32| {
        let values = (0..shape.iter().product::<usize>())
            .map(|n| (n as f32 * pace).sin())
            .collect();
        Tensor::<4>::from_data(TensorData::new::<f32, _>(values, shape), &device)
    };
    let images = wave([2, 3, 24, 20], 0.37);
    let first = wave([8, 3, 3, 3], 0.61).require_grad();
    let last = wave([8, 5, 4, 4], 0.83).require_grad();
    let features = conv2d(
        images,
        first.clone(),
        None,
        ConvOptions::new([1, 1], [1, 1], [1, 1], 1),
    );
    let pooled = max_pool2d(
        relu(features),
        MaxPoolOptions::new([2, 2]).with_stride([2, 2]),
    );
    let options = ConvTransposeOptions::new([2, 2], [1, 1], [0, 0], [1, 1], 1);
    let logits = conv_transpose2d(pooled, last.clone(), None, options);
    let loss = log_softmax(logits.clone(), 1).powf_scalar(2.0).mean();
    let gradients = loss.backward();
    let outputs = [
        Some(logits.inner()),
        first.grad(&gradients),
        last.grad(&gradients),
    ];
    let mut values = Vec::new();
    for output in outputs.into_iter().flatten() {
        let data = output
            .try_into_data()
            .map_err(|err| TrainError::Execution(err.to_string()))?;
        values.extend(data.iter::<f32>());
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_passes_its_own_test() {
        self_test(DeviceId::Cpu).expect("equal numbers");
    }

    #[test]
    fn the_trial_has_a_logit_and_two_gradients_worth_comparing() {
        let values = trial(&Device::flex()).expect("values");
        assert_eq!(values.len(), 2 * 5 * 24 * 20 + 8 * 3 * 9 + 8 * 5 * 16);
        assert!(values.iter().filter(|value| value.abs() > 1e-6).count() > values.len() / 2);
    }
}
