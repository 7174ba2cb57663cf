//! The figure as an SVG file: the pictures inside of it, and texts that can be edited.

use std::fmt::Write as _;

use super::picture::pixels_of;
use super::{Figure, TITLE_SIZE};
use crate::engine::encode_rgb_png;
use crate::engine::plots::escaped;

/// The figure on white.
pub fn svg(figure: &Figure) -> String {
    let layout = figure.layout();
    let (width, height) = (layout.width, layout.height);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (area, shown) in &layout.columns {
        let mut png = Vec::new();
        let size = format!(
            "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            area.left, area.top, area.width, area.height
        );
        // Writing to memory fails only where there is none.
        if let Err(err) = encode_rgb_png(&pixels_of(shown, *area), &mut png) {
            log::warn!("A picture is missing in the figure: {err}");
        }
        writeln!(
            text,
            "<image {size} href=\"data:image/png;base64,{}\"/>\n\
             <rect {size} fill=\"none\" stroke=\"#a0a0a0\"/>",
            base64(&png)
        )
        .ok();
    }
    for (area, [r, g, b]) in &layout.swatches {
        writeln!(
            text,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"#{r:02x}{g:02x}{b:02x}\" stroke=\"#a0a0a0\"/>",
            area.left, area.top, area.width, area.height
        )
        .ok();
    }
    for (left, top, size, sized) in &layout.texts {
        if sized.text.is_empty() {
            continue;
        }
        let weight = if *size == TITLE_SIZE {
            " font-weight=\"bold\""
        } else {
            ""
        };
        // Letters stand on their baseline, about a fifth above the lower edge of the line.
        let baseline = f64::from(*top) + 0.8 * f64::from(sized.height);
        writeln!(
            text,
            "<text x=\"{left}\" y=\"{baseline:.1}\" font-size=\"{size}\"{weight} textLength=\"{}\" \
             lengthAdjust=\"spacingAndGlyphs\">{}</text>",
            sized.width,
            escaped(&sized.text)
        )
        .ok();
    }
    text.push_str("</svg>\n");
    text
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            if place <= chunk.len() {
                let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
                text.push(char::from(letter));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::figure;
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let encoded =
            ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(
            encoded,
            [
                "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"
            ]
        );
    }

    #[test]
    fn the_drawing_has_every_picture_text_and_class() {
        let text = svg(&figure());
        assert_eq!(text.matches("<image ").count(), 2);
        assert_eq!(
            text.matches("href=\"data:image/png;base64,iVBORw0KGgo")
                .count(),
            2
        );
        assert!(text.contains(">FCN-8s</text>") && text.contains(">mIoU 50 %</text>"));
        assert!(text.contains(">class&lt;2&gt;</text>") && !text.contains("class&lt;1&gt;"));
        assert!(text.contains("fill=\"#0264c8\""), "{text}");
        assert_eq!(
            text.matches("<text ").count(),
            text.matches("</text>").count()
        );
    }
}
