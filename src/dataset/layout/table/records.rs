//! The records of a table as text: what stands between separators and quotes.

/// What a first line such as `sep=;` tells Excel, and the text behind it. Its line break stays, which is an empty line.
fn told_separator(text: &str) -> (Option<u8>, &str) {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let (first, rest) = text.split_at(end);
    let word = first
        .get(..4)
        .filter(|word| word.eq_ignore_ascii_case("sep="));
    match word.map(|_| &first.as_bytes()[4..]) {
        Some([]) => (None, rest),
        Some([separator]) => (Some(*separator), rest),
        _ => (None, text),
    }
}

/// The records of a table and the lines they begin in; quoted fields may hold separators and
/// line breaks.
pub(super) fn records(text: &str) -> Vec<(usize, Vec<String>)> {
    let text = text.trim_start_matches('\u{feff}');
    let (told, text) = told_separator(text);
    let first = text.lines().next().unwrap_or_default();
    let found = || {
        let mut separators = [b'\t', b';', b','].into_iter();
        separators.find(|separator| first.contains(char::from(*separator)))
    };
    let separator = told.or_else(found).unwrap_or(b',');
    let mut reader = csv_core::ReaderBuilder::new().delimiter(separator).build();
    let (mut input, mut records) = (text.as_bytes(), Vec::new());
    // No field is longer than the text.
    let (mut bytes, mut ends) = (vec![0; text.len() + 1], vec![0; text.len() + 1]);
    let newlines = |bytes: &[u8]| {
        bytes
            .iter()
            .filter(|byte| **byte == b'\n')
            .map(|_| 1)
            .sum::<usize>()
    };
    let mut line = 1;
    loop {
        let is_end = |byte: &&u8| [b'\n', b'\r'].contains(*byte);
        let (ends_before, rest) = input.split_at(input.iter().take_while(is_end).count());
        line += newlines(ends_before);
        input = rest;
        let (first_line, mut used, mut fields) = (line, 0, 0);
        let end = loop {
            let (result, taken, written, ended) =
                reader.read_record(input, &mut bytes[used..], &mut ends[fields..]);
            line += newlines(&input[..taken]);
            input = &input[taken..];
            used += written;
            fields += ended;
            match result {
                csv_core::ReadRecordResult::InputEmpty => {}
                other => break other,
            }
        };
        if end != csv_core::ReadRecordResult::Record {
            return records;
        }
        let starts = std::iter::once(0).chain(ends[..fields].iter().copied());
        let field = |(start, end): (usize, &usize)| {
            String::from_utf8_lossy(&bytes[start..*end]).into_owned()
        };
        records.push((first_line, starts.zip(&ends[..fields]).map(field).collect()));
    }
}
