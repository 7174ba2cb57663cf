//! The queue of runs: what waits, in which order, and what is added.

use eframe::egui::{Button, CollapsingHeader, Label, RichText, TextEdit, Ui};

use crate::engine::{Engine, Grid, Queue, QueueEdit, QueuedRun, RunConfig, own_settings};
use crate::ui::command::{Command, Problem, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::panels::command_button;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::when::AddWhen as _;

/// Why the queue cannot be run; `None` = it can.
pub fn run_queue_problem(engine: &Engine) -> Option<&'static str> {
    if !engine.owns_queue() {
        return Some("Another program works on the queue; it trains what is added here");
    }
    if engine.is_running_queue() {
        return Some("The queue is being trained");
    }
    let active = engine.queued_run();
    let waits = |queue: &Queue| queue.entries.iter().any(|entry| Some(entry.id) != active);
    (!waits(engine.queue())).then_some("The queue is empty")
}

/// Why the queue cannot be cleared; `None` = it can.
pub fn clear_queue_problem(engine: &Engine) -> Option<&'static str> {
    let active = engine.queued_run();
    let mut waiting = engine.queue().entries.iter();
    let waits = waiting.any(|entry| Some(entry.id) != active);
    (!waits).then_some("The queue is empty")
}

/// What is left in the queue while nothing is trained, and a button to go on with it.
pub fn left_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let entries = &ctx.engine.queue().entries;
    if entries.is_empty() {
        return;
    }
    let names: Vec<String> = entries
        .iter()
        .map(|entry| entry.config.variant.to_string())
        .collect();
    let text = format!("In the queue: {}", names.join(", "));
    ui.add(Label::new(RichText::new(text).small()).wrap());
    ui.horizontal(|ui| {
        for (command, problem) in [
            (UiCommand::RunQueue, run_queue_problem(ctx.engine)),
            (UiCommand::ClearQueue, clear_queue_problem(ctx.engine)),
        ] {
            command_button(ctx, ui, command, problem);
        }
    });
}

/// What is another in each run of the queue than in the others.
#[derive(Default)]
pub struct Differs {
    /// The runs that were compared; the settings of a run in the queue stay.
    ids: Vec<u64>,
    settings: Vec<Vec<String>>,
}

impl Differs {
    fn update(&mut self, queue: &Queue) {
        if self
            .ids
            .iter()
            .eq(queue.entries.iter().map(|entry| &entry.id))
        {
            return;
        }
        self.ids = queue.entries.iter().map(|entry| entry.id).collect();
        let configs: Vec<&RunConfig> = queue.entries.iter().map(|entry| &entry.config).collect();
        self.settings = own_settings(&configs, &SHOWN);
    }
}

/// The whole queue. `config` is what the form would add, `grid` the text of a grid of it.
pub fn queue_ui(
    ctx: &PanelCtx<'_>,
    ui: &mut Ui,
    config: Result<RunConfig, Problem>,
    (grid, differs): (&mut String, &mut Differs),
) {
    let queue = ctx.engine.queue();
    let title = match queue.entries.len() {
        0 => "Queue".to_owned(),
        count => format!("Queue ({})", format::count(count)),
    };
    CollapsingHeader::new(title)
        .id_salt("queue")
        .show_unindented(ui, |ui| {
            add_ui(ctx, ui, config, grid);
            differs.update(queue);
            for (place, entry) in queue.entries.iter().enumerate() {
                entry_ui(ctx, ui, queue, place, entry);
                let text = entry_text(place + 1, &entry.config, &differs.settings[place]);
                ui.add(Label::new(RichText::new(text).small()).wrap());
            }
            let mut keep_going = queue.keep_going;
            let tooltip = "Start the next run although one failed; else a failure ends the queue, and the rest waits";
            ui.checkbox(&mut keep_going, "Go on after a failure")
                .on_hover_text(tooltip);
            if keep_going != queue.keep_going {
                let edit = QueueEdit::KeepGoing(keep_going);
                ctx.commands.send(Command::EditQueue(edit));
            }
        });
}

