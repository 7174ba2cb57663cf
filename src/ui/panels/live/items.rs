//! The items of the Live panel: tiles, captions, and how many go side by side.

use eframe::egui::{Frame, Margin, RichText, Ui, Vec2, vec2};

use super::{LiveMasks, Tile};
use crate::engine::{DatasetState, PreviewItem};
use crate::ui::canvas::{Canvas, DrawnLayer, TextureCache};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::panels::inspect::overlay::drawn;
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::view_model::format::percent;
use crate::ui::view_model::mask::{Pixel, label_at};

/// Widths of one tile, in points.
const MIN_TILE: f32 = 150.0;
const MAX_TILE: f32 = 900.0;
/// In a panel that is lower than a tile.
const MIN_LOW_TILE: f32 = 90.0;
/// Points between tiles.
pub const GAP: f32 = 6.0;
const CARD_MARGIN: f32 = 6.0;
/// Height of an item without its tiles.
const AROUND_TILE_HEIGHT: f32 = 62.0;

/// Draws the items of one preview.
pub struct ItemPainter<'a> {
    /// What is drawn.
    pub masks: &'a LiveMasks,
    /// Its textures.
    pub textures: &'a mut TextureCache,
    /// Of the masks, `0.0..=1.0`.
    pub opacity: f32,
    /// In points.
    pub tile_width: f32,
}

impl ItemPainter<'_> {
    /// A card with the score of the item and its tiles.
    pub fn item_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, item: &PreviewItem) {
        let card = Frame::group(ui.style()).inner_margin(Margin::same(CARD_MARGIN as i8));
        card.show(ui, |ui| {
            ui.vertical(|ui| {
                ui.horizontal(|ui| {
                    ui.label(&item.id);
                    if has_truth(item) {
                        ui.label(RichText::new(format!("mIoU {}", percent(item.mean_iu))).strong())
                            .tells_and_teaches("mIoU of this image alone", Term::MeanIou);
                    } else {
                        ui.weak("no ground truth");
                    }
                });
                ui.horizontal_top(|ui| {
                    for tile in self.masks.tiles(item) {
                        ui.vertical(|ui| self.tile_ui(ctx, ui, item, tile));
                    }
                });
            });
        });
    }

    fn tile_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, item: &PreviewItem, tile: Tile) {
        let image_size = [item.image.width, item.image.height];
        let layers: Vec<DrawnLayer> = tile
            .layers
            .into_iter()
            .map(|layer| drawn(layer, self.opacity))
            .collect();
        let name = format!("{} of {}", tile.caption, item.id);
        let output = Canvas::new(self.textures, &layers, image_size, &name)
            .show_fitted(ui, tile_size(self.tile_width, image_size));
        let response = match output.hovered {
            Some(pixel) => output
                .response
                .on_hover_text_at_pointer(self.pixel_text(item, pixel)),
            None => output.response,
        };
        if response.clicked() {
            inspect(ctx, &item.id);
        }
        ui.weak(tile.caption);
    }

    fn pixel_text(&self, item: &PreviewItem, pixel: Pixel) -> String {
        let name = |mask| {
            label_at(mask, pixel).map_or_else(String::new, |label| {
                self.masks.classes.name(label).to_owned()
            })
        };
        let truth = if has_truth(item) {
            format!("Ground truth: {}\n", name(&item.truth))
        } else {
            String::new()
        };
        format!(
            "Prediction: {}\n{truth}x {}, y {}",
            name(&item.mask),
            pixel.x,
            pixel.y
        )
    }
}

/// Whether any pixel of an image has a label; there is a score where one has.
pub fn has_truth(item: &PreviewItem) -> bool {
    item.mean_iu.is_some()
}

/// Opens a validation image in Inspect, if it is in the open dataset.
fn inspect(ctx: &PanelCtx<'_>, id: &str) {
    let DatasetState::Ready(open) = ctx.engine.dataset() else {
        return;
    };
    if let Some(item) = open.dataset.val.iter().find(|item| item.id == id) {
        let command = Command::Inspect(vec![item.image.clone()]);
        ctx.commands.send(command);
    }
}

