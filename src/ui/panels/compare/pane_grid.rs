//! The grid of the compared images: where panes go and how they are drawn.

use std::path::Path;

use eframe::egui::{
    Align, Color32, Label, Layout, Painter, Pos2, Rect, RichText, Stroke, Ui, UiBuilder, Vec2, vec2,
};

use super::ComparePanel;
use super::pane::{Pane, PaneState};
use crate::ui::canvas::{Canvas, CanvasOutput, best_columns};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::prediction_cache::{Lookup, SHOW_WAITING_AFTER};

const GAP: f32 = 6.0;
/// Panes are not drawn smaller than this.
const MIN_AREA: Vec2 = Vec2::splat(80.0);
/// Lower panels leave out the line below the images.
const MIN_LINED: f32 = 200.0;

impl ComparePanel {
    /// The panes of `image`; starts the predictions that are missing.
    pub(super) fn panes(&mut self, ctx: &PanelCtx<'_>, image: &Path) -> Vec<Pane> {
        let mut panes = Vec::with_capacity(self.runs.len() + 1);
        let runs: Vec<_> = self
            .runs
            .iter()
            .filter_map(|run| ctx.engine.run(run))
            .collect();
        let mut truth = None;
        for name in &self.runs {
            let has_weights = ctx.engine.run(name).is_some_and(|run| run.has_weights);
            let lookup = has_weights.then(|| self.predictions.get(ctx.engine, name, image));
            if let Some(Lookup::Ready(prediction)) = &lookup {
                truth = truth.or_else(|| Pane::of_truth(prediction));
            }
            panes.push(Pane::of_run(&runs, name, lookup));
        }
        if truth.is_none() && self.shows_truth() {
            // The ground truth keeps its place during the first prediction.
            let longest = panes.iter().filter_map(Pane::running_secs).reduce(f32::max);
            truth = longest.map(Pane::of_awaited_truth);
        }
        panes.splice(0..0, truth);
        panes
    }

    /// Draws the panes in the number of columns that makes them largest, and a line about the
    /// pixel under the pointer.
    pub(super) fn panes_ui(&mut self, ui: &mut Ui, image: &Path, panes: &[Pane]) {
        let line_height = ui.spacing().interact_size.y;
        let caption_height = 2.0 * line_height;
        let has_line = ui.available_height() > MIN_LINED;
        let line = if has_line { line_height + GAP } else { 0.0 };
        let area = (ui.available_size() - vec2(0.0, line)).max(MIN_AREA);
        let columns = best_columns(panes.len(), area, self.aspect(), caption_height);
        let rows = panes.len().div_ceil(columns);
        let cell = vec2(
            (area.x - GAP * (columns as f32 - 1.0)) / columns as f32,
            (area.y - GAP * (rows as f32 - 1.0)) / rows as f32,
        );
        let canvas = (cell - vec2(0.0, caption_height)).max(vec2(40.0, 40.0));
        let origin = ui.available_rect_before_wrap().min;
        let mut outputs = Vec::with_capacity(panes.len());
        for (index, pane) in panes.iter().enumerate() {
            let place = vec2((index % columns) as f32, (index / columns) as f32);
            let min = origin + place * (cell + Vec2::splat(GAP));
            let builder = UiBuilder::new()
                .id_salt(("pane", &pane.run))
                .max_rect(Rect::from_min_size(min, cell))
                .layout(Layout::top_down(Align::LEFT));
            let mut ui = ui.new_child(builder);
            outputs.extend(self.pane_ui(&mut ui, image, pane, canvas));
        }
        ui.allocate_space(area);
        self.hovered = outputs.iter().find_map(|output| output.hovered);
        crosshairs(ui, &outputs);
        if has_line {
            self.pixel_ui(ui, panes);
        }
    }

    fn pane_ui(
        &mut self,
        ui: &mut Ui,
        image: &Path,
        pane: &Pane,
        size: Vec2,
    ) -> Option<CanvasOutput> {
        let canvas = Rect::from_min_size(ui.cursor().min, size);
        let is_stale = !self.shown.as_ref().is_some_and(|shown| shown.is_of(image));
        let mut output = None;
        if let PaneState::Failed(message) = &pane.state {
            let mut ui = ui.new_child(UiBuilder::new().max_rect(canvas));
            ui.error_box("No prediction", message);
        } else if let Some(shown) = &self.shown {
            let drawn = shown.drawn(pane.run.as_deref(), self.opacity);
            let size_px = shown.image_size;
            let shown = Canvas::new(&mut self.textures, &drawn, size_px, &pane.title)
                .dimmed(is_stale && pane.is_long_running())
                .show(ui, size, &mut self.view);
            output = Some(shown);
        }
        ui.advance_cursor_after_rect(canvas);
        match &pane.state {
            PaneState::Running(secs) if pane.is_long_running() || self.shown.is_none() => {
                ui.waiting(canvas, &format!("Predicting · {secs:.1} s"));
            }
            PaneState::Running(secs) => {
                ui.request_repaint_after_secs((SHOW_WAITING_AFTER - secs).max(0.0));
            }
            _ => {}
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add(Label::new(RichText::new(&pane.title).strong()).truncate());
        let detail = match pane.state {
            PaneState::NoWeights => format!("{} · no weights yet", pane.detail),
            _ => pane.detail.clone(),
        };
        ui.add(Label::new(detail).truncate());
        output
    }

    fn shows_truth(&self) -> bool {
        let panes = self.shown.as_ref().map_or(&[][..], |shown| &shown.panes);
        panes.iter().any(|(run, _)| run.is_none())
    }

    /// Width to height of a pane that an image just fills.
    fn aspect(&self) -> f32 {
        let [width, height] = self.shown.as_ref().map_or([4, 3], |shown| shown.image_size);
        width.max(1) as f32 / height.max(1) as f32
    }

    fn pixel_ui(&self, ui: &mut Ui, panes: &[Pane]) {
        let Some(pixel) = self.hovered else {
            ui.weak("Scroll to zoom, drag to pan, double click to fit");
            return;
        };
        let classes: Vec<_> = panes.iter().filter_map(|p| p.class_at(pixel)).collect();
        let text = format!("x {}, y {}  ·  {}", pixel.x, pixel.y, classes.join("  ·  "));
        ui.add(Label::new(text).truncate());
    }
}

/// Marks the place under the pointer in all other panes.
fn crosshairs(ui: &Ui, outputs: &[CanvasOutput]) {
    let hovered = outputs.iter().enumerate().find_map(|(index, output)| {
        let pointer = output.hovered.and(output.response.hover_pos())?;
        Some((index, output.transform.image_from_screen(pointer)))
    });
    let Some((own, image)) = hovered else {
        return;
    };
    for (index, output) in outputs.iter().enumerate() {
        if index != own {
            let painter = ui.painter_at(output.response.rect);
            crosshair(&painter, output.transform.screen_from_image(image));
        }
    }
}

fn crosshair(painter: &Painter, center: Pos2) {
    let arms = [vec2(7.0, 0.0), vec2(0.0, 7.0)];
    for stroke in [
        Stroke::new(3.0, Color32::BLACK),
        Stroke::new(1.0, Color32::WHITE),
    ] {
        for arm in arms {
            painter.line_segment([center - arm, center + arm], stroke);
        }
    }
}
