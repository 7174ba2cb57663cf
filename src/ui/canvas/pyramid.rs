//! Large layers at the resolution of the screen: what is in view is painted in squares, at the level of
//! detail that the zoom asks for. A small texture of the whole layer is always there below.

use std::sync::Arc;

use eframe::egui::{ColorImage, Context, Pos2, Rect, TextureHandle, TextureOptions, pos2, vec2};

use super::layer::{Layer, part_of_image};
use super::view::Transform;
use crate::engine::{Area, Poll, Size, Task};
use crate::ui::context::PanelCtx;

/// Layers with a longer side are shown in squares.
pub const LARGE_SIDE: u32 = 4096;
/// The longest side of the texture of a whole large layer.
pub const BASE_SIDE: usize = 2048;
/// Pixels of a square's side.
const SQUARE: u32 = 512;
/// Squares that are kept, each 1 MiB.
const MAX_KEPT: usize = 192;
/// Squares that are painted at a time, and handed to the graphics card in a frame.
const MAX_PENDING: usize = 8;
const MAX_UPLOADS: usize = 4;

/// A square of a layer.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    layer: Layer,
    /// Image pixels of one pixel, a power of two.
    step: u32,
    column: u32,
    row: u32,
}

struct Square {
    key: Key,
    texture: TextureHandle,
    /// Frame in which it was drawn last.
    drawn: u64,
}

/// The squares of a layer that are in view.
#[derive(Default)]
pub struct InView {
    /// Those that are painted, and where they go.
    pub ready: Vec<(TextureHandle, Rect)>,
    /// Whether these are all.
    pub is_complete: bool,
}

/// The squares of large layers.
#[derive(Default)]
pub struct Pyramid {
    squares: Vec<Square>,
    pending: Vec<(Key, Task<ColorImage>)>,
    /// What was in view in the last frame and is not there.
    missing: Vec<Key>,
}

impl Pyramid {
    /// Paints what was missing, takes in what is painted, and forgets all but the `wanted` layers. Call
    /// once a frame, before anything is drawn.
    pub fn prepare(&mut self, panel: &PanelCtx<'_>, ctx: &Context, wanted: &[Layer]) {
        let is_wanted = |key: &Key| wanted.contains(&key.layer);
        self.squares.retain(|square| is_wanted(&square.key));
        // What has gone out of view meanwhile is not painted any more.
        let missing = std::mem::take(&mut self.missing);
        self.pending.retain(|(key, _)| missing.contains(key));
        self.take_painted(ctx);
        for key in missing {
            let is_known = self.pending.iter().any(|(pending, _)| *pending == key)
                || self.squares.iter().any(|square| square.key == key);
            if !is_known && is_wanted(&key) && self.pending.len() < MAX_PENDING {
                let work = key.clone();
                let task = panel.engine.spawn("color", move |_| work.paint());
                self.pending.push((key, task));
            }
        }
        self.squares
            .sort_by_key(|square| std::cmp::Reverse(square.drawn));
        self.squares.truncate(MAX_KEPT);
    }

    fn take_painted(&mut self, ctx: &Context) {
        let mut painted = Vec::new();
        self.pending.retain_mut(|(key, task)| {
            if painted.len() == MAX_UPLOADS {
                return true;
            }
            match task.poll() {
                Poll::Pending => return true,
                Poll::Ready(image) => painted.push((key.clone(), image)),
                // The texture of the whole layer stays in its place.
                Poll::Lost => {}
            }
            false
        });
        for (key, image) in painted {
            let options = match key.layer {
                // At its own resolution an image is magnified with hard edges.
                Layer::Image(_) if key.step > 1 => TextureOptions::LINEAR,
                _ => TextureOptions::NEAREST,
            };
            self.squares.push(Square {
                texture: ctx.load_texture("canvas square", image, options),
                key,
                drawn: ctx.cumulative_frame_nr(),
            });
        }
        if !self.pending.is_empty() {
            ctx.request_repaint();
        }
    }

