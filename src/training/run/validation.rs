//! Masks of validation images: of the pinned ones now and then, of all after an epoch.

use super::Session;
use crate::metrics::ConfusionMatrix;
use crate::training::clock::Work;
use crate::training::error::TrainError;
use crate::training::evaluate::{Scoring, evaluate};
use crate::training::event::{EpochRecord, Preview, TrainEvent, is_better};
use crate::training::film::Moment;
use crate::training::segmenter::Segmenter;
use crate::training::watch::ClassShares;

impl Session<'_> {
    fn segmenter(&self) -> Segmenter {
        let classes = self.dataset.classes.len();
        Segmenter::new(
            self.learner.scored(),
            &self.config.normalization,
            classes,
            &self.device,
        )
    }

    pub(super) fn show_pinned(&mut self) -> Result<(), TrainError> {
        if self.pinned.is_empty() || !self.pinned.is_timed() {
            return Ok(());
        }
        self.catch_up()?;
        let preview =
            self.pinned
                .preview(&self.segmenter(), self.config.test_size, self.at.step)?;
        self.control.check_wanted()?;
        self.show_shares(&preview.matrix(self.plan.reader.num_classes));
        self.show(preview, false);
        Ok(())
    }

    /// Sends masks to who looks, and adds them to the film; after an epoch `always`.
    pub(super) fn show(&mut self, preview: Preview, always: bool) {
        if preview.items.is_empty() {
            return;
        }
        if let Some(film) = &self.film {
            film.push(Moment::of(&preview, self.clock.secs(), always));
        }
        if self.pinned.is_watched() {
            self.sink.send(TrainEvent::Preview(preview));
        }
    }

    /// Tells what is predicted how often, and what may be wrong about it.
    fn show_shares(&mut self, matrix: &ConfusionMatrix) {
        let Some(shares) = ClassShares::of(matrix) else {
            return;
        };
        let step = self.at.step;
        let told = self.watch.masks(&shares, step);
        self.tell(told);
        self.sink.send(TrainEvent::Shares { step, shares });
    }

    /// Scores of the whole validation set; `None` when a stop came in between.
    pub(super) fn validate(
        &mut self,
        best: Option<f64>,
    ) -> Result<Option<EpochRecord>, TrainError> {
        let segmenter = self.segmenter();
        let (sink, pinned) = (&mut self.sink, &mut self.pinned);
        let (clock, control) = (&mut self.clock, self.control);
        let mut matrix = ConfusionMatrix::new(self.plan.reader.num_classes);
        let loss = evaluate(
            &segmenter,
            &self.dataset.val,
            Scoring {
                reader: &self.plan.reader,
                num_classes: self.plan.reader.num_classes,
                classes: None,
                test_size: self.config.test_size,
            },
            control,
            &mut |image| matrix.merge(image),
            pinned,
            &mut |done, total| {
                clock.tick(Work::Image);
                control.set_trained(clock.since_start());
                sink.send(TrainEvent::Validating { done, total });
            },
        )?;
        self.control.check_wanted()?;
        if loss.is_some() {
            self.pinned.segment_own(&segmenter, self.config.test_size)?;
            self.show_shares(&matrix);
        }
        let best_by = self.config.checkpoints.best_by;
        let record = loss.map(|loss| {
            let scores = matrix.scores();
            EpochRecord {
                epoch: self.at.epoch,
                step: self.at.step,
                train_loss: self.at.epoch_loss / self.at.batch.max(1) as f64,
                val_loss: loss.mean,
                elapsed_secs: self.clock.secs(),
                best: false,
                scores,
            }
        });
        Ok(record.map(|record| EpochRecord {
            best: is_better(record.score(best_by), best),
            ..record
        }))
    }
}
