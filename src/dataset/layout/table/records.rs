//! The records of a table as text: what stands between separators and quotes.

use super::columns::Columns;
use crate::dataset::separator::told_separator;

/// What may stand between fields, the least likely in names first.
const SEPARATORS: [u8; 4] = [b'\t', b';', b',', b'|'];

/// Lines that may be a title above the headings.
pub(super) const MOST_TITLES: usize = 4;

/// What stands between the fields of a table, and where its first record begins: behind comments and a line that tells
/// it. The first line with any separator decides where it has nothing of what is told.
fn separator(text: &str) -> (u8, usize) {
    let (mut told, mut start) = (None, 0);
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let is_told = told.is_none() && told_separator(content).is_some();
        if is_told {
            told = told_separator(content);
        } else if !(content.is_empty() || is_comment(content)) {
            break;
        }
        start += line.len();
    }
    // Between quotes it is part of a name.
    let is_in = |line: &str, separator: u8| {
        let mut unquoted = line.split('"').step_by(2);
        unquoted.any(|part| part.contains(char::from(separator)))
    };
    let filled = text[start..].lines().filter(|line| !line.trim().is_empty());
    // A title above the headings may have none.
    let has_any = |line: &&str| SEPARATORS.iter().any(|separator| is_in(line, *separator));
    let first = filled.take(1 + MOST_TITLES).find(has_any).unwrap_or("");
    let is_in_first = |separator: &u8| is_in(first, *separator);
    let told = told.and_then(|told| told.bytes().next().filter(u8::is_ascii));
    let found = || SEPARATORS.into_iter().find(is_in_first);
    let separator = told.filter(is_in_first).or_else(found);
    (separator.unwrap_or(b','), start)
}

/// Whether a line above the headings is for people alone. Headings may begin with such a mark, too: that of a column
/// of numbers.
fn is_comment(line: &str) -> bool {
    let fields = |separator: &u8| -> Vec<String> {
        let fields = line.split(char::from(*separator));
        fields.map(|field| field.trim().to_owned()).collect()
    };
    let are_headings = |separator| Columns::of_headings(&fields(separator)).is_some();
    ["#", "//", ";"].iter().any(|mark| line.starts_with(mark))
        && !SEPARATORS.iter().any(are_headings)
}

/// The records of a table and the lines they begin in; quoted fields may hold separators and
/// line breaks. Those without a filled field are left out.
pub(super) fn records(text: &str) -> Vec<(usize, Vec<String>)> {
    let text = text.trim_start_matches('\u{feff}');
    let (separator, start) = separator(text);
    let mut reader = csv_core::ReaderBuilder::new().delimiter(separator).build();
    let (mut input, mut records) = (&text.as_bytes()[start..], Vec::new());
    // No field is longer than the text.
    let (mut bytes, mut ends) = (vec![0; text.len() + 1], vec![0; text.len() + 1]);
    let newlines = |bytes: &[u8]| {
        bytes
            .iter()
            .filter(|byte| **byte == b'\n')
            .map(|_| 1)
            .sum::<usize>()
    };
    let mut line = 1 + newlines(&text.as_bytes()[..start]);
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
        let record: Vec<String> = starts.zip(&ends[..fields]).map(field).collect();
        // Spreadsheets write rows that nobody filled.
        if record.iter().any(|field| !field.trim().is_empty()) {
            records.push((first_line, record));
        }
    }
}
