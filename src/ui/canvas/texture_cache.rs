//! Textures of layers, painted by workers and swapped in together.

use std::sync::Arc;

use eframe::egui::{
    Color32, ColorImage, Context, Painter, Rect, TextureHandle, TextureId, TextureOptions,
};

use super::layer::Layer;
use super::pyramid::{BASE_SIDE, LARGE_SIDE, Pyramid};
use super::view::Transform;
use super::{DrawnLayer, FULL_UV};
use crate::engine::{NoticeLevel, Poll, Task};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;

/// Maximum side of a texture, whatever the GPU supports.
const MAX_SIDE: usize = 8192;

/// The textures behind one or more canvases.
///
/// Every frame, [`Self::prepare`] gets the layers to show and returns whether all of them are
/// ready. Until then the caller keeps drawing the previous layers, whose textures are kept.
#[derive(Default)]
pub struct TextureCache {
    textures: Vec<Texture>,
    pending: Vec<(Layer, Task<ColorImage>)>,
    pyramid: Pyramid,
}

struct Texture {
    layer: Layer,
    smooth: TextureHandle,
    /// The image with hard pixel edges, uploaded when it is first magnified.
    sharp: Option<TextureHandle>,
    /// Kept for `sharp`, images only.
    pixels: Option<Arc<ColorImage>>,
    /// Part of the last complete set.
    shown: bool,
}

impl TextureCache {
    /// Starts, collects and cancels work so that the `wanted` layers get ready. Returns true
    /// once all of them have a texture; all other textures are freed then. A layer that cannot
    /// be painted is reported and left out.
    pub fn prepare(&mut self, panel: &PanelCtx<'_>, ctx: &Context, wanted: &[Layer]) -> bool {
        self.pending.retain(|(layer, _)| wanted.contains(layer));
        self.pyramid.prepare(panel, ctx, wanted);
        self.take_finished(panel, ctx);
        for layer in wanted {
            if !self.is_known(layer) {
                let (work, max_side) = (layer.clone(), max_side(ctx, layer));
                let task = panel.engine.spawn("color", move |_| work.paint(max_side));
                self.pending.push((layer.clone(), task));
            }
        }
        self.settle(wanted)
    }

    /// The texture of `layer`, with hard pixel edges where `magnified`.
    pub fn texture(&mut self, ctx: &Context, layer: &Layer, magnified: bool) -> Option<TextureId> {
        let texture = self.textures.iter_mut().find(|t| &t.layer == layer)?;
        if magnified && let Some(pixels) = texture.pixels.take() {
            let sharp = ctx.load_texture("canvas", pixels, TextureOptions::NEAREST);
            texture.sharp = Some(sharp);
        }
        let handle = match &texture.sharp {
            Some(sharp) if magnified => sharp,
            _ => &texture.smooth,
        };
        Some(handle.id())
    }

    /// Draws a layer: its texture over `image`, with hard pixel edges where `magnified`, and of a large one
    /// what is in view of `canvas` at the resolution of the screen.
    pub fn draw(
        &mut self,
        painter: &Painter,
        drawn: &DrawnLayer,
        (transform, canvas): (&Transform, Rect),
        (image, magnified): (Rect, bool),
    ) {
        let ctx = painter.ctx().clone();
        let tint = Color32::WHITE.gamma_multiply(drawn.opacity);
        let squares = self.pyramid.in_view(&ctx, &drawn.layer, transform, canvas);
        // What can be seen through must not lie twice over the image.
        let is_opaque = matches!(drawn.layer, Layer::Image(_));
        let is_complete = squares.is_complete && !squares.ready.is_empty();
        if (is_opaque || !is_complete)
            && let Some(texture) = self.texture(&ctx, &drawn.layer, magnified)
        {
            painter.image(texture, image, FULL_UV, tint);
        }
        if is_opaque || is_complete {
            for (texture, place) in squares.ready {
                painter.image(texture.id(), place, FULL_UV, tint);
            }
        }
    }

    /// Whether workers are painting.
    pub fn is_busy(&self) -> bool {
        !self.pending.is_empty()
    }

    fn take_finished(&mut self, panel: &PanelCtx<'_>, ctx: &Context) {
        let mut finished = Vec::new();
        self.pending.retain_mut(|(layer, task)| {
            let painted = match task.poll() {
                Poll::Pending => return true,
                Poll::Ready(painted) => painted,
                Poll::Lost => {
                    let text = format!("{} could not be painted; the log says more", layer.name());
                    panel
                        .commands
                        .send(Command::Notify(NoticeLevel::Error, text));
                    // The other layers are shown without this one.
                    ColorImage::filled([1, 1], Color32::TRANSPARENT)
                }
            };
            finished.push((layer.clone(), painted));
            false
        });
        for (layer, painted) in finished {
            self.upload(ctx, layer, painted);
        }
    }

