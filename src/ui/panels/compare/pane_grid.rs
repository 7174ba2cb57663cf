//! The grid of the compared images: where panes go and how they are drawn.

use std::path::Path;

use eframe::egui::{
    Align, Color32, Label, Layout, Painter, Pos2, Rect, ScrollArea, Sense, Stroke, Ui, UiBuilder,
    Vec2, vec2,
};

use super::ComparePanel;
use super::caption::{caption_height, caption_ui};
use super::pane::{Pane, PaneKind, PaneState, ShownPanes, drawn_layers};
use super::swipe::is_blinking;
use crate::ui::canvas::{Canvas, CanvasOutput, Layer, best_columns};
use crate::ui::context::PanelCtx;
use crate::ui::panels::inspect::tiles_offer::tiles_offer;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::mask::Pixel;
use crate::ui::view_model::prediction_cache::{Lookup, SHOW_WAITING_AFTER};

const GAP: f32 = 6.0;
/// Panes are not drawn smaller than this.
const MIN_AREA: Vec2 = Vec2::splat(80.0);
/// Lower panels leave out the line below the images.
const MIN_LINED: f32 = 200.0;

impl ComparePanel {
    /// The panes of `image`; starts the predictions that are missing.
    pub(super) fn panes(&mut self, ctx: &PanelCtx<'_>, image: &Path) -> Vec<Pane> {
        let mut panes = Vec::with_capacity(self.num_panes());
        let runs = self.compared_runs(ctx);
        let mut truth = None;
        for weights in &self.networks {
            let has_weights = ctx
                .engine
                .run(&weights.run)
                .is_some_and(|run| run.has_weights);
            let lookup = has_weights.then(|| self.predictions.get(ctx.engine, weights, image));
            if let Some(Lookup::Ready(prediction)) = &lookup {
                truth = truth.or_else(|| Pane::of_truth(prediction, ctx.colors));
            }
            panes.push(Pane::of_network(&runs, weights, lookup, ctx.colors));
        }
        if truth.is_none() && self.shown.as_ref().is_some_and(ShownPanes::has_truth) {
            // The ground truth keeps its place during the first prediction.
            let longest = panes
                .iter()
                .filter_map(Pane::wait)
                .max_by(|a, b| a.secs.total_cmp(&b.secs));
            truth = longest.cloned().map(Pane::of_awaited_truth);
        }
        panes.extend(truth.filter(|_| self.panes_on.truth));
        if self.panes_on.image {
            panes.insert(0, Pane::of_image());
        }
        panes
    }

    /// Draws the panes, and a line about the pixel under the pointer. `image` is the chosen one.
    pub(super) fn panes_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, image: &Path) {
        let Some(shown) = self.shown.take() else {
            ui.request_repaint_after_secs(SHOW_WAITING_AFTER);
            return;
        };
        if !shown.is_of(image) {
            // Soon there is something to show of the chosen one.
            ui.request_repaint_after_secs(SHOW_WAITING_AFTER);
        }
        let line_height = ui.spacing().interact_size.y;
        let has_line = ui.available_height() > MIN_LINED;
        let line = if has_line { line_height + GAP } else { 0.0 };
        let area = (ui.available_size() - vec2(0.0, line)).max(MIN_AREA);
        let sides = self.swipe.on.then(|| self.swipe.sides(&shown)).flatten();
        let outputs = match sides {
            Some(sides) => Vec::from_iter(self.swiped_ui(ui, &shown, sides, area)),
            None => self.grid_ui(ctx, ui, &shown, area),
        };
        self.hovered = outputs.iter().find_map(|output| output.hovered);
        crosshairs(ui, &outputs);
        if has_line {
            self.line_ui(ui, &shown);
        }
        self.shown = Some(shown);
    }

    /// The panes in the number of columns that makes them largest.
    fn grid_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        shown: &ShownPanes,
        area: Vec2,
    ) -> Vec<CanvasOutput> {
        let (columns, cell, caption_height) = grid_of(ui, shown, area);
        let canvas = (cell - vec2(0.0, caption_height)).max(vec2(40.0, 40.0));
        let origin = ui.available_rect_before_wrap().min;
        let blinked = (self.takes_keys && is_blinking(ui))
            .then(|| first_mask(shown))
            .flatten();
        let mut outputs = Vec::with_capacity(shown.panes.len());
        for (index, (pane, layers)) in shown.panes.iter().enumerate() {
            let place = vec2((index % columns) as f32, (index / columns) as f32);
            let min = origin + place * (cell + Vec2::splat(GAP));
            let builder = UiBuilder::new()
                .id_salt(("pane", &pane.kind))
                .max_rect(Rect::from_min_size(min, cell))
                .layout(Layout::top_down(Align::LEFT));
            let mut ui = ui.new_child(builder);
            let image = Rect::from_min_size(min, canvas);
            if let Some(size) = shown.image_size {
                let layers = blinked.unwrap_or(layers);
                outputs.extend(self.image_ui(&mut ui, pane, layers, size, canvas));
            }
            self.state_ui(ctx, &mut ui, (pane, shown.path()), image);
            ui.advance_cursor_after_rect(image);
            caption_ui(&mut ui, pane);
        }
        ui.allocate_space(area);
        outputs
    }

    fn image_ui(
        &mut self,
        ui: &mut Ui,
        pane: &Pane,
        layers: &[Layer],
        image_size: [u32; 2],
        size: Vec2,
    ) -> Option<CanvasOutput> {
        if matches!(pane.state, PaneState::Failed(_)) {
            return None;
        }
        let drawn = drawn_layers(layers, self.opacity);
        let place = UiBuilder::new().max_rect(Rect::from_min_size(ui.cursor().min, size));
        let mut ui = ui.new_child(place);
        let output = Canvas::new(&mut self.textures, &drawn, image_size, &pane.title).show(
            &mut ui,
            size,
            &mut self.view,
        );
        Some(output)
    }

    /// What is said over the place of the image while there is no mask.
    fn state_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        (pane, image): (&Pane, &Path),
        area: Rect,
    ) {
        match &pane.state {
            PaneState::Failed(message) => {
                let mut ui = ui.new_child(UiBuilder::new().max_rect(area));
                ui.error_box("No prediction", message);
            }
            PaneState::Running(wait) if wait.is_long() => {
                let name = format!("Cancel the prediction of {}", pane.title);
                let is_cancelled = ui.waiting_to_cancel(area, &wait.text(""), &name);
                if let (PaneKind::Network(weights), true) = (&pane.kind, is_cancelled) {
                    self.predictions.cancel(weights, image);
                }
            }
            PaneState::Running(wait) => {
                ui.request_repaint_after_secs(SHOW_WAITING_AFTER - wait.secs);
            }
            PaneState::Offered(_, plan) => {
                let started = tiles_offer(ui, area, plan);
                if let (PaneKind::Network(weights), Some(skip_empty)) = (&pane.kind, started) {
                    self.predictions
                        .start(ctx.engine, weights, image, skip_empty);
                }
            }
            PaneState::Cancelled(..) => {
                let is_wanted = ui.offer(area, "Cancelled", "Predict");
                if let (PaneKind::Network(weights), true) = (&pane.kind, is_wanted) {
                    self.predictions.forget(weights);
                }
            }
            PaneState::Ready { .. }
            | PaneState::Awaited(_)
            | PaneState::NoWeights
            | PaneState::Plain => {}
        }
    }

    /// What is under the pointer, or what the colors mean: a line of one height, so that the scores below it do not
    /// move with the pointer.
    fn line_ui(&self, ui: &mut Ui, shown: &ShownPanes) {
        let size = vec2(ui.available_width(), ui.spacing().interact_size.y);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let layout = Layout::left_to_right(Align::Center);
        let mut ui = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
        ui.spacing_mut().scroll.floating_allocated_width = 0.0;
        match self.hovered {
            Some(pixel) => pixel_ui(&mut ui, shown, pixel),
            None => classes_ui(&mut ui, shown),
        }
    }
}

