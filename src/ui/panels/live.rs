//! The pinned validation images while a run trains.

use std::sync::Arc;

use eframe::egui::{CollapsingHeader, Frame, Margin, RichText, ScrollArea, Ui, Vec2, vec2};
use serde::{Deserialize, Serialize};

use super::inspect::legend::legend_line;
use super::inspect::scene::drawn;
use crate::engine::{ClassList, DatasetState, LabelMap, Preview, PreviewItem};
use crate::ui::canvas::controls::{empty_state, opacity_slider};
use crate::ui::canvas::{Canvas, Content, Drawn, Layers};
use crate::ui::command::{Command, PanelKind};
use crate::ui::context::PanelCtx;
use crate::ui::view_model::ClassSet;
use crate::ui::view_model::mask::label_at;
use crate::ui::view_model::scores::percent;

/// Widths of one tile, in points.
const MIN_TILE: f32 = 150.0;
const MAX_TILE: f32 = 440.0;
const GAP: f32 = 6.0;
const CARD_MARGIN: f32 = 6.0;

/// Masks of the pinned images, as they get better.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct LivePanel {
    /// Of the masks, `0.0..=1.0`.
    opacity: f32,
    outlines: bool,
    columns: Columns,
    #[serde(skip)]
    visible: ClassSet,
    #[serde(skip)]
    layers: Layers,
    /// The last scene all of whose layers were ready.
    #[serde(skip)]
    shown: Option<Scene>,
}

impl Default for LivePanel {
    fn default() -> Self {
        Self {
            opacity: 0.65,
            outlines: false,
            columns: Columns::default(),
            visible: ClassSet::default(),
            layers: Layers::default(),
            shown: None,
        }
    }
}

/// What is shown beside the prediction.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default)]
struct Columns {
    image: bool,
    truth: bool,
}

impl Default for Columns {
    fn default() -> Self {
        Self { image: true, truth: true }
    }
}

impl Columns {
    /// Tiles of each item, the prediction included.
    fn count(self) -> usize {
        1 + usize::from(self.image) + usize::from(self.truth)
    }
}

/// One preview and how it is shown.
struct Scene {
    run: String,
    preview: Arc<Preview>,
    classes: Arc<ClassList>,
    visible: ClassSet,
    outlines: bool,
    columns: Columns,
}

/// A column of an item.
struct Tile {
    caption: &'static str,
    contents: Vec<Content>,
}

impl LivePanel {
    /// Fills the panel.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        self.prepare(ctx, ui);
        if self.shown.is_none() {
            nothing_live_ui(ctx, ui);
            return;
        }
        self.controls_ui(ctx, ui);
        ui.separator();
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| self.items_ui(ctx, ui));
    }

    /// Works towards showing the newest masks; the last ones stay until all are there.
    fn prepare(&mut self, ctx: &PanelCtx<'_>, ui: &Ui) {
        let Some(live) = ctx.engine.live() else {
            self.shown = None;
            return;
        };
        if self.shown.as_ref().is_some_and(|old| old.run != live.run) {
            self.visible.show_all();
        }
        let scene = Scene {
            run: live.run.clone(),
            preview: live.preview.clone(),
            classes: live.classes.clone(),
            visible: self.visible,
            outlines: self.outlines,
            columns: self.columns,
        };
        let mut wanted = Vec::new();
        for item in &scene.preview.items {
            for tile in scene.tiles(item) {
                wanted.extend(tile.contents);
            }
        }
        if self.layers.prepare(ctx.engine, ui.ctx(), &wanted) {
            self.shown = Some(scene);
        }
    }

    fn controls_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let Some(scene) = &self.shown else {
            return;
        };
        ui.horizontal_wrapped(|ui| {
            let title = ctx.engine.run(&scene.run).map_or_else(|| scene.run.clone(), |run| run.title());
            ui.strong(title);
            ui.label(format!("after step {}", scene.preview.step));
            ui.separator();
            opacity_slider(ui, &mut self.opacity);
            ui.checkbox(&mut self.outlines, "Outlines").on_hover_text("Draw the borders between classes");
            ui.checkbox(&mut self.columns.image, "Image").on_hover_text("Show the plain image too");
            ui.checkbox(&mut self.columns.truth, "Ground truth").on_hover_text("Show the ground truth too");
        });
        let classes = scene.classes.clone();
        CollapsingHeader::new("Classes").default_open(true).show_unindented(ui, |ui| {
            legend_line(ui, &classes, &mut self.visible);
        });
    }

    fn items_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let Some(scene) = &self.shown else {
            return;
        };
        let items = &scene.preview.items;
        let num_tiles = scene.columns.count();
        let (columns, tile_width) = grid(ui.available_width(), num_tiles, items.len());
        let mut painter = ItemPainter { scene, layers: &mut self.layers, opacity: self.opacity, tile_width };
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        for row in items.chunks(columns) {
            ui.horizontal_top(|ui| {
                for item in row {
                    ui.push_id(&item.id, |ui| painter.item_ui(ctx, ui, item));
                }
            });
        }
    }
}

impl Scene {
    /// The columns of one item, from left to right.
    fn tiles(&self, item: &PreviewItem) -> Vec<Tile> {
        let mut tiles = Vec::with_capacity(3);
        if self.columns.image {
            tiles.push(Tile { caption: "Image", contents: vec![Content::Image(item.image.clone())] });
        }
        if self.columns.truth {
            tiles.push(Tile { caption: "Ground truth", contents: self.overlay(item, &item.truth) });
        }
        tiles.push(Tile { caption: "Prediction", contents: self.overlay(item, &item.mask) });
        tiles
    }

