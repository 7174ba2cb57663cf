//! What the papers report of the same network, where list and rule are the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::dataset::{ClassList, Dataset, Split, VOID};
use crate::model::{Trunk, Variant};
use crate::training::RunConfig;

/// SHA-256 of the 736 names of seg11valid, sorted, one a line, as
/// `shelhamer/fcn.berkeleyvision.org` has them in `data/pascal/seg11valid.txt`.
const SEG11VALID: &str = "4ca991bd72c251fd2485eaa9e29536502ea3800d1b1c17c151fd6a04bcfbc2cc";

/// Scores that a paper reports of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaperScore {
    /// Where they are from.
    pub source: String,
    /// Pixel accuracy, mean accuracy, mIoU and frequency weighted IU, `0.0..=1.0`.
    pub means: [f64; 4],
}

/// Table 2 of the paper of CVPR 2015.
const CVPR: &str = "CVPR 2015, table 2";
/// The scores beside the weights of the journal version.
const PAMI: &str = "PAMI 2016, fcn.berkeleyvision.org";

/// The published scores of FCNs on VGG16 on seg11valid, in percent.
const PUBLISHED: [(Variant, &str, [f64; 4]); 7] = [
    (Variant::Fcn32s, CVPR, [89.1, 73.3, 59.4, 81.4]),
    (Variant::Fcn16s, CVPR, [90.0, 75.7, 62.4, 83.0]),
    (Variant::Fcn8s, CVPR, [90.3, 75.9, 62.7, 83.2]),
    (Variant::Fcn32s, PAMI, [90.49, 76.48, 63.63, 83.47]),
    (Variant::Fcn16s, PAMI, [91.00, 78.07, 65.01, 84.27]),
    (Variant::Fcn8s, PAMI, [91.23, 77.61, 65.51, 84.55]),
    (Variant::Fcn8sAtOnce, PAMI, [91.13, 78.50, 65.40, 84.44]),
];

/// The published scores of the network of a run; none where the list is not seg11valid, the classes
/// are not VOC's 21, or other labels than 255 are void.
pub(super) fn paper_scores(config: &RunConfig, dataset: &Dataset, split: Split) -> Vec<PaperScore> {
    let ids = dataset.items(split).iter().map(|item| item.id.as_str());
    scores_on(config, dataset, &digest(ids))
}

/// Those on a list with this digest.
fn scores_on(config: &RunConfig, dataset: &Dataset, list: &str) -> Vec<PaperScore> {
    let names = |classes: &ClassList| -> Vec<String> {
        classes.iter().map(|class| class.name.clone()).collect()
    };
    let is_same_rule = names(&dataset.classes) == names(&ClassList::voc())
        && dataset.void_labels == [VOID]
        && dataset.remap.is_empty();
    if config.trunk != Trunk::Vgg16 || !is_same_rule || list != SEG11VALID {
        return Vec::new();
    }
    of_variant(config.variant)
}

fn of_variant(variant: Variant) -> Vec<PaperScore> {
    let published = PUBLISHED.iter().filter(|(of, ..)| *of == variant);
    let scores = published.map(|(_, source, means)| PaperScore {
        source: (*source).to_owned(),
        means: means.map(|percent| percent / 100.0),
    });
    scores.collect()
}

/// SHA-256 of sorted names, one a line.
fn digest<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for id in ids.collect::<BTreeSet<_>>() {
        digest.update(id.as_bytes());
        digest.update(b"\n");
    }
    let mut hex = String::new();
    for byte in digest.finalize() {
        // Writing to a string cannot fail.
        write!(hex, "{byte:02x}").ok();
    }
    hex
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::{ImageReading, Layout, MaskColors};
    use crate::training::preset;

    #[test]
    fn names_are_hashed_sorted_and_one_a_line() {
        // printf 'a\nb\n' | sha256sum
        let expected = "911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2";
        assert_eq!(digest(["b", "a"].into_iter()), expected);
    }

    /// A set with the classes and the void label of VOC, and images that are not its own.
    fn voc_like() -> Dataset {
        Dataset {
            name: "VOC2012".to_owned(),
            root: "VOC2012".into(),
            layout: Layout::Voc,
            classes: ClassList::voc(),
            void_labels: vec![VOID],
            mask_colors: MaskColors::default(),
            palette: Vec::new(),
            remap: Vec::new(),
            images: ImageReading::default(),
            wants_range: false,
            train: Vec::new(),
            val: Vec::new(),
            test: Vec::new(),
            review: None,
            drawn: Arc::default(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn the_papers_are_quoted_where_network_rule_and_list_are_the_same() {
        let config = preset(Trunk::Vgg16);
        let set = voc_like();
        let found = scores_on(&config, &set, SEG11VALID);
        assert_eq!(found.len(), 2, "CVPR and PAMI: {found:?}");

        assert!(scores_on(&preset(Trunk::Vgg16Slim), &set, SEG11VALID).is_empty());
        assert!(
            paper_scores(&config, &set, Split::Val).is_empty(),
            "another list"
        );
        let others: [fn(&mut Dataset); 3] = [
            |set| set.classes = ClassList::numbered(21),
            |set| set.void_labels.push(0),
            |set| set.remap = vec![Some(0)],
        ];
        for change in others {
            let mut other = voc_like();
            change(&mut other);
            assert!(scores_on(&config, &other, SEG11VALID).is_empty());
        }
    }

    #[test]
    fn a_network_has_its_own_rows() {
        let means = |variant| -> Vec<f64> {
            of_variant(variant)
                .iter()
                .map(|score| score.means[2])
                .collect()
        };
        assert_eq!(means(Variant::Fcn8s), [0.627, 0.6551]);
        assert_eq!(means(Variant::Fcn8sAtOnce), [0.654]);
    }
}
