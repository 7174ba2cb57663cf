//! Over what probabilities are averaged, as the entries of a menu.

use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{PopupCloseBehavior, Ui};

use crate::engine::Averaging;

/// Sizes that are averaged, as shares of the image's own.
const SCALES: [f32; 3] = [0.75, 1.0, 1.25];

/// A menu button; its title says whether anything in it is on.
pub fn averaging_menu(ui: &mut Ui, averaging: &mut Averaging) {
    let is_on = !averaging.is_off();
    options_menu(ui, ("Averaging", is_on), |ui| averaging_ui(ui, averaging))
        .on_hover_text(
            "Score the mean over mirror images and sizes; scores with and without are kept beside each other",
        )
        .accessible_name("Averaging");
}

/// A menu that stays open while several of its entries are changed, with a dot in its title where something
/// is other than usual.
pub fn options_menu(
    ui: &mut Ui,
    (title, is_on): (&str, bool),
    entries: impl FnOnce(&mut Ui),
) -> eframe::egui::Response {
    let title = if is_on {
        format!("{title} •")
    } else {
        title.to_owned()
    };
    let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    MenuButton::new(title).config(stays).ui(ui, entries).0
}

/// The entries.
pub fn averaging_ui(ui: &mut Ui, averaging: &mut Averaging) {
    ui.checkbox(&mut averaging.flip, "Average over mirror images")
        .on_hover_text(
            "The mean of the probabilities of the image and its mirror image; takes twice as long",
        );
    let mut has_scales = !averaging.scales.is_empty();
    let scales = ui
        .checkbox(&mut has_scales, "Average over three sizes")
        .on_hover_text(
            "The mean over 75, 100 and 125 % of the image's size; takes more than three times as long",
        );
    if scales.changed() {
        averaging.scales = if has_scales {
            SCALES.to_vec()
        } else {
            Vec::new()
        };
    }
}
