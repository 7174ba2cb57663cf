//! The menu bar. Says what was chosen; the app does it.

use eframe::egui::{self, Align, Button, Layout, MenuBar, ThemePreference, Ui};

use super::command::{PanelKind, Problem, UiCommand};
use super::dock::DockLayout;
use super::icons::Icon;
use super::state::Prefs;
use super::toasts::Toasts;

/// What the menus need to know.
pub struct MenuState<'a> {
    /// Which panels are open.
    pub layout: &'a DockLayout,
    /// Which theme is set.
    pub prefs: &'a Prefs,
    /// Why a command cannot be carried out now; `None` = it can.
    pub problem: &'a dyn Fn(UiCommand) -> Option<Problem>,
}

/// Draws the bar with the bell at its end; returns what was chosen.
pub fn menu_bar_ui(ui: &mut Ui, state: &MenuState<'_>, toasts: &mut Toasts) -> Option<UiCommand> {
    let mut chosen = None;
    MenuBar::new().ui(ui, |ui| {
        ui.menu_button("File", |ui| {
            item_ui(ui, state, UiCommand::OpenFolder, &mut chosen);
            item_ui(ui, state, UiCommand::OpenSample, &mut chosen);
            ui.separator();
            item_ui(ui, state, UiCommand::OpenImages, &mut chosen);
            ui.separator();
            item_ui(ui, state, UiCommand::Quit, &mut chosen);
        });
        ui.menu_button("Train", |ui| {
            item_ui(ui, state, UiCommand::StartTraining, &mut chosen);
            let paused = (state.problem)(UiCommand::Unpause).is_none();
            let pause = if paused {
                UiCommand::Unpause
            } else {
                UiCommand::Pause
            };
            item_ui(ui, state, pause, &mut chosen);
            item_ui(ui, state, UiCommand::Stop, &mut chosen);
            ui.separator();
            item_ui(ui, state, UiCommand::TrainThree, &mut chosen);
            item_ui(ui, state, UiCommand::TrainStaged, &mut chosen);
            item_ui(ui, state, UiCommand::TrainAtOnce, &mut chosen);
            ui.separator();
            item_ui(ui, state, UiCommand::Weights, &mut chosen);
        });
        ui.menu_button("View", |ui| {
            for panel in PanelKind::ALL {
                let command = UiCommand::Panel(panel);
                check_ui(ui, command, state.layout.is_open(panel), &mut chosen);
            }
            item_ui(ui, state, UiCommand::ResetLayout, &mut chosen);
            ui.separator();
            ui.menu_button("Theme", |ui| {
                for theme in [
                    ThemePreference::Dark,
                    ThemePreference::Light,
                    ThemePreference::System,
                ] {
                    check_ui(
                        ui,
                        UiCommand::Theme(theme),
                        state.prefs.theme == theme,
                        &mut chosen,
                    );
                }
            });
            check_ui(
                ui,
                UiCommand::DebugOverlay,
                state.prefs.debug_overlay,
                &mut chosen,
            );
        });
        ui.menu_button("Help", |ui| {
            item_ui(ui, state, UiCommand::GettingStarted, &mut chosen);
            item_ui(ui, state, UiCommand::Folders, &mut chosen);
            ui.separator();
            item_ui(ui, state, UiCommand::About, &mut chosen);
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            toasts.bell_ui(ui);
        });
    });
    chosen
}

fn item_ui(ui: &mut Ui, state: &MenuState<'_>, command: UiCommand, chosen: &mut Option<UiCommand>) {
    let problem = (state.problem)(command);
    let response = ui.add_enabled(
        problem.is_none(),
        with_shortcut(ui.ctx(), Button::new(command.label()), command),
    );
    finish(ui, response, command, problem.as_deref(), chosen);
}

fn check_ui(ui: &mut Ui, command: UiCommand, checked: bool, chosen: &mut Option<UiCommand>) {
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
        Some(shortcut) => button.shortcut_text(ctx.format_shortcut(&shortcut)),
        None => button,
    }
}

fn finish(
    ui: &Ui,
    response: egui::Response,
    command: UiCommand,
    problem: Option<&str>,
    chosen: &mut Option<UiCommand>,
) {
    let response = response
        .accessible_name(command.label())
        .on_hover_text(command.tooltip())
        .on_disabled_hover_text(problem.unwrap_or_default());
    if response.clicked() {
        *chosen = Some(command);
        ui.close();
    }
}
