//! The command palette: all commands in one list, to search and carry out.

use eframe::egui::{
    self, Align2, Frame, Key, Label, Margin, Modifiers, RichText, ScrollArea, TextEdit, Ui, vec2,
};

use super::command::{MENUS, Problem, UiCommand, shortcut_text};
use super::theme;
use super::ui_ext::comes_up;
use crate::ui::when::AddWhen as _;

const WIDTH: f32 = 520.0;
const LIST_HEIGHT: f32 = 360.0;

/// Whether the palette is open, and what is searched in it.
#[derive(Default)]
pub struct Palette {
    open: bool,
    query: String,
    /// Position in the list of matches.
    selected: usize,
}

/// A command and where the menu bar has it.
struct Entry {
    command: UiCommand,
    /// Its menu, and its submenu.
    place: String,
}

impl Palette {
    /// Opens the palette with an empty search, or closes it.
    pub fn toggle(&mut self) {
        *self = Self {
            open: !self.open,
            ..Self::default()
        };
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Draws the palette where it is open; returns the command that was chosen.
    pub fn ui(
        &mut self,
        ui: &Ui,
        problem: &dyn Fn(UiCommand) -> Option<Problem>,
    ) -> Option<UiCommand> {
        if !self.open {
            return None;
        }
        let id = egui::Id::unique("command palette");
        let area = egui::Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, 60.0));
        let modal = egui::Modal::new(id)
            .area(area)
            .frame(Frame::popup(ui.style()).inner_margin(Margin::same(10)))
            .show(ui.ctx(), |ui| {
                ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 60.0));
                self.contents_ui(ui, problem)
            });
        if modal.inner.is_some() || modal.should_close() {
            self.open = false;
        }
        modal.inner
    }

    fn contents_ui(
        &mut self,
        ui: &mut Ui,
        problem: &dyn Fn(UiCommand) -> Option<Problem>,
    ) -> Option<UiCommand> {
        // Before the text field takes the arrows.
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let (up, down, enter) = (
            pressed(Key::ArrowUp),
            pressed(Key::ArrowDown),
            pressed(Key::Enter),
        );
        let edit = ui
            .add(
                TextEdit::singleline(&mut self.query)
                    .hint_text("Search commands")
                    .desired_width(f32::INFINITY),
            )
            .accessible_name("Search commands");
        if comes_up(ui.ctx(), edit.id) {
            edit.request_focus();
        }
        if edit.changed() {
            self.selected = 0;
        }
        let matches = matches(&self.query);
        let last = matches.len().saturating_sub(1);
        if up {
            self.selected = self.selected.saturating_sub(1);
        }
        if down {
            self.selected += 1;
        }
        self.selected = self.selected.min(last);
        if matches.is_empty() {
            ui.weak("No command has these words");
            return None;
        }
        let mut chosen = None;
        let height = LIST_HEIGHT.min(ui.ctx().content_rect().height() - 140.0);
        ScrollArea::vertical()
            .max_height(height)
            // The dialog remembers how low it was for a few matches.
            .min_scrolled_height(height)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                for (index, entry) in matches.iter().enumerate() {
                    let is_selected = index == self.selected;
                    let problem = problem(entry.command);
                    let response = entry_ui(ui, entry, is_selected, problem.as_deref());
                    if is_selected && (up || down) {
                        response.scroll_to_me(None);
                    }
                    let wanted = response.clicked() || is_selected && enter;
                    if wanted && problem.is_none() {
                        chosen = Some(entry.command);
                    }
                }
            });
        chosen
    }
}

fn entry_ui(
    ui: &mut Ui,
    entry: &Entry,
    is_selected: bool,
    problem: Option<&str>,
) -> egui::Response {
    let command = entry.command;
    let key = command
        .shortcut()
        .map(|shortcut| shortcut_text(ui.ctx(), &shortcut))
        .unwrap_or_default();
    let title = RichText::new(format!("{} › {}", entry.place, command.label()));
    let button = egui::Button::selectable(is_selected, title)
        .shortcut_text(key)
        .min_size(vec2(ui.available_width(), 0.0));
    let response = ui
        .add_when(problem.is_none(), button)
        .accessible_name(format!("{} › {}", entry.place, command.label()));
    if is_selected {
        let (text, color) = match problem {
            None => (command.tooltip(), ui.visuals().weak_text_color()),
            Some(problem) => (problem, theme::palette(ui.visuals()).warning),
        };
        ui.add(Label::new(RichText::new(text).small().color(color)).wrap());
    }
    response
}

