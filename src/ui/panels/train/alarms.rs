//! What is likely to be wrong with a run, and buttons that mend it.

use eframe::egui::{Button, Label, RichText, Ui};

use crate::engine::{AlarmKind, NoticeLevel, Remedy, RunAlarm};
use crate::ui::command::{Ask, Command, PanelKind, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::panels::command_button;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::sentence;

/// Draws what was noticed of the runs since the last start.
pub fn alarms_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let alarms = ctx.engine.alarms();
    for found in alarms {
        alarm_box(ctx, ui, found);
    }
    if !alarms.is_empty()
        && ui
            .button("Close alarms")
            .on_hover_text("Hide them; the run goes on as it is")
            .clicked()
    {
        ctx.commands.send(Command::CloseAlarms);
    }
}

/// Draws one.
pub fn alarm_box(ctx: &PanelCtx<'_>, ui: &mut Ui, found: &RunAlarm) {
    ui.notice_box(NoticeLevel::Warning, |ui| alarm_ui(ctx, ui, found));
}

fn alarm_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, found: &RunAlarm) {
    ui.strong(title(found.alarm.kind)).on_hover_text(&found.run);
    let text = sentence(&found.alarm.text);
    ui.add(Label::new(RichText::new(text).small()).wrap());
    match &found.alarm.remedy {
        None => {}
        Some(Remedy::PretrainedWeights) => {
            command_button(ctx, ui, UiCommand::Weights, None);
        }
        Some(Remedy::Labels) => {
            let button = ui
                .button("Show the dataset")
                .on_hover_text("Show the images with their masks, and what is found in them");
            if button.clicked() {
                ctx.commands.send(Command::ShowPanel(PanelKind::Dataset));
            }
        }
        Some(Remedy::AcceptChanges) => {
            let button = ui.button("Accept the changes and resume").on_hover_text(
                "Train the rest of the run on the data as it is now; the run keeps that",
            );
            if button.clicked() {
                ctx.commands.send(Command::ResumeOnChangedData {
                    run: found.run.clone(),
                    dataset: found.config.dataset.place(),
                });
            }
            elsewhere_ui(ctx, ui, found);
        }
        Some(Remedy::FindDataset) => elsewhere_ui(ctx, ui, found),
        Some(remedy) => start_again_ui(ctx, ui, found, remedy),
    }
}

/// The places where the dataset of a run may be now.
fn elsewhere_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, found: &RunAlarm) {
    let run = || found.run.clone();
    if let Some(other) = ctx.engine.other_place(&found.run, &found.config.dataset) {
        let button = Button::new(format!("Resume on the open dataset {}", other.name)).wrap();
        let tooltip = "If it is the dataset of the run, which is checked, train the rest of the run on it; the run keeps \
                       that";
        if ui.add(button).on_hover_text(tooltip).clicked() {
            let dataset = other.which;
            ctx.commands.send(Command::ResumeElsewhere {
                run: run(),
                dataset,
            });
        }
    }
    let button = ui.button("Choose its folder…").on_hover_text(
        "Say where the dataset of the run is now, and train the rest of the run there, if it is the same",
    );
    if button.clicked() {
        ctx.commands.send(Command::Ask(Ask::MovedDataset(run())));
    }
}

fn start_again_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, found: &RunAlarm, remedy: &Remedy) {
    let Some(setting) = remedy.setting() else {
        return;
    };
    let button = Button::new(format!("Start again with {setting}")).wrap();
    let tooltip = "Leave this run as it is, take its settings with this one changed into the form, and start \
                   a new run";
    if ui.add(button).on_hover_text(tooltip).clicked() {
        let mut config = found.config.clone();
        if remedy.apply(&mut config) {
            ctx.commands.send(Command::StartAgain(Box::new(config)));
        }
    }
}

fn title(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::Rate => "The learning rate is far off",
        AlarmKind::Void => "Nothing is labeled",
        AlarmKind::Start => "The weights do not fit the data",
        AlarmKind::Exploded => "The loss explodes",
        AlarmKind::NotFinite => "The numbers overflowed",
        AlarmKind::Dead => "The loss does not move",
        AlarmKind::DataChanged => "The data changed",
        AlarmKind::DatasetGone => "The dataset cannot be opened",
        AlarmKind::OneClass => "All is predicted as one class",
    }
}
