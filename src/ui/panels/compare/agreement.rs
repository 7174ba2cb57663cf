//! On how many pixels the shown masks differ.

use std::sync::Arc;

use super::pane::{Pane, comparable_masks};
use crate::engine::{Engine, LabelMap, Poll, Task, disagreement};

/// The share of the pixels on which masks differ, counted on a worker.
#[derive(Default)]
pub struct Agreement {
    masks: Vec<Arc<LabelMap>>,
    task: Option<Task<Option<f64>>>,
    share: Option<f64>,
}

impl Agreement {
    /// Counts the masks of `panes`, where they are other ones than before.
    pub fn update(&mut self, engine: &Engine, panes: &[Pane]) {
        let masks: Vec<Arc<LabelMap>> = comparable_masks(panes)
            .into_iter()
            .flatten()
            .map(|mask| Arc::clone(&mask.labels))
            .collect();
        let is_same = masks.len() == self.masks.len()
            && masks
                .iter()
                .zip(&self.masks)
                .all(|(mask, known)| Arc::ptr_eq(mask, known));
        if !is_same {
            self.share = None;
            self.task = (!masks.is_empty()).then(|| {
                let masks = masks.clone();
                engine.spawn("disagreement", move |_| {
                    let labels: Vec<&[u8]> = masks.iter().map(|mask| &*mask.labels).collect();
                    disagreement(&labels)
                })
            });
            self.masks = masks;
        }
        match Task::poll_slot(&mut self.task) {
            Poll::Pending => {}
            Poll::Ready(share) => self.share = share,
            Poll::Lost => self.share = None,
        }
    }

    /// The share, `0.0..=1.0`; `None` while it is counted, and where nothing can be compared.
    pub fn share(&self) -> Option<f64> {
        self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{ClassList, Rgb, RunWeights};
    use crate::ui::panels::compare::pane::{Mask, PaneKind, PaneState};
    use crate::ui::test_engine::Bench;

    fn pane(run: &str, labels: [u8; 4]) -> Pane {
        let image = Rgb {
            width: 4,
            height: 1,
            pixels: vec![0; 12],
        };
        let labels = LabelMap {
            width: 4,
            height: 1,
            labels: labels.to_vec(),
        };
        Pane {
            kind: PaneKind::Network(RunWeights::best(run)),
            title: String::new(),
            about: String::new(),
            detail: String::new(),
            classes: None,
            state: PaneState::Ready {
                mask: Mask {
                    image: image.into(),
                    labels: Arc::new(labels),
                    classes: Arc::new(ClassList::numbered(3)),
                    truth: None,
                    dataset_truth: None,
                },
            },
        }
    }

    #[test]
    fn the_share_is_that_of_the_masks_that_are_shown() {
        let bench = Bench::new();
        let mut agreement = Agreement::default();
        let panes = [pane("a", [0, 1, 2, 2]), pane("b", [0, 1, 1, 2])];
        bench.until(|ctx| {
            agreement.update(ctx.engine, &panes);
            agreement.share() == Some(0.25)
        });
        agreement.update(&bench.engine, &panes[..1]);
        assert_eq!(agreement.share(), None, "one alone");
    }
}
