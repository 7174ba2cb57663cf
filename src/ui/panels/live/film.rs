//! The film of a run: a scrubber that moves all images through its training.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{Button, Slider, Ui};

use super::moment::{damage_ui, export_menu, kept_marks, preview, scores_ui};
use crate::engine::{
    ClassList, EngineError, FilmFile, LabelMap, NoticeLevel, Poll, Preview, RunFilm, RunSnapshot,
    RunState, Task,
};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::icons::Icon;
use crate::ui::panels::controls_line;
use crate::ui::panels::inspect::run_picker::run_picker;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::{count, duration};
use crate::ui::when::AddWhen as _;

/// From one frame to the next while it plays.
const FRAME: Duration = Duration::from_millis(80);

/// Width of the choice of a run.
const PICKER: f32 = 200.0;

/// What decides whether there are more frames than were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ReadFor {
    run: String,
    /// The step of the newest masks, or that of a run of another program; the number of epochs, and what
    /// became of the run.
    news: (usize, usize, &'static str),
}

/// A frame whose masks are decoded.
struct Decoded {
    run: String,
    frame: usize,
    preview: Arc<Preview>,
}

/// The film below the images.
#[derive(Default)]
pub struct FilmStrip {
    /// The run whose film it is; `None` = none was read yet.
    run: Option<String>,
    film: Option<RunFilm>,
    reading: Option<Task<Result<Option<RunFilm>, EngineError>>>,
    read_for: ReadFor,
    /// The frame that was chosen; `None` = the newest masks.
    position: Option<usize>,
    /// Whether it was chosen since somebody asked.
    scrubbed: bool,
    /// Whether there are no live masks of the run, so that its last frame is the newest.
    is_over: bool,
    /// The frame at the pointer in Curves, as long as it is there.
    pointed: Option<usize>,
    playing: Option<Instant>,
    decoding: Option<(usize, Task<Option<Vec<LabelMap>>>)>,
    decoded: Option<Decoded>,
    using: Option<Task<Result<String, EngineError>>>,
    /// Why the film cannot be read, once that was said.
    trouble: Option<String>,
    saving: Option<Task<Result<PathBuf, EngineError>>>,
}

