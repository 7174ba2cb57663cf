//! The only place that writes to stdout and stderr, and the text forms of values.

use std::fmt::Display;
use std::io::Write as _;

use serde::Serialize;

use crate::engine::{ClassList, Evaluation, Scores, Variant};
use crate::text;

/// Writes one line to stdout. A closed pipe (`| head`) is not an error.
pub fn line(text: impl Display) {
    writeln!(std::io::stdout().lock(), "{text}").ok();
}

/// Writes one JSON object as a line to stdout. NaN and infinity become `null`.
pub fn json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => line(text),
        Err(err) => problem(
            "error",
            &format!("a result cannot be written as JSON: {err}"),
        ),
    }
}

/// Writes one message to stderr: `error: ...`.
pub fn problem(level: &str, message: &str) {
    writeln!(std::io::stderr().lock(), "{level}: {message}").ok();
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

/// An evaluation with every class, as text. Each mIoU says what it is the
/// mean of.
pub fn evaluation_text(evaluation: &Evaluation) -> String {
    let Evaluation {
        scores, boundary, ..
    } = evaluation;
    let band = format!("{} px band", evaluation.boundary_width);
    let mut classes = vec![vec![
        "class".to_owned(),
        "IoU".to_owned(),
        format!("boundary IoU ({band})"),
    ]];
    let ius = scores.class_iu.iter().zip(&boundary.class_iu);
    for (class, (&iu, &boundary_iu)) in evaluation.classes.iter().zip(ius) {
        classes.push(vec![class.name.clone(), percent(iu), percent(boundary_iu)]);
    }
    let means = [
        ("pixel accuracy".to_owned(), scores.pixel_accuracy),
        ("mean accuracy".to_owned(), scores.mean_accuracy),
        ("mIoU (pooled over the set)".to_owned(), scores.mean_iu),
        (
            "frequency weighted IoU".to_owned(),
            scores.frequency_weighted_iu,
        ),
        (
            "mIoU (mean over images)".to_owned(),
            evaluation.mean_iu_over_images,
        ),
        (format!("boundary mIoU ({band})"), boundary.mean_iu),
        (
            format!("boundary pixel accuracy ({band})"),
            boundary.pixel_accuracy,
        ),
    ];
    let means = means.map(|(name, share)| vec![name, percent(share)]);
    let remark = evaluation.remark.as_ref();
    let remark = remark.map_or_else(String::new, |remark| format!("{remark}\n\n"));
    format!("{remark}{}\n\n{}", table(&classes), table(&means))
}

/// The fields of an evaluation that every `evaluate` has, for JSON.
#[derive(Serialize)]
pub struct EvaluationFields<'a> {
    images: usize,
    secs: f64,
    scores: &'a Scores,
    mean_iu_over_images: Option<f64>,
    boundary: &'a Scores,
    boundary_width: usize,
    /// Only where the run and the dataset have other classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<&'a str>,
    classes: Vec<EvaluatedClass<'a>>,
}

/// A class by name with its intersections over union.
#[derive(Serialize)]
struct EvaluatedClass<'a> {
    label: usize,
    name: &'a str,
    iu: Option<f64>,
    boundary_iu: Option<f64>,
}

/// See [`EvaluationFields`].
pub fn evaluation_fields(evaluation: &Evaluation) -> EvaluationFields<'_> {
    let Evaluation {
        scores, boundary, ..
    } = evaluation;
    let ius = scores.class_iu.iter().zip(&boundary.class_iu);
    let classes = evaluation.classes.iter().zip(ius).enumerate();
    EvaluationFields {
        images: evaluation.images,
        secs: evaluation.secs,
        scores,
        mean_iu_over_images: evaluation.mean_iu_over_images,
        boundary,
        boundary_width: evaluation.boundary_width,
        remark: evaluation.remark.as_deref(),
        classes: classes
            .map(|(label, (class, (&iu, &boundary_iu)))| EvaluatedClass {
                label,
                name: &class.name,
                iu,
                boundary_iu,
            })
            .collect(),
    }
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

    #[test]
    fn no_value_is_not_zero() {
        assert_eq!(percent(Some(0.4126)), "41.3 %");
        assert_eq!(percent(Some(0.0)), "0.0 %");
        assert_eq!(percent(None), "n/a");
    }

    #[test]
    fn every_mean_iu_says_what_it_is_the_mean_of() {
        let scores = |mean_iu| Scores {
            mean_iu: Some(mean_iu),
            class_iu: vec![Some(mean_iu), None],
            ..Scores::default()
        };
        let evaluation = Evaluation {
            scores: scores(0.6),
            mean_iu_over_images: Some(0.5),
            boundary: scores(0.4),
            boundary_width: 3,
            val_loss: None,
            images: 2,
            secs: 1.0,
            classes: std::sync::Arc::new(ClassList::numbered(2)),
            warnings: Vec::new(),
            remark: Some("Scored over 1 of 2 classes".to_owned()),
        };
        let text = evaluation_text(&evaluation);
        assert!(text.starts_with("Scored over 1 of 2 classes\n"), "{text}");
        for line in [
            "class    IoU     boundary IoU (3 px band)",
            "class 0  60.0 %  40.0 %",
            "class 1  n/a     n/a",
            "mIoU (pooled over the set)           60.0 %",
            "mIoU (mean over images)              50.0 %",
            "boundary mIoU (3 px band)            40.0 %",
        ] {
            assert!(
                text.lines().any(|shown| shown == line),
                "{line:?} is not in\n{text}"
            );
        }
        let value = serde_json::to_value(evaluation_fields(&evaluation)).unwrap();
        assert_eq!(
            (&value["mean_iu_over_images"], &value["boundary"]["mean_iu"]),
            (&0.5.into(), &0.4.into())
        );
        assert_eq!(
            (&value["scores"]["mean_iu"], &value["boundary_width"]),
            (&0.6.into(), &3.into())
        );
        assert_eq!(
            (
                &value["classes"][0]["iu"],
                &value["classes"][0]["boundary_iu"]
            ),
            (&0.6.into(), &0.4.into())
        );
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
