//! Tables of an evaluation as CSV, for other programs.

use std::fmt::Write as _;

use super::Evaluation;
use crate::dataset::VOID;

/// The confusion matrix: a row for each true class, a column for each predicted one, in pixels. The
/// last column is what was predicted as void.
pub fn confusion_csv(evaluation: &Evaluation) -> String {
    let matrix = evaluation.counts.confusion();
    let classes = 0..matrix.num_classes();
    let name = |class: usize| field(evaluation.classes.name(class as u8));
    let mut text = "truth".to_owned();
    for class in classes.clone() {
        write!(text, ",{}", name(class)).ok();
    }
    text.push_str(",void\n");
    for truth in classes.clone() {
        text.push_str(&name(truth));
        for predicted in classes.clone() {
            write!(text, ",{}", matrix.count(truth, predicted)).ok();
        }
        writeln!(text, ",{}", matrix.unanswered_of(truth)).ok();
    }
    text
}

/// The images: their own scores, and their largest confusion.
pub fn images_csv(evaluation: &Evaluation) -> String {
    let mut text =
        "image,labeled_pixels,pixel_accuracy,mean_iu,most_confused,taken_for,pixels\n".to_owned();
    let share = |share: Option<f64>| share.map_or_else(String::new, |share| format!("{share:.6}"));
    let name = |label: u8| match label {
        VOID => "void".to_owned(),
        label => field(evaluation.classes.name(label)),
    };
    for image in &evaluation.per_image {
        let score = &image.score;
        write!(
            text,
            "{},{},{},{}",
            field(&image.id),
            score.labeled,
            share(score.pixel_accuracy),
            share(score.mean_iu)
        )
        .ok();
        match score.confusions.first() {
            Some(most) => writeln!(
                text,
                ",{},{},{}",
                name(most.truth),
                name(most.predicted),
                most.pixels
            ),
            None => writeln!(text, ",,,"),
        }
        .ok();
    }
    text
}

/// Connected components (8-connected) by image and class, true and predicted: how many, the pixels
/// of all of them, and of the largest.
pub fn components_csv(evaluation: &Evaluation) -> String {
    let mut text = "image,class,true_components,true_area,true_largest,\
                    predicted_components,predicted_area,predicted_largest\n"
        .to_owned();
    for image in &evaluation.per_image {
        for class in &image.score.components {
            let [truth, predicted] = [class.truth, class.predicted];
            writeln!(
                text,
                "{},{},{},{},{},{},{},{}",
                field(&image.id),
                field(evaluation.classes.name(class.label)),
                truth.count,
                truth.area,
                truth.largest,
                predicted.count,
                predicted.area,
                predicted.largest
            )
            .ok();
        }
    }
    text
}

/// A text as a field: quoted where it has to be (RFC 4180).
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::{Class, ClassList};
    use crate::engine::evaluate::About;
    use crate::metrics::SetCounts;
    use crate::training::ScoredImage;

    #[test]
    fn tables_have_names_and_counts() {
        let class = |name: &str| Class {
            name: name.to_owned(),
            color: [0, 0, 0],
        };
        let classes = vec![class("road, wet"), class("sky")];
        let mut counts = SetCounts::new(2, 5);
        let score = counts.add(&[0, 0, 1, 1], &[0, 1, 1, 255], 4);
        let about = About {
            val_loss: None,
            secs: 0.0,
            classes: Arc::new(ClassList::new(classes).expect("classes")),
            warnings: Vec::new(),
            remark: None,
            papers: Vec::new(),
        };
        let image = ScoredImage {
            id: "a".to_owned(),
            score,
        };
        let evaluation = Evaluation::new(counts, vec![image], about);
        assert_eq!(
            confusion_csv(&evaluation),
            "truth,\"road, wet\",sky,void\n\"road, wet\",1,1,0\nsky,0,1,1\n"
        );
        let images = images_csv(&evaluation);
        // mIoU: 1/2 of the road; 1 of 3 of the sky.
        assert!(
            images.ends_with("\na,4,0.500000,0.416667,\"road, wet\",sky,1\n"),
            "{images}"
        );
        let components = components_csv(&evaluation);
        assert!(
            components.ends_with("\na,\"road, wet\",1,2,2,1,1,1\na,sky,1,2,2,1,2,2\n"),
            "{components}"
        );
    }
}
