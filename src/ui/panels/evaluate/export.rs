//! Saves tables of an evaluation as CSV.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::Ui;

use crate::engine::{
    EngineError, Evaluation, Existing, KeptEvaluation, NoticeLevel, PlotFile, SaveTo, Task,
    components_csv, confusion_csv, images_csv,
};
use crate::ui::command::{Ask, Command};
use crate::ui::context::PanelCtx;

type Table = fn(&Evaluation) -> String;

/// The tables: the entry of the menu, the name of the file, what makes it.
const TABLES: [(&str, &str, Table); 3] = [
    ("Confusion matrix…", "confusion.csv", confusion_csv),
    ("Scores of the images…", "images.csv", images_csv),
    ("Connected components…", "components.csv", components_csv),
];

/// What is being saved.
#[derive(Default)]
pub struct Export {
    /// What is saved once there is an answer.
    asking: Option<(Arc<KeptEvaluation>, Table)>,
    saves: Vec<Task<Result<PathBuf, EngineError>>>,
}

impl Export {
    /// The menu.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, kept: &Arc<KeptEvaluation>) {
        ui.menu_button("Export CSV", |ui| {
            for (label, file, table) in TABLES {
                if ui.button(label).clicked() {
                    self.asking = Some((Arc::clone(kept), table));
                    ctx.commands.send(Command::Ask(Ask::SaveTable(file)));
                    ui.close();
                }
            }
        })
        .response
        .on_hover_text("Save tables of this evaluation for other programs");
    }

    /// Saves what was asked about to `path`.
    pub fn save(&mut self, ctx: &PanelCtx<'_>, path: PathBuf) {
        let Some((kept, table)) = self.asking.take() else {
            return;
        };
        let file = PlotFile::Text(Box::new(move || table(&kept.evaluation)));
        // The dialog has asked whether to replace a file; one that is not ours stays even so.
        let to = SaveTo::Path(path, Existing::ReplaceOwn);
        self.saves.push(ctx.engine.save_plot(file, to));
    }

    /// Takes in what was saved.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        self.saves.retain_mut(|save| {
            let Some(result) = save.poll_result() else {
                return true;
            };
            let (level, text) = match result {
                Ok(path) => (
                    NoticeLevel::Info,
                    format!("Table saved\n{}", path.display()),
                ),
                Err(err) => (
                    NoticeLevel::Error,
                    format!("The table could not be saved: {err}"),
                ),
            };
            ctx.commands.send(Command::Notify(level, text));
            false
        });
    }
}
