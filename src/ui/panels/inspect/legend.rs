//! The classes: colors, names, shares, and which of them are drawn.

use std::sync::Arc;

use eframe::egui::{Align, Grid, Layout, ScrollArea, TextWrapMode, Ui};

use crate::engine::{Class, ClassList, Engine, LabelMap, Poll, Task};
use crate::ui::canvas::controls::class_checkbox;
use crate::ui::view_model::ClassSet;

/// Room for a share beside the names, in points.
const SHARE_WIDTH: f32 = 46.0;

/// Share of the pixels by class of one mask, counted on a worker.
#[derive(Default)]
pub struct Shares {
    mask: Option<Arc<LabelMap>>,
    task: Option<Task<Vec<f64>>>,
    values: Vec<f64>,
}

impl Shares {
    /// The shares of `mask`, `0.0..=1.0` by label; those of the last mask until they are counted, none where
    /// the count was lost.
    pub fn of(&mut self, engine: &Engine, mask: &Arc<LabelMap>, num_classes: usize) -> &[f64] {
        let is_new = self
            .mask
            .as_ref()
            .is_none_or(|known| !Arc::ptr_eq(known, mask));
        if is_new {
            self.mask = Some(mask.clone());
            let mask = mask.clone();
            let task = engine.spawn("color", move |_| mask.class_shares(num_classes));
            self.task = Some(task);
        }
        match Task::poll_slot(&mut self.task) {
            Poll::Pending => {}
            Poll::Ready(values) => self.values = values,
            // Those of the last mask would be wrong.
            Poll::Lost => self.values.clear(),
        }
        &self.values
    }
}

/// A list of all classes with a checkbox, a color and a share each.
pub fn legend_list(ui: &mut Ui, classes: &ClassList, visible: &mut ClassSet, shares: &[f64]) {
    ui.horizontal(|ui| {
        ui.strong("Classes");
        all_or_none(ui, visible);
    });
    ScrollArea::vertical()
        .auto_shrink([false, true])
        .show(ui, |ui| {
            let names = ui.available_width() - SHARE_WIDTH - ui.spacing().item_spacing.x;
            Grid::new("legend")
                .num_columns(2)
                .striped(true)
                .show(ui, |ui| {
                    for (label, class) in labeled(classes) {
                        ui.scope(|ui| {
                            ui.set_width(names);
                            ui.style_mut().wrap_mode = Some(TextWrapMode::Truncate);
                            class_toggle(ui, label, class, visible);
                        })
                        .response
                        .on_hover_text(&class.name);
                        let share = shares.get(usize::from(label)).copied();
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                            ui.weak(share_text(share))
                                .on_hover_text("Share of the pixels of this mask");
                        });
                        ui.end_row();
                    }
                });
            if let Some(unknown) = unknown(shares) {
                ui.horizontal(|ui| {
                    unknown_label(ui);
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.weak(share_text(Some(unknown)));
                    });
                });
            }
        });
}

fn unknown_label(ui: &mut Ui) {
    ui.weak("Unknown (void)").on_hover_text(
        "Pixels without a class: in the ground truth they are not labeled; in a mask their largest \
         probability is below the threshold in Options, or they lie in a tile that was skipped",
    );
}

/// The share of the pixels without a class, where there are any.
fn unknown(shares: &[f64]) -> Option<f64> {
    let rest = 1.0 - shares.iter().sum::<f64>();
    // Less is rounding.
    (!shares.is_empty() && rest > 1e-9).then_some(rest)
}

/// The classes one after another, in as many lines as they need, with `shares` where these are of one mask.
pub fn legend_line(
    ui: &mut Ui,
    classes: &ClassList,
    visible: &mut ClassSet,
    shares: Option<&[f64]>,
) {
    ui.horizontal_wrapped(|ui| {
        all_or_none(ui, visible);
        for (label, class) in labeled(classes) {
            class_toggle(ui, label, class, visible);
            if let Some(shares) = shares {
                ui.weak(share_text(shares.get(usize::from(label)).copied()));
            }
            ui.add_space(6.0);
        }
        if let Some(unknown) = shares.and_then(unknown) {
            unknown_label(ui);
            ui.weak(share_text(Some(unknown)));
        }
    });
}

fn all_or_none(ui: &mut Ui, visible: &mut ClassSet) {
    let all = ui.button("All").on_hover_text("Show all classes");
    if all.clicked() {
        visible.show_all();
    }
    let none = ui.button("None").on_hover_text("Hide all classes");
    if none.clicked() {
        visible.hide_all();
    }
}

fn class_toggle(ui: &mut Ui, label: u8, class: &Class, visible: &mut ClassSet) {
    let mut shown = visible.contains(label);
    if class_checkbox(ui, &mut shown, class).changed() {
        visible.set(label, shown);
    }
}

fn labeled(classes: &ClassList) -> impl Iterator<Item = (u8, &Class)> {
    (0..=u8::MAX).zip(classes.iter())
}

fn share_text(share: Option<f64>) -> String {
    let Some(share) = share else {
        return "n/a".to_owned();
    };
    if share > 0.0 && share < 0.001 {
        "< 0.1 %".to_owned()
    } else {
        format!("{:.1} %", share * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_engine::Bench;

    #[test]
    fn small_shares_are_not_shown_as_nothing() {
        assert_eq!(share_text(Some(0.0)), "0.0 %");
        assert_eq!(share_text(Some(0.0004)), "< 0.1 %");
        assert_eq!(share_text(Some(0.255)), "25.5 %");
    }

    #[test]
    fn pixels_without_a_class_are_told() {
        assert_eq!(unknown(&[0.25, 0.5]), Some(0.25));
        assert_eq!(unknown(&[0.1, 0.2, 0.7]), None);
        assert_eq!(unknown(&[]), None);
    }

    #[test]
    fn a_lost_count_is_not_the_last_one() {
        let bench = Bench::new();
        let mask = Arc::new(LabelMap {
            width: 0,
            height: 0,
            labels: Vec::new(),
        });
        let mut shares = Shares {
            mask: Some(Arc::clone(&mask)),
            task: Some(bench.lost()),
            values: vec![1.0],
        };
        bench.until(|ctx| shares.of(ctx.engine, &mask, 1).is_empty());
        assert_eq!(share_text(None), "n/a");
    }
}
