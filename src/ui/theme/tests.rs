use super::color_vision::{Sight, chroma, distance};
use super::*;

/// Relative luminance of WCAG 2.
fn luminance(color: Color32) -> f64 {
    let channel = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(color.r()) + 0.7152 * channel(color.g()) + 0.0722 * channel(color.b())
}

fn contrast(a: Color32, b: Color32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// WCAG 2 asks for this much of text.
const READABLE: f64 = 4.5;

/// What is behind text: panels, windows, cards, fields, every other row of a table.
fn backgrounds(visuals: &Visuals) -> [Color32; 5] {
    [
        visuals.panel_fill,
        visuals.window_fill,
        palette(visuals).card,
        visuals.extreme_bg_color,
        visuals.faint_bg_color,
    ]
}

#[test]
fn text_hints_and_notices_are_readable_everywhere() {
    for visuals in [dark(), light()] {
        let palette = palette(&visuals);
        for background in backgrounds(&visuals) {
            for color in [
                visuals.weak_text_color(),
                palette.success,
                palette.warning,
                palette.error,
                palette.info,
            ] {
                let found = contrast(color, background);
                assert!(found >= READABLE, "{color:?} on {background:?}: {found}");
            }
            assert!(contrast(visuals.text_color(), background) >= 7.0);
        }
    }
}

#[test]
fn numbers_on_a_heat_map_are_readable_and_strength_is_lightness() {
    for visuals in [dark(), light()] {
        let lights: Vec<f64> = (0..=50)
            .map(|step| {
                let strength = step as f32 / 50.0;
                let fill = heat(&visuals, strength);
                let found = contrast(on_heat(&visuals, strength), fill);
                assert!(found >= READABLE, "{strength}: {found}");
                luminance(fill)
            })
            .collect();
        if visuals.dark_mode {
            assert!(lights.is_sorted(), "{lights:?}");
        } else {
            assert!(lights.iter().rev().is_sorted(), "{lights:?}");
        }
    }
}

/// Text on a fill, over `background` as strong as `alpha`.
fn faded([text, fill]: [Color32; 2], background: Color32, alpha: f32) -> f64 {
    let over = |color: Color32| background.lerp_to_gamma(color, alpha);
    contrast(over(text), over(fill))
}

#[test]
fn buttons_and_links_are_readable() {
    for visuals in [dark(), light()] {
        let (palette, widgets) = (palette(&visuals), &visuals.widgets);
        let buttons = [
            &widgets.inactive,
            &widgets.hovered,
            &widgets.active,
            &widgets.open,
        ]
        .map(|look| [look.fg_stroke.color, look.weak_bg_fill]);
        let selected = [visuals.selection.stroke.color, visuals.selection.bg_fill];
        let filled = [
            [palette.on_accent, palette.accent],
            [palette.on_error, palette.error],
        ];
        for pair in buttons.into_iter().chain(filled).chain([selected]) {
            let found = contrast(pair[0], pair[1]);
            assert!(found >= READABLE, "{pair:?}: {found}");
        }
        for background in backgrounds(&visuals) {
            let link = contrast(visuals.hyperlink_color, background);
            assert!(link >= READABLE, "a link on {background:?}: {link}");
        }
    }
}

#[test]
fn disabled_buttons_have_no_fill_and_paler_texts_that_are_readable() {
    for visuals in [dark(), light()] {
        let mut disabled = visuals.clone();
        disable(&mut disabled);
        let (on, off) = (&visuals.widgets.inactive, &disabled.widgets.inactive);
        assert_ne!(on.weak_bg_fill, Color32::TRANSPARENT);
        assert_eq!(off.weak_bg_fill, Color32::TRANSPARENT);
        assert!(off.bg_stroke.width > 0.0 && on.bg_stroke.width == 0.0);
        for background in backgrounds(&visuals) {
            let selected = [disabled.selection.stroke.color, disabled.selection.bg_fill];
            let texts = [
                disabled.text_color(),
                disabled.weak_text_color(),
                disabled.strong_text_color(),
                off.fg_stroke.color,
            ];
            let texts = texts.map(|text| [text, background]);
            for pair in texts.into_iter().chain([selected]) {
                let found = faded(pair, background, disabled.disabled_alpha);
                assert!(
                    found >= READABLE,
                    "disabled {pair:?} on {background:?}: {found}"
                );
            }
            let enabled = contrast(on.fg_stroke.color, on.weak_bg_fill);
            let pale = faded(
                [off.fg_stroke.color, background],
                background,
                disabled.disabled_alpha,
            );
            assert!(
                pale < 0.65 * enabled,
                "text of {pale} is not much paler than of {enabled}"
            );
        }
    }
}

#[test]
fn the_outline_of_the_focus_is_seen_everywhere() {
    for visuals in [dark(), light()] {
        let outline = visuals.widgets.active.bg_stroke;
        let fills = [
            visuals.widgets.inactive.weak_bg_fill,
            visuals.selection.bg_fill,
        ];
        for around in backgrounds(&visuals).into_iter().chain(fills) {
            let found = contrast(outline.color, around);
            assert!(found >= 3.0, "{around:?}: {found}");
        }
    }
}

#[test]
fn disabled_entries_of_menus_have_no_outline() {
    let mut visuals = dark();
    visuals.widgets.inactive.weak_bg_fill = Color32::TRANSPARENT;
    visuals.widgets.inactive.bg_stroke = Stroke::NONE;
    disable(&mut visuals);
    assert_eq!(visuals.widgets.inactive.bg_stroke, Stroke::NONE);
}

#[test]
fn squares_of_color_stand_out_whatever_their_color() {
    for visuals in [dark(), light()] {
        for background in backgrounds(&visuals) {
            // WCAG 2 asks for 3:1 of what is not text.
            let found = contrast(palette(&visuals).swatch_outline, background);
            assert!(found >= 3.0, "{background:?}: {found}");
        }
    }
}

#[test]
fn words_in_pills_are_readable() {
    for visuals in [dark(), light()] {
        let palette = palette(&visuals);
        for color in [
            palette.success,
            palette.warning,
            palette.error,
            palette.info,
            palette.accent,
        ] {
            let pill = pill_fill(&visuals, color);
            assert!(
                pill.is_opaque(),
                "what is behind it, such as a chosen row, does not matter"
            );
            let found = contrast(pill_text(&visuals, color), pill);
            assert!(found >= READABLE, "{color:?}: {found}");
        }
        let chosen = contrast(visuals.selection.stroke.color, visuals.selection.bg_fill);
        assert!(chosen >= READABLE, "the text of a chosen row: {chosen}");
    }
}

#[test]
fn run_colors_stand_out_from_plots() {
    for visuals in [dark(), light()] {
        for slot in 0..NUM_COLORS {
            let found = contrast(run_color(&visuals, slot), visuals.extreme_bg_color);
            assert!(found >= 3.0, "slot {slot}: {found}");
        }
    }
}

#[test]
fn run_colors_are_calm() {
    for visuals in [dark(), light()] {
        for slot in 0..NUM_COLORS {
            let found = chroma(run_color(&visuals, slot));
            // Pure blue has 134, pure yellow 97.
            assert!(found <= 65.0, "slot {slot}: {found}");
        }
    }
}

#[test]
fn color_blind_people_can_tell_the_colors_of_runs() {
    for visuals in [dark(), light()] {
        for a in 0..NUM_COLORS {
            for b in 0..a {
                let (first, second) = (run_color(&visuals, a), run_color(&visuals, b));
                // About 2.3 is just noticeable.
                for (sight, least) in [(Sight::Deuteranope, 20.0), (Sight::Protanope, 15.0)] {
                    let found = distance(first, second, sight);
                    assert!(found >= least, "slots {a} and {b} to a {sight:?}: {found}");
                }
            }
        }
    }
}
