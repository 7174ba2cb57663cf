//! Says where networks are shown on an image of another dataset than their own.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use eframe::egui::Ui;

use super::{ComparePanel, open_dataset};
use crate::engine::{DatasetRef, OpenDataset, RunSnapshot};
use crate::ui::context::PanelCtx;

impl ComparePanel {
    /// A line above the panes; nothing for an image of no dataset that is known.
    pub(super) fn foreign_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, image: &Path) {
        let Some(open) = open_dataset(ctx) else {
            return;
        };
        let Some(text) = foreign_text(&self.compared_runs(ctx), open) else {
            return;
        };
        // The ground truth tells it of images under another path than the lists have.
        let is_of_open = self.listed.has(open, image)
            || (self.shown.as_ref())
                .is_some_and(|shown| shown.is_of(image) && shown.is_of_dataset());
        if is_of_open {
            ui.label(text);
        }
    }
}

/// The last image that was looked for in the lists of a dataset, and whether they have it.
#[derive(Default)]
pub(super) struct Listed {
    known: Option<(PathBuf, Weak<OpenDataset>, bool)>,
}

impl Listed {
    fn has(&mut self, open: &Arc<OpenDataset>, image: &Path) -> bool {
        if let Some((known, of, is_listed)) = &self.known
            && known == image
            && of.as_ptr() == Arc::as_ptr(open)
        {
            return *is_listed;
        }
        let is_listed = open.lists_image(image);
        self.known = Some((image.to_owned(), Arc::downgrade(open), is_listed));
        is_listed
    }
}

/// What to say of an image of the open dataset where some of the runs are of others.
fn foreign_text(runs: &[&RunSnapshot], open: &OpenDataset) -> Option<String> {
    let place = open.which.place();
    // A dataset of the same name and classes may be the same one, moved.
    let is_foreign = |run: &&&RunSnapshot| {
        run.config.dataset.place() != place
            && run.trained_on().is_some_and(|name| {
                name != open.dataset.name || *run.classes != open.dataset.classes
            })
    };
    let foreign: Vec<&&RunSnapshot> = runs.iter().filter(is_foreign).collect();
    // Folders tell datasets of one name apart.
    let by_folder = (foreign.iter()).any(|run| run.dataset_name == open.dataset.name);
    let mut names: Vec<String> = Vec::new();
    for run in &foreign {
        let name = match &run.config.dataset {
            DatasetRef::Folder(folder) | DatasetRef::Mapped { folder, .. } if by_folder => {
                folder.display().to_string()
            }
            _ => run.dataset_name.clone(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return None;
    }
    let trained = if foreign.len() == runs.len() {
        "Trained on"
    } else {
        "Some were trained on"
    };
    let this = if by_folder {
        open.dataset.root.display().to_string()
    } else {
        open.dataset.name.clone()
    };
    Some(format!(
        "{trained} {}; this image is of {this}",
        names.join(" and ")
    ))
}
