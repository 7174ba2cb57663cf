//! A folder of images without masks: what is missing, and what can be done with them.

use std::path::Path;

use eframe::egui::{Label, RichText, Ui};

use crate::engine::NoticeLevel;
use crate::ui::command::{Command, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::panels::{command_button, go_to_train};
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;

pub fn unlabeled_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, folder: &Path, images: usize, message: &str) {
    ui.add_space(4.0);
    ui.notice_box(NoticeLevel::Info, |ui| {
        let images = format::plural(images, "image", "images");
        ui.strong(format!("{images} without masks"));
        ui.add(Label::new(RichText::new(message).small()).wrap());
        ui.add_space(4.0);
        let can_predict = ctx.engine.runs().iter().any(|run| run.has_weights);
        ui.horizontal_wrapped(|ui| {
            if can_predict {
                let response = ui
                    .button("Segment these images")
                    .on_hover_text("Shows them in Inspect with the masks of a trained run");
                if response.clicked() {
                    ctx.commands.send(Command::Inspect(vec![folder.to_owned()]));
                }
            } else {
                ui.label("No run is trained yet that could segment them:");
                go_to_train(ctx, ui);
            }
            command_button(ctx, ui, UiCommand::OpenFolder, None);
            command_button(ctx, ui, UiCommand::OpenSample, None);
        });
    });
}
