//! The documents in a window of their own: they come with the program, and explain its words.

mod markdown;

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{
    self, Align, ComboBox, FontId, Frame, Label, ScrollArea, TextStyle, Ui, Window, vec2,
};
use strum::VariantArray;

use self::markdown::{Block, Span, SpanKind, blocks, spans};
use super::theme;

const SIZE: [f32; 2] = [720.0, 560.0];

/// A document for users.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, VariantArray)]
pub enum Document {
    #[default]
    Recipes,
    Data,
    Networks,
    Inspect,
    Devices,
    CommandLine,
    Benchmarks,
}

impl Document {
    /// What it is about.
    pub fn title(self) -> &'static str {
        match self {
            Self::Recipes => "Recipes, settings and scores",
            Self::Data => "Data",
            Self::Networks => "Networks and weights",
            Self::Inspect => "Inspect, Compare and Look inside",
            Self::Devices => "Devices",
            Self::CommandLine => "Command line",
            Self::Benchmarks => "Benchmarks",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Recipes => include_str!("../../../docs/recipes.md"),
            Self::Data => include_str!("../../../docs/data.md"),
            Self::Networks => include_str!("../../../docs/networks-and-weights.md"),
            Self::Inspect => include_str!("../../../docs/inspect-and-compare.md"),
            Self::Devices => include_str!("../../../docs/devices.md"),
            Self::CommandLine => include_str!("../../../docs/cli.md"),
            Self::Benchmarks => include_str!("../../../docs/benchmarks.md"),
        }
    }

    /// Whether it has a heading of this text.
    #[cfg(test)]
    pub fn has(self, heading: &str) -> bool {
        let is_it = |block: &Block| matches!(block, Block::Heading(_, text) if text == heading);
        blocks(self.text()).iter().any(is_it)
    }
}

/// A place in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentPlace {
    pub document: Document,
    /// The text of the heading.
    pub heading: &'static str,
}

/// Opens a document at a place. The window looks for it in its next frame, so that tooltips need no more than
/// a context for it.
pub fn open_document(ctx: &egui::Context, place: DocumentPlace) {
    ctx.data_mut(|data| data.insert_temp(asked_id(), Some(place)));
    ctx.request_repaint();
}

fn asked_id() -> egui::Id {
    egui::Id::unique("document that is asked for")
}

/// The window.
#[derive(Default)]
pub struct DocumentsWindow {
    pub open: bool,
    document: Document,
    /// The blocks of a document.
    parsed: Option<(Document, Vec<Block>)>,
    /// The heading to scroll to.
    wanted: Option<String>,
}

impl DocumentsWindow {
    /// Draws the window where it is open.
    pub fn ui(&mut self, ctx: &egui::Context) {
        let asked = ctx.data_mut(|data| data.remove_temp::<Option<DocumentPlace>>(asked_id()));
        if let Some(place) = asked.flatten() {
            self.open = true;
            self.document = place.document;
            self.wanted = Some(place.heading.to_owned());
        }
        if self
            .parsed
            .as_ref()
            .is_none_or(|(known, _)| *known != self.document)
        {
            self.parsed = self
                .open
                .then(|| (self.document, blocks(self.document.text())));
        }
        let mut open = self.open;
        Window::new("Documents")
            .open(&mut open)
            .collapsible(false)
            .default_size(SIZE)
            .min_size([320.0, 200.0])
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(ctx.content_rect().center())
            .constrain(true)
            .show(ctx, |ui| self.contents_ui(ui));
        self.open = open;
    }

