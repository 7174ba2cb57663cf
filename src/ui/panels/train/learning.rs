//! The settings that most runs change: epochs, batch size, learning rate.

use std::ops::RangeInclusive;

use eframe::egui::emath::Numeric;
use eframe::egui::{DragValue, Label, Response, RichText, Stroke, Ui};

use crate::engine::RunConfig;
use crate::text;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;

/// Buttons for the values of a setting; one of them is selected.
pub fn segments_ui<T: Copy + PartialEq>(
    ui: &mut Ui,
    values: &[T],
    current: T,
    label: impl Fn(T) -> String,
    mut choose: impl FnMut(T),
) -> Response {
    // In a narrow panel they take two lines.
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        for &value in values {
            let button = eframe::egui::Button::new(label(value)).selected(value == current);
            if ui.add(button).clicked() && value != current {
                choose(value);
            }
        }
    })
    .response
}

/// What the settings say of the value of `field`, where it makes no sense.
pub fn rule_of(config: &RunConfig, field: &str) -> Option<&'static str> {
    let broken = config.broken_rule().filter(|broken| broken.field == field);
    broken.map(|broken| broken.rule)
}

/// A number. Dragging stays within `range`; what is typed is taken as it is, and is marked where
/// it breaks a `rule`, which is said behind it.
pub fn number_ui<N: Numeric>(
    ui: &mut Ui,
    value: &mut N,
    range: RangeInclusive<N>,
    rule: Option<&str>,
    dress: impl FnOnce(DragValue<'_>) -> DragValue<'_>,
) -> Response {
    ui.horizontal_wrapped(|ui| {
        let error = theme::palette(ui.visuals()).error;
        let response = ui
            .scope(|ui| {
                if rule.is_some() {
                    let widgets = &mut ui.visuals_mut().widgets;
                    for look in [
                        &mut widgets.inactive,
                        &mut widgets.hovered,
                        &mut widgets.active,
                    ] {
                        look.bg_stroke = Stroke::new(1.5, error);
                    }
                }
                ui.add(dress(DragValue::new(value)))
            })
            .inner;
        if response.dragged() {
            let dragged = value.to_f64();
            *value = N::from_f64(dragged.clamp(range.start().to_f64(), range.end().to_f64()));
        }
        if let Some(rule) = rule {
            ui.add(Label::new(RichText::new(rule).small().color(error)).wrap());
        }
        response
    })
    .inner
}

/// The number with its unit behind it. egui's own suffix would take the place of the field's name
/// for screen readers.
pub fn with_unit<'a>(drag: DragValue<'a>, unit: &'static str) -> DragValue<'a> {
    drag.custom_formatter(move |value, _| {
        if value.fract() == 0.0 {
            format!("{value:.0} {unit}")
        } else {
            format!("{} {unit}", format::setting(value))
        }
    })
    .custom_parser(move |text| {
        let number = text.trim();
        number
            .strip_suffix(unit)
            .unwrap_or(number)
            .trim()
            .parse()
            .ok()
    })
}

/// Epochs, batch size, learning rate.
pub fn learning_ui(ui: &mut Ui, config: &mut RunConfig) {
    let rule = rule_of(config, "epochs");
    ui.field(
        "Epochs",
        "Passes over the training images, 1 or more",
        |ui| {
            number_ui(ui, &mut config.epochs, 1..=10_000, rule, |drag| {
                drag.speed(0.2)
            })
        },
    );
    let rule = rule_of(config, "batch size");
    ui.field(
        "Batch size",
        "Images per batch, 1 or more; larger batches need more memory and make the loss smoother",
        |ui| {
            number_ui(ui, &mut config.batch_size, 1..=64, rule, |drag| {
                drag.speed(0.05)
            })
        },
    );
    let rule = rule_of(config, "learning rate");
    let tooltip = "Step size of SGD, above 0; with too large a value the loss jumps, with too small a value it hardly falls";
    ui.field("Learning rate", tooltip, |ui| {
        scientific_ui(ui, &mut config.learning.learning_rate, 1e-16..=10.0, rule)
    });
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
        drag.speed(speed)
            .max_decimals(18)
            .custom_formatter(|value, _| format::setting(value))
            .custom_parser(|text| text.trim().parse().ok())
    });
    // What is trained with is what is shown. egui itself remembers the way of the pointer.
    if response.dragged() && *value != before {
        *value = text::round(*value);
    }
    response
}

/// A checkbox with a value behind it while it is ticked, at first `start`; otherwise with the
/// text `off`.
pub fn optional_ui<T>(
    ui: &mut Ui,
    value: &mut Option<T>,
    [name, off]: [&str; 2],
    start: T,
    add: impl FnOnce(&mut Ui, &mut T),
) -> Response {
    ui.horizontal(|ui| {
        let mut ticked = value.is_some();
        let label = if ticked { "" } else { off };
        if ui
            .checkbox(&mut ticked, label)
            .accessible_name(name)
            .changed()
        {
            *value = ticked.then_some(start);
        }
        if let Some(value) = value {
            add(ui, value);
        }
    })
    .response
}
