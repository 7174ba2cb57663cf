//! Small widgets that several panels share.

use std::time::Duration;

use eframe::egui::{
    self, Align, Atom, Button, Color32, CornerRadius, Frame, Key, Layout, Margin, Modifiers, Rect,
    Response, RichText, Sense, Stroke, Ui, UiBuilder, Vec2, vec2,
};

use super::focus::focus_outline_within;
use super::icons::Icon;
use super::terms::{Teaches as _, Term};
use super::theme;
use super::when::AddWhen as _;
use crate::engine::NoticeLevel;

/// Interval of the busy animation.
const BUSY_TICK: Duration = Duration::from_millis(300);
/// Width and height of a square of color.
pub const SWATCH: Vec2 = Vec2::splat(12.0);
/// Width of the labels before controls.
const LABEL_WIDTH: f32 = 118.0;

/// Widgets of this program, as methods of [`Ui`].
pub trait UiExt {
    /// A modal question; returns true once it is closed.
    fn question(&self, id: &'static str, title: &str, add: impl FnOnce(&mut Ui)) -> bool;
    /// The button of a question that Enter means: it has the focus when the question comes up.
    /// Returns whether it was chosen.
    fn default_button(&mut self, button: Button<'_>) -> bool;
    /// The heading of a section of a panel.
    fn section(&mut self, title: &str) -> Response;
    /// Widgets side by side, about `width` wide, that are wrapped together.
    fn together<R>(&mut self, width: f32, add: impl FnOnce(&mut Ui) -> R) -> R;
    /// A label, then controls, with a tooltip; the label names the controls for screen readers.
    fn field(
        &mut self,
        label: &str,
        tooltip: &str,
        add: impl FnOnce(&mut Ui) -> Response,
    ) -> Response;
    /// As [`field`](Self::field), of a setting whose name is a term: the tooltip explains that too.
    fn term_field(
        &mut self,
        label: &str,
        told: (&str, Term),
        add: impl FnOnce(&mut Ui) -> Response,
    ) -> Response;
    /// A short word in a colored pill.
    fn tag(&mut self, text: &str, color: Color32) -> Response;
    /// A box that stands out from the panel.
    fn card<R>(&mut self, add: impl FnOnce(&mut Ui) -> R) -> R;
    /// A box with the color and icon of a notice.
    fn notice_box<R>(&mut self, level: NoticeLevel, add: impl FnOnce(&mut Ui) -> R) -> R;
    /// The main button of a panel, as wide as the panel.
    fn primary_button(&mut self, icon: Icon, label: &str, enabled: bool) -> Response;
    /// A button with an icon before its label, which is also its accessible name.
    fn labeled_button(&mut self, icon: Icon, label: &str, enabled: bool) -> Response;
    /// A frameless button with only an icon.
    fn icon_button(&mut self, icon: Icon, alt_text: &str) -> Response;
    /// An icon alone, in a color.
    fn icon(&mut self, icon: Icon, color: Color32) -> Response;
    /// A square of color.
    fn swatch(&mut self, color: Color32) -> Response;
    /// A slow busy animation.
    fn busy(&mut self, alt_text: &str) -> Response;
    /// A bar that is filled up to `share`.
    fn progress_bar(&mut self, share: f32, width: f32, alt_text: &str) -> Response;
    /// A text for an empty panel, with buttons that lead on.
    fn empty_state(&mut self, title: &str, hint: &str, actions: impl FnOnce(&mut Ui));
    /// An error that the user can do something about.
    fn error_box(&mut self, title: &str, message: &str);
    /// A busy animation and a line of text in the middle of `area`, over its contents.
    fn waiting(&mut self, area: Rect, text: &str);
    /// As [`waiting`](Self::waiting), with a button *Cancel* whose accessible name is `name`;
    /// returns whether it was clicked.
    fn waiting_to_cancel(&mut self, area: Rect, text: &str, name: &str) -> bool;
    /// A line of text and a button in the middle of `area`, over its contents; returns whether
    /// the button was clicked.
    fn offer(&mut self, area: Rect, text: &str, button: &str) -> bool;
    /// One line of text, truncated to the available width, with a tooltip.
    fn truncated(&mut self, text: impl Into<RichText>, tooltip: &str) -> Response;
}

impl UiExt for Ui {
    fn question(&self, id: &'static str, title: &str, add: impl FnOnce(&mut Ui)) -> bool {
        let frame = Frame::popup(self.style()).inner_margin(Margin::same(16));
        egui::Modal::new(egui::Id::unique(id))
            .frame(frame)
            .show(self.ctx(), |ui| {
                ui.set_width(380.0);
                ui.heading(title);
                ui.add_space(2.0);
                add(ui);
            })
            .should_close()
    }

    fn default_button(&mut self, button: Button<'_>) -> bool {
        let response = self.add(button);
        // What had the focus before is behind the question.
        if comes_up(self.ctx(), response.id) {
            response.request_focus();
        }
        let enter = self.memory(egui::Memory::focused).is_none()
            && self.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
        response.clicked() || enter
    }

    fn section(&mut self, title: &str) -> Response {
        self.add_space(2.0);
        self.label(RichText::new(title).strong().size(13.5))
    }

    fn together<R>(&mut self, width: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
        let size = vec2(width, self.spacing().interact_size.y);
        self.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), add)
            .inner
    }

