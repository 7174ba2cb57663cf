//! Carries out commands: the only place where a command becomes an action.

use std::path::PathBuf;

use eframe::egui::{self, ThemePreference};

use super::App;
use crate::engine::{
    DatasetRef, DatasetState, DeviceId, NoticeLevel, QueueEdit, RunSnapshot, TrainOptions,
};
use crate::ui::command::{Ask, Command, PanelKind, Problem, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::dialogs;
use crate::ui::dock::DockLayout;
use crate::ui::panels::train::{active_problem, clear_queue_problem, run_queue_problem};
use crate::ui::recent::Recent;
use crate::ui::view_model::ClassColors;

impl App {
    /// Carries out one command.
    pub(super) fn execute(&mut self, ctx: &egui::Context, command: Command) {
        self.remember(&command);
        match command {
            Command::Ui(command) => self.execute_ui(ctx, command),
            Command::OpenDataset(which) => self.engine.open_dataset(which),
            Command::OpenFileManager(folder) => {
                self.file_manager = Some(dialogs::open_file_manager(&self.engine, folder));
            }
            Command::RunImported(run) => {
                self.engine.refresh_runs();
                self.toasts
                    .add(NoticeLevel::Info, format!("Imported as run {run}"));
            }
            Command::RunMade(title) => {
                self.engine.refresh_runs();
                let text = format!("There is a new run: {title}");
                self.toasts.add(NoticeLevel::Info, text);
            }
            Command::CopyRun(folder) => {
                if !self.drop_target.copy_run(&self.engine, folder) {
                    let text =
                        "Another run is being copied; drop this one again after it".to_owned();
                    self.toasts.add(NoticeLevel::Warning, text);
                }
            }
            Command::ResumeRun(run) => self.resume(&run, None, false),
            Command::ResumeElsewhere { run, dataset } => self.resume(&run, Some(dataset), false),
            Command::ResumeOnChangedData { run, dataset } => self.resume(&run, Some(dataset), true),
            Command::DeleteRuns(runs) => {
                let deleted = self.engine.delete_runs(runs);
                self.report(deleted);
            }
            Command::SetRunNotes { what, notes } => self.engine.set_run_notes(what, notes),
            Command::EmptyRunTrash(runs) => self.engine.empty_run_trash(&runs),
            Command::CopyCommandLine(run) => self.copy_command_line(ctx, &run),
            Command::Inspect(paths) => {
                let ctx = PanelCtx::new(&self.engine, &self.sender, &self.colors);
                self.state.inspect.open(&ctx, paths);
                self.state.layout.show(PanelKind::Inspect);
            }
            Command::Compare { runs, image } => self.compare(runs, image),
            Command::CompareImage(image) => self.state.compare.show_image(image),
            Command::InspectRun(run) => {
                self.state.inspect.show_run(run);
                self.state.layout.show(PanelKind::Inspect);
            }
            Command::SaveAllInspected(folder) => {
                let ctx = PanelCtx::new(&self.engine, &self.sender, &self.colors);
                self.state.inspect.save_all(&ctx, folder);
            }
            command @ (Command::SaveInspected(_)
            | Command::SaveComparison(_)
            | Command::SavePlots(_)
            | Command::SaveTable(_)
            | Command::SaveFilm(..)) => self.save(command),
            Command::SaveReport { runs, path } => {
                let started = self.state.runs.save_report(&self.engine, &runs, path);
                self.report(started);
            }
            Command::ClearRecent => self.state.recent = Recent::default(),
            Command::DownloadWeights(id) => {
                let started = self.engine.download_weights(id);
                self.report(started);
            }
            Command::CancelDownload(id) => self.engine.cancel_download(id),
            Command::GetDataset(id) => {
                let started = self.engine.get_dataset(id);
                self.report(started);
            }
            Command::CancelDataset(id) => self.engine.cancel_dataset(id),
            Command::AddDataset { id, path } => {
                let started = self.engine.add_dataset(id, vec![path]);
                self.report(started);
            }
            Command::Ask(ask) => self.ask(ask),
            Command::AddWeights { id, path } => {
                let started = self.engine.add_weights(id, &path);
                self.report(started);
            }
            Command::UseWeights(path) => {
                self.state.train.use_weights(&self.engine, path);
                self.state.layout.show(PanelKind::Train);
            }
            Command::AddToQueue(configs) => {
                let added = self.engine.add_to_queue(configs);
                self.report(added);
            }
            Command::SetNotifications(wanted) => self.state.prefs.notifications = wanted,
            Command::EditQueue(edit) => self.engine.edit_queue(edit),
            Command::ShowSettings(config) => self.state.train.show_settings(*config),
            Command::StartAgain(config) => self.start_again(*config),
            Command::AddProbes(paths) => {
                let text = self.state.train.add_probes(paths);
                self.toasts.add(NoticeLevel::Info, text);
            }
            Command::CloseAlarms => self.engine.close_alarms(),
            Command::CancelDatasetCheck => self.engine.cancel_dataset_check(),
            Command::ShowPanel(panel) => self.state.layout.show(panel),
            Command::Notify(level, text) => self.toasts.add(level, text),
        }
    }

    /// Saves what a panel has asked a place for.
    fn save(&mut self, command: Command) {
        let ctx = PanelCtx {
            engine: &self.engine,
            commands: &self.sender,
            colors: &self.colors,
        };
        match command {
            Command::SaveInspected(path) => self.state.inspect.save(&ctx, path),
            Command::SaveComparison(path) => self.state.compare.save(&ctx, path),
            Command::SavePlots(path) => self.state.curves.save(&ctx, path),
            Command::SaveTable(path) => self.state.evaluate.save(&ctx, path),
            Command::SaveFilm(file, path) => self.state.live.save(&ctx, file, path),
            _ => {}
        }
    }

    fn resume(&mut self, run: &str, dataset: Option<DatasetRef>, accept_changes: bool) {
        let options = TrainOptions {
            device: self.resume_device(run),
            dataset,
            accept_changes,
            ..TrainOptions::default()
        };
        let resumed = self.engine.resume_run_with(run, options);
        self.report(resumed);
    }

    fn compare(&mut self, runs: Vec<String>, image: Option<PathBuf>) {
        let ctx = PanelCtx {
            engine: &self.engine,
            commands: &self.sender,
            colors: &self.colors,
        };
        self.state.compare.show(&ctx, runs, image);
        self.state.layout.show(PanelKind::Compare);
    }

    fn copy_command_line(&mut self, ctx: &egui::Context, run: &str) {
        match self.engine.command_line(run) {
            Ok(line) => {
                ctx.copy_text(line);
                let text = "The command line was copied".to_owned();
                self.toasts.add(NoticeLevel::Info, text);
            }
            Err(err) => self.report(Err(err)),
        }
    }

    /// The device on which a run resumes whose own does not work here: that of the next run.
    fn resume_device(&mut self, run: &str) -> Option<DeviceId> {
        let own = self.engine.run(run)?.config.device;
        let devices = self.engine.devices();
        if devices.may_change(Some(own)) || devices.check(own).is_ok() {
            return None;
        }
        let device = self.state.train.device(&self.engine);
        let title = self
            .engine
            .run(run)
            .map_or_else(|| run.to_owned(), RunSnapshot::title);
        self.toasts.add(
            NoticeLevel::Warning,
            format!("{own} is not available; {title} continues on {device}"),
        );
        Some(device)
    }

    fn execute_ui(&mut self, ctx: &egui::Context, command: UiCommand) {
        match command {
            UiCommand::OpenFolder => self.ask(Ask::Dataset),
            UiCommand::OpenSample => self.engine.open_dataset(DatasetRef::Sample),
            UiCommand::OpenImages => self.ask(Ask::Images),
            UiCommand::DatasetSettings => {
                let ctx = PanelCtx {
                    engine: &self.engine,
                    commands: &self.sender,
                    colors: &self.colors,
                };
                self.dataset_window.show(&ctx);
            }
            UiCommand::CheckDataset => {
                self.state.layout.show(PanelKind::Dataset);
                self.state.dataset.check();
            }
            UiCommand::Save(file) => {
                let ctx = PanelCtx::new(&self.engine, &self.sender, &self.colors);
                self.state.inspect.start_saving(&ctx, file);
            }
            UiCommand::SaveAll => self.ask(Ask::SaveAllInspected),
            UiCommand::ExportPlots(format) => {
                self.state.layout.show(PanelKind::Curves);
                self.state.curves.export(format);
            }
            UiCommand::UndoRunChange => self.engine.undo_run_change(),
            UiCommand::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            UiCommand::StartTraining
            | UiCommand::TrainThree
            | UiCommand::TrainStaged
            | UiCommand::TrainAtOnce => {
                if let Err(problem) = self.start(command) {
                    self.toasts.add(NoticeLevel::Warning, problem);
                }
            }
            UiCommand::Pause => {
                let paused = self.engine.pause();
                self.report(paused);
            }
            UiCommand::Unpause => {
                let unpaused = self.engine.unpause();
                self.report(unpaused);
            }
            UiCommand::Stop => {
                let stopped = self.engine.stop();
                self.report(stopped);
            }
            UiCommand::TryOut => {
                let started = self.state.train.start_trial(&self.engine);
                if let Err(problem) = started {
                    self.toasts.add(NoticeLevel::Warning, problem);
                }
            }
            UiCommand::AddToQueue => match self.state.train.queued_config(&self.engine) {
                Ok(config) => self.send(Command::AddToQueue(vec![config])),
                Err(problem) => self.toasts.add(NoticeLevel::Warning, problem),
            },
            UiCommand::RunQueue => {
                self.engine.ignore_memory(self.state.train.ignores_memory());
                let started = self.engine.run_queue();
                self.report(started);
            }
            UiCommand::ClearQueue => {
                let active = self.engine.queued_run();
                let waiting = self.engine.queue().entries.iter().map(|entry| entry.id);
                let ids = waiting.filter(|id| Some(*id) != active).collect();
                self.engine.edit_queue(QueueEdit::Remove(ids));
            }
            UiCommand::StopNow => {
                let stopped = self.engine.stop_now();
                self.report(stopped);
            }
            UiCommand::Notifications => self.notifications.open = true,
            UiCommand::Weights => self.weights.open = true,
            UiCommand::PublicDatasets => self.public_datasets.open = true,
            UiCommand::Panel(panel) => self.toggle_panel(panel),
            UiCommand::Theme(theme) => self.set_theme(ctx, theme),
            UiCommand::ClassColors(choice) => {
                self.state.prefs.class_colors = choice;
                self.colors = ClassColors::new(choice);
            }
            UiCommand::Scale(step) => {
                self.state.prefs.scale = step.from(self.state.prefs.scale);
                self.state.prefs.apply_scale(ctx);
            }
            UiCommand::ResetLayout => self.state.layout = DockLayout::default(),
            UiCommand::DebugOverlay => {
                self.state.prefs.debug_overlay = !self.state.prefs.debug_overlay;
            }
            UiCommand::GettingStarted => self.help.getting_started = true,
            UiCommand::Shortcuts => self.help.shortcuts = !self.help.shortcuts,
            UiCommand::Palette => self.palette.toggle(),
            UiCommand::Documents => self.help.documents.open = true,
            UiCommand::Terms => self.help.terms = true,
            UiCommand::Folders => self.help.folders = true,
            UiCommand::About => self.help.about = true,
        }
    }

    /// Starts what `command` trains.
    fn start(&mut self, command: UiCommand) -> Result<(), Problem> {
        let (train, engine) = (&self.state.train, &mut self.engine);
        engine.ignore_memory(train.ignores_memory());
        let started = match command {
            UiCommand::TrainThree => {
                let configs = train.strides(engine)?;
                engine.start_plan(configs)
            }
            UiCommand::TrainStaged => {
                let configs = train.strides(engine)?;
                engine.start_stages(configs)
            }
            UiCommand::TrainAtOnce => {
                let config = train.at_once(engine)?;
                engine.start_run(config)
            }
            _ => {
                let config = train.config(engine)?;
                engine.start_run(config)
            }
        };
        self.report(started);
        Ok(())
    }

    /// Why a menu entry, button or key can do nothing now; `None` = it can.
    pub(super) fn problem(&self, command: UiCommand) -> Option<Problem> {
        match command {
            UiCommand::StartTraining
            | UiCommand::TryOut
            | UiCommand::TrainThree
            | UiCommand::TrainStaged
            | UiCommand::TrainAtOnce => self.state.train.problem(&self.engine, command),
            UiCommand::Pause | UiCommand::Unpause | UiCommand::Stop | UiCommand::StopNow => {
                active_problem(self.engine.active(), command).map(Problem::from)
            }
            UiCommand::AddToQueue => self.state.train.queued_config(&self.engine).err(),
            UiCommand::RunQueue => run_queue_problem(&self.engine).map(Problem::from),
            UiCommand::ClearQueue => clear_queue_problem(&self.engine).map(Problem::from),
            UiCommand::OpenFolder | UiCommand::OpenImages => self.dialogs.problem(),
            UiCommand::DatasetSettings | UiCommand::CheckDataset => {
                let is_open = matches!(self.engine.dataset(), DatasetState::Ready(_));
                (!is_open).then_some(Problem::from("Open a dataset first"))
            }
            UiCommand::Save(_) | UiCommand::SaveAll => {
                let ctx = PanelCtx::new(&self.engine, &self.sender, &self.colors);
                let problem = match command {
                    UiCommand::SaveAll => self.state.inspect.save_all_problem(&ctx),
                    _ => self.state.inspect.save_problem(&ctx),
                };
                problem.map(Problem::from)
            }
            UiCommand::ExportPlots(_) => {
                let has_runs = !self.engine.runs().is_empty();
                (!has_runs).then_some(Problem::from("There is no run to plot"))
            }
            UiCommand::UndoRunChange => {
                let nothing = self.engine.run_undo().is_none();
                nothing.then_some(Problem::from("No change of runs can be taken back"))
            }
            UiCommand::OpenSample
            | UiCommand::Quit
            | UiCommand::Notifications
            | UiCommand::Weights
            | UiCommand::PublicDatasets
            | UiCommand::Panel(_)
            | UiCommand::Theme(_)
            | UiCommand::ClassColors(_)
            | UiCommand::Scale(_)
            | UiCommand::Documents
            | UiCommand::Terms
            | UiCommand::ResetLayout
            | UiCommand::DebugOverlay
            | UiCommand::GettingStarted
            | UiCommand::Shortcuts
            | UiCommand::Palette
            | UiCommand::Folders
            | UiCommand::About => None,
        }
    }

    fn set_theme(&mut self, ctx: &egui::Context, theme: ThemePreference) {
        self.state.prefs.theme = theme;
        ctx.set_theme(theme);
    }

    /// Brings a panel to the front; hides it if it is there already.
    fn toggle_panel(&mut self, panel: PanelKind) {
        if self.state.layout.is_in_front(panel) {
            self.state.layout.hide(panel);
        } else {
            self.state.layout.show(panel);
        }
    }
}
