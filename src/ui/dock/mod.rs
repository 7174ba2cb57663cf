//! The layout of the panels: a tree of tiles that the user can rearrange.
//!
//! Knows tiles and titles; what a panel draws is in `panels`.

#[cfg(test)]
mod tests;

use eframe::egui::{self, Id, Ui, WidgetText};
use egui_tiles::{
    Behavior, Container, Linear, LinearDir, SimplificationOptions, TabState, Tile, TileId, Tiles,
    Tree, UiResponse,
};
use serde::{Deserialize, Serialize};

use super::command::PanelKind;
use super::theme;

/// Initial width of the left column, in points.
const LEFT_WIDTH: f32 = 348.0;
/// Between panels, in points.
const GAP: f32 = 4.0;
/// Minimum width of the left column when the window gets narrower.
const MIN_LEFT_WIDTH: f32 = 300.0;
/// In less height, curves and images beneath each other would both be too small to work with: maps would be
/// tiny, and scores out of sight. Windows of 720 and 768 points are lower.
const LOW: f32 = 740.0;

/// The trees of panels.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct DockLayout {
    tree: Tree<PanelKind>,
    /// Shown instead in a low window. Both can be rearranged; the same panels are open in both.
    low_tree: Tree<PanelKind>,
    left_width: f32,
    #[serde(skip)]
    is_low: bool,
    #[serde(skip)]
    last_width: Option<f32>,
    /// What the left column was made to be, until it is dragged.
    #[serde(skip)]
    set_width: Option<f32>,
}

impl Default for DockLayout {
    fn default() -> Self {
        Self {
            tree: default_tree(),
            low_tree: default_low_tree(),
            left_width: LEFT_WIDTH,
            is_low: false,
            last_width: None,
            set_width: None,
        }
    }
}

impl DockLayout {
    /// Replaces a saved layout that lacks panels of this version.
    pub fn repair(&mut self) {
        let is_complete = |tree: &Tree<PanelKind>| {
            let mut panels = PanelKind::ALL.iter();
            tree.root.is_some() && panels.all(|panel| tree.tiles.find_pane(panel).is_some())
        };
        if !is_complete(&self.tree) || !is_complete(&self.low_tree) {
            *self = Self::default();
        }
    }

    /// The tree that is shown.
    fn shown(&self) -> &Tree<PanelKind> {
        if self.is_low {
            &self.low_tree
        } else {
            &self.tree
        }
    }

    fn shown_mut(&mut self) -> &mut Tree<PanelKind> {
        if self.is_low {
            &mut self.low_tree
        } else {
            &mut self.tree
        }
    }

    fn trees_mut(&mut self) -> [&mut Tree<PanelKind>; 2] {
        [&mut self.tree, &mut self.low_tree]
    }

    /// Whether a panel is open, even behind another tab.
    pub fn is_open(&self, panel: PanelKind) -> bool {
        is_open(self.shown(), panel)
    }

    /// Whether a panel is open and in front.
    pub fn is_in_front(&self, panel: PanelKind) -> bool {
        let tree = self.shown();
        let tile = tree.tiles.find_pane(&panel);
        tile.is_some_and(|tile| tree.active_tiles().contains(&tile))
    }

    /// Opens a panel and brings it to the front.
    pub fn show(&mut self, panel: PanelKind) {
        for tree in self.trees_mut() {
            show(tree, panel);
        }
    }

    /// Brings a panel to the front if it is a tab beside one of `others`; opens nothing.
    pub fn prefer(&mut self, panel: PanelKind, others: &[PanelKind]) {
        for tree in self.trees_mut() {
            prefer(tree, panel, others);
        }
    }

    /// Closes a panel; it keeps its place.
    pub fn hide(&mut self, panel: PanelKind) {
        for tree in self.trees_mut() {
            set_open(tree, panel, false);
        }
    }

    /// Opens and closes panels in the other tree as in the shown one, whose tabs can be closed.
    fn close_in_both(&mut self) {
        for panel in PanelKind::ALL {
            let is_open = self.is_open(panel);
            for tree in self.trees_mut() {
                set_open(tree, panel, is_open);
            }
        }
    }

