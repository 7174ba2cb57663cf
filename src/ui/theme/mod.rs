//! Colors and widget styles, all in one place.
//!
//! Class colors are not here: they are data and come with the dataset.

mod disabled;

use eframe::egui::{
    Color32, Context, CornerRadius, FontId, Margin, Shadow, Stroke, TextStyle, Theme, Visuals,
    style::ScrollStyle, vec2,
};

pub use self::disabled::disable;
use super::icons::Icon;
use crate::engine::NoticeLevel;
use crate::engine::plots::{NUM_COLORS, PAPER_COLORS};

#[expect(clippy::disallowed_methods, reason = "the home of colors")]
const fn rgb(r: u8, g: u8, b: u8) -> Color32 {
    Color32::from_rgb(r, g, b)
}

/// Colors with a meaning, for one theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// The main action, selection, progress.
    pub accent: Color32,
    /// Text on a fill of `accent`.
    pub on_accent: Color32,
    /// Something went well.
    pub success: Color32,
    /// Something needs attention.
    pub warning: Color32,
    /// Something failed.
    pub error: Color32,
    /// Text on a fill of `error`.
    pub on_error: Color32,
    /// An information.
    pub info: Color32,
    /// Fill of boxes on a panel.
    pub card: Color32,
    /// Outline of boxes on a panel.
    pub outline: Color32,
    /// Outline of squares of color, which may be as dark or as light as what is around them.
    pub swatch_outline: Color32,
    /// Fill behind bars and images.
    pub well: Color32,
    /// Lines behind curves.
    pub grid: Color32,
}

const DARK: Palette = Palette {
    accent: rgb(44, 116, 188),
    on_accent: rgb(255, 255, 255),
    success: rgb(98, 190, 120),
    warning: rgb(232, 176, 76),
    error: rgb(246, 130, 122),
    on_error: rgb(20, 21, 24),
    info: rgb(110, 178, 236),
    card: rgb(38, 40, 45),
    outline: rgb(56, 59, 66),
    swatch_outline: rgb(116, 121, 130),
    well: rgb(20, 21, 24),
    grid: rgb(74, 78, 86),
};

const LIGHT: Palette = Palette {
    accent: rgb(24, 106, 184),
    on_accent: rgb(255, 255, 255),
    success: rgb(28, 112, 58),
    warning: rgb(136, 82, 0),
    error: rgb(176, 40, 38),
    on_error: rgb(255, 255, 255),
    info: rgb(20, 96, 170),
    card: rgb(255, 255, 255),
    outline: rgb(214, 217, 222),
    swatch_outline: rgb(124, 129, 137),
    well: rgb(228, 230, 234),
    grid: rgb(196, 200, 207),
};

/// Colors of runs in plots on dark: calm, and far apart for everybody, color-blind people included.
const DARK_RUNS: [Color32; NUM_COLORS] = [
    rgb(46, 162, 255),
    rgb(183, 89, 33),
    rgb(254, 143, 150),
    rgb(123, 225, 226),
    rgb(150, 104, 185),
    rgb(247, 201, 107),
    rgb(77, 126, 79),
    rgb(119, 124, 136),
];

/// The same on light, each of about the same hue.
const LIGHT_RUNS: [Color32; NUM_COLORS] = {
    let mut colors = [Color32::BLACK; NUM_COLORS];
    let mut slot = 0;
    while slot < NUM_COLORS {
        let [r, g, b] = PAPER_COLORS[slot];
        colors[slot] = rgb(r, g, b);
        slot += 1;
    }
    colors
};

/// The colors of the theme that `visuals` belongs to.
pub fn palette(visuals: &Visuals) -> &'static Palette {
    if visuals.dark_mode { &DARK } else { &LIGHT }
}

/// Color of the run in color slot `slot`; slots with one color differ in their dashes.
pub fn run_color(visuals: &Visuals, slot: usize) -> Color32 {
    let colors = if visuals.dark_mode {
        &DARK_RUNS
    } else {
        &LIGHT_RUNS
    };
    colors[slot % NUM_COLORS]
}

/// Colors of the score layers, coarse to fine: blue, orange and green of Okabe and Ito, which
/// color-blind people can tell apart.
const SOURCE_COLORS: [Color32; 3] = [
    rgb(0x00, 0x72, 0xb2),
    rgb(0xe6, 0x9f, 0x00),
    rgb(0x00, 0x9e, 0x73),
];

/// Color of the score layer of this number, coarse to fine.
pub fn source_color(part: usize) -> Color32 {
    SOURCE_COLORS[part % SOURCE_COLORS.len()]
}

