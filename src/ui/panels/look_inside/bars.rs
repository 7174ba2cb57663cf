//! The scores of one pixel as rows of bars.

use eframe::egui::{
    self, Align, CornerRadius, Layout, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use crate::engine::{ClassList, Explanation, PixelScores};
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::contribution_bar::{reach, segments};
use crate::ui::view_model::format::percent;
use crate::ui::view_model::mask::Pixel;

/// Classes shown; the others are less likely.
const MAX_ROWS: usize = 8;
const NAME_WIDTH: f32 = 92.0;
const SHARE_WIDTH: f32 = 56.0;
const BAR_HEIGHT: f32 = 13.0;

/// Which color is which score layer.
pub fn legend_ui(ui: &mut Ui, sources: &[&str]) {
    ui.horizontal_wrapped(|ui| {
        ui.weak("Score from").tells_and_teaches(
            "The logit of a class is the sum of what the score layers on these maps add to it; upsampling and \
             adding are linear, so the parts are exact",
            Term::ScoreLayer,
        );
        for (part, source) in sources.iter().enumerate() {
            ui.swatch(theme::source_color(part));
            ui.label(*source);
        }
    });
}

/// The most likely classes of a pixel, each with its probability and the parts of its logit.
pub fn scores_ui(
    ui: &mut Ui,
    explanation: &Explanation,
    classes: &ClassList,
    pixel: Pixel,
    scores: &PixelScores,
) {
    let most = (scores.classes.len() as f64).log2();
    ui.weak(format!("Entropy {:.2} of {most:.2} bits", scores.entropy))
        .on_hover_text(
            "How unsure the network is of this pixel: 0 = sure of one class, the largest value = all classes \
             are as likely",
        );
    let fields = explanation.receptive_fields(pixel.x, pixel.y);
    let fields = explanation.sources().into_iter().zip(fields);
    let fields: Vec<String> = fields
        .map(|(source, field)| format!("{source} {}", field.size()))
        .collect();
    ui.weak(format!("Sees by {} px", fields.join(", "))).tells_and_teaches(
        "The receptive fields inside the image; Inspect shows their outlines. How strong the influence is falls \
         off from the middle: Effective field shows that",
        Term::ReceptiveField,
    );
    if explanation.size() != explanation.image.size() {
        ui.weak(format!("Scores computed at {}", explanation.size()))
            .on_hover_text("At the size of the image they would take too much memory");
    }
    let ranking = scores.ranking();
    let shown = &ranking[..ranking.len().min(MAX_ROWS)];
    let parts = |label: &u8| scores.classes[usize::from(*label)].contributions.as_slice();
    let reach = reach(shown.iter().map(parts));
    for &label in shown {
        row_ui(ui, (explanation, classes), scores, label, reach);
    }
    if ranking.len() > shown.len() {
        let rest: f64 = ranking[shown.len()..]
            .iter()
            .map(|label| scores.classes[usize::from(*label)].probability)
            .sum();
        let count = ranking.len() - shown.len();
        ui.weak(format!("{count} more classes: {}", percent(Some(rest))));
    }
}

fn row_ui(
    ui: &mut Ui,
    (explanation, classes): (&Explanation, &ClassList),
    scores: &PixelScores,
    label: u8,
    reach: f32,
) {
    let class = &scores.classes[usize::from(label)];
    let sources = explanation.sources();
    let name = classes.name(label);
    let parts = sources.iter().zip(&class.contributions);
    let parts: Vec<String> = parts
        .map(|(source, value)| format!("{source} {value:+.3}"))
        .collect();
    let text = format!(
        "{name}: {}, logit {:.3} = {}",
        percent(Some(class.probability)),
        class.logit,
        parts.join(", ")
    );
    ui.horizontal(|ui| {
        ui.swatch(theme::class_color(classes.color(label)));
        let height = ui.spacing().interact_size.y;
        ui.allocate_ui_with_layout(
            vec2(NAME_WIDTH, height),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.set_min_width(NAME_WIDTH);
                ui.truncated(name, name);
            },
        );
        ui.allocate_ui_with_layout(
            vec2(SHARE_WIDTH, height),
            Layout::right_to_left(Align::Center),
            |ui| {
                ui.set_min_width(SHARE_WIDTH);
                ui.label(percent(Some(class.probability)));
            },
        );
        let size = vec2(ui.available_width().max(60.0), BAR_HEIGHT);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        bar(ui, rect, &class.contributions, reach);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &text));
        response.on_hover_text(text);
    });
}

/// The bar of one class; zero is in the middle, and a line marks the sum.
fn bar(ui: &Ui, rect: Rect, parts: &[f32], reach: f32) {
    let palette = theme::palette(ui.visuals());
    let painter = ui.painter();
    painter.rect_filled(rect, CornerRadius::same(2), palette.well);
    let x = |value: f32| rect.center().x + value / reach * rect.width() / 2.0;
    for segment in segments(parts) {
        let area = Rect::from_min_max(
            pos2(x(segment.range.start), rect.top() + 1.0),
            pos2(x(segment.range.end), rect.bottom() - 1.0),
        );
        painter.rect_filled(area, CornerRadius::ZERO, theme::source_color(segment.part));
    }
    let line = |value: f32, color| {
        painter.vline(x(value), rect.y_range(), Stroke::new(1.5, color));
    };
    line(0.0, palette.outline);
    line(parts.iter().sum(), ui.visuals().strong_text_color());
}
