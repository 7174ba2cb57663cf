//! Thumbnails of a dataset: read when they come into view, dropped when there are many.

use std::collections::BTreeMap;

use eframe::egui::{
    self, Color32, ColorImage, CornerRadius, Rect, Sense, Stroke, TextureHandle, TextureOptions,
    Ui, pos2, vec2,
};

use crate::engine::{ClassList, DatasetItem, EngineError, Split, Task, Thumbnail};
use crate::ui::context::PanelCtx;
use crate::ui::icons::Icon;
use crate::ui::theme;
use crate::ui::view_model::{ClassColors, ColorChoice};

/// Longest side of a thumbnail in its file's pixels.
const MAX_SIDE: u32 = 192;
/// Thumbnails that are read at the same time.
const IN_FLIGHT: usize = 6;
/// Thumbnails that are kept.
const KEPT: usize = 240;
const CELL_WIDTH: f32 = 98.0;
const GAP: f32 = 5.0;

/// An image and its mask on their way to the screen.
pub(super) enum Thumb {
    Loading(Task<Result<Thumbnail, EngineError>>),
    Ready {
        image: TextureHandle,
        mask: TextureHandle,
    },
    Failed(String),
}

/// Which image of the dataset. `Split` itself has no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct ThumbKey {
    is_val: bool,
    index: usize,
}

struct Cached {
    thumb: Thumb,
    seen: u64,
}

/// Identifies an open dataset and its colors.
#[derive(PartialEq, Eq)]
struct DatasetId {
    colors: ColorChoice,
    generation: u64,
}

/// A part of a list of the dataset.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// Which list.
    pub split: Split,
    /// The whole list.
    pub items: &'a [DatasetItem],
    /// Places in it; `None` = all of them.
    pub places: Option<&'a [u32]>,
    /// What the labels of the masks mean.
    pub classes: &'a ClassList,
}

/// The thumbnails of the open dataset.
#[derive(Default)]
pub struct Thumbs {
    of: Option<DatasetId>,
    cached: BTreeMap<ThumbKey, Cached>,
    frame: u64,
}

impl Thumbs {
    /// Frees everything, for another dataset.
    pub fn clear(&mut self) {
        self.of = None;
        self.cached.clear();
    }

    /// Draws the images of a part of a list in rows, and reads those in sight; returns the place in the
    /// list of a clicked one.
    pub fn grid_ui(
        &mut self,
        panel: &PanelCtx<'_>,
        ui: &mut Ui,
        part: Part<'_>,
        beside: bool,
    ) -> Option<usize> {
        let identity = Some(DatasetId {
            colors: panel.colors.choice(),
            generation: panel.engine.dataset_generation(),
        });
        if self.of != identity {
            self.clear();
            self.of = identity;
        }
        self.frame += 1;
        let (split, items) = (part.split, part.items);
        let count = part.places.map_or(items.len(), <[u32]>::len);
        let place_of = |position: usize| {
            part.places
                .map_or(position, |places| places[position] as usize)
        };
        let width = ui.available_width();
        let wanted = if beside { 2.0 * CELL_WIDTH } else { CELL_WIDTH };
        let columns = ((width + GAP) / (wanted + GAP)).floor().max(1.0) as usize;
        let cell_width = (width + GAP) / columns as f32 - GAP;
        let image_width = if beside {
            (cell_width - 2.0) * 0.5
        } else {
            cell_width
        };
        let row_height = (image_width * 0.75).round() + GAP;
        let rows = count.div_ceil(columns);
        let (area, _) =
            ui.allocate_exact_size(vec2(width, rows as f32 * row_height), Sense::hover());
        let clip = ui.clip_rect();
        let row_at = |y: f32| ((y - area.top()) / row_height).floor().max(0.0) as usize;
        let visible = row_at(clip.top()).min(rows)..(row_at(clip.bottom()) + 1).min(rows);
        let visible = visible.start * columns..(visible.end * columns).min(count);
        let in_sight: Vec<usize> = visible.clone().map(place_of).collect();
        self.update(panel, ui.ctx(), part.classes, split, &in_sight);
        let mut clicked = None;
        for (index, place) in visible.zip(in_sight) {
            let Some(id) = items.get(place).map(|item| &item.id) else {
                continue;
            };
            let corner = pos2(
                area.left() + (index % columns) as f32 * (cell_width + GAP),
                area.top() + (index / columns) as f32 * row_height,
            );
            let cell = Rect::from_min_size(corner, vec2(cell_width, row_height - GAP));
            let thumb = self
                .cached
                .get(&key(split, place))
                .map(|cached| &cached.thumb);
            let paint = |ui: &Ui| paint_thumb(ui, cell, thumb, beside);
            let what = (cell, ("thumbnail", key(split, place)));
            if cell_button(ui, what, id, paint, || tooltip(thumb, id)) {
                clicked = Some(place);
            }
        }
        clicked
    }

