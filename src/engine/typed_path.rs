//! Paths as people type and paste them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The path that was typed or pasted: blanks and quotes around it are taken away, `~` is the home
/// folder, and `file://` addresses, as file managers copy them, are decoded. Does not look at the
/// disk.
pub fn typed_path(text: &OsStr) -> PathBuf {
    let home = directories::BaseDirs::new();
    understood(text, home.as_ref().map(directories::BaseDirs::home_dir))
}

/// As [`typed_path`], made absolute, so that it is the same path as that of another list.
pub fn entered_path(text: &OsStr) -> PathBuf {
    whole_path(typed_path(text))
}

/// A path that means the same in every folder. Does not look at the disk.
pub fn whole_path(path: PathBuf) -> PathBuf {
    // Only an empty path, or one in a folder that is gone, has none.
    std::path::absolute(&path).unwrap_or(path)
}

/// As [`typed_path`], for words that a shell has read already: what names something on the disk as
/// it stands is taken as it stands.
pub fn argument_path(text: &OsStr) -> PathBuf {
    let as_it_stands = Path::new(text);
    if as_it_stands.exists() {
        return as_it_stands.to_owned();
    }
    typed_path(text)
}

fn understood(text: &OsStr, home: Option<&Path>) -> PathBuf {
    // Only text can be understood; a name of other bytes is a name.
    let Some(typed) = text.to_str() else {
        return PathBuf::from(text);
    };
    let bare = unquoted(typed.trim());
    if let Some(path) = of_address(bare) {
        return path;
    }
    match (bare.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with(['/', std::path::MAIN_SEPARATOR]) => {
            // An empty rest keeps the separator: what is in the folder.
            home.join(&rest[1..])
        }
        _ => PathBuf::from(bare),
    }
}

/// Without a pair of quotes around it.
fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = text
            .strip_prefix(quote)
            .and_then(|text| text.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    text
}

/// The path in `file:///a%20b` or `file://localhost/a`.
fn of_address(text: &str) -> Option<PathBuf> {
    let scheme = text.get(.."file://".len())?;
    if !scheme.eq_ignore_ascii_case("file://") {
        return None;
    }
    let rest = &text[scheme.len()..];
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    if !rest.starts_with('/') {
        return None;
    }
    let decoded = decoded(rest);
    // file:///C:/data
    let drive = decoded
        .strip_prefix('/')
        .filter(|rest| cfg!(windows) && rest.as_bytes().get(1) == Some(&b':'));
    Some(PathBuf::from(drive.unwrap_or(&decoded)))
}

/// With `%20` and the like as the characters that they stand for; what is no such code stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(code) = code {
            bytes.push(code);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> PathBuf {
        understood(text.as_ref(), Some(Path::new("/home/ada")))
    }

    #[test]
    fn the_home_folder_is_a_tilde() {
        assert_eq!(read("~"), Path::new("/home/ada"));
        assert_eq!(read("~/data/voc"), Path::new("/home/ada/data/voc"));
        // Another user's home, or a name: not ours to guess.
        assert_eq!(read("~bob/data"), Path::new("~bob/data"));
        assert_eq!(read("/data/~"), Path::new("/data/~"));
        let without = understood("~/data".as_ref(), None);
        assert_eq!(without, Path::new("~/data"));
    }

    #[test]
    fn quotes_and_blanks_around_a_path_are_taken_away() {
        assert_eq!(read("  /data/voc \n"), Path::new("/data/voc"));
        assert_eq!(read("\"/my data\""), Path::new("/my data"));
        assert_eq!(read("'~/my data'"), Path::new("/home/ada/my data"));
        assert_eq!(read("\"/my data"), Path::new("\"/my data"));
        assert_eq!(read("/it's"), Path::new("/it's"));
    }

    #[test]
    fn addresses_of_files_are_decoded() {
        assert_eq!(
            read("file:///my%20data/%C3%A4.png"),
            Path::new("/my data/ä.png")
        );
        assert_eq!(read("FILE://localhost/a"), Path::new("/a"));
        assert_eq!(read("'file:///a%2'"), Path::new("/a%2"));
        assert_eq!(read("file:///100%zz"), Path::new("/100%zz"));
        // Bytes that are no text: kept as they were typed.
        assert_eq!(read("file:///%ff"), Path::new("/%ff"));
        assert_eq!(read("file://server/a"), Path::new("file://server/a"));
        assert_eq!(read("/a%20b"), Path::new("/a%20b"));
    }

    #[test]
    fn what_is_entered_is_the_same_path_in_every_folder() {
        let here = std::env::current_dir().expect("a folder");
        assert_eq!(entered_path("data/a.png".as_ref()), here.join("data/a.png"));
        assert_eq!(entered_path("/a.png".as_ref()), Path::new("/a.png"));
        assert_eq!(whole_path(PathBuf::new()), Path::new(""));
    }

    #[test]
    fn what_is_there_is_taken_as_it_stands() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["~", " blank ", "\"quoted\""] {
            let path = dir.path().join(name);
            std::fs::write(&path, "").expect("a file");
            assert_eq!(argument_path(path.as_ref()), path);
        }
        assert_eq!(
            argument_path("'/no/such/file'".as_ref()),
            Path::new("/no/such/file")
        );
    }
}
