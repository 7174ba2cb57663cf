//! A device whose memory is full, or that is gone: as the libraries below say it, in errors and in
//! panics, on this thread or another.
//!
//! Nothing but their words tells such faults from others, so this is the one place that reads them.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, Once, PoisonError};

use super::config::RunConfig;
use super::device::{self, DeviceId};
use super::error::TrainError;
use super::estimate::{DataFacts, MemoryEstimate, MemoryRoom, advice_text, fitting_changes};

/// What is wrong with a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DeviceFault {
    /// It has no memory left.
    OutOfMemory,
    /// It does not answer any more: its driver was reset or has stopped.
    Lost,
}

/// Words of Vulkan, wgpu, CUDA and `CubeCL`, in lower case.
const LOST: [&str; 8] = [
    "device lost",
    "device_lost",
    "devicelost",
    "device was lost",
    "device is lost",
    "device is poisoned",
    "device was poisoned",
    "cuda_error_illegal_address",
];
const OUT_OF_MEMORY: [&str; 8] = [
    "out of memory",
    "out-of-memory",
    "out of device memory",
    "outofmemory",
    "out_of_memory",
    "out_of_device_memory",
    "not enough memory",
    "can't allocate buffer of size",
];

impl DeviceFault {
    /// What a text of the libraries says; `None` for all other faults.
    fn of(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
        if says(&LOST) {
            Some(Self::Lost)
        } else {
            says(&OUT_OF_MEMORY).then_some(Self::OutOfMemory)
        }
    }
}

/// What a panic on any thread said last of a device: the thread that computes learns of it only by
/// results that are missing.
static HEARD: Mutex<Option<String>> = Mutex::new(None);

/// Listens to panics from now on.
pub(super) fn listen() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let text = panic.payload_as_str().unwrap_or_default();
            if DeviceFault::of(text).is_some() {
                *HEARD.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
            }
            others(panic);
        }));
    });
}

/// What was heard since.
fn heard() -> Option<String> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Does `work`; what its device does meanwhile, in errors and in panics, becomes an error that says
/// so. `facts` are asked for then.
///
/// # Panics
/// As `work`, where that is about something else.
pub(super) fn named<T>(
    config: &RunConfig,
    facts: impl FnOnce() -> DataFacts,
    work: impl FnOnce() -> Result<T, TrainError>,
) -> Result<T, TrainError> {
    listen();
    // What was heard before is not of this work.
    heard();
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let text = match &result {
        Err(payload) => Some(panic_text(&**payload)),
        Ok(Err(TrainError::Execution(text))) => Some(text.as_str()),
        Ok(_) => None,
    };
    match text.and_then(|text| explain(text, config, facts)) {
        Some(err) => Err(err),
        None => result.unwrap_or_else(|payload| panic::resume_unwind(payload)),
    }
}

/// The text of a panic.
fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or_default()
}

/// What a run is told of a fault of its device; `None` where `text` is about something else.
fn explain(
    text: &str,
    config: &RunConfig,
    facts: impl FnOnce() -> DataFacts,
) -> Option<TrainError> {
    fault_in(text, config.device, || {
        ("these settings", advice(config, &facts()))
    })
}

/// What a prediction or an evaluation on a device is told where its error or panic, `text`, is about the
/// device; `None` where it is about something else.
pub fn prediction_fault(text: &str, device: DeviceId) -> Option<TrainError> {
    let advice = "Choose smaller tiles or images, or the device cpu";
    fault_in(text, device, || ("this image", advice.to_owned()))
}

