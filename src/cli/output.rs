//! The only place that writes to stdout and stderr, and the text forms of values.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::OnceLock;

use serde::Serialize;

use crate::engine::{ClassList, Scores, Variant};
use crate::text;

/// The first failed write to stdout. Training goes on without it, and the end of the program says it.
static FAILED: OnceLock<String> = OnceLock::new();

/// Writes one line to stdout.
pub fn line(text: impl Display) {
    if let Err(message) = write_line(&mut io::stdout().lock(), &text) {
        FAILED.get_or_init(|| message);
    }
}

/// An error where something that [`line`] or [`json`] was given is not on stdout.
pub fn check() -> Result<(), String> {
    FAILED.get().map_or(Ok(()), |message| Err(message.clone()))
}

fn write_line(to: &mut impl Write, text: &impl Display) -> Result<(), String> {
    let written = writeln!(to, "{text}").and_then(|()| to.flush());
    written
        .or_else(pipe_may_close)
        .map_err(|err| failed_write(&err))
}

/// A closed pipe (`| head`) is not an error: whoever reads has enough.
fn pipe_may_close(err: io::Error) -> io::Result<()> {
    match err.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(err),
    }
}

fn failed_write(err: &io::Error) -> String {
    format!(
        "stdout: {err}. Some or all of what this command prints is missing there. Check that the disk has room, \
         or send it to another file"
    )
}

/// Writes one JSON object as a line to stdout. NaN and infinity become `null`.
pub fn json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => line(text),
        Err(err) => {
            FAILED.get_or_init(|| format!("a result cannot be written as JSON: {err}"));
        }
    }
}

/// Writes one message to stderr: `error: ...`.
pub fn problem(level: &str, message: &str) {
    writeln!(io::stderr().lock(), "{level}: {message}").ok();
}

/// A share as `41.2 %`, `n/a` where there is none.
pub fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "n/a".to_owned(), text::percent)
}

/// A time as `12 s`, `3 min 05 s` or `1 h 02 min`.
pub fn duration(secs: f64) -> String {
    text::duration(secs).unwrap_or_else(|| "0 s".to_owned())
}

/// Rows below a header, in columns. The first row is the header.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let text_of = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(text_of).collect::<Vec<_>>().join("\n")
}

/// The scores of a set with every class that occurs, as text.
pub fn scores_text(scores: &Scores, classes: &ClassList) -> String {
    let mut rows = vec![vec!["class".to_owned(), "IoU".to_owned()]];
    for (class, &iu) in classes.iter().zip(&scores.class_iu) {
        rows.push(vec![class.name.clone(), percent(iu)]);
    }
    rows.push(vec!["mean".to_owned(), percent(scores.mean_iu)]);
    format!(
        "{}\n\npixel accuracy {}, mean accuracy {}, mIoU {}, frequency weighted IoU {}",
        table(&rows),
        percent(scores.pixel_accuracy),
        percent(scores.mean_accuracy),
        percent(scores.mean_iu),
        percent(scores.frequency_weighted_iu),
    )
}

/// Classes by name with their intersection over union, for JSON.
#[derive(Serialize)]
pub struct ClassScore<'a> {
    label: usize,
    name: &'a str,
    iu: Option<f64>,
}

/// See [`ClassScore`].
pub fn class_scores<'a>(scores: &Scores, classes: &'a ClassList) -> Vec<ClassScore<'a>> {
    let classes = classes.iter().zip(&scores.class_iu).enumerate();
    classes
        .map(|(label, (class, &iu))| ClassScore {
            label,
            name: &class.name,
            iu,
        })
        .collect()
}

/// One row of a comparison: which network, then the four scores.
pub fn comparison_row(variant: Variant, run: &str, scores: Option<&Scores>) -> Vec<String> {
    let shares = scores.map(Scores::means).unwrap_or_default();
    let mut row = vec![variant.to_string()];
    row.extend(shares.map(percent));
    row.push(run.to_owned());
    row
}

/// Three significant digits: `0.123`, `1.23`, `123`, `12.3 M`.
pub fn number(value: f64) -> String {
    if value.abs() >= 1e6 {
        format!("{} M", number(value / 1e6))
    } else {
        text::column_number(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails with an error.
    struct Full(io::ErrorKind);

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_is_not_written_is_an_error_but_behind_a_closed_pipe() {
        let mut written = Vec::new();
        assert_eq!(write_line(&mut written, &"a"), Ok(()));
        assert_eq!(written, b"a\n");
        let full = write_line(&mut Full(io::ErrorKind::StorageFull), &"a");
        let message = full.expect_err("a message");
        assert!(
            message.contains("Check that the disk has room"),
            "{message}"
        );
        let closed = write_line(&mut Full(io::ErrorKind::BrokenPipe), &"a");
        assert_eq!(closed, Ok(()));
    }

    #[test]
    fn no_value_is_not_zero() {
        assert_eq!(percent(Some(0.4126)), "41.3 %");
        assert_eq!(percent(Some(0.0)), "0.0 %");
        assert_eq!(percent(None), "n/a");
    }

    #[test]
    fn times_are_as_short_as_they_can_be() {
        assert_eq!(duration(11.6), "12 s");
        assert_eq!(duration(185.0), "3 min 05 s");
        assert_eq!(duration(3720.0), "1 h 02 min");
        assert_eq!(duration(f64::NAN), "0 s");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "bb"], ["größer", "c"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "a       bb\ngrößer  c");
        assert_eq!(table(&[]), "");
    }

    #[test]
    fn numbers_have_the_digits_that_count() {
        assert_eq!(
            [0.12345, 1.2345, 12.345, 123.45, 12_345.6, 12_345_678.0].map(number),
            ["0.123", "1.23", "12.3", "123", "12346", "12.3 M"]
        );
    }
}
