//! Class lists without headings: what the numbers beside the names are, by what all lines have.

use std::collections::BTreeSet;

use super::{Row, clean_name};

/// Labels are below.
const LABELS: i64 = 254;
/// What to do about colors of another range.
pub(super) const FROM_ONE: &str =
    "Multiply the colors by 255 and write whole numbers from 0 to 255";

/// A line as words, and how many numbers stand before and behind its name.
struct Line {
    number: usize,
    words: Vec<String>,
    before: usize,
    behind: usize,
}

/// What numbers before or behind a name are, from the left.
#[derive(Clone, Copy, Default)]
struct Meaning {
    label: bool,
    color: bool,
    alpha: bool,
}

impl Meaning {
    fn count(self) -> usize {
        usize::from(self.label) + 3 * usize::from(self.color) + usize::from(self.alpha)
    }
}

/// The rows of lines of words.
///
/// # Errors
/// A sentence about the first line that does not agree with the others.
pub(super) fn rows(lines: Vec<(usize, Vec<String>)>) -> Result<Vec<Row>, String> {
    let lines: Vec<Line> = lines.into_iter().map(Line::new).collect::<Result<_, _>>()?;
    let before = agreed(&lines, Side::Before)?;
    let mut behind = agreed(&lines, Side::Behind)?;
    disagreement(&lines, before.is_none(), behind.is_none())?;
    if let (Some(before), Some(behind)) = (&before, &mut behind) {
        // A color stands on one side.
        if before.color && behind.color {
            return Err(format!(
                "line {}: there are numbers on both sides of the name. Write \"name red green blue\"",
                lines.first().map_or(1, |line| line.number)
            ));
        }
        behind.label &= !before.label;
    }
    let row = |line: &Line| {
        let alone = |numbers: usize| Meaning {
            color: numbers >= 3,
            ..Meaning::default()
        };
        let before = before.unwrap_or_else(|| alone(line.before));
        let behind = behind.unwrap_or_else(|| alone(if before.color { 0 } else { line.behind }));
        line.row(before, behind)
    };
    lines.iter().map(row).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Before,
    Behind,
}

/// What the numbers of a side are, if all lines have as many. Else each line is for itself, and three
/// numbers are a color.
fn agreed(lines: &[Line], side: Side) -> Result<Option<Meaning>, String> {
    let agree = lines
        .windows(2)
        .all(|two| two[0].numbers(side).len() == two[1].numbers(side).len());
    agree.then(|| meaning(lines, side)).transpose()
}

/// What the numbers of a side are, of which all lines have as many.
fn meaning(lines: &[Line], side: Side) -> Result<Meaning, String> {
    let count = lines.first().map_or(0, |line| line.numbers(side).len());
    let column = |place: usize| -> Vec<i64> {
        let values = lines.iter().map(|line| line.numbers(side)[place].parse());
        values.map(|value| value.unwrap_or(i64::MAX)).collect()
    };
    let color = Meaning {
        color: true,
        ..Meaning::default()
    };
    match count {
        1 if side == Side::Before && lines.len() > 1 => Ok(Meaning {
            label: true,
            ..Meaning::default()
        }),
        // `lane 2` is a name, unless the numbers count.
        1 if side == Side::Behind && lines.len() > 1 => Ok(Meaning {
            label: counts(&column(0)) && are_distinct(lines.iter().map(Line::name)),
            ..Meaning::default()
        }),
        3 => Ok(color),
        4 => {
            let (first, last) = (column(0), column(3));
            let same_last = last.windows(2).all(|two| two[0] == two[1]);
            let names_differ = are_distinct(lines.iter().map(Line::name));
            let labels = counts(&first) || (are_distinct(first.iter()) && !same_last);
            let are_labels = first.iter().all(|label| *label < LABELS) && labels;
            if are_labels && (names_differ || side == Side::Before) && lines.len() > 1 {
                Ok(Meaning {
                    label: true,
                    ..color
                })
            } else if are_labels && !names_differ {
                // `lane 2 128 0 0`: the number belongs to the name.
                Ok(color)
            } else if same_last {
                Ok(Meaning {
                    alpha: true,
                    ..color
                })
            } else {
                Err(unclear(&lines[0]))
            }
        }
        5 if counts(&column(0)) => Ok(Meaning {
            label: true,
            color: true,
            alpha: true,
        }),
        0..=2 => Ok(Meaning::default()),
        _ => Err(unclear(&lines[0])),
    }
}

fn unclear(line: &Line) -> String {
    format!(
        "line {}: {} numbers beside the name are neither a color nor a label and a color. Write \"name red green blue\"",
        line.number,
        line.before.max(line.behind)
    )
}

