//! The classes: support, intersection over union as bars, boundary intersection over union, and
//! connected components.

use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui::{
    self, CornerRadius, Grid, Label, Rect, RichText, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::Shown;
use crate::engine::{ClassList, compared_name};
use crate::ui::context::PanelCtx;
use crate::ui::sticky_header::{Hint, StickyHeader};
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::{count, percent, plural};

const NAME_WIDTH: f32 = 130.0;
const BAR: egui::Vec2 = vec2(230.0, 13.0);

/// Draws a row for each class of the first run, and of the others those of the same name.
pub fn ui(ctx: &PanelCtx<'_>, ui: &mut Ui, shown: &[Shown]) {
    let Some(first) = shown.first() else {
        return;
    };
    let classes = ctx.colors.of(&first.kept.evaluation.classes);
    if shown.len() > 1 {
        ui.horizontal_wrapped(|ui| {
            for shown in shown {
                ui.swatch(theme::run_color(ui.visuals(), shown.slot));
                ui.label(&shown.label);
            }
        });
    }
    // Runs of other datasets have other labels.
    let places: Vec<_> = shown
        .iter()
        .map(|shown| places_of(&shown.kept.evaluation.classes))
        .collect();
    let width = first.kept.evaluation.boundary_width;
    let mut header = StickyHeader::default();
    let table = Grid::new("evaluate_classes")
        .striped(true)
        .spacing([14.0, 5.0])
        .show(ui, |ui| {
            let headers = [
                ("Class", "The classes of the run".to_owned()),
                ("Support", "Labeled pixels of the class, and their share".to_owned()),
                (
                    "IoU | boundary IoU (the line)",
                    format!(
                        "Intersection over union, pooled over the images. The line inside of a bar is that of the \
                         pixels within {width} px of a boundary (boundary IoU)"
                    ),
                ),
                ("True components: number × mean area", "Connected components (8-connected) of the ground truth: how many, and pixels of one on average".to_owned()),
                ("Predicted", "The same of the predictions: more and smaller ones are specks, fewer are merged or missed".to_owned()),
            ];
            for (name, what) in headers {
                header.weak(ui, name, Hint::Text(what));
            }
            ui.end_row();
            for (label, class) in classes.iter().enumerate() {
                ui.horizontal(|ui| {
                    ui.set_width(NAME_WIDTH);
                    ui.swatch(theme::class_color(class.color));
                    ui.truncated(class.name.as_str(), &class.name);
                });
                support_ui(ui, first, label);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    let compared = compared_name(&class.name);
                    for (shown, places) in shown.iter().zip(&places) {
                        let own = places.get(&compared).copied();
                        bar_ui(ui, shown, (&class.name, own), shown_alone(shown, first));
                    }
                });
                components_ui(ui, first, label);
                ui.end_row();
            }
        });
    header.stay(ui, table.response.rect);
    if shown.len() > 1 {
        ui.weak(format!(
            "Support and components are those of {}",
            first.label
        ));
    }
    for other in shown {
        let missing = only_in(&other.kept.evaluation.classes, &places[0]);
        if !missing.is_empty() {
            let names = missing.join(", ");
            let text = format!("Not shown, since {} alone has them: {names}", other.label);
            ui.add(Label::new(RichText::new(text).weak()).wrap());
        }
    }
}

/// The places of classes by what is compared of their names, as a run is compared with a dataset.
fn places_of(classes: &ClassList) -> HashMap<String, usize> {
    let mut places = HashMap::new();
    for (place, class) in classes.iter().enumerate() {
        places.entry(compared_name(&class.name)).or_insert(place);
    }
    places
}

/// Names of the classes of a list that are not at these places of another one.
fn only_in<'a>(list: &'a ClassList, other: &HashMap<String, usize>) -> Vec<&'a str> {
    let names = list.iter().map(|class| class.name.as_str());
    names
        .filter(|name| !other.contains_key(&compared_name(name)))
        .collect()
}

fn shown_alone(shown: &Shown, first: &Shown) -> bool {
    Arc::ptr_eq(&shown.kept, &first.kept)
}

fn support_ui(ui: &mut Ui, shown: &Shown, label: usize) {
    let matrix = shown.kept.evaluation.counts.confusion();
    let pixels = matrix.true_pixels(label);
    let share = pixels as f64 / matrix.total().max(1) as f64;
    ui.label(RichText::new(percent(Some(share))).monospace())
        .on_hover_text(format!("{} px", count(pixels as usize)));
}

/// The bar of a class in one run, where that has it.
fn bar_ui(ui: &mut Ui, shown: &Shown, (name, own): (&str, Option<usize>), is_first: bool) {
    let evaluation = &shown.kept.evaluation;
    let value = |values: &[Option<f64>]| values.get(own?).copied().flatten();
    let iu = value(&evaluation.scores.class_iu);
    let boundary = value(&evaluation.boundary.class_iu);
    ui.horizontal(|ui| {
        let (rect, response) = ui.allocate_exact_size(BAR, Sense::hover());
        let palette = theme::palette(ui.visuals());
        let painter = ui.painter();
        painter.rect_filled(rect, CornerRadius::same(2), palette.well);
        let at = |share: f64| rect.left() + rect.width() * share.clamp(0.0, 1.0) as f32;
        if let Some(iu) = iu {
            let filled = Rect::from_min_max(rect.min, pos2(at(iu), rect.bottom()));
            let color = theme::run_color(ui.visuals(), shown.slot);
            painter.rect_filled(filled, CornerRadius::same(2), color.gamma_multiply(0.8));
        }
        if let Some(boundary) = boundary {
            let color = ui.visuals().strong_text_color();
            painter.vline(at(boundary), rect.y_range(), Stroke::new(2.0, color));
        }
        let text = format!(
            "{name}: IoU {}, boundary IoU {}",
            percent(iu),
            percent(boundary)
        );
        let spoken = if is_first {
            text.clone()
        } else {
            format!("{}: {text}", shown.label)
        };
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &spoken));
        response.on_hover_text(spoken);
        ui.label(RichText::new(percent(iu)).monospace());
        ui.label(
            RichText::new(format!("| {}", percent(boundary)))
                .monospace()
                .weak(),
        );
    });
}

fn components_ui(ui: &mut Ui, shown: &Shown, label: usize) {
    let counts = &shown.kept.evaluation.counts;
    for components in [counts.true_components(), counts.predicted_components()] {
        let of_class = components[label];
        let number = count(of_class.count as usize);
        let text = match of_class.mean_area() {
            Some(area) => format!("{number} × {} px", count(area.round() as usize)),
            None => "none".to_owned(),
        };
        ui.label(text).on_hover_text(format!(
            "{}, {} px together, the largest {} px",
            plural(of_class.count as usize, "component", "components"),
            count(of_class.area as usize),
            count(of_class.largest as usize)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Class;

    fn list(names: &[&str]) -> ClassList {
        let class = |name: &&str| Class {
            name: (*name).to_owned(),
            color: [0; 3],
        };
        ClassList::new(names.iter().map(class).collect()).expect("a list")
    }

    #[test]
    fn classes_of_other_runs_are_found_by_name_or_named_as_missing() {
        let (street, garden) = (list(&["Sky", "Tree"]), list(&["meadow", "tree ", "house"]));
        let place = |name: &str| places_of(&garden).get(&compared_name(name)).copied();
        assert_eq!((place("Tree"), place("Sky")), (Some(1), None));
        assert_eq!(only_in(&garden, &places_of(&street)), ["meadow", "house"]);
        assert_eq!(only_in(&street, &places_of(&street)), [""; 0]);
    }
}
