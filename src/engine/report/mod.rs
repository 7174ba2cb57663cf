//! One page about a run, or about several side by side: curves, scores, masks, settings, and how to
//! repeat them. It needs nothing else: drawings and pictures are in it.

mod masks;
mod page;

use std::path::PathBuf;

use super::export::SaveTo;
use super::runs::RunSnapshot;
use super::tasks::{Cancel, Task};
use super::{Engine, EngineError};
use crate::training::checkpoint::RunFolder;
use crate::training::{DeviceId, RunOrigin};

/// A run of a report, as it was when that was asked for.
struct ReportRun {
    snapshot: RunSnapshot,
    folder: RunFolder,
    /// Where its masks are predicted.
    device: DeviceId,
    /// The command that trains such a run, or why there is none.
    command_line: Result<String, String>,
    origin: Option<RunOrigin>,
}

impl Engine {
    /// Writes a page about these runs, in this order, for a browser; returns its path. Masks are
    /// predicted on `device`, or each run's on its own where that is `None`.
    ///
    /// # Errors
    /// When there is no run of one of the names.
    pub fn save_report(
        &self,
        runs: &[String],
        device: Option<DeviceId>,
        to: SaveTo,
    ) -> Result<Task<Result<PathBuf, EngineError>>, EngineError> {
        let of = |name: &String| {
            Ok(ReportRun {
                snapshot: self.existing_run(name)?.clone(),
                folder: self.folder(name),
                device: device.unwrap_or_else(|| self.prediction_device(name)),
                command_line: self.command_line(name).map_err(|err| err.to_string()),
                origin: self.folder(name).origin().ok().flatten(),
            })
        };
        let runs: Vec<ReportRun> = runs.iter().map(of).collect::<Result<_, EngineError>>()?;
        let data_dir = self.dirs.data.clone();
        Ok(self.spawn_waiting("report", move |cancel: &Cancel| {
            // Masks take long: a name that is taken is said at once.
            let output = to.claim()?;
            let masks = masks::predict(&runs, &data_dir, cancel)?;
            let page = page::page(&runs, &masks);
            output.write(|file| file.write_all(page.as_bytes()))?;
            Ok(output.path().to_owned())
        }))
    }
}
