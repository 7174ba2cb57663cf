//! Settings of the next run, progress of the active one, and the newest runs.

mod active;
mod advanced;
mod alarms;
mod augmentation;
mod before_start;
mod checkpoints;
mod device;
mod explained;
mod followed;
mod form;
mod learning;
mod loss;
mod network;
mod optimizer;
mod queue;
mod rate_search;
mod shares;
mod stages;
mod start_from;
mod trial;

pub use active::active_problem;
pub use queue::{clear_queue_problem, run_queue_problem};

use std::path::{Path, PathBuf};

use eframe::egui::{Frame, Margin, Panel, RichText, ScrollArea, Ui};
use serde::{Deserialize, Serialize};

use crate::engine::{DatasetState, DeviceId, Engine, InitialWeights, RunConfig, Trunk, preset};
use crate::ui::command::{Problem, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::icons::Icon;
use crate::ui::panels::runs::newest_runs_ui;
use crate::ui::panels::{command_button, send_when_clicked};
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::{plural, sentence};
use before_start::Before;
use queue::Differs;
use rate_search::RateFinder;
use start_from::WeightsPick;
use trial::TrialBox;

/// Share of the panel that texts about the run may take; the rest of them is scrolled to.
const MOST_STATUS: f32 = 0.5;
/// Height in points that the form has in any case.
const LEAST_FORM: f32 = 120.0;
/// In a panel of less height, in points, everything scrolls.
const LOW: f32 = 270.0;
const STATUS_MARGIN: Margin = Margin {
    top: 6,
    ..Margin::ZERO
};

/// The Train panel.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct TrainPanel {
    /// The form; dataset and device are set when a run starts.
    #[serde(alias = "draft")]
    settings: RunConfig,
    /// The device that the user chose; `None` = the best one found.
    device: Option<DeviceId>,
    #[serde(skip)]
    weights: WeightsPick,
    #[serde(skip)]
    before: Before,
    #[serde(skip)]
    trial: TrialBox,
    /// Settings with values, of which all combinations are queued.
    grid: String,
    #[serde(skip)]
    differs: Differs,
    /// Height of the buttons that start; an active run has as much room in their place.
    #[serde(skip)]
    start_height: f32,
    #[serde(skip)]
    rates: RateFinder,
}

impl Default for TrainPanel {
    fn default() -> Self {
        Self {
            settings: preset(Trunk::Vgg16Slim),
            device: None,
            weights: WeightsPick::None,
            before: Before::default(),
            trial: TrialBox::default(),
            grid: String::new(),
            differs: Differs::default(),
            start_height: 0.0,
            rates: RateFinder::default(),
        }
    }
}

impl TrainPanel {
    /// The device of the next run.
    pub fn device(&self, engine: &Engine) -> DeviceId {
        engine.devices().choose(self.device)
    }

    /// What the form says, whether it makes sense or not.
    pub fn settings(&self) -> &RunConfig {
        &self.settings
    }

    /// The settings of the next run, or why none can start.
    pub fn config(&self, engine: &Engine) -> Result<RunConfig, Problem> {
        let config = self.sound_config(engine)?;
        if self.trial.is_running() {
            return Err("A trial is running; wait for its end or cancel it".into());
        }
        match self.before.problem(&config) {
            Some(problem) => Err(problem),
            None => Ok(config),
        }
    }

    /// Starts a trial of the settings.
    ///
    /// # Errors
    /// Why none can start.
    pub fn start_trial(&mut self, engine: &Engine) -> Result<(), Problem> {
        let config = self.config(engine)?;
        self.trial.start(engine, config).map_err(problem)?;
        self.before.close_reasons();
        Ok(())
    }

    /// Whether a run starts that needs more memory than there is.
    pub fn ignores_memory(&self) -> bool {
        self.before.ignores_memory()
    }

    /// As [`config`](Self::config), whatever memory they need.
    fn sound_config(&self, engine: &Engine) -> Result<RunConfig, Problem> {
        if engine.active().is_some() {
            return Err("A run is active; stop it or wait until it ends".into());
        }
        if self.rates.is_busy() {
            return Err("A learning rate is being searched; wait or cancel the search".into());
        }
        self.queued_config(engine)
    }