    /// Draws all panels through `draw`.
    pub fn ui(&mut self, ui: &mut Ui, draw: &mut dyn FnMut(PanelKind, &mut Ui)) {
        let is_low = ui.available_height() < LOW;
        if is_low != self.is_low {
            self.is_low = is_low;
            self.last_width = None;
        }
        if self.shown().active_tiles().len() <= 1 {
            ui.centered_and_justified(|ui| {
                ui.weak("All panels are hidden; open one in the View menu")
            });
            return;
        }
        let width = ui.available_width();
        if self.last_width != Some(width) {
            self.keep_left_width(width);
            self.last_width = Some(width);
        }
        self.shown_mut().ui(&mut Panes { draw }, ui);
        self.close_in_both();
        if let Some((left, _)) = self.columns()
            && let Some(rect) = self.shown().tiles.rect(left)
            && rect.width() > 0.0
            // What was set and not dragged since is kept as it was, to the last fraction.
            && self.set_width.is_none_or(|set| (set - rect.width()).abs() > 1.0)
        {
            self.left_width = rect.width();
            self.set_width = None;
        }
    }

    /// The two columns, if the user kept two side by side.
    fn columns(&self) -> Option<(TileId, TileId)> {
        let tree = self.shown();
        match tree.tiles.get(tree.root?)? {
            Tile::Container(Container::Linear(linear)) if linear.dir == LinearDir::Horizontal => {
                match linear.children[..] {
                    [left, right]
                        if [left, right]
                            .iter()
                            .all(|tile| tree.is_visible_in_layout(*tile)) =>
                    {
                        Some((left, right))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The left column keeps its width in points when the window changes.
    fn keep_left_width(&mut self, width: f32) {
        let Some((left, right)) = self.columns() else {
            return;
        };
        let left_width = self.left_width.max(MIN_LEFT_WIDTH).min(0.6 * width);
        self.set_width = Some(left_width);
        let tree = self.shown_mut();
        let Some(Tile::Container(Container::Linear(linear))) =
            tree.root.and_then(|root| tree.tiles.get_mut(root))
        else {
            return;
        };
        let share = left_width / (width - GAP).max(1.0);
        linear.shares.set_share(left, 2.0 * share);
        linear.shares.set_share(right, 2.0 * (1.0 - share));
    }
}

/// Dataset and Train on the left; Curves and Look inside above Live, Inspect, Compare, Evaluate
/// and Runs on the right.
fn default_tree() -> Tree<PanelKind> {
    let mut tiles = Tiles::default();
    let dataset = tabs(&mut tiles, &[PanelKind::Dataset]);
    let train = tabs(&mut tiles, &[PanelKind::Train]);
    // Look inside tells of the pixel under the pointer in Inspect: both are in sight.
    let curves = tabs(&mut tiles, &[PanelKind::Curves, PanelKind::LookInside]);
    let images = tabs(
        &mut tiles,
        &[
            PanelKind::Live,
            PanelKind::Inspect,
            PanelKind::Compare,
            PanelKind::Evaluate,
            PanelKind::Runs,
        ],
    );
    let left = split(&mut tiles, LinearDir::Vertical, [dataset, train], 0.45);
    let right = split(&mut tiles, LinearDir::Vertical, [curves, images], 0.42);
    let root = split(&mut tiles, LinearDir::Horizontal, [left, right], 0.24);
    Tree::new(Id::unique("panels"), root, tiles)
}

/// For a low window: Dataset above Train and Look inside; beside them everything else, one at a time.
fn default_low_tree() -> Tree<PanelKind> {
    let mut tiles = Tiles::default();
    let dataset = tabs(&mut tiles, &[PanelKind::Dataset]);
    let train = tabs(&mut tiles, &[PanelKind::Train, PanelKind::LookInside]);
    let others = tabs(
        &mut tiles,
        &[
            PanelKind::Live,
            PanelKind::Curves,
            PanelKind::Inspect,
            PanelKind::Compare,
            PanelKind::Evaluate,
            PanelKind::Runs,
        ],
    );
    let left = split(&mut tiles, LinearDir::Vertical, [dataset, train], 0.42);
    let root = split(&mut tiles, LinearDir::Horizontal, [left, others], 0.24);
    Tree::new(Id::unique("panels of a low window"), root, tiles)
}

fn tabs(tiles: &mut Tiles<PanelKind>, panels: &[PanelKind]) -> TileId {
    let children = panels
        .iter()
        .map(|panel| tiles.insert_pane(*panel))
        .collect();
    tiles.insert_tab_tile(children)
}

fn split(
    tiles: &mut Tiles<PanelKind>,
    dir: LinearDir,
    children: [TileId; 2],
    fraction: f32,
) -> TileId {
    let linear = Linear::new_binary(dir, children, fraction);
    tiles.insert_container(Container::Linear(linear))
}

fn is_open(tree: &Tree<PanelKind>, panel: PanelKind) -> bool {
    let tile = tree.tiles.find_pane(&panel);
    tile.is_some_and(|tile| tree.is_visible(tile))
}

fn set_open(tree: &mut Tree<PanelKind>, panel: PanelKind, is_open: bool) {
    if let Some(tile) = tree.tiles.find_pane(&panel) {
        tree.set_visible(tile, is_open);
    }
}

fn show(tree: &mut Tree<PanelKind>, panel: PanelKind) {
    set_open(tree, panel, true);
    tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == panel));
}

fn prefer(tree: &mut Tree<PanelKind>, panel: PanelKind, others: &[PanelKind]) {
    let tiles = &tree.tiles;
    let group = |panel: &PanelKind| {
        tiles
            .find_pane(panel)
            .and_then(|tile| tiles.parent_of(tile))
    };
    let shared = group(&panel).filter(|own| others.iter().any(|other| group(other) == Some(*own)));
    let is_tabs = |tile| matches!(tiles.get(tile), Some(Tile::Container(Container::Tabs(_))));
    if is_open(tree, panel) && shared.is_some_and(is_tabs) {
        show(tree, panel);
    }
}

struct Panes<'a> {
    draw: &'a mut dyn FnMut(PanelKind, &mut Ui),
}

impl Behavior<PanelKind> for Panes<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, pane: &mut PanelKind) -> UiResponse {
        egui::Frame::new()
            .inner_margin(egui::Margin::symmetric(10, 8))
            .show(ui, |ui| {
                ui.push_id(*pane, |ui| {
                    ui.expand_to_include_rect(ui.max_rect());
                    (self.draw)(*pane, ui);
                });
            });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &PanelKind) -> WidgetText {
        pane.title().into()
    }