    /// The squares of `layer` that are in view of `canvas`; notes those that are missing.
    pub fn in_view(
        &mut self,
        ctx: &Context,
        layer: &Layer,
        transform: &Transform,
        canvas: Rect,
    ) -> InView {
        let size = layer.size();
        let Some(step) = step(size, transform.zoom() * ctx.pixels_per_point()) else {
            return InView::default();
        };
        let mut found = InView {
            ready: Vec::new(),
            is_complete: true,
        };
        let frame = ctx.cumulative_frame_nr();
        for (column, row) in places(size, step, transform, canvas) {
            let key = Key {
                layer: layer.clone(),
                step,
                column,
                row,
            };
            let known = self.squares.iter_mut().find(|square| square.key == key);
            if let Some(square) = known {
                square.drawn = frame;
                found
                    .ready
                    .push((square.texture.clone(), key.rect(transform)));
            } else {
                found.is_complete = false;
                self.missing.push(key);
            }
        }
        if !self.missing.is_empty() {
            ctx.request_repaint();
        }
        found
    }
}

impl Key {
    fn area(&self) -> Area {
        let side = SQUARE * self.step;
        let size = self.layer.size();
        let (left, top) = (self.column * side, self.row * side);
        Area {
            left,
            top,
            size: Size::new(side.min(size.width - left), side.min(size.height - top)),
        }
    }

    fn rect(&self, transform: &Transform) -> Rect {
        let area = self.area();
        let place = |x: u32, y: u32| transform.screen_from_image(pos2(x as f32, y as f32));
        Rect::from_min_max(
            place(area.left, area.top),
            place(area.left + area.size.width, area.top + area.size.height),
        )
    }

    fn paint(&self) -> ColorImage {
        self.layer.part(self.area(), self.step).paint(usize::MAX)
    }
}

/// Image pixels of a pixel of the squares at a zoom of `scale` screen pixels per image pixel; `None` where
/// the texture of the whole layer is as fine.
fn step(size: Size, scale: f32) -> Option<u32> {
    let longest = size.width.max(size.height);
    if longest <= LARGE_SIDE {
        return None;
    }
    let base = longest.div_ceil(BASE_SIDE as u32);
    let wanted = (1.0 / scale.max(f32::MIN_POSITIVE)).min(1e6) as u32;
    // The power of two below, so that no detail is lost.
    let step = 1 << wanted.max(1).ilog2();
    (step < base).then_some(step)
}

/// Columns and rows of the squares in view.
fn places(size: Size, step: u32, transform: &Transform, canvas: Rect) -> Vec<(u32, u32)> {
    let image = Rect::from_min_size(Pos2::ZERO, vec2(size.width as f32, size.height as f32));
    let corners = [canvas.min, canvas.max].map(|corner| transform.image_from_screen(corner));
    let view = Rect::from_min_max(corners[0], corners[1]).intersect(image);
    if !view.is_positive() {
        return Vec::new();
    }
    let side = (SQUARE * step) as f32;
    let range = |from: f32, to: f32| (from / side) as u32..=((to / side).ceil() as u32).max(1) - 1;
    let rows = range(view.top(), view.bottom());
    rows.flat_map(|row| range(view.left(), view.right()).map(move |column| (column, row)))
        .collect()
}

impl Layer {
    /// Columns and rows of what it shows.
    pub fn size(&self) -> Size {
        match self {
            Self::Image(image) => image.size(),
            Self::Fill { mask, .. }
            | Self::Blended { mask, .. }
            | Self::Outline { mask, .. }
            | Self::Errors { mask, .. } => mask.size(),
            Self::Disagreement { masks, .. } => {
                masks.first().map_or(Size::new(0, 0), |mask| mask.size())
            }
            Self::Numbers { map, .. } => map.size,
        }
    }

