//! The Inspect panel: masks of a run over any images.

mod export;
mod image;
mod image_list;
pub(super) mod legend;
mod options;
pub(super) mod overlay;
mod pixel_pick;
pub(super) mod run_picker;
mod save_all;
pub(super) mod tiles_offer;
mod toolbar;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};
use serde::{Deserialize, Serialize};

use self::export::Export;
use self::image_list::ImageList;
use self::legend::Shares;
use self::overlay::{Overlay, Toggles};
use self::pixel_pick::PixelPick;
use self::save_all::SaveAll;
use super::{LOW_PANEL, command_button, controls_line, film_this_ui, go_to_train, keep_size};
use crate::engine::{ImageFiles, NoticeLevel, Poll, PredictOptions, Prediction, Task};
use crate::ui::canvas::{CanvasView, TextureCache};
use crate::ui::command::{Command, InspectedFile, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::ClassSet;
use crate::ui::view_model::inspected::{FieldOutline, Inspected};
use crate::ui::view_model::prediction_cache::PredictionCache;

/// Widths of the list, of the legend and of the image between them. Without room for all three the list gets
/// narrow first; then the legend goes below the image.
const MIN_LIST: f32 = 116.0;
const MIN_LEGEND: f32 = 170.0;
const MIN_IMAGE: f32 = 235.0;
/// Height of the legend below the image: more classes are scrolled to.
const LEGEND_LINES: f32 = 48.0;

/// Opened images, one at a time, under the mask of one run.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct InspectPanel {
    /// Of the mask, `0.0..=1.0`.
    opacity: f32,
    toggles: Toggles,
    /// Widths of the list and of the legend, as the user has dragged them.
    list_width: f32,
    legend_width: f32,
    #[serde(skip)]
    list: ImageList,
    #[serde(skip)]
    opening: Vec<Task<ImageFiles>>,
    /// The chosen run; `None` = the newest.
    #[serde(skip)]
    chosen_run: Option<String>,
    /// How images are predicted, and the threshold as the slider has it.
    #[serde(skip)]
    options: PredictOptions,
    #[serde(skip)]
    threshold: f32,
    #[serde(skip)]
    predictions: PredictionCache,
    #[serde(skip)]
    visible: ClassSet,
    #[serde(skip)]
    shares: Shares,
    #[serde(skip)]
    textures: TextureCache,
    #[serde(skip)]
    view: CanvasView,
    /// The last overlay whose layers were all ready.
    #[serde(skip)]
    shown: Option<Overlay>,
    #[serde(skip)]
    pick: PixelPick,
    #[serde(skip)]
    export: Export,
    #[serde(skip)]
    save_all: SaveAll,
}

impl Default for InspectPanel {
    fn default() -> Self {
        Self {
            opacity: 0.6,
            toggles: Toggles::default(),
            list_width: 170.0,
            legend_width: 190.0,
            list: ImageList::default(),
            opening: Vec::new(),
            chosen_run: None,
            options: PredictOptions::default(),
            threshold: 0.0,
            predictions: PredictionCache::default(),
            visible: ClassSet::default(),
            shares: Shares::default(),
            textures: TextureCache::default(),
            view: CanvasView::default(),
            shown: None,
            pick: PixelPick::default(),
            export: Export::default(),
            save_all: SaveAll::default(),
        }
    }
}

impl InspectPanel {
    /// Adds images, and the images in folders and archives, to the list and shows the first of them.
    pub fn open(&mut self, ctx: &PanelCtx<'_>, paths: Vec<PathBuf>) {
        self.opening.push(ctx.engine.find_images(paths));
    }

    /// Shows the masks of `run`.
    pub fn show_run(&mut self, run: String) {
        self.chosen_run = Some(run);
    }