/// The number of items side by side and the width of their tiles: as large as possible with
/// all items visible, or else as small as is still readable. In a low area a row is no higher than it.
pub fn grid(area: Vec2, num_tiles: usize, image_sizes: &[[u32; 2]]) -> (usize, f32) {
    let tiles = num_tiles as f32;
    let around_tiles = 2.0 * CARD_MARGIN + 2.0 + GAP * (tiles - 1.0);
    let tile_width = |columns: usize| {
        let gaps = GAP * (columns as f32 - 1.0);
        ((area.x - gaps) / columns as f32 - around_tiles) / tiles
    };
    let tallest = image_sizes.iter().map(|size| tile_size(1.0, *size).y);
    let tallest = tallest.fold(0.0, f32::max).max(f32::EPSILON);
    // Of what fits, the largest: few columns are wide and low, many are narrow.
    let fitting = (1..=image_sizes.len()).map(|columns| {
        let rows = image_sizes.len().div_ceil(columns) as f32;
        let highest = (area.y / rows - AROUND_TILE_HEIGHT - GAP) / tallest;
        (columns, tile_width(columns).min(highest).min(MAX_TILE))
    });
    let largest = fitting
        .filter(|(_, width)| *width >= MIN_TILE)
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    if let Some(largest) = largest {
        return largest;
    }
    let mut readable = (1..=image_sizes.len()).filter(|&columns| tile_width(columns) >= MIN_TILE);
    let columns = readable.next_back().unwrap_or(1);
    let width = tile_width(columns).clamp(MIN_TILE / 2.0, MAX_TILE);
    let highest = ((area.y - AROUND_TILE_HEIGHT - GAP) / tallest).max(MIN_LOW_TILE);
    if highest >= width {
        return (columns, width);
    }
    // Smaller ones leave room for more side by side.
    let item = highest * tiles + around_tiles + GAP;
    let fitting = ((area.x + GAP) / item) as usize;
    (fitting.clamp(columns, image_sizes.len().max(1)), highest)
}

/// The aspect ratio of the image, within limits.
fn tile_size(width: f32, [image_width, image_height]: [u32; 2]) -> Vec2 {
    let ratio = image_height as f32 / image_width.max(1) as f32;
    vec2(width, width * ratio.clamp(0.4, 1.4))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [u32; 2] = [100, 75];

    #[test]
    fn tiles_are_as_large_as_the_height_allows() {
        assert_eq!(grid(vec2(1100.0, 2000.0), 3, &[SIZE; 4]).0, 1);
        assert_eq!(grid(vec2(1100.0, 700.0), 3, &[SIZE; 4]).0, 2);
    }

    #[test]
    fn on_a_large_screen_no_room_is_left_that_larger_tiles_could_use() {
        // The panel in a window of 2560 x 1440.
        let area = vec2(2180.0, 560.0);
        let (columns, tile) = grid(area, 3, &[SIZE; 4]);
        assert_eq!(columns, 2);
        let height = 2.0 * (tile_size(tile, SIZE).y + AROUND_TILE_HEIGHT + GAP);
        assert!((height - area.y).abs() < 1e-2, "{height}");
    }

    #[test]
    fn what_does_not_fit_is_small_but_readable() {
        let (columns, tile) = grid(vec2(1100.0, 300.0), 1, &[SIZE; 30]);
        assert_eq!(columns, 6);
        assert!(tile >= MIN_TILE);
        assert_eq!(grid(vec2(400.0, 300.0), 3, &[SIZE; 30]).0, 1);
    }

    #[test]
    fn a_row_is_no_higher_than_the_area() {
        let (columns, tile) = grid(vec2(1100.0, 200.0), 3, &[SIZE; 5]);
        let height = tile_size(tile, SIZE).y + AROUND_TILE_HEIGHT + GAP;
        assert!(height <= 200.0 + 0.1, "{height}");
        let item = 3.0 * tile + 2.0 * GAP + 2.0 * CARD_MARGIN + 2.0;
        assert_eq!(columns, 2, "they use the width");
        assert!(item * 2.0 + GAP <= 1100.0);
        // Lower than the smallest.
        assert_eq!(grid(vec2(1100.0, 80.0), 3, &[SIZE; 5]).1, MIN_LOW_TILE);
    }

    #[test]
    fn there_are_no_more_columns_than_items() {
        let (columns, tile) = grid(vec2(5000.0, 400.0), 3, &[SIZE; 2]);
        assert_eq!(columns, 2);
        // One row, which takes all the height.
        let height = tile_size(tile, SIZE).y + AROUND_TILE_HEIGHT + GAP;
        assert!((height - 400.0).abs() < 1e-3);
        // As large as they get.
        assert!((grid(vec2(9000.0, 4000.0), 3, &[SIZE; 2]).1 - MAX_TILE).abs() < 1e-3);
        assert_eq!(grid(vec2(5000.0, 400.0), 3, &[]).0, 1);
    }

    #[test]
    fn items_fit_into_the_width() {
        for width in [600.0, 900.0, 1400.0] {
            let (columns, tile) = grid(vec2(width, 500.0), 2, &[SIZE; 20]);
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
