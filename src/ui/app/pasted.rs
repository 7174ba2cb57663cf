//! Images that are pasted from the clipboard: they are written to a file, and opened.

use std::sync::Arc;

use eframe::egui::{ColorImage, Context, Event};

use super::App;
use crate::engine::Rgb;
use crate::ui::command::Command;

impl App {
    /// Takes the image that was pasted in this frame.
    pub(super) fn take_pasted(&mut self, ctx: &Context) {
        let image = ctx.input(|input| {
            let mut events = input.events.iter();
            events.find_map(|event| match event {
                Event::PasteImage(image) => Some(Arc::clone(image)),
                _ => None,
            })
        });
        if let Some(image) = image {
            let task = self.engine.keep_pasted(move || on_white(&image));
            self.pasted.push(task);
        }
    }

    /// Opens what was written. Call once a frame.
    pub(super) fn poll_pasted(&mut self) {
        let mut results = Vec::new();
        self.pasted.retain_mut(|task| match task.poll_result() {
            None => true,
            Some(result) => {
                results.push(result);
                false
            }
        });
        for result in results {
            match result {
                Ok(path) => self.send(Command::Inspect(vec![path])),
                Err(err) => self.report(Err(err)),
            }
        }
    }
}

/// Its pixels without transparency.
fn on_white(image: &ColorImage) -> Rgb {
    // Colors are multiplied by their alpha.
    let pixels = image.pixels.iter().flat_map(|pixel| {
        let white = u8::MAX - pixel.a();
        [pixel.r(), pixel.g(), pixel.b()].map(|value| value.saturating_add(white))
    });
    Rgb {
        width: image.width() as u32,
        height: image.height() as u32,
        pixels: pixels.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::Color32;

    #[test]
    fn transparency_is_laid_on_white() {
        let mut image = ColorImage::filled([2, 1], Color32::TRANSPARENT);
        image.pixels[1] = Color32::from_rgba_premultiplied(100, 0, 50, 155);
        let rgb = on_white(&image);
        assert_eq!((rgb.width, rgb.height), (2, 1));
        assert_eq!(rgb.pixels, [255, 255, 255, 200, 100, 150]);
    }
}
