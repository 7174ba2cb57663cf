//! The program behind the window: handles events, carries out commands, draws everything.

mod background;
mod covered;
mod desktop;
mod dialogs;
mod events;
mod execute;
mod first_frames;
mod followed;
mod keys;
mod linked;
mod pasted;
mod start_again;

use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::Receiver;
use eframe::egui::{self, CentralPanel, Frame, Margin, Panel, Ui};

use self::first_frames::FirstFrames;
use self::linked::link_panels;
use crate::engine::{
    DatasetRef, DatasetState, Dirs, Engine, EngineError, EngineOptions, RunConfig, Task,
};
use crate::ui::catalogue_window::{PretrainedWindow, PublicDatasetsWindow};
use crate::ui::command::{Command, CommandSender, PanelKind, UiCommand, command_channel};
use crate::ui::context::PanelCtx;
use crate::ui::dataset_window::DatasetWindow;
use crate::ui::debug_overlay::FrameTimes;
use crate::ui::dialogs::Dialogs;
use crate::ui::drop_target::DropTarget;
use crate::ui::help::HelpWindows;
use crate::ui::menu::{self, MenuState};
use crate::ui::notifications_window::NotificationsWindow;
use crate::ui::palette::Palette;
use crate::ui::repaint_throttle::{Painter, RepaintThrottle};
use crate::ui::software_painter::SoftwarePainter;
use crate::ui::state::AppState;
use crate::ui::toasts::Toasts;
use crate::ui::upload_counter::UploadCounter;
use crate::ui::view_model::ClassColors;
use crate::ui::{quit, status_bar, theme};

/// Time that one frame may spend on events.
const DRAIN_BUDGET: Duration = Duration::from_millis(10);
const STATUS_HEIGHT: f32 = 24.0;

/// What the window needs to create its engine.
#[derive(Debug, Clone)]
pub struct WindowOptions {
    /// The folders of data and runs.
    pub dirs: Dirs,
    /// The executable that answers `devices --probe`; `None` = offer the CPU only.
    pub probe_program: Option<PathBuf>,
    /// Warnings and errors of the log, which become toasts.
    pub problems: Receiver<(log::Level, String)>,
    /// What is opened at once, as if it were dropped on the window.
    pub files: Vec<PathBuf>,
    /// Whether another process waits for the window to open, and says when it is not wanted any more.
    pub supervised: bool,
}

/// The program behind the window.
pub struct App {
    state: AppState,
    engine: Engine,
    toasts: Toasts,
    sender: CommandSender,
    receiver: Receiver<Command>,
    problems: Receiver<(log::Level, String)>,
    help: HelpWindows,
    palette: Palette,
    quit: quit::QuitDialog,
    weights: PretrainedWindow,
    public_datasets: PublicDatasetsWindow,
    notifications: NotificationsWindow,
    /// Whether this is a window of a desktop, which is told when a run ends.
    on_desktop: bool,
    dataset_window: DatasetWindow,
    dialogs: Dialogs,
    drop_target: DropTarget,
    file_manager: Option<Task<Result<(), String>>>,
    /// Images of the clipboard that are being written.
    pasted: Vec<Task<Result<PathBuf, EngineError>>>,
    frames: FrameTimes,
    throttle: RepaintThrottle,
    colors: ClassColors,
    active_run: Option<String>,
    plan_compared: bool,
    followed: followed::Followed,
    /// What starts once the active run has ended.
    next: Option<RunConfig>,
    first_frames: FirstFrames,
}

impl App {
    /// Restores the saved state and starts the engine.
    pub fn new(cc: &eframe::CreationContext<'_>, options: WindowOptions) -> Self {
        let state = cc
            .storage
            .and_then(|storage| eframe::get_value::<AppState>(storage, eframe::APP_KEY))
            .unwrap_or_default();
        let throttle = RepaintThrottle::new(painter(cc));
        let mut engine = Engine::new(EngineOptions {
            dirs: options.dirs,
            waker: throttle.waker(&cc.egui_ctx),
            probe_program: options.probe_program,
            live_masks: true,
        });
        engine.keep_awake();
        let mut app = Self {
            problems: options.problems,
            dialogs: Dialogs::default(),
            throttle,
            on_desktop: true,
            ..Self::with_engine(&cc.egui_ctx, state, engine)
        };
        app.quit.obey_signals(&cc.egui_ctx);
        if options.supervised {
            app.quit.obey_supervisor(&cc.egui_ctx);
            app.first_frames.untold = true;
        }
        app.open_files(options.files);
        app
    }