    /// What the form says, on the dataset that is open, whether a run is active or not.
    pub fn queued_config(&self, engine: &Engine) -> Result<RunConfig, Problem> {
        let open = match engine.dataset() {
            DatasetState::Ready(open) if open.dataset.train.is_empty() => {
                return Err("The dataset has no training images".into());
            }
            DatasetState::Ready(open) => open,
            DatasetState::Opening { .. } => return Err("The dataset is still opening".into()),
            DatasetState::Unlabeled { .. } => {
                return Err("The open images have no masks; open a dataset to train on".into());
            }
            DatasetState::None | DatasetState::Failed { .. } => {
                return Err("Open a dataset first".into());
            }
        };
        if let Some(error) = engine.dataset_error() {
            let what = error.kind.title();
            let text = format!(
                "{what}: this dataset cannot be trained on. Its findings in Dataset say what to do; after a change of \
                 its files, Check dataset reads them again"
            );
            return Err(text.into());
        }
        self.settings.validate().map_err(|err| {
            let others = self.settings.broken_rules().len() - 1;
            let text = problem(err);
            if others == 0 {
                return text;
            }
            let others = plural(others, "more value is wrong", "more values are wrong");
            format!("{text}. {others}, see the red borders").into()
        })?;
        let classes = open.dataset.classes.len();
        self.settings.check_classes(classes).map_err(problem)?;
        if let Some(problem) = self.start_problem(engine) {
            return Err(problem.into());
        }
        Ok(RunConfig {
            dataset: open.which.clone(),
            device: self.device(engine),
            ..self.settings.clone()
        })
    }

