//! Questions about runs: name and notes, differences, the trash.

use eframe::egui::{
    Align, Button, Grid, Key, KeyboardShortcut, Label, Layout, Modifiers, RichText, ScrollArea,
    TextEdit, Ui, vec2,
};

use crate::engine::{RunNotes, RunSnapshot, differences};
use crate::ui::command::{Command, shortcut_text};
use crate::ui::context::PanelCtx;
use crate::ui::sticky_header::StickyHeader;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::view_model::run_label::run_label;
use crate::ui::when::AddWhen as _;

/// Widths in the table of differences: of the names of settings, and of the values of a run.
const FIRST_COLUMN: f32 = 150.0;
const COLUMN: f32 = 132.0;
/// What a wide question leaves of the window on either side.
const SIDES: f32 = 40.0;

/// The question that is open.
pub enum Dialog {
    /// Name, note and tags of a run, or tags for several.
    Notes(NotesForm),
    /// The settings in which the runs of these names differ.
    Differences(Vec<String>),
    /// Whether the deleted runs are deleted for good.
    EmptyTrash,
}

/// What is being written about runs.
pub struct NotesForm {
    /// The runs and what is said about them now.
    runs: Vec<(String, RunNotes)>,
    name: String,
    note: String,
    tags: String,
    /// What a run without a name is called.
    unnamed: String,
    focused: bool,
    /// Whether it is asked what becomes of what was written.
    asks: bool,
}

impl NotesForm {
    pub fn new(runs: &[&RunSnapshot]) -> Self {
        let mut form = Self {
            runs: runs
                .iter()
                .map(|run| (run.name.clone(), run.notes.clone()))
                .collect(),
            name: String::new(),
            note: String::new(),
            tags: String::new(),
            unnamed: String::new(),
            focused: false,
            asks: false,
        };
        if let [run] = runs {
            form.name.clone_from(&run.notes.name);
            form.note.clone_from(&run.notes.note);
            form.tags = run.notes.tags.join(", ");
            form.unnamed = run.title();
        }
        form
    }

    fn is_for_many(&self) -> bool {
        self.runs.len() > 1
    }

    /// Whether something was written that is not saved.
    fn is_changed(&self) -> bool {
        self.notes() != self.runs
    }

    /// The notes as they are written; several runs keep theirs and get more tags.
    fn notes(&self) -> Vec<(String, RunNotes)> {
        let tags = || self.tags.split(',').map(str::to_owned);
        let written = |notes: &RunNotes| {
            if self.is_for_many() {
                let mut notes = notes.clone();
                notes.tags.extend(tags());
                return notes.tidied();
            }
            let notes = RunNotes {
                name: self.name.clone(),
                note: self.note.clone(),
                tags: tags().collect(),
                archived: notes.archived,
            };
            notes.tidied()
        };
        self.runs
            .iter()
            .map(|(run, notes)| (run.clone(), written(notes)))
            .collect()
    }

    /// Draws the fields; true = Enter in a field of one line.
    fn fields_ui(&mut self, ui: &mut Ui) -> bool {
        let mut done = false;
        let mut line = |ui: &mut Ui, label: &str, hint: &str, text: &mut String| {
            let label = ui.label(label);
            let field = TextEdit::singleline(text)
                .hint_text(hint)
                .desired_width(f32::INFINITY);
            let response = ui.add(field).labelled_by(label.id);
            done |= response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            response
        };
        let first = if self.is_for_many() {
            line(ui, "More tags", "baseline, lr-sweep", &mut self.tags)
        } else {
            let first = line(ui, "Name", &self.unnamed, &mut self.name);
            line(ui, "Tags", "baseline, lr-sweep", &mut self.tags);
            first
        };
        if !self.is_for_many() {
            let label = ui.label("Note");
            let note = TextEdit::multiline(&mut self.note)
                .desired_rows(4)
                .desired_width(f32::INFINITY);
            ui.add(note).labelled_by(label.id);
        }
        if !self.focused {
            first.request_focus();
            self.focused = true;
        }
        done
    }
}

