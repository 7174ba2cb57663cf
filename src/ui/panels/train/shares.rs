//! How often each class is predicted, beside how often it is there.

use eframe::egui::{CollapsingHeader, Grid, RichText, Ui};

use crate::engine::{ActiveRun, ClassShares, Engine};
use crate::ui::theme;
use crate::ui::view_model::format;

/// Share of the pixels from which on a class that is never predicted is marked.
const WORTH_A_MARK: f64 = 0.001;

/// The shares of the newest masks of a run, behind one line.
pub fn shares_ui(engine: &Engine, ui: &mut Ui, active: &ActiveRun) {
    let Some((step, shares)) = &active.shares else {
        return;
    };
    let Some(run) = engine.run(&active.run) else {
        return;
    };
    let missing = missing(shares);
    let title = match missing.len() {
        0 => "Predicted classes".to_owned(),
        1 => "Predicted classes · 1 never".to_owned(),
        count => format!("Predicted classes · {count} never"),
    };
    // The title changes; what it opens stays open.
    CollapsingHeader::new(RichText::new(title).small())
        .id_salt("predicted classes")
        .show_unindented(ui, |ui| {
            ui.weak(format!("Share of the pixels at step {step}"));
            Grid::new("class shares").striped(true).show(ui, |ui| {
                for heading in ["Class", "Predicted", "True"] {
                    ui.weak(heading);
                }
                ui.end_row();
                for (label, class) in run.classes.iter().enumerate() {
                    let of = |shares: &Vec<f64>| format::percent(shares.get(label).copied());
                    let [predicted, truth] = [of(&shares.predicted), of(&shares.truth)];
                    let row = format!("{}: {predicted} predicted, {truth} true", class.name);
                    let name = if missing.contains(&label) {
                        RichText::new(&class.name).color(theme::palette(ui.visuals()).warning)
                    } else {
                        RichText::new(&class.name)
                    };
                    ui.label(name).accessible_name(row);
                    ui.label(predicted);
                    ui.label(truth);
                    ui.end_row();
                }
            });
        })
        .header_response
        .on_hover_text(
            "How much of the labeled pixels the network gives to each class, and how much the masks have: of \
             training batches in the first hundred steps, then of the validation. A class that is \
             never predicted late in a run needs more weight or more images",
        );
}

/// Classes that the masks have and the network never predicts.
fn missing(shares: &ClassShares) -> Vec<usize> {
    let both = shares.truth.iter().zip(&shares.predicted);
    both.enumerate()
        .filter(|(_, (truth, predicted))| **truth >= WORTH_A_MARK && **predicted == 0.0)
        .map(|(label, _)| label)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_are_there_and_never_predicted_are_marked() {
        let shares = ClassShares {
            truth: vec![0.5, 0.4, 0.0995, 0.0005],
            predicted: vec![0.9, 0.0, 0.1, 0.0],
        };
        assert_eq!(missing(&shares), [1]);
    }
}
