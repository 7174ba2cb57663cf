//! What the next run will take, beside Start; and settings that the program chooses.

use eframe::egui::{Button, Label, RichText, Ui};

use crate::engine::{
    BeforeStart, Choice, Configured, Engine, MemoryFit, NoticeLevel, Poll, RunConfig, RunTime,
    Task, TimeSource, memory_text,
};
use crate::ui::command::{Command, Problem};
use crate::ui::context::PanelCtx;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::when::AddWhen as _;

/// Estimates of the settings in the form, and the choice of settings.
#[derive(Default)]
pub struct Before {
    /// The settings that were estimated, or are being.
    config: Option<RunConfig>,
    estimating: Option<Task<BeforeStart>>,
    estimate: Option<BeforeStart>,
    /// Whether these settings may start although they need too much memory.
    ignore_memory: bool,
    choosing: Option<Task<Configured>>,
    /// Why the settings are what they are, until the text is closed.
    choices: Vec<Choice>,
}

impl Before {
    /// Why the settings cannot start; `None` = they can, as far as is known.
    pub fn problem(&self, config: &RunConfig) -> Option<Problem> {
        let estimate = self
            .estimate
            .as_ref()
            .filter(|_| self.config.as_ref() == Some(config) && !self.ignore_memory)?;
        let refusal = estimate.fit.refusal(&estimate.memory)?;
        Some(format!("These settings need {refusal}").into())
    }

    /// The settings are to be estimated anew.
    pub fn forget(&mut self) {
        self.config = None;
    }

    /// Whether a run starts that needs too much memory.
    pub fn ignores_memory(&self) -> bool {
        self.ignore_memory
    }

    /// Draws the estimate of `config`, the settings of the form; `tried` is the time that a trial of them
    /// found.
    pub fn ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        (config, tried): (Option<&RunConfig>, Option<RunTime>),
        settings: &mut RunConfig,
    ) {
        self.poll(ctx, config, settings);
        let Some(mut estimate) = self.estimate.clone().filter(|_| config.is_some()) else {
            return;
        };
        estimate.time = tried.or(estimate.time);
        if estimate.refusal().is_some() && !self.ignore_memory {
            self.too_large_ui(ui, &estimate, settings);
        } else {
            estimate_ui(ui, &estimate);
        }
    }

    fn too_large_ui(&mut self, ui: &mut Ui, estimate: &BeforeStart, settings: &mut RunConfig) {
        ui.notice_box(NoticeLevel::Warning, |ui| {
            ui.strong("Not enough memory");
            for change in &estimate.changes {
                let text = format!("Use {}", change.text);
                let needs = format!("Needs about {}", memory_text(change.bytes));
                let button = Button::new(&text).wrap();
                if ui.add(button).on_hover_text(needs).clicked() {
                    *settings = change.config.clone();
                }
            }
            if estimate.changes.is_empty() {
                ui.add(Label::new("Choose smaller images or another network").wrap());
            }
            if ui
                .button("Start all the same")
                .on_hover_text(
                    "Allow these settings; the computer may become slow or end the program",
                )
                .clicked()
            {
                self.ignore_memory = true;
            }
        });
    }

    /// The button that chooses settings.
    pub fn auto_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, device: crate::engine::DeviceId) {
        let possible = self.choosing.is_none() && can_choose(ctx.engine);
        let button = ui
            .add_when(possible, Button::new("Set for me"))
            .on_hover_text(
                "Choose trunk, sizes, batch, rate and epochs by the data, the device and the memory, \
                 and say why",
            )
            .on_disabled_hover_text("Open a dataset first");
        if button.clicked() {
            self.choosing = ctx.engine.configure(device);
        }
        if self.choosing.is_some() {
            ui.busy("Choosing settings");
        }
    }

    /// Why the settings are what they are, once they are chosen.
    pub fn reasons_ui(&mut self, ui: &mut Ui) {
        if self.choices.is_empty() {
            return;
        }
        let mut closed = false;
        ui.notice_box(NoticeLevel::Info, |ui| {
            // First, where it is seen without scrolling.
            closed = ui.button("Close reasons").clicked();
            for choice in &self.choices {
                let text = format!("{} {}: {}", choice.field, choice.value, choice.reason);
                ui.add(Label::new(RichText::new(text).small()).wrap());
            }
        });
        if closed {
            self.choices.clear();
        }
    }

    /// Hides the reasons, so that what comes below them is in sight.
    pub fn close_reasons(&mut self) {
        self.choices.clear();
    }

    fn poll(&mut self, ctx: &PanelCtx<'_>, config: Option<&RunConfig>, settings: &mut RunConfig) {
        match Task::poll_slot(&mut self.choosing) {
            Poll::Pending => {}
            Poll::Ready(configured) => {
                *settings = configured.config;
                self.choices = configured.choices;
            }
            Poll::Lost => lost(ctx, "The settings could not be chosen"),
        }
        match Task::poll_slot(&mut self.estimating) {
            Poll::Pending => {}
            Poll::Ready(estimate) => self.estimate = Some(estimate),
            Poll::Lost => lost(ctx, "The memory of the next run could not be estimated"),
        }
        // One at a time: while a value is dragged, the next waits for the one before.
        if self.estimating.is_none() && config.is_some() && self.config.as_ref() != config {
            self.config = config.cloned();
            self.ignore_memory = false;
            self.estimating = config.and_then(|config| ctx.engine.before_start(config));
        }
    }
}

