//! What a file is that is no picture.

/// Kinds of HEIC and AVIF files.
const HEIF: [&[u8]; 4] = [b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"];

/// What a file is, by its first bytes, and what to do about it.
pub(super) fn what_else(start: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(&start[..start.len().min(256)]).to_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if start.is_empty() {
        Some("the file is empty; save it again")
    } else if text.starts_with("version https://git-lfs") {
        Some(
            "it is a pointer of Git LFS in the place of the file; `git lfs pull` gets the file itself",
        )
    } else if ["<!doctype html", "<html", "<head"]
        .iter()
        .any(|mark| text.starts_with(mark))
    {
        Some("it is a web page, as a failed download leaves it; download the file again")
    } else if start.starts_with(b"\x93NUMPY") {
        Some("it is a NumPy array; save it as an 8-bit PNG")
    } else if start.get(4..12).is_some_and(|kind| HEIF.contains(&kind)) {
        Some("it is a HEIC or AVIF file; save it as JPEG or PNG")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_pictures_are_named() {
        for (start, part) in [
            (b"".as_slice(), "empty"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n",
                "git lfs pull",
            ),
            (b"\n<!DOCTYPE html>\n<html>", "web page"),
            (b"<html><body>403 Forbidden</body></html>", "web page"),
            (b"\x93NUMPY\x01\0", "NumPy"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        ] {
            let found = what_else(start).unwrap_or_default();
            assert!(found.contains(part), "{found}");
        }
        assert_eq!(what_else(b"\x89PNG\r\n"), None);
        assert_eq!(what_else(b"some words"), None);
    }
}
