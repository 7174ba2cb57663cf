//! How what cannot be used now looks.

use eframe::egui::{Color32, Stroke, Visuals};

use super::rgb;

/// The grays of one theme, before they are faded.
struct Tones {
    text: Color32,
    /// Text on `selection`.
    selected: Color32,
    selection: Color32,
    outline: Color32,
    /// Fill of check boxes and sliders.
    inside: Color32,
}

const DARK: Tones = Tones {
    text: rgb(172, 176, 183),
    selected: rgb(188, 192, 199),
    selection: rgb(51, 54, 60),
    outline: rgb(66, 70, 78),
    inside: rgb(44, 47, 53),
};

const LIGHT: Tones = Tones {
    text: rgb(74, 78, 86),
    selected: rgb(60, 64, 72),
    selection: rgb(222, 225, 230),
    outline: rgb(196, 200, 207),
    inside: rgb(232, 234, 238),
};

/// Gives `visuals` the look of what cannot be used now: buttons are outlines without a fill, and texts as pale as
/// is still readable. egui fades all of it by `disabled_alpha`, also the colors that are not from here.
pub fn disable(visuals: &mut Visuals) {
    let tones = if visuals.dark_mode { DARK } else { LIGHT };
    visuals.weak_text_color = Some(tones.text);
    visuals.hyperlink_color = tones.text;
    visuals.selection.bg_fill = tones.selection;
    visuals.selection.stroke.color = tones.selected;
    let widgets = &mut visuals.widgets;
    for look in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        look.fg_stroke.color = tones.text;
    }
    // The entries of menus have neither.
    if widgets.inactive.weak_bg_fill != Color32::TRANSPARENT {
        widgets.inactive.weak_bg_fill = Color32::TRANSPARENT;
        widgets.inactive.bg_stroke = Stroke::new(1.0, tones.outline);
    }
    widgets.inactive.bg_fill = tones.inside;
}
