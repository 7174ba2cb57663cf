//! All runs as a table: to find one among hundreds, name it, resume it, compare it, delete it.

mod actions;
mod dialogs;
mod newest;
mod places;
mod report;
mod table;

use std::collections::BTreeSet;
use std::path::PathBuf;

use eframe::egui::{ComboBox, TextEdit, Ui};
use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

use crate::engine::{Engine, EngineError, NoticeLevel, RunSnapshot, RunState};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::panels::go_to_train;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::view_model::run_selection::RunSelection;
use crate::ui::view_model::run_table::{Column, ColumnWidths, Query, STATES, SearchTexts};
use crate::ui::when::AddWhen as _;
use dialogs::Dialog;
pub use newest::newest_runs_ui;
use report::Reports;

/// The Runs panel.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct RunsPanel {
    query: Query,
    columns: Vec<Column>,
    widths: ColumnWidths,
    /// Interrupted runs that nobody wants to hear of.
    dismissed: BTreeSet<String>,
    #[serde(skip)]
    texts: SearchTexts,
    /// Names of the chosen rows.
    #[serde(skip)]
    chosen: BTreeSet<String>,
    /// Where a range of rows begins.
    #[serde(skip)]
    anchor: Option<String>,
    #[serde(skip)]
    dialog: Option<Dialog>,
    #[serde(skip)]
    reports: Reports,
}

impl Default for RunsPanel {
    fn default() -> Self {
        Self {
            query: Query::default(),
            columns: Column::DEFAULT.to_vec(),
            widths: ColumnWidths::default(),
            dismissed: BTreeSet::new(),
            texts: SearchTexts::default(),
            chosen: BTreeSet::new(),
            anchor: None,
            dialog: None,
            reports: Reports::default(),
        }
    }
}

