//! Wheel, drags and double clicks on a plot as changes of the view.

use eframe::egui::{self, PointerButton, Pos2, Rect, Response, Stroke, Ui, Vec2};
use egui_plot::{PlotPoint, PlotTransform};

use super::plot::{Drawing, Hovered};
use crate::ui::theme;

impl Drawing<'_, '_> {
    /// What pointer and wheel do to the view; where the pointer is.
    pub fn react(
        &mut self,
        ui: &Ui,
        response: &Response,
        transform: &PlotTransform,
    ) -> Option<Hovered> {
        let (kind, ranges) = (self.figure.kind, self.figure.ranges);
        let value = |pos: Pos2| {
            let point = transform.value_from_position(pos);
            [point.x, point.y]
        };
        if response.double_clicked() {
            self.view.fit();
        }
        if response.dragged_by(PointerButton::Primary) {
            let delta = response.drag_delta();
            let by = transform.dvalue_dpos();
            let by = [-f64::from(delta.x) * by[0], -f64::from(delta.y) * by[1]];
            if delta != Vec2::ZERO {
                self.view.pan(kind, ranges, by);
            }
        }
        self.rectangle_ui(ui, response, transform, &value);
        let pointer = response.hover_pos()?;
        let factor = take_wheel_zoom(ui);
        if (factor - 1.0).abs() > f64::EPSILON {
            let all = self.figure.bounds();
            self.view.zoom(kind, ranges, value(pointer), factor, all);
        }
        Some(Hovered {
            kind,
            x: value(pointer)[0],
            pointer,
            plot: response.rect,
        })
    }

    /// A rectangle with the right button is what is shown next.
    fn rectangle_ui(
        &mut self,
        ui: &Ui,
        response: &Response,
        transform: &PlotTransform,
        value: &dyn Fn(Pos2) -> [f64; 2],
    ) {
        let kind = self.figure.kind;
        let origin = ui.input(|input| input.pointer.press_origin());
        if response.drag_started_by(PointerButton::Secondary)
            && let Some(origin) = origin
        {
            *self.corner = Some((kind, value(origin)));
        }
        let Some((_, corner)) = self.corner.filter(|(of, _)| *of == kind) else {
            return;
        };
        let Some(pointer) = response.interact_pointer_pos().or(response.hover_pos()) else {
            return;
        };
        let pointer = response.rect.clamp(pointer);
        if response.drag_stopped_by(PointerButton::Secondary) {
            *self.corner = None;
            self.view.show(kind, corner, value(pointer));
        } else {
            let start = transform.position_from_point(&PlotPoint::new(corner[0], corner[1]));
            let rect = Rect::from_two_pos(start, pointer);
            let accent = theme::palette(ui.visuals()).accent;
            ui.painter_at(response.rect).rect(
                rect,
                0.0,
                accent.gamma_multiply(0.15),
                Stroke::new(1.0, accent),
                egui::StrokeKind::Inside,
            );
        }
    }
}

/// Zoom factor of the wheel or a pinch; consumes the wheel, so that nothing else scrolls.
fn take_wheel_zoom(ui: &Ui) -> f64 {
    let speed = ui.options(|options| options.input_options.scroll_zoom_speed);
    ui.input_mut(|input| {
        let scrolled = std::mem::take(&mut input.smooth_scroll_delta);
        f64::from(input.zoom_delta() * (scrolled.y * speed).exp())
    })
}
