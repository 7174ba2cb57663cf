//! File dialogs and the file manager, on threads so that the window keeps drawing.
//!
//! A dialog is asked for with a command and answers with a command, see [`Ask`]. Where the
//! desktop cannot show dialogs, the window shows a chooser of its own.

mod chooser;
mod listing;
mod portal;

use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::time::{Duration, Instant};

use eframe::egui::{Align2, Area, Frame, Id, Order, Ui, vec2};

pub use chooser::Place;
use chooser::{Chooser, Outcome};

use super::command::{Ask, AskKind, Command, Problem};
use super::ui_ext::UiExt as _;
use crate::engine::{Engine, NoticeLevel, Poll, Task};

/// No person cancels a dialog faster; one that is gone by then never opened.
const QUICKEST_CANCEL: Duration = Duration::from_millis(200);
/// Opens what it is given with the program that the desktop has for it.
const XDG_OPEN: &str = "xdg-open";
/// A program that still runs by then shows what it was given.
const HANDED_OVER: Duration = Duration::from_secs(5);
/// Until then a dialog of the desktop may still be on its way.
const SLOW_DIALOG: Duration = Duration::from_secs(2);

/// Whether the desktop can show file dialogs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Desktop {
    #[default]
    Unknown,
    Shows,
    ShowsNone,
}

/// The one file dialog that may be open.
#[derive(Default)]
pub struct Dialogs {
    desktop: Desktop,
    open: Option<Open>,
}

enum Open {
    /// Whether the desktop can show dialogs is being found out.
    Trying(Ask, Task<bool>),
    /// The desktop shows a dialog.
    Desktop {
        ask: Ask,
        task: Task<Option<Vec<PathBuf>>>,
        since: Instant,
    },
    /// The window shows one.
    Window(Box<Chooser>),
}

impl Dialogs {
    /// Dialogs that are always shown in the window.
    pub fn in_window() -> Self {
        Self {
            desktop: Desktop::ShowsNone,
            open: None,
        }
    }

    /// Why no dialog can be opened now.
    pub fn problem(&self) -> Option<Problem> {
        self.open
            .is_some()
            .then(|| Problem::from("A file dialog is open already"))
    }

    /// Asks, unless a dialog is open already. `start` says where the chooser of the window
    /// begins, and which folders it offers.
    pub fn ask(&mut self, engine: &Engine, ask: Ask, start: &Start) {
        if self.open.is_some() {
            return;
        }
        self.open = Some(match self.desktop {
            Desktop::Unknown => {
                let task = engine.spawn_waiting("dialog", |_| portal::has_file_dialogs());
                Open::Trying(ask, task)
            }
            Desktop::Shows => desktop_dialog(engine, ask),
            Desktop::ShowsNone => in_window(ask, start),
        });
    }

    /// Handles the answer of a dialog of the desktop. Call once a frame.
    pub fn poll(&mut self, engine: &Engine, start: &Start) -> Option<Command> {
        let open = self.open.take()?;
        match open {
            Open::Window(_) => self.open = Some(open),
            Open::Trying(ask, mut task) => match task.poll() {
                Poll::Pending => self.open = Some(Open::Trying(ask, task)),
                Poll::Ready(true) => {
                    self.desktop = Desktop::Shows;
                    self.open = Some(desktop_dialog(engine, ask));
                }
                Poll::Ready(false) | Poll::Lost => {
                    self.desktop = Desktop::ShowsNone;
                    self.open = Some(in_window(ask, start));
                }
            },
            Open::Desktop {
                ask,
                mut task,
                since,
            } => match task.poll() {
                Poll::Pending => self.open = Some(Open::Desktop { ask, task, since }),
                Poll::Ready(Some(paths)) => return ask.answered(paths),
                Poll::Ready(None) if since.elapsed() > QUICKEST_CANCEL => {}
                Poll::Ready(None) => {
                    self.desktop = Desktop::ShowsNone;
                    self.open = Some(in_window(ask, start));
                }
                Poll::Lost => {
                    self.desktop = Desktop::ShowsNone;
                    self.open = Some(in_window(ask, start));
                    let text = "The file dialog of the desktop failed; the log says more. \
                        Choose in this window instead";
                    return Some(Command::Notify(NoticeLevel::Warning, text.to_owned()));
                }
            },
        }
        None
    }

