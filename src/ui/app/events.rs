//! What happens between frames: engine events, dialogs, the end of a plan.

use eframe::egui;

use super::{App, DRAIN_BUDGET};
use crate::engine::{DatasetRef, DatasetState, NoticeLevel, RunState};
use crate::ui::command::PanelKind;
use crate::ui::context::PanelCtx;
use crate::ui::view_model::format;

impl App {
    /// Handles everything that the workers sent.
    pub(super) fn drain(&mut self, ctx: &egui::Context) {
        if self.engine.poll(DRAIN_BUDGET) {
            ctx.request_repaint();
        }
        for notice in self.engine.take_notices() {
            self.toasts.add(notice.level, notice.text);
        }
        for (level, text) in self.problems.try_iter() {
            let error = level == log::Level::Error;
            self.toasts.add(
                if error {
                    NoticeLevel::Error
                } else {
                    NoticeLevel::Warning
                },
                text,
            );
        }
        if let Some(checked) = self.state.dataset.take_asked() {
            self.engine.keep_check(checked);
        }
        self.start_what_waits();
        self.poll_tasks();
        let ctx = PanelCtx {
            engine: &self.engine,
            commands: &self.sender,
            colors: &self.colors,
        };
        self.state.inspect.poll(&ctx);
        self.state.compare.poll(&ctx);
        self.state.evaluate.poll(&ctx);
        self.state.live.poll(&ctx);
        self.state.runs.poll(&ctx);
        self.follow_engine();
    }

    /// Keeps selection and preferences in sync with the engine.
    fn follow_engine(&mut self) {
        self.toasts.follow_problem(self.engine.dataset_problem());
        if let DatasetState::Ready(open) = self.engine.dataset()
            && self.state.prefs.last_dataset.as_ref() != Some(&open.which)
        {
            if let DatasetRef::Folder(folder) | DatasetRef::Mapped { folder, .. } = &open.which {
                self.state.recent.add_dataset(folder);
            }
            self.state.prefs.last_dataset = Some(open.which.clone());
        }
        let active = self.engine.active().map(|active| active.run.clone());
        if active != self.active_run {
            if self.active_run.is_none() {
                // Show the live masks when training starts.
                self.state
                    .layout
                    .prefer(PanelKind::Live, &[PanelKind::Inspect, PanelKind::Compare]);
            }
            // The run has no name until its folder exists.
            if let Some(run) = active.as_ref().filter(|run| !run.is_empty()) {
                let plan = self
                    .engine
                    .plan()
                    .map(|plan| plan.runs.clone())
                    .unwrap_or_default();
                self.state.selection.show_new(run, &plan);
            }
            self.active_run = active;
        }
        if self.state.selection.is_empty()
            && !self.state.selection.is_touched()
            && let Some(newest) = self.engine.runs().first()
        {
            self.state.selection.show_new(&newest.name, &[]);
        }
        self.follow_others();
        self.compare_ended_plan();
        self.announce_interrupted();
    }

    /// Ticks a run in Curves that another program trains, and says how it ended.
    fn follow_others(&mut self) {
        let news = self.followed.look(&self.engine);
        for (level, text) in news.ended {
            self.toasts.add(level, text);
        }
        if let Some(run) = news.begun.filter(|_| self.engine.active().is_none()) {
            self.state.selection.show_new(&run, &[]);
        }
    }

    /// Says once that a crash or a power loss has ended a run: Runs may be hidden.
    fn announce_interrupted(&mut self) {
        if self.followed.interrupted_told || !self.engine.runs_known() {
            return;
        }
        self.followed.interrupted_told = true;
        if let Some(run) = self.state.runs.interrupted(&self.engine) {
            let (title, steps) = (run.title(), format::count(run.steps_done()));
            let text = format!("{title} was interrupted after step {steps}. Resume it in Runs");
            self.toasts.add(NoticeLevel::Warning, text);
        }
    }

    /// Shows the runs of a plan side by side, once, when all of them are finished.
    fn compare_ended_plan(&mut self) {
        let Some(plan) = self.engine.plan().filter(|plan| plan.done) else {
            self.plan_compared = false;
            return;
        };
        let finished = |run: &String| {
            self.engine
                .run(run)
                .is_some_and(|run| run.state == RunState::Finished)
        };
        let complete =
            plan.total > 1 && plan.runs.len() == plan.total && plan.runs.iter().all(finished);
        if complete && !self.plan_compared {
            self.plan_compared = true;
            let runs = plan.runs.clone();
            let ctx = PanelCtx {
                engine: &self.engine,
                commands: &self.sender,
                colors: &self.colors,
            };
            self.state.compare.show(&ctx, runs, None);
            // Who looks at something else is not interrupted.
            let layout = &mut self.state.layout;
            if layout.is_in_front(PanelKind::Live) {
                layout.prefer(PanelKind::Compare, &[PanelKind::Live]);
            } else if !layout.is_in_front(PanelKind::Compare) {
                let text = "All runs are finished: Compare shows them side by side";
                self.toasts.add(NoticeLevel::Info, text);
            }
        }
    }
}