/// The commands that have all words of `query` in their menu, label or tooltip, in any case.
/// Those whose label is the query come first, then those whose label begins with it, then those that have its words in
/// their label, then those that have them in menu and label.
fn matches(query: &str) -> Vec<Entry> {
    let query = query.trim().to_lowercase();
    let has_words = |text: &str| {
        query
            .split_whitespace()
            .all(|word| text.to_lowercase().contains(word))
    };
    let mut found = Vec::new();
    for menu in &MENUS {
        for section in menu.sections {
            let place = match section.submenu {
                None => menu.title.to_owned(),
                Some(submenu) => format!("{} › {submenu}", menu.title),
            };
            for command in section.commands.iter().copied() {
                if command == UiCommand::Palette {
                    continue; // it is open
                }
                let label = command.label().to_lowercase();
                let label = label.trim_end_matches('…');
                // As it is shown: "theme light" is this command, not one whose tooltip has these words too.
                let title = format!("{place} {label}");
                let holds = match command {
                    UiCommand::Panel(panel) => panel.holds(),
                    _ => "",
                };
                let text = format!("{title} {} {holds}", command.tooltip());
                let rank = if label == query || query.is_empty() {
                    0
                } else if label.starts_with(&query) {
                    1
                } else if has_words(label) {
                    2
                } else if has_words(&title) {
                    3
                } else if has_words(&text) {
                    4
                } else {
                    continue;
                };
                let place = place.clone();
                found.push((rank, Entry { command, place }));
            }
        }
    }
    // Of one rank in the order of the menus.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::command::PanelKind;

    fn found(query: &str) -> Vec<UiCommand> {
        matches(query).iter().map(|entry| entry.command).collect()
    }

    #[test]
    fn an_empty_search_lists_every_command_but_the_palette() {
        let all: Vec<_> = UiCommand::all()
            .filter(|command| *command != UiCommand::Palette)
            .collect();
        assert_eq!(found(""), all);
        assert_eq!(found("  "), all);
    }

    #[test]
    fn words_are_found_in_any_case_and_order_and_labels_come_first() {
        assert_eq!(
            found("DARK"),
            [
                UiCommand::Theme(egui::ThemePreference::Dark),
                UiCommand::Theme(egui::ThemePreference::Light)
            ]
        );
        for query in ["light theme", "theme light"] {
            assert_eq!(
                found(query)[0],
                UiCommand::Theme(egui::ThemePreference::Light)
            );
        }
        assert_eq!(found("training start")[0], UiCommand::StartTraining);
        // The panel, before "Open dataset…" and "Dataset settings…".
        let dataset = found("dataset");
        assert_eq!(dataset[0], UiCommand::Panel(PanelKind::Dataset));
        assert_eq!(dataset[1], UiCommand::DatasetSettings);
        assert!(dataset.contains(&UiCommand::OpenFolder));
        let curves = found("curves");
        assert_eq!(curves[0], UiCommand::Panel(PanelKind::Curves));
        assert!(found("no such words").is_empty());
    }

    #[test]
    fn panels_are_found_by_what_they_hold() {
        let panels = |query: &str| -> Vec<PanelKind> {
            let found = found(query).into_iter();
            let panels = found.filter_map(|command| match command {
                UiCommand::Panel(panel) => Some(panel),
                _ => None,
            });
            panels.collect()
        };
        assert!(panels("film").contains(&PanelKind::Live));
        for panel in [PanelKind::Train, PanelKind::Compare, PanelKind::Runs] {
            assert!(panels("checkpoint").contains(&panel), "{panel:?}");
        }
        assert_eq!(panels("confusion"), [PanelKind::Evaluate]);
    }
}
