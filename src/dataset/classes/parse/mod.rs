//! Class lists as people write them, read from text.
//!
//! One class a line, as `name`, `name r g b`, `r g b name` or `id name`, between blanks,
//! tabs, commas or semicolons, with or without a line of headings; CVAT's `labelmap.txt`;
//! labelme's `class_names.txt`. What numbers mean is what they can mean in all lines.

mod clean;
mod forms;
mod heading;
mod labelmap;
mod table;
mod words;

use std::collections::BTreeSet;

use super::{Class, ClassList, MAX_CLASSES, VOID, is_ignored, voc_color};
use table::Columns;
use words::{is_label, is_number};

/// The words of a line, with its number.
type Numbered = (usize, Vec<String>);

/// What a class list says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedClasses {
    /// The classes in the order of their labels.
    pub classes: ClassList,
    /// Whether the list says every color; those of the others are VOC's for the label.
    pub has_colors: bool,
    /// Colors that mean void: those of lines such as "Void" in files that are about colors.
    pub void_colors: Vec<[u8; 3]>,
    /// Whether the file defines colors that masks are painted in, as CVAT's does.
    pub by_color: bool,
    /// A first line that was taken for a heading, or for the number of classes, by the other lines.
    pub heading: Option<String>,
}

/// The rows of a list, and what else [`ParsedClasses`] says.
#[derive(Debug, Default)]
struct Rows {
    classes: Vec<Row>,
    by_color: bool,
    heading: Option<String>,
}

/// What the name of a class list says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// A list of names.
    Names,
    /// A table, which mostly has a line of headings.
    Table,
    /// A list of colors, in which a line named "Void" is void and no class.
    Colors,
}

/// What stands in one line.
#[derive(Debug, Default)]
struct Row {
    line: usize,
    id: Option<i64>,
    name: String,
    color: Option<[u8; 3]>,
}

/// Names of void in lists of colors.
const VOID_NAMES: [&str; 4] = ["void", "unlabelled", "unlabeled", "ignore"];

impl ClassList {
    /// Reads the text of a class list.
    ///
    /// # Errors
    /// A sentence for the user when there is no class, there are too many, an id comes twice,
    /// lines do not agree, or a color value is above 255.
    pub(in crate::dataset) fn parse(text: &str, kind: ListKind) -> Result<ParsedClasses, String> {
        let Rows {
            classes: rows,
            by_color,
            heading,
        } = read_rows(text, kind)?;
        let about_colors = kind == ListKind::Colors || by_color;
        let mut void_colors = Vec::new();
        let mut kept = Vec::new();
        for row in rows {
            let name = row.name.to_lowercase();
            let is_void = is_ignored(&name)
                || row.id.is_some_and(|id| id < 0 || id == i64::from(VOID))
                || (about_colors && VOID_NAMES.contains(&name.as_str()));
            if is_void {
                void_colors.extend(row.color);
            } else {
                kept.push(row);
            }
        }
        let unread = kept
            .iter()
            .filter(|row| row.color.is_none())
            .find_map(|row| {
                let reason = forms::unread_color(&row.name)?;
                Some(format!("line {}: {reason}", row.line))
            });
        if let Some(reason) = unread {
            return Err(reason);
        }
        if kept.is_empty() {
            return Err(
                "there is no class in it. Write one class a line, as \"name\" or \"name red green blue\""
                    .to_owned(),
            );
        }
        let has_colors = kept.iter().all(|row| row.color.is_some());
        Ok(ParsedClasses {
            classes: Self::new(placed(kept)?)?,
            has_colors,
            void_colors,
            by_color,
            heading,
        })
    }
}

/// The classes at the places of their ids, or in the order of the lines without ids.
fn placed(rows: Vec<Row>) -> Result<Vec<Class>, String> {
    let default_color = |label: usize| voc_color(u8::try_from(label).unwrap_or(VOID));
    let mut classes: Vec<Option<Class>> = Vec::new();
    for (position, row) in rows.into_iter().enumerate() {
        let label = match row.id {
            Some(id) => usize::try_from(id).unwrap_or(usize::MAX),
            None => position,
        };
        if label >= MAX_CLASSES && row.id.is_some() {
            return Err(format!(
                "line {}: the label {label} is too high, labels go up to {}",
                row.line,
                MAX_CLASSES - 1
            ));
        }
        if classes.len() <= label {
            classes.resize(label + 1, None);
        }
        if classes[label].is_some() {
            return Err(format!(
                "line {}: the label {label} is there already. Give each class a label of its own",
                row.line
            ));
        }
        classes[label] = Some(Class {
            name: row.name,
            color: row.color.unwrap_or(default_color(label)),
        });
    }
    let unnamed = |label: usize| Class {
        name: format!("class {label}"),
        color: default_color(label),
    };
    Ok(classes
        .into_iter()
        .enumerate()
        .map(|(label, class)| class.unwrap_or_else(|| unnamed(label)))
        .collect())
}