    /// Draws the chooser where it is open, or a way to it while the desktop shows a dialog that
    /// may not be seen; returns the answer.
    pub fn ui(&mut self, engine: &Engine, ui: &Ui, start: &Start, bottom: f32) -> Option<Command> {
        match self.open.as_mut()? {
            Open::Trying(..) => None,
            Open::Desktop { ask, since, .. } => {
                if since.elapsed() < SLOW_DIALOG {
                    ui.ctx().request_repaint_after(SLOW_DIALOG);
                } else if elsewhere_ui(ui, bottom) {
                    // Nobody waits for the other dialog any more.
                    self.open = Some(in_window(ask.clone(), start));
                }
                None
            }
            Open::Window(chooser) => match chooser.ui(engine, ui) {
                Outcome::Open => None,
                Outcome::Cancelled => {
                    self.open = None;
                    None
                }
                Outcome::Chosen(paths) => {
                    let ask = chooser.ask().clone();
                    self.open = None;
                    ask.answered(paths)
                }
            },
        }
    }
}

/// Where the chooser of the window begins, and which folders it offers.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The folder it shows first.
    pub folder: PathBuf,
    /// The folder of the runs, which it shows first for what is [about them](Ask::begins_at_runs).
    pub runs: PathBuf,
    /// Folders that are one click away.
    pub places: Vec<Place>,
}

fn in_window(ask: Ask, start: &Start) -> Open {
    let folder = if ask.begins_at_runs() {
        &start.runs
    } else {
        &start.folder
    };
    let chooser = Chooser::new(ask, folder, start.places.clone());
    Open::Window(Box::new(chooser))
}

/// Says that a dialog is open outside of the window; returns whether that is not so.
fn elsewhere_ui(ui: &Ui, bottom: f32) -> bool {
    Area::new(Id::unique("dialog elsewhere"))
        .anchor(Align2::CENTER_BOTTOM, vec2(0.0, -bottom - 10.0))
        .order(Order::Foreground)
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style())
                .show(ui, |ui| {
                    ui.horizontal(|ui| {
                        ui.busy("A file dialog is open");
                        ui.label("A file dialog of the desktop is open");
                        ui.button("Choose in this window")
                            .on_hover_text("If you cannot see the dialog")
                            .clicked()
                    })
                    .inner
                })
                .inner
        })
        .inner
}

fn desktop_dialog(engine: &Engine, ask: Ask) -> Open {
    let wanted = ask.clone();
    let task = engine.spawn_waiting("dialog", move |_| {
        let mut dialog = rfd::FileDialog::new().set_title(wanted.title());
        if let Some(extensions) = wanted.extensions() {
            dialog = dialog.add_filter(wanted.files(), extensions);
        }
        match wanted.kind() {
            AskKind::Folder => dialog.pick_folder().map(|path| vec![path]),
            AskKind::Files { many: true } => dialog.pick_files(),
            AskKind::Files { many: false } => dialog
                .add_filter("All files", &["*"])
                .pick_file()
                .map(|path| vec![path]),
            AskKind::Save { file_name } => dialog
                .set_file_name(file_name)
                .save_file()
                .map(|path| vec![path]),
        }
        // What zenity says where nothing was chosen.
        .filter(|paths| !paths.is_empty())
    });
    Open::Desktop {
        ask,
        task,
        since: Instant::now(),
    }
}

/// Shows a folder in the file manager of the desktop.
pub fn open_file_manager(engine: &Engine, folder: PathBuf) -> Task<Result<(), String>> {
    engine.spawn_waiting("file-manager", move |_| {
        hand_to_desktop(&folder).map_err(|reason| {
            format!(
                "The file manager could not be opened: {reason}. The folder is {}",
                folder.display()
            )
        })
    })
}

/// Hands a folder to the desktop, which says soon where it has no program for it.
fn hand_to_desktop(folder: &Path) -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return opener::open(folder).map_err(|err| err.to_string());
    }
    let spawned = process::Command::new(XDG_OPEN)
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
            return Err(format!("there is no {XDG_OPEN} on this machine"));
        }
        Err(err) => return Err(format!("{XDG_OPEN}: {err}")),
    };
    let started = Instant::now();
    // Some file managers are run by it until they are closed.
    while started.elapsed() < HANDED_OVER {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => {
                return Err(format!("{XDG_OPEN} has found no program for it ({status})"));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(50)),
            Err(err) => return Err(format!("{XDG_OPEN}: {err}")),
        }
    }
    Ok(())
}

/// The name of a folder in a list of places.
pub fn place_name(folder: &Path) -> String {
    folder.file_name().map_or_else(
        || folder.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

#[cfg(test)]
mod tests;
