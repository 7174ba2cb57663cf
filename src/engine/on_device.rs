//! What happened to a device that predicted or scored, in the place of what a library said of it.

use super::EngineError;
use crate::training::{DeviceId, TrainError, prediction_fault};

impl EngineError {
    /// As what happened to the device that computed, where that is behind it.
    pub(super) fn on_device(self, device: DeviceId) -> Self {
        let text = match &self {
            Self::Panicked { panic, .. } => panic,
            Self::Train(TrainError::Execution(text)) => text,
            _ => return self,
        };
        prediction_fault(text, device).map_or(self, Self::Train)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_device_is_named_and_others_stay() {
        let panicked = |panic: &str| EngineError::Panicked {
            what: "prediction",
            panic: panic.to_owned(),
            advice: "Choose the device cpu",
        };
        let device = DeviceId::Gpu(80);
        let named = panicked("wgpu error: Out of Memory").on_device(device);
        let text = named.to_string();
        assert!(
            text.starts_with("device gpu:80 has too little memory for this image"),
            "{text}"
        );
        let error = EngineError::Train(TrainError::Execution("VK_ERROR_DEVICE_LOST".to_owned()));
        let text = error.on_device(device).to_string();
        assert!(text.starts_with("device gpu:80 was lost"), "{text}");
        let other = panicked("index out of bounds").on_device(device);
        assert!(matches!(other, EngineError::Panicked { .. }), "{other}");
    }
}
