//! The scores of one pixel as rows of bars.

use eframe::egui::{
    self, Align, Align2, CornerRadius, FontId, Layout, Rect, Response, Sense, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};

use crate::engine::{ClassList, Explanation, PixelScores};
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::theme;
use crate::ui::ui_ext::{SWATCH, UiExt as _};
use crate::ui::view_model::contribution_bar::{reach, segments};
use crate::ui::view_model::format::percent;
use crate::ui::view_model::mask::Pixel;

/// Classes shown; the others are less likely.
const MAX_ROWS: usize = 8;
const NAME_WIDTH: f32 = 92.0;
const SHARE_WIDTH: f32 = 56.0;
const LOGIT_WIDTH: f32 = 50.0;
const PART_WIDTH: f32 = 50.0;
const MIN_BAR: f32 = 60.0;
const GAP: f32 = 4.0;
/// Between the numbers and the bars: the last heading and the lowest value of the scale are side by side.
const BEFORE_BAR: f32 = 10.0;
const BAR_HEIGHT: f32 = 13.0;

/// Which color is which score layer.
fn legend_ui(ui: &mut Ui, sources: &[&str]) {
    ui.weak("Score from").tells_and_teaches(
        "The logit of a class is the sum of what the score layers on these maps add to it; upsampling and adding \
         are linear, so the parts are exact",
        Term::ScoreLayer,
    );
    for (part, source) in sources.iter().enumerate() {
        ui.swatch(theme::source_color(part));
        ui.label(*source);
    }
}

/// The most likely classes of a pixel, each with its probability and the parts of its logit.
pub fn scores_ui(
    ui: &mut Ui,
    explanation: &Explanation,
    classes: &ClassList,
    pixel: Pixel,
    scores: &PixelScores,
) {
    head_ui(ui, explanation, pixel, scores);
    let ranking = scores.ranking();
    let shown = &ranking[..ranking.len().min(MAX_ROWS)];
    let parts = |label: &u8| scores.classes[usize::from(*label)].contributions.as_slice();
    let reach = reach(shown.iter().map(parts));
    let table = Table::new(ui.available_width(), explanation.sources(), reach);
    table.header_ui(ui);
    for &label in shown {
        table.row_ui(ui, classes, scores, label);
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

/// What the colors are, how unsure the network is of the pixel, and what it sees of the image.
fn head_ui(ui: &mut Ui, explanation: &Explanation, pixel: Pixel, scores: &PixelScores) {
    ui.horizontal_wrapped(|ui| {
        legend_ui(ui, &explanation.sources());
        ui.weak("·");
        let most = (scores.classes.len() as f64).log2();
        ui.weak(format!("Entropy {:.2} of {most:.2} bits", scores.entropy))
            .on_hover_text(
                "How unsure the network is of this pixel: 0 = sure of one class, the largest value = all classes \
                 are as likely",
            );
        ui.weak("·");
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
        if explanation.size() != explanation.image_size {
            ui.weak("·");
            ui.weak(format!("Scores computed at {}", explanation.size()))
                .on_hover_text("At the size of the image they would take too much memory");
        }
    });
}

/// The columns of the classes of a pixel.
struct Table {
    sources: Vec<&'static str>,
    /// The largest distance from zero of a bar.
    reach: f32,
    /// Whether the parts have room as numbers beside the bars.
    has_numbers: bool,
}

impl Table {
    fn new(width: f32, sources: Vec<&'static str>, reach: f32) -> Self {
        let numbers = (PART_WIDTH + GAP) * sources.len() as f32;
        let others = SWATCH.x + NAME_WIDTH + SHARE_WIDTH + LOGIT_WIDTH + 4.0 * GAP + BEFORE_BAR;
        Self {
            has_numbers: width - others - numbers >= MIN_BAR,
            sources,
            reach,
        }
    }

    fn header_ui(&self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            ui.add_space(SWATCH.x);
            weak_cell(ui, NAME_WIDTH, "Class", false);
            weak_cell(ui, SHARE_WIDTH, "Prob.", true).on_hover_text("Softmax of the logits");
            weak_cell(ui, LOGIT_WIDTH, "Logit", true)
                .on_hover_text("The score of the class: the sum of the parts");
            if self.has_numbers {
                for source in &self.sources {
                    weak_cell(ui, PART_WIDTH, source, true)
                        .on_hover_text("What the score layer on this map adds to the logit");
                }
            }
            ui.add_space(BEFORE_BAR);
            let width = ui.available_width().max(MIN_BAR);
            let height = ui.spacing().interact_size.y;
            let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
            let color = ui.visuals().weak_text_color();
            let font = FontId::proportional(11.0);
            let ends = [
                (
                    rect.left_center(),
                    Align2::LEFT_CENTER,
                    format!("-{:.1}", self.reach),
                ),
                (rect.center(), Align2::CENTER_CENTER, "0".to_owned()),
                (
                    rect.right_center(),
                    Align2::RIGHT_CENTER,
                    format!("+{:.1}", self.reach),
                ),
            ];
            for (place, align, text) in ends {
                ui.painter().text(place, align, text, font.clone(), color);
            }
            let text = format!("Bars from -{0:.1} to +{0:.1}", self.reach);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &text));
            response.on_hover_text("The scale of the bars: what lowers the score lies left of 0");
        });
    }

    fn row_ui(&self, ui: &mut Ui, classes: &ClassList, scores: &PixelScores, label: u8) {
        let class = &scores.classes[usize::from(label)];
        let name = classes.name(label);
        let parts = self.sources.iter().zip(&class.contributions);
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
            ui.spacing_mut().item_spacing.x = GAP;
            ui.swatch(theme::class_color(classes.color(label)));
            let height = ui.spacing().interact_size.y;
            let left = Layout::left_to_right(Align::Center);
            ui.allocate_ui_with_layout(vec2(NAME_WIDTH, height), left, |ui| {
                ui.set_min_width(NAME_WIDTH);
                ui.truncated(name, name);
            });
            cell(ui, SHARE_WIDTH, &percent(Some(class.probability)));
            cell(ui, LOGIT_WIDTH, &format!("{:.2}", class.logit));
            if self.has_numbers {
                for value in &class.contributions {
                    cell(ui, PART_WIDTH, &format!("{value:+.2}"));
                }
            }
            ui.add_space(BEFORE_BAR);
            let size = vec2(ui.available_width().max(MIN_BAR), BAR_HEIGHT);
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            bar(ui, rect, &class.contributions, self.reach);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &text));
            response.on_hover_text(text);
        });
    }
}

/// A number at the right end of its column.
fn cell(ui: &mut Ui, width: f32, text: &str) {
    let right = Layout::right_to_left(Align::Center);
    ui.allocate_ui_with_layout(vec2(width, ui.spacing().interact_size.y), right, |ui| {
        ui.set_min_width(width);
        ui.label(text);
    });
}

fn weak_cell(ui: &mut Ui, width: f32, text: &str, is_right: bool) -> Response {
    let layout = if is_right {
        Layout::right_to_left(Align::Center)
    } else {
        Layout::left_to_right(Align::Center)
    };
    ui.allocate_ui_with_layout(vec2(width, ui.spacing().interact_size.y), layout, |ui| {
        ui.set_min_width(width);
        ui.weak(text)
    })
    .inner
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
