//! Carries out commands: the one place where one becomes an action.

use eframe::egui;

use super::App;
use crate::engine::{DatasetRef, NoticeLevel};
use crate::ui::command::{Command, PanelKind, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::dialogs;
use crate::ui::dock::DockLayout;

impl App {
    /// Carries out one command.
    pub(super) fn execute(&mut self, command: Command) {
        match command {
            Command::OpenDataset(which) => self.engine.open_dataset(which),
            Command::PickDataset => {
                if self.folder_dialog.is_none() {
                    self.folder_dialog =
                        Some(dialogs::pick_folder(&self.engine, "Open a dataset folder"));
                }
            }
            Command::StartRun(config) => self.engine.start_run(*config),
            Command::StartPlan(configs) => self.engine.start_plan(configs),
            Command::StartStages(configs) => self.engine.start_stages(configs),
            Command::RunImported(run) => {
                self.engine.refresh_runs();
                self.toasts
                    .add(NoticeLevel::Info, format!("{run} is among the runs now"));
            }
            Command::ResumeRun(run) => self.engine.resume_run(&run),
            Command::Pause => self.engine.pause(),
            Command::Unpause => self.engine.unpause(),
            Command::Stop => self.engine.stop(),
            Command::DeleteRun(run) => {
                self.engine.delete_run(&run);
                let engine = &self.engine;
                self.state.selection.retain(|run| engine.run(run).is_some());
            }
            Command::Inspect(paths) => {
                let ctx = PanelCtx {
                    engine: &self.engine,
                    commands: &self.sender,
                };
                self.state.inspect.open(&ctx, paths);
                self.state.layout.show(PanelKind::Inspect);
            }
            Command::PickImages => {
                if self.image_dialog.is_none() {
                    self.image_dialog = Some(dialogs::pick_images(&self.engine));
                }
            }
            Command::Compare { runs, image } => {
                let ctx = PanelCtx {
                    engine: &self.engine,
                    commands: &self.sender,
                };
                self.state.compare.show(&ctx, runs, image);
                self.state.layout.show(PanelKind::Compare);
            }
            Command::DownloadWeights(id) => self.engine.download_weights(id),
            Command::CancelDownload(id) => self.engine.cancel_download(id),
            Command::PickWeights(id) => self.weights.pick(&self.engine, id),
            Command::AddWeights { id, path } => self.engine.add_weights(id, &path),
            Command::UseWeights(path) => {
                self.state.train.use_weights(&self.engine, path);
                self.state.layout.show(PanelKind::Train);
            }
            Command::ShowPanel(panel) => self.state.layout.show(panel),
            Command::Notify(level, text) => self.toasts.add(level, text),
        }
    }

    /// Carries out what was chosen in a menu or with a key.
    pub(super) fn choose(&mut self, ctx: &egui::Context, command: UiCommand) {
        match command {
            UiCommand::OpenFolder => self.send(Command::PickDataset),
            UiCommand::OpenSample => self.send(Command::OpenDataset(DatasetRef::Sample)),
            UiCommand::OpenImages => self.send(Command::PickImages),
            UiCommand::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            UiCommand::StartTraining => match self.state.train.config(&self.engine) {
                Ok(config) => self.send(Command::StartRun(Box::new(config))),
                Err(reason) => self.toasts.add(NoticeLevel::Warning, reason),
            },
            UiCommand::TrainThree => match self.state.train.strides(&self.engine) {
                Ok(configs) => self.send(Command::StartPlan(configs)),
                Err(reason) => self.toasts.add(NoticeLevel::Warning, reason),
            },
            UiCommand::TrainStaged => match self.state.train.strides(&self.engine) {
                Ok(configs) => self.send(Command::StartStages(configs)),
                Err(reason) => self.toasts.add(NoticeLevel::Warning, reason),
            },
            UiCommand::TrainAtOnce => match self.state.train.at_once(&self.engine) {
                Ok(config) => self.send(Command::StartRun(Box::new(config))),
                Err(reason) => self.toasts.add(NoticeLevel::Warning, reason),
            },
            UiCommand::Pause => self.send(Command::Pause),
            UiCommand::Unpause => self.send(Command::Unpause),
            UiCommand::Stop => self.send(Command::Stop),
            UiCommand::Weights => self.weights.open = true,
            UiCommand::Panel(panel) => self.toggle_panel(panel),
            UiCommand::Theme(theme) => self.set_theme(ctx, theme),
            UiCommand::ResetLayout => self.state.layout = DockLayout::default(),
            UiCommand::DebugOverlay => {
                self.state.prefs.debug_overlay = !self.state.prefs.debug_overlay;
            }
            UiCommand::FirstSteps => self.help.first_steps = true,
            UiCommand::Folders => self.help.folders = true,
            UiCommand::About => self.help.about = true,
        }
    }

    /// Brings a panel to the front; hides the one that is there already.
    fn toggle_panel(&mut self, panel: PanelKind) {
        if self.state.layout.is_in_front(panel) {
            self.state.layout.hide(panel);
        } else {
            self.state.layout.show(panel);
        }
    }
}
