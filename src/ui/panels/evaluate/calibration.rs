//! The reliability diagram: whether a network is right as often as it is sure.

use eframe::egui::{Grid, Label, RichText, Ui, vec2};

use super::Shown;
use super::plot::{Axes, Curve, curves_ui, legend_ui};
use crate::engine::CalibrationBin;
use crate::ui::sticky_header::{Hint, StickyHeader};
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::{count, percent};

/// Heights of the diagram.
const MIN_SIDE: f32 = 170.0;
const MAX_SIDE: f32 = 520.0;
/// Room for the text below it.
const HINT: f32 = 50.0;

/// Draws the diagram, and below it the numbers.
pub fn ui(ui: &mut Ui, shown: &[Shown]) {
    let found: Vec<(&Shown, Vec<CalibrationBin>, f64)> = shown
        .iter()
        .filter_map(|shown| {
            let (bins, error) = shown.kept.evaluation.counts.calibration()?;
            Some((shown, bins, error))
        })
        .collect();
    if found.is_empty() {
        let hint = "No pixel of the list is labeled";
        ui.empty_state("Nothing to calibrate", hint, |_| {});
        return;
    }
    legend_ui(
        ui,
        found.iter().map(|(shown, _, error)| {
            let text = format!("expected calibration error {}", percent(Some(*error)));
            (shown.slot, shown.label.as_str(), text)
        }),
    );
    let curve = |(shown, bins, _): &(&Shown, Vec<CalibrationBin>, f64)| Curve {
        name: shown.label.clone(),
        slot: shown.slot,
        points: bins
            .iter()
            .filter_map(|bin| Some([bin.confidence?, bin.accuracy?]))
            .collect(),
    };
    let curves: Vec<Curve> = found.iter().map(curve).collect();
    let axes = Axes {
        name: "Reliability diagram",
        x_label: "confidence (probability of the predicted class)",
        y_label: "accuracy",
        x: [0.0, 1.0],
        x_is_share: true,
        top: 1.0,
        diagonal: true,
    };
    // All of it in sight, with the hint below.
    let height = (ui.available_height() - HINT).clamp(MIN_SIDE, MAX_SIDE);
    let width = ui.available_width().min(height * 1.4);
    curves_ui(ui, &axes, &curves, vec2(width, height));
    let hint = "Labeled pixels in 15 bins of equal width by their confidence (Guo et al. 2017). On the dashed line a \
                network is right as often as it says; below it, it is too sure. The expected calibration error is \
                the distance from the line, mean over the pixels.";
    ui.add(Label::new(RichText::new(hint).weak()).wrap());
    let mut header = StickyHeader::default();
    let table = Grid::new("evaluate_calibration")
        .striped(true)
        .spacing([18.0, 3.0])
        .show(ui, |ui| {
            header.weak(ui, "Confidence", Hint::Nothing);
            for (shown, ..) in &found {
                header.weak(ui, format!("{}: pixels", shown.label), Hint::Nothing);
                header.weak(ui, "mean confidence", Hint::Nothing);
                header.weak(ui, "accuracy", Hint::Nothing);
            }
            ui.end_row();
            let rows = found.first().map_or(0, |(_, bins, _)| bins.len());
            for row in 0..rows {
                let first = &found[0].1[row];
                ui.label(format!(
                    "{:.0} to {:.0} %",
                    first.from * 100.0,
                    first.to * 100.0
                ));
                for (_, bins, _) in &found {
                    let bin = &bins[row];
                    ui.label(count(bin.pixels as usize));
                    for share in [bin.confidence, bin.accuracy] {
                        ui.label(RichText::new(percent(share)).monospace());
                    }
                }
                ui.end_row();
            }
        });
    header.stay(ui, table.response.rect);
}
