//! The documents in a window of their own: they come with the program, and explain its words.

mod links;
mod markdown;
mod table;
mod text;

use eframe::egui::{self, Align, ComboBox, Frame, Label, OpenUrl, ScrollArea, Ui, Window};
use strum::VariantArray;

use self::links::{Target, heading};
use self::markdown::{Block, Span, blocks, spans};
use self::table::table_ui;
use self::text::Text;
use super::focus::{focus_start, follow_focus};

const SIZE: [f32; 2] = [720.0, 560.0];

/// A block, and the spans of its text.
type WithSpans = (Block, Vec<Span>);

/// The link that was clicked.
type Followed = Option<Target>;

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

    /// The name of its file.
    fn file(self) -> &'static str {
        match self {
            Self::Recipes => "recipes.md",
            Self::Data => "data.md",
            Self::Networks => "networks-and-weights.md",
            Self::Inspect => "inspect-and-compare.md",
            Self::Devices => "devices.md",
            Self::CommandLine => "cli.md",
            Self::Benchmarks => "benchmarks.md",
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
    /// The blocks of a document, those of a text with its spans.
    parsed: Option<(Document, Vec<WithSpans>)>,
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
                .then(|| (self.document, with_spans(blocks(self.document.text()))));
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
            .show(ctx, |ui| {
                focus_start(ui);
                self.contents_ui(ui);
            });
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
                    for (block, _) in blocks {
                        if let Block::Heading(level, text) = block {
                            let indent = "   ".repeat(level.saturating_sub(1));
                            if ui
                                .selectable_label(
                                    false,
                                    format!("{indent}{}", text.replace('`', "")),
                                )
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
        let shown = parsed.as_ref().map_or(*document, |(shown, _)| *shown);
        let mut followed = None;
        ScrollArea::vertical()
            .id_salt(shown.title())
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 7.0;
                for (index, block) in blocks.iter().enumerate() {
                    block_ui(ui, block, (shown, index), (wanted, &mut followed));
                }
                follow_focus(ui);
            });
        match followed {
            Some(Target::Place(place, anchor)) => {
                *document = place;
                *wanted = heading(place, &anchor);
            }
            Some(Target::Web(address)) => ui.ctx().open_url(OpenUrl::new_tab(address)),
            None => {}
        }
    }
}

/// The blocks with the spans of those that are a text.
fn with_spans(blocks: Vec<Block>) -> Vec<WithSpans> {
    let with = |block| {
        let spans = match &block {
            Block::Paragraph(text) | Block::Entry(_, text) => spans(text),
            Block::Heading(..) | Block::Code(_) | Block::Table(_) => Vec::new(),
        };
        (block, spans)
    };
    blocks.into_iter().map(with).collect()
}

/// Shows a block, scrolls to it where it is the heading that is wanted, and tells which link was followed.
fn block_ui(
    ui: &mut Ui,
    (block, spans): &WithSpans,
    (document, index): (Document, usize),
    (wanted, followed): (&mut Option<String>, &mut Followed),
) {
    match block {
        Block::Heading(level, text) => {
            let size = [22.0, 18.0, 15.5, 14.0][(level - 1).min(3)];
            ui.add_space(4.0);
            let text_of = egui::RichText::new(text.replace('`', ""))
                .strong()
                .size(size);
            let response = ui.add(Label::new(text_of).wrap());
            if wanted.as_ref() == Some(text) {
                response.scroll_to_me(Some(Align::TOP));
                *wanted = None;
            }
        }
        Block::Paragraph(_) => {
            Text::new(ui, spans, document, false).ui(ui, followed);
        }
        Block::Entry(mark, _) => {
            ui.horizontal_top(|ui| {
                ui.label(mark);
                Text::new(ui, spans, document, false).ui(ui, followed);
            });
        }
        Block::Code(text) => {
            Frame::new()
                .fill(ui.visuals().extreme_bg_color)
                .corner_radius(4)
                .inner_margin(6)
                .show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    // Lines of code are not broken.
                    ScrollArea::horizontal().id_salt(index).show(ui, |ui| {
                        ui.add(Label::new(egui::RichText::new(text).monospace()).extend());
                    });
                });
        }
        Block::Table(rows) => table_ui(ui, rows, (document, index), followed),
    }
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
