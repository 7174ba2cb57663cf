//! The table of scores below the compared images.

use eframe::egui::{CollapsingHeader, Grid, RichText, Ui};

use crate::ui::sticky_header::{Hint, StickyHeader};
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::percent;
use crate::ui::view_model::score_table::{Cell, ClassRow, SCORE_NAMES, ScoreTable};

/// Place in [`SCORE_NAMES`] of what runs are judged by first: beside their names, where a narrow panel shows it.
const MEAN_IOU: usize = 2;
/// The places of the other scores.
const OTHERS: [usize; 3] = [0, 1, 3];

/// Scores of each run on its whole validation set; the classes are folded away.
pub fn table_ui(ui: &mut Ui, table: &ScoreTable) {
    ui.strong(table.heading());
    if table.is_mixed {
        ui.weak("These runs were scored on different datasets: each dataset has a best of its own");
    }
    Grid::new("compare_table")
        .striped(true)
        .spacing([18.0, 4.0])
        .show(ui, |ui| {
            header_ui(ui, table.is_mixed);
            for row in &table.rows {
                ui.label(&row.title);
                cell_ui(ui, row.values[MEAN_IOU]);
                if table.is_mixed {
                    ui.label(&row.dataset);
                }
                ui.label(&row.variant);
                ui.label(&row.trunk);
                let best = row
                    .best_epoch
                    .map_or_else(String::new, |best| format!(", best {best}"));
                ui.label(format!("{}{best}", row.epochs));
                for index in OTHERS {
                    cell_ui(ui, row.values[index]);
                }
                ui.end_row();
            }
        });
    CollapsingHeader::new("IoU by class").show(ui, |ui| classes_ui(ui, table));
}

fn header_ui(ui: &mut Ui, is_mixed: bool) {
    let terms = [
        Term::PixelAccuracy,
        Term::MeanAccuracy,
        Term::MeanIou,
        Term::FrequencyWeighted,
    ];
    let score_ui = |ui: &mut Ui, index: usize| {
        ui.weak(SCORE_NAMES[index]).teaches(terms[index]);
    };
    ui.weak("Run");
    score_ui(ui, MEAN_IOU);
    if is_mixed {
        ui.weak("Dataset");
    }
    for name in ["Variant", "Trunk", "Epochs"] {
        ui.weak(name);
    }
    for index in OTHERS {
        score_ui(ui, index);
    }
    ui.end_row();
}

fn classes_ui(ui: &mut Ui, table: &ScoreTable) {
    let mut header = StickyHeader::default();
    let table_of_classes = Grid::new("compare_classes")
        .striped(true)
        .spacing([18.0, 4.0])
        .show(ui, |ui| {
            header.weak(ui, "Class", Hint::Nothing);
            for row in &table.rows {
                header.weak(ui, &row.title, Hint::Nothing);
            }
            ui.end_row();
            for class in &table.classes {
                class_ui(ui, class);
                ui.end_row();
            }
        });
    header.stay(ui, table_of_classes.response.rect);
}

fn class_ui(ui: &mut Ui, class: &ClassRow) {
    ui.horizontal(|ui| {
        ui.swatch(theme::class_color(class.color));
        ui.label(&class.name);
    });
    for cell in &class.cells {
        cell_ui(ui, *cell);
    }
}

fn cell_ui(ui: &mut Ui, cell: Cell) {
    let text = RichText::new(percent(cell.value)).monospace();
    ui.label(if cell.best { text.strong() } else { text });
}
