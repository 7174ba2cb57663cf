//! Which line is which run, or which class.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Atom, Button, Rect, Response, RichText, ScrollArea, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo,
    vec2,
};

use crate::engine::plots::{Figure, PlottedRun, dashes};
use crate::ui::theme;
use crate::ui::ui_ext::paint_swatch;

/// A piece of line: long enough for two dashes.
pub const SAMPLE: Vec2 = vec2(24.0, 10.0);
const LINE_WIDTH: f32 = 2.5;
/// The color of a class.
const SWATCH: Vec2 = Vec2::splat(9.0);
/// Height of a line of the legend.
const LINE: f32 = 18.0;
/// In a lower panel the legend has one line.
const LOW: f32 = 200.0;

/// The runs by name; one alone needs none.
pub fn ui(ui: &mut Ui, runs: &[PlottedRun<'_>]) {
    if runs.len() < 2 {
        return;
    }
    // Many runs must leave room for the plots: the table under the pointer names them all.
    ScrollArea::vertical()
        .id_salt("legend")
        .max_height(if ui.available_height() < LOW {
            LINE
        } else {
            2.0 * LINE
        })
        .min_scrolled_height(LINE)
        .show(ui, |ui| {
            entry_style(ui);
            ui.horizontal_wrapped(|ui| {
                for run in runs {
                    let name = RichText::new(run.label).small();
                    entry_ui(ui, run.slot, None, name).on_hover_text(run.name);
                }
            });
        });
}

/// The classes by name, in the order of their labels. Returns the index of the line whose name is
/// under the pointer; `line` is the one that is looked at.
pub fn classes_ui(
    ui: &mut Ui,
    figure: &Figure<'_>,
    line: Option<usize>,
    most: f32,
) -> Option<usize> {
    let mut pointed = None;
    ScrollArea::vertical()
        .id_salt(("classes", figure.kind.title()))
        .auto_shrink([false, true])
        .max_height(LINE * (most / LINE).floor().max(1.0))
        .min_scrolled_height(LINE)
        .show(ui, |ui| {
            entry_style(ui);
            ui.horizontal_wrapped(|ui| {
                for (index, class) in figure.lines.iter().enumerate() {
                    let mut text = RichText::new(&class.what).small();
                    if line == Some(index) {
                        text = text.strong();
                    }
                    if entry_ui(ui, class.slot, class.class_color, text).hovered() {
                        pointed = Some(index);
                    }
                }
            });
        });
    pointed
}

fn entry_style(ui: &mut Ui) {
    ui.spacing_mut().interact_size.y = LINE;
    ui.spacing_mut().button_padding.y = 0.0;
    ui.spacing_mut().item_spacing.y = 0.0;
}

/// A piece of line with its name, and the color of its class in masks, in one piece, so that no line of text
/// ends between them.
fn entry_ui(ui: &mut Ui, slot: usize, class: Option<[u8; 3]>, name: RichText) -> Response {
    let spoken = name.text().to_owned();
    let sample = Atom::paint(SAMPLE, move |ui, args| sample_of(ui, args.rect, slot));
    let entry = match class {
        None => Button::new((sample, name)),
        Some(color) => {
            let swatch = Atom::paint(SWATCH, move |ui, args| {
                paint_swatch(ui, args.rect, theme::class_color(color));
            });
            Button::new((sample, swatch, name))
        }
    };
    let response = ui.add(entry.frame(false).sense(Sense::hover()));
    // It cannot be clicked.
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    response
}

/// A piece of the line of the runs in a color slot, as the plots draw it.
pub fn sample_of(ui: &Ui, rect: Rect, slot: usize) {
    let color = theme::run_color(ui.visuals(), slot);
    let path = [rect.left_center(), rect.right_center()];
    let stroke = Stroke::new(LINE_WIDTH, color);
    match dashes(slot) {
        [dot, gap] if gap > dot => {
            let radius = LINE_WIDTH / 2.0;
            ui.painter()
                .extend(Shape::dotted_line(&path, color, dot + gap, radius));
        }
        [dash, gap] => {
            ui.painter()
                .extend(Shape::dashed_line(&path, stroke, *dash, *gap));
        }
        _ => {
            ui.painter().line_segment(path, stroke);
        }
    }
}