/// Draws the open question, and closes it when it is answered.
pub fn ui(ctx: &PanelCtx<'_>, ui: &Ui, dialog: &mut Option<Dialog>) {
    let closed = match dialog {
        None => return,
        Some(Dialog::Notes(form)) => notes_ui(ctx, ui, form),
        Some(Dialog::Differences(runs)) => differences_ui(ctx, ui, runs),
        Some(Dialog::EmptyTrash) => empty_trash_ui(ctx, ui),
    };
    if closed {
        *dialog = None;
    }
}

fn notes_ui(ctx: &PanelCtx<'_>, ui: &Ui, form: &mut NotesForm) -> bool {
    let title = if form.is_for_many() {
        format!("Tags for {} runs", form.runs.len())
    } else {
        "Name and notes".to_owned()
    };
    let mut answered = false;
    let closed = ui.question("run notes", &title, |ui| {
        answered = if form.asks {
            unsaved_ui(ctx, ui, form)
        } else {
            writing_ui(ctx, ui, form)
        };
    });
    if closed && !answered && (form.asks || form.is_changed()) {
        // Esc or a click beside the question: what was typed is not lost by that.
        form.asks = !form.asks;
        form.focused = false;
        return false;
    }
    closed || answered
}

/// The fields; true = it is saved or cancelled.
fn writing_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, form: &mut NotesForm) -> bool {
    // Before the note takes it: there, Enter alone begins a new line.
    let saved = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
    let entered = form.fields_ui(ui) || saved;
    ui.add_space(6.0);
    let buttons = |ui: &mut Ui| {
        let key = KeyboardShortcut::new(Modifiers::COMMAND, Key::Enter);
        let save = ui
            .button("Save")
            .on_hover_text(shortcut_text(ui.ctx(), &key));
        if save.clicked() || entered {
            save_notes(ctx, form);
            return true;
        }
        ui.button("Cancel").clicked()
    };
    ui.with_layout(Layout::right_to_left(Align::Center), buttons)
        .inner
}

/// What becomes of what was written; true = that is known.
fn unsaved_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, form: &mut NotesForm) -> bool {
    ui.label("What was typed is not saved");
    ui.add_space(6.0);
    let buttons = |ui: &mut Ui| {
        if ui.default_button(Button::new("Save")) {
            save_notes(ctx, form);
            return true;
        }
        if ui.button("Keep writing").clicked() {
            form.asks = false;
            form.focused = false;
        }
        ui.button("Discard").clicked()
    };
    // No higher than the buttons, so that the question is no higher than what it says.
    let size = vec2(ui.available_width(), ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), buttons)
        .inner
}

fn save_notes(ctx: &PanelCtx<'_>, form: &NotesForm) {
    let what = if form.is_for_many() {
        "Add tags"
    } else {
        "Change name and notes"
    };
    let before = &form.runs;
    let mut notes = form.notes();
    notes.retain(|new| !before.contains(new));
    if !notes.is_empty() {
        ctx.commands.send(Command::SetRunNotes {
            what: what.to_owned(),
            notes,
        });
    }
}

