//! What panels tell each other.

use std::path::{Path, PathBuf};

use eframe::egui;

use super::App;
use crate::engine::Engine;
use crate::ui::command::PanelKind;
use crate::ui::state::AppState;
use crate::ui::view_model::inspected::Inspected;

/// Ties the cursors of Curves and the film to each other, and gives Inspect the outlines of Look inside.
/// Returns the pixel that is looked at, and the image in Inspect where it has no mask.
pub(super) fn link_panels(
    state: &mut AppState,
    engine: &Engine,
) -> (Option<Inspected>, Option<PathBuf>) {
    let AppState {
        layout,
        curves,
        live,
        inspect,
        look_inside,
        ..
    } = state;
    let film = live.filmed_run();
    let pointed = layout.is_in_front(PanelKind::Curves);
    let pointed = pointed.then(|| curves.pointed_step(engine, film)).flatten();
    live.point_at(pointed);
    curves.set_mark(live.cursor());
    let inspected = inspect.inspected();
    let is_looked_inside = layout.is_in_front(PanelKind::LookInside);
    inspect.set_outlines(if is_looked_inside {
        look_inside.outlines(engine, inspected.as_ref())
    } else {
        Vec::new()
    });
    let unpredicted = inspect.unpredicted().map(Path::to_owned);
    (inspected, unpredicted)
}

impl App {
    /// Whether what is dropped now is dropped on the Live panel, as far as the desktop tells where.
    pub(super) fn is_over_live(&self, ctx: &egui::Context) -> bool {
        let place = ctx.input(|input| input.pointer.latest_pos());
        self.state.layout.is_in_front(PanelKind::Live)
            && place.is_some_and(|place| self.state.live.has(place))
    }
}
