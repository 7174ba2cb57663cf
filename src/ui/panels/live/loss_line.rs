//! The training loss of a run as a small line without axes; Curves has them.

use eframe::egui::accesskit::Role;
use eframe::egui::{Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::engine::RunSnapshot;
use crate::ui::command::{Command, PanelKind};
use crate::ui::context::PanelCtx;
use crate::ui::focus::focus_outline;
use crate::ui::theme;
use crate::ui::view_model::format;

const SIZE: Vec2 = vec2(96.0, 20.0);
/// Places along the line; each is the mean of some steps.
const PLACES: usize = 48;
/// Steps of each place that are looked at: of a long run all of them would take too long in each frame.
const PER_PLACE: usize = 16;

/// The line up to a step, or to the newest one. A click shows Curves.
pub(super) fn ui(ctx: &PanelCtx<'_>, ui: &mut Ui, run: &RunSnapshot, moment: Option<usize>) {
    let steps = &run.steps[..steps_up_to(run, moment)];
    let values = means(steps.len(), |index| steps[index].loss);
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return;
    };
    let name = format!(
        "Training loss from {} to {}",
        format::loss(Some(*first)),
        format::loss(Some(*last))
    );
    let (rect, response) = ui.allocate_exact_size(SIZE, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let palette = theme::palette(ui.visuals());
    ui.painter().rect_filled(rect, 3.0, palette.well);
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let inside = rect.shrink(3.0);
    let place = |(index, value): (usize, &f64)| {
        let x = index as f64 / (values.len() - 1).max(1) as f64;
        let y = (value - low) / (high - low).max(f64::MIN_POSITIVE);
        pos2(
            inside.left() + inside.width() * x as f32,
            inside.bottom() - inside.height() * y as f32,
        )
    };
    let color = palette.info;
    let line: Vec<_> = values.iter().enumerate().map(place).collect();
    if let Some(end) = line.last() {
        ui.painter().circle_filled(*end, 2.0, color);
    }
    ui.painter().line(line, Stroke::new(1.5, color));
    focus_outline(ui, &response);
    let count = format::plural(steps.len(), "step", "steps");
    let text = format!("{name} over {count}, averaged. Click to show Curves");
    if response.on_hover_text(text).clicked() {
        ctx.commands.send(Command::ShowPanel(PanelKind::Curves));
    }
}

/// How many of the steps of a run are done at a moment.
pub(super) fn steps_up_to(run: &RunSnapshot, moment: Option<usize>) -> usize {
    match moment {
        Some(moment) => run.steps.partition_point(|step| step.step <= moment),
        None => run.steps.len(),
    }
}

/// Means of parts of `count` values, as many parts as there are places, without those that are no numbers.
fn means(count: usize, value: impl Fn(usize) -> f64) -> Vec<f64> {
    let places = count.min(PLACES);
    let part = |place: usize| place * count / places;
    let mean = |place: usize| {
        let (from, to) = (part(place), part(place + 1));
        let stride = (to - from).div_ceil(PER_PLACE).max(1);
        // From the end, so that the newest value is always among them.
        let values = (from..to).rev().step_by(stride).map(&value);
        let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (!values.is_empty()).then_some(mean)
    };
    (0..places).filter_map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_means_of_its_steps() {
        let of = |values: &[f64]| means(values.len(), |index| values[index]);
        assert!(of(&[]).is_empty());
        assert_eq!(of(&[2.0, f64::NAN, 1.0]), [2.0, 1.0]);
        // Two steps for each of the 48 places: 0 and 1, 2 and 3, …
        let many: Vec<f64> = (0..96).map(f64::from).collect();
        let line = of(&many);
        assert_eq!((line.len(), line[0], line[47]), (48, 0.5, 94.5));
        // Of a million steps few are looked at, the newest among them.
        let looked = std::cell::Cell::new(0);
        let line = means(1_000_000, |index| {
            looked.set(looked.get() + 1);
            if index == 999_999 { 16.0 } else { 0.0 }
        });
        assert!(looked.get() <= PLACES * PER_PLACE);
        assert_eq!(line[47], 1.0);
    }
}
