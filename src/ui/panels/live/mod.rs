//! The Live panel: masks of pinned validation images during training, and its film.

mod film;
mod head;
mod items;
mod loss_line;
mod moment;
mod nothing;

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{
    CollapsingHeader, Frame, Margin, Panel, Pos2, Rect, ScrollArea, Ui, Vec2, vec2,
};
use serde::{Deserialize, Serialize};

use self::film::FilmStrip;
use self::items::{GAP, ItemPainter, grid, has_truth};
use self::nothing::nothing_live_ui;
use super::inspect::legend::legend_line;
use crate::engine::{
    ClassList, FilmFile, LabelMap, Live, Preview, PreviewItem, RunSnapshot, RunState,
};
use crate::ui::canvas::controls::opacity_slider;
use crate::ui::canvas::{Layer, TextureCache};
use crate::ui::command::{Ask, Command};
use crate::ui::context::PanelCtx;
use crate::ui::view_model::ClassSet;

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
    /// The run whose film was chosen; `None` = that in training, else the newest.
    #[serde(skip)]
    film_run: Option<String>,
    #[serde(skip)]
    film: FilmStrip,
    #[serde(skip)]
    place: Option<Rect>,
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
            film_run: None,
            film: FilmStrip::default(),
            place: None,
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

/// In a panel of less height the controls are folded, for the masks would have no room.
const LOW: f32 = 240.0;
/// In one of less height those of the film are in one line.
const LOW_FILM: f32 = 340.0;
/// In one of less height the film is scrolled with the masks.
const LEAST: f32 = 200.0;

/// A column of an item.
struct Tile {
    caption: &'static str,
    layers: Vec<Layer>,
}

