//! Fields for numbers: what is typed is never changed in silence.

use std::cell::Cell;
use std::ops::RangeInclusive;

use eframe::egui::emath::Numeric;
use eframe::egui::{DragValue, Id, Label, Response, RichText, Stroke, Ui};

use super::theme;
use super::view_model::format;
use crate::text;

/// Units that may be typed behind a number.
const UNITS: [&str; 8] = ["steps", "epochs", "step", "epoch", "s", "px", "°", "GiB"];

/// A number. Dragging stays within `range`. What is typed is taken as it is, and is marked where
/// it breaks a `rule`, which is said behind it; what cannot be taken is told, too.
pub fn number_ui<N: Numeric>(
    ui: &mut Ui,
    value: &mut N,
    range: RangeInclusive<N>,
    rule: Option<&str>,
    dress: impl FnOnce(DragValue<'_>) -> DragValue<'_>,
) -> Response {
    ui.horizontal_wrapped(|ui| {
        let response = part_ui(ui, value, range, rule.is_some(), dress);
        if let Some(rule) = rule {
            rule_ui(ui, rule);
        }
        response
    })
    .inner
}

/// One of several numbers side by side, marked where it is `broken`.
pub fn part_ui<N: Numeric>(
    ui: &mut Ui,
    value: &mut N,
    range: RangeInclusive<N>,
    broken: bool,
    dress: impl FnOnce(DragValue<'_>) -> DragValue<'_>,
) -> Response {
    let before = value.to_f64();
    let refused: Cell<Option<String>> = Cell::new(None);
    let response = ui
        .scope(|ui| {
            if broken {
                mark(ui);
            }
            let mut drag = DragValue::new(value).custom_parser(|text| match typed::<N>(text) {
                Ok(number) => Some(number),
                Err(why) => {
                    refused.set(Some(format!("\"{}\" {why}", text.trim())));
                    None
                }
            });
            if !N::INTEGRAL {
                drag = drag.custom_formatter(|value, _| format::setting(value));
            }
            ui.add(dress(drag))
        })
        .inner;
    if response.dragged() {
        let dragged = value.to_f64();
        *value = N::from_f64(dragged.clamp(range.start().to_f64(), range.end().to_f64()));
    }
    // While somebody types, the beginning of a number is not one yet, or is another one.
    let refused = refused.take().filter(|_| response.lost_focus());
    let start = response.id.with("start");
    if response.gained_focus() {
        ui.data_mut(|data| data.insert_temp(start, before));
    }
    if refused.is_some()
        && let Some(start) = ui.data(|data| data.get_temp(start))
    {
        *value = N::from_f64(start);
    }
    refused_ui(
        ui,
        response.id.with("refused"),
        before,
        value.to_f64(),
        refused,
    );
    response
}

/// What holds for a number and is not so.
pub fn rule_ui(ui: &mut Ui, rule: &str) {
    let color = theme::palette(ui.visuals()).error;
    ui.add(Label::new(RichText::new(rule).small().color(color)).wrap());
}

fn mark(ui: &mut Ui) {
    let stroke = Stroke::new(1.5, theme::palette(ui.visuals()).error);
    let visuals = ui.visuals_mut();
    for look in [
        &mut visuals.widgets.inactive,
        &mut visuals.widgets.hovered,
        &mut visuals.widgets.active,
    ] {
        look.bg_stroke = stroke;
    }
    // Around a field in which somebody types.
    visuals.selection.stroke = stroke;
}

/// Says what was typed and not taken, until the number changes.
fn refused_ui(ui: &mut Ui, id: Id, before: f64, now: f64, refused: Option<String>) {
    if let Some(text) = refused {
        ui.data_mut(|data| data.insert_temp(id, (text, now)));
    } else if before != now {
        ui.data_mut(|data| data.remove::<(String, f64)>(id));
    }
    let told: Option<(String, f64)> = ui.data(|data| data.get_temp(id));
    if let Some((text, _)) = told.filter(|(_, of)| *of == now) {
        rule_ui(ui, &text);
    }
}

/// The number that was typed, or why it is none of this type.
fn typed<N: Numeric>(text: &str) -> Result<f64, &'static str> {
    let text: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| if letter == '\u{2212}' { '-' } else { letter })
        .collect();
    let number = UNITS
        .iter()
        .find_map(|unit| text.strip_suffix(unit))
        .unwrap_or(&text);
    let Some(value) = number.parse::<f64>().ok().filter(|value| value.is_finite()) else {
        return Err(if number.contains(',') {
            "is not a number; write fractions with a point: 0.5"
        } else {
            "is not a number"
        });
    };
    if !N::INTEGRAL {
        return Ok(value);
    }
    // Above, egui's numbers leave some whole ones out.
    let largest = N::MAX.to_f64().min(9_007_199_254_740_991.0);
    if value.fract() != 0.0 {
        Err("is not a whole number")
    } else if value < N::MIN.to_f64() {
        Err("is too small; it must be 0 or more")
    } else if value > largest {
        Err("is too large")
    } else {
        Ok(value)
    }
}

