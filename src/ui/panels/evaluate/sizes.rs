//! Scores by the distance to a boundary, and by the size of objects: why finer strides are better.

use eframe::egui::{Grid, Label, RichText, Ui, vec2};

use super::Shown;
use super::plot::{Axes, Curve, curves_ui, legend_ui};
use crate::engine::{BandScore, ObjectSize};
use crate::ui::sticky_header::{Hint, StickyHeader};
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::{MISSING, count, percent};

const PLOT_HEIGHT: f32 = 220.0;
const MIN_PLOT: f32 = 260.0;
const MAX_PLOT: f32 = 620.0;
/// Room for the name of a run in a table; narrower than its columns.
const RUN_NAME: f32 = 84.0;

/// Draws the trimap plot and both tables.
pub fn ui(ui: &mut Ui, shown: &[Shown]) {
    let bands: Vec<Vec<BandScore>> = shown
        .iter()
        .map(|shown| shown.kept.evaluation.counts.bands())
        .collect();
    ui.section("Near label boundaries").tells_and_teaches(
        "The trimap plots of Kohli et al. 2009, Krähenbühl and Koltun 2011, and DeepLab",
        Term::BoundaryIou,
    );
    let whole = bands
        .iter()
        .map(|bands| bands.last().and_then(|band| band.mean_iu));
    legend_ui(
        ui,
        shown.iter().zip(whole).map(|(shown, whole)| {
            (
                shown.slot,
                shown.label.as_str(),
                format!("whole images {}", percent(whole)),
            )
        }),
    );
    let curves: Vec<Curve> = shown
        .iter()
        .zip(&bands)
        .map(|(shown, bands)| Curve {
            name: shown.label.clone(),
            slot: shown.slot,
            points: bands
                .iter()
                .filter_map(|band| Some([band.width? as f64, band.mean_iu?]))
                .collect(),
        })
        .collect();
    let widest = bands.iter().flatten().filter_map(|band| band.width).max();
    let axes = Axes {
        name: "mIoU by the width of the band along boundaries",
        x_label: "width of the band along boundaries [px]",
        y_label: "mIoU in the band",
        top: top_of(&curves),
        x: [0.0, widest.unwrap_or(1) as f64],
        x_is_share: false,
        diagonal: false,
    };
    let width = ui.available_width().clamp(MIN_PLOT, MAX_PLOT);
    curves_ui(ui, &axes, &curves, vec2(width, PLOT_HEIGHT));
    let hint = "A band of a width has the pixels that are at most so far from a pixel of another true label (void \
                counts as one), in Chebyshev distance. A score map of stride 32 cannot follow a boundary; where the \
                bands are narrow, skips pay off.";
    ui.add(Label::new(RichText::new(hint).weak()).wrap());
    // The table may be wider; texts are as wide as what is in sight.
    let width = ui.available_width();
    bands_ui(ui, shown, &bands);
    ui.add_space(6.0);
    ui.section("By the size of objects");
    let hint = format!(
        "An object is a connected component (8-connected) of the ground truth, of a thing (a car) or of stuff (a \
         stretch of road); {}. Found = at least half of its pixels are right. Mean accuracy = share of the pixels of \
         these objects that are right, mean over the classes. Sizes are COCO's.",
        left_out(shown)
    );
    ui.scope(|ui| {
        ui.set_max_width(width);
        ui.add(Label::new(RichText::new(hint).weak()).wrap());
    });
    objects_ui(ui, shown);
}

