//! The menu bar. Says what was chosen; the app does it.

use std::path::PathBuf;

use eframe::egui::{self, Align, Button, Layout, MenuBar, Ui};

use super::command::{Command, MENUS, Menu, Problem, Section, UiCommand, shortcut_text};
use super::dialogs::place_name;
use super::dock::DockLayout;
use super::icons::Icon;
use super::recent::Recent;
use super::state::Prefs;
use super::toasts::Toasts;
use super::view_model::ui_scale::ScaleStep;
use crate::engine::DatasetRef;
use crate::ui::when::AddWhen as _;

/// What the menus need to know.
pub struct MenuState<'a> {
    /// Which panels are open.
    pub layout: &'a DockLayout,
    /// Which theme is set.
    pub prefs: &'a Prefs,
    /// Why a command cannot be carried out now; `None` = it can.
    pub problem: &'a dyn Fn(UiCommand) -> Option<Problem>,
    /// What was opened lately.
    pub recent: &'a Recent,
}

/// Draws the bar with the bell at its end; returns what was chosen.
pub fn menu_bar_ui(ui: &mut Ui, state: &MenuState<'_>, toasts: &mut Toasts) -> Option<Command> {
    let mut chosen = None;
    MenuBar::new().ui(ui, |ui| {
        for menu in &MENUS {
            ui.menu_button(menu.title, |ui| menu_ui(ui, state, menu, &mut chosen));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            toasts.ui(ui);
        });
    });
    chosen
}

fn menu_ui(ui: &mut Ui, state: &MenuState<'_>, menu: &Menu, chosen: &mut Option<Command>) {
    for (index, section) in menu.sections.iter().enumerate() {
        if index > 0 {
            ui.separator();
        }
        match section.submenu {
            None => section_ui(ui, state, section, chosen),
            Some(title) => {
                ui.menu_button(title, |ui| section_ui(ui, state, section, chosen));
            }
        }
    }
}

fn section_ui(ui: &mut Ui, state: &MenuState<'_>, section: &Section, chosen: &mut Option<Command>) {
    let paused = (state.problem)(UiCommand::Unpause).is_none();
    for command in section.commands.iter().copied() {
        match command {
            // One of the two has their place.
            UiCommand::Pause if paused => {}
            UiCommand::Unpause if !paused => {}
            UiCommand::Panel(panel) => check_ui(ui, command, state.layout.is_open(panel), chosen),
            UiCommand::Theme(theme) => check_ui(ui, command, state.prefs.theme == theme, chosen),
            UiCommand::ClassColors(colors) => {
                check_ui(ui, command, state.prefs.class_colors == colors, chosen);
            }
            UiCommand::Scale(ScaleStep::To(scale)) => {
                check_ui(ui, command, state.prefs.scale == scale, chosen);
            }
            UiCommand::DebugOverlay => check_ui(ui, command, state.prefs.debug_overlay, chosen),
            _ => item_ui(ui, state, command, chosen),
        }
        match command {
            UiCommand::OpenFolder => {
                recent_ui(
                    ui,
                    "Recent datasets",
                    &state.recent.datasets,
                    chosen,
                    |path| Command::OpenDataset(DatasetRef::Folder(path)),
                );
            }
            UiCommand::OpenImages => {
                recent_ui(ui, "Recent images", &state.recent.images, chosen, |path| {
                    Command::Inspect(vec![path])
                });
            }
            _ => {}
        }
    }
}

/// A submenu of paths.
fn recent_ui(
    ui: &mut Ui,
    title: &str,
    paths: &[PathBuf],
    chosen: &mut Option<Command>,
    open: impl Fn(PathBuf) -> Command,
) {
    ui.add_when_ui(!paths.is_empty(), |ui| {
        ui.menu_button(title, |ui| {
            for path in paths {
                let name = path.display().to_string();
                let entry = ui
                    .add(Button::new(place_name(path)))
                    .accessible_name(&name)
                    .on_hover_text(&name);
                if entry.clicked() {
                    *chosen = Some(open(path.clone()));
                    ui.close();
                }
            }
            ui.separator();
            let clear = ui
                .button("Clear recent")
                .on_hover_text("Forget the recent datasets and images");
            if clear.clicked() {
                *chosen = Some(Command::ClearRecent);
                ui.close();
            }
        });
    });
}

fn item_ui(ui: &mut Ui, state: &MenuState<'_>, command: UiCommand, chosen: &mut Option<Command>) {
    let problem = (state.problem)(command);
    let response = ui.add_when(
        problem.is_none(),
        with_shortcut(ui.ctx(), Button::new(command.label()), command),
    );
    finish(ui, response, command, problem.as_deref(), chosen);
}

fn check_ui(ui: &mut Ui, command: UiCommand, checked: bool, chosen: &mut Option<Command>) {
    let mark = if checked {
        Icon::Check.atom()
    } else {
        Icon::no_atom()
    };
    let button = Button::new((mark, command.label()));
    let response = ui.add(with_shortcut(ui.ctx(), button, command));
    finish(ui, response, command, None, chosen);
}

fn with_shortcut<'a>(ctx: &egui::Context, button: Button<'a>, command: UiCommand) -> Button<'a> {
    match command.shortcut() {
        Some(shortcut) => button.shortcut_text(shortcut_text(ctx, &shortcut)),
        None => button,
    }
}

fn finish(
    ui: &Ui,
    response: egui::Response,
    command: UiCommand,
    problem: Option<&str>,
    chosen: &mut Option<Command>,
) {
    let response = response
        .accessible_name(command.label())
        .on_hover_text(command.tooltip())
        .on_disabled_hover_text(problem.unwrap_or_default());
    if response.clicked() {
        *chosen = Some(command.into());
        ui.close();
    }
}