    fn field(
        &mut self,
        label: &str,
        tooltip: &str,
        add: impl FnOnce(&mut Ui) -> Response,
    ) -> Response {
        told_field(self, label, |response| response.on_hover_text(tooltip), add)
    }

    fn term_field(
        &mut self,
        label: &str,
        (tooltip, term): (&str, Term),
        add: impl FnOnce(&mut Ui) -> Response,
    ) -> Response {
        let tell = |response: Response| response.tells_and_teaches(tooltip, term);
        told_field(self, label, tell, add)
    }

    fn tag(&mut self, text: &str, color: Color32) -> Response {
        Frame::new()
            .fill(theme::pill_fill(self.visuals(), color))
            .corner_radius(CornerRadius::same(4))
            .inner_margin(Margin::symmetric(5, 1))
            .show(self, |ui| {
                let color = theme::pill_text(ui.visuals(), color);
                ui.add(egui::Label::new(RichText::new(text).small().color(color)).extend())
            })
            .inner
    }

    fn card<R>(&mut self, add: impl FnOnce(&mut Ui) -> R) -> R {
        let palette = theme::palette(self.visuals());
        Frame::new()
            .fill(palette.card)
            .stroke(Stroke::new(1.0, palette.outline))
            .corner_radius(CornerRadius::same(6))
            .inner_margin(Margin::symmetric(8, 6))
            .show(self, |ui| {
                ui.set_width(ui.available_width());
                add(ui)
            })
            .inner
    }

    fn notice_box<R>(&mut self, level: NoticeLevel, add: impl FnOnce(&mut Ui) -> R) -> R {
        let color = theme::level_color(self.visuals(), level);
        Frame::new()
            .fill(color.gamma_multiply(0.10))
            .stroke(Stroke::new(1.0, color.gamma_multiply(0.55)))
            .corner_radius(CornerRadius::same(6))
            .inner_margin(Margin::symmetric(8, 6))
            .show(self, |ui| {
                ui.set_width(ui.available_width());
                ui.horizontal_top(|ui| {
                    ui.icon(theme::level_icon(level), color);
                    ui.vertical(add).inner
                })
                .inner
            })
            .inner
    }

    fn primary_button(&mut self, icon: Icon, label: &str, enabled: bool) -> Response {
        let palette = theme::palette(self.visuals());
        let on_accent = enabled.then_some(palette.on_accent);
        let sign = Atom::paint(Vec2::splat(14.0), move |ui, args| {
            let color = on_accent.unwrap_or(args.fallback_text_color);
            icon.paint(ui.painter(), args.rect, color);
        });
        let mut text = RichText::new(label).size(15.0);
        if let Some(color) = on_accent {
            text = text.color(color);
        }
        let atoms = (Atom::grow(), sign, text, Atom::grow());
        let mut button = Button::new(atoms).min_size(vec2(self.available_width(), 34.0));
        if enabled {
            button = button.fill(palette.accent);
        }
        let response = self.add_when(enabled, button).accessible_name(label);
        // The outline of other buttons is too near to this fill.
        focus_outline_within(self, &response, palette.on_accent);
        response
    }

    fn labeled_button(&mut self, icon: Icon, label: &str, enabled: bool) -> Response {
        self.add_when(enabled, Button::new((icon.atom(), label)))
            .accessible_name(label)
    }

    fn icon_button(&mut self, icon: Icon, alt_text: &str) -> Response {
        self.add(Button::new(icon.atom()).frame_when_inactive(false))
            .accessible_name(alt_text)
            .on_hover_text(alt_text)
    }

    fn icon(&mut self, icon: Icon, color: Color32) -> Response {
        let (rect, response) = self.allocate_exact_size(Vec2::splat(16.0), Sense::hover());
        icon.paint(self.painter(), rect.shrink(1.0), color);
        response
    }

    fn swatch(&mut self, color: Color32) -> Response {
        let (rect, response) = self.allocate_exact_size(SWATCH, Sense::hover());
        paint_swatch(self, rect, color);
        response
    }

