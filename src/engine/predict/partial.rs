//! The mask of a large image while it grows, small enough for the screen.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::dataset::{Area, LabelMap, Size, VOID};

/// The longest side of a mask that grows.
const MAX_SIDE: u32 = 2048;

/// What is there of a mask. Clones are one.
#[derive(Debug, Clone, Default)]
pub struct PartialMask {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    mask: Option<Arc<LabelMap>>,
    done: usize,
    total: usize,
}

/// How far a mask is.
#[derive(Debug, Clone, Default)]
pub struct PartialState {
    /// Every n-th label of the image; void where there is none yet. `None` = no tile is done.
    pub mask: Option<Arc<LabelMap>>,
    /// Tiles that are done.
    pub done: usize,
    /// All tiles; 0 = it is not known yet.
    pub total: usize,
}

impl PartialMask {
    /// How far it is.
    pub fn state(&self) -> PartialState {
        let shared = self.lock();
        PartialState {
            mask: shared.mask.clone(),
            done: shared.done,
            total: shared.total,
        }
    }

    /// Begins with so many tiles.
    pub(super) fn begin(&self, total: usize) {
        *self.lock() = Shared {
            total,
            ..Shared::default()
        };
    }

    /// Takes in the labels of a tile of an image.
    pub(super) fn add(&self, image: Size, area: Area, labels: &LabelMap) {
        let step = image.width.max(image.height).div_ceil(MAX_SIDE).max(1);
        let mut shared = self.lock();
        let mut mask = shared
            .mask
            .as_deref()
            .map_or_else(|| empty(image, step), LabelMap::clone);
        let first = |start: u32| start.next_multiple_of(step);
        let (bottom, right) = (area.top + area.size.height, area.left + area.size.width);
        for y in (first(area.top)..bottom).step_by(step as usize) {
            for x in (first(area.left)..right).step_by(step as usize) {
                let from = (y - area.top) * area.size.width + (x - area.left);
                let to = (y / step) * mask.width + x / step;
                mask.labels[to as usize] = labels.labels[from as usize];
            }
        }
        shared.mask = Some(Arc::new(mask));
        shared.done += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn empty(image: Size, step: u32) -> LabelMap {
    let (width, height) = (image.width.div_ceil(step), image.height.div_ceil(step));
    LabelMap {
        width,
        height,
        labels: vec![VOID; width as usize * height as usize],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_come_in_where_they_belong() {
        let image = Size::new(3, 2);
        let partial = PartialMask::default();
        partial.begin(2);
        assert!(partial.state().mask.is_none());
        let area = Area {
            left: 1,
            top: 0,
            size: Size::new(2, 2),
        };
        let labels = LabelMap {
            width: 2,
            height: 2,
            labels: vec![1, 2, 3, 4],
        };
        partial.add(image, area, &labels);
        let state = partial.state();
        let mask = state.mask.expect("a mask");
        assert_eq!(mask.labels, [VOID, 1, 2, VOID, 3, 4]);
        assert_eq!((state.done, state.total), (1, 2));
    }

    #[test]
    fn large_images_keep_every_nth_label() {
        // Every third pixel of 6000: column 2 of the small mask is column 6 of the image.
        let image = Size::new(6000, 1);
        let partial = PartialMask::default();
        let area = Area {
            left: 5,
            top: 0,
            size: Size::new(4, 1),
        };
        let labels = LabelMap {
            width: 4,
            height: 1,
            labels: vec![10, 11, 12, 13],
        };
        partial.add(image, area, &labels);
        let mask = partial.state().mask.expect("a mask");
        assert_eq!((mask.width, mask.height), (2000, 1));
        assert_eq!(mask.labels[1..4], [VOID, 11, VOID]);
    }
}