    fn contents_ui(&mut self, ui: &mut Ui) {
        let Self {
            document,
            parsed,
            wanted,
            ..
        } = self;
        let blocks = parsed.as_ref().map_or(&[][..], |(_, blocks)| blocks);
        ui.horizontal_wrapped(|ui| {
            let name = ui.label("Document");
            ComboBox::from_id_salt("document")
                .width(230.0)
                .selected_text(document.title())
                .show_ui(ui, |ui| {
                    for which in Document::VARIANTS {
                        if ui
                            .selectable_value(document, *which, which.title())
                            .changed()
                        {
                            *wanted = None;
                        }
                    }
                })
                .response
                .labelled_by(name.id);
            let name = ui.label("Section");
            ComboBox::from_id_salt("section")
                .width(230.0)
                .height(380.0)
                .selected_text("Go to…")
                .show_ui(ui, |ui| {
                    for block in blocks {
                        if let Block::Heading(level, text) = block {
                            let indent = "   ".repeat(level.saturating_sub(1));
                            if ui
                                .selectable_label(false, format!("{indent}{text}"))
                                .clicked()
                            {
                                *wanted = Some(text.clone());
                            }
                        }
                    }
                })
                .response
                .labelled_by(name.id);
        });
        ui.separator();
        ScrollArea::vertical()
            .id_salt(document.title())
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 7.0;
                for block in blocks {
                    block_ui(ui, block, wanted);
                }
            });
    }
}

fn block_ui(ui: &mut Ui, block: &Block, wanted: &mut Option<String>) {
    match block {
        Block::Heading(level, text) => {
            let size = [22.0, 18.0, 15.5, 14.0][(level - 1).min(3)];
            ui.add_space(4.0);
            let text_of = egui::RichText::new(text).strong().size(size);
            let response = ui.add(Label::new(text_of).wrap());
            if wanted.as_ref() == Some(text) {
                response.scroll_to_me(Some(Align::TOP));
                *wanted = None;
            }
        }
        Block::Paragraph(text) => text_ui(ui, &[&spans(text)]),
        Block::Entry(mark, text) => {
            ui.horizontal_top(|ui| {
                ui.label(mark);
                text_ui(ui, &[&spans(text)]);
            });
        }
        Block::Code(text) => {
            Frame::new()
                .fill(ui.visuals().extreme_bg_color)
                .corner_radius(4)
                .inner_margin(6)
                .show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    ui.add(Label::new(egui::RichText::new(text).monospace()).wrap());
                });
        }
        Block::Row { cells, is_header } => row_ui(ui, cells, *is_header),
    }
}

/// A row of a table: its first cell, and the others behind it.
fn row_ui(ui: &mut Ui, cells: &[String], is_header: bool) {
    let Some((first, others)) = cells.split_first() else {
        return;
    };
    if is_header {
        let text = cells.iter().filter(|cell| !cell.is_empty()).cloned();
        ui.weak(text.collect::<Vec<_>>().join("  ·  "));
        return;
    }
    let others: Vec<_> = others
        .iter()
        .filter(|cell| !cell.is_empty())
        .cloned()
        .collect();
    let first = spans(first);
    let colon = [Span {
        text: ":  ".to_owned(),
        kind: SpanKind::Plain,
    }];
    let others = spans(&others.join("  ·  "));
    ui.indent("row", |ui| {
        ui.set_width(ui.available_width());
        text_ui(ui, &[&first, &colon, &others]);
    });
}

/// Spans one behind the other, as a text that is wrapped.
fn text_ui(ui: &mut Ui, parts: &[&[Span]]) {
    let body = TextStyle::Body.resolve(ui.style());
    let visuals = ui.visuals();
    let (plain, strong) = (visuals.text_color(), visuals.strong_text_color());
    let (code, link) = (visuals.code_bg_color, theme::palette(visuals).info);
    let mut job = LayoutJob::default();
    for span in parts.iter().copied().flatten() {
        let mut format = TextFormat::simple(body.clone(), plain);
        match span.kind {
            SpanKind::Plain => {}
            SpanKind::Code => {
                format.font_id = FontId::monospace(body.size - 1.0);
                format.background = code;
            }
            SpanKind::Strong => format.color = strong,
            SpanKind::Emphasis => format.italics = true,
            SpanKind::Link => format.color = link,
        }
        job.append(&span.text, 0.0, format);
    }
    ui.allocate_ui(vec2(ui.available_width(), 0.0), |ui| {
        ui.add(Label::new(job).wrap());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_has_a_title_and_sections() {
        for document in Document::VARIANTS {
            let blocks = blocks(document.text());
            assert!(
                matches!(blocks.first(), Some(Block::Heading(1, _))),
                "{document:?}"
            );
            let sections = blocks
                .iter()
                .filter(|block| matches!(block, Block::Heading(2, _)));
            assert!(sections.count() > 2, "{document:?}");
        }
    }
}
