//! Counts texture uploads to the GPU.

use eframe::egui::{Context, FullOutput, Plugin};

/// Texture uploads since the window was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UploadCounter {
    /// Whole textures and parts of them: images, masks, glyphs.
    pub count: usize,
    /// Their pixels.
    pub pixels: usize,
}

impl UploadCounter {
    /// The counts of the window of `ctx`.
    pub fn of(ctx: &Context) -> Self {
        *ctx.plugin_or_default::<Self>().lock()
    }
}

impl Plugin for UploadCounter {
    fn debug_name(&self) -> &'static str {
        "uploads"
    }

    fn output_hook(&mut self, _ctx: &Context, output: &mut FullOutput) {
        for delta in output.textures_delta.set.values().flatten() {
            let [width, height] = delta.image.size();
            self.count += 1;
            self.pixels += width * height;
        }
    }
}