    fn busy(&mut self, alt_text: &str) -> Response {
        let (rect, response) = self.allocate_exact_size(Vec2::splat(16.0), Sense::hover());
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::ProgressIndicator, true, alt_text)
        });
        if self.is_rect_visible(rect) {
            self.ctx().request_repaint_after(BUSY_TICK);
            let time = self.input(|input| input.time);
            let tick = (time / BUSY_TICK.as_secs_f64()) as u64;
            let color = self.visuals().text_color();
            for dot in 0..3_u8 {
                let strength = if tick % 3 == u64::from(dot) { 1.0 } else { 0.3 };
                let center = rect.center() + vec2(5.0 * (f32::from(dot) - 1.0), 0.0);
                self.painter()
                    .circle_filled(center, 1.8, color.gamma_multiply(strength));
            }
        }
        response
    }

    fn progress_bar(&mut self, share: f32, width: f32, alt_text: &str) -> Response {
        let (rect, response) = self.allocate_exact_size(vec2(width, 7.0), Sense::hover());
        let share = share.clamp(0.0, 1.0);
        response.widget_info(|| {
            let mut info =
                egui::WidgetInfo::labeled(egui::accesskit::Role::ProgressIndicator, true, alt_text);
            info.value = Some(f64::from(share * 100.0).floor());
            info
        });
        let palette = theme::palette(self.visuals());
        let radius = CornerRadius::same(3);
        self.painter().rect(
            rect,
            radius,
            palette.well,
            Stroke::new(1.0, palette.outline),
            egui::StrokeKind::Inside,
        );
        if share > 0.0 {
            let filled = Rect::from_min_size(
                rect.min,
                vec2((rect.width() * share).max(6.0), rect.height()),
            );
            self.painter().rect_filled(filled, radius, palette.accent);
        }
        response
    }

    fn empty_state(&mut self, title: &str, hint: &str, actions: impl FnOnce(&mut Ui)) {
        let height = self.available_height();
        self.vertical_centered(|ui| {
            ui.add_space((height * 0.5 - 45.0).max(8.0));
            ui.label(RichText::new(title).strong().size(15.0));
            ui.weak(hint);
            ui.add_space(6.0);
            actions(ui);
        });
    }

    fn error_box(&mut self, title: &str, message: &str) {
        self.notice_box(NoticeLevel::Error, |ui| {
            ui.strong(title);
            ui.add(egui::Label::new(message).wrap());
        });
    }

    fn waiting(&mut self, area: Rect, text: &str) {
        over(self, area, |ui| {
            ui.busy(text);
            ui.add(egui::Label::new(text).truncate());
        });
    }

    fn waiting_to_cancel(&mut self, area: Rect, text: &str, name: &str) -> bool {
        over(self, area, |ui| {
            ui.busy(text);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let cancel = ui.button("Cancel").accessible_name(name);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(egui::Label::new(text).truncate());
                });
                cancel.clicked()
            })
            .inner
        })
    }

    fn offer(&mut self, area: Rect, text: &str, button: &str) -> bool {
        over(self, area, |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let clicked = ui.button(button).clicked();
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(egui::Label::new(text).truncate());
                });
                clicked
            })
            .inner
        })
    }

    fn truncated(&mut self, text: impl Into<RichText>, tooltip: &str) -> Response {
        self.add(
            egui::Label::new(text.into())
                .truncate()
                .show_tooltip_when_elided(false),
        )
        .on_hover_text(tooltip)
    }
}

/// A label, then controls that it names; `tell` gives both their tooltip.
fn told_field(
    ui: &mut Ui,
    label: &str,
    tell: impl Fn(Response) -> Response,
    add: impl FnOnce(&mut Ui) -> Response,
) -> Response {
    ui.horizontal(|ui| {
        let size = vec2(LABEL_WIDTH, ui.spacing().interact_size.y);
        let label = ui
            .allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(LABEL_WIDTH);
                ui.add(egui::Label::new(label).truncate())
            })
            .inner;
        let label = tell(label);
        tell(ui.label_inputs_by(label.id, add))
    })
    .inner
}

/// A line in a box in the middle of `area`.
fn over<R>(ui: &mut Ui, area: Rect, add: impl FnOnce(&mut Ui) -> R) -> R {
    let size = vec2(area.width().min(460.0), 44.0);
    let rect = Rect::from_center_size(area.center(), size);
    let layout = Layout::top_down(Align::Center);
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    Frame::popup(ui.style())
        .show(&mut ui, |ui| ui.horizontal(add).inner)
        .inner
}

/// Whether Esc closes the windows that can be left open: a question above them and an open list take it first.
pub fn is_escaped(ctx: &egui::Context) -> bool {
    let is_asked = ctx.memory(|memory| memory.top_modal_layer().is_some());
    !is_asked && !ctx.any_popup_open() && ctx.input(|input| input.key_pressed(Key::Escape))
}

/// Whether what has this id was not there in the last frame.
pub fn comes_up(ctx: &egui::Context, id: egui::Id) -> bool {
    let id = id.with("last shown");
    let now = ctx.cumulative_frame_nr();
    let last: Option<u64> = ctx.data_mut(|data| {
        let last = data.get_temp(id);
        data.insert_temp(id, now);
        last
    });
    last.is_none_or(|last| last + 1 < now)
}

/// Paints a square of color into `rect`, with an outline: its color may be that of the panel.
pub fn paint_swatch(ui: &Ui, rect: Rect, color: Color32) {
    let outline = Stroke::new(1.0, theme::palette(ui.visuals()).swatch_outline);
    ui.painter().rect(
        rect,
        CornerRadius::same(3),
        color,
        outline,
        egui::StrokeKind::Inside,
    );
}
