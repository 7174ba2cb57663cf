//! The Live panel: masks of pinned validation images during training.

mod items;

use std::sync::Arc;

use eframe::egui::{CollapsingHeader, ScrollArea, Ui, Vec2, vec2};
use serde::{Deserialize, Serialize};

use self::items::{GAP, ItemPainter, grid};
use super::go_to_train;
use super::inspect::legend::legend_line;
use crate::engine::{ClassList, LabelMap, Preview, PreviewItem};
use crate::ui::canvas::controls::opacity_slider;
use crate::ui::canvas::{Layer, TextureCache};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::{ClassSet, format};

/// The Live panel.
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
    textures: TextureCache,
    /// The last preview whose layers were all ready.
    #[serde(skip)]
    shown: Option<LiveMasks>,
}

impl Default for LivePanel {
    fn default() -> Self {
        Self {
            opacity: 0.65,
            outlines: false,
            columns: Columns::default(),
            visible: ClassSet::default(),
            textures: TextureCache::default(),
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
        Self {
            image: true,
            truth: true,
        }
    }
}

impl Columns {
    /// Tiles of each item, the prediction included.
    fn count(self) -> usize {
        1 + usize::from(self.image) + usize::from(self.truth)
    }
}

/// One preview and how it is shown.
struct LiveMasks {
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
    layers: Vec<Layer>,
}

impl LivePanel {
    /// Fills the panel.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        self.prepare(ctx, ui);
        self.controls_ui(ctx, ui);
        ui.separator();
        if self.shown.is_none() {
            nothing_live_ui(ctx, ui);
            return;
        }
        let area = ui.available_size();
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| self.items_ui(ctx, ui, area));
    }

    /// Prepares to show the newest masks; the previous ones stay until all are ready.
    fn prepare(&mut self, ctx: &PanelCtx<'_>, ui: &Ui) {
        let Some(live) = ctx.engine.live() else {
            if self.shown.take().is_some() {
                self.textures = TextureCache::default();
                self.visible.show_all();
            }
            return;
        };
        let masks = LiveMasks {
            run: live.run.clone(),
            preview: live.preview.clone(),
            classes: ctx.colors.of(&live.classes),
            visible: self.visible,
            outlines: self.outlines,
            columns: self.columns,
        };
        let mut wanted = Vec::new();
        for item in &masks.preview.items {
            for tile in masks.tiles(item) {
                wanted.extend(tile.layers);
            }
        }
        if self.textures.prepare(ctx, ui.ctx(), &wanted) {
            self.shown = Some(masks);
        }
    }

    fn controls_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            opacity_slider(ui, &mut self.opacity);
            ui.checkbox(&mut self.outlines, "Outlines")
                .on_hover_text("Draw the borders between classes");
            ui.checkbox(&mut self.columns.image, "Show image")
                .on_hover_text("Show a column with the image");
            ui.checkbox(&mut self.columns.truth, "Show ground truth")
                .on_hover_text("Show a column with the ground truth");
            // Last: the number of the step grows.
            if let Some(masks) = &self.shown {
                let title = ctx
                    .engine
                    .run(&masks.run)
                    .map_or_else(|| masks.run.clone(), crate::engine::RunSnapshot::title);
                ui.separator();
                ui.strong(title);
                ui.label(format!("after step {}", format::count(masks.preview.step)));
            }
        });
        let Some(masks) = &self.shown else {
            return;
        };
        let classes = masks.classes.clone();
        CollapsingHeader::new("Classes")
            .default_open(true)
            .show_unindented(ui, |ui| {
                legend_line(ui, &classes, &mut self.visible);
            });
    }

    fn items_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, area: Vec2) {
        let Some(masks) = &self.shown else {
            return;
        };
        let items = &masks.preview.items;
        let num_tiles = masks.columns.count();
        let sizes: Vec<_> = items
            .iter()
            .map(|item| [item.image.width, item.image.height])
            .collect();
        let (columns, tile_width) = grid(area, num_tiles, &sizes);
        let mut painter = ItemPainter {
            masks,
            textures: &mut self.textures,
            opacity: self.opacity,
            tile_width,
        };
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

impl LiveMasks {
    /// The columns of one item, from left to right.
    fn tiles(&self, item: &PreviewItem) -> Vec<Tile> {
        let mut tiles = Vec::with_capacity(3);
        if self.columns.image {
            tiles.push(Tile {
                caption: "Image",
                layers: vec![Layer::Image(item.image.clone())],
            });
        }
        if self.columns.truth {
            tiles.push(Tile {
                caption: "Ground truth",
                layers: self.overlay(item, &item.truth),
            });
        }
        tiles.push(Tile {
            caption: "Prediction",
            layers: self.overlay(item, &item.mask),
        });
        tiles
    }

    fn overlay(&self, item: &PreviewItem, mask: &Arc<LabelMap>) -> Vec<Layer> {
        let (mask, classes, visible) = (mask.clone(), self.classes.clone(), self.visible);
        let mut layers = vec![
            Layer::Image(item.image.clone()),
            Layer::Fill {
                mask: mask.clone(),
                classes: classes.clone(),
                visible,
            },
        ];
        if self.outlines {
            layers.push(Layer::Outline {
                mask,
                classes,
                visible,
            });
        }
        layers
    }
}

fn nothing_live_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ctx.engine.live().is_some() {
        return; // the first masks are being colored
    }
    let is_training = ctx.engine.active().is_some();
    let (title, hint) = if is_training {
        ("No masks yet", "The first masks appear in a moment")
    } else {
        (
            "Nothing is training",
            "Start training to see masks of validation images here",
        )
    };
    ui.empty_state(title, hint, |ui| {
        if !is_training {
            go_to_train(ctx, ui);
        }
    });
}
