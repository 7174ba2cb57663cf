//! What can be done with the chosen runs.

use std::borrow::Cow;
use std::collections::BTreeSet;

use eframe::egui::{Button, Color32, TextStyle, Ui, vec2};

use super::dialogs::{Dialog, NotesForm};
use crate::engine::{InitialWeights, Repeats, RunNotes, RunSnapshot, RunState};
use crate::ui::command::{Ask, Command, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::view_model::format;
use crate::ui::when::AddWhen as _;

/// Something to do with runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Resume,
    Edit,
    Archive,
    Delete,
    Compare,
    Differences,
    Report,
    OpenFolder,
    CommandLine,
}

const ACTIONS: [Action; 9] = [
    Action::Resume,
    Action::Edit,
    Action::Compare,
    Action::Differences,
    Action::Report,
    Action::OpenFolder,
    Action::CommandLine,
    Action::Archive,
    Action::Delete,
];

impl Action {
    fn label(self, runs: &[&RunSnapshot]) -> &'static str {
        match self {
            Self::Resume => "Resume",
            Self::Edit if runs.len() > 1 => "Add tags…",
            Self::Edit => "Name and notes…",
            Self::Archive if !runs.is_empty() && runs.iter().all(|run| run.notes.archived) => {
                "Unarchive"
            }
            Self::Archive => "Archive",
            Self::Delete => "Delete",
            Self::Compare => "Compare",
            Self::Differences => "Differences…",
            Self::Report => "Report…",
            Self::OpenFolder => "Open folder",
            Self::CommandLine => "Copy as command line",
        }
    }

    /// The longest of its labels.
    fn longest_label(self) -> &'static str {
        match self {
            Self::Archive => "Unarchive",
            action => action.label(&[]),
        }
    }

    fn tooltip(self, runs: &[&RunSnapshot]) -> Cow<'static, str> {
        let text = match self {
            Self::Resume => match runs {
                [run] => return resume_tooltip(run).into(),
                _ => "Resume from the last checkpoint",
            },
            Self::Edit => "Name, note and tags; they are stored in the folder of the run",
            Self::Archive => "Hide the runs, or show them again; nothing is deleted",
            Self::Delete => {
                "Move the runs to the trash; Undo brings them back until the trash is emptied"
            }
            Self::Compare => "Show masks and scores of the runs side by side",
            Self::Differences => "The settings in which the runs differ",
            Self::Report => {
                "Save one page about the runs for a browser: curves, masks, scores of each class, settings, and \
                 how to repeat them"
            }
            Self::OpenFolder => "Show the folder of the run in the file manager",
            Self::CommandLine => "Copy the command that trains a run with the same settings",
        };
        text.into()
    }

    /// Why it cannot be done; `None` = it can.
    fn problem(self, ctx: &PanelCtx<'_>, runs: &[&RunSnapshot]) -> Option<&'static str> {
        if runs.is_empty() {
            return Some("Choose runs in the table first");
        }
        let active = runs.iter().any(|run| run.state == RunState::Active);
        match self {
            Self::Resume | Self::OpenFolder | Self::CommandLine if runs.len() > 1 => {
                Some("Choose one run alone")
            }
            Self::Resume if ctx.engine.active().is_some() => Some("Another run is active"),
            Self::Resume if active => Some("The run is being trained by another program"),
            Self::Resume if runs.iter().any(|run| run.state == RunState::Finished) => {
                Some("The run is finished")
            }
            Self::Resume if runs.iter().any(|run| !run.can_resume) => {
                Some("The run has no checkpoint")
            }
            Self::Delete if active => {
                Some("A run that is being trained cannot be deleted; stop it first")
            }
            Self::Differences if runs.len() < 2 => {
                Some("Choose two or more runs: click one, then others with Ctrl or Shift")
            }
            _ => None,
        }
    }

    fn carry_out(self, ctx: &PanelCtx<'_>, runs: &[&RunSnapshot], dialog: &mut Option<Dialog>) {
        let names = || runs.iter().map(|run| run.name.clone()).collect::<Vec<_>>();
        let Some(first) = runs.first() else { return };
        let command = match self {
            Self::Resume => Command::ResumeRun(first.name.clone()),
            Self::Edit => {
                *dialog = Some(Dialog::Notes(NotesForm::new(runs)));
                return;
            }
            Self::Differences => {
                *dialog = Some(Dialog::Differences(names()));
                return;
            }
            Self::Archive => archive(runs),
            Self::Delete => Command::DeleteRuns(names()),
            Self::Compare => Command::Compare {
                runs: names(),
                image: None,
            },
            Self::Report => Command::Ask(Ask::SaveReport(names())),
            Self::OpenFolder => Command::OpenFileManager(ctx.engine.run_folder(&first.name)),
            Self::CommandLine => Command::CopyCommandLine(first.name.clone()),
        };
        ctx.commands.send(command);
    }
}

fn archive(runs: &[&RunSnapshot]) -> Command {
    let archived = !runs.iter().all(|run| run.notes.archived);
    let notes = runs.iter().map(|run| {
        let notes = RunNotes {
            archived,
            ..run.notes.clone()
        };
        (run.name.clone(), notes)
    });
    let what = if archived { "Archive" } else { "Unarchive" };
    Command::SetRunNotes {
        what: format!("{what} {}", format::plural(runs.len(), "run", "runs")),
        notes: notes.collect(),
    }
}