/// Adds the run of the form, or a grid of it.
fn add_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, config: Result<RunConfig, Problem>, grid: &mut String) {
    let field = TextEdit::singleline(grid)
        .hint_text("lr=0.05,0.01 variant=fcn32s,fcn8s")
        .desired_width(f32::INFINITY);
    ui.add(field).accessible_name("Grid").on_hover_text(
        "Settings with their values, called as the options of the command line: each combination becomes a run. \
         Empty = the settings of the form alone",
    );
    let runs = config.and_then(|config| {
        let grid = Grid::parse(grid.split_whitespace());
        let runs = grid.and_then(|grid| grid.configs(&config));
        runs.map_err(|err| Problem::from(format::sentence(&err.to_string())))
    });
    ui.horizontal_wrapped(|ui| {
        let problem = runs.as_ref().err().map(ToString::to_string);
        let label = UiCommand::AddToQueue.label();
        let add = ui
            .add_when(problem.is_none(), Button::new(label))
            .on_hover_text(UiCommand::AddToQueue.tooltip())
            .on_disabled_hover_text(problem.unwrap_or_default());
        match runs {
            Ok(runs) => {
                if runs.len() > 1 {
                    ui.weak(format::plural(runs.len(), "run", "runs"));
                }
                if add.clicked() {
                    ctx.commands.send(Command::AddToQueue(runs));
                }
            }
            Err(problem) if !grid.trim().is_empty() => {
                let color = theme::palette(ui.visuals()).warning;
                ui.add(Label::new(RichText::new(problem).small().color(color)).wrap());
            }
            Err(_) => {}
        }
        for (command, problem) in [
            (UiCommand::RunQueue, run_queue_problem(ctx.engine)),
            (UiCommand::ClearQueue, clear_queue_problem(ctx.engine)),
        ] {
            // What is left while nothing is trained has these buttons below the form.
            if ctx.engine.active().is_some() {
                command_button(ctx, ui, command, problem);
            }
        }
    });
}

fn entry_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, queue: &Queue, place: usize, entry: &QueuedRun) {
    let is_active = ctx.engine.queued_run() == Some(entry.id);
    let number = place + 1;
    let send = |edit| ctx.commands.send(Command::EditQueue(edit));
    let moved = |to| QueueEdit::Move { id: entry.id, to };
    ui.horizontal(|ui| {
        let small = |ui: &mut Ui, text: &str, name: String, possible: bool| {
            ui.add_when(possible, Button::new(text))
                .accessible_name(&name)
                .on_hover_text(name)
                .clicked()
        };
        if small(ui, "Up", format!("Move run {number} up"), place > 0) {
            send(moved(place - 1));
        }
        let last = place + 1 == queue.entries.len();
        if small(ui, "Down", format!("Move run {number} down"), !last) {
            send(moved(place + 1));
        }
        if small(ui, "×", format!("Take run {number} out"), !is_active) {
            send(QueueEdit::Remove(vec![entry.id]));
        }
        if ui
            .button("Use settings")
            .accessible_name(format!("Use settings of run {number}"))
            .on_hover_text(
                "Show these settings in the form, to change one of them and add the run again",
            )
            .clicked()
        {
            let config = Box::new(entry.config.clone());
            ctx.commands.send(Command::ShowSettings(config));
        }
        let color = theme::palette(ui.visuals()).info;
        if is_active {
            ui.tag("active", color);
        } else if entry.run.is_some() {
            ui.tag("begun", color);
        } else if entry.staged {
            ui.tag("from the run before", color);
        }
    });
}

/// Settings that are said of every run.
const SHOWN: [&str; 7] = [
    "variant",
    "trunk",
    "epochs",
    "max steps",
    "batch size",
    "learning rate",
    "seed",
];

/// `2. FCN-8s VGG16 slim on sample, 40 epochs, at most 500 steps, batch 4, rate 0.05, seed 0, momentum 0.5`;
/// last what is another than in the other runs. Its dataset may be another one than that which is open.
fn entry_text(number: usize, config: &RunConfig, differs: &[String]) -> String {
    let mut length = format::plural(config.epochs, "epoch", "epochs");
    if let Some(steps) = config.max_steps {
        // Which ends it sooner is known once its dataset is open.
        length = format!(
            "{length}, at most {}",
            format::plural(steps, "step", "steps")
        );
    }
    let mut text = format!(
        "{number}. {} {} on {}, {length}, batch {}, rate {}, seed {}",
        config.variant,
        config.trunk,
        config.dataset.name(),
        config.batch_size,
        format::setting(config.learning.learning_rate),
        config.seed
    );
    for part in differs {
        text.push_str(", ");
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Trunk, preset};

    #[test]
    fn a_limit_of_steps_is_said_beside_the_epochs() {
        let mut config = preset(Trunk::Vgg16Slim);
        (config.epochs, config.max_steps) = (40, None);
        assert!(entry_text(1, &config, &[]).contains("40 epochs, batch"));
        config.max_steps = Some(500);
        let text = entry_text(1, &config, &["momentum 0.5".to_owned()]);
        assert!(
            text.starts_with("1. FCN-8s VGG16 slim on sample, 40 epochs"),
            "{text}"
        );
        assert!(text.contains("40 epochs, at most 500 steps, batch"));
        assert!(text.ends_with("seed 0, momentum 0.5"), "{text}");
    }
}