    fn upload(&mut self, ctx: &Context, layer: Layer, painted: ColorImage) {
        let painted = Arc::new(painted);
        let smooth = ctx.load_texture("canvas", painted.clone(), layer.texture_options());
        let is_image = matches!(layer, Layer::Image(_));
        self.textures.push(Texture {
            layer,
            smooth,
            sharp: None,
            pixels: is_image.then_some(painted),
            shown: false,
        });
    }

    fn is_known(&self, layer: &Layer) -> bool {
        self.textures.iter().any(|t| &t.layer == layer)
            || self.pending.iter().any(|(pending, _)| pending == layer)
    }

    /// Frees what is neither shown nor wanted; true if all `wanted` layers are ready.
    fn settle(&mut self, wanted: &[Layer]) -> bool {
        let complete = wanted
            .iter()
            .all(|layer| self.textures.iter().any(|t| &t.layer == layer));
        self.textures
            .retain(|t| (!complete && t.shown) || wanted.contains(&t.layer));
        if complete {
            for texture in &mut self.textures {
                texture.shown = true;
            }
        }
        complete
    }
}

fn max_side(ctx: &Context, layer: &Layer) -> usize {
    let size = layer.size();
    let most = if size.width.max(size.height) > LARGE_SIDE {
        BASE_SIDE
    } else {
        MAX_SIDE
    };
    ctx.input(|input| input.max_texture_side).min(most)
}

#[cfg(test)]
impl TextureCache {
    /// Paints on this thread, for tests without an engine.
    pub fn paint_now(&mut self, ctx: &Context, wanted: &[Layer]) {
        for layer in wanted {
            if !self.is_known(layer) {
                self.upload(ctx, layer.clone(), layer.paint(max_side(ctx, layer)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Rgb;
    use crate::ui::test_engine::Bench;

    fn image(width: u32) -> Layer {
        let image = Rgb {
            width,
            height: 1,
            pixels: vec![0; width as usize * 3],
        };
        Layer::Image(image.into())
    }

    #[test]
    fn old_textures_stay_until_all_new_ones_are_there() {
        let ctx = Context::default();
        let (old, first, second) = (image(1), image(2), image(3));
        let mut textures = TextureCache::default();

        textures.paint_now(&ctx, std::slice::from_ref(&old));
        assert!(textures.settle(std::slice::from_ref(&old)));

        let wanted = [first.clone(), second.clone()];
        textures.paint_now(&ctx, std::slice::from_ref(&first));
        assert!(!textures.settle(&wanted));
        assert!(textures.texture(&ctx, &old, false).is_some());

        textures.paint_now(&ctx, std::slice::from_ref(&second));
        assert!(textures.settle(&wanted));
        assert!(textures.texture(&ctx, &old, false).is_none());
        assert!(textures.texture(&ctx, &first, false).is_some());
    }

    #[test]
    fn layers_that_are_no_longer_wanted_are_freed() {
        let ctx = Context::default();
        let (shown, skipped, next) = (image(1), image(2), image(3));
        let mut textures = TextureCache::default();
        textures.paint_now(&ctx, std::slice::from_ref(&shown));
        textures.settle(std::slice::from_ref(&shown));

        textures.paint_now(&ctx, std::slice::from_ref(&skipped));
        assert!(!textures.settle(&[next]));

        assert!(textures.texture(&ctx, &skipped, false).is_none());
        assert!(textures.texture(&ctx, &shown, false).is_some());
    }

    #[test]
    fn a_magnified_image_has_a_texture_of_its_own() {
        let ctx = Context::default();
        let layer = image(4);
        let mut textures = TextureCache::default();
        textures.paint_now(&ctx, std::slice::from_ref(&layer));
        let smooth = textures.texture(&ctx, &layer, false);
        let sharp = textures.texture(&ctx, &layer, true);
        assert!(sharp.is_some() && smooth != sharp);
        assert_eq!(textures.texture(&ctx, &layer, true), sharp);
        assert_eq!(textures.texture(&ctx, &layer, false), smooth);
    }

    #[test]
    fn a_lost_layer_is_told_and_left_out() {
        let (bench, ctx) = (Bench::new(), Context::default());
        // Fewer pixels than it says.
        let broken = Rgb {
            width: 2,
            height: 2,
            pixels: Vec::new(),
        };
        let broken = Layer::Image(broken.into());
        let wanted = [image(1), broken.clone()];
        let mut cache = TextureCache::default();
        bench.until(|panel| cache.prepare(panel, &ctx, &wanted));
        assert!(!cache.is_busy());
        assert!(cache.texture(&ctx, &wanted[0], false).is_some());
        let errors = bench.errors();
        assert_eq!(
            errors,
            ["The image could not be painted; the log says more"]
        );
        // Told once, also where it is still wanted.
        assert!(cache.prepare(&bench.ctx(), &ctx, &wanted));
        assert_eq!(bench.errors(), [] as [String; 0]);
    }
}
