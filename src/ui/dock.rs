//! The layout of the panels: a tree of tiles that the user can rearrange.
//!
//! Knows tiles and titles; what a panel draws is in `panels`.

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

/// The tree of panels.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct DockLayout {
    tree: Tree<PanelKind>,
    left_width: f32,
    #[serde(skip)]
    last_width: Option<f32>,
    /// What the left column was made to be, until it is dragged.
    #[serde(skip)]
    set_width: Option<f32>,
}

impl Default for DockLayout {
    /// Dataset and Train on the left; Curves and Look inside above Live, Inspect, Compare, Evaluate
    /// and Runs on the right.
    fn default() -> Self {
        let mut tiles = Tiles::default();
        let mut tabs = |panels: &[PanelKind]| {
            let children = panels
                .iter()
                .map(|panel| tiles.insert_pane(*panel))
                .collect();
            tiles.insert_tab_tile(children)
        };
        let dataset = tabs(&[PanelKind::Dataset]);
        let train = tabs(&[PanelKind::Train]);
        // Look inside tells of the pixel under the pointer in Inspect: both are in sight.
        let curves = tabs(&[PanelKind::Curves, PanelKind::LookInside]);
        let images = tabs(&[
            PanelKind::Live,
            PanelKind::Inspect,
            PanelKind::Compare,
            PanelKind::Evaluate,
            PanelKind::Runs,
        ]);
        let mut split = |dir, children, fraction| {
            tiles.insert_container(Container::Linear(Linear::new_binary(
                dir, children, fraction,
            )))
        };
        let left = split(LinearDir::Vertical, [dataset, train], 0.45);
        let right = split(LinearDir::Vertical, [curves, images], 0.42);
        let root = split(LinearDir::Horizontal, [left, right], 0.24);
        Self {
            tree: Tree::new(Id::unique("panels"), root, tiles),
            left_width: LEFT_WIDTH,
            last_width: None,
            set_width: None,
        }
    }
}

impl DockLayout {
    /// Replaces a saved layout that lacks panels of this version.
    pub fn repair(&mut self) {
        let complete = PanelKind::ALL
            .iter()
            .all(|panel| self.tree.tiles.find_pane(panel).is_some());
        if !complete || self.tree.root.is_none() {
            *self = Self::default();
        }
    }

    /// Whether a panel is open, even behind another tab.
    pub fn is_open(&self, panel: PanelKind) -> bool {
        self.tree
            .tiles
            .find_pane(&panel)
            .is_some_and(|tile| self.tree.is_visible(tile))
    }

    /// Whether a panel is open and in front.
    pub fn is_in_front(&self, panel: PanelKind) -> bool {
        let tile = self.tree.tiles.find_pane(&panel);
        tile.is_some_and(|tile| self.tree.active_tiles().contains(&tile))
    }

