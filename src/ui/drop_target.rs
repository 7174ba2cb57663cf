//! Files and folders that are dropped on the window: a worker looks what they are, and what can be
//! several things is asked about.

use std::path::{Path, PathBuf};
use std::time::Duration;

use eframe::egui::{
    self, Align2, Area, Button, FontId, Frame, Id, Label, LayerId, Order, RichText, Stroke,
    StrokeKind, Ui, vec2,
};

use super::command::{Command, CommandSender};
use super::theme;
use super::ui_ext::UiExt as _;
use super::view_model::file_label::file_label;
use super::view_model::format;
use crate::engine::{
    DatasetRef, Engine, EngineError, NoticeLevel, PathKind, PathKinds, Poll, Task,
    has_image_extension, has_weights_extension, whole_path,
};

/// How often the progress of a copy is drawn.
const PROGRESS_TICK: Duration = Duration::from_millis(200);

/// What was dropped and is not settled yet.
#[derive(Default)]
pub struct DropTarget {
    looking: Vec<Task<Vec<PathKinds>>>,
    /// A folder that is several things, or a run to copy.
    asking: Option<PathKinds>,
    /// Whose meaning their names tell.
    clear: Vec<Command>,
    /// A run that is being copied.
    copying: Option<Copying>,
}

struct Copying {
    name: String,
    task: Task<Result<String, EngineError>>,
}

impl DropTarget {
    /// Takes what was dropped in this frame; images that are dropped on Live are filmed.
    pub fn take(&mut self, engine: &Engine, ctx: &egui::Context, over_live: bool) {
        let paths: Vec<PathBuf> = ctx.input(|input| {
            let files = input.raw.dropped_files.iter();
            files.map(|file| file.path().to_path_buf()).collect()
        });
        if paths.is_empty() {
            return;
        }
        if over_live && paths.iter().all(|path| has_image_extension(path)) {
            self.clear.push(Command::AddProbes(paths));
        } else {
            self.open(engine, paths);
        }
    }

    /// Opens files as if they were dropped.
    pub fn open(&mut self, engine: &Engine, paths: Vec<PathBuf>) {
        // Those of the command line may be relative, and are looked for among those of the dataset.
        let paths: Vec<PathBuf> = paths.into_iter().map(whole_path).collect();
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
                    Ok([one]) if one.kinds.len() > 1 || is_run_elsewhere(engine, &one) => {
                        asking = Some(one);
                    }
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

    /// Copies the run in `folder` into the runs; false while another one is being copied.
    pub fn copy_run(&mut self, engine: &Engine, folder: PathBuf) -> bool {
        if self.copying.is_some() {
            return false;
        }
        let name = file_label(&folder);
        let task = engine.copy_run(folder);
        self.copying = Some(Copying { name, task });
        true
    }

    /// Shows a run that was copied, or returns why it was not. Call once a frame.
    pub fn poll_copy(&mut self, commands: &CommandSender) -> Option<Result<(), EngineError>> {
        let result = self.copying.as_mut()?.task.poll_result()?;
        self.copying = None;
        Some(result.map(|run| {
            commands.send(Command::RunImported(run.clone()));
            commands.send(Command::InspectRun(run));
        }))
    }

    fn copying_ui(&self, ui: &Ui, bottom: f32) {
        let Some(Copying { name, task }) = &self.copying else {
            return;
        };
        Area::new(Id::unique("run is copied"))
            .anchor(Align2::CENTER_BOTTOM, vec2(0.0, -bottom - 10.0))
            .order(Order::Foreground)
            .show(ui.ctx(), |ui| {
                Frame::popup(ui.style()).show(ui, |ui| {
                    ui.horizontal(|ui| {
                        ui.label(format!("Copying run {name}"));
                        let share = task.progress().unwrap_or(0.0);
                        ui.progress_bar(share, 120.0, "Progress of the copy");
                        if ui.button("Cancel copy").clicked() {
                            task.cancel();
                        }
                    });
                });
            });
        ui.ctx().request_repaint_after(PROGRESS_TICK);
    }

    /// Covers the window while files are dragged over it, and asks what to do with a folder that is
    /// several things; returns what was chosen. `bottom` is the height of the status bar.
    pub fn ui(&mut self, engine: &Engine, ui: &Ui, bottom: f32) -> Option<Command> {
        hover_ui(ui.ctx());
        self.copying_ui(ui, bottom);
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
        PathKind::Images(0) => "Segment the images in it".to_owned(),
        PathKind::Images(count) => {
            format!("Segment its {}", format::plural(*count, "image", "images"))
        }
        PathKind::Weights(file) => format!("Look into the weights {}", file_label(file)),
        PathKind::Run => "Copy it to the runs and show its masks".to_owned(),
    }
}

/// Whether it is a run that would have to be copied.
fn is_run_elsewhere(engine: &Engine, dropped: &PathKinds) -> bool {
    dropped.kinds == [PathKind::Run] && own_run(engine, &dropped.path).is_none()
}

fn meant_by_one(engine: &Engine, dropped: &PathKinds) -> Command {
    match dropped.kinds.first() {
        Some(kind) => command(engine, &dropped.path, kind),
        None => Command::Notify(
            NoticeLevel::Warning,
            format!(
                "{}: Only images, folders of images, zips and tars of images, datasets, runs and weights files \
                 can be dropped here",
                dropped.path.display()
            ),
        ),
    }
}

fn command(engine: &Engine, path: &Path, kind: &PathKind) -> Command {
    match kind {
        PathKind::Dataset => Command::OpenDataset(DatasetRef::Folder(path.to_owned())),
        PathKind::Images(_) => Command::Inspect(vec![path.to_owned()]),
        PathKind::Weights(file) => Command::UseWeights(file.clone()),
        PathKind::Run => match own_run(engine, path) {
            Some(name) => Command::InspectRun(name),
            None => Command::CopyRun(path.to_owned()),
        },
    }
}

/// The run in the runs folder that a folder is.
fn own_run(engine: &Engine, folder: &Path) -> Option<String> {
    let name = file_label(folder);
    let is_own = folder.parent() == Some(&*engine.dirs().runs) && engine.run(&name).is_some();
    is_own.then_some(name)
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
