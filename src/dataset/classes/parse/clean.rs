//! The lines of a class list without comments, in one way of writing colors and labels.

use crate::dataset::separator::told_separator;

/// Punctuation of Chinese and Japanese keyboards, and what it stands for.
const WIDE: [(char, char); 4] = [('，', ','), ('；', ';'), ('：', ':'), ('\u{3000}', ' ')];
/// Keys of YAML files about classes.
const YAML_KEYS: [&str; 5] = ["names", "classes", "labels", "colors", "nc"];
const WANTED: &str = "Write one class a line, as \"name\" or \"name red green blue\"";

/// The lines that hold something, with their numbers from 1.
///
/// # Errors
/// A sentence for text that is another format.
pub(super) fn lines(text: &str) -> Result<Vec<(usize, String)>, String> {
    let text = text.trim_start_matches('\u{feff}').trim_end();
    let (begins, ends) = (text.trim_start().chars().next(), text.chars().next_back());
    if matches!(
        (begins, ends),
        (Some('['), Some(']')) | (Some('{'), Some('}'))
    ) {
        return Err(format!("it is JSON and no class list. {WANTED}"));
    }
    if begins == Some('<') {
        return Err(format!("it is XML and no class list. {WANTED}"));
    }
    let mut lines: Vec<(usize, String)> = (1..)
        .zip(text.lines().map(str::trim))
        .filter(|(_, line)| is_filled(line) && !is_comment(line))
        .map(|(number, line)| (number, without_comment(line)))
        .collect();
    let short = has_short_colors(&lines);
    for (_, line) in &mut lines {
        plain(line, short).trim().clone_into(line);
    }
    if lines
        .first()
        .is_some_and(|(_, line)| told_separator(line).is_some())
    {
        lines.remove(0);
    }
    for (number, line) in &lines {
        let key = line.split(':').next().unwrap_or_default().trim();
        let rest = line.get(key.len()..).unwrap_or_default().trim_start();
        // CVAT writes a color behind the first colon.
        let is_key = YAML_KEYS.contains(&key.to_lowercase().as_str())
            && rest.starts_with(':')
            && rest.matches(':').count() == 1;
        if is_key {
            return Err(format!(
                "line {number}: it is YAML and no class list. {WANTED}"
            ));
        }
        if line.ends_with('{') {
            return Err(format!(
                "line {number}: it is a label map with braces, such as TensorFlow's, and no class list. {WANTED}"
            ));
        }
    }
    super::forms::unify(&mut lines);
    Ok(lines)
}

/// Whether a line has more than the separators between empty fields, which spreadsheets write.
fn is_filled(line: &str) -> bool {
    let is_empty = |letter: char| letter.is_whitespace() || [',', ';', '|', '"'].contains(&letter);
    !line.chars().all(is_empty)
}

fn is_comment(line: &str) -> bool {
    line.starts_with("//") || (line.starts_with('#') && hex_color(line, false).is_none())
}

/// A line without the comment behind it. Between numbers and a name the sign is only a sign.
fn without_comment(line: &str) -> String {
    let signs = [" # ", "\t# ", " // ", "\t// "];
    let found = signs
        .iter()
        .filter_map(|sign| Some((line.find(sign)?, sign.len())));
    match found.min() {
        Some((at, _)) if line[..at].chars().any(char::is_alphabetic) => {
            line[..at].trim_end().to_owned()
        }
        Some((at, length)) => format!("{} {}", &line[..at], &line[at + length..]),
        None => line.to_owned(),
    }
}

/// Whether all lines but a heading have a color as `#rgb` or `#rrggbb`.
fn has_short_colors(lines: &[(usize, String)]) -> bool {
    let has_color = |line: &str| {
        let mut signs = line.match_indices('#');
        signs.any(|(at, _)| at > 0 && hex_color(&line[at..], true).is_some())
    };
    let below = &lines[usize::from(lines.len() > 1)..];
    !below.is_empty() && below.iter().all(|(_, line)| has_color(line))
}

/// A line with plain punctuation, and colors as numbers between blanks.
fn plain(line: &str, short: bool) -> String {
    let narrow = |character: char| {
        let wide = WIDE.iter().find(|(wide, _)| *wide == character);
        wide.map_or(character, |(_, narrow)| *narrow)
    };
    let line: String = line.chars().map(narrow).collect();
    let mut plain = String::new();
    let mut rest = line.as_str();
    while let Some(place) = rest.find(['#', '(', '[']) {
        let (before, at) = rest.split_at(place);
        plain.push_str(before);
        let of_css = || {
            let color = color_in_brackets(at)?;
            plain.truncate(without_function(&plain).len());
            Some(color)
        };
        let color = hex_color(at, short).or_else(of_css);
        let (text, length) = color.unwrap_or_else(|| (at[..1].to_owned(), 1));
        plain.push_str(&text);
        rest = &at[length..];
    }
    plain.push_str(rest);
    plain
}

/// `name: rgb` without the word of CSS.
fn without_function(text: &str) -> &str {
    let without = ["rgba", "rgb", "RGBA", "RGB"]
        .iter()
        .find_map(|word| text.trim_end().strip_suffix(word));
    without
        .filter(|rest| !rest.ends_with(char::is_alphanumeric))
        .unwrap_or(text)
}

/// The color at the start of a text as `#rrggbb`, or as `#rgb`, as numbers, and how long it is there.
fn hex_color(text: &str, short: bool) -> Option<(String, usize)> {
    let digits = text.strip_prefix('#')?;
    let count = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
    let (digits, rest) = digits.split_at(count);
    let ends = rest
        .chars()
        .next()
        .is_none_or(|next| !next.is_alphanumeric());
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| ends)?;
    let [red, green, blue] = match count {
        6 => [value >> 16, (value >> 8) & 0xff, value & 0xff],
        // Each digit stands for two.
        3 if short => [value >> 8, (value >> 4) & 0xf, value & 0xf].map(|digit| digit * 17),
        _ => return None,
    };
    Some((format!("{red} {green} {blue}"), count + 1))
}

/// The same as `(r, g, b)` or `[r, g, b]`, perhaps with alpha.
fn color_in_brackets(text: &str) -> Option<(String, usize)> {
    let end = text.find([')', ']'])?;
    let numbers: Vec<&str> = text[1..end]
        .split([',', ' ', ';', '\t'])
        .filter(|part| !part.is_empty())
        .collect();
    let is_color = matches!(numbers.len(), 3 | 4)
        && numbers
            .iter()
            .all(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    is_color.then(|| (format!(" {} ", numbers.join(" ")), end + 1))
}
