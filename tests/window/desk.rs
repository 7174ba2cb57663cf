//! A window in front of a tiny dataset, with hands to click and eyes to wait.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::accesskit::Role;
use eframe::egui::{DroppedFile, Vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node};
use fcn_workbench::engine::{
    ActiveRun, DatasetRef, DatasetState, Dirs, Engine, EngineOptions, Phase, RunConfig,
    RunSnapshot, Waker,
};
use fcn_workbench::ui::App;
use fcn_workbench::ui::state::AppState;

use crate::common::TinySet;

/// Past this something hangs; the slowest takes a small share of it.
const LIMIT: Duration = Duration::from_mins(2);
/// High enough for the form of the Train panel.
const SIZE: Vec2 = Vec2::new(1440.0, 1300.0);

/// The window, and the folders behind it.
pub struct Desk {
    // Closed first: it writes into the folders until then.
    pub window: Harness<'static, App>,
    /// Also keeps other tests from drawing random numbers meanwhile.
    pub set: TinySet,
}

impl Desk {
    /// A window with a dataset of 8 and 2 images open, and `edit` made to the settings.
    pub fn new(edit: impl FnOnce(&mut RunConfig)) -> Self {
        Self::on_machine(edit, None, Arc::new(|| {}))
    }

    /// As [`new`](Self::new), on a machine whose devices are found by `probe`, and whose engine
    /// wakes up the window by `waker`.
    pub fn on_machine(
        edit: impl FnOnce(&mut RunConfig),
        probe: Option<PathBuf>,
        waker: Waker,
    ) -> Self {
        Self::ready(TinySet::new(8, 2), edit, probe, waker)
    }

    /// As [`new`](Self::new), with `set` open.
    pub fn with_set(set: TinySet, edit: impl FnOnce(&mut RunConfig)) -> Self {
        Self::ready(set, edit, None, Arc::new(|| {}))
    }

    fn ready(
        set: TinySet,
        edit: impl FnOnce(&mut RunConfig),
        probe: Option<PathBuf>,
        waker: Waker,
    ) -> Self {
        let mut config = set.config();
        edit(&mut config);
        let state = serde_json::json!({ "train": { "settings": config } });
        let state = serde_json::from_value(state).expect("the saved state of a window");
        let folder = set.root();
        let mut desk = Self::with(set, state, folder, probe, waker);
        desk.until("the dataset is open", |desk| {
            matches!(desk.engine().dataset(), DatasetState::Ready(_))
        });
        desk
    }

    /// A window with nothing changed that opens `folder`.
    pub fn open(set: TinySet, state: AppState, folder: PathBuf) -> Self {
        Self::with(set, state, folder, None, Arc::new(|| {}))
    }

    fn with(
        set: TinySet,
        state: AppState,
        folder: PathBuf,
        probe_program: Option<PathBuf>,
        waker: Waker,
    ) -> Self {
        let dirs = Dirs {
            data: set.dir.path().join("data"),
            runs: set.runs(),
        };
        let mut engine = Engine::new(EngineOptions {
            dirs,
            waker,
            probe_program,
            live_masks: true,
        });
        engine.open_dataset(DatasetRef::Folder(folder));
        let window = Harness::builder()
            .with_size(SIZE)
            .with_step_dt(0.02)
            .build_eframe(move |cc| App::with_engine(&cc.egui_ctx, state, engine));
        Self { window, set }
    }

    pub fn app(&self) -> &App {
        self.window.state()
    }

    pub fn engine(&self) -> &Engine {
        self.app().engine()
    }

    pub fn active(&self) -> Option<&ActiveRun> {
        self.engine().active()
    }

    pub fn phase(&self) -> Option<&Phase> {
        self.active().map(|active| &active.phase)
    }

    /// The newest run.
    #[track_caller]
    pub fn run(&self) -> &RunSnapshot {
        self.engine().runs().first().expect("a run")
    }

    /// Draws one frame for every event that waits, and some more.
    pub fn frames(&mut self, count: usize) {
        for _ in 0..count {
            self.window.step();
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    /// Draws frames until `holds`.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let since = Instant::now();
        while !holds(self) {
            assert!(
                since.elapsed() < LIMIT,
                "not in time: {what}\n{}",
                self.report()
            );
            self.frames(1);
        }
        self.frames(2);
    }

    fn report(&self) -> String {
        let active = self
            .active()
            .map(|active| (&active.run, &active.phase, active.step));
        let runs: Vec<_> = self
            .engine()
            .runs()
            .iter()
            .map(|run| (&run.name, &run.state))
            .collect();
        let shown: Vec<_> = self.app().toasts().shown().collect();
        format!(
            "active: {active:?}\nruns: {runs:?}\nmessages: {shown:?}\n{:?}",
            self.window.root()
        )
    }

    /// The one widget that is called `label`.
    #[track_caller]
    pub fn find<'a>(&'a self, label: &'a str) -> Node<'a> {
        self.window.get_by_label(label)
    }

    /// Whether anything in the window says `label`.
    pub fn says(&self, label: &str) -> bool {
        self.window.query_all_by_label(label).next().is_some()
    }

    #[track_caller]
    /// Whether anything in the window has `part` in its label.
    pub fn finds(&self, part: &str) -> bool {
        self.window
            .query_all_by_label_contains(part)
            .next()
            .is_some()
    }

    pub fn is_enabled(&self, label: &str) -> bool {
        !self.find(label).accesskit_node().is_disabled()
    }

    /// Clicks with the mouse in the middle of a widget.
    #[track_caller]
    pub fn click(&mut self, label: &str) {
        self.find(label).click();
        self.frames(3);
    }

    /// Opens a list and chooses one of its lines.
    #[track_caller]
    pub fn choose(&mut self, list: &str, line: &str) {
        self.window
            .get_by_role_and_label(Role::ComboBox, list)
            .click();
        self.frames(4);
        let found = self.window.query_all_by_label(line).find(|node| {
            let node = node.accesskit_node();
            node.role() == Role::Button && node.toggled().is_some()
                || node.role() == Role::ListBoxOption
        });
        found
            .unwrap_or_else(|| panic!("no {line} in {list}\n{:?}", self.window.root()))
            .click();
        self.frames(4);
    }

    /// Sets the value of a field, which may be scrolled out of sight.
    #[track_caller]
    pub fn set(&mut self, label: &str, value: f64) {
        self.window
            .get_by_role_and_label(Role::SpinButton, label)
            .set_value_accesskit(value);
        self.frames(2);
    }

    /// Lets go of files above the window.
    pub fn drop_files(&mut self, paths: &[&Path]) {
        let files = paths
            .iter()
            .map(|path| Arc::new(Dropped(path.to_path_buf())) as _);
        self.window.input_mut().dropped_files.extend(files);
        self.frames(2);
    }

    /// Whether a message with `part` in it is on show.
    pub fn has_message(&self, part: &str) -> bool {
        self.app().toasts().shown().any(|text| text.contains(part))
    }

    /// Trains a run from its start to its end.
    #[track_caller]
    pub fn train(&mut self) {
        self.click("Start training");
        self.until("the run has begun", |desk| desk.active().is_some());
        self.until("the run is over", |desk| desk.active().is_none());
    }
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|err| err.to_string())
    }
}
