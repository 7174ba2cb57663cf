//! The lines of a class list without comments, in one way of writing colors and labels.

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
        .filter(|(_, line)| !line.is_empty() && !is_comment(line))
        .map(|(number, line)| (number, plain(line)))
        .collect();
    if lines.first().is_some_and(|(_, line)| is_of_excel(line)) {
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
    strip_all(&mut lines, |line| {
        line.strip_prefix("- ").map(str::to_owned)
    });
    strip_all(&mut lines, |line| {
        let (label, name) = line.split_once([':', '=', '.', ')'])?;
        let name = name.trim();
        let is_label = !label.is_empty() && label.trim().bytes().all(|byte| byte.is_ascii_digit());
        let is_name = name
            .chars()
            .next()
            .is_some_and(|first| !first.is_ascii_digit());
        (is_label && is_name).then(|| format!("{} {name}", label.trim()))
    });
    Ok(lines)
}

fn is_comment(line: &str) -> bool {
    line.starts_with("//") || (line.starts_with('#') && hex_color(line).is_none())
}

/// `sep=;`, which tells Excel what stands between fields.
fn is_of_excel(line: &str) -> bool {
    let sign = line.to_lowercase();
    sign.strip_prefix("sep=")
        .is_some_and(|sign| sign.chars().count() <= 1)
}

/// Takes something off all lines, if all have it.
fn strip_all(lines: &mut [(usize, String)], strip: impl Fn(&str) -> Option<String>) {
    let stripped: Option<Vec<String>> = lines.iter().map(|(_, line)| strip(line)).collect();
    for ((_, line), stripped) in lines.iter_mut().zip(stripped.unwrap_or_default()) {
        *line = stripped;
    }
}

/// A line with plain punctuation, and colors as numbers between blanks.
fn plain(line: &str) -> String {
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
        let color = hex_color(at).or_else(|| color_in_brackets(at));
        let (text, length) = color.unwrap_or_else(|| (at[..1].to_owned(), 1));
        plain.push_str(&text);
        rest = &at[length..];
    }
    plain.push_str(rest);
    plain
}

/// The color at the start of a text as `#rrggbb`, as numbers, and how long it is there.
fn hex_color(text: &str) -> Option<(String, usize)> {
    let digits = text.strip_prefix('#')?.get(..6)?;
    let ends = text[7..]
        .chars()
        .next()
        .is_none_or(|next| !next.is_alphanumeric());
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| ends)?;
    let [_, red, green, blue] = value.to_be_bytes();
    Some((format!("{red} {green} {blue}"), 7))
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