fn differences_ui(ctx: &PanelCtx<'_>, ui: &Ui, names: &[String]) -> bool {
    let runs: Vec<&RunSnapshot> = names
        .iter()
        .filter_map(|name| ctx.engine.run(name))
        .collect();
    let found = differences(&runs);
    ui.question("run differences", "Differences between settings", |ui| {
        let room = ui.ctx().content_rect().width() - 2.0 * SIDES;
        let wanted = FIRST_COLUMN + COLUMN * runs.len() as f32;
        ui.set_width(wanted.min(room).max(ui.available_width()));
        if found.is_empty() {
            ui.label("These runs have the same settings");
        }
        let table = |ui: &mut Ui| {
            let mut header = StickyHeader::default();
            let table = Grid::new("differences")
                .striped(true)
                .num_columns(runs.len() + 1)
                .show(ui, |ui| {
                    ui.label("");
                    for run in &runs {
                        let width = COLUMN - ui.spacing().item_spacing.x;
                        header.wrapped(ui, &run_label(&runs, run), width, &run.title());
                    }
                    ui.end_row();
                    for difference in &found {
                        // As high in its line as the values.
                        ui.vertical(|ui| ui.add(Label::new(&difference.setting).extend()));
                        for value in &difference.values {
                            ui.vertical(|ui| {
                                ui.set_width(COLUMN - ui.spacing().item_spacing.x);
                                ui.truncated(value, value);
                            });
                        }
                        ui.end_row();
                    }
                });
            header.stay(ui, table.response.rect);
        };
        ScrollArea::both().max_height(360.0).show(ui, table);
        ui.add_space(6.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.default_button(Button::new("Close")) {
                ui.close();
            }
            let copy = ui.add_when(!found.is_empty(), Button::new("Copy as CSV"));
            if copy.clicked() {
                let mut lines = vec![csv_line(
                    std::iter::once("setting").chain(names.iter().map(String::as_str)),
                )];
                lines.extend(found.iter().map(|difference| {
                    let values = difference.values.iter().map(String::as_str);
                    csv_line(std::iter::once(difference.setting.as_str()).chain(values))
                }));
                ui.copy_text(lines.join("\n"));
            }
        });
    })
}

/// Values of a line as RFC 4180 has them.
fn csv_line<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let quoted = values.map(|value| {
        if value.contains(['"', ',', '\n']) {
            format!("\"{}\"", value.replace('"', "\"\""))
        } else {
            value.to_owned()
        }
    });
    quoted.collect::<Vec<_>>().join(",")
}

fn empty_trash_ui(ctx: &PanelCtx<'_>, ui: &Ui) -> bool {
    ui.question("empty trash", "Delete for good?", |ui| {
        let runs = ctx.engine.runs_in_trash();
        let count = format::plural(runs.count(), "deleted run", "deleted runs");
        ui.label(format!(
            "Weights and history of {count} are removed from the disk. This cannot be undone"
        ));
        ui.add_space(6.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let palette = theme::palette(ui.visuals());
            let text = RichText::new("Delete for good").color(palette.on_error);
            if ui.default_button(Button::new(text).fill(palette.error)) {
                let counted = ctx.engine.runs_in_trash().cloned().collect();
                ctx.commands.send(Command::EmptyRunTrash(counted));
                ui.close();
            }
            if ui.button("Keep in trash").clicked() {
                ui.close();
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::test_runs::run;

    #[test]
    fn one_run_gets_what_is_written_and_several_get_more_tags() {
        let (mut a, b) = (run("a", 1), run("b", 2));
        a.notes.tags = vec!["old".to_owned()];
        a.notes.archived = true;
        let mut one = NotesForm::new(&[&a]);
        assert_eq!(one.tags, "old");
        one.name = " best ".to_owned();
        one.tags = "x, ,y".to_owned();
        let (_, notes) = &one.notes()[0];
        assert_eq!((notes.name.as_str(), notes.archived), ("best", true));
        assert_eq!(notes.tags, ["x", "y"]);

        let mut many = NotesForm::new(&[&a, &b]);
        many.tags = "new".to_owned();
        assert!(one.is_changed() && many.is_changed());
        assert!(!NotesForm::new(&[&a]).is_changed() && !NotesForm::new(&[&a, &b]).is_changed());
        let notes = many.notes();
        assert_eq!(notes[0].1.tags, ["old", "new"]);
        assert_eq!((notes[1].1.tags.len(), notes[1].1.name.as_str()), (1, ""));
    }

    #[test]
    fn commas_and_quotes_stay_in_their_cells() {
        let line = csv_line(["a", "1, 2", "say \"x\""].into_iter());
        assert_eq!(line, r#"a,"1, 2","say ""x""""#);
    }
}