/// Whether numbers are 0, 1, 2 and so on, or begin with 1, in any order.
fn counts(numbers: &[i64]) -> bool {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let first = sorted.first().copied().unwrap_or_default();
    matches!(first, 0 | 1)
        && (first..)
            .zip(&sorted)
            .all(|(wanted, found)| wanted == *found)
}

fn are_distinct<T: Ord>(mut values: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    values.all(|value| seen.insert(value))
}

/// An error where most lines have a label and others have none, or where there are too many numbers,
/// for the sides on which lines do not agree.
fn disagreement(lines: &[Line], before: bool, behind: bool) -> Result<(), String> {
    let with_label = lines.iter().filter(|line| matches!(line.before, 1 | 4));
    if before
        && 2 * with_label.count() > lines.len()
        && let Some(other) = lines.iter().find(|line| !matches!(line.before, 1 | 4))
    {
        return Err(format!(
            "line {}: there is no label before the name {}, as most lines have one. Write one into each line, or none",
            other.number,
            other.words.join(" ")
        ));
    }
    // A name may end in a number before its color.
    let can_be_more =
        |side: fn(&Line) -> usize| lines.iter().all(|line| matches!(side(line), 3 | 4));
    let before = before && !can_be_more(|line| line.before);
    let behind = behind && !can_be_more(|line| line.behind);
    let too_many = |line: &&Line| (before && line.before > 3) || (behind && line.behind > 3);
    lines
        .iter()
        .find(too_many)
        .map_or(Ok(()), |line| Err(unclear(line)))
}

impl Line {
    fn new((number, words): (usize, Vec<String>)) -> Result<Self, String> {
        let is_value = |word: &&String| is_label(word);
        let mut before = words.iter().take_while(is_value).count();
        let mut behind = words.iter().rev().take_while(is_value).count();
        if before == words.len() {
            if before > 2 {
                return Err(format!(
                    "line {number}: there are numbers and no name. Write \"name red green blue\""
                ));
            }
            // A class may be called by a number.
            (before, behind) = (0, 0);
        }
        let decimals = |words: &mut dyn Iterator<Item = &String>| -> Option<String> {
            let values: Vec<&String> = words
                .take_while(|word| word.parse::<f64>().is_ok())
                .collect();
            let decimal = values.iter().find(|word| word.contains('.'))?;
            (values.len() >= 3).then(|| (*decimal).clone())
        };
        let decimal = decimals(&mut words.iter()).or_else(|| decimals(&mut words.iter().rev()));
        if let Some(value) = decimal {
            return Err(no_color(number, &value));
        }
        Ok(Self {
            number,
            words,
            before,
            behind,
        })
    }

    fn numbers(&self, side: Side) -> &[String] {
        match side {
            Side::Before => &self.words[..self.before],
            Side::Behind => &self.words[self.words.len() - self.behind..],
        }
    }

    /// The words that are no numbers at the ends.
    fn name(&self) -> &[String] {
        &self.words[self.before..self.words.len() - self.behind]
    }

    /// The row where numbers mean this; those that mean nothing belong to the name.
    fn row(&self, before: Meaning, behind: Meaning) -> Result<Row, String> {
        let (mut id, mut color) = (None, None);
        let mut take = |meaning: Meaning, numbers: &[String]| {
            let (labels, rest) = numbers.split_at(usize::from(meaning.label));
            if let Some(label) = labels.first() {
                id = label.parse().ok();
            }
            if meaning.color {
                color = Some(color_of(self.number, &rest[..3])?);
            }
            Ok::<(), String>(())
        };
        let end = self.words.len();
        take(before, &self.words[..before.count()])?;
        take(behind, &self.words[end - behind.count()..])?;
        Ok(Row {
            line: self.number,
            id,
            name: clean_name(&self.words[before.count()..end - behind.count()].join(" ")),
            color,
        })
    }
}

pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number that may be a label; void has -1 in some lists.
pub(super) fn is_label(word: &str) -> bool {
    is_number(word.strip_prefix('-').unwrap_or(word))
}

pub(super) fn color_of(line: usize, values: &[String]) -> Result<[u8; 3], String> {
    let mut color = [0; 3];
    for (channel, value) in color.iter_mut().zip(values) {
        *channel = value.parse().map_err(|_| no_color(line, value))?;
    }
    Ok(color)
}

fn no_color(line: usize, value: &str) -> String {
    let fraction = value.parse::<f64>().ok().filter(|_| value.contains('.'));
    match fraction {
        Some(fraction) if (0.0..=1.0).contains(&fraction) => format!(
            "line {line}: the color value {value} is no whole number; the colors seem to be from 0 to 1. {FROM_ONE}"
        ),
        Some(_) => format!(
            "line {line}: the color value {value} is no whole number. Write colors from 0 to 255"
        ),
        None => format!("line {line}: the color value {value} is no number up to 255"),
    }
}
