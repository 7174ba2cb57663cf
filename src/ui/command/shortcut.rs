//! How shortcuts are written.

use eframe::egui::{self, Key, KeyboardShortcut};

/// The text of a shortcut, as it is written on keyboards.
pub fn shortcut_text(ctx: &egui::Context, shortcut: &KeyboardShortcut) -> String {
    let text = ctx.format_shortcut(shortcut);
    let name = shortcut.logical_key.name();
    let sign = match shortcut.logical_key {
        Key::Questionmark => "?",
        Key::Plus => "+",
        Key::Minus => "−",
        _ => return text,
    };
    match text.strip_suffix(name) {
        Some(modifiers) => format!("{modifiers}{sign}"),
        None => text,
    }
}
