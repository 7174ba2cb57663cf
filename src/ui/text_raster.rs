//! Texts as pixels, in the letters of the window, for pictures that are saved.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{Color32, ColorImage, Context, FontId};

use super::view_model::figure::SizedText;

/// Lays out each text in letters `size` pixels high, with an ellipsis where it is wider than `most`
/// pixels. The window must have been drawn once.
pub fn sized_texts(ctx: &Context, texts: &[(&str, f32, u32)]) -> Vec<SizedText> {
    let scale = ctx.pixels_per_point();
    ctx.fonts_mut(|fonts| {
        let galleys: Vec<_> = texts
            .iter()
            .map(|(text, size, most)| {
                let font = FontId::proportional(size / scale);
                let mut job =
                    LayoutJob::simple_singleline((*text).to_owned(), font, Color32::WHITE);
                job.wrap = TextWrapping::truncate_at_width(*most as f32 / scale);
                fonts.layout_job(job)
            })
            .collect();
        // All letters are in it now.
        let atlas = fonts.image();
        galleys
            .iter()
            .map(|galley| {
                let pixels = |points: f32| (points * scale).ceil() as u32;
                let (width, height) = (pixels(galley.size().x), pixels(galley.size().y));
                let mut sized = SizedText {
                    text: String::new(),
                    width,
                    height,
                    ink: vec![0; (width * height) as usize],
                };
                for row in &galley.rows {
                    for glyph in &row.glyphs {
                        sized.text.push(glyph.chr);
                        let place = (row.pos + glyph.pos.to_vec2() + glyph.uv_rect.offset) * scale;
                        let (left, top) = (place.x.round() as i64, place.y.round() as i64);
                        let (min, max) = (glyph.uv_rect.min, glyph.uv_rect.max);
                        copy_ink(&mut sized, [left, top], &atlas, min, max);
                    }
                }
                sized
            })
            .collect()
    })
}

/// Adds a letter of the font texture to a text; what lies outside of it is left out.
fn copy_ink(
    sized: &mut SizedText,
    [left, top]: [i64; 2],
    atlas: &ColorImage,
    min: [u16; 2],
    max: [u16; 2],
) {
    let inside = |at: i64, size: u32| u32::try_from(at).ok().filter(|at| *at < size);
    for row in min[1]..max[1] {
        let Some(y) = inside(top + i64::from(row - min[1]), sized.height) else {
            continue;
        };
        for column in min[0]..max[0] {
            let Some(x) = inside(left + i64::from(column - min[0]), sized.width) else {
                continue;
            };
            let texel = usize::from(row) * atlas.width() + usize::from(column);
            let covered = atlas.pixels[texel].a();
            let ink = &mut sized.ink[(y * sized.width + x) as usize];
            *ink = (*ink).max(covered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::RawInput;

    fn drawn(texts: &[(&str, f32, u32)]) -> Vec<SizedText> {
        let ctx = Context::default();
        let mut found = Vec::new();
        let mut output = ctx.run_ui(RawInput::default(), |ui| {
            found = sized_texts(ui.ctx(), texts);
        });
        // Nobody draws it.
        output.textures_delta.clear();
        found
    }

    #[test]
    fn letters_leave_ink_and_spaces_none() {
        let found = drawn(&[("Im", 15.0, 500), ("  ", 15.0, 500), ("", 15.0, 500)]);
        let ink = |text: &SizedText| text.ink.iter().filter(|ink| **ink > 128).count();
        assert!(ink(&found[0]) > 20, "{:?}", found[0]);
        assert_eq!((ink(&found[1]), ink(&found[2])), (0, 0));
        assert_eq!(found[0].text, "Im");
        for text in &found {
            assert_eq!(text.ink.len(), (text.width * text.height) as usize);
        }
        // The stem of the I is as high as a capital letter, and stands on the left.
        let text = &found[0];
        let columns = |from: u32, to: u32| {
            let rows = 0..text.height;
            rows.filter(|y| (from..to).any(|x| text.ink[(y * text.width + x) as usize] > 128))
                .count()
        };
        assert!((8..=14).contains(&columns(0, 5)), "{}", columns(0, 5));
    }

    #[test]
    fn long_texts_end_in_an_ellipsis() {
        let long = "a name that is far too long for its column";
        let found = drawn(&[(long, 12.0, 80)]);
        assert!(found[0].width <= 81, "{}", found[0].width);
        assert!(
            found[0].text.ends_with('…') && long.starts_with(found[0].text.trim_end_matches('…'))
        );
    }
}
