//! Findings as one page that needs nothing else: the pictures are in it.

use std::fmt::Write as _;

use super::CheckedDataset;
use crate::dataset::{Finding, LabelMap, Rgb, VOID, encode_rgb_png};

/// Pictures of a finding.
const PICTURES: usize = 4;
/// Longest side of a picture, in pixels.
const SIDE: u32 = 192;

/// The page.
pub(super) fn page(checked: &CheckedDataset) -> String {
    let dataset = &checked.dataset;
    let mut body = String::new();
    for finding in &checked.report.findings {
        body.push_str(&section(checked, finding));
    }
    if checked.report.findings.is_empty() {
        body.push_str("<p>Nothing was found.</p>");
    }
    let notes: Vec<String> = dataset
        .notes
        .iter()
        .map(|note| format!("<li>{}</li>", escape(&note.to_string())))
        .collect();
    let notes = notes.concat();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>{name}</title><style>{STYLE}</style>\
         <h1>{name}</h1><p>{root}<br>{layout}, {train} train, {val} val, {classes} classes</p><ul>{notes}</ul>{body}</html>\n",
        name = escape(&dataset.name),
        root = escape(&dataset.root.display().to_string()),
        layout = escape(&dataset.layout.to_string()),
        train = dataset.train.len(),
        val = dataset.val.len(),
        classes = dataset.classes.len(),
    )
}

const STYLE: &str = "body{font:15px sans-serif;max-width:60em;margin:2em auto;padding:0 1em}section{border-left:4px \
                     solid #999;padding:.2em 1em;margin:1.5em 0}.error{border-color:#c33}.warning{border-color:#d90}\
                     h2{font-size:1em;margin:.4em 0}li{word-break:break-all}img{margin:0 .5em .5em 0;vertical-align:top}";

fn section(checked: &CheckedDataset, finding: &Finding) -> String {
    let mut text = format!(
        "<section class=\"{severity}\"><h2>{severity}: {kind} ({count})</h2><p>{reason}</p>",
        severity = finding.severity,
        kind = finding.kind,
        count = finding.count,
        reason = escape(&finding.reason),
    );
    for file in finding.files.iter().take(PICTURES) {
        // A pair that cannot be read has no picture; the reason says so.
        if let Ok(picture) = checked.picture(file, SIDE) {
            text.push_str(&image(checked, &picture.image, &picture.labels));
        }
    }
    text.push_str("<ul>");
    for file in &finding.files {
        write!(text, "<li>{}</li>", escape(&file.display().to_string())).ok();
    }
    let more = finding.count.saturating_sub(finding.files.len());
    if more > 0 && !finding.files.is_empty() {
        write!(text, "<li>{more} more</li>").ok();
    }
    text.push_str("</ul></section>");
    text
}

/// Image and mask side by side.
fn image(checked: &CheckedDataset, rgb: &Rgb, labels: &LabelMap) -> String {
    let mut mask = Rgb {
        width: labels.width,
        height: labels.height,
        pixels: Vec::with_capacity(labels.labels.len() * 3),
    };
    for label in &labels.labels {
        let color = if *label == VOID {
            [255; 3]
        } else {
            checked.dataset.classes.color(*label)
        };
        mask.pixels.extend(color);
    }
    let mut text = String::new();
    for picture in [rgb, &mask] {
        let mut png = Vec::new();
        if encode_rgb_png(picture, &mut png).is_ok() {
            write!(
                text,
                "<img alt=\"\" src=\"data:image/png;base64,{}\">",
                base64(&png)
            )
            .ok();
        }
    }
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        // RFC 4648, section 10.
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(escape("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
