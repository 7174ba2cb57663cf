//! Saves what is compared: the figure of the papers, and the tables.

use std::path::PathBuf;

use eframe::egui::{Button, Ui};

use super::ComparePanel;
use super::pane::{Pane, ShownPanes, network_title};
use crate::engine::{EngineError, Existing, NoticeLevel, PlotFile, RunSnapshot, SaveTo, Task};
use crate::ui::command::{Ask, Command, CompareFile};
use crate::ui::context::PanelCtx;
use crate::ui::text_raster::sized_texts;
use crate::ui::view_model::figure::{
    Column, DETAIL_SIZE, Figure, Shown, TITLE_SIZE, column_width, picture, svg,
};
use crate::ui::view_model::score_export::{self, TableFormat};
use crate::ui::view_model::score_table::ScoreTable;
use crate::ui::when::AddWhen as _;

/// What is being saved.
#[derive(Default)]
pub struct Export {
    /// What is saved once there is an answer; a dialog that is cancelled leaves it here.
    asking: Option<PlotFile>,
    saves: Vec<Task<Result<PathBuf, EngineError>>>,
}

impl Export {
    /// Saves what was asked about to `path`.
    pub fn save(&mut self, ctx: &PanelCtx<'_>, path: PathBuf) {
        if let Some(file) = self.asking.take() {
            // The dialog has asked whether to replace a file; one that is not ours stays even so.
            let to = SaveTo::Path(path, Existing::ReplaceOwn);
            self.saves.push(ctx.engine.save_plot(file, to));
        }
    }

    /// Takes in what was saved. Call once a frame.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        self.saves.retain_mut(|save| {
            let Some(result) = save.poll_result() else {
                return true;
            };
            let (level, text) = match result {
                Ok(path) => (NoticeLevel::Info, format!("Saved\n{}", path.display())),
                Err(err) => (NoticeLevel::Error, format!("It could not be saved: {err}")),
            };
            ctx.commands.send(Command::Notify(level, text));
            false
        });
    }

    fn ask(&mut self, ctx: &PanelCtx<'_>, what: CompareFile, file: PlotFile) {
        self.asking = Some(file);
        ctx.commands.send(Command::Ask(Ask::SaveComparison(what)));
    }
}

impl ComparePanel {
    pub(super) fn export_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.menu_button("Export", |ui| {
            self.figure_entries_ui(ctx, ui);
            ui.separator();
            self.table_entries_ui(ctx, ui);
            ui.separator();
            let has_images = !self.ranking.found().is_empty();
            let images = ui
                .add_when(has_images, Button::new("Scores per image as CSV…"))
                .on_hover_text(
                    "A line for each validation image: disagreement, gain, scores of each network",
                )
                .on_disabled_hover_text("Sort the images first: that predicts all of them");
            if images.clicked() {
                let (names, found) = (self.titles(ctx), self.ranking.found().to_vec());
                let text = move || score_export::images(&names, &found);
                let file = PlotFile::Text(Box::new(text));
                self.export.ask(ctx, CompareFile::ImagesCsv, file);
                ui.close();
            }
        })
        .response
        .on_hover_text("Save the figure of the papers or the tables")
        .accessible_name("Export comparison");
    }

    fn figure_entries_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let is_complete = self
            .shown
            .as_ref()
            .is_some_and(|shown| shown.is_complete() && shown.image_size.is_some());
        for (what, label) in [
            (CompareFile::FigurePng, "Figure as PNG…"),
            (CompareFile::FigureSvg, "Figure as SVG…"),
        ] {
            let button = ui
                .add_when(is_complete, Button::new(label))
                .on_hover_text(
                    "The image, the mask of each network and the ground truth in a row, with the classes below",
                )
                .on_disabled_hover_text("Wait until every network has its mask");
            if !button.clicked() {
                continue;
            }
            if let Some(figure) = self.shown.as_ref().and_then(|shown| figure(ui, shown)) {
                let file = if what == CompareFile::FigurePng {
                    PlotFile::Png(Box::new(move || picture(&figure)))
                } else {
                    PlotFile::Text(Box::new(move || svg(&figure)))
                };
                self.export.ask(ctx, what, file);
            }
            ui.close();
        }
    }

    fn table_entries_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        for (what, format, label) in [
            (CompareFile::ScoresCsv, TableFormat::Csv, "Scores as CSV…"),
            (
                CompareFile::ScoresMarkdown,
                TableFormat::Markdown,
                "Scores as Markdown…",
            ),
            (
                CompareFile::ScoresLatex,
                TableFormat::Latex,
                "Scores as LaTeX…",
            ),
        ] {
            let button = ui
                .button(label)
                .on_hover_text("The scores on the whole validation set, and the IoU of each class");
            if button.clicked() {
                let table = ScoreTable::new(&self.compared_runs(ctx), ctx.colors);
                let text = move || score_export::scores(&table, format);
                self.export.ask(ctx, what, PlotFile::Text(Box::new(text)));
                ui.close();
            }
        }
    }

    /// What the networks are called.
    pub(super) fn titles(&self, ctx: &PanelCtx<'_>) -> Vec<String> {
        let runs: Vec<&RunSnapshot> = self.compared_runs(ctx);
        let networks = self.networks.iter();
        networks
            .map(|weights| network_title(&runs, weights))
            .collect()
    }
}

/// The image, the networks' masks, and the ground truth where it is known.
fn figure(ui: &Ui, shown: &ShownPanes) -> Option<Figure> {
    let (_, first) = shown.network_masks().next()?;
    let masks = shown.network_masks();
    let mut columns = vec![(
        Shown::Image(first.image.clone()),
        "Image".to_owned(),
        String::new(),
    )];
    columns.extend(masks.map(|(Pane { title, detail, .. }, mask)| {
        let shown = Shown::Mask(mask.labels.clone(), mask.classes.clone());
        (shown, title.clone(), detail.clone())
    }));
    if let Some(truth) = &first.dataset_truth {
        let shown = Shown::Mask(truth.labels.clone(), truth.classes.clone());
        columns.push((shown, "Ground truth".to_owned(), String::new()));
    }
    let width = column_width(first.image.size().width);
    let mut texts: Vec<(&str, f32, u32)> = Vec::new();
    for (_, title, detail) in &columns {
        texts.push((title, TITLE_SIZE, width));
        texts.push((detail, DETAIL_SIZE, width));
    }
    let classes = shown.classes();
    let names = classes.iter().map(|class| class.name.as_str());
    texts.extend(names.map(|name| (name, DETAIL_SIZE, LONGEST_CLASS)));
    let mut sized = sized_texts(ui.ctx(), &texts).into_iter();
    let mut next = || sized.next();
    let columns: Option<Vec<Column>> = columns
        .into_iter()
        .map(|(shown, ..)| {
            Some(Column {
                shown,
                title: next()?,
                detail: next()?,
            })
        })
        .collect();
    let colors = classes.iter().map(|class| class.color);
    let legend = colors.zip(sized).collect();
    Some(Figure::new(columns?, legend))
}

/// Width of the name of a class in the legend, in pixels.
const LONGEST_CLASS: u32 = 200;
