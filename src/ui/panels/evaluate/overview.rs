//! The means of each run, by what rule they are made, and the papers' beside them.

use eframe::egui::{Grid, Label, RichText, Ui};

use super::{Missing, OUTDATED, Shown};
use crate::engine::{Evaluation, NoticeLevel};
use crate::ui::sticky_header::{Hint, StickyHeader};
use crate::ui::terms::Term;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::{ago, count, loss, percent, plural};

/// A column: its header, and what it is, or the term that it is.
const COLUMNS: [(&str, Result<Term, &str>); 9] = [
    ("Run", Err("The best weights of the run")),
    ("mIoU (pooled)", Ok(Term::MeanIou)),
    ("mIoU (mean over images)", Ok(Term::MeanOverImages)),
    ("Pixel acc.", Ok(Term::PixelAccuracy)),
    ("Mean acc.", Ok(Term::MeanAccuracy)),
    ("f.w. IoU", Ok(Term::FrequencyWeighted)),
    ("Boundary mIoU", Ok(Term::BoundaryIou)),
    ("Calib. error", Ok(Term::Calibration)),
    ("Loss", Err("Mean loss over the labeled pixels, in nats")),
];

/// By what rule the means are made.
const RULE: &str = "Pooled: one confusion matrix over all images. A class that is neither true nor predicted anywhere is \
                    left out of the mean; one that is predicted but never true counts as 0 %. Mean over images: classes \
                    are left out image by image. Void pixels (255) count nowhere.";

/// Draws the table.
pub fn ui(ui: &mut Ui, shown: &[Shown], missing: &[Missing]) {
    // The table may be wider; texts are as wide as what is in sight.
    let width = ui.available_width();
    let mut header = StickyHeader::default();
    let table = Grid::new("evaluate_overview")
        .striped(true)
        .spacing([18.0, 5.0])
        .show(ui, |ui| {
            for (name, what) in COLUMNS {
                let hint = match what {
                    Ok(term) => Hint::Term(term),
                    Err(text) => Hint::Text(text.to_owned()),
                };
                header.weak(ui, name, hint);
            }
            ui.end_row();
            for shown in shown {
                row_ui(ui, shown);
                ui.end_row();
                for paper in &shown.kept.evaluation.papers {
                    paper_ui(ui, &paper.source, paper.means);
                    ui.end_row();
                }
            }
            for (slot, label) in missing {
                ui.horizontal(|ui| {
                    ui.swatch(theme::run_color(ui.visuals(), *slot));
                    ui.label(label);
                });
                ui.weak("not evaluated yet")
                    .on_hover_text("Start evaluation scores all chosen runs");
                ui.end_row();
            }
        });
    header.stay(ui, table.response.rect);
    ui.scope(|ui| {
        ui.set_max_width(width);
        texts_ui(ui, shown);
    });
}

/// What is to be known about the table.
fn texts_ui(ui: &mut Ui, shown: &[Shown]) {
    ui.add_space(4.0);
    ui.add(Label::new(RichText::new(RULE).weak()).wrap());
    if shown
        .iter()
        .any(|shown| !shown.kept.evaluation.papers.is_empty())
    {
        ui.weak("The papers' scores are of the same 736 images (seg11valid), by the same rule.");
    }
    for shown in shown {
        notes_ui(ui, shown);
    }
}

fn row_ui(ui: &mut Ui, shown: &Shown) {
    let evaluation = &shown.kept.evaluation;
    ui.horizontal(|ui| {
        ui.swatch(theme::run_color(ui.visuals(), shown.slot));
        ui.label(&shown.label);
        if shown.is_outdated() {
            let color = theme::level_color(ui.visuals(), NoticeLevel::Warning);
            ui.tag(OUTDATED, color)
                .on_hover_text(shown.kept.changes.join("\n"));
        }
    });
    for value in values(evaluation) {
        ui.label(RichText::new(value).monospace());
    }
}

fn values(evaluation: &Evaluation) -> [String; 8] {
    let [pixel, mean, pooled, weighted] = evaluation.scores.means();
    let calibration = evaluation.counts.calibration().map(|(_, error)| error);
    [
        percent(pooled),
        percent(evaluation.mean_iu_over_images),
        percent(pixel),
        percent(mean),
        percent(weighted),
        percent(evaluation.boundary.mean_iu),
        percent(calibration),
        loss(evaluation.val_loss),
    ]
}

fn paper_ui(ui: &mut Ui, source: &str, [pixel, mean, pooled, weighted]: [f64; 4]) {
    ui.label(RichText::new(format!("     {source}")).weak());
    for value in [Some(pooled), None, Some(pixel), Some(mean), Some(weighted)] {
        let text = value.map_or_else(String::new, |value| percent(Some(value)));
        ui.label(RichText::new(text).monospace().weak());
    }
}

/// What was scored, and what people should know about it.
fn notes_ui(ui: &mut Ui, shown: &Shown) {
    let kept = &shown.kept;
    let evaluation = &kept.evaluation;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let age = now.map_or(0.0, |now| now.as_secs_f64() - kept.created as f64);
    ui.add_space(2.0);
    let how = kept.averaging.text();
    let how = how.map_or_else(String::new, |how| format!("{how}, "));
    ui.weak(format!(
        "{}: {} of {} ({}), weights of step {}, {how}boundary band of {} px, {}",
        shown.label,
        plural(evaluation.images, "image", "images"),
        kept.dataset_name,
        <&str>::from(kept.split),
        count(kept.weights_step),
        evaluation.boundary_width,
        ago(age.max(0.0)),
    ));
    if shown.is_outdated() {
        ui.notice_box(NoticeLevel::Warning, |ui| {
            ui.strong("These scores are outdated");
            for change in &kept.changes {
                ui.add(Label::new(change).wrap());
            }
        });
    }
    let notes = evaluation.remark.iter().chain(&evaluation.warnings);
    for note in notes {
        ui.notice_box(NoticeLevel::Info, |ui| ui.add(Label::new(note).wrap()));
    }
}
