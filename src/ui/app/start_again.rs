//! A run that takes the place of the active one.

use super::App;
use crate::engine::RunConfig;

impl App {
    /// Stops the active run, and starts one with other settings once it has ended.
    pub(super) fn start_again(&mut self, config: RunConfig) {
        self.state.train.show_settings(config.clone());
        if self.engine.active().is_some() {
            let stopped = self.engine.stop_now();
            self.report(stopped);
        }
        self.next = Some(config);
        self.start_what_waits();
    }

    /// Starts what waited for the end of the active run.
    pub(super) fn start_what_waits(&mut self) {
        if self.engine.active().is_some() {
            return;
        }
        if let Some(config) = self.next.take() {
            let started = self.engine.start_run(config);
            self.report(started);
        }
    }
}
