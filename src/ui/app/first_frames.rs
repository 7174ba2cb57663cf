//! What is done once, when the window opens.

use eframe::egui;

use super::App;
use crate::ui::window::tell_opened;
use crate::ui::window_size::fitting_size;

impl App {
    /// Makes a window that would not fit the monitor smaller, at the start.
    pub(super) fn fit_monitor(&mut self, ctx: &egui::Context) {
        if self.fitted {
            return;
        }
        let known = ctx.input(|input| {
            let viewport = input.viewport();
            Some((viewport.inner_rect?.size(), viewport.monitor_size?))
        });
        if let Some((size, monitor)) = known {
            self.fitted = true;
            if let Some(size) = fitting_size(size, monitor) {
                ctx.send_viewport_cmd(egui::ViewportCommand::InnerSize(size));
            }
        }
    }

    /// Tells the process that supervises this one that the window is open: the first frame was drawn when
    /// the second one begins.
    pub(super) fn tell_supervisor(&mut self, ctx: &egui::Context) {
        if self.untold && ctx.cumulative_frame_nr() > 0 {
            self.untold = false;
            tell_opened();
        } else if self.untold {
            ctx.request_repaint();
        }
    }
}