/// The number with its unit behind it. egui's own suffix would take the place of the field's name
/// for screen readers.
pub fn with_unit<'a>(drag: DragValue<'a>, unit: &'static str) -> DragValue<'a> {
    drag.custom_formatter(move |value, _| text_with_unit(value, unit))
}

fn text_with_unit(value: f64, unit: &str) -> String {
    let unit = match unit {
        "epochs" if value == 1.0 => "epoch",
        "steps" if value == 1.0 => "step",
        unit => unit,
    };
    // Nothing stands between a number and the sign of degrees.
    let space = if unit == "°" { "" } else { " " };
    if value.fract() == 0.0 {
        format!("{value:.0}{space}{unit}")
    } else {
        format!("{}{space}{unit}", format::setting(value))
    }
}

/// A number that ranges over many powers of ten.
pub fn scientific_ui(
    ui: &mut Ui,
    value: &mut f64,
    range: RangeInclusive<f64>,
    rule: Option<&str>,
) -> Response {
    // Proportional, down to the 1e-14 of the released FCN-8s; 0 needs a minimum.
    let speed = if *value == 0.0 {
        1e-9
    } else {
        value.abs() * 0.01
    };
    let before = *value;
    let response = number_ui(ui, value, range, rule, |drag| {
        drag.speed(speed).max_decimals(18)
    });
    // What is trained with is what is shown. egui itself remembers the way of the pointer.
    if response.dragged() && *value != before {
        *value = text::round(*value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_epoch_is_one() {
        for (value, unit, text) in [
            (1.0, "epochs", "1 epoch"),
            (2.0, "epochs", "2 epochs"),
            (1.0, "steps", "1 step"),
            (1.0, "s", "1 s"),
            (12.5, "°", "12.5°"),
        ] {
            assert_eq!(text_with_unit(value, unit), text);
            // What is shown can be typed.
            assert_eq!(typed::<f64>(text), Ok(value));
        }
    }

    #[test]
    fn typed_numbers_are_taken_as_they_are_or_refused() {
        assert_eq!(typed::<f64>(" 1e-5 "), Ok(1e-5));
        assert_eq!(typed::<f64>("\u{2212}0.5"), Ok(-0.5));
        assert_eq!(typed::<f64>("3 s"), Ok(3.0));
        assert_eq!(typed::<f64>("12.5°"), Ok(12.5));
        assert_eq!(typed::<usize>("12 steps"), Ok(12.0));
        assert_eq!(typed::<usize>("0"), Ok(0.0));
        assert_eq!(typed::<u32>("9 000"), Ok(9000.0));
        for (text, why) in [
            ("", "is not a number"),
            ("-", "is not a number"),
            ("NaN", "is not a number"),
            ("inf", "is not a number"),
            ("12 apples", "is not a number"),
            ("2.5", "is not a whole number"),
            ("-5", "0 or more"),
            ("5e9", "too large"),
        ] {
            let found = typed::<u32>(text).expect_err(text);
            assert!(found.contains(why), "{text}: {found}");
        }
        assert!(
            typed::<f64>("0,5")
                .expect_err("a comma")
                .contains("with a point")
        );
        assert!(typed::<u64>("1e17").is_err());
    }
}
