//! The images of lists that are edited: moved to the other list, or taken off.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use eframe::egui::{Button, RichText, ScrollArea, Ui};

use crate::engine::{DatasetItem, MadeLists};
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;

/// Lists that are edited and not saved yet.
pub struct ListedImages {
    pub lists: MadeLists,
    /// Images that are in both.
    in_both: BTreeSet<PathBuf>,
    /// Which list is shown: 0 to train, 1 to validate.
    shown: usize,
    /// Whether only images in both lists are shown.
    only_both: bool,
}

/// What is done with an image of a list.
enum Change {
    Move(usize),
    TakeOff(usize),
}

impl ListedImages {
    pub fn new(lists: MadeLists) -> Self {
        let paths = |items: &[DatasetItem]| -> BTreeSet<PathBuf> {
            items.iter().map(|item| item.image.clone()).collect()
        };
        let in_both = &paths(&lists.train) & &paths(&lists.val);
        Self {
            lists,
            in_both,
            shown: 0,
            only_both: false,
        }
    }

    /// The images of a list, each with its buttons.
    pub fn ui(&mut self, ui: &mut Ui, root: &Path) {
        ui.separator();
        ui.horizontal(|ui| {
            for (shown, (label, items)) in [("Train", &self.lists.train), ("Val", &self.lists.val)]
                .into_iter()
                .enumerate()
            {
                let text = format!("{label} {}", format::count(items.len()));
                if ui.selectable_label(self.shown == shown, text).clicked() {
                    self.shown = shown;
                }
            }
            ui.weak("Saved with the settings");
        });
        self.both_ui(ui);
        match self.rows_ui(ui, root) {
            Some(Change::Move(index)) => {
                let [from, to] = self.source_and_target();
                let item = from.remove(index);
                let at = to.partition_point(|other| other.image < item.image);
                to.insert(at, item);
            }
            Some(Change::TakeOff(index)) => {
                let item = self.source_and_target()[0].remove(index);
                self.in_both.remove(&item.image);
            }
            None => {}
        }
    }

    /// The list that is shown, and the other one.
    fn source_and_target(&mut self) -> [&mut Vec<DatasetItem>; 2] {
        let MadeLists { train, val } = &mut self.lists;
        if self.shown == 0 {
            [train, val]
        } else {
            [val, train]
        }
    }

    /// How many images are in both lists, and what can be done about all of them.
    fn both_ui(&mut self, ui: &mut Ui) {
        if self.in_both.is_empty() {
            self.only_both = false;
            return;
        }
        ui.horizontal_wrapped(|ui| {
            let number = format::plural(self.in_both.len(), "image is", "images are");
            ui.label(format!("{number} in both lists"))
                .on_hover_text("A network is then scored on images that it was trained on, and the scores are too good");
            ui.checkbox(&mut self.only_both, "Show only these");
            let in_both = &self.in_both;
            let shown = if self.shown == 0 { &self.lists.train } else { &self.lists.val };
            // A list keeps an image, or there would be nothing to train on or to score.
            let has_others = shown.iter().any(|item| !in_both.contains(&item.image));
            let take_all = ui
                .add_enabled(has_others, Button::new("Take all of them off this list"))
                .on_disabled_hover_text("Nothing would be left in this list");
            if take_all.clicked() {
                let in_both = std::mem::take(&mut self.in_both);
                let [from, _] = self.source_and_target();
                from.retain(|item| !in_both.contains(&item.image));
            }
        });
    }

    /// Draws the rows in sight. The last image of a list stays.
    fn rows_ui(&self, ui: &mut Ui, root: &Path) -> Option<Change> {
        let items = if self.shown == 0 {
            &self.lists.train
        } else {
            &self.lists.val
        };
        let filtered: Option<Vec<usize>> = self.only_both.then(|| {
            let is_in_both = |index: &usize| self.in_both.contains(&items[*index].image);
            (0..items.len()).filter(is_in_both).collect()
        });
        let count = filtered.as_ref().map_or(items.len(), Vec::len);
        let mut change = None;
        let height = ui.spacing().interact_size.y;
        ScrollArea::vertical()
            .id_salt("images of a list")
            .auto_shrink([false, false])
            .max_height(260.0)
            .show_rows(ui, height, count, |ui, rows| {
                for row in rows {
                    let index = filtered.as_ref().map_or(row, |filtered| filtered[row]);
                    let is_last = items.len() == 1;
                    change = self
                        .row_ui(ui, root, (index, &items[index]), is_last)
                        .or(change.take());
                }
            });
        change
    }

    fn row_ui(
        &self,
        ui: &mut Ui,
        root: &Path,
        (index, item): (usize, &DatasetItem),
        is_last: bool,
    ) -> Option<Change> {
        let is_in_both = self.in_both.contains(&item.image);
        let mut change = None;
        ui.horizontal(|ui| {
            let why_not = if is_last {
                "The last image of a list stays"
            } else {
                "It is in the other list, too: take it off one of them"
            };
            let moved = ui
                .add_enabled(!is_last && !is_in_both, Button::new("Move").small())
                .accessible_name(format!("Move {}", item.id))
                .on_hover_text("To the other list")
                .on_disabled_hover_text(why_not);
            if moved.clicked() {
                change = Some(Change::Move(index));
            }
            let taken = ui
                .add_enabled(!is_last, Button::new("Take off").small())
                .accessible_name(format!("Take {} off the list", item.id))
                .on_hover_text(if is_in_both {
                    "It stays in the other list"
                } else {
                    "It is in no list then; its files stay"
                })
                .on_disabled_hover_text("The last image of a list stays");
            if taken.clicked() {
                change = Some(Change::TakeOff(index));
            }
            let seen = item.image.strip_prefix(root).unwrap_or(&item.image);
            let mut text = seen.display().to_string();
            if is_in_both {
                text = format!("{text} · in both lists");
            }
            ui.truncated(RichText::new(&text).small(), &text);
        });
        change
    }
}
