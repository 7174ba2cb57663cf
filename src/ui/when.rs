//! Widgets that can be used at some times only. egui fades what is disabled, text and fill alike, which on either
//! theme looks nearly like a button that works; these have a look of their own then.

use std::sync::Arc;

use eframe::egui::{InnerResponse, Response, Ui, Widget};

use super::theme;

/// Methods of [`Ui`] in place of egui's `add_enabled` and `add_enabled_ui`.
pub trait AddWhen {
    /// A widget that is disabled, and looks so, unless it is `enabled`.
    fn add_when(&mut self, enabled: bool, widget: impl Widget) -> Response;
    /// Widgets that are all disabled, and look so, unless they are `enabled`.
    fn add_when_ui<R>(&mut self, enabled: bool, add: impl FnOnce(&mut Ui) -> R)
    -> InnerResponse<R>;
}

#[expect(clippy::disallowed_methods, reason = "the home of disabled widgets")]
impl AddWhen for Ui {
    fn add_when(&mut self, enabled: bool, widget: impl Widget) -> Response {
        if enabled || !self.is_enabled() {
            return self.add(widget);
        }
        let style = Arc::clone(self.style());
        theme::disable(self.visuals_mut());
        let response = self.add_enabled(false, widget);
        self.set_style(style);
        response
    }

    fn add_when_ui<R>(
        &mut self,
        enabled: bool,
        add: impl FnOnce(&mut Ui) -> R,
    ) -> InnerResponse<R> {
        let was_enabled = self.is_enabled();
        self.add_enabled_ui(enabled, |ui| {
            if was_enabled && !enabled {
                theme::disable(ui.visuals_mut());
            }
            add(ui)
        })
    }
}
