//! Short messages in the menu bar, where they cover nothing and move nothing, with history behind
//! a bell.
//!
//! Infos and warnings disappear after a while, errors stay until they are closed. Messages of one
//! kind, which differ in names and numbers alone, are one.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::time::Duration;

use eframe::egui::{
    self, Atom, CornerRadius, Frame, Label, Margin, RichText, ScrollArea, Ui, vec2,
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
const WIDTH: f32 = 380.0;
/// Narrower messages say nothing.
const MIN_LINE: f32 = 60.0;
/// Width of an icon.
const ICON: f32 = 16.0;

struct Entry {
    level: NoticeLevel,
    text: String,
    kind: String,
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
    /// Whether the pointer was over a message in the last frame.
    being_read: bool,
    /// A problem that holds now, and whose message goes with it.
    problem: Option<String>,
}

/// Open messages of one kind.
struct Group {
    /// Position of the newest.
    newest: usize,
    /// How often there was one.
    times: usize,
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
            kind: kind(&text),
            text,
            times: 1,
            since: None,
            left,
            open: true,
            unread: true,
        });
    }

    /// Closes the message about a problem once it does not hold any more; the history keeps it.
    pub fn follow_problem(&mut self, problem: Option<&str>) {
        if problem == self.problem.as_deref() {
            return;
        }
        let old = std::mem::replace(&mut self.problem, problem.map(str::to_owned));
        let is_old = |entry: &&mut Entry| old.as_ref() == Some(&entry.text);
        for entry in self.entries.iter_mut().filter(is_old) {
            (entry.open, entry.unread) = (false, false);
        }
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

    /// Lets time pass for messages that go by themselves, unless one is being read.
    fn tick(&mut self, ctx: &egui::Context) {
        let now = ctx.input(|input| input.time);
        let passed = now - self.last_time.replace(now).unwrap_or(now);
        let being_read = std::mem::take(&mut self.being_read);
        let mut next: Option<f64> = None;
        for entry in self.entries.iter_mut().filter(|entry| entry.open) {
            let is_new = entry.since.is_none();
            entry.since.get_or_insert(now);
            let Some(left) = &mut entry.left else {
                continue;
            };
            if !being_read && !is_new {
                *left -= passed;
            }
            if *left <= 0.0 {
                entry.open = false;
            } else if !being_read {
                next = Some(next.map_or(*left, |next| next.min(*left)));
            }
        }
        if let Some(secs) = next {
            ctx.request_repaint_after(Duration::from_secs_f64(secs + 0.01));
        }
    }

    /// The open messages, those of one kind together: the most urgent ones first, then the newest.
    fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate().rev() {
            if !entry.open {
                continue;
            }
            let same = groups.iter_mut().find(|group| {
                let newest = &self.entries[group.newest];
                newest.level == entry.level && newest.kind == entry.kind
            });
            match same {
                Some(group) => group.times += entry.times,
                None => groups.push(Group {
                    newest: index,
                    times: entry.times,
                }),
            }
        }
        groups.sort_by_key(|group| Reverse(self.urgency(&self.entries[group.newest])));
        groups
    }

    /// An error that was in sight for a while lets pass what is shown for a moment: else the answer to a key that
    /// does nothing now would be behind it.
    fn urgency(&self, entry: &Entry) -> usize {
        let shown = self
            .last_time
            .zip(entry.since)
            .map(|(now, since)| now - since);
        match entry.level {
            NoticeLevel::Error if shown.is_some_and(|shown| shown > STAY_SECS) => 0,
            level => 1 + severity(level),
        }
    }

    /// Closes the open messages of the kind of `newest`; `None` = all.
    fn close(&mut self, newest: Option<usize>) {
        let kind = newest.map(|index| {
            let entry = &self.entries[index];
            (entry.level, entry.kind.clone())
        });
        for entry in &mut self.entries {
            let is_meant = kind
                .as_ref()
                .is_none_or(|(level, kind)| entry.level == *level && entry.kind == *kind);
            if entry.open && is_meant {
                (entry.open, entry.unread) = (false, false);
            }
        }
    }

    /// The bell, and before it, from right to left, the worst message that is open.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.tick(ui.ctx());
        self.bell_ui(ui);
        let groups = self.groups();
        let Some(first) = groups.first() else {
            return;
        };
        if ui.available_width() < MIN_LINE {
            return;
        }
        // Buttons in fixed places: a message that comes just before a click moves none of them.
        let close = ui.icon_button(Icon::Close, "Close message").clicked();
        if close {
            self.close(Some(first.newest));
            return;
        }
        if groups.len() > 1 {
            let all = ui
                .button("Close all")
                .on_hover_text("Close all messages; the bell keeps them");
            if all.clicked() {
                self.close(None);
                return;
            }
            ui.weak(format!("+{}", groups.len() - 1))
                .on_hover_text("More messages; the bell shows all");
        }
        let entry = &self.entries[first.newest];
        let text = message_text(&entry.text, first.times);
        let (level, color) = (entry.level, theme::level_color(ui.visuals(), entry.level));
        let response = Frame::new()
            .fill(theme::pill_fill(ui.visuals(), color))
            .corner_radius(CornerRadius::same(4))
            .inner_margin(Margin::symmetric(6, 0))
            .outer_margin(Margin {
                left: 8,
                ..Margin::ZERO
            })
            .show(ui, |ui| {
                let line = text.replace('\n', "  ");
                // Before the line, to its left: without room of its own it would be over the menus.
                let icon = ICON + ui.spacing().item_spacing.x;
                let room = ui.available_width() - icon;
                let label = ui.scope(|ui| {
                    ui.set_max_width(room);
                    ui.add(Label::new(line).truncate().show_tooltip_when_elided(false))
                });
                let label = label.inner;
                ui.icon(theme::level_icon(level), color);
                label.on_hover_text(&text).hovered()
            });
        self.being_read = response.inner || response.response.contains_pointer();
    }

    /// The bell with the number of unread messages; opens the history.
    fn bell_ui(&mut self, ui: &mut Ui) {
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
                        let text = message_text(&entry.text, entry.times);
                        ui.add(Label::new(text).wrap());
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

fn message_text(text: &str, times: usize) -> String {
    if times == 1 {
        text.to_owned()
    } else {
        format!("{text} (× {times})")
    }
}

/// What messages of one kind share: their words, without names of files and numbers.
fn kind(text: &str) -> String {
    let is_word = |word: &&str| {
        !word.contains(|letter: char| letter.is_ascii_digit() || matches!(letter, '/' | '\\' | '_'))
            && !word.trim_end_matches(['.', ':', ',']).contains('.')
    };
    text.split_whitespace()
        .filter(is_word)
        .collect::<Vec<_>>()
        .join(" ")
}

fn icon_ui(ui: &mut Ui, level: NoticeLevel) {
    let color = theme::level_color(ui.visuals(), level);
    ui.icon(theme::level_icon(level), color);
}
