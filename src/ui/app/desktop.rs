//! The window on its desktop: its size, and what is told there.

use eframe::egui;

use super::App;
use crate::ui::window_size::fitting_size;

impl App {
    /// Whoever looks at the window sees the end of a run without a notification.
    pub(super) fn tell_desktop(&mut self, ctx: &egui::Context) {
        if self.on_desktop {
            let mut wanted = self.state.prefs.notifications.clone();
            wanted.desktop &= !ctx.input(|input| input.focused);
            self.engine.set_notifications(wanted);
        }
    }

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
}