impl FilmStrip {
    /// Collects results of tasks, also while the panel is hidden.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        let notify = |level, text| ctx.commands.send(Command::Notify(level, text));
        if let Some(result) = self.using.as_mut().and_then(Task::poll_result) {
            self.using = None;
            match result {
                Ok(run) => ctx.commands.send(Command::RunMade(run)),
                Err(err) => notify(NoticeLevel::Error, err.to_string()),
            }
        }
        if let Some(result) = self.saving.as_mut().and_then(Task::poll_result) {
            self.saving = None;
            match result {
                Ok(path) => notify(NoticeLevel::Info, format!("Film saved\n{}", path.display())),
                Err(EngineError::Cancelled) => {}
                Err(err) => notify(
                    NoticeLevel::Error,
                    format!("The film could not be saved: {err}"),
                ),
            }
        }
    }

    /// Reads what is new of the film of `run`, decodes the frame that is shown, and plays.
    pub fn update(&mut self, ctx: &PanelCtx<'_>, ui: &Ui, run: Option<&RunSnapshot>) {
        let Some(run) = run else {
            *self = Self {
                using: self.using.take(),
                saving: self.saving.take(),
                ..Self::default()
            };
            return;
        };
        if self.run.as_ref() != Some(&run.name) {
            self.run = Some(run.name.clone());
            self.film = None;
            self.reading = None;
            self.decoding = None;
            self.position = None;
            self.playing = None;
        }
        self.read(ctx, run);
        self.play(ui);
        self.decode(ctx);
    }

    fn read(&mut self, ctx: &PanelCtx<'_>, run: &RunSnapshot) {
        match self.reading.as_mut().and_then(Task::poll_result) {
            None => {}
            Some(result) => {
                self.reading = None;
                match result {
                    Ok(film) => self.film = film,
                    Err(err) => self.tell(ctx, err.to_string()),
                }
            }
        }
        let live = ctx.engine.live().filter(|live| live.run == run.name);
        self.is_over = live.is_none();
        // Another program writes a frame some time after the scores of its epoch.
        let followed_step = || match run.state {
            RunState::Active => run.steps_done(),
            _ => 0,
        };
        let read_for = ReadFor {
            run: run.name.clone(),
            news: (
                live.map_or_else(followed_step, |live| live.preview.step),
                run.epochs.len(),
                run.state.word(),
            ),
        };
        if self.reading.is_none() && read_for != self.read_for {
            let known = self.film.as_ref().map(|film| Arc::clone(&film.film));
            self.reading = Some(ctx.engine.film(&run.name, known));
            self.read_for = read_for;
        }
    }

    /// Says once why there is no film.
    fn tell(&mut self, ctx: &PanelCtx<'_>, trouble: String) {
        if self.trouble.as_ref() != Some(&trouble) {
            let text = format!("The film cannot be read: {trouble}");
            ctx.commands.send(Command::Notify(NoticeLevel::Error, text));
            self.trouble = Some(trouble);
        }
    }

    fn play(&mut self, ui: &Ui) {
        let Some(since) = self.playing else { return };
        let frames = self.frames();
        let at = self.position.unwrap_or(0);
        if at + 1 >= frames {
            self.playing = None;
            return;
        }
        let passed = since.elapsed();
        if passed >= FRAME {
            // A frame that is late is not made up for: each is seen.
            self.position = Some(at + 1);
            self.playing = Some(Instant::now());
        }
        ui.ctx()
            .request_repaint_after(FRAME.saturating_sub(passed).max(Duration::from_millis(5)));
    }

    fn decode(&mut self, ctx: &PanelCtx<'_>) {
        let Some(film) = self.film.clone() else {
            return;
        };
        if let Some((frame, task)) = &mut self.decoding {
            let frame = *frame;
            match task.poll() {
                Poll::Pending => return,
                Poll::Lost | Poll::Ready(None) => self.decoding = None,
                Poll::Ready(Some(masks)) => {
                    self.decoding = None;
                    self.decoded = preview(&film, frame, masks).map(|preview| Decoded {
                        run: self.run.clone().unwrap_or_default(),
                        frame,
                        preview: Arc::new(preview),
                    });
                }
            }
        }
        let Some(wanted) = self.shown_frame() else {
            return;
        };
        let is_there = self.decoded.as_ref().is_some_and(|decoded| {
            decoded.frame == wanted && Some(&decoded.run) == self.run.as_ref()
        });
        let is_known = film.film.frames.get(wanted).is_some();
        if !is_there && is_known {
            self.decoding = Some((wanted, ctx.engine.film_masks(&film.film, wanted)));
        }
    }

    fn frames(&self) -> usize {
        self.film.as_ref().map_or(0, |film| film.film.frames.len())
    }

    /// The frame to show instead of the newest masks.
    fn shown_frame(&self) -> Option<usize> {
        let last = self.frames().checked_sub(1).filter(|_| self.is_over);
        self.pointed.or(self.position).or(last)
    }

    /// The masks of the chosen moment, where one is chosen and decoded; the last one that was
    /// decoded until then.
    pub fn preview(&self) -> Option<(&str, &Arc<Preview>)> {
        self.shown_frame()?;
        let decoded = self.decoded.as_ref()?;
        (Some(&decoded.run) == self.run.as_ref()).then_some((&decoded.run, &decoded.preview))
    }

    /// The run and the step that are chosen, for Curves to mark.
    pub fn cursor(&self) -> Option<(&str, usize)> {
        let frame = self.position?;
        let step = self.film.as_ref()?.film.frames.get(frame)?.step;
        Some((self.run.as_deref()?, step))
    }

    /// Goes to the frame of a step of this run for as long as the pointer is there in Curves.
    pub fn point_at(&mut self, at: Option<(String, usize)>) {
        let at = at.filter(|(run, _)| self.run.as_ref() == Some(run));
        let film = self
            .film
            .as_ref()
            .filter(|film| !film.film.frames.is_empty());
        self.pointed = at.and_then(|(_, step)| Some(film?.film.frame_at(step)));
    }

    /// The run whose film it is, where there is one.
    pub fn run(&self) -> Option<&str> {
        self.run.as_deref().filter(|_| self.is_there())
    }

    /// The run, where its film was moved since the last time.
    pub fn take_scrubbed(&mut self) -> Option<String> {
        std::mem::take(&mut self.scrubbed)
            .then(|| self.run.clone())
            .flatten()
    }

    /// Whether there is anything to scrub through.
    pub fn is_there(&self) -> bool {
        self.frames() > 0
    }

    /// Saves the film for which a place was asked.
    pub fn save(
        &mut self,
        ctx: &PanelCtx<'_>,
        classes: Arc<ClassList>,
        opacity: f32,
        (file, path): (FilmFile, PathBuf),
    ) {
        if let Some(film) = &self.film {
            let film = Arc::clone(&film.film);
            self.saving = Some(ctx.engine.save_film(film, classes, opacity, (file, path)));
        }
    }

    /// The scrubber, its buttons, and the scores of the classes at its place. Returns the run whose
    /// film is wanted instead.
    pub fn ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        (run, is_low): (&RunSnapshot, bool),
    ) -> Option<String> {
        let film = self.film.clone()?;
        let frames = film.film.frames.len();
        if frames == 0 {
            return None;
        }
        let mut picked = None;
        let at = self.shown_frame().unwrap_or(frames - 1).min(frames - 1);
        let frame = &film.film.frames[at];
        controls_line(ui, ("film", is_low), |ui| {
            self.play_ui(ui, frames);
            let newest = ui
                .selectable_label(self.pointed.or(self.position).is_none(), "Newest")
                .on_hover_text("Show the newest masks, and follow the training");
            if newest.clicked() {
                self.position = None;
                self.playing = None;
            }
            self.use_ui(ctx, ui, &film, frame.step);
            self.export_ui(ctx, ui);
            ui.separator();
            ui.label(format!(
                "Frame {} of {}: step {}, {}",
                count(at + 1),
                count(frames),
                count(frame.step),
                duration(frame.secs)
            ));
            damage_ui(ui, &film.film);
            if ctx.engine.runs_with_weights().nth(1).is_some() {
                picked = run_picker(ui, ctx.engine, "Film of", PICKER, &run.name);
            }
        });
        self.scrubber_ui(ui, &film, at);
        scores_ui(ctx, ui, run, frame.step);
        picked
    }

    fn play_ui(&mut self, ui: &mut Ui, frames: usize) {
        let (icon, name) = if self.playing.is_some() {
            (Icon::Pause, "Pause the film")
        } else {
            (Icon::Play, "Play the film")
        };
        let button = ui
            .add(Button::new(icon.atom()))
            .accessible_name(name)
            .on_hover_text(name);
        if button.clicked() && self.playing.take().is_none() {
            // From the start, where it is at the end.
            if self.position.is_none_or(|at| at + 1 >= frames) {
                self.position = Some(0);
            }
            self.playing = Some(Instant::now());
        }
    }

    fn use_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, film: &RunFilm, step: usize) {
        let is_kept = film.kept_steps.contains(&step);
        let can = is_kept && self.using.is_none();
        let button = ui
            .add_when(can, Button::new("Use this"))
            .on_hover_text("Make a run of the weights of this moment, to predict, compare and evaluate with")
            .on_disabled_hover_text(
                "The weights of this moment are not kept. Marks below the scrubber show the moments whose \
                 checkpoints are; Keep every in Train > Advanced keeps more",
            );
        if button.clicked()
            && let Some(run) = &self.run
        {
            self.using = Some(ctx.engine.use_step(run, step));
        }
    }

    fn export_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if let Some(saving) = &self.saving {
            let share = saving.progress().unwrap_or(0.0);
            ui.progress_bar(share, 70.0, "Saving the film");
            if ui
                .button("Cancel")
                .accessible_name("Cancel saving the film")
                .clicked()
            {
                self.saving = None;
            }
            return;
        }
        export_menu(ctx, ui);
    }

    fn scrubber_ui(&mut self, ui: &mut Ui, film: &RunFilm, at: usize) {
        let frames = &film.film.frames;
        ui.spacing_mut().slider_width = (ui.available_width() - 12.0).max(60.0);
        let mut chosen = at;
        let last = frames.len() - 1;
        // A slider whose ends are one has its handle in the middle.
        let slider = Slider::new(&mut chosen, 0..=last.max(1)).show_value(false);
        let response = ui
            .add_when(last > 0, slider)
            .accessible_name("Film scrubber")
            .on_disabled_hover_text("There is one frame so far");
        if response.changed() {
            self.position = Some(chosen.min(last));
            self.scrubbed = true;
            self.playing = None;
        }
        kept_marks(ui, response.rect, film);
    }
}
