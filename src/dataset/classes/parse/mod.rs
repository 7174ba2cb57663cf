//! Class lists as people write them, read from text.
//!
//! One class a line, as `name`, `name r g b`, `r g b name` or `id name`, between blanks,
//! tabs, commas or semicolons, with or without a line of headings; CVAT's `labelmap.txt`;
//! labelme's `class_names.txt`.

use super::{Class, ClassList, MAX_CLASSES, VOID, voc_color};

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
}

/// What stands in one line.
#[derive(Debug, Default)]
struct Row {
    line: usize,
    id: Option<i64>,
    name: String,
    color: Option<[u8; 3]>,
}

/// Names that labeling programs give to what is not labeled.
const IGNORED: [&str; 2] = ["__ignore__", "_ignore_"];
/// Names of void in lists of colors.
const VOID_NAMES: [&str; 4] = ["void", "unlabelled", "unlabeled", "ignore"];

impl ClassList {
    /// Reads the text of a class list. `about_colors` = the list is one of colors, in which a
    /// line named "Void" is void and no class.
    ///
    /// # Errors
    /// A sentence for the user when there is no class, there are too many, an id comes twice or
    /// a color value is above 255.
    pub(in crate::dataset) fn parse(
        text: &str,
        about_colors: bool,
    ) -> Result<ParsedClasses, String> {
        let (rows, by_color) = read_rows(text)?;
        let about_colors = about_colors || by_color;
        let mut void_colors = Vec::new();
        let mut kept = Vec::new();
        for row in rows {
            let name = row.name.to_lowercase();
            let is_void = IGNORED.contains(&name.as_str())
                || row.id.is_some_and(|id| id < 0 || id == i64::from(VOID))
                || (about_colors && VOID_NAMES.contains(&name.as_str()));
            if is_void {
                void_colors.extend(row.color);
            } else {
                kept.push(row);
            }
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

/// The rows of a text, and whether it is a `labelmap.txt`.
fn read_rows(text: &str) -> Result<(Vec<Row>, bool), String> {
    let text = text.trim_start_matches('\u{feff}');
    let lines: Vec<(usize, &str)> = (1..)
        .zip(text.lines().map(str::trim))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .collect();
    if !lines.is_empty() && lines.iter().all(|(_, line)| labelmap_color(line).is_some()) {
        return Ok((labelmap_rows(&lines)?, true));
    }
    let separator = separator_of(&lines);
    let fields: Vec<(usize, Vec<String>)> = lines
        .iter()
        .map(|(number, line)| (*number, split(line, separator)))
        .collect();
    if let Some(((_, first), rest)) = fields.split_first()
        && let Some(columns) = Columns::of(first, rest)
    {
        let rows = rest
            .iter()
            .map(|(number, fields)| columns.row(*number, fields))
            .collect::<Result<_, _>>()?;
        return Ok((rows, false));
    }
    let words = fields
        .into_iter()
        .map(|(number, fields)| (number, words(fields)))
        .collect::<Vec<_>>();
    let with_ids = words.len() > 1
        && words
            .iter()
            .enumerate()
            .all(|(index, (_, words))| counts(words, index));
    let rows = words
        .into_iter()
        .map(|(number, words)| row_of_words(number, &words, with_ids))
        .collect::<Result<_, _>>()?;
    Ok((rows, false))
}

/// What stands between the fields of all lines; `None` = blanks.
fn separator_of(lines: &[(usize, &str)]) -> Option<char> {
    [',', ';', '\t'].into_iter().find(|separator| {
        !lines.is_empty() && lines.iter().all(|(_, line)| line.contains(*separator))
    })
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

/// Fields without the empty ones, and each that holds three numbers as three.
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

/// The three numbers of `128 64 128`, `(128,64,128)` or `[128, 64, 128]`.
fn numbers(field: &str) -> Option<Vec<String>> {
    let inner = field.trim_matches(['(', ')', '[', ']']);
    let parts: Vec<String> = inner
        .split([',', ' ', '\t', ';'])
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    (parts.len() == 3 && parts.iter().all(|part| is_number(part))).then_some(parts)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a line begins with its own number, from 0 or from 1, before a name. Three numbers
/// before a name are a color.
fn counts(words: &[String], index: usize) -> bool {
    let number = words.first().and_then(|word| word.parse::<usize>().ok());
    let named = words.get(1).is_some_and(|word| !is_number(word));
    named && number.is_some_and(|number| number == index || number == index + 1)
}

fn row_of_words(line: usize, words: &[String], with_ids: bool) -> Result<Row, String> {
    let (id, words) = match words.split_first() {
        Some((first, rest)) if with_ids => (first.parse().ok(), rest),
        _ => (None, words),
    };
    let is_color = |words: &[String]| words.iter().all(|word| is_number(word));
    let (name, color) = if words.len() > 3 && is_color(&words[..3]) {
        (&words[3..], Some(&words[..3]))
    } else if words.len() > 3 && is_color(&words[words.len() - 3..]) {
        let (name, color) = words.split_at(words.len() - 3);
        (name, Some(color))
    } else {
        (words, None)
    };
    Ok(Row {
        line,
        id,
        name: clean_name(&name.join(" ")),
        color: color.map(|values| color_of(line, values)).transpose()?,
    })
}

fn color_of(line: usize, values: &[String]) -> Result<[u8; 3], String> {
    let mut color = [0; 3];
    for (channel, value) in color.iter_mut().zip(values) {
        *channel = value
            .parse()
            .map_err(|_| format!("line {line}: the color value {value} is no number up to 255"))?;
    }
    Ok(color)
}

/// labelme writes `_background_`.
fn clean_name(name: &str) -> String {
    match name {
        "_background_" => "background".to_owned(),
        name => name.to_owned(),
    }
}

/// Which column of a table holds what.
struct Columns {
    name: usize,
    id: Option<usize>,
    /// One column with all three values, or three.
    color: Option<[usize; 3]>,
}

const NAME_HEADINGS: [&str; 9] = [
    "name",
    "names",
    "class_name",
    "classname",
    "class",
    "classes",
    "category",
    "label",
    "object",
];
const ID_HEADINGS: [&str; 12] = [
    "id",
    "idx",
    "index",
    "class_id",
    "classid",
    "label_id",
    "labelid",
    "value",
    "pixel value",
    "pixel_value",
    "label",
    "class",
];
const COLOR_HEADINGS: [&str; 6] = [
    "color",
    "colour",
    "rgb",
    "color_rgb",
    "colors",
    "rgb_values",
];

impl Columns {
    /// The columns when the first line is one of headings.
    fn of(first: &[String], rest: &[(usize, Vec<String>)]) -> Option<Self> {
        // One word alone is the name of a class, whatever it is.
        if first.len() < 2 || rest.is_empty() || first.iter().any(|field| is_number(field)) {
            return None;
        }
        let headings: Vec<String> = first.iter().map(|field| field.to_lowercase()).collect();
        let column = |known: &[&str], fits: &dyn Fn(usize) -> bool| {
            known.iter().find_map(|name| {
                let found = headings.iter().position(|heading| heading == name)?;
                fits(found).then_some(found)
            })
        };
        let all_numbers = |column: usize| {
            rest.iter().all(|(_, fields)| {
                let field = fields.get(column);
                field.is_some_and(|field| field.parse::<i64>().is_ok())
            })
        };
        let name = column(&NAME_HEADINGS, &|column| !all_numbers(column))?;
        let channel = |names: [&str; 2]| column(&names, &|column| column != name);
        let color = match (
            channel(["r", "red"]),
            channel(["g", "green"]),
            channel(["b", "blue"]),
        ) {
            (Some(red), Some(green), Some(blue)) => Some([red, green, blue]),
            _ => column(&COLOR_HEADINGS, &|column| column != name).map(|column| [column; 3]),
        };
        let id = column(&ID_HEADINGS, &|column| {
            column != name && all_numbers(column)
        });
        // Two words that are names of columns, or names over numbers.
        (color.is_some() || id.is_some()).then_some(Self { name, id, color })
    }

    fn row(&self, line: usize, fields: &[String]) -> Result<Row, String> {
        let field = |column: usize| fields.get(column).map(String::as_str).unwrap_or_default();
        let name = field(self.name);
        if name.is_empty() {
            return Err(format!("line {line}: the class has no name"));
        }
        let color = match self.color {
            None => None,
            Some([red, green, _]) if red == green => numbers(field(red)),
            Some(columns) => Some(columns.map(|column| field(column).to_owned()).to_vec()),
        };
        Ok(Row {
            line,
            id: self.id.and_then(|column| field(column).parse().ok()),
            name: clean_name(name),
            color: color.map(|values| color_of(line, &values)).transpose()?,
        })
    }
}

/// The middle of `name:r,g,b:parts:actions`; empty where no color was chosen.
fn labelmap_color(line: &str) -> Option<&str> {
    let mut parts = line.split(':');
    let (_, color, _, _) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_color = color
        .split(',')
        .all(|value| is_number(value.trim()) || color.is_empty());
    is_color.then_some(color)
}

fn labelmap_rows(lines: &[(usize, &str)]) -> Result<Vec<Row>, String> {
    lines
        .iter()
        .map(|(number, line)| {
            let color = labelmap_color(line).and_then(numbers);
            Ok(Row {
                line: *number,
                id: None,
                name: clean_name(line.split(':').next().unwrap_or_default().trim()),
                color: color.map(|values| color_of(*number, &values)).transpose()?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
