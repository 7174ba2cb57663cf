//! Where the links of the documents lead.

use strum::VariantArray as _;

use super::Document;
use super::markdown::{Block, blocks};

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A heading of a document, by its anchor; empty = the first one.
    Place(Document, String),
    /// A page of the web, by its address.
    Web(String),
}

impl Target {
    /// What it is, for people.
    pub fn text(&self) -> &str {
        match self {
            Self::Place(document, _) => document.title(),
            Self::Web(address) => address,
        }
    }
}

/// What `address` leads to from a document; `None` = out of the documents and the web.
pub fn target(from: Document, address: &str) -> Option<Target> {
    if address.starts_with("https://") || address.starts_with("http://") {
        return Some(Target::Web(address.to_owned()));
    }
    let (file, anchor) = address.split_once('#').unwrap_or((address, ""));
    let document = if file.is_empty() {
        from
    } else {
        *Document::VARIANTS
            .iter()
            .find(|document| document.file() == file)?
    };
    Some(Target::Place(document, anchor.to_owned()))
}

/// The text of the heading of a document with this anchor.
pub fn heading(document: Document, anchor: &str) -> Option<String> {
    let is_it = |text: &String| anchor.is_empty() || anchor_of(text) == anchor;
    let mut headings = blocks(document.text()).into_iter().filter_map(|block| {
        if let Block::Heading(_, text) = block {
            Some(text)
        } else {
            None
        }
    });
    headings.find(is_it)
}

/// The anchor of a heading, as GitHub makes it: small letters, hyphens for spaces, no punctuation.
fn anchor_of(heading: &str) -> String {
    let kept = heading.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        _ => letter.is_alphanumeric().then_some(letter),
    });
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::documents::markdown::{SpanKind, spans};

    #[test]
    fn anchors_are_as_on_github() {
        assert_eq!(anchor_of("What was tried"), "what-was-tried");
        assert_eq!(anchor_of("Stride (32s, 16s, 8s)"), "stride-32s-16s-8s");
        assert_eq!(anchor_of("`lr-find`"), "lr-find");
    }

    #[test]
    fn links_lead_to_headings_and_pages() {
        let to = |address| target(Document::Recipes, address);
        let web = "https://example.org/a#b";
        assert_eq!(to(web), Some(Target::Web(web.to_owned())));
        let scores = Target::Place(Document::Recipes, "scores".to_owned());
        assert_eq!(to("#scores"), Some(scores.clone()));
        assert_eq!(target(Document::Data, "recipes.md#scores"), Some(scores));
        let data = Target::Place(Document::Data, String::new());
        assert_eq!(to("data.md"), Some(data));
        for nowhere in ["../tests/reference/README.md", "architecture.md"] {
            assert_eq!(to(nowhere), None, "{nowhere}");
        }
        let scores = heading(Document::Recipes, "scores");
        assert_eq!(scores.as_deref(), Some("Scores"));
        assert_eq!(heading(Document::Recipes, "none"), None);
        assert!(heading(Document::Data, "").is_some());
    }

    #[test]
    fn every_link_from_document_to_document_leads_somewhere() {
        let mut followed = 0;
        for document in Document::VARIANTS {
            for block in blocks(document.text()) {
                let texts = match block {
                    Block::Paragraph(text) | Block::Entry(_, text) => vec![text],
                    Block::Table(rows) => rows.into_iter().flatten().collect(),
                    Block::Heading(..) | Block::Code(_) => Vec::new(),
                };
                for span in texts.iter().flat_map(|text| spans(text)) {
                    let SpanKind::Link(address) = span.kind else {
                        continue;
                    };
                    if address.starts_with("../") || address.starts_with("architecture") {
                        continue;
                    }
                    let found = match target(*document, &address) {
                        Some(Target::Place(other, anchor)) => heading(other, &anchor).is_some(),
                        found => found.is_some(),
                    };
                    assert!(found, "{address} in {document:?}");
                    followed += 1;
                }
            }
        }
        assert!(followed > 50, "{followed}");
    }
}
