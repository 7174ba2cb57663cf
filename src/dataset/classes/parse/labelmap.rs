//! CVAT's `labelmap.txt`: `name:r,g,b:parts:actions` in each line.

use super::words::color_of;
use super::{Row, clean_name, numbers};

/// The rows of a list of which a line is so; `None` for other lists.
///
/// # Errors
/// A sentence about the first line that is not so.
pub(super) fn rows(lines: &[(usize, String)]) -> Result<Option<Vec<Row>>, String> {
    if !lines.iter().any(|(_, line)| parts(line).is_some()) {
        return Ok(None);
    }
    let row = |(number, line): &(usize, String)| {
        let (name, color) = parts(line).ok_or_else(|| {
            format!(
                "line {number}: it is not as the other lines are, \"name:red,green,blue:parts:actions\". Correct it"
            )
        })?;
        Ok(Row {
            line: *number,
            id: None,
            name: clean_name(name.trim()),
            color: numbers(color)
                .map(|values| color_of(*number, &values))
                .transpose()?,
        })
    };
    lines.iter().map(row).collect::<Result<_, _>>().map(Some)
}

/// Name and color of a line; the color is empty where none was chosen. A name may hold colons.
fn parts(line: &str) -> Option<(&str, &str)> {
    let mut parts = line.rsplitn(4, ':');
    let (_, _, color, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_color = color.is_empty() || numbers(color).is_some();
    is_color.then_some((name, color))
}