/// Which classes are no objects.
fn left_out(shown: &[Shown]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for shown in shown {
        for name in shown.kept.evaluation.background_classes() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    match &names[..] {
        [] => "a class named background would be none".to_owned(),
        names => format!("not counted: {}", names.join(", ")),
    }
}

/// A round share above all points.
fn top_of(curves: &[Curve]) -> f64 {
    let points = curves.iter().flat_map(|curve| &curve.points);
    let highest = points.map(|point| point[1]).fold(0.0, f64::max);
    ((highest * 10.0 + 0.5).ceil() / 10.0).clamp(0.1, 1.0)
}

/// A line of a table that names the run of each `columns` columns, behind the `first` ones.
fn run_names_ui(
    ui: &mut Ui,
    header: &mut StickyHeader,
    shown: &[Shown],
    (first, columns): (usize, usize),
) {
    if shown.len() < 2 {
        return;
    }
    for _ in 0..first {
        ui.label("");
    }
    for shown in shown {
        let color = theme::run_color(ui.visuals(), shown.slot);
        header.colored(ui, &shown.label, color, RUN_NAME);
        for _ in 1..columns {
            ui.label("");
        }
    }
    ui.end_row();
}

/// What is counted in the images of the runs: one number, unless they were scored on other images. A
/// version that did not count says nothing.
fn numbers(of_runs: impl Iterator<Item = Option<u64>>) -> String {
    let mut told: Vec<String> = Vec::new();
    for number in of_runs.flatten() {
        let text = count(number as usize);
        if !told.contains(&text) {
            told.push(text);
        }
    }
    if told.is_empty() {
        MISSING.to_owned()
    } else {
        told.join(" | ")
    }
}

fn bands_ui(ui: &mut Ui, shown: &[Shown], bands: &[Vec<BandScore>]) {
    let mut header = StickyHeader::default();
    let table = Grid::new("evaluate_bands")
        .striped(true)
        .spacing([12.0, 4.0])
        .show(ui, |ui| {
            run_names_ui(ui, &mut header, shown, (1, 3));
            header.weak(ui, "Distance to a boundary", Hint::Nothing);
            for _ in shown {
                header.weak(ui, "mIoU", Hint::Nothing);
                let hint = "Share of the pixels of the band that are right";
                header.weak(ui, "accuracy", Hint::Text(hint.to_owned()));
                let hint = "The same of the pixels that the next narrower band does not have: how accuracy grows with \
                            the distance";
                header.weak(ui, "of the ring", Hint::Text(hint.to_owned()));
            }
            ui.end_row();
            let rows = bands.first().map_or(0, Vec::len);
            for row in 0..rows {
                let name = bands[0][row].width.map_or_else(
                    || "whole images".to_owned(),
                    |width| format!("up to {width} px"),
                );
                let pixels = numbers(bands.iter().map(|bands| Some(bands[row].pixels)));
                ui.label(name).on_hover_text(format!("{pixels} labeled pixels"));
                for bands in bands {
                    let band = &bands[row];
                    for share in [band.mean_iu, band.pixel_accuracy, band.ring_accuracy] {
                        ui.label(RichText::new(percent(share)).monospace());
                    }
                }
                ui.end_row();
            }
        });
    header.stay(ui, table.response.rect);
}

fn objects_ui(ui: &mut Ui, shown: &[Shown]) {
    let scores: Vec<_> = shown
        .iter()
        .map(|shown| shown.kept.evaluation.objects())
        .collect();
    let mut header = StickyHeader::default();
    let table = Grid::new("evaluate_objects")
        .striped(true)
        .spacing([12.0, 4.0])
        .show(ui, |ui| {
            run_names_ui(ui, &mut header, shown, (2, 2));
            header.weak(ui, "Objects", Hint::Nothing);
            header.weak(ui, "Number", Hint::Nothing);
            for _ in shown {
                header.weak(ui, "found", Hint::Nothing);
                let hint = "Mean accuracy over the classes of these objects";
                header.weak(ui, "mean acc.", Hint::Text(hint.to_owned()));
            }
            ui.end_row();
            for (row, size) in ObjectSize::ALL.into_iter().enumerate() {
                ui.label(format!("{size}, {}", size.range()));
                ui.label(numbers(scores.iter().map(|scores| scores[row].objects)));
                for scores in &scores {
                    let score = &scores[row];
                    ui.label(RichText::new(percent(score.found)).monospace());
                    ui.label(RichText::new(percent(score.mean_accuracy)).monospace());
                }
                ui.end_row();
            }
        });
    header.stay(ui, table.response.rect);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_other_images_are_told_apart() {
        let told = |of_runs: &[Option<u64>]| numbers(of_runs.iter().copied());
        assert_eq!(told(&[Some(1200), Some(1200), None]), "1,200");
        assert_eq!(told(&[Some(644), Some(795)]), "644 | 795");
        assert_eq!(told(&[None, None]), MISSING);
    }
}
