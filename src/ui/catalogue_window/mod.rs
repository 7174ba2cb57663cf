//! The windows of public weights and public datasets: download, add, use.

mod datasets;
mod weights;

use eframe::egui::{Align2, Color32, RichText, Ui, Vec2, Window, vec2};

pub use datasets::PublicDatasetsWindow;
pub use weights::PretrainedWindow;

use crate::ui::focus::focus_start;
use crate::ui::theme;
use crate::ui::ui_ext::{UiExt as _, is_escaped};
use crate::ui::view_model::catalogue_row::{CatalogueRow, Tone};

const STATE_WIDTH: f32 = 170.0;

/// A window in the middle, which Escape closes.
fn window(ui: &Ui, title: &str, open: &mut bool, size: Vec2, add: impl FnOnce(&mut Ui)) {
    let ctx = ui.ctx();
    *open &= !is_escaped(ctx);
    Window::new(title)
        .open(open)
        .collapsible(false)
        .pivot(Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center())
        .default_size(size)
        .show(ctx, |ui| {
            focus_start(ui);
            add(ui);
        });
}

/// A button whose accessible name says which entry it is about.
fn button(ui: &mut Ui, label: &str, about: &str, tooltip: &str) -> bool {
    ui.button(label)
        .accessible_name(format!("{label} {about}"))
        .on_hover_text(tooltip)
        .clicked()
}

fn state_ui(ui: &mut Ui, about: &str, row: &CatalogueRow) {
    ui.set_width(STATE_WIDTH);
    if let Some(share) = row.share {
        ui.spacing_mut().item_spacing = vec2(6.0, 4.0);
        ui.progress_bar(share, STATE_WIDTH, &format!("Progress of {about}"));
        ui.label(RichText::new(&row.state).small());
        return;
    }
    let color = tone_color(ui, row.tone);
    let tag = ui.tag(&row.state, color);
    if let (Some(note), Some(brief)) = (&row.note, &row.brief) {
        tag.on_hover_text(note);
        ui.truncated(RichText::new(brief).small(), note);
    }
}

fn tone_color(ui: &Ui, tone: Tone) -> Color32 {
    let palette = theme::palette(ui.visuals());
    match tone {
        Tone::Plain => ui.visuals().weak_text_color(),
        Tone::Good => palette.success,
        Tone::Doubtful => palette.warning,
        Tone::Bad => palette.error,
    }
}
