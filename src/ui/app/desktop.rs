//! What the window tells its desktop.

use eframe::egui;

use super::App;

impl App {
    /// Whoever looks at the window sees the end of a run without a notification.
    pub(super) fn tell_desktop(&mut self, ctx: &egui::Context) {
        if self.on_desktop {
            let mut wanted = self.state.prefs.notifications.clone();
            wanted.desktop &= !ctx.input(|input| input.focused);
            self.engine.set_notifications(wanted);
        }
    }
}
