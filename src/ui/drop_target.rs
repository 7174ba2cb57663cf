//! Files and folders that are dropped on the window: a worker looks what they are, and what can be
//! several things is asked about.

use std::path::PathBuf;

use eframe::egui::{
    self, Align2, Button, FontId, Id, Label, LayerId, Order, RichText, Stroke, StrokeKind, Ui,
};

use super::command::Command;
use super::theme;
use super::ui_ext::UiExt as _;
use super::view_model::file_label::file_label;
use super::view_model::format;
use crate::engine::{
    DatasetRef, Engine, NoticeLevel, PathKind, PathKinds, Poll, Task, has_image_extension,
    has_weights_extension,
};

/// What was dropped and is not settled yet.
#[derive(Default)]
pub struct DropTarget {
    looking: Vec<Task<Vec<PathKinds>>>,
    /// A folder that is several things.
    asking: Option<PathKinds>,
    /// Whose meaning their names tell.
    clear: Vec<Command>,
}

impl DropTarget {
    /// Takes what was dropped in this frame.
    pub fn take(&mut self, engine: &Engine, ctx: &egui::Context) {
        let paths: Vec<PathBuf> = ctx.input(|input| {
            let files = input.raw.dropped_files.iter();
            files.map(|file| file.path().to_path_buf()).collect()
        });
        if paths.is_empty() {
            return;
        }
        if paths.iter().all(|path| has_image_extension(path)) {
            self.clear.push(Command::Inspect(paths));
        } else if let [path] = &paths[..]
            && has_weights_extension(path)
        {
            self.clear.push(Command::UseWeights(path.clone()));
        } else {
            let task = engine.spawn("look at dropped files", move |_| {
                paths.into_iter().map(PathKinds::of).collect()
            });
            self.looking.push(task);
        }
    }

    /// What to do with what was looked at. Call once a frame.
    pub fn poll(&mut self, engine: &Engine) -> Vec<Command> {
        let mut commands = Vec::new();
        let mut asking = None;
        self.looking.retain_mut(|task| match task.poll() {
            Poll::Pending => true,
            Poll::Ready(dropped) => {
                match <[PathKinds; 1]>::try_from(dropped) {
                    Ok([one]) if one.kinds.len() > 1 => asking = Some(one),
                    Ok([one]) => commands.push(meant_by_one(engine, &one)),
                    Err(many) => commands.extend(meant_by_many(many)),
                }
                false
            }
            Poll::Lost => {
                let text = "The dropped files could not be looked at; the log says more";
                commands.push(Command::Notify(NoticeLevel::Error, text.to_owned()));
                false
            }
        });
        if asking.is_some() {
            self.asking = asking;
        }
        commands
    }

    /// Covers the window while files are dragged over it, and asks what to do with a folder that is
    /// several things; returns what was chosen.
    pub fn ui(&mut self, engine: &Engine, ui: &Ui) -> Option<Command> {
        hover_ui(ui.ctx());
        if !self.clear.is_empty() {
            return Some(self.clear.remove(0));
        }
        let asking = self.asking.as_ref()?;
        let mut chosen = None;
        let title = format!("What to do with {}?", file_label(&asking.path));
        let closed = ui.question("dropped folder", &title, |ui| {
            let path = asking.path.display().to_string();
            ui.add(Label::new(RichText::new(path).small()).wrap());
            ui.add_space(6.0);
            for (index, kind) in asking.kinds.iter().enumerate() {
                let button = Button::new(offer(kind)).min_size([ui.available_width(), 0.0].into());
                let clicked = if index == 0 {
                    ui.default_button(button)
                } else {
                    ui.add(button).clicked()
                };
                if clicked {
                    chosen = Some(command(engine, &asking.path, kind));
                    ui.close();
                }
            }
            if ui.button("Cancel").clicked() {
                ui.close();
            }
        });
        if closed {
            self.asking = None;
        }
        chosen
    }
}

fn offer(kind: &PathKind) -> String {
    match kind {
        PathKind::Dataset => "Open it as a dataset".to_owned(),
        PathKind::Images(count) => {
            format!("Segment its {}", format::plural(*count, "image", "images"))
        }
        PathKind::Weights(file) => format!("Look into the weights {}", file_label(file)),
        PathKind::Run => "Show the masks of this run".to_owned(),
    }
}

fn meant_by_one(engine: &Engine, dropped: &PathKinds) -> Command {
    match dropped.kinds.first() {
        Some(kind) => command(engine, &dropped.path, kind),
        None => Command::Notify(
            NoticeLevel::Warning,
            format!(
                "{}: Only images, folders of images, datasets, runs and weights files can be \
                 dropped here",
                dropped.path.display()
            ),
        ),
    }
}

fn command(engine: &Engine, path: &std::path::Path, kind: &PathKind) -> Command {
    match kind {
        PathKind::Dataset => Command::OpenDataset(DatasetRef::Folder(path.to_owned())),
        PathKind::Images(_) => Command::Inspect(vec![path.to_owned()]),
        PathKind::Weights(file) => Command::UseWeights(file.clone()),
        PathKind::Run => {
            let name = file_label(path);
            if engine.run(&name).is_some() && path.parent() == Some(&*engine.dirs().runs) {
                return Command::InspectRun(name);
            }
            Command::Notify(
                NoticeLevel::Warning,
                format!(
                    "{name} is the folder of a run. Move or copy it into {}, and start the program \
                     again to see it among the runs",
                    engine.dirs().runs.display()
                ),
            )
        }
    }
}

/// Several things at once: all images are shown together, and one weights file is looked into.
fn meant_by_many(dropped: Vec<PathKinds>) -> Vec<Command> {
    let (mut images, mut weights, mut others) = (Vec::new(), None, 0);
    for PathKinds { path, kinds } in dropped {
        let has = |wanted: fn(&PathKind) -> bool| kinds.iter().any(wanted);
        if has(|kind| matches!(kind, PathKind::Images(_))) {
            images.push(path);
        } else if has_weights_extension(&path) {
            weights = Some(path);
        } else {
            others += 1;
        }
    }
    let mut commands: Vec<_> = weights.map(Command::UseWeights).into_iter().collect();
    if !images.is_empty() {
        commands.push(Command::Inspect(images));
    }
    if others > 0 {
        let text = format!(
            "{} left out: drop a dataset or a run by itself",
            format::plural(others, "item was", "items were")
        );
        commands.push(Command::Notify(NoticeLevel::Warning, text));
    }
    commands
}

/// Covers the window while files are dragged over it.
fn hover_ui(ctx: &egui::Context) {
    let files = ctx.input(|input| input.raw.hovered_files.len());
    if files == 0 {
        return;
    }
    let painter = ctx.layer_painter(LayerId::new(Order::Foreground, Id::unique("drop target")));
    let rect = ctx.content_rect();
    let visuals = &ctx.global_style().visuals;
    let accent = theme::palette(visuals).accent;
    painter.rect_filled(rect, 0.0, theme::veil(visuals));
    painter.rect_stroke(
        rect.shrink(16.0),
        10.0,
        Stroke::new(2.0, accent),
        StrokeKind::Inside,
    );
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        "Drop images, a dataset, a run or a weights file",
        FontId::proportional(26.0),
        visuals.strong_text_color(),
    );
}