/// Color of an effective receptive field: the reddish purple of Okabe and Ito.
pub const EFFECTIVE_FIELD: Color32 = rgb(0xcc, 0x79, 0xa7);

/// Colors of a heat map, weak to strong; each differs from the next in lightness.
const DARK_HEAT: [[u8; 3]; 4] = [[28, 30, 34], [22, 66, 112], [52, 140, 196], [222, 240, 255]];
const LIGHT_HEAT: [[u8; 3]; 4] = [
    [246, 247, 249],
    [158, 198, 232],
    [46, 122, 190],
    [8, 40, 84],
];

/// The color of a value of this strength, `0.0..=1.0`.
pub fn heat(visuals: &Visuals, strength: f32) -> Color32 {
    let stops = if visuals.dark_mode {
        &DARK_HEAT
    } else {
        &LIGHT_HEAT
    };
    let at = strength.clamp(0.0, 1.0) * (stops.len() - 1) as f32;
    let from = (at as usize).min(stops.len() - 2);
    let share = at - from as f32;
    let mix = |channel: usize| {
        let [low, high] = [stops[from], stops[from + 1]].map(|stop| f32::from(stop[channel]));
        (low + (high - low) * share).round() as u8
    };
    rgb(mix(0), mix(1), mix(2))
}

/// The color of text on [`heat`] of this strength.
pub fn on_heat(visuals: &Visuals, strength: f32) -> Color32 {
    let color = heat(visuals, strength);
    let channel = |value: u8| (f32::from(value) / 255.0).powf(2.2);
    let light =
        0.2126 * channel(color.r()) + 0.7152 * channel(color.g()) + 0.0722 * channel(color.b());
    // Where black and white text are as easy to read (WCAG 2).
    if light < 0.18 {
        rgb(255, 255, 255)
    } else {
        rgb(0, 0, 0)
    }
}

/// Color of a notice.
pub fn level_color(visuals: &Visuals, level: NoticeLevel) -> Color32 {
    let palette = palette(visuals);
    match level {
        NoticeLevel::Info => palette.info,
        NoticeLevel::Warning => palette.warning,
        NoticeLevel::Error => palette.error,
    }
}

/// The fill behind a word in a pill. It covers what is there, such as the blue of a chosen row.
pub fn pill_fill(visuals: &Visuals, color: Color32) -> Color32 {
    visuals.panel_fill.blend(color.gamma_multiply(0.12))
}

/// The text of a word in a pill; the accent, made for fills, is too close to its own tint.
pub fn pill_text(visuals: &Visuals, color: Color32) -> Color32 {
    let palette = palette(visuals);
    if color == palette.accent {
        palette.info
    } else {
        color
    }
}

/// Icon of a notice.
pub fn level_icon(level: NoticeLevel) -> Icon {
    match level {
        NoticeLevel::Info => Icon::Info,
        NoticeLevel::Warning => Icon::Warning,
        NoticeLevel::Error => Icon::Error,
    }
}

/// The fill of every other row of a table in a window.
pub fn stripe(visuals: &Visuals) -> Color32 {
    visuals.text_color().gamma_multiply(0.06)
}

/// A class color of a dataset as a color of the window.
pub fn class_color([r, g, b]: [u8; 3]) -> Color32 {
    rgb(r, g, b)
}

/// The veil over the window while files are dragged over it.
pub fn veil(visuals: &Visuals) -> Color32 {
    let base = if visuals.dark_mode {
        Color32::from_black_alpha(190)
    } else {
        Color32::from_white_alpha(215)
    };
    base.blend(palette(visuals).accent.gamma_multiply(0.12))
}

/// Gives both themes their look.
pub fn apply(ctx: &Context) {
    ctx.set_visuals_of(Theme::Dark, dark());
    ctx.set_visuals_of(Theme::Light, light());
    ctx.all_styles_mut(|style| {
        style
            .text_styles
            .insert(TextStyle::Small, FontId::proportional(11.0));
        style
            .text_styles
            .insert(TextStyle::Heading, FontId::proportional(17.0));
        style.spacing.item_spacing = vec2(8.0, 5.0);
        style.spacing.button_padding = vec2(8.0, 3.0);
        style.spacing.interact_size = vec2(40.0, 22.0);
        style.spacing.combo_width = 120.0;
        style.spacing.slider_width = 120.0;
        style.spacing.tooltip_width = 340.0;
        style.spacing.menu_width = 300.0;
        style.spacing.menu_margin = Margin::same(6);
        style.spacing.window_margin = Margin::same(12);
        style.spacing.scroll = ScrollStyle::floating();
        style.spacing.scroll.floating_allocated_width = 8.0;
        style.interaction.tooltip_delay = 0.4;
        style.visuals.indent_has_left_vline = false;
        style.visuals.slider_trailing_fill = true;
    });
}