    /// Why nothing of the inspected image can be saved; `None` = it can.
    pub fn save_problem(&self, ctx: &PanelCtx<'_>) -> Option<&'static str> {
        if self.export.is_busy() {
            return Some("Something is being saved");
        }
        let run = self.run(ctx).unwrap_or_default();
        let is_there = self.current(&run).is_some();
        (!is_there).then_some("There is no mask in Inspect yet")
    }

    /// Asks where to save something of the inspected image.
    pub fn start_saving(&mut self, ctx: &PanelCtx<'_>, file: InspectedFile) {
        let run = self.run(ctx).unwrap_or_default();
        if let Some(prediction) = self.current(&run).cloned() {
            let (opacity, visible) = (self.opacity, self.visible);
            self.export.start(ctx, file, prediction, opacity, visible);
        }
    }

    /// Saves the mask or overlay for which a place was asked.
    pub fn save(&mut self, ctx: &PanelCtx<'_>, path: PathBuf) {
        self.export.save(ctx, path);
    }

    /// Collects results of tasks, also while the panel is hidden.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        self.take_opened(ctx);
        self.export.poll(ctx);
        self.save_all.poll(ctx);
        self.predictions.poll(ctx.engine);
    }

    /// Fills the panel.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if self.list.is_empty() {
            self.nothing_open_ui(ctx, ui);
            return;
        }
        if ui.rect_contains_pointer(ui.max_rect()) {
            self.list.take_keys(ui);
        }
        // First of all, so that everything below shows the same image.
        let run = self.run(ctx);
        let state = run.as_ref().and_then(|run| self.update(ctx, ui, run));
        let margin = Frame::new().inner_margin(Margin::symmetric(6, 4));
        let is_low = ui.available_height() < LOW_PANEL;
        Panel::top("inspect_toolbar")
            .resizable(false)
            .frame(margin)
            .show(ui, |ui| self.toolbar_ui(ctx, ui, is_low));
        // A list of one image says nothing where the image has hardly any room.
        if !is_low || self.list.images().len() > 1 {
            let width = ui.available_width();
            let most = (0.3 * width).min(width - MIN_IMAGE - MIN_LEGEND);
            let most = most.clamp(MIN_LIST, 400.0);
            let list = Panel::left("inspect_list")
                .default_size(self.list_width)
                .size_range(MIN_LIST..=most)
                .frame(margin)
                .show(ui, |ui| self.list_ui(ctx, ui, is_low));
            keep_size(&mut self.list_width, list.response.rect.width(), most);
        }
        let Some(run) = run else {
            CentralPanel::no_frame().show(ui, |ui| no_weights_ui(ctx, ui));
            return;
        };
        let rest = ui.available_width() - MIN_IMAGE;
        let is_beside = rest >= MIN_LEGEND;
        if is_beside {
            let most = rest.min(400.0);
            let legend = Panel::right("inspect_legend")
                .default_size(self.legend_width)
                .size_range(MIN_LEGEND..=most)
                .frame(margin)
                .show(ui, |ui| self.legend_ui(ctx, ui, is_beside));
            keep_size(&mut self.legend_width, legend.response.rect.width(), most);
        }
        Panel::bottom("inspect_status")
            .resizable(false)
            .frame(margin)
            .show(ui, |ui| self.status_ui(ui));
        if !is_beside {
            Panel::bottom("inspect_legend_lines")
                .exact_size(LEGEND_LINES)
                .frame(margin)
                .show(ui, |ui| self.legend_ui(ctx, ui, is_beside));
        }
        CentralPanel::no_frame().show(ui, |ui| {
            if let Some(state) = state {
                self.image_ui(ctx, ui, &run, state);
            }
        });
    }

    /// The chosen run, or the newest one that can predict.
    fn run(&self, ctx: &PanelCtx<'_>) -> Option<String> {
        let is_chosen = |name: &str| self.chosen_run.as_deref() == Some(name);
        ctx.engine
            .runs_with_weights()
            .find(|run| is_chosen(&run.name))
            .or_else(|| ctx.engine.runs_with_weights().next())
            .map(|run| run.name.clone())
    }

    fn take_opened(&mut self, ctx: &PanelCtx<'_>) {
        let list = &mut self.list;
        self.opening.retain_mut(|task| {
            let expanded = match task.poll() {
                Poll::Pending => return true,
                Poll::Ready(expanded) => expanded,
                Poll::Lost => {
                    let text = "The images could not be opened. Open them again; the log says more";
                    let notice = Command::Notify(NoticeLevel::Error, text.to_owned());
                    ctx.commands.send(notice);
                    return false;
                }
            };
            list.add(expanded.images);
            for problem in expanded.problems {
                let notice = Command::Notify(NoticeLevel::Warning, problem.to_string());
                ctx.commands.send(notice);
            }
            false
        });
    }

    fn nothing_open_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if let Some(text) = self.opening_text() {
            let area = ui.available_rect_before_wrap();
            if ui.waiting_to_cancel(area, &text, "Cancel opening") {
                self.opening.clear();
            }
            return;
        }
        let hint = "Drop images or a folder anywhere on the window to see what a trained run makes of them";
        ui.empty_state("No images open", hint, |ui| {
            command_button(ctx, ui, UiCommand::OpenImages, None);
        });
    }

    /// How far it is with images that are not there yet.
    fn opening_text(&self) -> Option<String> {
        let task = self.opening.first()?;
        let share = task.progress().map_or_else(String::new, |share| {
            format!(" · {:.0} %", (share * 100.0).floor())
        });
        Some(format!("Looking for images{share}"))
    }

    fn list_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, is_low: bool) {
        controls_line(ui, ("inspect_list_buttons", is_low), |ui| {
            command_button(ctx, ui, UiCommand::OpenImages, None);
            let clear = ui
                .button("Clear list")
                .on_hover_text("Remove all images from the list");
            if clear.clicked() {
                self.list.clear();
                self.shown = None;
                self.textures = TextureCache::default();
            }
            if let Some(image) = self.list.selected().map(Path::to_owned) {
                film_this_ui(ctx, ui, image);
            }
        });
        if let Some(text) = self.opening_text() {
            ui.horizontal(|ui| {
                ui.busy(&text);
                ui.weak(text);
                let cancel = ui.button("Cancel");
                if cancel.accessible_name("Cancel opening").clicked() {
                    self.opening.clear();
                }
            });
        }
        ui.separator();
        self.list.ui(ui);
    }

    /// The classes with their shares: a list beside the image, or lines below it.
    fn legend_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, is_beside: bool) {
        ui.take_available_width(); // an empty legend keeps its place
        let Some(overlay) = &self.shown else {
            return;
        };
        let Some((mask, classes)) = overlay.shown_mask() else {
            return;
        };
        let shares = self.shares.of(ctx.engine, mask, classes.len());
        if is_beside {
            legend::legend_list(ui, classes, &mut self.visible, shares);
        } else {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                legend::legend_line(ui, classes, &mut self.visible, Some(shares));
            });
        }
    }

    /// What is looked at, where a mask is shown.
    pub fn inspected(&self) -> Option<Inspected> {
        let prediction = self.shown.as_ref()?.subject.prediction()?;
        let (pixel, is_pinned) = self.pick.pixel(&prediction.image_path);
        Some(Inspected {
            run: prediction.run.clone(),
            image: prediction.image_path.clone(),
            pixel,
            is_pinned,
        })
    }

    /// The selected image, where its mask is not shown.
    pub fn unpredicted(&self) -> Option<&Path> {
        let is_predicted = self.inspected().is_some();
        self.list.selected().filter(|_| !is_predicted)
    }

    /// Draws these receptive fields over the image from now on.
    pub fn set_outlines(&mut self, outlines: Vec<FieldOutline>) {
        self.pick.outlines = outlines;
    }

    /// The shown prediction, if it is that of the selected image and run.
    fn current(&self, run: &str) -> Option<&Arc<Prediction>> {
        let prediction = self.shown.as_ref()?.subject.prediction()?;
        let is_current = prediction.run == run
            && self.list.selected() == Some(prediction.image_path.as_path())
            && self.predictions.is_made_so(prediction);
        is_current.then_some(prediction)
    }
}

fn no_weights_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let hint = "Train a run first; its best weights can be used here, even during training";
    ui.empty_state("No trained run yet", hint, |ui| go_to_train(ctx, ui));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_engine::Bench;

    #[test]
    fn images_whose_opening_is_lost_are_told_and_not_waited_for() {
        let bench = Bench::new();
        let mut panel = InspectPanel {
            opening: vec![bench.lost()],
            ..InspectPanel::default()
        };
        bench.until(|ctx| {
            panel.poll(ctx);
            panel.opening.is_empty()
        });
        assert_eq!(bench.errors().len(), 1);
    }
}
