//! Text files of datasets, in the encodings that people's programs write.

use std::io::Read as _;
use std::path::Path;

use crate::dataset::DatasetError;
use crate::dataset::image_io::read_error;
use crate::dataset::separator::told_separator;
use crate::files::open_regular;

/// Lists of a million images are smaller; what is larger is no list.
const LARGEST: u64 = 256 << 20;

/// The text of a file in UTF-8, or in UTF-16 as Windows programs save it.
///
/// # Errors
/// [`DatasetError::File`] when it cannot be read, [`DatasetError::List`] when it is no text
/// or in another encoding.
pub(super) fn read_text(path: &Path) -> Result<String, DatasetError> {
    let problem = |reason: String| DatasetError::List {
        path: path.to_owned(),
        reason,
    };
    let mut bytes = Vec::new();
    open_regular(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|err| read_error(path, err))?;
    if bytes.len() as u64 > LARGEST {
        return Err(problem(
            "the file has more than 256 MiB and is no list of images or classes".to_owned(),
        ));
    }
    let mut text = decode(bytes).map_err(problem)?;
    // Programs of DOS end files with a mark of their own, which an editor may have put on a line.
    let end = text.trim_end_matches(['\u{1a}', '\r', '\n']).len();
    if text[end..].contains('\u{1a}') {
        text.truncate(end);
    }
    // Lines of old Macs end in a carriage return alone.
    if text.contains('\n') {
        return Ok(text);
    }
    Ok(text.replace('\r', "\n"))
}

/// The lines of a text that are not empty, trimmed, with their numbers from 1; without one at the start that tells
/// spreadsheets what stands between fields.
pub(super) fn lines(text: &str) -> Vec<(usize, String)> {
    let lines = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .enumerate();
    let mut filled = lines.filter(|(_, line)| !line.is_empty()).peekable();
    filled.next_if(|(_, line)| told_separator(line).is_some());
    filled
        .map(|(index, line)| (index + 1, line.to_owned()))
        .collect()
}

fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let utf16 = |bytes: &[u8], value: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| value(*pair)).collect();
        match (String::from_utf16(&units), rest) {
            (Ok(text), []) => Ok(text),
            _ => Err("it begins as UTF-16 but is damaged. Save the file as UTF-8".to_owned()),
        }
    };
    match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            return Err("it is text in UTF-32. Save the file as UTF-8".to_owned());
        }
        [0xff, 0xfe, text @ ..] => return utf16(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => return utf16(text, u16::from_be_bytes),
        _ => {}
    }
    if bytes.contains(&0) {
        // Letters of the Latin alphabet have a zero byte in UTF-16, on the same side of each pair.
        let zeros = |side: usize| bytes.iter().skip(side).step_by(2).any(|byte| *byte == 0);
        let value: Option<fn([u8; 2]) -> u16> = match (zeros(0), zeros(1)) {
            (false, true) => Some(u16::from_le_bytes),
            (true, false) => Some(u16::from_be_bytes),
            _ => None,
        };
        let text = value.and_then(|value| utf16(&bytes, value).ok());
        if let Some(text) = text.filter(|text| text.chars().all(is_of_lists)) {
            return Ok(text);
        }
        return Err("it is not a text file. Lists and class lists are text in UTF-8".to_owned());
    }
    String::from_utf8(bytes).map_err(|err| {
        let place = err.utf8_error().valid_up_to();
        let line = err.as_bytes()[..place].split(|byte| *byte == b'\n').count();
        format!("line {line}: it is not UTF-8 text. Save the file as UTF-8, in an editor that shows its letters right")
    })
}

/// Whether a character may be in a list, where only its bytes say that the file is text.
fn is_of_lists(letter: char) -> bool {
    !letter.is_control() || matches!(letter, '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spreadsheets_are_told_is_no_line_of_a_list() {
        let found = lines("\u{feff}\n\"sep=;\"\r\n a \r\n\r\nsep=;\n");
        assert_eq!(found, [(3, "a".to_owned()), (5, "sep=;".to_owned())]);
    }

    #[test]
    fn utf_8_and_utf_16_are_read_and_other_encodings_are_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("train.txt");
        let text = "straße_1\r\nb\r\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [&[0xff, 0xfe], little.as_slice()].concat(),
            [&[0xfe, 0xff], big.as_slice()].concat(),
            // Without the mark at the start.
            little.clone(),
            big.clone(),
        ] {
            std::fs::write(&path, bytes).expect("written");
            assert_eq!(read_text(&path).expect("a text"), text);
        }
        std::fs::write(&path, "a\rb\r").expect("written");
        assert_eq!(read_text(&path).expect("a text"), "a\nb\n");
        for (bytes, part) in [
            (b"a\nstra\xdfe_1\n".to_vec(), "line 2: it is not UTF-8"),
            (b"\xb1\xb3\xbe\xb0\r\n".to_vec(), "line 1: it is not UTF-8"),
            (b"\x89PNG\0\0".to_vec(), "not a text file"),
            (b"\xff\xfea\0b".to_vec(), "damaged"),
            (b"\xff\xfe\0\0a\0\0\0".to_vec(), "UTF-32"),
        ] {
            std::fs::write(&path, bytes).expect("written");
            let message = read_text(&path).unwrap_err().to_string();
            assert!(
                message.contains("train.txt: ") && message.contains(part),
                "{message}"
            );
        }
    }
}
