//! Findings about datasets: asked for, before a training, before a score; and new copies without
//! them.

mod html;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::background::free_beside;
use super::dataset::{CheckedDataset, DatasetState, dataset_folder, open, read_thumbnail};
use super::export::SaveTo;
use super::tasks::{Cancel, Task};
use super::{Engine, EngineError, Thumbnail};
use crate::dataset::{
    CheckReport, Dataset, Depth, Finding, FixPlan, FixedDataset, Severity, Split, SplitPlan, check,
    check_split, fix, plan_for_all_lists, plan_for_test_list, refuse_inside, split,
};
use crate::training::DatasetRef;

/// Longest side of the picture of a finding, in pixels.
const PICTURE_SIDE: u32 = 192;

/// What is put right in a copy.
#[derive(Debug, Clone, Default)]
pub struct FixChoice {
    /// Exactly this; `None` = what the findings propose.
    pub plan: Option<FixPlan>,
    /// Whether pairs that cannot be used are left out then.
    pub leave_out: bool,
    /// Whether what the findings propose as a guess is done too.
    pub guesses: bool,
}

impl CheckedDataset {
    /// A picture of a file that a finding names, the longer side at most `max_side` pixels.
    ///
    /// # Errors
    /// When the pair cannot be read, which may be the finding.
    pub fn picture(&self, file: &Path, max_side: u32) -> Result<Thumbnail, EngineError> {
        let items = [Split::Train, Split::Val].map(|split| self.dataset.items(split));
        let item = items
            .into_iter()
            .flatten()
            .find(|item| item.image == file || item.mask == file)
            .ok_or(EngineError::NoSuchItem { index: 0 })?;
        Ok(read_thumbnail(&self.dataset.mask_reader(), item, max_side)?)
    }
}

impl Engine {
    /// Reads a dataset and says what is wrong with it, making the sample where it is not there.
    pub fn check_dataset(
        &self,
        which: DatasetRef,
    ) -> Task<Result<Arc<CheckedDataset>, EngineError>> {
        let data_dir = self.dirs.data.clone();
        self.spawn_waiting("check", move |cancel| {
            let dataset = open(&which, &data_dir, &mut |_, _| !cancel.is_cancelled())?;
            let report = check(&dataset, Depth::Everything, &mut tell(cancel))
                .ok_or(EngineError::Cancelled)?;
            Ok(Arc::new(CheckedDataset {
                which,
                dataset,
                report,
            }))
        })
    }

    /// Keeps what a check on request found of the open dataset, in place of what was found when it was opened.
    pub fn keep_check(&mut self, checked: Arc<CheckedDataset>) {
        if matches!(&self.dataset, DatasetState::Ready(open) if open.which == checked.which) {
            free_beside(self.dataset_check.replace(checked));
        }
    }

    /// The worst that was found in the open dataset, where it is an error: a training would be refused.
    pub fn dataset_error(&self) -> Option<&Finding> {
        let DatasetState::Ready(open) = &self.dataset else {
            return None;
        };
        let checked = self.dataset_check.as_ref().or(open.checked.as_ref())?;
        checked.report.error()
    }

    /// Writes a copy of a dataset into a new folder.
    pub fn fix_dataset(
        &self,
        which: DatasetRef,
        choice: FixChoice,
        out: PathBuf,
    ) -> Task<Result<FixedDataset, EngineError>> {
        let data_dir = self.dirs.data.clone();
        self.spawn_waiting("fix", move |cancel| {
            refuse_inside(&out, &dataset_folder(&which, &data_dir))?;
            let dataset = open_with_test(&which, &data_dir, cancel)?;
            let guesses = choice.guesses;
            let plan = if let Some(mut plan) = choice.plan {
                plan_for_test_list(&mut plan, &dataset, guesses, &mut tell(cancel)).map(|()| plan)
            } else {
                let proposed = plan_for_all_lists(&dataset, guesses, &mut tell(cancel));
                let leave_out = choice.leave_out;
                proposed.map(|plan| FixPlan { leave_out, ..plan })
            };
            let plan = plan.ok_or(EngineError::Cancelled)?;
            fix(&dataset, &plan, &out, &mut tell(cancel))?.ok_or(EngineError::Cancelled)
        })
    }

