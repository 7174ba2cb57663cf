//! The tables of a comparison as text: for spreadsheets, for notes, for papers.

use std::fmt::Write as _;

use super::csv_cell::{cell, number};
use super::score_table::{Cell, SCORE_NAMES, ScoreTable};
use crate::engine::ImageComparison;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// For spreadsheets and programs: every digit, no percent.
    Csv,
    /// For notes and issues, in percent.
    Markdown,
    /// For papers, in percent, with `booktabs`; the best of each column is bold.
    Latex,
}

/// The scores of the compared runs on their whole validation sets, and those of each class.
pub fn scores(table: &ScoreTable, format: TableFormat) -> String {
    match format {
        TableFormat::Csv => csv(table),
        TableFormat::Markdown => markdown(table),
        TableFormat::Latex => latex(table),
    }
}

/// A line per image with the scores of each network on it, their gain and their disagreement, as CSV.
pub fn images(names: &[String], images: &[ImageComparison]) -> String {
    let mut text = "image,disagreement,gain".to_owned();
    for name in names {
        write!(
            text,
            ",{},{}",
            cell(&format!("mIoU {name}")),
            cell(&format!("pixel accuracy {name}"))
        )
        .ok();
    }
    text.push_str(",problem\r\n");
    for image in images {
        write!(
            text,
            "{},{},{}",
            cell(&image.image.display().to_string()),
            number(image.disagreement),
            number(image.gain())
        )
        .ok();
        for network in &image.networks {
            write!(
                text,
                ",{},{}",
                number(network.mean_iu),
                number(network.pixel_accuracy)
            )
            .ok();
        }
        let problem = image.problem.as_deref().unwrap_or_default();
        write!(text, ",{}\r\n", cell(problem)).ok();
    }
    text
}

fn csv(table: &ScoreTable) -> String {
    let mut text = "run,variant,trunk,epochs,best epoch,pixel accuracy,mean accuracy,mIoU,\
                    frequency weighted IoU"
        .to_owned();
    for class in &table.classes {
        text.push(',');
        text.push_str(&cell(&format!("IoU {}", class.name)));
    }
    text.push_str("\r\n");
    for (index, row) in table.rows.iter().enumerate() {
        let best = row
            .best_epoch
            .map_or_else(String::new, |epoch| epoch.to_string());
        write!(
            text,
            "{},{},{},{},{best}",
            cell(&row.title),
            cell(&row.variant),
            cell(&row.trunk),
            row.epochs
        )
        .ok();
        let classes = table.classes.iter().map(|class| &class.cells[index]);
        for value in row.values.iter().chain(classes) {
            text.push(',');
            text.push_str(&number(value.value));
        }
        text.push_str("\r\n");
    }
    text
}

fn markdown(table: &ScoreTable) -> String {
    let escaped = |text: &str| text.replace('|', "\\|");
    let value = |cell: &Cell| match cell {
        Cell { value: None, .. } => "–".to_owned(),
        Cell {
            value: Some(value),
            best: true,
        } => format!("**{:.1}**", value * 100.0),
        Cell {
            value: Some(value), ..
        } => format!("{:.1}", value * 100.0),
    };
    let mut text = format!(
        "| Run | Variant | Trunk | {} |\n|---|---|---|{}\n",
        SCORE_NAMES.join(" | "),
        "---:|".repeat(SCORE_NAMES.len())
    );
    for row in &table.rows {
        let values = row.values.each_ref().map(value).join(" | ");
        writeln!(
            text,
            "| {} | {} | {} | {values} |",
            escaped(&row.title),
            escaped(&row.variant),
            escaped(&row.trunk)
        )
        .ok();
    }
    if !table.classes.is_empty() {
        let titles: Vec<String> = table.rows.iter().map(|row| escaped(&row.title)).collect();
        write!(
            text,
            "\n| IoU by class | {} |\n|---|{}\n",
            titles.join(" | "),
            "---:|".repeat(titles.len())
        )
        .ok();
        for class in &table.classes {
            let values: Vec<String> = class.cells.iter().map(value).collect();
            writeln!(
                text,
                "| {} | {} |",
                escaped(&class.name),
                values.join(" | ")
            )
            .ok();
        }
    }
    text.push_str("\nIn percent, on the whole validation set, best epoch of each run.");
    if let Some(note) = mixed_note(table) {
        write!(text, " {note}").ok();
    }
    text.push('\n');
    text
}

/// What to know about scores of several datasets.
fn mixed_note(table: &ScoreTable) -> Option<String> {
    let rows = table.rows.iter();
    let of: Vec<String> = rows
        .map(|row| format!("{} on {}", row.title, row.dataset))
        .collect();
    let note = "The validation sets differ, and each has its own best";
    table
        .is_mixed
        .then(|| format!("{note}: {}.", of.join("; ")))
}