    fn is_tab_closable(&self, tiles: &Tiles<PanelKind>, tile: TileId) -> bool {
        matches!(tiles.get(tile), Some(Tile::Pane(_)))
    }

    /// Closing hides, so that the panel comes back to its place.
    fn on_tab_close(&mut self, tiles: &mut Tiles<PanelKind>, tile: TileId) -> bool {
        tiles.set_visible(tile, false);
        false
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions {
            all_panes_must_have_tabs: true,
            ..SimplificationOptions::default()
        }
    }

    fn min_size(&self) -> f32 {
        140.0
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        GAP
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        26.0
    }

    fn tab_title_spacing(&self, _visuals: &egui::Visuals) -> f32 {
        10.0
    }

    /// Easy to hit; the cross in it is smaller.
    fn close_button_outer_size(&self) -> f32 {
        20.0
    }

    fn close_button_inner_margin(&self) -> f32 {
        6.0
    }

    /// A tab that has the focus of the keyboard has an outline, as buttons have.
    fn on_tab_button(
        &mut self,
        _tiles: &mut Tiles<PanelKind>,
        _tile: TileId,
        response: egui::Response,
    ) -> egui::Response {
        if response.has_focus() {
            let ctx = &response.ctx;
            let stroke = ctx.global_style().visuals.widgets.active.bg_stroke;
            let painter = ctx.layer_painter(response.layer_id);
            let place = response.rect.shrink(1.5);
            painter.rect_stroke(place, 4.0, stroke, egui::StrokeKind::Inside);
        }
        response
    }

    fn tab_bar_color(&self, visuals: &egui::Visuals) -> egui::Color32 {
        theme::palette(visuals).well
    }

    fn tab_outline_stroke(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<PanelKind>,
        _tile: TileId,
        _state: &TabState,
    ) -> egui::Stroke {
        egui::Stroke::NONE
    }

    fn tab_bar_hline_stroke(&self, _visuals: &egui::Visuals) -> egui::Stroke {
        egui::Stroke::NONE
    }
}
