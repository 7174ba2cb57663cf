//! Class lists with a line of headings.

use super::words::{color_of, is_number};
use super::{Row, clean_name, numbers};

/// Which column of a table holds what.
pub(super) struct Columns {
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
const COLOR_HEADINGS: [&str; 7] = [
    "color",
    "hex",
    "colour",
    "rgb",
    "color_rgb",
    "colors",
    "rgb_values",
];

impl Columns {
    /// The columns when the first line is one of headings.
    pub(super) fn of(first: &[String], rest: &[(usize, Vec<String>)]) -> Option<Self> {
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

    pub(super) fn row(&self, line: usize, fields: &[String]) -> Result<Row, String> {
        let field = |column: usize| fields.get(column).map(String::as_str).unwrap_or_default();
        let name = field(self.name);
        if name.is_empty() {
            return Err(format!("line {line}: the class has no name"));
        }
        let color = match self.color {
            None => None,
            Some([red, green, _]) if red == green => {
                let color = numbers(field(red));
                if color.is_none() && !field(red).is_empty() {
                    return Err(format!(
                        "line {line}: the color {} is not written as three numbers. Write it as \"red green blue\"",
                        field(red)
                    ));
                }
                color
            }
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