    fn overlay(&self, item: &PreviewItem, mask: &Arc<LabelMap>) -> Vec<Content> {
        let (mask, classes, visible) = (mask.clone(), self.classes.clone(), self.visible);
        let mut contents = vec![
            Content::Image(item.image.clone()),
            Content::Fill { mask: mask.clone(), classes: classes.clone(), visible },
        ];
        if self.outlines {
            contents.push(Content::Outline { mask, classes, visible });
        }
        contents
    }
}

/// Draws items of one scene.
struct ItemPainter<'a> {
    scene: &'a Scene,
    layers: &'a mut Layers,
    opacity: f32,
    tile_width: f32,
}

impl ItemPainter<'_> {
    fn item_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, item: &PreviewItem) {
        let card = Frame::group(ui.style()).inner_margin(Margin::same(CARD_MARGIN as i8));
        card.show(ui, |ui| {
            ui.vertical(|ui| {
                ui.horizontal(|ui| {
                    ui.label(&item.id);
                    ui.label(RichText::new(format!("mIoU {}", percent(item.mean_iu))).strong())
                        .on_hover_text("Mean IU over this image alone");
                });
                ui.horizontal_top(|ui| {
                    for tile in self.scene.tiles(item) {
                        ui.vertical(|ui| self.tile_ui(ctx, ui, item, tile));
                    }
                });
            });
        });
    }

    fn tile_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, item: &PreviewItem, tile: Tile) {
        let image_size = [item.image.width, item.image.height];
        let layers: Vec<Drawn> =
            tile.contents.into_iter().map(|content| drawn(content, self.opacity)).collect();
        let name = format!("{} of {}", tile.caption, item.id);
        let output = Canvas::new(self.layers, &layers, image_size, &name)
            .show_fitted(ui, tile_size(self.tile_width, image_size));
        let response = match output.hovered {
            Some(pixel) => output.response.on_hover_text_at_pointer(self.pixel_text(item, pixel)),
            None => output.response,
        };
        if response.clicked() {
            inspect(ctx, &item.id);
        }
        ui.weak(tile.caption);
    }

    fn pixel_text(&self, item: &PreviewItem, pixel: [u32; 2]) -> String {
        let name = |mask| {
            label_at(mask, pixel).map_or_else(String::new, |label| self.scene.classes.name(label).to_owned())
        };
        format!(
            "Prediction: {}\nGround truth: {}\nx {}, y {}",
            name(&item.mask),
            name(&item.truth),
            pixel[0],
            pixel[1]
        )
    }
}

fn nothing_live_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ctx.engine.live().is_some() {
        return; // the first masks are being colored
    }
    let is_training = ctx.engine.active().is_some();
    let (title, hint) = if is_training {
        ("No masks yet", "The first masks come in a moment")
    } else {
        ("Nothing is training", "Start training to see masks of validation images here")
    };
    empty_state(ui, title, hint, |ui| {
        if !is_training && ui.button("Go to Train").clicked() {
            ctx.commands.send(Command::ShowPanel(PanelKind::Train));
        }
    });
}

/// Opens a validation image in Inspect, where the open data set has it.
fn inspect(ctx: &PanelCtx<'_>, id: &str) {
    let DatasetState::Ready(open) = ctx.engine.dataset() else {
        return;
    };
    if let Some(item) = open.dataset.val.iter().find(|item| item.id == id) {
        let command = Command::Inspect(vec![item.image.clone()]);
        ctx.commands.send(command);
    }
}

/// How many items fit side by side, and how wide their tiles are then.
fn grid(width: f32, num_tiles: usize, num_items: usize) -> (usize, f32) {
    let tiles = num_tiles as f32;
    let around_tiles = 2.0 * CARD_MARGIN + 2.0 + GAP * (tiles - 1.0);
    let item_width = |columns: usize| {
        let gaps = GAP * (columns as f32 - 1.0);
        (width - gaps) / columns as f32
    };
    let tile_width = |columns| (item_width(columns) - around_tiles) / tiles;
    let columns = (1..=num_items.max(1)).rev().find(|&columns| tile_width(columns) >= MIN_TILE).unwrap_or(1);
    (columns, tile_width(columns).clamp(MIN_TILE / 2.0, MAX_TILE))
}

/// As high as the image asks for, within reason.
fn tile_size(width: f32, [image_width, image_height]: [u32; 2]) -> Vec2 {
    let ratio = image_height as f32 / image_width.max(1) as f32;
    vec2(width, width * ratio.clamp(0.4, 1.4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_panel_has_more_columns() {
        assert_eq!(grid(500.0, 3, 8).0, 1);
        assert_eq!(grid(1100.0, 3, 8).0, 2);
        assert_eq!(grid(1100.0, 1, 8).0, 6);
    }

    #[test]
    fn there_are_no_more_columns_than_items() {
        let (columns, tile_width) = grid(5000.0, 3, 2);
        assert_eq!(columns, 2);
        assert!((tile_width - MAX_TILE).abs() < 1e-3);
    }

    #[test]
    fn items_fit_into_the_width() {
        for width in [600.0, 900.0, 1400.0] {
            let (columns, tile) = grid(width, 2, 20);
            let item = 2.0 * tile + GAP + 2.0 * CARD_MARGIN + 2.0;
            assert!(item * columns as f32 + GAP * (columns as f32 - 1.0) <= width + 0.1);
        }
    }

    #[test]
    fn tiles_have_the_shape_of_the_image_within_reason() {
        assert_eq!(tile_size(200.0, [100, 50]), vec2(200.0, 100.0));
        assert_eq!(tile_size(200.0, [100, 1000]), vec2(200.0, 280.0));
    }
}
