//! Saves masks, overlays and probabilities: asks for a path, writes, reports.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::{EngineError, Existing, NetworkSource, NoticeLevel, Prediction, SaveTo, Task};
use crate::ui::command::{Ask, Command, InspectedFile};
use crate::ui::context::PanelCtx;
use crate::ui::view_model::ClassSet;

/// One save at a time.
#[derive(Default)]
pub struct Export {
    /// What is saved once there is an answer; a dialog that is cancelled leaves it here.
    asking: Option<Asking>,
    writing: Option<Writing>,
}

struct Asking {
    what: InspectedFile,
    prediction: Arc<Prediction>,
    opacity: f32,
    visible: ClassSet,
}

struct Writing {
    what: InspectedFile,
    task: Task<Result<PathBuf, EngineError>>,
}

impl Export {
    /// Whether something is being saved.
    pub fn is_busy(&self) -> bool {
        self.writing.is_some()
    }

    /// Asks where to save. `opacity` is that of the mask on the overlay, `0.0..=1.0`, and
    /// `visible` are the classes on it.
    pub fn start(
        &mut self,
        ctx: &PanelCtx<'_>,
        what: InspectedFile,
        prediction: Arc<Prediction>,
        opacity: f32,
        visible: ClassSet,
    ) {
        let name = file_name(what, &prediction);
        let ask = match what {
            InspectedFile::Mask | InspectedFile::Overlay => Ask::SavePng(name),
            InspectedFile::Probabilities => Ask::SaveNpy(name),
        };
        ctx.commands.send(Command::Ask(ask));
        self.asking = Some(Asking {
            what,
            prediction,
            opacity,
            visible,
        });
    }

    /// Saves what was asked about to `path`.
    pub fn save(&mut self, ctx: &PanelCtx<'_>, path: PathBuf) {
        if let Some(asking) = self.asking.take() {
            self.writing = Some(write(ctx, &asking, path));
        }
    }

    /// Handles the answer of the writer. Call once per frame.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        if let Some(writing) = &mut self.writing
            && let Some(result) = writing.task.poll_result()
        {
            ctx.commands.send(notice(writing.what, result));
            self.writing = None;
        }
    }
}

fn write(ctx: &PanelCtx<'_>, asking: &Asking, path: PathBuf) -> Writing {
    let Prediction {
        image,
        mask,
        classes,
        ..
    } = &*asking.prediction;
    let shown_classes = ctx.colors.of(classes);
    // The dialog has asked whether to replace a file; one that is not ours stays even so.
    let to = SaveTo::Path(path, Existing::ReplaceOwn);
    let task = match asking.what {
        InspectedFile::Mask => ctx.engine.save_mask(mask.clone(), classes.clone(), to),
        InspectedFile::Probabilities => {
            let network = NetworkSource::Run(asking.prediction.run.clone(), None);
            let image = &asking.prediction.image_path;
            let averaging = &asking.prediction.options.averaging;
            ctx.engine
                .save_probabilities(&network, image, averaging, to)
        }
        InspectedFile::Overlay => {
            let (opacity, visible) = (asking.opacity, asking.visible);
            let shown = move |label| visible.contains(label);
            ctx.engine.save_overlay(
                image.clone(),
                mask.clone(),
                shown_classes,
                opacity,
                shown,
                to,
            )
        }
    };
    Writing {
        what: asking.what,
        task,
    }
}

fn notice(what: InspectedFile, result: Result<PathBuf, EngineError>) -> Command {
    let name = match what {
        InspectedFile::Mask => "Mask",
        InspectedFile::Overlay => "Overlay",
        InspectedFile::Probabilities => "Probabilities",
    };
    match result {
        Ok(path) => Command::Notify(
            NoticeLevel::Info,
            format!("{name} saved\n{}", path.display()),
        ),
        Err(err) => Command::Notify(
            NoticeLevel::Error,
            format!("{name} could not be saved: {err}"),
        ),
    }
}

/// `street_mask.png` for `street.jpg`.
fn file_name(what: InspectedFile, prediction: &Prediction) -> String {
    let stem = prediction
        .image_path
        .file_stem()
        .map_or_else(|| "image".into(), |stem| stem.to_string_lossy());
    match what {
        InspectedFile::Mask => format!("{stem}_mask.png"),
        InspectedFile::Overlay => format!("{stem}_overlay.png"),
        InspectedFile::Probabilities => format!("{stem}_probabilities.npy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_engine::Bench;

    #[test]
    fn a_lost_save_is_told_and_can_be_tried_again() {
        let bench = Bench::new();
        let (what, task) = (InspectedFile::Mask, bench.lost());
        let mut export = Export {
            asking: None,
            writing: Some(Writing { what, task }),
        };
        assert!(export.is_busy());
        bench.until(|ctx| {
            export.poll(ctx);
            !export.is_busy()
        });
        let errors = bench.errors();
        assert!(
            errors.len() == 1 && errors[0].contains("ended unexpectedly"),
            "{errors:?}"
        );
    }
}
