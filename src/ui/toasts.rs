//! Short messages in the corner of the window, with history behind a bell.
//!
//! Infos and warnings disappear after a while, errors stay until they are closed.

use std::collections::VecDeque;
use std::time::Duration;

use eframe::egui::{
    self, Align, Align2, Area, Atom, CornerRadius, Frame, Id, Label, Layout, Margin, Order,
    RichText, ScrollArea, Stroke, Ui, vec2,
};

use super::icons::Icon;
use super::theme;
use super::ui_ext::UiExt as _;
use super::view_model::format;
use crate::engine::NoticeLevel;

/// Seconds that infos and warnings stay.
const STAY_SECS: f64 = 4.0;
/// Messages that are kept.
const HISTORY: usize = 100;
/// Messages shown at once; older ones are in the history only.
const SHOWN: usize = 5;
const WIDTH: f32 = 340.0;

struct Entry {
    level: NoticeLevel,
    text: String,
    times: usize,
    /// Window time at which it was first drawn.
    since: Option<f64>,
    /// Seconds it is still shown; `None` = until closed.
    left: Option<f64>,
    open: bool,
    unread: bool,
}

/// The messages, newest last.
#[derive(Default)]
pub struct Toasts {
    entries: VecDeque<Entry>,
    last_time: Option<f64>,
}

impl Toasts {
    /// Shows a message; a repeated message only increases its count.
    pub fn add(&mut self, level: NoticeLevel, text: impl Into<String>) {
        let text = text.into();
        let left = (level != NoticeLevel::Error).then_some(STAY_SECS);
        if let Some(last) = self.entries.back_mut()
            && last.level == level
            && last.text == text
        {
            last.times += 1;
            (last.left, last.open, last.unread, last.since) = (left, true, true, None);
            return;
        }
        if self.entries.len() == HISTORY {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            level,
            text,
            times: 1,
            since: None,
            left,
            open: true,
            unread: true,
        });
    }

    /// Number of messages not yet seen in the history.
    pub fn unread(&self) -> usize {
        self.entries.iter().filter(|entry| entry.unread).count()
    }

    /// Texts of the messages that are shown now.
    pub fn shown(&self) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .filter(|entry| entry.open)
            .map(|entry| entry.text.as_str())
    }

    /// Draws the open messages above the bottom right corner.
    pub fn ui(&mut self, ctx: &egui::Context, bottom: f32) {
        let now = ctx.input(|input| input.time);
        let passed = now - self.last_time.replace(now).unwrap_or(now);
        let mut open: Vec<_> = self
            .entries
            .iter_mut()
            .rev()
            .filter(|entry| entry.open)
            .collect();
        for entry in open.iter_mut().skip(SHOWN) {
            entry.open = entry.left.is_none();
        }
        if open.is_empty() {
            return;
        }
        open.truncate(SHOWN);
        let hovered = Area::new(Id::unique("toasts"))
            .anchor(Align2::RIGHT_BOTTOM, vec2(-12.0, -bottom - 10.0))
            .order(Order::Foreground)
            .accessible_name("Messages")
            .show(ctx, |ui| {
                ui.set_width(WIDTH);
                for entry in open.iter_mut().rev() {
                    entry_ui(ui, entry);
                }
            })
            .response
            .contains_pointer();
        let mut next: Option<f64> = None;
        for entry in open {
            let is_new = entry.since.is_none();
            entry.since.get_or_insert(now);
            let Some(left) = &mut entry.left else {
                continue;
            };
            if !hovered && !is_new {
                *left -= passed;
            }
            if *left <= 0.0 {
                entry.open = false;
                ctx.request_repaint();
            } else if !hovered {
                next = Some(next.map_or(*left, |next| next.min(*left)));
            }
        }
        if let Some(secs) = next {
            ctx.request_repaint_after(Duration::from_secs_f64(secs + 0.01));
        }
    }

    /// The bell with the number of unread messages; opens the history.
    pub fn bell_ui(&mut self, ui: &mut Ui) {
        let unread = self.unread();
        let worst = self
            .entries
            .iter()
            .filter(|entry| entry.unread)
            .map(|entry| entry.level)
            .max_by_key(|level| severity(*level));
        let color = worst.map_or(ui.visuals().text_color(), |level| {
            theme::level_color(ui.visuals(), level)
        });
        let bell = Atom::paint(vec2(14.0, 14.0), move |ui, args| {
            Icon::Bell.paint(ui.painter(), args.rect, color);
        });
        let button = if unread == 0 {
            egui::Button::new(bell)
        } else {
            egui::Button::new((bell, RichText::new(unread.to_string()).color(color)))
        };
        let name = if unread == 0 {
            "Messages".to_owned()
        } else {
            format!("Messages, {unread} unread")
        };
        let response = ui
            .add(button.frame_when_inactive(false))
            .accessible_name(&name)
            .on_hover_text("Earlier messages");
        let shown = egui::Popup::menu(&response)
            .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
            .accessible_name("Message history")
            .show(|ui| self.history_ui(ui))
            .is_some();
        if shown {
            for entry in &mut self.entries {
                entry.unread = false;
            }
        }
    }

    fn history_ui(&mut self, ui: &mut Ui) {
        ui.set_width(WIDTH + 40.0);
        if self.entries.is_empty() {
            ui.weak("No messages yet");
            return;
        }
        let now = ui.input(|input| input.time);
        ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
            for entry in self.entries.iter().rev() {
                ui.horizontal_top(|ui| {
                    icon_ui(ui, entry.level);
                    ui.vertical(|ui| {
                        ui.add(Label::new(entry_text(entry)).wrap());
                        ui.small(format::ago(now - entry.since.unwrap_or(now)));
                    });
                });
            }
        });
        ui.separator();
        if ui
            .button("Clear messages")
            .on_hover_text("Delete all messages")
            .clicked()
        {
            self.entries.clear();
            ui.close();
        }
    }
}