    /// The program with a given state and no desktop around it; opens the last dataset or the
    /// sample.
    pub fn with_engine(ctx: &egui::Context, mut state: AppState, mut engine: Engine) -> Self {
        ctx.add_plugin(UploadCounter::default());
        theme::apply(ctx);
        ctx.set_theme(state.prefs.theme);
        state.prefs.apply_scale(ctx);
        state.layout.repair();
        engine.watch_runs();
        if let Err(err) = engine.own_queue() {
            log::warn!("The queue cannot be used: {err}");
        }
        if let Some(plan) = state.plan.take() {
            engine.take_up_plan(plan);
        }
        if matches!(engine.dataset(), DatasetState::None) {
            engine.open_dataset(
                state
                    .prefs
                    .last_dataset
                    .clone()
                    .unwrap_or(DatasetRef::Sample),
            );
        }
        let (sender, receiver) = command_channel();
        let colors = ClassColors::new(state.prefs.class_colors);
        Self {
            state,
            engine,
            toasts: Toasts::default(),
            sender,
            receiver,
            problems: crossbeam_channel::never(),
            help: HelpWindows::default(),
            palette: Palette::default(),
            quit: quit::QuitDialog::default(),
            weights: PretrainedWindow::default(),
            public_datasets: PublicDatasetsWindow::default(),
            notifications: NotificationsWindow::default(),
            on_desktop: false,
            dataset_window: DatasetWindow::default(),
            dialogs: Dialogs::in_window(),
            drop_target: DropTarget::default(),
            file_manager: None,
            pasted: Vec::new(),
            frames: FrameTimes::default(),
            throttle: RepaintThrottle::new(Painter::Gpu),
            colors,
            active_run: None,
            plan_compared: false,
            followed: followed::Followed::default(),
            next: None,
            first_frames: FirstFrames::default(),
        }
    }

    /// The engine, for tests.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The saved state, for tests.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// The messages, for tests.
    pub fn toasts(&self) -> &Toasts {
        &self.toasts
    }

    /// Opens what is named on the command line, as if it were dropped on the window.
    pub fn open_files(&mut self, files: Vec<PathBuf>) {
        if !files.is_empty() {
            self.drop_target.open(&self.engine, files);
        }
    }

    /// Queues a command as a widget would.
    pub fn send(&self, command: impl Into<Command>) {
        self.sender.send(command);
    }

    /// Carries out what is queued, including the commands that follow from it.
    fn run_commands(&mut self, ctx: &egui::Context) {
        while let Ok(command) = self.receiver.try_recv() {
            self.execute(ctx, command);
        }
    }

    fn menu_ui(&mut self, ui: &mut Ui) {
        let mut toasts = std::mem::take(&mut self.toasts);
        let chosen = Panel::top("menu bar")
            .frame(Frame::new().inner_margin(Margin::symmetric(8, 3)))
            .show(ui, |ui| {
                let state = MenuState {
                    layout: &self.state.layout,
                    prefs: &self.state.prefs,
                    recent: &self.state.recent,
                    problem: &|command| self.problem(command),
                };
                menu::menu_bar_ui(ui, &state, &mut toasts)
            })
            .inner;
        self.toasts = toasts;
        if let Some(command) = chosen {
            self.send(command);
        }
    }

    fn palette_ui(&mut self, ui: &Ui) -> Option<UiCommand> {
        let mut palette = std::mem::take(&mut self.palette);
        let chosen = palette.ui(ui, &|command| self.problem(command));
        self.palette = palette;
        chosen
    }

