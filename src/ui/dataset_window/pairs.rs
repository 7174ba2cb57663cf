//! Pairs of images and masks that are a guess: each with its confidence and reason, to be accepted
//! or changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{ComboBox, RichText, ScrollArea, Ui};

use crate::engine::{
    Confidence, DatasetEdit, EngineError, NoticeLevel, PairReview, ReviewedPair, Task,
};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::when::AddWhen as _;

/// Why a pair is one that a person chose.
const BY_HAND: &str = "chosen by hand";
/// Masks that a list offers.
const OFFERED: usize = 200;

/// The pairs that are reviewed.
pub struct PairsForm {
    /// Those of the dataset until the first change, then a copy.
    review: Option<Arc<PairReview>>,
    /// How many pairs there are of each confidence: they are too many to be counted in every frame.
    counts: [usize; 3],
    is_accepted: bool,
    copying: Option<Copying>,
    /// Whether the class map shall name no pairs any more.
    pub forgets: bool,
}

/// The pairs are copied beside the window's thread, and then changed.
struct Copying {
    task: Task<Result<PairReview, EngineError>>,
    change: Change,
}

impl PairsForm {
    pub fn new(edit: &DatasetEdit) -> Self {
        Self {
            counts: edit.review.as_deref().map_or([0; 3], counts),
            review: edit.review.clone(),
            is_accepted: false,
            copying: None,
            forgets: false,
        }
    }

    /// Whether they were accepted or changed.
    pub fn is_changed(&self) -> bool {
        self.is_accepted || self.is_copying()
    }

    /// Whether a change is not made yet.
    pub fn is_copying(&self) -> bool {
        self.copying.is_some()
    }

    /// The pairs to save, where they were accepted or changed.
    pub fn changed(&self) -> Option<Arc<PairReview>> {
        self.review.clone().filter(|_| self.is_accepted)
    }

    /// Takes the copy where it is there.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        let Some(result) = (self.copying.as_mut()).and_then(|copying| copying.task.poll_result())
        else {
            return;
        };
        let change = self.copying.take().map(|copying| copying.change);
        match result {
            Ok(review) => {
                self.review = Some(Arc::new(review));
                if let Some(change) = change {
                    self.change(ctx, change);
                }
            }
            Err(err) => ctx
                .commands
                .send(Command::Notify(NoticeLevel::Error, err.to_string())),
        }
    }

    /// Makes a change; in the dataset's own pairs once they are copied.
    fn change(&mut self, ctx: &PanelCtx<'_>, change: Change) {
        let Some(review) = &mut self.review else {
            return;
        };
        if let Some(own) = Arc::get_mut(review) {
            change.apply(own);
            self.counts = counts(own);
            self.is_accepted = true;
        } else {
            let task = ctx.engine.copy_pairs(Arc::clone(review));
            self.copying = Some(Copying { task, change });
        }
    }

    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, edit: &DatasetEdit) {
        if let Some(list) = &edit.map.pairs {
            ui.weak(format!(
                "The class map names the pairs of {}",
                list.display()
            ));
            ui.checkbox(
                &mut self.forgets,
                "Pair images and masks by their names again",
            );
        }
        let Some(review) = &self.review else {
            ui.label("No pair is a guess: images and masks have equal names, or a list names both");
            return;
        };
        let [high, medium, low] = self.counts;
        ui.label(format!(
            "{} by a guess: {} of high, {} of medium and {} of low confidence",
            format::plural(review.pairs.len(), "pair", "pairs"),
            format::count(high),
            format::count(medium),
            format::count(low),
        ));
        ui.checkbox(&mut self.is_accepted, "Accept these pairs")
            .on_hover_text("Saves them as a list beside the dataset with the settings, so that nothing is guessed any more");
        for (files, what) in [(&review.free_images, "image"), (&review.free_masks, "mask")] {
            if !files.is_empty() {
                let text = format!(
                    "{} without a partner",
                    format::plural(files.len(), what, &format!("{what}s"))
                );
                ui.weak(text);
            }
        }
        ui.separator();
        let is_copying = self.copying.is_some();
        let change = ui.add_when_ui(!is_copying, |ui| rows_ui(ui, review, &edit.base.root));
        if let Some(change) = change.inner {
            self.change(ctx, change);
        }
    }
}

/// How many pairs are of high, medium and low confidence.
fn counts(review: &PairReview) -> [usize; 3] {
    let mut counts = [0; 3];
    for pair in &review.pairs {
        counts[match pair.confidence {
            Confidence::High => 0,
            Confidence::Medium => 1,
            Confidence::Low => 2,
        }] += 1;
    }
    counts
}

/// Another mask for an image, or none.
struct Change {
    pair: usize,
    mask: Option<PathBuf>,
}

impl Change {
    fn apply(self, review: &mut PairReview) {
        let Some(mask) = self.mask else {
            let pair = review.pairs.remove(self.pair);
            review.free_masks.push(pair.mask);
            review.free_images.push(pair.image);
            return;
        };
        if review.pairs[self.pair].mask == mask {
            return;
        }
        let old = std::mem::replace(&mut review.pairs[self.pair].mask, mask.clone());
        say_by_hand(&mut review.pairs[self.pair]);
        // Compared as it is written: of many, comparing paths part by part takes too long for a click.
        let is_mask = |path: &PathBuf| path.as_os_str() == mask.as_os_str();
        review.free_masks.retain(|free| !is_mask(free));
        // The pair that had the mask gets the one that is free now.
        let other = review
            .pairs
            .iter()
            .enumerate()
            .position(|(index, pair)| index != self.pair && is_mask(&pair.mask));
        match other {
            Some(other) => {
                review.pairs[other].mask = old;
                say_by_hand(&mut review.pairs[other]);
            }
            None => review.free_masks.push(old),
        }
    }
}

