//! What is evaluated, and which part of it is shown.

use eframe::egui::{Align, Button, ComboBox, Layout, PopupCloseBehavior, Ui, vec2};
use strum::VariantArray as _;

use super::{EvaluatePanel, OUTDATED, Shown, Tab, Which, open_dataset};
use crate::engine::{NoticeLevel, RunSnapshot, Split};
use crate::ui::context::PanelCtx;
use crate::ui::elided;
use crate::ui::panels::averaging::averaging_menu;
use crate::ui::panels::divider;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::when::AddWhen as _;

const RUN_WIDTH: f32 = 230.0;
/// Of the list of runs: a title with its date and time, and where the panel is too narrow for that and the list of
/// datasets beside it.
const RUNS_WIDTH: f32 = 350.0;
const FEW_RUNS_WIDTH: f32 = 300.0;
/// Of the arrow in a list, and around its text.
const ARROW: f32 = 34.0;
const PROGRESS_WIDTH: f32 = 84.0;
/// Of the percentage, which is as wide with one digit as with three.
const PERCENT: f32 = 38.0;
/// Of the number of runs that wait behind it.
const WAITING: f32 = 52.0;
/// Of the button that starts, and of the progress and the button that take its place.
const WORK_FIELD: f32 = PROGRESS_WIDTH + PERCENT + 72.0;
/// Widths of lists with the labels before them, which are wrapped together.
const SPLIT_FIELD: f32 = 104.0;
const DATASET_FIELD: f32 = 200.0;
const RUN_FIELD: f32 = RUN_WIDTH + 44.0;
/// Of the button that is last.
const EXPORT: f32 = 88.0;

