//! What a file is that was taken for weights, from its first bytes.

/// How many bytes say it.
pub(super) const START: u64 = 512;

/// What a file is that begins so, and what to do; `None` = it may be weights.
pub(super) fn not_weights(start: &[u8]) -> Option<&'static str> {
    if start.is_empty() {
        return Some("the file is empty");
    }
    if start.starts_with(b"version https://git-lfs.github.com/") {
        return Some(
            "this is a pointer of Git LFS, which stands for the weights and does not hold them. Fetch them with \
             `git lfs pull` in its repository, or download the file itself",
        );
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let text = text.trim_ascii_start().to_ascii_lowercase();
    let page = [&b"<!doctype html"[..], b"<html", b"<head", b"<?xml"];
    page.iter().any(|tag| text.starts_with(tag)).then_some(
        "this is a web page, not weights, as a download that needs a login or a confirmation leaves it. Open its \
         address in a browser and save the file itself",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_downloads_leave_in_the_place_of_weights_is_named() {
        let said = |start: &[u8]| not_weights(start).unwrap_or_default();
        assert_eq!(said(b""), "the file is empty");
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n";
        assert!(said(pointer).contains("git lfs pull"));
        for page in [
            "<!DOCTYPE html><html>",
            "\n  <html lang=\"en\">",
            "\u{feff}<!doctype HTML>",
        ] {
            assert!(said(page.as_bytes()).contains("web page"), "{page}");
        }
        for weights in [
            &b"PK\x03\x04"[..],
            b"\x80\x02",
            b"\x40\0\0\0\0\0\0\0{",
            b"hello",
        ] {
            assert_eq!(not_weights(weights), None);
        }
    }
}
