//! Scores of a single image.

use crate::dataset::{ClassMatch, LabelMap};
use crate::metrics::{ConfusionMatrix, Scores};

/// Scores of one image over the classes with a partner; `None` where no class has one.
pub(super) fn scores_of(truth: &LabelMap, mask: &LabelMap, matched: &ClassMatch) -> Option<Scores> {
    if matched.num_matched() == 0 {
        return None;
    }
    let mut matrix = ConfusionMatrix::new(matched.has_partner().len());
    matrix.add(&truth.labels, &mask.labels);
    Some(matrix.only(matched.has_partner()).scores())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Class, ClassList};

    fn classes(names: &[&str]) -> ClassList {
        let class = |name: &&str| Class {
            name: (*name).to_owned(),
            color: [1, 2, 3],
        };
        ClassList::new(names.iter().map(class).collect()).expect("classes")
    }

    fn map(labels: &[u8]) -> LabelMap {
        LabelMap {
            width: labels.len() as u32,
            height: 1,
            labels: labels.to_vec(),
        }
    }

    #[test]
    fn an_image_is_scored_by_the_names_of_its_classes() {
        let matched = ClassMatch::new(
            &classes(&["sky", "tree"]),
            &classes(&["road", "sky", "tree"]),
        );
        // Truth: sky, sky, tree, road. Predicted: sky, tree, tree, sky.
        let truth = matched.in_network_labels(&map(&[1, 1, 2, 0]));
        let scores = scores_of(&truth, &map(&[0, 1, 1, 0]), &matched).expect("scores");
        assert_eq!(scores.class_iu, [Some(0.5), Some(0.5)]);
        assert_eq!(scores.pixel_accuracy, Some(2.0 / 3.0));
        let other = ClassMatch::new(&classes(&["sky"]), &classes(&["cell"]));
        assert_eq!(scores_of(&map(&[255]), &map(&[0]), &other), None);
    }
}