fn severity(level: NoticeLevel) -> usize {
    match level {
        NoticeLevel::Info => 0,
        NoticeLevel::Warning => 1,
        NoticeLevel::Error => 2,
    }
}

fn entry_text(entry: &Entry) -> String {
    if entry.times == 1 {
        entry.text.clone()
    } else {
        format!("{} (× {})", entry.text, entry.times)
    }
}

fn icon_ui(ui: &mut Ui, level: NoticeLevel) {
    let color = theme::level_color(ui.visuals(), level);
    ui.icon(theme::level_icon(level), color);
}

fn entry_ui(ui: &mut Ui, entry: &mut Entry) {
    let color = theme::level_color(ui.visuals(), entry.level);
    let visuals = ui.visuals();
    Frame::new()
        .fill(visuals.window_fill)
        .stroke(Stroke::new(1.0, color.gamma_multiply(0.7)))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(10, 8))
        .shadow(visuals.popup_shadow)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                if ui.icon_button(Icon::Close, "Close message").clicked() {
                    (entry.open, entry.unread) = (false, false);
                }
                ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
                    icon_ui(ui, entry.level);
                    ui.add(Label::new(entry_text(entry)).wrap());
                });
            });
        });
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::RawInput;

    fn frame(ctx: &egui::Context, toasts: &mut Toasts, time: f64) {
        let input = RawInput {
            time: Some(time),
            ..RawInput::default()
        };
        ctx.run_ui(input, |ui| toasts.ui(ui.ctx(), 0.0))
            .drop_without_applying_deltas();
    }

    #[test]
    fn infos_go_and_errors_stay() {
        let ctx = egui::Context::default();
        let mut toasts = Toasts::default();
        toasts.add(NoticeLevel::Info, "saved");
        toasts.add(NoticeLevel::Error, "disk full");
        frame(&ctx, &mut toasts, 100.0);
        frame(&ctx, &mut toasts, 103.0);
        assert_eq!(toasts.shown().collect::<Vec<_>>(), ["saved", "disk full"]);
        frame(&ctx, &mut toasts, 104.5);
        assert_eq!(toasts.shown().collect::<Vec<_>>(), ["disk full"]);
        frame(&ctx, &mut toasts, 1_000.0);
        assert_eq!(toasts.shown().count(), 1);
        assert_eq!(toasts.unread(), 2);
    }

    #[test]
    fn the_same_message_counts_up() {
        let mut toasts = Toasts::default();
        toasts.add(NoticeLevel::Warning, "again");
        toasts.add(NoticeLevel::Warning, "again");
        assert_eq!(toasts.entries.len(), 1);
        assert_eq!(entry_text(&toasts.entries[0]), "again (× 2)");
    }

    #[test]
    fn the_history_is_bounded() {
        let mut toasts = Toasts::default();
        for number in 0..=HISTORY {
            toasts.add(NoticeLevel::Info, number.to_string());
        }
        assert_eq!(toasts.entries.len(), HISTORY);
        assert_eq!(toasts.entries[0].text, "1");
    }
}
