//! Says where networks are shown on an image of another dataset than their own.

use std::path::Path;

use eframe::egui::Ui;

use super::{ComparePanel, open_dataset};
use crate::engine::{OpenDataset, RunSnapshot};
use crate::ui::context::PanelCtx;

impl ComparePanel {
    /// A line above the panes; nothing for an image of no dataset that is known.
    pub(super) fn foreign_ui(&self, ctx: &PanelCtx<'_>, ui: &mut Ui, image: &Path) {
        let Some(open) = open_dataset(ctx) else {
            return;
        };
        let Some(text) = foreign_text(&self.compared_runs(ctx), open) else {
            return;
        };
        // The ground truth tells it of images of the other lists.
        let is_of_open = image.starts_with(&open.dataset.root)
            || (self.shown.as_ref())
                .is_some_and(|shown| shown.is_of(image) && shown.is_of_dataset());
        if is_of_open {
            ui.label(text);
        }
    }
}

/// What to say of an image of the open dataset where some of the runs are of others.
fn foreign_text(runs: &[&RunSnapshot], open: &OpenDataset) -> Option<String> {
    let is_foreign = |run: &RunSnapshot| {
        // Nobody knows on what the weights of a file were trained. A dataset may have been moved.
        !run.is_imported()
            && run.config.dataset != open.which
            && run.dataset_name != open.dataset.name
    };
    let mut names: Vec<&str> = Vec::new();
    let foreign = runs.iter().filter(|run| is_foreign(run));
    let mut count = 0;
    for run in foreign {
        count += 1;
        if !names.contains(&run.dataset_name.as_str()) {
            names.push(&run.dataset_name);
        }
    }
    if names.is_empty() {
        return None;
    }
    let trained = if count == runs.len() {
        "Trained on"
    } else {
        "Some were trained on"
    };
    Some(format!(
        "{trained} {}; this image is of {}",
        names.join(" and "),
        open.dataset.name
    ))
}