/// `full` says what the memory was for, and what would take less.
fn fault_in(
    text: &str,
    device: DeviceId,
    full: impl FnOnce() -> (&'static str, String),
) -> Option<TrainError> {
    let (fault, text) = match (DeviceFault::of(text), heard()) {
        (Some(fault), _) => (fault, text.to_owned()),
        (None, heard) => heard.and_then(|text| Some((DeviceFault::of(&text)?, text)))?,
    };
    let (id, reason) = (device.to_string(), reason_of(&text));
    Some(match fault {
        DeviceFault::OutOfMemory => {
            let (work, advice) = full();
            TrainError::OutOfMemory {
                device: id,
                work,
                reason,
                advice,
            }
        }
        DeviceFault::Lost => {
            device::lose(device);
            TrainError::DeviceLost { device: id, reason }
        }
    })
}

/// The line that says it; the rest is where in the libraries it happened.
fn reason_of(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let telling = lines.clone().find(|line| DeviceFault::of(line).is_some());
    telling.or_else(|| lines.next()).unwrap_or(text).to_owned()
}

/// Settings that take three quarters of what was too much.
fn advice(config: &RunConfig, facts: &DataFacts) -> String {
    let taken = MemoryEstimate::new(config, facts).total();
    let known = device::memory(config.device).total.unwrap_or(taken);
    let room = MemoryRoom::default().within(taken.min(known) / 4 * 3);
    let changes = fitting_changes(config, facts, room);
    advice_text(&changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Size;
    use crate::model::Trunk;
    use crate::training::preset;

    #[test]
    fn faults_are_told_by_the_words_of_the_libraries() {
        use DeviceFault::{Lost, OutOfMemory};
        for (text, fault) in [
            // wgpu's error that nobody catches, as a panic.
            ("wgpu error: Out of Memory", Some(OutOfMemory)),
            (
                "An error happened during execution\nCaused by:\n  out of device memory allocating 1234 bytes",
                Some(OutOfMemory),
            ),
            (
                "can't allocate buffer of size: 5368709120",
                Some(OutOfMemory),
            ),
            ("ERROR_OUT_OF_DEVICE_MEMORY", Some(OutOfMemory)),
            ("CUDA_ERROR_OUT_OF_MEMORY", Some(OutOfMemory)),
            ("Parent device is lost", Some(Lost)),
            (
                "The device is poisoned\nCaused by:\n  Unknown: the GPU was reset",
                Some(Lost),
            ),
            ("VK_ERROR_DEVICE_LOST", Some(Lost)),
            ("couldn't find resource for that handle", None),
            ("index out of bounds", None),
        ] {
            assert_eq!(DeviceFault::of(text), fault, "{text}");
        }
    }

    #[test]
    fn the_reason_is_the_line_that_says_it() {
        let text = "An error happened during execution\nCaused by:\n  out of device memory allocating 8 bytes\nBacktrace\n 1: main";
        assert_eq!(reason_of(text), "out of device memory allocating 8 bytes");
        assert_eq!(
            reason_of("wgpu error: Out of Memory"),
            "wgpu error: Out of Memory"
        );
        assert_eq!(reason_of("\n  something \nelse"), "something");
    }

    const FACTS: DataFacts = DataFacts {
        train_images: 100,
        val_images: 2,
        classes: 21,
        usual: Size::new(100, 50),
        largest: Size::new(200, 100),
    };

    fn config(device: DeviceId) -> RunConfig {
        RunConfig {
            device,
            batch_size: 16,
            ..preset(Trunk::Vgg16Slim)
        }
    }

    /// What becomes of an error of Burn's.
    fn failed(device: DeviceId, text: &str) -> TrainError {
        let result: Result<(), _> = named(
            &config(device),
            || FACTS,
            || Err(TrainError::Execution(text.to_owned())),
        );
        result.expect_err("a fault")
    }

    #[test]
    fn errors_of_a_device_say_what_would_fit_or_that_it_is_gone() {
        let full = failed(
            DeviceId::Gpu(70),
            "x\n out of device memory allocating 8 bytes\n y",
        );
        let text = full.to_string();
        let expected = "device gpu:70 has too little memory for these settings (out of device memory allocating 8 \
                        bytes). What would fit: ";
        assert!(text.starts_with(expected) && full.ends_steps(), "{text}");
        assert!(!device::is_lost(DeviceId::Gpu(70)));

        let lost = failed(DeviceId::Gpu(71), "VK_ERROR_DEVICE_LOST");
        let text = lost.to_string();
        assert!(
            text.contains("was lost (VK_ERROR_DEVICE_LOST)") && lost.ends_steps(),
            "{text}"
        );
        assert!(device::is_lost(DeviceId::Gpu(71)));
        let refused = device::open(DeviceId::Gpu(71))
            .map(|_| ())
            .expect_err("refused");
        assert!(
            refused.to_string().contains("restart the program"),
            "{refused}"
        );
        // The processor is never gone.
        failed(DeviceId::Cpu, "device lost");
        assert!(!device::is_lost(DeviceId::Cpu));

        let other = failed(DeviceId::Cpu, "a kernel is wrong");
        assert!(matches!(other, TrainError::Execution(_)), "{other}");
    }

    #[test]
    fn predictions_are_told_what_happened_to_their_device() {
        let full = prediction_fault("wgpu error: Out of Memory", DeviceId::Gpu(72));
        let text = full.expect("a fault").to_string();
        let expected = "device gpu:72 has too little memory for this image (wgpu error: Out of Memory). Choose \
                        smaller tiles or images, or the device cpu";
        assert_eq!(text, expected);
        assert!(!device::is_lost(DeviceId::Gpu(72)));
        let lost = prediction_fault("Parent device is lost", DeviceId::Gpu(73));
        assert!(matches!(lost, Some(TrainError::DeviceLost { .. })));
        assert!(device::is_lost(DeviceId::Gpu(73)));
    }

    #[test]
    fn settings_that_take_less_are_named() {
        let advice = advice(&config(DeviceId::Gpu(0)), &FACTS);
        assert!(advice.starts_with("What would fit: "), "{advice}");
        assert!(
            advice.contains("batch size 8, accumulation 2 ("),
            "{advice}"
        );
    }
}