    fn panels_ui(&mut self, ui: &mut Ui) {
        let Self {
            state,
            engine,
            sender,
            colors,
            ..
        } = self;
        let ctx = PanelCtx {
            engine,
            commands: sender,
            colors,
        };
        let (inspected, unpredicted) = link_panels(state, engine);
        let AppState {
            layout,
            selection,
            dataset,
            train,
            curves,
            live,
            inspect,
            compare,
            look_inside,
            evaluate,
            runs,
            ..
        } = state;
        CentralPanel::default().frame(Frame::new()).show(ui, |ui| {
            layout.ui(ui, &mut |panel, ui| match panel {
                PanelKind::Dataset => dataset.ui(&ctx, ui, train.settings()),
                PanelKind::Train => train.ui(&ctx, ui),
                PanelKind::Curves => curves.ui(&ctx, selection, ui),
                PanelKind::Live => live.ui(&ctx, ui),
                PanelKind::Inspect => inspect.ui(&ctx, ui),
                PanelKind::Compare => compare.ui(&ctx, ui),
                PanelKind::LookInside => {
                    look_inside.ui(&ctx, ui, (inspected.as_ref(), unpredicted.as_deref()));
                }
                PanelKind::Evaluate => evaluate.ui(&ctx, selection, ui),
                PanelKind::Runs => runs.ui(&ctx, selection, ui),
            });
        });
        // Its curves have the cursor of the film.
        if let Some(run) = live.take_scrubbed().filter(|run| !selection.contains(run)) {
            selection.set(&run, true);
        }
    }

    fn frame_ui(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let over_live = self.is_over_live(&ctx);
        self.drop_target.take(&self.engine, &ctx, over_live);
        self.take_pasted(&ctx);
        self.menu_ui(ui);
        let device = self.state.train.device(&self.engine);
        Panel::bottom("status bar")
            .exact_size(STATUS_HEIGHT)
            .frame(Frame::new().inner_margin(Margin::symmetric(8, 2)))
            .show(ui, |ui| {
                let panel = PanelCtx {
                    engine: &self.engine,
                    commands: &self.sender,
                    colors: &self.colors,
                };
                status_bar::status_bar_ui(&panel, ui, device);
            });
        self.panels_ui(ui);
        let panel = PanelCtx {
            engine: &self.engine,
            commands: &self.sender,
            colors: &self.colors,
        };
        self.help.ui(&panel, &ctx);
        self.weights
            .ui(&panel, ui, self.state.train.initial_weights());
        self.public_datasets.ui(&panel, ui);
        self.notifications
            .ui(&panel, &ctx, &self.state.prefs.notifications);
        self.dataset_window.ui(&panel, ui);
        self.quit.ui(ui);
        let answer = self.dialogs_ui(ui);
        if let Some(command) = answer {
            self.send(command);
        }
        if let Some(command) = self.drop_target.ui(&self.engine, ui, STATUS_HEIGHT) {
            self.send(command);
        }
        let chosen = self.palette_ui(ui);
        if let Some(command) = chosen {
            self.send_named(command);
        }
        if self.state.prefs.debug_overlay {
            self.frames.overlay_ui(&ctx, self.throttle.pause());
        }
        if !self.receiver.is_empty() {
            ctx.request_repaint();
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let part = self.frames.begin();
        self.throttle.begin();
        self.drain(ctx);
        self.tell_desktop(ctx);
        self.quit.logic(ctx, self.engine.active().is_some());
        self.run_commands(ctx);
        self.frames.end_logic(&part);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        let part = self.frames.begin();
        self.throttle.frame(
            ui.input(|input| !input.events.is_empty()),
            frame.info().cpu_usage,
        );
        self.fit_monitor(ui.ctx());
        self.tell_supervisor(ui.ctx());
        self.take_keys(ui.ctx());
        self.uncovered_ui(ui);
        self.frames.end_ui(ui.input(|input| input.time), &part);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, eframe::APP_KEY, &self.state);
    }

    /// Panels have no fill of their own: with a software driver, filling is half of the work.
    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self) {
        self.frames.write_log();
    }

    /// Scroll positions and zoomed plots last for one session; [`AppState`] is what is saved.
    fn persist_egui_memory(&self) -> bool {
        false
    }
}

/// Finds out what paints the window; with a software driver, installs a cheaper painter.
fn painter(cc: &eframe::CreationContext<'_>) -> Painter {
    match &cc.wgpu_render_state {
        Some(state) if state.adapter.get_info().device_type == eframe::wgpu::DeviceType::Cpu => {
            SoftwarePainter::install(&cc.egui_ctx, state);
            Painter::Cpu
        }
        _ => Painter::Gpu,
    }
}
