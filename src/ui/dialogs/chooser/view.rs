//! How the chooser looks, and what clicks and keys do in it.

use std::path::{MAIN_SEPARATOR, Path};

use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::{
    self, Align, Button, Frame, Key, Label, Layout, Margin, Modifiers, RichText, ScrollArea,
    TextEdit, Ui, vec2,
};

use super::super::listing::split_typed;
use super::{Chooser, Outcome};
use crate::engine::{Engine, whole_path};
use crate::ui::command::AskKind;
use crate::ui::theme;
use crate::ui::ui_ext::{UiExt as _, comes_up};
use crate::ui::when::AddWhen as _;

const SIZE: egui::Vec2 = vec2(680.0, 400.0);
const PLACES_WIDTH: f32 = 150.0;

impl Chooser {
    /// Draws the chooser.
    pub fn ui(&mut self, engine: &Engine, ui: &Ui) -> Outcome {
        let mut outcome = self.poll();
        let id = egui::Id::unique("file chooser");
        let frame = Frame::popup(ui.style()).inner_margin(Margin::same(14));
        let modal = egui::Modal::new(id).frame(frame).show(ui.ctx(), |ui| {
            let room = ui.ctx().content_rect().size() - vec2(60.0, 190.0);
            let size = SIZE.min(room.max(vec2(200.0, 80.0)));
            ui.set_width(size.x);
            ui.heading(self.ask.title());
            ui.add_space(2.0);
            self.path_ui(engine, ui);
            self.search(engine);
            ui.horizontal_top(|ui| {
                ui.set_height(size.y);
                self.places_ui(ui);
                ui.separator();
                self.list_ui(engine, ui);
            });
            ui.separator();
            self.buttons_ui(engine, ui, &mut outcome);
        });
        if modal.should_close() && matches!(outcome, Outcome::Open) {
            outcome = Outcome::Cancelled;
        }
        outcome
    }

    fn path_ui(&mut self, engine: &Engine, ui: &mut Ui) {
        let id = ui.scope_id().with("path");
        // Before the field takes them. Where nothing else has the focus, keys are for it too.
        let focused = ui.memory(egui::Memory::focused);
        let is_free = focused.is_none_or(|focused| focused == id);
        let pressed =
            |key| is_free && ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let complete = focused == Some(id) && pressed(Key::Tab);
        let enter = pressed(Key::Enter);
        let (up, down) = (pressed(Key::ArrowUp), pressed(Key::ArrowDown));
        let edit = TextEdit::singleline(&mut self.text)
            .id(id)
            .lock_focus(true)
            .hint_text("Path")
            .desired_width(f32::INFINITY);
        let response = ui.add(edit).accessible_name("Path").on_hover_text(
            "Type or paste a path; Tab completes it, the arrow keys choose an entry",
        );
        if comes_up(ui.ctx(), id) || std::mem::take(&mut self.wants_focus) {
            response.request_focus();
            self.place_cursor(ui, id);
        }
        if response.changed() {
            self.typed();
        }
        if complete {
            self.complete();
            move_cursor_to_end(ui, id, &self.text);
        }
        let last = self.matches.len().checked_sub(1);
        if down {
            let next = self.marked.map_or(0, |marked| marked + 1);
            self.marked = last.map(|last| next.min(last));
        }
        if up {
            self.marked = self.marked.and_then(|marked| marked.checked_sub(1));
        }
        self.show_marked |= up || down;
        if enter {
            if let Some(marked) = self.marked {
                self.take_marked(engine, marked);
                move_cursor_to_end(ui, id, &self.text);
            } else {
                self.submit(engine);
            }
        }
    }

    fn places_ui(&mut self, ui: &mut Ui) {
        ui.vertical(|ui| {
            ui.set_width(PLACES_WIDTH);
            let mut chosen = None;
            ScrollArea::vertical()
                .id_salt("places")
                .auto_shrink([false, false])
                .show(ui, |ui| {
                    let (folder, _) = split_typed(&self.text);
                    let up = ui
                        .add_when(folder.parent().is_some(), Button::new("Up"))
                        .on_hover_text("The folder around this one");
                    if up.clicked() {
                        chosen = folder.parent().map(Path::to_owned);
                    }
                    for place in &self.places {
                        let button =
                            Button::selectable(place.folder == folder, &place.name).truncate();
                        let response = ui
                            .add(button)
                            .on_hover_text(place.folder.display().to_string());
                        if response.clicked() {
                            chosen = Some(place.folder.clone());
                        }
                    }
                });
            if let Some(folder) = chosen {
                self.enter(&folder);
            }
        });
    }