fn can_choose(engine: &Engine) -> bool {
    matches!(engine.dataset(), crate::engine::DatasetState::Ready(_))
}

fn lost(ctx: &PanelCtx<'_>, what: &str) {
    let text = format!("{what}; the log says more");
    ctx.commands.send(Command::Notify(NoticeLevel::Error, text));
}

/// Said where the system and the driver do not.
const UNKNOWN: &str = "The memory of this device is not known";

/// Memory and time in a line.
fn estimate_ui(ui: &mut Ui, estimate: &BeforeStart) {
    let memory = memory_text(estimate.memory.total());
    let time = match &estimate.time {
        Some(time) if time.source == TimeSource::Product => {
            format!("roughly {}", format::rough_duration(time.total_secs))
        }
        Some(time) => format::about(time.total_secs),
        None => "time known after the first steps".to_owned(),
    };
    let of = match (estimate.memory.by, estimate.room.total) {
        (by, Some(total)) if by.is_gpu() => {
            format!("{memory} of the device's {}", memory_text(total))
        }
        _ => format!("{memory} of memory"),
    };
    let line = format!("The run takes about {of} · {time}");
    let tight = match estimate.fit {
        MemoryFit::Tight { available } => Some(available),
        _ => None,
    };
    let text = RichText::new(line).small();
    let text = if tight.is_some() {
        text.color(theme::palette(ui.visuals()).warning)
    } else {
        text
    };
    ui.add(Label::new(text).wrap())
        .on_hover_text(details(estimate));
    if estimate.fit == MemoryFit::Unknown {
        ui.add(Label::new(RichText::new(UNKNOWN).small()).wrap());
    }
    if let Some(available) = tight {
        let text = format!(
            "Only {} are free now: close other programs, or choose a smaller batch or crop",
            memory_text(available)
        );
        warning_ui(ui, text);
    }
    for warning in &estimate.warnings {
        warning_ui(ui, format::sentence(warning));
    }
}

fn warning_ui(ui: &mut Ui, text: String) {
    let color = theme::palette(ui.visuals()).warning;
    ui.add(Label::new(RichText::new(text).small().color(color)).wrap());
}

fn details(estimate: &BeforeStart) -> String {
    let memory = &estimate.memory;
    let mut text = format!(
        "Estimated from the layers of the network, for the run; the window and what it shows come on top\nWeights \
         and momentum {}\nA training step {}\nA validation image {}\nDecoded images and batches {}",
        memory_text(memory.weights),
        memory_text(memory.step),
        memory_text(memory.validation),
        memory_text(memory.images)
    );
    if memory.by.is_gpu() {
        let beside = memory_text(memory.beside_gpu());
        text = format!("{text}\nBeside the device, {beside} of the computer's memory");
    }
    if let Some(time) = &estimate.time {
        text = format!(
            "{text}\nA step takes about {:.2} s, {}",
            time.step_secs,
            time.source.text()
        );
    }
    if estimate.fit == MemoryFit::Unknown {
        text = format!("{text}\n{UNKNOWN}");
    }
    text
}