fn latex(table: &ScoreTable) -> String {
    let value = |cell: &Cell| match cell {
        Cell { value: None, .. } => "--".to_owned(),
        Cell {
            value: Some(value),
            best: true,
        } => format!("\\textbf{{{:.1}}}", value * 100.0),
        Cell {
            value: Some(value), ..
        } => format!("{:.1}", value * 100.0),
    };
    let note = mixed_note(table).map_or_else(String::new, |note| format!("% {note}\n"));
    let mut text = format!(
        "{note}% In percent, on the whole validation set, best epoch of each run. Needs \\usepackage{{booktabs}}.\n\
         \\begin{{tabular}}{{lll{}}}\n\\toprule\nRun & Variant & Trunk & {} \\\\\n\\midrule\n",
        "r".repeat(SCORE_NAMES.len()),
        SCORE_NAMES.join(" & ")
    );
    for row in &table.rows {
        let values = row.values.each_ref().map(value).join(" & ");
        writeln!(
            text,
            "{} & {} & {} & {values} \\\\",
            in_latex(&row.title),
            in_latex(&row.variant),
            in_latex(&row.trunk)
        )
        .ok();
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n");
    if table.classes.is_empty() {
        return text;
    }
    let titles: Vec<String> = table.rows.iter().map(|row| in_latex(&row.title)).collect();
    write!(
        text,
        "\n\\begin{{tabular}}{{l{}}}\n\\toprule\nIoU by class & {} \\\\\n\\midrule\n",
        "r".repeat(titles.len()),
        titles.join(" & ")
    )
    .ok();
    for class in &table.classes {
        let values: Vec<String> = class.cells.iter().map(value).collect();
        writeln!(
            text,
            "{} & {} \\\\",
            in_latex(&class.name),
            values.join(" & ")
        )
        .ok();
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n");
    text
}

/// A text in which LaTeX finds no commands.
fn in_latex(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '\\' => escaped.push_str("\\textbackslash{}"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::NetworkOnImage;
    use crate::ui::view_model::score_table::{ClassRow, ScoreRow};

    fn cell_of(value: f64, best: bool) -> Cell {
        Cell {
            value: Some(value),
            best,
        }
    }

    fn table() -> ScoreTable {
        let row = |title: &str, value: f64, best: bool| ScoreRow {
            title: title.to_owned(),
            dataset: "sample".to_owned(),
            variant: "FCN-8s".to_owned(),
            trunk: "VGG16".to_owned(),
            epochs: 12,
            best_epoch: Some(9),
            values: [cell_of(value, best); 4],
        };
        let none = Cell {
            value: None,
            best: false,
        };
        ScoreTable {
            rows: vec![row("a, b|c", 0.5, false), row("50% \\ x_1", 0.625, true)],
            classes: vec![ClassRow {
                name: "red & blue".to_owned(),
                color: [1, 2, 3],
                cells: vec![cell_of(0.25, false), none],
            }],
            is_mixed: false,
        }
    }

    #[test]
    fn a_spreadsheet_gets_every_digit_and_one_line_per_run() {
        assert_eq!(
            scores(&table(), TableFormat::Csv),
            "run,variant,trunk,epochs,best epoch,pixel accuracy,mean accuracy,mIoU,frequency weighted IoU,\
             IoU red & blue\r\n\
             \"a, b|c\",FCN-8s,VGG16,12,9,0.5,0.5,0.5,0.5,0.25\r\n\
             50% \\ x_1,FCN-8s,VGG16,12,9,0.625,0.625,0.625,0.625,\r\n"
        );
    }

    #[test]
    fn notes_and_papers_get_percent_with_the_best_in_bold() {
        let text = scores(&table(), TableFormat::Markdown);
        assert!(
            text.contains("| a, b\\|c | FCN-8s | VGG16 | 50.0 | 50.0 | 50.0 | 50.0 |\n"),
            "{text}"
        );
        assert!(text.contains("| **62.5** |"), "{text}");
        assert!(text.contains("| red & blue | 25.0 | – |"), "{text}");

        let text = scores(&table(), TableFormat::Latex);
        assert!(
            text.contains("50\\% \\textbackslash{} x\\_1 & FCN-8s & VGG16 & \\textbf{62.5} & "),
            "{text}"
        );
        assert!(text.contains("red \\& blue & 25.0 & -- \\\\\n"), "{text}");
        assert_eq!(text.matches("\\begin{tabular}").count(), 2);
        assert_eq!(text.matches("\\end{tabular}").count(), 2);
    }

    #[test]
    fn a_table_of_several_datasets_says_so() {
        let mut table = table();
        table.is_mixed = true;
        let note = "The validation sets differ, and each has its own best: a, b|c on sample; ";
        for format in [TableFormat::Markdown, TableFormat::Latex] {
            let text = scores(&table, format);
            assert!(text.contains(note), "{text}");
        }
    }

    #[test]
    fn images_have_a_line_each() {
        let network = |mean_iu| NetworkOnImage {
            mean_iu,
            pixel_accuracy: Some(0.75),
        };
        let compared = [
            ImageComparison {
                image: "a.png".into(),
                networks: vec![network(Some(0.25)), network(Some(0.5))],
                disagreement: Some(0.125),
                same_classes: true,
                problem: None,
            },
            ImageComparison {
                image: "b,c.png".into(),
                networks: vec![NetworkOnImage::default(); 2],
                disagreement: None,
                same_classes: true,
                problem: Some("gone".to_owned()),
            },
        ];
        let names = ["32s", "8s"].map(str::to_owned);
        assert_eq!(
            images(&names, &compared),
            "image,disagreement,gain,mIoU 32s,pixel accuracy 32s,mIoU 8s,pixel accuracy 8s,problem\r\n\
             a.png,0.125,0.25,0.25,0.75,0.5,0.75,\r\n\
             \"b,c.png\",,,,,,,gone\r\n"
        );
    }
}
