//! The images of a list in small, and one of them in full size.

use std::sync::Arc;

use eframe::egui::Ui;

use super::DatasetPanel;
use super::filter::Shown;
use super::thumbs::Part;
use crate::engine::{OpenDataset, Split};
use crate::ui::context::PanelCtx;

/// Where a pair in full size stands.
#[derive(Debug, Clone)]
pub enum SeenPair {
    /// In a list, of which these places are shown; `None` = all of them.
    Item {
        split: Split,
        place: usize,
        places: Option<Arc<Vec<u32>>>,
    },
    /// In a batch.
    Batch { place: usize },
}

impl DatasetPanel {
    pub(super) fn gallery_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        open: &OpenDataset,
        beside: bool,
    ) {
        let items = open.dataset.items(self.split);
        if items.is_empty() {
            ui.weak("No images in this split");
            return;
        }
        let checked = self.findings.checked(open);
        let shown = self
            .filter
            .ui(ctx, ui, (open, self.split), checked.as_deref());
        let places = match shown {
            Shown::All => None,
            Shown::Some(places) => Some(places),
            Shown::Nothing => return,
        };
        let part = Part {
            split: self.split,
            items,
            places: places.as_ref().map(|places| places.as_slice()),
            classes: &open.dataset.classes,
        };
        if let Some(place) = self.thumbs.grid_ui(ctx, ui, part, beside) {
            let split = self.split;
            let pair = SeenPair::Item {
                split,
                place,
                places,
            };
            self.show_pair(ctx, open, pair);
        }
    }

    pub(super) fn show_pair(&mut self, ctx: &PanelCtx<'_>, open: &OpenDataset, pair: SeenPair) {
        match &pair {
            SeenPair::Item { split, place, .. } => self.pair.show_item(ctx, open, *split, *place),
            SeenPair::Batch { place } => match self.batch.image(*place) {
                Some(seen) => self.pair.show_seen(seen, &open.dataset.classes),
                None => return,
            },
        }
        self.seen = Some(pair);
    }

    /// Shows a pair that comes before or after the one in the window.
    pub(super) fn step_pair(&mut self, ctx: &PanelCtx<'_>, open: &OpenDataset, steps: isize) {
        let next = match &self.seen {
            Some(SeenPair::Item {
                split,
                place,
                places: None,
            }) => place
                .checked_add_signed(steps)
                .filter(|place| *place < open.dataset.items(*split).len())
                .map(|place| SeenPair::Item {
                    split: *split,
                    place,
                    places: None,
                }),
            Some(SeenPair::Item {
                split,
                place,
                places: Some(places),
            }) => {
                let is_it = |found: &u32| *found as usize == *place;
                let position = places.iter().position(is_it);
                position
                    .and_then(|position| position.checked_add_signed(steps))
                    .and_then(|position| places.get(position))
                    .map(|place| SeenPair::Item {
                        split: *split,
                        place: *place as usize,
                        places: Some(Arc::clone(places)),
                    })
            }
            Some(SeenPair::Batch { place }) => place
                .checked_add_signed(steps)
                .map(|place| SeenPair::Batch { place }),
            None => None,
        };
        if let Some(next) = next {
            self.show_pair(ctx, open, next);
        }
    }
}