fn say_by_hand(pair: &mut ReviewedPair) {
    BY_HAND.clone_into(&mut pair.reason);
    pair.confidence = Confidence::High;
}

fn rows_ui(ui: &mut Ui, review: &PairReview, root: &Path) -> Option<Change> {
    let mut change = None;
    let height = ui.spacing().interact_size.y;
    ScrollArea::vertical()
        .id_salt("pairs to review")
        .auto_shrink([false, false])
        .max_height(320.0)
        .show_rows(ui, height, review.pairs.len(), |ui, rows| {
            for index in rows {
                ui.horizontal(|ui| {
                    if let Some(made) = row_ui(ui, review, root, index) {
                        change = Some(made);
                    }
                });
            }
        });
    change
}

/// Draws a pair; returns what is to be changed.
fn row_ui(ui: &mut Ui, review: &PairReview, root: &Path, index: usize) -> Option<Change> {
    let pair = &review.pairs[index];
    let seen = |path: &Path| {
        path.strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    let palette = theme::palette(ui.visuals());
    let color = match pair.confidence {
        Confidence::High => palette.success,
        Confidence::Medium => palette.warning,
        Confidence::Low => palette.error,
    };
    ui.tag(&pair.confidence.to_string(), color)
        .on_hover_text(&pair.reason);
    let (image, mask) = (seen(&pair.image), seen(&pair.mask));
    let width = (ui.available_width() * 0.3).max(80.0);
    ui.scope(|ui| {
        ui.set_width(width);
        ui.truncated(RichText::new(&image).small(), &image);
    });
    let mut chosen = None;
    ComboBox::from_id_salt(("mask of", index))
        .selected_text(RichText::new(&mask).small())
        .width(width)
        .truncate()
        .show_ui(ui, |ui| {
            if ui
                .selectable_label(false, "no mask: leave the image out")
                .clicked()
            {
                chosen = Some(Change {
                    pair: index,
                    mask: None,
                });
            }
            for path in offered(review, index) {
                if ui
                    .selectable_label(*path == pair.mask, seen(path))
                    .clicked()
                {
                    chosen = Some(Change {
                        pair: index,
                        mask: Some(path.clone()),
                    });
                }
            }
        })
        .response
        .accessible_name(format!("Mask of {image}"))
        .on_hover_text(&mask);
    ui.truncated(RichText::new(&pair.reason).small().weak(), &pair.reason);
    chosen
}

/// The masks that a pair may get: those without an image, and those of the pairs around it.
fn offered(review: &PairReview, index: usize) -> Vec<&PathBuf> {
    let start = index.saturating_sub(OFFERED / 4);
    let around = review.pairs.iter().skip(start).take(OFFERED / 2);
    let free = review.free_masks.iter().take(OFFERED / 2);
    let all: BTreeSet<&PathBuf> = free.chain(around.map(|pair| &pair.mask)).collect();
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review() -> PairReview {
        let pair = |name: &str| ReviewedPair {
            image: format!("{name}.jpg").into(),
            mask: format!("{name}_mask.png").into(),
            confidence: Confidence::Low,
            reason: "names".to_owned(),
            document: None,
        };
        PairReview {
            pairs: vec![pair("a"), pair("b")],
            free_masks: vec!["c_mask.png".into()],
            free_images: Vec::new(),
        }
    }

    fn masks(review: &PairReview) -> Vec<&str> {
        let masks = review.pairs.iter().map(|pair| pair.mask.to_str());
        masks.map(|mask| mask.expect("UTF-8")).collect()
    }

    #[test]
    fn accepted_pairs_are_saved_as_they_are_without_a_copy() {
        let shared = Arc::new(review());
        let mut form = PairsForm {
            review: Some(Arc::clone(&shared)),
            counts: counts(&shared),
            is_accepted: false,
            copying: None,
            forgets: false,
        };
        assert_eq!(form.counts, [0, 0, 2]);
        assert!(!form.is_changed() && form.changed().is_none());
        form.is_accepted = true;
        let saved = form.changed().expect("accepted");
        assert!(form.is_changed() && Arc::ptr_eq(&saved, &shared));
    }

    #[test]
    fn a_mask_belongs_to_one_image() {
        let mut changed = review();
        let mask = Some("b_mask.png".into());
        Change { pair: 0, mask }.apply(&mut changed);
        assert_eq!(masks(&changed), ["b_mask.png", "a_mask.png"]);
        let mask = Some("c_mask.png".into());
        Change { pair: 0, mask }.apply(&mut changed);
        assert_eq!(masks(&changed), ["c_mask.png", "a_mask.png"]);
        // Its own mask once more is no change: it is not free then.
        let mask = Some("c_mask.png".into());
        Change { pair: 0, mask }.apply(&mut changed);
        assert_eq!(changed.free_masks, [PathBuf::from("b_mask.png")]);
        Change {
            pair: 1,
            mask: None,
        }
        .apply(&mut changed);
        assert_eq!(masks(&changed), ["c_mask.png"]);
        assert_eq!(changed.free_images, [PathBuf::from("b.jpg")]);
    }
}