impl EvaluatePanel {
    /// Which runs on which list, and the button.
    pub(super) fn what_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, runs: &[&RunSnapshot]) {
        self.runs_ui(ctx, ui, runs);
        ui.together(DATASET_FIELD, |ui| self.dataset_ui(ctx, ui));
        ui.together(SPLIT_FIELD, |ui| self.split_ui(ui));
        averaging_menu(ui, &mut self.averaging);
        // As much room before, during and after an evaluation: no line breaks anew under the pointer.
        let waiting = if runs.len() > 1 {
            WAITING + ui.spacing().item_spacing.x
        } else {
            0.0
        };
        ui.together(WORK_FIELD + waiting, |ui| {
            if self.work.running().is_some() {
                self.progress_ui(ctx, ui, runs.len() > 1);
            } else {
                self.start_ui(ctx, ui, runs);
            }
        });
    }

    /// How far the evaluation is, and the button that ends it; `several` has room for how many runs wait.
    fn progress_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, several: bool) {
        let Some((run, share)) = self.work.running() else {
            return;
        };
        let title = ctx
            .engine
            .run(run)
            .map_or_else(|| run.to_owned(), RunSnapshot::title);
        let more = match self.work.waiting() {
            0 => String::new(),
            waiting => format!("{waiting} more"),
        };
        let text = if more.is_empty() {
            format!("Evaluating {title}")
        } else {
            format!("Evaluating {title}, then {more}")
        };
        ui.progress_bar(share, PROGRESS_WIDTH, &text)
            .on_hover_text(&text);
        fixed(ui, PERCENT, &format!("{:.0} %", (share * 100.0).floor()));
        if several {
            fixed(ui, WAITING, &more);
        }
        if ui
            .button("Cancel")
            .accessible_name("Cancel the evaluation")
            .clicked()
        {
            self.work.cancel();
        }
    }

    fn start_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, runs: &[&RunSnapshot]) {
        let evaluate = ui
            .add_when(!runs.is_empty(), Button::new("Start evaluation"))
            .on_hover_text(
                "Segment every image of the list with the best weights of each run, and keep the scores with the run",
            )
            .on_disabled_hover_text("Choose runs first");
        if evaluate.clicked() {
            let orders = runs
                .iter()
                .map(|run| (run.name.clone(), self.scored(ctx, run)));
            self.work.start(ctx, orders.collect());
        }
    }

    fn runs_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, runs: &[&RunSnapshot]) {
        let has_room = ui.max_rect().width() >= RUNS_WIDTH + DATASET_FIELD + 2.0 * ARROW;
        let width = if has_room { RUNS_WIDTH } else { FEW_RUNS_WIDTH };
        let text = match runs {
            [] => "Choose runs".to_owned(),
            [run] => elided::run_within(ui, &run.title(), width - ARROW),
            runs => format!("{} runs", runs.len()),
        };
        // In full: the list may show only parts of a name.
        let names: String = runs.iter().map(|run| run.title() + "\n").collect();
        ComboBox::from_id_salt("evaluated_runs")
            .width(width)
            .height(320.0)
            .selected_text(text)
            // Several are ticked one after another.
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .show_ui(ui, |ui| {
                let mut chosen: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
                for run in ctx.engine.runs_with_weights() {
                    let mut on = chosen.contains(&run.name);
                    let shown = ui.checkbox(&mut on, run.title()).on_hover_text(&run.name);
                    if shown.changed() {
                        chosen.retain(|name| *name != run.name);
                        if on {
                            chosen.push(run.name.clone());
                        }
                        self.chosen = Some(chosen.clone());
                    }
                }
            })
            .response
            .on_hover_text(names + "The runs to evaluate, one or several")
            .accessible_name("Runs to evaluate");
    }

    fn split_ui(&mut self, ui: &mut Ui) {
        let label = ui.label("Split");
        ComboBox::from_id_salt("evaluated_split")
            .width(58.0)
            .selected_text(<&str>::from(self.split))
            .show_ui(ui, |ui| {
                for split in Split::VARIANTS {
                    ui.selectable_value(&mut self.split, *split, <&str>::from(*split));
                }
            })
            .response
            .labelled_by(label.id)
            .on_hover_text("The list of images: val is the validation list, test is test.txt");
    }

    fn dataset_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let open = open_dataset(ctx).map(|(_, name)| format!("{name} (open)"));
        if open.is_none() {
            self.which = Which::OfRun;
        }
        let own = "That of the run".to_owned();
        let text = match (self.which, &open) {
            (Which::Open, Some(name)) => name.clone(),
            _ => own.clone(),
        };
        let label = ui.label("Dataset");
        ComboBox::from_id_salt("evaluated_dataset")
            .width(130.0)
            .truncate()
            .selected_text(text)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut self.which, Which::OfRun, own);
                if let Some(name) = open {
                    ui.selectable_value(&mut self.which, Which::Open, name);
                }
            })
            .response
            .labelled_by(label.id)
            .on_hover_text(
                "To score on any other dataset, open it in the Dataset panel; classes are matched by their names",
            );
    }

    pub(super) fn tabs_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, shown: &[Shown]) {
        for tab in Tab::VARIANTS {
            let name = tab.to_string();
            ui.selectable_value(&mut self.tab, *tab, name);
        }
        if shown.is_empty() {
            return;
        }
        let is_of_one = matches!(self.tab, Tab::Confusion | Tab::Images) && shown.len() > 1;
        divider(ui, if is_of_one { RUN_FIELD } else { EXPORT });
        if is_of_one {
            ui.together(RUN_FIELD, |ui| self.focus_ui(ui, shown));
        }
        if let Some(focus) = self.focused(shown) {
            self.export.ui(ctx, ui, &focus.kept);
        }
        // The overview has it beside each run.
        match self.focused(shown) {
            Some(focus) if is_of_one => outdated_ui(ui, std::slice::from_ref(focus)),
            _ if self.tab != Tab::Overview => outdated_ui(ui, shown),
            _ => {}
        }
    }

    /// Which of several runs a part is about that can show only one.
    fn focus_ui(&mut self, ui: &mut Ui, shown: &[Shown]) {
        let current = self.focused(shown).map_or("", |shown| &shown.label);
        let label = ui.label("Run");
        let mut focus = None;
        ComboBox::from_id_salt("evaluated_run")
            .width(RUN_WIDTH)
            .truncate()
            .selected_text(current)
            .show_ui(ui, |ui| {
                for shown in shown {
                    if ui
                        .selectable_label(shown.label == current, &shown.label)
                        .clicked()
                    {
                        focus = Some(shown.kept.run.clone());
                    }
                }
            })
            .response
            .labelled_by(label.id)
            .on_hover_text(format!("{current}\nThe run of this part"));
        self.focus = focus.or(self.focus.take());
    }
}

/// Says which of these evaluations are outdated.
fn outdated_ui(ui: &mut Ui, shown: &[Shown]) {
    let outdated = || shown.iter().filter(|shown| shown.is_outdated());
    let text = match (outdated().count(), shown.len()) {
        (0, _) => return,
        (_, 1) => OUTDATED.to_owned(),
        (some, all) => format!("{some} of {all} {OUTDATED}"),
    };
    let reasons = outdated().map(|shown| {
        let changes = shown.kept.changes.join("\n");
        format!("{}:\n{changes}", shown.label)
    });
    let reasons = reasons.collect::<Vec<_>>().join("\n");
    let color = theme::level_color(ui.visuals(), NoticeLevel::Warning);
    ui.tag(&text, color).on_hover_text(reasons);
}

/// A text that takes `width` points, whatever it says.
fn fixed(ui: &mut Ui, width: f32, text: &str) {
    let size = vec2(width, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        ui.weak(text);
    });
}
