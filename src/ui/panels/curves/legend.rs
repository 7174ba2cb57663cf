//! Which line is which run.

use eframe::egui::{
    Atom, Button, Rect, RichText, ScrollArea, Sense, Shape, Stroke, Ui, Vec2, vec2,
};

use crate::engine::plots::{PlottedRun, dashes};
use crate::ui::theme;

/// A piece of line: long enough for two dashes.
pub const SAMPLE: Vec2 = vec2(24.0, 10.0);
const LINE_WIDTH: f32 = 2.5;
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
        .show(ui, |ui| {
            ui.spacing_mut().interact_size.y = LINE;
            ui.spacing_mut().button_padding.y = 0.0;
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.horizontal_wrapped(|ui| {
                for run in runs {
                    let slot = run.slot;
                    // In one piece, so that no line ends between them.
                    let sample =
                        Atom::paint(SAMPLE, move |ui, args| sample_of(ui, args.rect, slot));
                    let entry = Button::new((sample, RichText::new(run.label).small()));
                    ui.add(entry.frame(false).sense(Sense::hover()))
                        .on_hover_text(run.name);
                }
            });
        });
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