/// What the panes show of a pixel.
fn pixel_ui(ui: &mut Ui, shown: &ShownPanes, pixel: Pixel) {
    let panes = shown.panes.iter();
    let classes: Vec<_> = panes.filter_map(|(pane, _)| pane.class_at(pixel)).collect();
    let text = format!("x {}, y {}  ·  {}", pixel.x, pixel.y, classes.join("  ·  "));
    ui.add(Label::new(text).truncate());
}

/// What the colors of the masks mean, in one line that can be scrolled.
fn classes_ui(ui: &mut Ui, shown: &ShownPanes) {
    let hint = "Scroll to zoom, drag to pan, double click to fit, hold B to blink";
    let classes = shown.classes();
    if classes.is_empty() {
        ui.weak(hint);
        return;
    }
    ScrollArea::horizontal().show(ui, |ui| {
        ui.horizontal(|ui| {
            for class in &classes {
                ui.swatch(theme::class_color(class.color));
                ui.label(&class.name).on_hover_text(hint);
            }
        });
    });
}

/// The layers of the first network that has a mask.
fn first_mask(shown: &ShownPanes) -> Option<&[Layer]> {
    let mut panes = shown.panes.iter();
    let is_network = |pane: &Pane| matches!(pane.kind, PaneKind::Network(_));
    let found = panes.find(|(pane, _)| is_network(pane) && pane.mask().is_some());
    found.map(|(_, layers)| &**layers)
}

/// Width to height of a pane that an image just fills.
fn aspect(shown: &ShownPanes) -> f32 {
    let [width, height] = shown.image_size.unwrap_or([4, 3]);
    width.max(1) as f32 / height.max(1) as f32
}

/// The number of columns that makes the panes largest, the size of one with its caption, and the height of that.
fn grid_of(ui: &Ui, shown: &ShownPanes, area: Vec2) -> (usize, Vec2, f32) {
    let count = shown.panes.len();
    let width = |columns: usize| (area.x - GAP * (columns as f32 - 1.0)) / columns as f32;
    let caption = |columns| {
        let panes = shown.panes.iter().map(|(pane, _)| pane);
        caption_height(ui, panes, width(columns)) + GAP
    };
    // Captions are higher in narrow panes, and high captions ask for other columns.
    let two_lines = 2.0 * ui.spacing().interact_size.y;
    let guess = best_columns(count, area, aspect(shown), two_lines);
    let columns = best_columns(count, area, aspect(shown), caption(guess));
    let rows = count.div_ceil(columns) as f32;
    let height = (area.y - GAP * (rows - 1.0)) / rows;
    (columns, vec2(width(columns), height), caption(columns))
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
