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
        assert!(contrast(palette.on_accent, palette.accent) >= 3.0);
    }
}

#[test]
fn words_in_pills_are_readable() {
    for visuals in [dark(), light()] {
        let palette = palette(&visuals);
        for background in [visuals.panel_fill, palette.card] {
            for color in [
                palette.success,
                palette.warning,
                palette.error,
                palette.info,
                palette.accent,
            ] {
                let pill = background.blend(pill_fill(color));
                let found = contrast(pill_text(&visuals, color), pill);
                assert!(found >= READABLE, "{color:?} on {background:?}: {found}");
            }
        }
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

/// What a deuteranope sees (Machado, Oliveira and Fernandes 2009, severity 1), as linear RGB.
fn deuteranope(color: Color32) -> [f64; 3] {
    let linear = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    let [r, g, b] = [color.r(), color.g(), color.b()].map(linear);
    [
        0.367_322 * r + 0.860_646 * g - 0.227_968 * b,
        0.280_085 * r + 0.672_501 * g + 0.047_413 * b,
        -0.011_820 * r + 0.042_940 * g + 0.968_881 * b,
    ]
    .map(|value| value.clamp(0.0, 1.0))
}

/// CIE 1976 L*a*b* under D65.
fn lab(color: [f64; 3]) -> [f64; 3] {
    const TO_XYZ: [[f64; 3]; 3] = [
        [0.4124 / 0.950_47, 0.3576 / 0.950_47, 0.1805 / 0.950_47],
        [0.2126, 0.7152, 0.0722],
        [0.0193 / 1.088_83, 0.1192 / 1.088_83, 0.9505 / 1.088_83],
    ];
    let [x, y, z] = TO_XYZ.map(|row| {
        let value: f64 = row
            .iter()
            .zip(color)
            .map(|(factor, value)| factor * value)
            .sum();
        if value > 0.008_856 {
            value.cbrt()
        } else {
            7.787 * value + 16.0 / 116.0
        }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn deuteranopes_can_tell_the_colors_of_runs() {
    for visuals in [dark(), light()] {
        let seen = |slot: usize| lab(deuteranope(run_color(&visuals, slot)));
        for a in 0..NUM_COLORS {
            for b in 0..a {
                let squares = seen(a)
                    .into_iter()
                    .zip(seen(b))
                    .map(|(a, b)| (a - b).powi(2));
                let distance = squares.sum::<f64>().sqrt();
                // About 2.3 is just noticeable.
                assert!(distance >= 20.0, "slots {a} and {b}: {distance}");
            }
        }
    }
}