impl RunsPanel {
    /// Draws the panel. `selection` holds the ticked runs.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, selection: &mut RunSelection, ui: &mut Ui) {
        let engine = ctx.engine;
        if engine.runs_known() {
            self.chosen.retain(|name| engine.run(name).is_some());
        }
        if engine.runs().is_empty() && engine.run_undo().is_none() {
            if engine.runs_known() {
                let hint = "The first run appears here when training starts";
                ui.empty_state("No runs yet", hint, |ui| go_to_train(ctx, ui));
            } else {
                ui.empty_state("Reading the runs folder", "", |_| {});
            }
            return;
        }
        self.interrupted_ui(ctx, ui);
        let rows = self.query.rows(engine.runs(), &mut self.texts);
        self.query_ui(ui);
        // What is filtered out is not acted on: nobody sees it.
        let is_chosen = |run: &&RunSnapshot| self.chosen.contains(&run.name);
        let chosen: Vec<&RunSnapshot> = rows.iter().copied().filter(is_chosen).collect();
        actions::bar_ui(ctx, ui, &chosen, &mut self.dialog);
        let count = chosen.len();
        actions::status_ui(
            ctx,
            ui,
            rows.len(),
            &mut self.chosen,
            count,
            &mut self.dialog,
            |ui| self.reports.ui(ui),
        );
        ui.add_space(2.0);
        if rows.is_empty() {
            self.nothing_found_ui(ctx, ui);
        } else {
            // Saved by a version that had them in another order.
            self.columns.sort_unstable();
            let table = table::Table {
                ctx,
                rows: &rows,
                columns: &self.columns,
                widths: &mut self.widths,
                selection,
                chosen: &mut self.chosen,
                anchor: &mut self.anchor,
                dialog: &mut self.dialog,
            };
            table.ui(ui, &mut self.query);
        }
        dialogs::ui(ctx, ui, &mut self.dialog);
    }

    /// Starts a page about runs.
    ///
    /// # Errors
    /// When one of the runs is gone.
    pub fn save_report(
        &mut self,
        engine: &Engine,
        runs: &[String],
        path: PathBuf,
    ) -> Result<(), EngineError> {
        self.reports.start(engine, runs, path)
    }

    /// Takes in what was written. Call once a frame.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        self.reports.poll(ctx);
    }

    /// The newest run that a crash or a power loss ended, that can be resumed, and that nobody has
    /// dismissed.
    pub fn interrupted<'a>(&self, engine: &'a Engine) -> Option<&'a RunSnapshot> {
        engine.runs().iter().find(|run| {
            run.state == RunState::Interrupted
                && run.can_resume
                && !run.notes.archived
                && !self.dismissed.contains(&run.name)
        })
    }

    /// Says that a run ended without an end, and offers to resume it.
    fn interrupted_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let Some(run) = self.interrupted(ctx.engine) else {
            return;
        };
        let mut dismissed = false;
        ui.notice_box(NoticeLevel::Warning, |ui| {
            ui.horizontal_wrapped(|ui| {
                let text = format!(
                    "{} was interrupted after step {}",
                    run.title(),
                    format::count(run.steps_done())
                );
                ui.label(text);
                let busy = ctx.engine.active().is_some();
                let resume = ui
                    .add_when(!busy, eframe::egui::Button::new("Resume"))
                    .accessible_name("Resume interrupted run")
                    .on_hover_text(actions::resume_tooltip(run))
                    .on_disabled_hover_text("Another run is active");
                if resume.clicked() {
                    ctx.commands.send(Command::ResumeRun(run.name.clone()));
                }
                let dismiss = ui.button("Dismiss");
                dismissed = dismiss
                    .on_hover_text("Hide this message; the run stays")
                    .clicked();
            });
        });
        if dismissed {
            self.dismissed.insert(run.name.clone());
        }
    }

    fn query_ui(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            let search = TextEdit::singleline(&mut self.query.search)
                .hint_text("Search names, tags, settings…")
                .desired_width(190.0);
            ui.add(search)
                .accessible_name("Search runs")
                .on_hover_text("Runs that have all of these words in any column");
            let state = self.query.state.clone();
            ComboBox::from_id_salt("state")
                .selected_text(state.as_deref().unwrap_or("All states"))
                .width(96.0)
                .show_ui(ui, |ui| {
                    ui.selectable_value(&mut self.query.state, None, "All states");
                    for state in STATES {
                        let value = Some(state.to_owned());
                        ui.selectable_value(&mut self.query.state, value, state);
                    }
                })
                .response
                .accessible_name("State of the runs");
            ui.checkbox(&mut self.query.archived, "Archived")
                .on_hover_text("Also show archived runs");
            ui.menu_button("Columns", |ui| self.columns_ui(ui));
        });
    }

    fn columns_ui(&mut self, ui: &mut Ui) {
        for column in Column::VARIANTS.iter().copied() {
            // Without names, nobody could tell the rows.
            let mut shown = column == Column::Name || self.columns.contains(&column);
            let response = ui.add_when(
                column != Column::Name,
                eframe::egui::Checkbox::new(&mut shown, column.title()),
            );
            if response.changed() {
                let is_shown = |other: &Column| {
                    if *other == column {
                        shown
                    } else {
                        self.columns.contains(other)
                    }
                };
                self.columns = Column::VARIANTS.iter().copied().filter(is_shown).collect();
            }
        }
        ui.separator();
        if ui.button("Default columns").clicked() {
            self.columns = Column::DEFAULT.to_vec();
            self.widths.reset_all();
        }
    }

    fn nothing_found_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if ctx.engine.runs().is_empty() {
            let hint = if ctx.engine.run_undo().is_some() {
                "Above is Undo, which brings the deleted ones back"
            } else {
                "A run appears here when its training starts"
            };
            ui.empty_state("No runs", hint, |_| {});
            return;
        }
        let hint = if self.query.is_filtered() {
            "No run has these words in this state"
        } else {
            "Archived runs are hidden"
        };
        ui.empty_state("No runs to show", hint, |ui| {
            if ui.button("Show all runs").clicked() {
                self.query.search.clear();
                self.query.state = None;
                self.query.archived = true;
            }
        });
    }
}