    fn list_ui(&mut self, engine: &Engine, ui: &mut Ui) {
        let mut clicked = None;
        ui.vertical(|ui| {
            if let Some(problem) = &self.listing.problem {
                ui.add(Label::new(problem).wrap());
                return;
            }
            if self.matches.is_empty() {
                ui.weak(if self.reading.is_some() {
                    "Reading the folder"
                } else {
                    "Nothing to choose here"
                });
                return;
            }
            let height = ui.spacing().interact_size.y;
            let gap = ui.spacing().item_spacing.y;
            let to_show = std::mem::take(&mut self.show_marked)
                .then_some(self.marked)
                .flatten();
            ScrollArea::vertical()
                .id_salt("entries")
                .auto_shrink([false, false])
                .show_rows(ui, height, self.matches.len(), |ui, rows| {
                    if let Some(row) = to_show {
                        let above = (row as f32 - rows.start as f32) * (height + gap);
                        let top = ui.max_rect().left_top() + vec2(0.0, above);
                        let size = vec2(1.0, height);
                        ui.scroll_to_rect(egui::Rect::from_min_size(top, size), None);
                    }
                    for row in rows {
                        let entry = &self.listing.entries[self.matches[row]];
                        let path = self.listing.path(entry);
                        let is_chosen = self.marked == Some(row) || self.ticked.contains(&path);
                        let text = if entry.is_folder {
                            format!("{}{}", entry.text, MAIN_SEPARATOR)
                        } else {
                            entry.text.clone()
                        };
                        let button = Button::selectable(is_chosen, text)
                            .truncate()
                            .min_size(vec2(ui.available_width(), height));
                        let response = ui.add(button).accessible_name(&entry.text);
                        if response.double_clicked() {
                            clicked = Some((row, true));
                        } else if response.clicked() {
                            clicked = Some((row, false));
                        }
                    }
                });
        });
        if let Some((row, twice)) = clicked {
            self.click(engine, row, twice);
        }
    }

    fn buttons_ui(&mut self, engine: &Engine, ui: &mut Ui, outcome: &mut Outcome) {
        let palette = theme::palette(ui.visuals());
        if let Some(problem) = &self.problem {
            ui.add(Label::new(RichText::new(problem).color(palette.error)).wrap());
        }
        if let Some(path) = self.replacing.clone() {
            let text = format!("{} is there already", path.display());
            ui.add(Label::new(RichText::new(text).color(palette.warning)).wrap());
            ui.horizontal(|ui| {
                if ui.button("Replace the file").clicked() {
                    *outcome = Outcome::Chosen(vec![path]);
                }
                if ui.button("Keep the file").clicked() {
                    self.replacing = None;
                }
            });
        }
        ui.horizontal(|ui| {
            if self.ask.extensions().is_some() && !matches!(self.ask.kind(), AskKind::Save { .. }) {
                ui.checkbox(&mut self.all_files, "All files")
                    .on_hover_text("List files of other kinds too");
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button(self.button_text()).clicked() {
                    if self.ticked.is_empty() {
                        self.submit(engine);
                        self.wants_focus = true;
                    } else {
                        let ticked = std::mem::take(&mut self.ticked);
                        *outcome = Outcome::Chosen(ticked.into_iter().map(whole_path).collect());
                    }
                }
                if ui.button("Cancel").clicked() {
                    *outcome = Outcome::Cancelled;
                }
                if self.checking.is_some() || self.reading.is_some() {
                    ui.busy("Looking at the disk");
                }
            });
        });
    }

    /// Whether the path ends with the folder whose entries are listed.
    fn is_at_folder(&self) -> bool {
        split_typed(&self.text).1.is_empty()
    }

    /// Behind the folder, where typing searches it; a proposed name is selected, so that typing
    /// replaces it.
    fn place_cursor(&self, ui: &Ui, id: egui::Id) {
        let end = self.text.chars().count();
        let name = match self.ask.kind() {
            AskKind::Save { file_name } if self.text.ends_with(file_name) => {
                file_name.chars().count()
            }
            _ => 0,
        };
        let range = CCursorRange::two(CCursor::new(end - name), CCursor::new(end));
        store_cursor(ui, id, range);
    }

    fn button_text(&self) -> String {
        match (self.ask.kind(), self.ticked.len()) {
            (AskKind::Folder, _) => "Open this folder".to_owned(),
            (AskKind::Save { .. }, _) => "Save".to_owned(),
            (AskKind::Files { .. }, 0) if self.ask.takes_folders() && self.is_at_folder() => {
                "Open this folder".to_owned()
            }
            (AskKind::Files { .. }, 0) => "Open".to_owned(),
            (AskKind::Files { .. }, ticked) => format!("Open {ticked}"),
        }
    }
}

fn move_cursor_to_end(ui: &Ui, id: egui::Id, text: &str) {
    let end = CCursor::new(text.chars().count());
    store_cursor(ui, id, CCursorRange::one(end));
}

fn store_cursor(ui: &Ui, id: egui::Id, range: CCursorRange) {
    let mut state = egui::text_edit::TextEditState::load(ui.ctx(), id).unwrap_or_default();
    state.cursor.set_char_range(Some(range));
    state.store(ui.ctx(), id);
}