    /// A part of it, with every `step`-th pixel; pixels of images are averaged.
    fn part(&self, area: Area, step: u32) -> Self {
        let cut = |mask: &Arc<crate::engine::LabelMap>| Arc::new(area.sample(mask, step));
        match self {
            Self::Image(image) => Self::Image(part_of_image(image, area, step).into()),
            Self::Fill {
                mask,
                classes,
                visible,
            } => Self::Fill {
                mask: cut(mask),
                classes: classes.clone(),
                visible: *visible,
            },
            Self::Blended {
                image,
                mask,
                classes,
                visible,
                blend,
            } => Self::Blended {
                image: part_of_image(image, area, step).into(),
                mask: cut(mask),
                classes: classes.clone(),
                visible: *visible,
                blend: *blend,
            },
            Self::Outline {
                mask,
                classes,
                visible,
            } => Self::Outline {
                mask: cut(mask),
                classes: classes.clone(),
                visible: *visible,
            },
            Self::Errors {
                mask,
                truth,
                classes,
            } => Self::Errors {
                mask: cut(mask),
                truth: cut(truth),
                classes: classes.clone(),
            },
            Self::Disagreement { masks, classes } => Self::Disagreement {
                masks: masks.iter().map(cut).collect(),
                classes: classes.clone(),
            },
            Self::Numbers { map, scale } => Self::Numbers {
                map: Arc::new(map.part(area).sample(step)),
                scale: *scale,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Rgb;
    use crate::ui::canvas::CanvasView;
    use crate::ui::test_engine::Bench;

    fn layer(width: u32) -> Layer {
        let pixels = (0..width).flat_map(|x| [(x / 512) as u8, 7, 9]).collect();
        let image = Rgb {
            width,
            height: 1,
            pixels,
        };
        Layer::Image(image.into())
    }

    fn transform(zoom: f32, center: Pos2, canvas: Rect) -> Transform {
        let mut view = CanvasView {
            zoom,
            center,
            fitted: false,
        };
        view.transform(canvas, vec2(8000.0, 1.0))
    }

    #[test]
    fn the_step_follows_the_zoom_until_the_whole_texture_is_as_fine() {
        let size = Size::new(8000, 6000);
        let steps = [4.0, 1.0, 0.6, 0.5, 0.3, 0.25, 0.2].map(|scale| step(size, scale));
        let expected = [1, 1, 1, 2, 2].map(Some);
        assert_eq!(steps[..5], expected);
        // A quarter is what the texture of the whole has: 2000 of 8000 pixels.
        assert_eq!(steps[5..], [None, None]);
        assert_eq!(step(Size::new(4096, 10), 4.0), None, "it is no large one");
    }

    #[test]
    fn squares_in_view_are_those_that_the_canvas_touches() {
        let size = Size::new(8000, 3000);
        let canvas = Rect::from_min_size(Pos2::ZERO, vec2(1000.0, 500.0));
        let at = |center| places(size, 1, &transform(1.0, center, canvas), canvas);
        // Columns 1012 to 2012 of rows 0 to 500.
        assert_eq!(at(pos2(1512.0, 250.0)), [(1, 0), (2, 0), (3, 0)]);
        let corner = at(pos2(0.0, 0.0));
        assert_eq!(corner, [(0, 0)]);
        assert_eq!(at(pos2(-9000.0, 0.0)), []);
        let end = at(pos2(8000.0, 3000.0));
        assert_eq!(end, [(14, 5), (15, 5)]);
    }

    #[test]
    fn what_is_in_view_is_painted_by_workers_and_then_drawn() {
        let (bench, ctx) = (Bench::new(), Context::default());
        let (layer, mut pyramid) = (layer(8000), Pyramid::default());
        let wanted = [layer.clone()];
        let canvas = Rect::from_min_size(Pos2::ZERO, vec2(600.0, 10.0));
        let view = transform(1.0, pos2(900.0, 0.5), canvas);
        bench.until(|panel| {
            pyramid.prepare(panel, &ctx, &wanted);
            let drawn = pyramid.in_view(&ctx, &layer, &view, canvas);
            drawn.is_complete && drawn.ready.len() == 2
        });
        let drawn = pyramid.in_view(&ctx, &layer, &view, canvas).ready;
        // Columns 512 to 1024 are drawn from 300 - (900 - 512) on.
        let second = drawn.iter().find(|(_, rect)| rect.left() == -88.0);
        assert_eq!(second.expect("a square").1.width(), 512.0);
        pyramid.prepare(&bench.ctx(), &ctx, &[]);
        assert!(pyramid.squares.is_empty(), "nothing is wanted any more");
    }

    #[test]
    fn a_part_of_a_mask_has_every_nth_label() {
        let mask = crate::engine::LabelMap {
            width: 5,
            height: 3,
            labels: (0..15).collect(),
        };
        let area = Area {
            left: 1,
            top: 0,
            size: Size::new(4, 3),
        };
        let part = area.sample(&mask, 2);
        assert_eq!((part.width, part.height), (2, 2));
        assert_eq!(part.labels, [1, 3, 11, 13]);
    }
}
