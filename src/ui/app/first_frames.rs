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
        let known = ctx.input(|input| {
            let viewport = input.viewport();
            Some((viewport.inner_rect?.size(), viewport.monitor_size?))
        });
        if let Some((size, monitor)) = known {
            self.first_frames.fitted = true;
            if let Some(size) = fitting_size(size, monitor) {
                ctx.send_viewport_cmd(egui::ViewportCommand::InnerSize(size));
            }
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
