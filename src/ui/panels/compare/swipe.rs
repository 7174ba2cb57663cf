//! Two panes in one place, with a divider between them, or one shown for a moment in the place of the
//! other.

use eframe::egui::{
    Color32, ComboBox, CursorIcon, Key, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, vec2,
};

use super::ComparePanel;
use super::pane::{PaneKind, ShownPanes, drawn_layers};
use crate::ui::canvas::{Canvas, CanvasOutput};
use crate::ui::ui_ext::UiExt as _;

/// The key that is held to see the other one.
pub const BLINK: Key = Key::B;
/// Half of the width that the pointer can take hold of.
const GRIP: f32 = 6.0;
/// What an arrow key moves the divider by.
const KEY_STEP: f32 = 0.02;
const LIST_WIDTH: f32 = 170.0;
/// Of the name before the list, with the room between them.
const LABEL: f32 = 46.0;

/// Which panes are swiped.
pub struct Swipe {
    pub on: bool,
    left: Option<PaneKind>,
    right: Option<PaneKind>,
    /// Place of the divider, `0.0..=1.0`.
    share: f32,
}

impl Default for Swipe {
    fn default() -> Self {
        Self {
            on: false,
            left: None,
            right: None,
            share: 0.5,
        }
    }
}

impl Swipe {
    /// The places of both panes: the first and the last network, until others are chosen.
    pub fn sides(&self, shown: &ShownPanes) -> Option<[usize; 2]> {
        let place = |kind: &Option<PaneKind>| {
            let kind = kind.as_ref()?;
            shown.panes.iter().position(|(pane, _)| pane.kind == *kind)
        };
        let is_network = |index: &usize| matches!(shown.panes[*index].0.kind, PaneKind::Network(_));
        let all = 0..shown.panes.len();
        let first = all.clone().find(is_network);
        let last = all
            .clone()
            .rev()
            .find(|index| is_network(index) && Some(*index) != first);
        // One network alone is swiped against whatever else there is.
        let other = all.rev().find(|index| Some(*index) != first);
        Some([
            place(&self.left).or(first)?,
            place(&self.right).or(last).or(other)?,
        ])
    }
}

/// Whether the key is held that shows the other mask.
pub fn is_blinking(ui: &Ui) -> bool {
    !ui.ctx().text_edit_focused() && ui.input(|input| input.key_down(BLINK))
}

impl ComparePanel {
    /// Which panes are swiped.
    pub(super) fn sides_ui(&mut self, ui: &mut Ui) {
        let Some(shown) = &self.shown else { return };
        let Some(sides) = self.swipe.sides(shown) else {
            return;
        };
        let names = ["Left", "Right"];
        let chosen = [&mut self.swipe.left, &mut self.swipe.right];
        for ((name, side), chosen) in names.into_iter().zip(sides).zip(chosen) {
            ui.together(LIST_WIDTH + LABEL, |ui| {
                let label = ui.label(name);
                ComboBox::from_id_salt(("compare_swipe", name))
                    .width(LIST_WIDTH)
                    .truncate()
                    .selected_text(&shown.panes[side].0.title)
                    .show_ui(ui, |ui| {
                        for (index, (pane, _)) in shown.panes.iter().enumerate() {
                            if ui.selectable_label(index == side, &pane.title).clicked() {
                                *chosen = Some(pane.kind.clone());
                            }
                        }
                    })
                    .response
                    .labelled_by(label.id);
            });
        }
    }

    /// Both panes in `area`, with the divider.
    pub(super) fn swiped_ui(
        &mut self,
        ui: &mut Ui,
        shown: &ShownPanes,
        mut sides: [usize; 2],
        size: Vec2,
    ) -> Option<CanvasOutput> {
        if self.takes_keys && is_blinking(ui) {
            sides.reverse();
        }
        let image_size = shown.image_size?;
        let [left, right] = sides.map(|side| &shown.panes[side]);
        let drawn = [left, right].map(|(_, layers)| drawn_layers(layers, self.opacity));
        let name = format!("{} and {}", left.0.title, right.0.title);
        let output = Canvas::new(&mut self.textures, &drawn[0], image_size, &name)
            .divided(&drawn[1], self.swipe.share)
            .show(ui, size, &mut self.view);
        let rect = output.response.rect;
        self.divider_ui(ui, rect);
        for (index, (pane, _)) in [left, right].into_iter().enumerate() {
            let text = format!("{}  ·  {}", pane.title, pane.detail);
            side_title(ui, rect, index == 1, &text);
        }
        Some(output)
    }

    fn divider_ui(&mut self, ui: &Ui, rect: Rect) {
        let x = rect.left() + self.swipe.share * rect.width();
        let grip = Rect::from_x_y_ranges(x - GRIP..=x + GRIP, rect.y_range());
        let id = ui.scope_id().with("divider");
        let response = ui.interact(grip, id, Sense::click_and_drag());
        if response.dragged() || response.has_focus() {
            let mut moved = response.drag_delta().x / rect.width().max(1.0);
            if response.has_focus() {
                let steps = |key| ui.input(|input| input.num_presses(key)) as f32;
                moved += KEY_STEP * (steps(Key::ArrowRight) - steps(Key::ArrowLeft));
            }
            self.swipe.share = (self.swipe.share + moved).clamp(0.0, 1.0);
        }
        let share = self.swipe.share;
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::Slider, true, "Divider");
            info.value = Some(f64::from(share * 100.0));
            info
        });
        let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
        let painter = ui.painter_at(rect);
        let width = if response.hovered() || response.has_focus() {
            3.0
        } else {
            1.5
        };
        painter.vline(x, rect.y_range(), Stroke::new(width + 2.0, Color32::BLACK));
        painter.vline(x, rect.y_range(), Stroke::new(width, Color32::WHITE));
        painter.circle(
            Rect::from_center_size(grip.center(), vec2(1.0, 1.0)).center(),
            5.0,
            Color32::WHITE,
            Stroke::new(1.5, Color32::BLACK),
        );
    }
}

/// The title and the scores of a side, in its lower corner and no wider than its half.
fn side_title(ui: &Ui, rect: Rect, is_right: bool, title: &str) {
    use eframe::egui::text::{LayoutJob, TextWrapping};
    use eframe::egui::{Align2, FontId};
    let painter = ui.painter_at(rect);
    let (place, align) = if is_right {
        (rect.right_bottom() + vec2(-8.0, -6.0), Align2::RIGHT_BOTTOM)
    } else {
        (rect.left_bottom() + vec2(8.0, -6.0), Align2::LEFT_BOTTOM)
    };
    let font = FontId::proportional(13.0);
    let mut job = LayoutJob::simple_singleline(title.to_owned(), font, Color32::WHITE);
    job.wrap = TextWrapping::truncate_at_width(rect.width() / 2.0 - 24.0);
    let galley = painter.layout_job(job);
    let text = align.anchor_size(place, galley.size());
    painter.rect_filled(
        text.expand2(vec2(5.0, 2.0)),
        3.0,
        Color32::from_black_alpha(170),
    );
    painter.galley(text.min, galley, Color32::WHITE);
}
