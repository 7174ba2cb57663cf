//! Ways of writing labels and colors, made into one where all lines are so: a label before its name, and
//! colors as numbers between blanks.

use super::words::{FROM_ONE, is_label};

/// Arrows, and what they stand for.
const ARROWS: [&str; 4] = ["->", "=>", "→", "⇒"];
/// What stands between names and numbers.
const BETWEEN: [char; 7] = [' ', '\t', ',', ';', '|', ':', '='];

/// Rewrites the lines; those that are not all of one form stay.
pub(super) fn unify(lines: &mut [(usize, String)]) {
    hexadecimal(lines);
    strip_all(lines, |line| {
        let arrow = ARROWS.iter().find(|arrow| line.contains(*arrow))?;
        Some(line.replacen(arrow, "=", 1))
    });
    strip_all(lines, |line| line.strip_prefix("- ").map(str::to_owned));
    strip_all(lines, |line| {
        let alone = !line.trim_end_matches(',').contains(',');
        alone.then(|| line.trim_end_matches(',').to_owned())
    });
    strip_all(lines, in_brackets);
    strip_all(lines, |line| {
        let (label, name) = line.split_once([':', '=', '.', ')'])?;
        let (label, name) = (label.trim(), name.trim());
        let is_number = !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit());
        (is_number && !begins_with_digit(name)).then(|| format!("{label} {name}"))
    });
    values_behind(lines);
}

/// Takes something off all lines, if all have it.
fn strip_all(lines: &mut [(usize, String)], strip: impl Fn(&str) -> Option<String>) {
    let stripped: Option<Vec<String>> = lines.iter().map(|(_, line)| strip(line)).collect();
    for ((_, line), stripped) in lines.iter_mut().zip(stripped.unwrap_or_default()) {
        *line = stripped;
    }
}

/// Whether a text is empty or begins with a digit.
fn begins_with_digit(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_none_or(|first| first.is_ascii_digit())
}

/// What stands in a line of Python: `(0, 'road')`, perhaps with a comma behind it.
fn in_brackets(line: &str) -> Option<String> {
    let line = line.trim_end_matches(',');
    let inner = |begin: char, end: char| line.strip_prefix(begin)?.strip_suffix(end);
    let inner = inner('(', ')').or_else(|| inner('[', ']'))?;
    let is_one = !inner.contains(['(', ')', '[', ']']);
    is_one.then(|| inner.trim().to_owned())
}

/// `car = 2` and `car: 128, 64, 128`: labels get before the name.
fn values_behind(lines: &mut [(usize, String)]) {
    let parts: Option<Vec<(String, Vec<String>)>> =
        lines.iter().map(|(_, line)| named_values(line)).collect();
    let Some(parts) = parts.filter(|parts| parts.len() > 1) else {
        return;
    };
    let all = |fits: &dyn Fn(&[String]) -> bool| parts.iter().all(|(_, values)| fits(values));
    let are_labels = all(&|values| values.len() == 1);
    if !are_labels && !all(&|values| matches!(values.len(), 3 | 4)) {
        return;
    }
    for ((_, line), (name, values)) in lines.iter_mut().zip(parts) {
        let values = values.join(" ");
        *line = if are_labels {
            format!("{values} {name}")
        } else {
            format!("{name} {values}")
        };
    }
}

fn named_values(line: &str) -> Option<(String, Vec<String>)> {
    let (name, values) = line.rsplit_once([':', '='])?;
    let name = name.trim();
    let values: Vec<String> = values
        .split([',', ' ', ';', '\t'])
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
        .collect();
    let are_numbers = !values.is_empty() && values.iter().all(|value| is_label(value));
    (are_numbers && !begins_with_digit(name)).then(|| (name.to_owned(), values))
}

/// Colors as `804080` or `0x804080` at the end of all lines but a heading. Some words are such numbers as
/// well (`facade`), so that one has to have a digit.
fn hexadecimal(lines: &mut [(usize, String)]) {
    let has_heading = lines.len() > 1
        && lines
            .first()
            .is_some_and(|(_, line)| of_hex(line).is_none());
    let below = &mut lines[usize::from(has_heading)..];
    let has_digit = |(_, line): &(usize, String)| {
        last_word(line).contains(|letter: char| letter.is_ascii_digit())
    };
    if below.iter().any(has_digit) {
        strip_all(below, of_hex);
    }
}

fn last_word(line: &str) -> &str {
    let line = line.trim_end_matches(['"', '\'']);
    let begin = line.rfind(|letter| BETWEEN.contains(&letter) || matches!(letter, '"' | '\''));
    // All of these have one byte.
    line.get(begin.map_or(0, |begin| begin + 1)..)
        .unwrap_or_default()
}

/// A line whose last word is such a color, with its numbers.
fn of_hex(line: &str) -> Option<String> {
    let word = last_word(line);
    let digits = word
        .strip_prefix("0x")
        .or_else(|| word.strip_prefix("0X"))
        .unwrap_or(word);
    let is_color = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| is_color)?;
    let [_, red, green, blue] = value.to_be_bytes();
    let (before, behind) = line.rsplit_once(word)?;
    let has_name = before.chars().any(char::is_alphabetic);
    has_name.then(|| format!("{before}{red} {green} {blue}{behind}"))
}

/// Why a name is none: it has what may be a color, which was not understood.
pub(super) fn unread_color(name: &str) -> Option<String> {
    let is_between = |letter: char| BETWEEN.contains(&letter) || "()[]{}".contains(letter);
    let words: Vec<&str> = name
        .split(is_between)
        .filter(|word| !word.is_empty())
        .collect();
    let is_value = |word: &&str| begins_with_digit(word) && word.parse::<f64>().is_ok();
    let are_values = words.windows(3).find(|three| three.iter().all(is_value));
    let is_hex = |digits: &str| {
        matches!(digits.len(), 6 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let is_hex = |word: &&str| {
        let digits = ["#", "0x", "0X"]
            .iter()
            .find_map(|mark| word.strip_prefix(mark));
        digits.is_some_and(is_hex)
    };
    let of_one = |values: &[&str]| {
        let is_low = |word: &&str| word.parse::<f64>().is_ok_and(|value| value <= 1.0);
        values.iter().all(is_low) && values.iter().any(|word| word.contains('.'))
    };
    if are_values.is_some_and(of_one) {
        return Some(format!(
            "\"{name}\" seems to end in a color from 0 to 1. {FROM_ONE}"
        ));
    }
    let is_unread = are_values.is_some() || words.iter().skip(1).any(is_hex);
    is_unread.then(|| {
        format!(
            "\"{name}\" seems to hold a color in a form that is not read. Write \"name red green blue\" with whole \
             numbers from 0 to 255, or \"name #rrggbb\""
        )
    })
}