    /// Why nothing can start from the chosen weights.
    fn start_problem(&self, engine: &Engine) -> Option<&'static str> {
        match &self.settings.init {
            InitialWeights::Run(run) if engine.runs_known() && engine.run(run).is_none() => {
                Some("The run to start from does not exist any more; choose other weights")
            }
            _ => None,
        }
    }

    /// The settings at each of the three strides, or why they cannot be trained.
    pub fn strides(&self, engine: &Engine) -> Result<Vec<RunConfig>, Problem> {
        self.config(engine)?.three_strides().map_err(problem)
    }

    /// The settings for FCN-8s at once, or why it cannot be trained.
    pub fn at_once(&self, engine: &Engine) -> Result<RunConfig, Problem> {
        self.config(engine)?.at_once().map_err(problem)
    }

    /// Why `command` cannot start training; `None` = it can.
    pub fn problem(&self, engine: &Engine, command: UiCommand) -> Option<Problem> {
        match command {
            UiCommand::TrainThree | UiCommand::TrainStaged => self.strides(engine).err(),
            UiCommand::TrainAtOnce => self.at_once(engine).err(),
            _ => self.config(engine).err(),
        }
    }

    /// Draws the panel.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if ui.available_height() < LOW {
            // Side by side with the buttons, the form would have no room.
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                self.buttons_ui(ctx, ui);
                self.news_ui(ctx, ui);
                ui.separator();
                self.settings_ui(ctx, ui, 0.0);
            });
            self.weights.ui(ctx, ui, &mut self.settings);
            return;
        }
        // What comes and goes is below the form, and above the buttons: neither of them moves.
        let most = ui.available_height() * MOST_STATUS;
        Panel::bottom("train buttons")
            .resizable(false)
            .show_separator_line(false)
            .frame(Frame::new().inner_margin(STATUS_MARGIN))
            .show(ui, |ui| self.buttons_ui(ctx, ui));
        let most = most.min(ui.available_height() - LEAST_FORM);
        Panel::bottom("train status")
            .resizable(false)
            .frame(Frame::new().inner_margin(STATUS_MARGIN))
            .show(ui, |ui| {
                status_area(ui, most, |ui| self.news_ui(ctx, ui));
            });
        let height = ui.available_height();
        ScrollArea::vertical()
            .auto_shrink(false)
            // Where it is lower than that, it must not reach into the status.
            .min_scrolled_height(0.0)
            .show(ui, |ui| self.settings_ui(ctx, ui, height));
        self.weights.ui(ctx, ui, &mut self.settings);
    }

    /// What comes and goes: alarms, and how the active run does, or what is said of the next one.
    fn news_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        alarms::alarms_ui(ctx, ui);
        if let Some(active) = ctx.engine.active() {
            active::lines_ui(ctx, ui, active);
            shares::shares_ui(ctx.engine, ui, active);
        } else {
            followed::followed_ui(ctx, ui);
            self.status_ui(ctx, ui);
        }
    }

    /// The form, the queue, and the newest runs in what they leave of a `height`.
    fn settings_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, height: f32) {
        let top = ui.cursor().top();
        self.form_ui(ctx, ui);
        ui.add_space(4.0);
        self.queue_ui(ctx, ui);
        ui.add_space(4.0);
        ui.separator();
        newest_runs_ui(ctx, ui, height - (ui.cursor().top() - top));
    }

    /// Shows settings in the form.
    pub fn show_settings(&mut self, config: RunConfig) {
        self.settings = config;
    }

    /// The file that the next run starts from.
    pub fn initial_weights(&self) -> Option<&Path> {
        match &self.settings.init {
            InitialWeights::File(path) => Some(path),
            InitialWeights::Random | InitialWeights::Run(_) => None,
        }
    }

    /// Films these images in the next run; returns what to say.
    pub fn add_probes(&mut self, paths: Vec<PathBuf>) -> String {
        let probes = &mut self.settings.probe_images;
        for path in paths {
            if !probes.contains(&path) {
                probes.push(path);
            }
        }
        let count = plural(probes.len(), "image", "images");
        format!("{count} of your choice will be filmed from the next run on")
    }

    /// Reads a weights file and asks what to do with it.
    pub fn use_weights(&mut self, engine: &Engine, path: PathBuf) {
        self.weights.read(engine, path);
    }

    /// The buttons that start, or those of the active run with its phase.
    fn buttons_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if let Some(active) = ctx.engine.active() {
            // It will tell how long the next one takes.
            self.before.forget();
            active::buttons_ui(ctx, ui, active);
            ui.scope(|ui| {
                ui.set_min_height(self.start_height);
                active::phase_ui(ctx, ui, active);
            });
        } else {
            let start = ui.scope(|ui| self.start_ui(ctx, ui)).response;
            self.start_height = start.rect.height();
        }
    }

    fn start_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let command = UiCommand::StartTraining;
        let problem = self.problem(ctx.engine, command);
        let start = ui.primary_button(Icon::Play, command.label(), problem.is_none());
        send_when_clicked(ctx, ui, start, command, problem.as_deref());
        ui.horizontal_wrapped(|ui| {
            for command in [
                UiCommand::TrainThree,
                UiCommand::TrainStaged,
                UiCommand::TrainAtOnce,
                UiCommand::TryOut,
            ] {
                let problem = self.problem(ctx.engine, command);
                command_button(ctx, ui, command, problem.as_deref());
            }
        });
    }

    /// Why nothing can start, and what the next run will take.
    fn status_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        self.before.reasons_ui(ui);
        self.trial.ui(ctx, ui);
        if let Some(problem) = self.problem(ctx.engine, UiCommand::StartTraining) {
            let color = theme::palette(ui.visuals()).warning;
            ui.label(RichText::new(problem).small().color(color));
        }
        let config = self.sound_config(ctx.engine).ok();
        let tried = config.as_ref().and_then(|config| self.trial.time(config));
        let next = (config.as_ref(), tried);
        self.before.ui(ctx, ui, next, &mut self.settings);
        queue::left_ui(ctx, ui);
    }

    fn queue_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let config = self.queued_config(ctx.engine);
        queue::queue_ui(ctx, ui, config, (&mut self.grid, &mut self.differs));
    }
}

/// Texts of changing height, `most` at most.
fn status_area(ui: &mut Ui, most: f32, add: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical()
        .id_salt("status")
        .auto_shrink([false, true])
        .max_height(most)
        // The panel around it grows with it, so it must not keep to the panel.
        .min_scrolled_height(most)
        .show(ui, add);
}

fn problem(err: impl std::fmt::Display) -> Problem {
    sentence(&err.to_string()).into()
}