/// The rows of a text.
fn read_rows(text: &str, kind: ListKind) -> Result<Rows, String> {
    let lines = clean::lines(text)?;
    if let Some(rows) = labelmap::rows(&lines)? {
        return Ok(Rows {
            classes: rows,
            by_color: true,
            ..Rows::default()
        });
    }
    // The number of classes above them has no fields.
    let below = lines.get(1..).unwrap_or_default();
    let is_alone = lines.first().is_some_and(|(_, first)| is_number(first));
    let separator = separator_of(if is_alone { below } else { &lines });
    let mut fields: Vec<(usize, Vec<String>)> = lines
        .iter()
        .map(|(number, line)| (*number, split(line, separator)))
        .collect();
    if let Some(((_, first), rest)) = fields.split_first()
        && let Some(columns) = Columns::of(first, rest)
    {
        let classes = rest
            .iter()
            .map(|(number, fields)| columns.row(*number, fields))
            .collect::<Result<_, _>>()?;
        return Ok(Rows {
            classes,
            ..Rows::default()
        });
    }
    let heading = heading::take(&mut fields, separator, kind);
    let words = fields
        .into_iter()
        .map(|(number, fields)| (number, words(fields)))
        .collect();
    let words = in_one_line(labels_first(words, separator), separator);
    Ok(Rows {
        classes: words::rows(words)?,
        heading,
        ..Rows::default()
    })
}

/// A label in a field of its own behind the name, in all lines, gets before it. That of words between blanks
/// may belong to the name.
fn labels_first(mut lines: Vec<Numbered>, separator: Option<char>) -> Vec<Numbered> {
    let label = |(_, words): &Numbered| match &words[..] {
        [name, label] if !is_number(name) && is_label(label) => Some(label.clone()),
        _ => None,
    };
    let labels: Option<BTreeSet<String>> = lines.iter().map(label).collect();
    let names: BTreeSet<Option<String>> = lines
        .iter()
        .map(|(_, words)| words.first().cloned())
        .collect();
    let are_distinct = labels.is_some_and(|labels| labels.len() == lines.len());
    if separator.is_some() && lines.len() > 1 && are_distinct && names.len() == lines.len() {
        for (_, words) in &mut lines {
            words.reverse();
        }
    }
    lines
}

/// Names in one line, between commas or the like, are a class each.
fn in_one_line(lines: Vec<Numbered>, separator: Option<char>) -> Vec<Numbered> {
    let [(number, words)] = &lines[..] else {
        return lines;
    };
    if separator.is_none()
        || words.len() < 2
        || words.iter().any(|word| word.parse::<f64>().is_ok())
    {
        return lines;
    }
    words
        .iter()
        .map(|word| (*number, vec![word.clone()]))
        .collect()
}

/// What stands between the fields of all lines, the likeliest that leaves colors whole; `None` = blanks.
fn separator_of(lines: &[(usize, String)]) -> Option<char> {
    let is_in_all = |separator: &char| {
        !lines.is_empty() && lines.iter().all(|(_, line)| line.contains(*separator))
    };
    let found: Vec<char> = [',', ';', '\t', '|']
        .into_iter()
        .filter(is_in_all)
        .collect();
    let below = &lines[usize::from(lines.len() > 1)..];
    let leaves_colors = |separator: &&char| {
        let fields = |line: &str| split(line, Some(**separator));
        let has_color = |line: &str| fields(line).iter().any(|field| numbers(field).is_some());
        below.iter().all(|(_, line)| has_color(line))
    };
    found.iter().find(leaves_colors).or(found.first()).copied()
}

/// The fields of a line, quotes taken off.
fn split(line: &str, separator: Option<char>) -> Vec<String> {
    let Some(separator) = separator else {
        return line.split_whitespace().map(str::to_owned).collect();
    };
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            character if character == separator && !quoted => {
                fields.push(std::mem::take(&mut field));
            }
            character => field.push(character),
        }
    }
    fields.push(field);
    fields
        .into_iter()
        .map(|field| field.trim().to_owned())
        .collect()
}

/// Fields without the empty ones, and each that holds the numbers of a color as these.
fn words(fields: Vec<String>) -> Vec<String> {
    fields
        .into_iter()
        .filter(|field| !field.is_empty())
        .flat_map(|field| match numbers(&field) {
            Some(color) => color,
            None => vec![field],
        })
        .collect()
}

/// The three numbers of `128 64 128`, `(128,64,128)` or `[128, 64, 128]`, and a fourth for alpha.
fn numbers(field: &str) -> Option<Vec<String>> {
    let inner = field.trim_matches(['(', ')', '[', ']']);
    let parts: Vec<String> = inner
        .split([',', ' ', '\t', ';'])
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    (matches!(parts.len(), 3 | 4) && parts.iter().all(|part| is_number(part))).then_some(parts)
}

/// labelme writes `_background_`. Quotes around a name are none of its letters.
fn clean_name(name: &str) -> String {
    let inner = ['"', '\''].iter().find_map(|quote| {
        let inner = name.strip_prefix(*quote)?.strip_suffix(*quote)?;
        (!inner.is_empty() && !inner.contains(*quote)).then_some(inner)
    });
    match inner.unwrap_or(name) {
        "_background_" => "background".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests;