    /// Uploads what was read, starts reading what is in view, drops what is not.
    fn update(
        &mut self,
        panel: &PanelCtx<'_>,
        ctx: &egui::Context,
        classes: &ClassList,
        split: Split,
        in_sight: &[usize],
    ) {
        let frame = self.frame;
        for place in in_sight {
            if let Some(cached) = self.cached.get_mut(&key(split, *place)) {
                cached.seen = frame;
            }
        }
        self.cached
            .retain(|_, cached| cached.seen == frame || !matches!(cached.thumb, Thumb::Loading(_)));
        let mut loading = 0;
        for cached in self.cached.values_mut() {
            if let Thumb::Loading(task) = &mut cached.thumb {
                match task.poll_result() {
                    Some(Ok(thumbnail)) => {
                        cached.thumb = upload(ctx, &thumbnail, classes, panel.colors);
                    }
                    Some(Err(err)) => cached.thumb = Thumb::Failed(err.to_string()),
                    None => loading += 1,
                }
            }
        }
        for place in in_sight {
            if loading >= IN_FLIGHT {
                break;
            }
            self.cached.entry(key(split, *place)).or_insert_with(|| {
                loading += 1;
                Cached {
                    thumb: Thumb::Loading(panel.engine.thumbnail(split, *place, MAX_SIDE)),
                    seen: frame,
                }
            });
        }
        if self.cached.len() > KEPT {
            let mut seen: Vec<u64> = self.cached.values().map(|cached| cached.seen).collect();
            seen.sort_unstable_by(|a, b| b.cmp(a));
            let oldest = seen[KEPT - 1];
            self.cached.retain(|_, cached| cached.seen >= oldest);
        }
    }
}

fn tooltip(thumb: Option<&Thumb>, id: &str) -> String {
    match thumb {
        Some(Thumb::Failed(message)) => format!("{id}\n{message}"),
        _ => format!("{id}\nClick to see it in full size"),
    }
}

/// A button that looks like a picture; returns whether it was clicked.
pub(super) fn cell_button(
    ui: &mut Ui,
    (cell, salt): (Rect, impl std::hash::Hash + std::fmt::Debug),
    name: &str,
    paint: impl FnOnce(&Ui),
    tooltip: impl FnOnce() -> String,
) -> bool {
    let response = ui.interact(cell, ui.scope_id().with(salt), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, name));
    paint(ui);
    if response.hovered() || response.has_focus() {
        let accent = Stroke::new(2.0, theme::palette(ui.visuals()).accent);
        let inside = egui::StrokeKind::Inside;
        ui.painter()
            .rect_stroke(cell, CornerRadius::same(3), accent, inside);
    }
    response
        .on_hover_cursor(egui::CursorIcon::PointingHand)
        .on_hover_ui(|ui| {
            ui.label(tooltip());
        })
        .clicked()
}

/// Paints an image with its mask, or that it cannot be read, or that it is not there yet.
pub(super) fn paint_thumb(ui: &Ui, cell: Rect, thumb: Option<&Thumb>, beside: bool) {
    let painter = ui.painter_at(cell);
    let palette = theme::palette(ui.visuals());
    painter.rect_filled(cell, CornerRadius::same(3), palette.well);
    match thumb {
        Some(Thumb::Ready { image, mask }) if beside => {
            let half = vec2((cell.width() - 2.0) * 0.5, cell.height());
            let left = Rect::from_min_size(cell.min, half);
            let right = Rect::from_min_size(pos2(cell.max.x - half.x, cell.min.y), half);
            paint(&painter, image, left, Color32::WHITE);
            paint(&painter, mask, right, Color32::WHITE);
        }
        Some(Thumb::Ready { image, mask }) => {
            paint(&painter, image, cell, Color32::WHITE);
            paint(&painter, mask, cell, Color32::from_white_alpha(140));
        }
        Some(Thumb::Failed(_)) => {
            let square = Rect::from_center_size(cell.center(), vec2(20.0, 20.0));
            Icon::Warning.paint(&painter, square, palette.error);
        }
        Some(Thumb::Loading(_)) | None => {}
    }
}

fn key(split: Split, index: usize) -> ThumbKey {
    ThumbKey {
        is_val: split == Split::Val,
        index,
    }
}

/// Paints a texture as large as it fits, in the middle.
pub(super) fn paint(painter: &egui::Painter, texture: &TextureHandle, into: Rect, tint: Color32) {
    let size = texture.size_vec2();
    let scale = (into.width() / size.x.max(1.0)).min(into.height() / size.y.max(1.0));
    let rect = Rect::from_center_size(into.center(), size * scale);
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    painter.image(texture.id(), rect, whole, tint);
}

/// Makes textures of an image and its mask.
pub(super) fn upload(
    ctx: &egui::Context,
    thumbnail: &Thumbnail,
    classes: &ClassList,
    shown: &ClassColors,
) -> Thumb {
    let (image, labels) = (&thumbnail.image, &thumbnail.labels);
    let size = [image.width as usize, image.height as usize];
    let mask_size = [labels.width as usize, labels.height as usize];
    let fits = image.pixels.len() == size[0] * size[1] * 3
        && labels.labels.len() == mask_size[0] * mask_size[1];
    if !fits {
        return Thumb::Failed("The thumbnail has the wrong number of pixels".to_owned());
    }
    let colors: Vec<Color32> = (0..=u8::MAX)
        .map(|label| theme::class_color(shown.color(classes, label)))
        .collect();
    let mask = labels
        .labels
        .iter()
        .map(|label| colors[usize::from(*label)])
        .collect();
    Thumb::Ready {
        image: ctx.load_texture(
            "thumbnail",
            ColorImage::from_rgb(size, &image.pixels),
            TextureOptions::LINEAR,
        ),
        mask: ctx.load_texture(
            "thumbnail mask",
            ColorImage::new(mask_size, mask),
            TextureOptions::NEAREST,
        ),
    }
}

#[cfg(test)]
mod tests;
