//! Watches which kernels are launched, Burn's among them.

use std::sync::Arc;

use cubecl::logging::{LaunchObservation, LaunchObserver};

/// Kernels are told for as long as this lives; a second one takes the place of the first.
pub struct LaunchWatch {
    _observation: LaunchObservation,
}

struct Observer(Arc<dyn Fn(&'static str) + Send + Sync>);

impl LaunchObserver for Observer {
    fn launched(&self, kernel: &'static str) {
        (self.0)(kernel);
    }
}

pub(crate) fn watch_launches(launched: Arc<dyn Fn(&'static str) + Send + Sync>) -> LaunchWatch {
    LaunchWatch {
        _observation: LaunchObservation::new(Arc::new(Observer(launched))),
    }
}
