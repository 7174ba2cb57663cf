//! Which classes of two class lists are the same: those with the same name.
//!
//! A network and the ground truth of another dataset are compared through this, never by label:
//! label 3 may be a tree here and a car there.

use super::{ClassList, LabelMap, VOID};
use crate::text::plural;

/// The classes of a network matched with those of a ground truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassMatch {
    /// Label in the network's list of every label of the truth; [`VOID`] = it has none.
    labels: Vec<u8>,
    /// Whether each class of the network has a partner.
    has_partner: Vec<bool>,
    /// Names of the classes of the network that the truth does not have.
    pub only_network: Vec<String>,
    /// Names of the classes of the truth that the network does not have.
    pub only_truth: Vec<String>,
    /// Whether one of the lists has no names and labels were matched instead, which is a guess.
    pub by_label: bool,
}

/// What is compared of the name of a class: neither case nor blanks around it.
pub fn compared_name(name: &str) -> String {
    name.trim().to_lowercase()
}

impl ClassMatch {
    /// Matches by name, whatever its case. Where one list has no names but `class 0`, `class 1`
    /// and so on, and both have as many classes, by label.
    pub fn new(network: &ClassList, truth: &ClassList) -> Self {
        let by_label = network.len() == truth.len() && (is_numbered(network) != is_numbered(truth));
        let names: Vec<&str> = network.iter().map(|class| class.name.as_str()).collect();
        let compared: Vec<String> = names.iter().copied().map(compared_name).collect();
        let mut has_partner = vec![false; names.len()];
        let mut only_truth = Vec::new();
        let mut labels = Vec::new();
        for (label, class) in truth.iter().enumerate() {
            let found = if by_label {
                Some(label)
            } else {
                let name = compared_name(&class.name);
                (compared.iter().zip(&has_partner))
                    .position(|(own, partner)| !partner && *own == name)
            };
            if let Some(found) = found {
                has_partner[found] = true;
            } else {
                only_truth.push(class.name.clone());
            }
            labels.push(found.map_or(VOID, |label| label as u8));
        }
        let without = names
            .iter()
            .zip(&has_partner)
            .filter(|(_, partner)| !**partner);
        Self {
            only_network: without.map(|(name, _)| (*name).to_owned()).collect(),
            labels,
            has_partner,
            only_truth,
            by_label,
        }
    }

    /// Number of classes with a partner.
    pub fn num_matched(&self) -> usize {
        self.has_partner.iter().filter(|partner| **partner).count()
    }

    /// Whether every class has a partner with the same label, so that labels mean the same.
    pub fn is_identity(&self) -> bool {
        self.only_network.is_empty()
            && self.only_truth.is_empty()
            && self
                .labels
                .iter()
                .enumerate()
                .all(|(label, own)| usize::from(*own) == label)
    }

    /// Whether each class of the network has a partner.
    pub fn has_partner(&self) -> &[bool] {
        &self.has_partner
    }

    /// A label of the truth as the network has it; what has no partner becomes [`VOID`].
    pub fn network_label(&self, label: u8) -> u8 {
        self.labels.get(usize::from(label)).copied().unwrap_or(VOID)
    }

    /// The truth in the labels of the network; what has no partner becomes [`VOID`].
    pub fn in_network_labels(&self, truth: &LabelMap) -> LabelMap {
        LabelMap {
            width: truth.width,
            height: truth.height,
            labels: truth
                .labels
                .iter()
                .map(|label| self.network_label(*label))
                .collect(),
        }
    }

    /// In what the lists differ.
    pub fn difference(&self) -> String {
        let mut parts = Vec::new();
        if !self.only_network.is_empty() {
            parts.push(format!("only the run has {}", listed(&self.only_network)));
        }
        if !self.only_truth.is_empty() {
            parts.push(format!("only the dataset has {}", listed(&self.only_truth)));
        }
        if parts.is_empty() && !self.is_identity() {
            parts.push("their order is another one".to_owned());
        }
        parts.join("; ")
    }

    /// What must be read before a score, in few words: `1 of 17 classes`; `None` where the score is over all
    /// classes, matched by name.
    pub fn scored_over(&self) -> Option<String> {
        if self.by_label {
            return Some("classes by label".to_owned());
        }
        let is_partial = !(self.only_network.is_empty() && self.only_truth.is_empty());
        (is_partial && self.num_matched() > 0).then(|| {
            format!(
                "{} of {}",
                self.num_matched(),
                plural(self.num_all(), "class", "classes")
            )
        })
    }