fn shape(visuals: &mut Visuals) {
    let radius = CornerRadius::same(5);
    for widget in [
        &mut visuals.widgets.noninteractive,
        &mut visuals.widgets.inactive,
        &mut visuals.widgets.hovered,
        &mut visuals.widgets.active,
        &mut visuals.widgets.open,
    ] {
        widget.corner_radius = radius;
        widget.expansion = 0.0;
    }
    visuals.window_corner_radius = CornerRadius::same(8);
    visuals.menu_corner_radius = CornerRadius::same(6);
    visuals.popup_shadow = Shadow {
        offset: [0, 4],
        blur: 12,
        spread: 0,
        color: visuals.popup_shadow.color,
    };
    visuals.window_shadow = Shadow {
        offset: [0, 6],
        blur: 20,
        spread: 0,
        color: visuals.window_shadow.color,
    };
}

/// The grays of a theme.
struct Tones {
    panel: Color32,
    window: Color32,
    field: Color32,
    stripe: Color32,
    selection: Color32,
    selected: Color32,
    outline: Color32,
    text: Color32,
    /// Hints.
    weak_text: Color32,
    /// Fill of buttons, fill of other widgets, text.
    idle: [Color32; 3],
    /// Fill of buttons, fill of other widgets, outline, under the pointer.
    hovered: [Color32; 3],
}

fn dark() -> Visuals {
    let tones = Tones {
        panel: rgb(29, 31, 35),
        window: rgb(36, 38, 43),
        field: DARK.well,
        stripe: rgb(34, 36, 40),
        selection: rgb(38, 88, 138),
        selected: rgb(226, 238, 250),
        outline: rgb(52, 55, 61),
        text: rgb(186, 190, 197),
        weak_text: rgb(150, 155, 163),
        idle: [rgb(50, 53, 59), rgb(58, 61, 68), rgb(218, 221, 226)],
        hovered: [rgb(60, 64, 71), rgb(68, 72, 80), rgb(92, 97, 107)],
    };
    Visuals {
        hyperlink_color: DARK.info,
        disabled_alpha: 0.78,
        ..painted(Visuals::dark(), &tones)
    }
}

fn light() -> Visuals {
    let tones = Tones {
        panel: rgb(246, 247, 249),
        window: rgb(252, 252, 253),
        field: rgb(255, 255, 255),
        stripe: rgb(238, 240, 243),
        selection: rgb(176, 211, 244),
        selected: rgb(10, 60, 110),
        outline: LIGHT.outline,
        text: rgb(64, 68, 75),
        weak_text: rgb(92, 97, 105),
        idle: [rgb(229, 231, 235), rgb(218, 221, 226), rgb(46, 50, 56)],
        hovered: [rgb(219, 223, 229), rgb(208, 212, 219), rgb(160, 166, 176)],
    };
    Visuals {
        hyperlink_color: LIGHT.accent,
        disabled_alpha: 0.82,
        ..painted(Visuals::light(), &tones)
    }
}

fn painted(mut visuals: Visuals, tones: &Tones) -> Visuals {
    shape(&mut visuals);
    let palette = palette(&visuals);
    visuals.panel_fill = tones.panel;
    visuals.window_fill = tones.window;
    visuals.window_stroke = Stroke::new(1.0, palette.outline);
    visuals.extreme_bg_color = tones.field;
    visuals.weak_text_color = Some(tones.weak_text);
    visuals.faint_bg_color = tones.stripe;
    visuals.warn_fg_color = palette.warning;
    visuals.error_fg_color = palette.error;
    visuals.selection.bg_fill = tones.selection;
    visuals.selection.stroke = Stroke::new(1.0, tones.selected);
    let widgets = &mut visuals.widgets;
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, tones.outline);
    widgets.noninteractive.fg_stroke.color = tones.text;
    let [button, inside, text] = tones.idle;
    (widgets.inactive.weak_bg_fill, widgets.inactive.bg_fill) = (button, inside);
    widgets.inactive.fg_stroke.color = text;
    let [button, inside, outline] = tones.hovered;
    (widgets.hovered.weak_bg_fill, widgets.hovered.bg_fill) = (button, inside);
    widgets.hovered.bg_stroke = Stroke::new(1.0, outline);
    // Also of what has the focus of the keyboard; it has to be seen around a chosen button, too.
    widgets.active.bg_stroke = Stroke::new(1.5, palette.info);
    visuals
}

#[cfg(test)]
pub mod color_vision;
#[cfg(test)]
mod tests;