impl LivePanel {
    /// Collects results of tasks, also while the panel is hidden.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        self.film.poll(ctx);
    }

    /// The run and the step that the film shows, for Curves to mark.
    pub fn cursor(&self) -> Option<(&str, usize)> {
        self.film.cursor()
    }

    /// Shows the film at a step of a run for as long as the pointer is there in Curves.
    pub fn point_at(&mut self, at: Option<(String, usize)>) {
        self.film.point_at(at);
    }

    /// The run whose film is shown.
    pub fn filmed_run(&self) -> Option<&str> {
        self.film.run()
    }

    /// The run whose film was moved since the last time.
    pub fn take_scrubbed(&mut self) -> Option<String> {
        self.film.take_scrubbed()
    }

    /// Whether this place of the window was in the panel when it was drawn last.
    pub fn has(&self, place: Pos2) -> bool {
        self.place.is_some_and(|own| own.contains(place))
    }

    /// Saves the film for which a place was asked.
    pub fn save(&mut self, ctx: &PanelCtx<'_>, file: FilmFile, path: PathBuf) {
        if let Some(run) = self.filmed(ctx) {
            let classes = ctx.colors.of(&run.classes);
            self.film.save(ctx, classes, self.opacity, (file, path));
        }
    }

    /// The run whose film is shown.
    fn filmed<'a>(&self, ctx: &PanelCtx<'a>) -> Option<&'a RunSnapshot> {
        let active = ctx.engine.active().map(|active| active.run.as_str());
        let live = ctx.engine.live().map(|live| live.run.as_str());
        let is_there = |run: &&str| ctx.engine.run(run).is_some();
        let chosen = self.film_run.as_deref().filter(is_there);
        let followed = || ctx.engine.followed().next().map(|run| run.name.as_str());
        // A run that begins has no name yet; the one before it is not shown in its place.
        let newest = || followed().or(live.filter(is_there));
        if let Some(name) = chosen.or(active).or_else(newest) {
            return ctx.engine.run(name);
        }
        // A run that failed before its first step has nothing to show.
        let mut runs = ctx.engine.runs().iter();
        let begun = runs.find(|run| run.state == RunState::Active || run.steps_done() > 0);
        begun.or(ctx.engine.runs().first())
    }

    /// Fills the panel.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        self.place = Some(ui.max_rect());
        let filmed = self.filmed(ctx);
        self.film.update(ctx, ui, filmed);
        self.prepare(ctx, ui, filmed);
        let film = filmed.filter(|_| self.film.is_there());
        let is_least = ui.available_height() < LEAST && self.shown.is_some();
        if let Some(run) = film.filter(|_| !is_least) {
            Panel::bottom("live_film")
                .resizable(false)
                .frame(Frame::new().inner_margin(Margin::symmetric(2, 4)))
                .show(ui, |ui| self.film_ui(ctx, ui, run));
        }
        let area = ui.available_size();
        let is_low = area.y < LOW && self.shown.is_some();
        if !is_low {
            self.controls_ui(ctx, ui);
            ui.separator();
        }
        if self.shown.is_none() {
            let live = ctx.engine.live();
            let is_shown = |live: &Live| filmed.is_none_or(|run| run.name == live.run);
            // Else the first masks are being colored.
            if !live.is_some_and(is_shown) {
                nothing_live_ui(ctx, ui, filmed, self.film.is_there());
            }
            return;
        }
        let area = if is_low { area } else { ui.available_size() };
        ScrollArea::vertical()
            .auto_shrink([false, false])
            // Where it is lower than that, it must not reach over the film.
            .min_scrolled_height(0.0)
            .show(ui, |ui| {
                let mut room = area;
                if is_low {
                    // One line, which opens.
                    CollapsingHeader::new("What is shown")
                        .default_open(false)
                        .show_unindented(ui, |ui| self.controls_ui(ctx, ui));
                    room.y -= ui.spacing().interact_size.y + GAP;
                }
                self.items_ui(ctx, ui, room);
                if let Some(run) = film.filter(|_| is_least) {
                    ui.separator();
                    self.film_ui(ctx, ui, run);
                }
            });
    }

    /// Prepares to show the newest masks; the previous ones stay until all are ready.
    fn prepare(&mut self, ctx: &PanelCtx<'_>, ui: &Ui, run: Option<&RunSnapshot>) {
        let filmed = self.film.preview().and_then(|(run, preview)| {
            let classes = ctx.colors.of(&ctx.engine.run(run)?.classes);
            Some((run.to_owned(), Arc::clone(preview), classes))
        });
        let newest = || {
            let live = ctx.engine.live()?;
            let is_chosen = run.is_none_or(|run| run.name == live.run);
            let classes = ctx.colors.of(&live.classes);
            is_chosen.then(|| (live.run.clone(), Arc::clone(&live.preview), classes))
        };
        let Some((run, preview, classes)) = filmed.or_else(newest) else {
            if self.shown.take().is_some() {
                self.textures = TextureCache::default();
                self.visible.show_all();
            }
            return;
        };
        let masks = LiveMasks {
            run,
            preview,
            classes,
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
            let add = ui.button("Add probe images…").on_hover_text(
                "Film images of your own beside those of the validation list, from the next run on. Images can be \
                 dropped here, too",
            );
            if add.clicked() {
                ctx.commands.send(Command::Ask(Ask::Probes));
            }
            if let Some(masks) = &self.shown {
                let cursor = self.film.cursor().filter(|(run, _)| *run == masks.run);
                head::ui(ctx, ui, masks, cursor.map(|(_, step)| step));
            }
        });
        let Some(masks) = &self.shown else {
            return;
        };
        let classes = masks.classes.clone();
        CollapsingHeader::new("Classes")
            .default_open(true)
            .show_unindented(ui, |ui| {
                legend_line(ui, &classes, &mut self.visible, None);
            });
    }

    fn film_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, run: &RunSnapshot) {
        let is_low = self.place.is_some_and(|place| place.height() < LOW_FILM);
        if let Some(picked) = self.film.ui(ctx, ui, (run, is_low)) {
            self.film_run = Some(picked);
        }
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
                layers: vec![Layer::Image(item.image.clone().into())],
            });
        }
        if self.columns.truth && has_truth(item) {
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
            Layer::Image(item.image.clone().into()),
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