    /// Number of classes of both lists together.
    fn num_all(&self) -> usize {
        self.num_matched() + self.only_network.len() + self.only_truth.len()
    }

    /// What people should know beside a score, or instead of one; `None` where all classes have
    /// a partner by name.
    pub fn remark(&self) -> Option<String> {
        if self.num_matched() == 0 {
            let difference = self.difference();
            return Some(format!(
                "No score: the run and the dataset have no class in common; {difference}"
            ));
        }
        let mut parts = Vec::new();
        if self.by_label {
            parts.push("Classes without names are matched by their label".to_owned());
        }
        if !(self.only_network.is_empty() && self.only_truth.is_empty()) {
            parts.push(format!(
                "Scored over {} of {}",
                self.num_matched(),
                plural(self.num_all(), "class", "classes")
            ));
            parts.push(self.difference());
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// Names that say no more than a label.
fn is_numbered(classes: &ClassList) -> bool {
    classes
        .iter()
        .enumerate()
        .all(|(label, class)| class.name == format!("class {label}"))
}

/// How many names are listed.
const LISTED: usize = 6;

fn listed(names: &[String]) -> String {
    let text = names[..names.len().min(LISTED)].join(", ");
    if names.len() > LISTED {
        format!("{text} and {} more", names.len() - LISTED)
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Class;

    fn classes(names: &[&str]) -> ClassList {
        let class = |name: &&str| Class {
            name: (*name).to_owned(),
            color: [1, 2, 3],
        };
        ClassList::new(names.iter().map(class).collect()).expect("classes")
    }

    #[test]
    fn equal_lists_are_the_identity() {
        let own = classes(&["sky", "tree"]);
        let matched = ClassMatch::new(&own, &classes(&["Sky", " tree"]));
        assert!(matched.is_identity() && matched.remark().is_none());
        assert_eq!(matched.scored_over(), None);
        assert_eq!(matched.num_matched(), 2);
    }

    #[test]
    fn labels_follow_their_names() {
        let matched = ClassMatch::new(
            &classes(&["sky", "tree", "car"]),
            &classes(&["car", "road", "sky"]),
        );
        assert!(!matched.is_identity());
        assert_eq!(
            [0, 1, 2, 255].map(|label| matched.network_label(label)),
            [2, VOID, 0, VOID]
        );
        assert_eq!(matched.has_partner(), [true, false, true]);
        assert_eq!(matched.scored_over().as_deref(), Some("2 of 4 classes"));
        let remark = matched.remark().expect("a remark");
        assert_eq!(
            remark,
            "Scored over 2 of 4 classes; only the run has tree; only the dataset has road"
        );
        let truth = LabelMap {
            width: 2,
            height: 1,
            labels: vec![0, 1],
        };
        assert_eq!(matched.in_network_labels(&truth).labels, [2, VOID]);
    }

    #[test]
    fn without_a_class_in_common_there_is_a_reason_and_no_score() {
        let matched = ClassMatch::new(&classes(&["a", "b"]), &classes(&["c"]));
        assert_eq!(matched.num_matched(), 0);
        assert_eq!(matched.scored_over(), None);
        assert!(
            matched
                .remark()
                .expect("a reason")
                .starts_with("No score: ")
        );
    }

    #[test]
    fn classes_without_names_are_matched_by_label_and_that_is_said() {
        let named = classes(&["sky", "tree"]);
        let matched = ClassMatch::new(&ClassList::numbered(2), &named);
        assert!(matched.by_label && matched.is_identity());
        assert_eq!(matched.scored_over().as_deref(), Some("classes by label"));
        assert!(
            matched
                .remark()
                .expect("a remark")
                .contains("by their label")
        );
        // Another number of classes is another dataset.
        assert_eq!(
            ClassMatch::new(&ClassList::numbered(3), &named).num_matched(),
            0
        );
        // Two lists without names are the same as far as anybody knows.
        assert!(!ClassMatch::new(&ClassList::numbered(2), &ClassList::numbered(2)).by_label);
    }
}
