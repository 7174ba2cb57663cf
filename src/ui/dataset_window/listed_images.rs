//! The images of lists that are edited: moved to the other list, or taken off.

use std::path::Path;
use std::sync::Arc;

use eframe::egui::{Button, RichText, ScrollArea, Ui};

use crate::engine::{DatasetItem, MadeList, MadeLists};
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::when::AddWhen as _;

/// Lists that are edited and not saved yet.
pub struct ListedImages {
    pub lists: Arc<MadeLists>,
    shown: MadeList,
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
        Self {
            lists: Arc::new(lists),
            shown: MadeList::Train,
            only_both: false,
        }
    }

    /// The lists to change. Nothing else has them but a save, during which they cannot be edited: they are not copied.
    fn changed(&mut self) -> &mut MadeLists {
        Arc::make_mut(&mut self.lists)
    }

    /// The images of a list, each with its buttons.
    pub fn ui(&mut self, ui: &mut Ui, root: &Path) {
        ui.separator();
        ui.horizontal(|ui| {
            for (list, label) in [(MadeList::Train, "Train"), (MadeList::Val, "Val")] {
                let text = format!("{label} {}", format::count(self.lists.items(list).len()));
                if ui.selectable_label(self.shown == list, text).clicked() {
                    self.shown = list;
                }
            }
            ui.weak("Saved with the settings");
        });
        self.both_ui(ui);
        let shown = self.shown;
        match self.rows_ui(ui, root) {
            Some(Change::Move(index)) => self.changed().move_to_other(shown, index),
            Some(Change::TakeOff(index)) => self.changed().take_off(shown, index),
            None => {}
        }
    }

    /// How many images of the list are in both, and what can be done about all of them.
    fn both_ui(&mut self, ui: &mut Ui) {
        let in_both = self.lists.in_both(self.shown);
        let common = in_both.iter().filter(|in_both| **in_both).count();
        if common == 0 {
            self.only_both = false;
            return;
        }
        // A list keeps an image, or there would be nothing to train on or to score.
        let has_others = common < in_both.len();
        ui.horizontal_wrapped(|ui| {
            let number = format::plural(common, "image is", "images are");
            ui.label(format!("{number} in both lists"))
                .on_hover_text("A network is then scored on images that it was trained on, and the scores are too good");
            ui.checkbox(&mut self.only_both, "Show only these");
            let take_all = ui
                .add_when(has_others, Button::new("Take all of them off this list"))
                .on_disabled_hover_text("Nothing would be left in this list");
            if take_all.clicked() {
                let shown = self.shown;
                self.changed().take_off_common(shown);
            }
        });
    }

    /// Draws the rows in sight. The last image of a list stays.
    fn rows_ui(&self, ui: &mut Ui, root: &Path) -> Option<Change> {
        let items = self.lists.items(self.shown);
        let in_both = self.lists.in_both(self.shown);
        let filtered: Option<Vec<usize>> = self
            .only_both
            .then(|| (0..items.len()).filter(|index| in_both[*index]).collect());
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
                    let row = Row {
                        index,
                        item: &items[index],
                        is_in_both: in_both[index],
                        is_last: items.len() == 1,
                    };
                    change = row.ui(ui, root).or(change.take());
                }
            });
        change
    }
}

/// An image of a list.
struct Row<'a> {
    index: usize,
    item: &'a DatasetItem,
    is_in_both: bool,
    is_last: bool,
}

impl Row<'_> {
    fn ui(&self, ui: &mut Ui, root: &Path) -> Option<Change> {
        let &Self {
            index,
            item,
            is_in_both,
            is_last,
        } = self;
        let mut change = None;
        ui.horizontal(|ui| {
            let why_not = if is_last {
                "The last image of a list stays"
            } else {
                "It is in the other list, too: take it off one of them"
            };
            let moved = ui
                .add_when(!is_last && !is_in_both, Button::new("Move"))
                .accessible_name(format!("Move {}", item.id))
                .on_hover_text("To the other list")
                .on_disabled_hover_text(why_not);
            if moved.clicked() {
                change = Some(Change::Move(index));
            }
            let taken = ui
                .add_when(!is_last, Button::new("Take off"))
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
