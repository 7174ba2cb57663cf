//! The texts below the panes: whole in as many lines as they need, equally high for all panes.

use eframe::egui::accesskit::Role;
use eframe::egui::text::LayoutJob;
use eframe::egui::{Color32, FontSelection, Label, Ui, WidgetInfo};

use super::pane::{Pane, PaneKind, PaneState};

/// More lines would take the room of the images; what does not fit is in the tooltip.
const TITLE_LINES: usize = 3;
const DETAIL_LINES: usize = 4;
/// Between the parts of a detail.
const SEPARATOR: &str = " · ";
/// As long as scores get.
const WIDEST_SCORES: &str = "mIoU 100.0 % · pixel acc. 100.0 %";

/// Height of the highest caption of `panes`, each `width` points wide. Networks have room for
/// scores as long as they get, so that images do not move when they come.
pub fn caption_height<'a>(ui: &Ui, panes: impl Iterator<Item = &'a Pane>, width: f32) -> f32 {
    let height = |mut job: LayoutJob| {
        job.wrap.max_width = width;
        ui.painter().layout_job(job).size().y
    };
    panes
        .map(|pane| {
            let details = [widest_detail_of(pane), detail_of(pane)];
            let highest = details.map(|text| height(detail(ui, &text, width)));
            height(title(ui, pane)) + highest[0].max(highest[1])
        })
        .fold(0.0, f32::max)
}

/// The caption of a pane.
pub fn caption_ui(ui: &mut Ui, pane: &Pane) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let text = detail_of(pane);
    let whole = format!("{}\n{text}", pane.title);
    let lines = detail(ui, &text, ui.available_width());
    for (job, name) in [(title(ui, pane), &pane.title), (lines, &text)] {
        let label = Label::new(job).wrap().show_tooltip_when_elided(false);
        let response = ui.add(label).on_hover_text(&whole);
        // As it is where nothing is broken or cut.
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    }
}

fn detail_of(pane: &Pane) -> String {
    match pane.state {
        PaneState::NoWeights => format!("{} · no weights yet", pane.detail),
        _ => pane.detail.clone(),
    }
}

fn widest_detail_of(pane: &Pane) -> String {
    match pane.kind {
        PaneKind::Network(_) => format!("{WIDEST_SCORES}{SEPARATOR}{}", pane.about),
        _ => detail_of(pane),
    }
}

fn title(ui: &Ui, pane: &Pane) -> LayoutJob {
    let color = ui.visuals().strong_text_color();
    job(ui, pane.title.clone(), color, TITLE_LINES)
}

/// Its parts go to the next line as a whole where they do not fit in this one.
fn detail(ui: &Ui, text: &str, width: f32) -> LayoutJob {
    let color = ui.visuals().text_color();
    let fits = |text: &str| {
        let job = job(ui, text.to_owned(), color, 1);
        ui.painter().layout_job(job).size().x <= width
    };
    let mut lines: Vec<String> = Vec::new();
    for part in text.split(SEPARATOR) {
        match lines.last_mut() {
            Some(line) if fits(&format!("{line}{SEPARATOR}{part}")) => {
                *line = format!("{line}{SEPARATOR}{part}");
            }
            _ => lines.push(part.to_owned()),
        }
    }
    job(ui, lines.join("\n"), color, DETAIL_LINES)
}

fn job(ui: &Ui, text: String, color: Color32, most_lines: usize) -> LayoutJob {
    let font = FontSelection::Default.resolve(ui.style());
    let mut job = LayoutJob::simple(text, font, color, f32::INFINITY);
    job.wrap.max_rows = most_lines;
    job
}

#[cfg(test)]
mod tests {
    use eframe::egui::{CentralPanel, Context, RawInput};

    use super::*;
    use crate::engine::RunWeights;
    use crate::ui::view_model::prediction_cache::Wait;

    fn network(detail: &str, state: PaneState) -> Pane {
        Pane {
            kind: PaneKind::Network(RunWeights::best("a")),
            title: "FCN-8s, 2026-11-29 14:05:01, step 400".to_owned(),
            about: "VGG16 slim".to_owned(),
            detail: detail.to_owned(),
            classes: None,
            state,
        }
    }

    fn in_ui(check: impl Fn(&mut Ui)) {
        Context::default()
            .run_ui(RawInput::default(), |ui| {
                CentralPanel::default().show(ui, |ui| check(ui));
            })
            .drop_without_applying_deltas();
    }

    #[test]
    fn captions_of_narrow_panes_are_whole() {
        let pane = network(
            "mIoU 59.0 % · pixel acc. 86.2 % · VGG16 slim",
            PaneState::Plain,
        );
        in_ui(|ui| {
            let wide = caption_height(ui, [&pane].into_iter(), 600.0);
            // As wide as six panes beside each other in the smallest window.
            let narrow = caption_height(ui, [&pane].into_iter(), 110.0);
            assert!(narrow > wide, "{narrow} is not more than {wide}");
            let detail = |width| detail(ui, &detail_of(&pane), width);
            for mut job in [title(ui, &pane), detail(110.0)] {
                job.wrap.max_width = 110.0;
                let galley = ui.painter().layout_job(job);
                assert!(!galley.elided, "{}", galley.text());
            }
            assert_eq!(
                detail(130.0).text,
                "mIoU 59.0 %\npixel acc. 86.2 %\nVGG16 slim"
            );
            assert_eq!(detail(600.0).text, pane.detail);
        });
    }

    #[test]
    fn images_do_not_move_when_scores_come() {
        let scored = network(
            "mIoU 59.0 % · pixel acc. 86.2 % · VGG16 slim",
            PaneState::Plain,
        );
        let waiting = network("VGG16 slim", PaneState::Running(Wait::default()));
        in_ui(|ui| {
            for width in (80..700).map(|width| width as f32) {
                let [before, after] =
                    [&waiting, &scored].map(|pane| caption_height(ui, [pane].into_iter(), width));
                assert_eq!(before, after, "{width} wide");
            }
        });
    }
}
