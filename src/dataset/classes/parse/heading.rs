//! First lines that are no class, in whatever language: what the other lines show.

use super::ListKind;
use super::words::is_number;

/// Words that stand alone above a list of names.
const WORDS: [&str; 17] = [
    "name",
    "names",
    "class",
    "classes",
    "class_name",
    "class_names",
    "classname",
    "classnames",
    "label",
    "labels",
    "klasse",
    "klassen",
    "classe",
    "clase",
    "clases",
    "nombre",
    "класс",
];
/// Those that are so in tables only: classes may be called so.
const IN_TABLES: [&str; 2] = ["category", "object"];

/// Takes off a first line that is a heading or the number of classes; gives it for a remark.
///
/// A heading of several words has none with a digit, while all other lines have numbers in the same place.
pub(super) fn take(
    lines: &mut Vec<(usize, Vec<String>)>,
    separator: Option<char>,
    kind: ListKind,
) -> Option<String> {
    let ((_, first), rest) = lines.split_first()?;
    let is_heading = match &first[..] {
        [word] if is_number(word) => is_count(word, rest),
        [word] => is_word(word, rest, kind == ListKind::Table),
        _ if first.iter().any(|word| !is_plain(word)) => false,
        _ if separator.is_some() => is_above_fields(first, rest),
        _ => is_above_words(first, rest),
    };
    is_heading.then(|| lines.remove(0).1.join(" "))
}

/// Whether there are as many lines below as a number says, and these are no numbers.
fn is_count(number: &str, rest: &[(usize, Vec<String>)]) -> bool {
    let has_name = |fields: &Vec<String>| fields.iter().any(|field| !is_number(field));
    number.parse() == Ok(rest.len()) && rest.iter().all(|(_, fields)| has_name(fields))
}

/// Of two words alone either may be a class.
fn is_word(word: &str, rest: &[(usize, Vec<String>)], in_table: bool) -> bool {
    let word = word.to_lowercase();
    let is = |known: &[&str]| known.contains(&word.as_str());
    rest.len() > usize::from(!in_table) && (is(&WORDS) || (in_table && is(&IN_TABLES)))
}

/// A word without a digit, that is not empty and no mere sign.
fn is_plain(word: &str) -> bool {
    word.chars().any(char::is_alphabetic) && !word.contains(|letter: char| letter.is_ascii_digit())
}

/// Whether all lines below have as many fields, and numbers where this one has a word: a color or a label.
fn is_above_fields(first: &[String], rest: &[(usize, Vec<String>)]) -> bool {
    let is_full = |fields: &Vec<String>| fields.iter().all(|field| !field.is_empty());
    let same = |fields: &Vec<String>| fields.len() == first.len() && is_full(fields);
    if !rest.iter().all(|(_, fields)| same(fields)) {
        return false;
    }
    let all = |is: &dyn Fn(&str) -> bool, column: usize| {
        rest.iter().all(|(_, fields)| is(&fields[column]))
    };
    let count =
        |is: &dyn Fn(&str) -> bool| (0..first.len()).filter(|column| all(is, *column)).count();
    let is_color = |field: &str| super::numbers(field).is_some();
    let (labels, colors) = (count(&is_number), count(&is_color));
    // One number in one line may belong to a name.
    !rest.is_empty() && (colors > 0 || labels >= 3 || (labels > 0 && rest.len() > 1))
}

/// The same between blanks, where names have any number of words: three numbers and more, or one behind the
/// name that counts from 0.
fn is_above_words(first: &[String], rest: &[(usize, Vec<String>)]) -> bool {
    let before = |fields: &Vec<String>| fields.iter().take_while(|word| is_number(word)).count();
    let behind = |fields: &Vec<String>| {
        let words = fields.iter().rev();
        words.take_while(|word| is_number(word)).count()
    };
    let of_all = |count: &dyn Fn(&Vec<String>) -> usize| {
        let (_, fields) = rest.first()?;
        let wanted = count(fields);
        let fits = wanted < first.len() && rest.iter().all(|(_, fields)| count(fields) == wanted);
        fits.then_some(wanted)
    };
    let (before, behind) = (of_all(&before), of_all(&behind));
    if before.max(behind).is_some_and(|numbers| numbers >= 3) {
        return true;
    }
    let mut labels: Vec<usize> = rest
        .iter()
        .filter_map(|(_, fields)| fields.last()?.parse().ok())
        .collect();
    labels.sort_unstable();
    behind == Some(1) && rest.len() > 1 && labels.into_iter().eq(0..rest.len())
}