/// The buttons above the table, for the chosen `runs`. They are where they are whatever is chosen.
pub fn bar_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, runs: &[&RunSnapshot], dialog: &mut Option<Dialog>) {
    ui.horizontal_wrapped(|ui| {
        for action in ACTIONS {
            let problem = action.problem(ctx, runs);
            let width = button_width(ui, action.longest_label());
            let button = Button::new(action.label(runs)).min_size(vec2(width, 0.0));
            let response = ui
                .add_when(problem.is_none(), button)
                .on_hover_text(action.tooltip(runs))
                .on_disabled_hover_text(problem.unwrap_or_default());
            if response.clicked() {
                action.carry_out(ctx, runs, dialog);
            }
        }
    });
}

fn button_width(ui: &Ui, label: &str) -> f32 {
    let font = TextStyle::Button.resolve(ui.style());
    let galley = ui
        .painter()
        .layout_no_wrap(label.to_owned(), font, Color32::PLACEHOLDER);
    galley.size().x + 2.0 * ui.spacing().button_padding.x
}

/// How many runs there are and are chosen, what can be taken back, and what `add` draws: a line that is
/// always there, so that the table below it does not move.
pub fn status_ui(
    ctx: &PanelCtx<'_>,
    ui: &mut Ui,
    shown: usize,
    chosen: &mut BTreeSet<String>,
    num_chosen: usize,
    dialog: &mut Option<Dialog>,
    add: impl FnOnce(&mut Ui),
) {
    let all = ctx.engine.runs().len();
    let runs = format::plural(all, "run", "runs");
    ui.horizontal(|ui| {
        ui.set_height(ui.spacing().interact_size.y);
        ui.weak(if shown == all {
            runs
        } else {
            format!("{} of {runs}", format::count(shown))
        });
        ui.separator();
        if num_chosen == 0 {
            ui.weak("Click a row to choose a run");
        } else {
            ui.weak(format!("{} chosen", format::count(num_chosen)));
            if ui.button("Choose none").clicked() {
                chosen.clear();
            }
        }
        undo_ui(ctx, ui, dialog);
        add(ui);
    });
}

fn undo_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, dialog: &mut Option<Dialog>) {
    if let Some(what) = ctx.engine.run_undo() {
        let undo = ui.button(format!("Undo: {what}"));
        if undo.on_hover_text("Take this back").clicked() {
            ctx.commands.send(UiCommand::UndoRunChange);
        }
    }
    if ctx.engine.runs_in_trash().next().is_some() {
        let empty = ui.button("Empty trash…");
        let tooltip =
            "Deleted runs lie in the trash until you empty it, also when the program is closed";
        if empty.on_hover_text(tooltip).clicked() {
            *dialog = Some(Dialog::EmptyTrash);
        }
    }
}

/// The same for the run under the pointer, or for the chosen ones where it is one of them.
pub fn menu_ui(
    ctx: &PanelCtx<'_>,
    ui: &mut Ui,
    runs: &[&RunSnapshot],
    dialog: &mut Option<Dialog>,
) {
    for action in ACTIONS {
        let problem = action.problem(ctx, runs);
        let response = ui
            .add_when(problem.is_none(), Button::new(action.label(runs)))
            .on_hover_text(action.tooltip(runs))
            .on_disabled_hover_text(problem.unwrap_or_default());
        if response.clicked() {
            action.carry_out(ctx, runs, dialog);
            ui.close();
        }
    }
}

/// Opens the form for name, note and tags of a run.
pub fn edit(run: &RunSnapshot, dialog: &mut Option<Dialog>) {
    *dialog = Some(Dialog::Notes(NotesForm::new(&[run])));
}

/// What *Resume* does, and how near it comes to a run that was never stopped.
pub fn resume_tooltip(run: &RunSnapshot) -> String {
    let repeats = Repeats::expected(run.config.device);
    let text = format!(
        "Resume from the last checkpoint. The run goes on {}",
        repeats.text()
    );
    match repeats {
        Repeats::BitEqual => format!("{text} if it was started with this version of the program"),
        Repeats::UpToRounding => format!("{text}: another GPU or driver may round otherwise"),
    }
}

/// A run in some lines, for tooltips.
pub fn details(run: &RunSnapshot) -> String {
    let config = &run.config;
    let mut text = format!(
        "{}\n{} {} on {}\nStarted {} UTC, trained for {}\nDevice {}\n{}, {} of {}\nBatch {}, learning rate {}, seed {}",
        run.name,
        config.variant,
        config.trunk,
        run.dataset_name,
        run.started_text(),
        format::duration(run.trained_secs()),
        config.device,
        format::plural(run.steps_done(), "step", "steps"),
        run.epochs.len(),
        format::plural(config.epochs, "epoch", "epochs"),
        config.batch_size,
        format::setting(config.learning.learning_rate),
        config.seed,
    );
    let start = match &config.init {
        InitialWeights::Random => None,
        InitialWeights::Run(parent) => Some(parent.clone()),
        InitialWeights::File(path) => Some(path.display().to_string()),
    };
    if let Some(start) = start {
        text.push_str("\nStarted from ");
        text.push_str(&start);
    }
    if !run.notes.tags.is_empty() {
        text.push_str("\nTags ");
        text.push_str(&run.notes.tags.join(", "));
    }
    if !run.notes.note.is_empty() {
        text.push_str("\n\n");
        text.push_str(&run.notes.note);
    }
    if let Some(message) = run.state.message() {
        text.push_str("\n\nFailed: ");
        text.push_str(message);
    }
    if !run.has_weights {
        text.push_str("\nNo weights were saved");
    }
    text
}
