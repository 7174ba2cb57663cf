//! Texts of the documents with their marks, and links that can be followed.

use eframe::egui::epaint::Galley;
use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{
    self, CursorIcon, FontId, Label, Rect, Response, Sense, Stroke, TextStyle, Ui, WidgetInfo,
    accesskit::Role, pos2, vec2,
};

use super::links::{Target, target};
use super::markdown::{Span, SpanKind};
use super::{Document, Followed};
use crate::ui::theme;

/// A text with its links.
pub struct Text {
    pub job: LayoutJob,
    links: Vec<Link>,
}

struct Link {
    /// Its place among the letters of the text.
    from: usize,
    to: usize,
    name: String,
    target: Target,
}

impl Text {
    /// Spans one behind the other, of a document; those of a header are strong.
    pub fn new(ui: &Ui, spans: &[Span], document: Document, is_header: bool) -> Self {
        let body = TextStyle::Body.resolve(ui.style());
        let visuals = ui.visuals();
        let (plain, strong) = (visuals.text_color(), visuals.strong_text_color());
        let (code, link) = (visuals.code_bg_color, theme::palette(visuals).info);
        let mut job = LayoutJob::default();
        let mut links = Vec::new();
        let mut letters = 0;
        for span in spans {
            let color = if is_header { strong } else { plain };
            let mut format = TextFormat::simple(body.clone(), color);
            let from = letters;
            letters += span.text.chars().count();
            match &span.kind {
                SpanKind::Plain => {}
                SpanKind::Code => {
                    format.font_id = FontId::monospace(body.size - 1.0);
                    format.background = code;
                }
                SpanKind::Strong => format.color = strong,
                SpanKind::Emphasis => format.italics = true,
                SpanKind::Link(address) => {
                    // What leads out of the documents, such as to the source, is a name here.
                    if let Some(target) = target(document, address) {
                        format.color = link;
                        links.push(Link {
                            from,
                            to: letters,
                            name: span.text.clone(),
                            target,
                        });
                    }
                }
            }
            job.append(&span.text, 0.0, format);
        }
        Self { job, links }
    }

    /// Whether there is a link in it.
    pub fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    /// How wide it is in one line, in points.
    pub fn width(&self, ui: &Ui) -> f32 {
        let mut job = self.job.clone();
        job.wrap.max_width = f32::INFINITY;
        ui.painter().layout_job(job).size().x
    }

    /// How high it is within `width` points.
    pub fn height(&self, ui: &Ui, width: f32) -> f32 {
        self.galley(ui, width).size().y
    }

    fn galley(&self, ui: &Ui, width: f32) -> std::sync::Arc<Galley> {
        let mut job = self.job.clone();
        job.wrap.max_width = width;
        ui.painter().layout_job(job)
    }

    /// Shows it, wrapped at the available width; what is followed comes into `followed`.
    pub fn ui(self, ui: &mut Ui, followed: &mut Followed) -> Response {
        let width = ui.available_width();
        let size = vec2(width, 0.0);
        let places = (!self.links.is_empty()).then(|| self.galley(ui, width));
        ui.allocate_ui(size, |ui| {
            let response = ui.add(Label::new(self.job).wrap());
            let Some(galley) = places else {
                return response;
            };
            for (number, link) in self.links.into_iter().enumerate() {
                for (row, place) in places_of(&galley, link.from, link.to)
                    .into_iter()
                    .enumerate()
                {
                    let place = place.translate(response.rect.min.to_vec2());
                    let id = response.id.with((number, row));
                    if link_ui(ui, place, id, &link) {
                        *followed = Some(link.target.clone());
                    }
                }
            }
            response
        })
        .inner
    }
}

/// Where the letters from `from` to before `to` are in a text, line by line.
fn places_of(galley: &Galley, from: usize, to: usize) -> Vec<Rect> {
    let mut places = Vec::new();
    let mut first = 0;
    for row in &galley.rows {
        let glyphs = &row.row.glyphs;
        let [start, end] = [from, to].map(|at| at.clamp(first, first + glyphs.len()) - first);
        if start < end {
            let (left, right) = (glyphs[start].pos.x, glyphs[end - 1].max_x());
            places.push(Rect::from_min_max(
                row.pos + vec2(left, 0.0),
                pos2(row.pos.x + right, row.pos.y + row.row.size.y),
            ));
        }
        first += glyphs.len() + usize::from(row.ends_with_newline);
    }
    places
}

/// A piece of a link over the text of it; returns whether it was clicked.
fn link_ui(ui: &Ui, place: Rect, id: egui::Id, link: &Link) -> bool {
    let response = ui.interact(place, id, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, &link.name));
    if response.hovered() || response.has_focus() {
        let stroke = Stroke::new(1.0, theme::palette(ui.visuals()).info);
        ui.painter()
            .hline(place.x_range(), place.bottom() - 1.0, stroke);
    }
    response
        .on_hover_cursor(CursorIcon::PointingHand)
        .on_hover_text(link.target.text())
        .clicked()
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{Color32, Context, RawInput};

    #[test]
    fn a_link_over_two_lines_has_a_place_in_each() {
        let ctx = Context::default();
        ctx.run_ui(RawInput::default(), |ui| {
            let font = FontId::monospace(10.0);
            let mut job = LayoutJob::default();
            job.append(
                "see ",
                0.0,
                TextFormat::simple(font.clone(), Color32::WHITE),
            );
            job.append("aaaa bbbb", 0.0, TextFormat::simple(font, Color32::WHITE));
            job.wrap.max_width = f32::INFINITY;
            let one = ui.painter().layout_job(job.clone());
            let letter = one.size().x / 13.0;
            let near = |found: f32, letters: f32| (found - letters * letter).abs() < 1.0;
            let places = places_of(&one, 4, 13);
            assert_eq!(places.len(), 1);
            assert!(near(places[0].left(), 4.0) && near(places[0].right(), 13.0));

            // Room for "see aaaa " and not for more.
            job.wrap.max_width = 10.0 * letter;
            let two = ui.painter().layout_job(job);
            assert_eq!(two.rows.len(), 2);
            let places = places_of(&two, 4, 13);
            assert_eq!(places.len(), 2);
            assert!(near(places[0].left(), 4.0));
            assert!(near(places[1].left(), 0.0) && near(places[1].right(), 4.0));
            assert!(places[1].top() >= places[0].bottom() - 1.0);
            // Nothing of it is in the first line.
            assert_eq!(places_of(&two, 9, 13).len(), 1);
        })
        .drop_without_applying_deltas();
    }
}