    /// Opens a panel and brings it to the front.
    pub fn show(&mut self, panel: PanelKind) {
        if let Some(tile) = self.tree.tiles.find_pane(&panel) {
            self.tree.set_visible(tile, true);
            self.tree
                .make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == panel));
        }
    }

    /// Brings a panel to the front if it is a tab beside one of `others`; opens nothing.
    pub fn prefer(&mut self, panel: PanelKind, others: &[PanelKind]) {
        let tiles = &self.tree.tiles;
        let group = |panel: &PanelKind| {
            tiles
                .find_pane(panel)
                .and_then(|tile| tiles.parent_of(tile))
        };
        let shared =
            group(&panel).filter(|own| others.iter().any(|other| group(other) == Some(*own)));
        let is_tabs = |tile| matches!(tiles.get(tile), Some(Tile::Container(Container::Tabs(_))));
        if self.is_open(panel) && shared.is_some_and(is_tabs) {
            self.show(panel);
        }
    }

    /// Closes a panel; it keeps its place.
    pub fn hide(&mut self, panel: PanelKind) {
        if let Some(tile) = self.tree.tiles.find_pane(&panel) {
            self.tree.set_visible(tile, false);
        }
    }

    /// Draws all panels through `draw`.
    pub fn ui(&mut self, ui: &mut Ui, draw: &mut dyn FnMut(PanelKind, &mut Ui)) {
        if self.tree.active_tiles().len() <= 1 {
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
        self.tree.ui(&mut Panes { draw }, ui);
        if let Some((left, _)) = self.columns()
            && let Some(rect) = self.tree.tiles.rect(left)
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
        match self.tree.tiles.get(self.tree.root?)? {
            Tile::Container(Container::Linear(linear)) if linear.dir == LinearDir::Horizontal => {
                match linear.children[..] {
                    [left, right]
                        if [left, right]
                            .iter()
                            .all(|tile| self.tree.is_visible_in_layout(*tile)) =>
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
        let Some(Tile::Container(Container::Linear(linear))) = self
            .tree
            .root
            .and_then(|root| self.tree.tiles.get_mut(root))
        else {
            return;
        };
        let left_width = self.left_width.max(MIN_LEFT_WIDTH).min(0.6 * width);
        self.set_width = Some(left_width);
        let share = left_width / (width - GAP).max(1.0);
        linear.shares.set_share(left, 2.0 * share);
        linear.shares.set_share(right, 2.0 * (1.0 - share));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_user_sees_data_training_curves_and_live() {
        let layout = DockLayout::default();
        for panel in [
            PanelKind::Dataset,
            PanelKind::Train,
            PanelKind::Curves,
            PanelKind::Live,
        ] {
            assert!(layout.is_in_front(panel), "{panel:?}");
        }
        assert!(!layout.is_in_front(PanelKind::Inspect));
        assert!(
            PanelKind::ALL
                .into_iter()
                .all(|panel| layout.is_open(panel))
        );
    }

    #[test]
    fn panels_come_back_to_the_front() {
        let mut layout = DockLayout::default();
        layout.show(PanelKind::Compare);
        assert!(layout.is_in_front(PanelKind::Compare) && !layout.is_in_front(PanelKind::Live));
        layout.hide(PanelKind::Live);
        assert!(!layout.is_open(PanelKind::Live));
        layout.show(PanelKind::Live);
        assert!(layout.is_in_front(PanelKind::Live));
    }

    #[test]
    fn a_tab_is_preferred_to_its_neighbors_only() {
        let others = [PanelKind::Inspect, PanelKind::Compare];
        let mut layout = DockLayout::default();
        layout.show(PanelKind::Compare);
        layout.prefer(PanelKind::Live, &[PanelKind::Train]);
        assert!(layout.is_in_front(PanelKind::Compare));
        layout.prefer(PanelKind::Live, &others);
        assert!(layout.is_in_front(PanelKind::Live));
        layout.hide(PanelKind::Live);
        layout.prefer(PanelKind::Live, &others);
        assert!(!layout.is_open(PanelKind::Live));
    }

    #[test]
    fn a_layout_without_a_panel_is_replaced() {
        let mut layout = DockLayout {
            tree: Tree::new_tabs(Id::unique("old"), vec![PanelKind::Live]),
            ..DockLayout::default()
        };
        layout.repair();
        assert!(layout.is_open(PanelKind::Compare));
    }

    #[test]
    fn the_left_column_keeps_its_width() {
        let ctx = egui::Context::default();
        let mut layout = DockLayout::default();
        for window in [1440.0, 900.0, 2000.0] {
            let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(window, 800.0));
            let input = egui::RawInput {
                screen_rect: Some(screen),
                ..egui::RawInput::default()
            };
            ctx.run_ui(input, |ui| layout.ui(ui, &mut |_, _| {}))
                .drop_without_applying_deltas();
            assert!(
                (layout.left_width - LEFT_WIDTH).abs() < f32::EPSILON,
                "{window}: {}",
                layout.left_width
            );
        }
    }
}