    /// Writes a copy of a dataset with other lists into a new folder.
    pub fn split_dataset(
        &self,
        which: DatasetRef,
        plan: SplitPlan,
        out: PathBuf,
    ) -> Task<Result<FixedDataset, EngineError>> {
        let data_dir = self.dirs.data.clone();
        self.spawn_waiting("split", move |cancel| {
            refuse_inside(&out, &dataset_folder(&which, &data_dir))?;
            let dataset = open_with_test(&which, &data_dir, cancel)?;
            let dataset =
                split(&dataset, &plan, &mut tell(cancel))?.ok_or(EngineError::Cancelled)?;
            let plan = FixPlan::default();
            fix(&dataset, &plan, &out, &mut tell(cancel))?.ok_or(EngineError::Cancelled)
        })
    }

    /// As [`fix_dataset`](Self::fix_dataset), into a folder of a free name beside the dataset.
    pub fn fix_dataset_beside(
        &self,
        which: DatasetRef,
        choice: FixChoice,
    ) -> Task<Result<FixedDataset, EngineError>> {
        let out = free_name_beside(&dataset_folder(&which, &self.dirs.data));
        self.fix_dataset(which, choice, out)
    }

    /// A picture of a file that a finding names.
    pub fn finding_picture(
        &self,
        checked: Arc<CheckedDataset>,
        file: PathBuf,
    ) -> Task<Result<Thumbnail, EngineError>> {
        self.spawn("finding", move |_| checked.picture(&file, PICTURE_SIDE))
    }

    /// Writes findings as a page for a browser; returns the path.
    pub fn save_findings(
        &self,
        checked: Arc<CheckedDataset>,
        to: SaveTo,
    ) -> Task<Result<PathBuf, EngineError>> {
        self.spawn_waiting("save findings", move |_| {
            let output = to.claim()?;
            let page = html::page(&checked);
            output.write(|file| file.write_all(page.as_bytes()))?;
            Ok(output.path().to_owned())
        })
    }
}

/// `NAME-fixed`, or with the first number from 2 that is free.
fn free_name_beside(root: &Path) -> PathBuf {
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let mut path = root.with_file_name(format!("{name}-fixed"));
    let mut number = 2_usize;
    while path.symlink_metadata().is_ok() {
        path = root.with_file_name(format!("{name}-fixed-{number}"));
        number += 1;
    }
    path
}

/// Opens a dataset of which a copy is written. Its test list belongs to it, where its masks are there;
/// those of public sets are withheld.
fn open_with_test(
    which: &DatasetRef,
    data_dir: &Path,
    cancel: &Cancel,
) -> Result<Dataset, EngineError> {
    let mut dataset = open(which, data_dir, &mut |_, _| !cancel.is_cancelled())?;
    dataset.read_test_list().ok();
    Ok(dataset)
}

/// Passes progress on, and a wish to end.
fn tell(cancel: &Cancel) -> impl FnMut(usize, usize) -> bool {
    |done, total| {
        cancel.set_progress(done as f32 / total.max(1) as f32);
        !cancel.is_cancelled()
    }
}

/// Looks at labels and images before a training. Returns what should be known, one line each.
///
/// # Errors
/// [`EngineError::Unfit`] when the training could not work, [`EngineError::Cancelled`] when
/// `progress` said no.
pub(super) fn before_training(
    dataset: &Dataset,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Vec<String>, EngineError> {
    let report = check(dataset, Depth::Readable, progress).ok_or(EngineError::Cancelled)?;
    findings_as_lines(&dataset.root, &report)
}

/// The same before a list is scored.
///
/// # Errors
/// Those of [`before_training`].
pub(super) fn before_scoring(
    dataset: &Dataset,
    split: Split,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Vec<String>, EngineError> {
    let report = check_split(dataset, split, progress).ok_or(EngineError::Cancelled)?;
    findings_as_lines(&dataset.root, &report)
}

/// Warnings, one line each; a finding that is an error is one.
fn findings_as_lines(root: &Path, report: &CheckReport) -> Result<Vec<String>, EngineError> {
    if let Some(error) = report.error() {
        return Err(EngineError::Unfit {
            root: root.to_owned(),
            finding: error.to_string(),
            others: report.of(Severity::Error).count() - 1,
            can_be_fixed: error.fix.as_ref().is_some_and(|fix| !fix.is_asked_for()),
        });
    }
    let line = |finding: &Finding| format!("{}: {finding}", root.display());
    Ok(report.of(Severity::Warning).map(line).collect())
}
