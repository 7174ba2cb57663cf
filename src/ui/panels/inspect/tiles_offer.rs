//! What the prediction of a large image takes, before it starts.

use eframe::egui::{Frame, Rect, Ui, UiBuilder, vec2};

use crate::engine::{TilePlan, memory_text};
use crate::ui::view_model::format;

const SIZE: [f32; 2] = [360.0, 170.0];

/// Says in how many tiles an image is predicted and what memory that takes, in the middle of `area`.
/// Returns whether tiles of one color are left out, once it is to start.
pub fn tiles_offer(ui: &mut Ui, area: Rect, plan: &TilePlan) -> Option<bool> {
    let size = vec2(SIZE[0].min(area.width()), SIZE[1].min(area.height()));
    let rect = Rect::from_center_size(area.center(), size);
    let id = ui.scope_id().with("skip empty tiles");
    let mut skip_empty: bool = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect));
    let frame = Frame::popup(ui.style());
    let started = frame.show(&mut ui, |ui| {
        ui.set_width(rect.width() - 20.0);
        let megapixels = plan.image.pixels() as f64 / 1e6;
        ui.strong(format!("{} · {megapixels:.0} megapixels", plan.image));
        let tiles = format::plural(plan.tiles.len(), "tile", "tiles");
        let parts = if plan.is_in_file {
            " The file is decoded part by part."
        } else {
            ""
        };
        ui.label(format!(
            "Predicted in {tiles} of up to {} px, which overlap and leave no seams. Takes at most {} of memory.{parts}",
            plan.largest(),
            memory_text(plan.memory)
        ));
        ui.checkbox(&mut skip_empty, "Skip tiles of one color")
            .on_hover_text("Tiles in which there is nothing are not predicted: their mask is void");
        let name = format!("Predict in {tiles}");
        ui.button("Predict").accessible_name(name).clicked()
    });
    ui.data_mut(|data| data.insert_temp(id, skip_empty));
    started.inner.then_some(skip_empty)
}
