//! Settings of the next run, progress of the active one, and the newest runs.

mod active;
mod advanced;
mod alarms;
mod augmentation;
mod before_start;
mod below;
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

use eframe::egui::{ScrollArea, Ui, UiBuilder};
use serde::{Deserialize, Serialize};

use crate::engine::{DatasetState, DeviceId, Engine, InitialWeights, RunConfig, Trunk, preset};
use crate::ui::command::{Problem, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::focus::follow_focus;
use crate::ui::panels::runs::newest_runs_ui;
use crate::ui::view_model::format::{plural, sentence};
use before_start::Before;
use queue::Differs;
use rate_search::RateFinder;
use start_from::WeightsPick;
use trial::TrialBox;

/// In a panel of less height, in points, everything scrolls.
const LOW: f32 = 270.0;
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
    /// Height of all that is below the form.
    #[serde(skip)]
    below: f32,
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
            below: 0.0,
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
                follow_focus(ui);
            });
            self.weights.ui(ctx, ui, &mut self.settings);
            return;
        }
        // What comes and goes is below the form, and above the buttons: neither of them moves. The form is drawn
        // first, so that Tab goes from top to bottom.
        let whole = ui.available_rect_before_wrap();
        let form = whole.with_max_y((whole.bottom() - self.below).max(whole.top()));
        let mut above = ui.new_child(UiBuilder::new().id_salt("form").max_rect(form));
        ScrollArea::vertical()
            .auto_shrink(false)
            // Where it is lower than that, it must not reach into the status.
            .min_scrolled_height(0.0)
            .show(&mut above, |ui| {
                self.settings_ui(ctx, ui, form.height());
                follow_focus(ui);
            });
        self.below_ui(ctx, ui);
        let below = whole.bottom() - ui.available_rect_before_wrap().bottom();
        if (below - self.below).abs() > 0.5 {
            self.below = below;
            ui.ctx()
                .request_discard("what is below the form has another height");
            // A panel takes two passes to its height: what is drawn until then must not stay.
            ui.ctx().request_repaint();
        }
        ui.advance_cursor_after_rect(form);
        self.weights.ui(ctx, ui, &mut self.settings);
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

    fn queue_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let config = self.queued_config(ctx.engine);
        queue::queue_ui(ctx, ui, config, (&mut self.grid, &mut self.differs));
    }
}

fn problem(err: impl std::fmt::Display) -> Problem {
    sentence(&err.to_string()).into()
}
