//! The Markdown of the documents as blocks: headings, paragraphs, lists, tables and code. No more of it than
//! they use.

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Its level, 1 for the title, and its text.
    Heading(usize, String),
    Paragraph(String),
    /// An entry of a list, with its mark: `-` or `1.`.
    Entry(String, String),
    /// Lines of code.
    Code(String),
    /// The rows of a table with their cells; the first one is its header.
    Table(Vec<Vec<String>>),
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub kind: SpanKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanKind {
    Plain,
    Code,
    Strong,
    Emphasis,
    /// A link, with its address.
    Link(String),
}

/// The blocks of a document. Pictures are left out.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut code: Option<String> = None;
    let mut in_table = false;
    // Whether the next line belongs to the block before.
    let mut goes_on = false;
    for line in text.lines() {
        if let Some(lines) = &mut code {
            if line.starts_with("```") {
                found.push(Block::Code(lines.trim_end().to_owned()));
                code = None;
            } else {
                lines.push_str(line);
                lines.push('\n');
            }
            continue;
        }
        let trimmed = line.trim();
        let is_row = trimmed.starts_with('|');
        if trimmed.starts_with("```") {
            code = Some(String::new());
            goes_on = false;
        } else if trimmed.is_empty() || trimmed.starts_with("![") {
            goes_on = false;
        } else if is_row {
            let cells = cells(trimmed);
            let is_line = cells
                .iter()
                .all(|cell| cell.chars().all(|c| "-: ".contains(c)));
            match found.last_mut() {
                _ if is_line => {}
                Some(Block::Table(rows)) if in_table => rows.push(cells),
                _ => found.push(Block::Table(vec![cells])),
            }
            goes_on = false;
        } else if let Some((level, title)) = heading(trimmed) {
            found.push(Block::Heading(level, title));
            goes_on = false;
        } else if let Some((mark, entry)) = entry(trimmed) {
            found.push(Block::Entry(mark, entry));
            goes_on = true;
        } else {
            match found.last_mut() {
                Some(Block::Paragraph(before) | Block::Entry(_, before)) if goes_on => {
                    before.push(' ');
                    before.push_str(trimmed);
                }
                _ => found.push(Block::Paragraph(trimmed.to_owned())),
            }
            goes_on = true;
        }
        in_table = is_row;
    }
    found
}

fn heading(line: &str) -> Option<(usize, String)> {
    let level = line.chars().take_while(|c| *c == '#').count();
    let title = line[level..].strip_prefix(' ')?;
    (1..=4).contains(&level).then(|| (level, title.to_owned()))
}

fn entry(line: &str) -> Option<(String, String)> {
    if let Some(text) = line.strip_prefix("- ") {
        return Some(("•".to_owned(), text.to_owned()));
    }
    let (number, text) = line.split_once(". ")?;
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    is_number.then(|| (format!("{number}."), text.to_owned()))
}

/// The cells of a row; a bar behind a backslash belongs to its cell.
fn cells(row: &str) -> Vec<String> {
    const BAR: &str = "\u{0}";
    let row = row.replace("\\|", BAR);
    let inner = row.trim_matches('|');
    let cells = inner.split('|').map(|cell| cell.trim().replace(BAR, "|"));
    cells.collect()
}

/// The parts of a text, without the marks.
pub fn spans(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let Some((kind, inside, behind)) = marked(rest) else {
            plain.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        if !plain.is_empty() {
            let text = std::mem::take(&mut plain);
            found.push(Span {
                text,
                kind: SpanKind::Plain,
            });
        }
        let text = match kind {
            SpanKind::Code => inside.to_owned(),
            // Names in code within them need no marks of their own.
            _ => inside.replace('`', ""),
        };
        found.push(Span { text, kind });
        rest = behind;
    }
    if !plain.is_empty() {
        found.push(Span {
            text: plain,
            kind: SpanKind::Plain,
        });
    }
    found
}

/// What a text begins with, where that is marked: its kind, its inside, and what follows.
fn marked(text: &str) -> Option<(SpanKind, &str, &str)> {
    let between = |mark: &str, kind: SpanKind| {
        let inside = text.strip_prefix(mark)?;
        let end = inside.find(mark).filter(|end| *end > 0)?;
        Some((kind, &inside[..end], &inside[end + mark.len()..]))
    };
    if let Some(inside) = text.strip_prefix('[') {
        let (name, behind) = inside.split_once("](")?;
        let (address, behind) = behind.split_once(')')?;
        let kind = SpanKind::Link(address.to_owned());
        return (!name.contains(']')).then_some((kind, name, behind));
    }
    between("`", SpanKind::Code)
        .or_else(|| between("**", SpanKind::Strong))
        .or_else(|| between("*", SpanKind::Emphasis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_its_blocks() {
        let text = "# Title\n\nOne line\nand its next.\n- a\n  b\n1. first\n\n```sh\nrun it\n\nagain\n```\n| x | y |\n|---|:-:|\n\
                    | `a\\|b` | c |\n\n![picture](a.png)\n";
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(
            blocks(text),
            [
                Block::Heading(1, "Title".to_owned()),
                Block::Paragraph("One line and its next.".to_owned()),
                Block::Entry("•".to_owned(), "a b".to_owned()),
                Block::Entry("1.".to_owned(), "first".to_owned()),
                Block::Code("run it\n\nagain".to_owned()),
                Block::Table(vec![row(["x", "y"]), row(["`a|b`", "c"])]),
            ]
        );
    }

    #[test]
    fn marks_are_taken_off_and_others_stay() {
        let parts = |text: &str| -> Vec<(String, SpanKind)> {
            spans(text)
                .into_iter()
                .map(|span| (span.text, span.kind))
                .collect()
        };
        let part = |text: &str, kind| (text.to_owned(), kind);
        assert_eq!(
            parts("a **b** `c*d` [e `f`](g.md#h) *i*"),
            [
                part("a ", SpanKind::Plain),
                part("b", SpanKind::Strong),
                part(" ", SpanKind::Plain),
                part("c*d", SpanKind::Code),
                part(" ", SpanKind::Plain),
                part("e f", SpanKind::Link("g.md#h".to_owned())),
                part(" ", SpanKind::Plain),
                part("i", SpanKind::Emphasis),
            ]
        );
        for plain in ["2 * 3", "[0, 1]", "a ` b", "**"] {
            assert_eq!(parts(plain), [part(plain, SpanKind::Plain)], "{plain}");
        }
    }
}
