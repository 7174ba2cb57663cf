//! What is done once, when the window opens.

use eframe::egui;

use super::App;
use crate::ui::window::tell_opened;
use crate::ui::window_size::fitting_size;

/// What is still to be done.
#[derive(Debug, Default)]
pub struct FirstFrames {
    /// Whether the supervisor is still to be told that the window is open.
    pub untold: bool,
    /// Whether the window was made to fit the monitor, once that is known.
    fitted: bool,
}

impl App {
    /// Makes a window that would not fit the monitor smaller, at the start.
    pub(super) fn fit_monitor(&mut self, ctx: &egui::Context) {
        if self.first_frames.fitted {
            return;
        }
        if ctx.cumulative_frame_nr() == 0 {
            // Sizes are in points of the scale of the window from the second frame on.
            ctx.request_repaint();
            return;
        }
        let known = ctx.input(|input| {
            let viewport = input.viewport();
            let fills_monitor = [viewport.maximized, viewport.fullscreen].contains(&Some(true));
            let size = (!fills_monitor).then_some(viewport.inner_rect?.size());
            Some((size, viewport.monitor_size?))
        });
        let Some((size, monitor)) = known else { return };
        self.first_frames.fitted = true;
        let scale = ctx.zoom_factor();
        if let Some(size) = size.and_then(|size| fitting_size(size, monitor, scale)) {
            ctx.send_viewport_cmd(egui::ViewportCommand::InnerSize(size));
        }
    }

    /// Tells the process that supervises this one that the window is open: the first frame was drawn when
    /// the second one begins.
    pub(super) fn tell_supervisor(&mut self, ctx: &egui::Context) {
        if self.first_frames.untold && ctx.cumulative_frame_nr() > 0 {
            self.first_frames.untold = false;
            tell_opened();
        } else if self.first_frames.untold {
            ctx.request_repaint();
        }
    }
}
