//! The line with which people and programs tell spreadsheets what stands between fields: `sep=;`.

/// What a line such as `sep=;` says: a character, or nothing where an editor took the tab at its end off. `None` for
/// other lines.
///
/// A spreadsheet that saves such a file again puts quotes around the line where it has to, and separators behind it, as
/// it has fewer fields than the others. What then stands between fields is these.
pub(super) fn told_separator(line: &str) -> Option<&str> {
    let line = line.trim_matches(' ');
    let (told, behind) = if let Some(quoted) = line.strip_prefix('"') {
        quoted.split_once('"')?
    } else {
        let end = line.char_indices().nth(5).map_or(line.len(), |(at, _)| at);
        line.split_at(end)
    };
    let is_told = told
        .get(..4)
        .is_some_and(|word| word.eq_ignore_ascii_case("sep="));
    let separator = told.get(4..).filter(|_| is_told)?;
    if separator.chars().count() > 1 {
        return None;
    }
    let mut others = behind.chars();
    match others.next() {
        None => Some(separator),
        Some(first) if [',', ';', '\t', '|'].contains(&first) && others.all(|one| one == first) => {
            Some(&behind[..1])
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_known_in_quotes_and_in_front_of_empty_fields() {
        for (line, told) in [
            ("sep=;", Some(";")),
            ("SEP=,", Some(",")),
            ("sep=\t", Some("\t")),
            ("sep=", Some("")),
            ("\"sep=;\"", Some(";")),
            (" \"sep=\" ", Some("")),
            ("sep=；", Some("；")),
            // Saved again by spreadsheets that put other separators between fields, or the same.
            ("sep=;,,", Some(",")),
            ("\"sep=;\";;", Some(";")),
            ("\"sep=,\"\t\t", Some("\t")),
            ("separator", None),
            ("sep=ab", None),
            ("sep=;a", None),
            ("\"sep=;", None),
            ("image;mask", None),
            ("", None),
        ] {
            assert_eq!(told_separator(line), told, "{line}");
        }
    }
}
