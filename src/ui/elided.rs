//! Texts that are too long for their place, with an ellipsis within: names of files and runs often differ at
//! their ends alone.

use eframe::egui::{Color32, FontId, TextStyle, Ui};

/// A name of a file in the font of buttons, no wider than `width` points; its end says more.
pub fn file_within(ui: &Ui, text: &str, width: f32) -> String {
    within(ui, text, width, 4)
}

/// The title of a run, whose start says as much: its network.
pub fn run_within(ui: &Ui, text: &str, width: f32) -> String {
    within(ui, text, width, 2)
}

fn within(ui: &Ui, text: &str, width: f32, start: usize) -> String {
    let font = TextStyle::Button.resolve(ui.style());
    let measured = |text: &str| text_width(ui, text, &font);
    shortened(text, start, |text| measured(text) <= width)
}

fn text_width(ui: &Ui, text: &str, font: &FontId) -> f32 {
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), font.clone(), Color32::PLACEHOLDER);
    galley.size().x
}

/// The longest text that `fits`, one part of `start` of it from its start; at least both ends.
fn shortened(text: &str, start: usize, fits: impl Fn(&str) -> bool) -> String {
    if fits(text) {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let kept = |count: usize| {
        let start = count.div_ceil(start);
        let end = letters.len() - (count - start);
        let start: String = letters[..start].iter().collect();
        let end: String = letters[end..].iter().collect();
        format!("{}…{}", start.trim_end(), end.trim_start())
    };
    // More letters are wider, so that halving finds the most.
    let (mut fitting, mut too_many) = (2.min(letters.len()), letters.len());
    while fitting + 1 < too_many {
        let count = usize::midpoint(fitting, too_many);
        if fits(&kept(count)) {
            fitting = count;
        } else {
            too_many = count;
        }
    }
    kept(fitting)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_letters(text: &str, letters: usize) -> String {
        shortened(text, 4, |text| text.chars().count() <= letters)
    }

    #[test]
    fn both_ends_are_kept() {
        assert_eq!(of_letters("0016E5_07959_L.png", 18), "0016E5_07959_L.png");
        assert_eq!(of_letters("0016E5_07959_L.png", 11), "001…9_L.png");
        assert_eq!(of_letters("0016E5_07961_L.png", 14), "0016…961_L.png");
        assert_eq!(of_letters("äöüßäöüß", 5), "ä…öüß");
        // There is always something of both.
        assert_eq!(of_letters("abcdef", 0), "a…f");
        assert_eq!(of_letters("", 0), "");
        let title = "FCN-32s VGG16 on sample, 2026-11-28 19:54:34";
        let run = shortened(title, 2, |text| text.chars().count() <= 15);
        assert_eq!(run, "FCN-32s…9:54:34");
    }
}
