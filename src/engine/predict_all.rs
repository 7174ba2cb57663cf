//! The masks and overlays of a whole list of images as files, in the background.

use std::path::PathBuf;
use std::sync::Arc;

use super::export::encode_overlay;
use super::outputs::{PredictionFiles, plan_in};
use super::predict::{NetworkSource, PredictJob};
use super::tasks::{Cancel, Task, spawn_thread};
use super::{Engine, EngineError};
use crate::dataset::{ClassList, encode_index_png};
use crate::files::Existing;
use crate::training::PredictOptions;

/// How masks are drawn over their images.
pub struct WhatToWrite {
    /// Opacity of the mask in the overlay, `0.0..=1.0`.
    pub opacity: f32,
    /// The colors of the overlays; masks have those of the network's classes.
    pub classes: Arc<ClassList>,
    /// Which labels are drawn over the image.
    pub shown: Box<dyn Fn(u8) -> bool + Send>,
    /// How images are predicted.
    pub options: PredictOptions,
}

/// What became of a list of images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PredictedAll {
    /// Where the files are.
    pub folder: PathBuf,
    /// How many images have their files.
    pub written: usize,
    /// Why the others have not.
    pub problems: Vec<String>,
}

impl Engine {
    /// Writes a mask and an overlay of each image into the folder `out`, which is made; other predictions
    /// get their turn in between. One bad image does not stop the others.
    ///
    /// The task fails as that of [`plan_predictions`](Self::plan_predictions) does, before anything is
    /// written.
    pub fn predict_all(
        &self,
        network: &NetworkSource,
        images: Vec<PathBuf>,
        out: PathBuf,
        what: WhatToWrite,
    ) -> Task<Result<PredictedAll, EngineError>> {
        let root = self.dataset_root(network);
        let cache = self.prepared_cache();
        let job = self.predict_job(network, what.options.clone());
        spawn_thread(&self.waker, "predict all", move |cancel| {
            let files = plan_in(root.as_deref(), &cache, &images, &out, Existing::ReplaceOwn)?;
            write_all(&job, &files, out, &what, cancel)
        })
    }
}

fn write_all(
    job: &PredictJob,
    files: &[PredictionFiles],
    folder: PathBuf,
    what: &WhatToWrite,
    cancel: &Cancel,
) -> Result<PredictedAll, EngineError> {
    let mut all = PredictedAll {
        folder,
        written: 0,
        problems: Vec::new(),
    };
    for (done, one) in files.iter().enumerate() {
        cancel.set_progress(done as f32 / files.len() as f32);
        match write_one(job, one, what, cancel) {
            Ok(()) => all.written += 1,
            Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
            Err(err) => all.problems.push(err.to_string()),
        }
    }
    Ok(all)
}

fn write_one(
    job: &PredictJob,
    files: &PredictionFiles,
    what: &WhatToWrite,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    if cancel.is_cancelled() {
        return Err(EngineError::Cancelled);
    }
    let prediction = job.predict(&files.image, cancel)?;
    let mask = &prediction.mask;
    files
        .mask
        .write(|file| encode_index_png(mask, &prediction.classes, file))?;
    files.overlay.write(|file| {
        let colors = (&*what.classes, what.opacity);
        encode_overlay(&prediction.image, mask, colors, &what.shown, file)
    })?;
    Ok(())
}
