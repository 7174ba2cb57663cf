//! Lists made anew: which images are trained on, and which validated on.
//!
//! Images are dealt to parts one group after the other. A group goes where its rarest class is
//! still wanted most: iterative stratification (Sechidis, Tsoumakas and Vlahavas, ECML PKDD 2011),
//! here with groups of frames instead of single examples.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rayon::prelude::*;

use super::{Dataset, DatasetError, DatasetItem, MaskReader, Rng, VOID};

/// Masks that are read between two reports of progress.
const CHUNK: usize = 16;

/// How lists are made.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitPlan {
    /// How much goes to validation.
    pub part: ValidationPart,
    /// Seed of the order in which images are dealt.
    pub seed: u64,
    /// Whether each class shall be in both lists in the same share of images.
    pub stratified: bool,
    /// Whether frames of one sequence, whose names differ in their last number, stay together.
    pub keep_sequences: bool,
    /// Only so many images in all, for a quick trial.
    pub images: Option<usize>,
}

/// What goes to validation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValidationPart {
    /// This share of the images, above 0 and below 1.
    Share(f64),
    /// One of several parts of the same size, counted from 1.
    Fold { number: usize, of: usize },
}

/// A value of a [`SplitPlan`] that people choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanValue {
    /// The share of a [`ValidationPart::Share`].
    Share,
    /// The number of folds.
    Folds,
    /// The fold that is validated on.
    Fold,
    /// The images of a quick trial.
    Images,
}

impl PlanValue {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Share, Self::Folds, Self::Fold, Self::Images];

    fn name(self) -> &'static str {
        match self {
            Self::Share => "the share to validate on",
            Self::Folds => "the number of folds",
            Self::Fold => "the fold to validate on",
            Self::Images => "the number of images for a trial",
        }
    }
}

impl SplitPlan {
    /// What has to hold for a value where it does not.
    pub fn broken(&self, value: PlanValue) -> Option<&'static str> {
        let (holds, rule) = match (value, self.part) {
            (PlanValue::Share, ValidationPart::Share(share)) => (
                share > 0.0 && share < 1.0,
                "it must be above 0 and below 100 %",
            ),
            (PlanValue::Folds, ValidationPart::Fold { of, .. }) => {
                (of >= 2, "it must be 2 or more")
            }
            (PlanValue::Fold, ValidationPart::Fold { number, of }) => (
                (1..=of).contains(&number),
                "it must be from 1 to the number of folds",
            ),
            (PlanValue::Images, _) => (
                self.images.is_none_or(|images| images >= 2),
                "it must be 2 or more: one to train on and one to validate on",
            ),
            _ => return None,
        };
        (!holds).then_some(rule)
    }

    /// The first value that makes no sense, and why.
    fn problem(&self) -> Option<String> {
        PlanValue::ALL.into_iter().find_map(|value| {
            let rule = self.broken(value)?;
            Some(format!("{}: {rule}", value.name()))
        })
    }
}

/// Deals the images of both lists anew. `progress` gets the number of masks read and of all
/// masks, and says whether to go on; `None` when it said no.
///
/// # Errors
/// When a value of the plan makes no sense, a mask cannot be read, which only happens for stratified
/// lists, or a list becomes empty.
pub fn split(
    dataset: &Dataset,
    plan: &SplitPlan,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Option<Dataset>, DatasetError> {
    let refused = |reason: String| DatasetError::List {
        path: dataset.root.clone(),
        reason,
    };
    if let Some(problem) = plan.problem() {
        return Err(refused(problem));
    }
    let mut groups = groups(dataset, plan.keep_sequences);
    let mut rng = Rng::seed_from_u64(plan.seed);
    groups.shuffle(&mut rng);
    if let Some(images) = plan.images {
        groups = first(groups, images);
    }
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|items| Group {
            items,
            classes: BTreeMap::new(),
        })
        .collect();
    if plan.stratified && !read_classes(&dataset.mask_reader(), &mut groups, progress)? {
        return Ok(None);
    }
    let (shares, wanted) = match plan.part {
        ValidationPart::Share(share) => (vec![share, 1.0 - share], 0),
        ValidationPart::Fold { number, of } => {
            // Folds without images, of which there may be as many as somebody types.
            let of = of.min(groups.len() + 1);
            (vec![1.0 / of as f64; of], number - 1)
        }
    };
    let (mut train, mut val) = (Vec::new(), Vec::new());
    for (part, items) in deal(groups, &shares).into_iter().enumerate() {
        let list = if part == wanted { &mut val } else { &mut train };
        list.extend(items);
    }
    for (list, purpose) in [(&train, "train on"), (&val, "validate on")] {
        if list.is_empty() {
            return Err(refused(format!(
                "of its images none would be left to {purpose}. Choose another share, more images, or do not keep \
                 sequences together"
            )));
        }
    }
    let by_name = |a: &DatasetItem, b: &DatasetItem| (&a.id, &a.image).cmp(&(&b.id, &b.image));
    train.sort_by(by_name);
    val.sort_by(by_name);
    Ok(Some(Dataset {
        train,
        val,
        ..dataset.clone()
    }))
}

/// Images that stay together.
struct Group {
    items: Vec<DatasetItem>,
    /// How many of them have a class.
    classes: BTreeMap<u8, usize>,
}

/// All images once, in the order of their names.
fn groups(dataset: &Dataset, keep_sequences: bool) -> Vec<Vec<DatasetItem>> {
    let mut groups: BTreeMap<String, Vec<DatasetItem>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for item in dataset.train.iter().chain(&dataset.val) {
        if !seen.insert((&item.image, &item.mask)) {
            continue;
        }
        let name = if keep_sequences {
            sequence(&item.id).to_owned()
        } else {
            format!("{} {}", item.id, item.image.display())
        };
        groups.entry(name).or_default().push(item.clone());
    }
    groups.into_values().collect()
}

/// The name of a frame without its last number: `0001TP` for `0001TP_006690`, `aachen_000000`
/// for `aachen_000000_000019`. A name that is a number is a sequence with all other numbers.
fn sequence(id: &str) -> &str {
    let name = id.trim_end_matches(|letter: char| letter.is_ascii_digit());
    name.trim_end_matches(['_', '-', '.', ' ', 'f'])
}

fn first(groups: Vec<Vec<DatasetItem>>, images: usize) -> Vec<Vec<DatasetItem>> {
    let mut left = images;
    let mut taken = Vec::new();
    for mut group in groups {
        group.truncate(left);
        left -= group.len();
        if !group.is_empty() {
            taken.push(group);
        }
    }
    taken
}

/// Counts the images with each class; false when `progress` said to stop.
fn read_classes(
    reader: &MaskReader,
    groups: &mut [Group],
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<bool, DatasetError> {
    let total = groups.iter().map(|group| group.items.len()).sum();
    let mut done = 0;
    for chunk in groups.chunks_mut(CHUNK) {
        if !progress(done, total) {
            return Ok(false);
        }
        chunk.par_iter_mut().try_for_each(|group| {
            for item in &group.items {
                let labels = reader.read(&item.mask)?.labels;
                let mut has = [false; 256];
                for label in labels {
                    has[usize::from(label)] = true;
                }
                for label in (0..VOID).filter(|label| has[usize::from(*label)]) {
                    *group.classes.entry(label).or_default() += 1;
                }
            }
            Ok::<(), DatasetError>(())
        })?;
        done += chunk.iter().map(|group| group.items.len()).sum::<usize>();
    }
    Ok(progress(total, total))
}

/// A part while images are dealt to it: how many more it wants, of each class and in all.
struct Part {
    classes: BTreeMap<u8, f64>,
    images: f64,
    items: Vec<DatasetItem>,
}

fn deal(groups: Vec<Group>, shares: &[f64]) -> Vec<Vec<DatasetItem>> {
    let mut left: BTreeMap<u8, usize> = BTreeMap::new();
    for (class, count) in groups.iter().flat_map(|group| &group.classes) {
        *left.entry(*class).or_default() += count;
    }
    let images: usize = groups.iter().map(|group| group.items.len()).sum();
    let mut parts: Vec<Part> = shares
        .iter()
        .map(|share| Part {
            classes: left
                .iter()
                .map(|(class, count)| (*class, *count as f64 * share))
                .collect(),
            images: images as f64 * share,
            items: Vec::new(),
        })
        .collect();
    // Which groups have a class, in order; those that were dealt are passed over.
    let mut with_class: BTreeMap<u8, VecDeque<usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        for class in group.classes.keys() {
            with_class.entry(*class).or_default().push_back(index);
        }
    }
    let mut in_order: VecDeque<usize> = (0..groups.len()).collect();
    let mut groups: Vec<Option<Group>> = groups.into_iter().map(Some).collect();
    loop {
        // The rarest class that is still to be dealt; without classes, the next group.
        let rarest = left
            .iter()
            .filter(|(_, count)| **count > 0)
            .min_by_key(|(_, count)| **count)
            .map(|(class, _)| *class);
        let queue = rarest
            .and_then(|class| with_class.get_mut(&class))
            .unwrap_or(&mut in_order);
        let Some(index) = queue.pop_front() else {
            break;
        };
        let Some(group) = groups[index].take() else {
            continue;
        };
        let wish = |part: &Part| {
            let of_class = rarest.and_then(|class| part.classes.get(&class));
            (of_class.copied().unwrap_or(0.0), part.images)
        };
        let most = (0..parts.len()).reduce(|best, part| {
            let (a, b) = (wish(&parts[best]), wish(&parts[part]));
            let more = b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1));
            if more.is_gt() { part } else { best }
        });
        let Some(part) = most.map(|part| &mut parts[part]) else {
            break;
        };
        for (class, count) in &group.classes {
            *part.classes.entry(*class).or_default() -= *count as f64;
            if let Some(left) = left.get_mut(class) {
                *left -= count;
            }
        }
        part.images -= group.items.len() as f64;
        part.items.extend(group.items);
    }
    parts.into_iter().map(|part| part.items).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::layout::tests::{write_text, write_voc};
    use super::*;

    fn dataset(ids: &[String], root: &Path) -> Dataset {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        write_voc(root, &ids, [0, 1]);
        Dataset::open(root).expect("a VOC set")
    }

    fn numbered(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("img{number:02}")).collect()
    }

    fn share(share: f64) -> SplitPlan {
        SplitPlan {
            part: ValidationPart::Share(share),
            seed: 1,
            stratified: false,
            keep_sequences: false,
            images: None,
        }
    }

    fn lists(dataset: &Dataset, plan: &SplitPlan) -> [Vec<String>; 2] {
        let made = split(dataset, plan, &mut |_, _| true)
            .expect("lists")
            .expect("not stopped");
        [made.train, made.val].map(|list| list.into_iter().map(|item| item.id).collect())
    }

    #[test]
    fn a_share_is_dealt_by_the_seed() {
        let dir = tempfile::tempdir().expect("a folder");
        let set = dataset(&numbered(20), dir.path());
        let [train, val] = lists(&set, &share(0.25));
        assert_eq!((train.len(), val.len()), (15, 5));
        let all: BTreeSet<&String> = train.iter().chain(&val).collect();
        assert_eq!(all.len(), 20);
        assert_eq!(lists(&set, &share(0.25)), [train, val.clone()]);
        let other = SplitPlan {
            seed: 2,
            ..share(0.25)
        };
        assert_ne!(lists(&set, &other)[1], val);
    }

    #[test]
    fn folds_are_validated_on_once_each() {
        let dir = tempfile::tempdir().expect("a folder");
        let set = dataset(&numbered(10), dir.path());
        let mut seen = BTreeSet::new();
        for number in 1..=3 {
            let part = ValidationPart::Fold { number, of: 3 };
            let [train, val] = lists(&set, &SplitPlan { part, ..share(0.5) });
            assert!((3..=4).contains(&val.len()), "{val:?}");
            assert_eq!(train.len() + val.len(), 10);
            seen.extend(val);
        }
        assert_eq!(seen.len(), 10);
    }

    #[test]
    fn plans_that_make_no_sense_are_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let set = dataset(&numbered(4), dir.path());
        let fold = |number, of| SplitPlan {
            part: ValidationPart::Fold { number, of },
            ..share(0.5)
        };
        let few = |images| SplitPlan {
            images: Some(images),
            ..share(0.5)
        };
        for (plan, why) in [
            (share(0.0), "the share to validate on: it must be above 0"),
            (share(1.0), "below 100 %"),
            (share(f64::NAN), "below 100 %"),
            (fold(1, 1), "the number of folds: it must be 2 or more"),
            (fold(0, 3), "the fold to validate on: it must be from 1"),
            (fold(4, 3), "to the number of folds"),
            // Each of more folds than images has one image or none.
            (fold(9, usize::MAX), "none would be left to validate on"),
            (few(1), "the number of images for a trial: it must be 2"),
        ] {
            let told = split(&set, &plan, &mut |_, _| true).expect_err(why);
            assert!(told.to_string().contains(why), "{told}");
        }
        assert_eq!(lists(&set, &fold(3, usize::MAX))[1].len(), 1);
        assert_eq!(lists(&set, &few(2)).map(|list| list.len()), [1, 1]);
    }

    #[test]
    fn sequences_stay_together() {
        assert_eq!(sequence("0001TP_006690"), "0001TP");
        assert_eq!(sequence("0006R0_f01110"), "0006R0");
        assert_eq!(sequence("aachen_000000_000019"), "aachen_000000");
        let dir = tempfile::tempdir().expect("a folder");
        let ids: Vec<String> = (0..12)
            .map(|n| format!("cam{}_{n:03}", "abcd".as_bytes()[n / 3]))
            .collect();
        let set = dataset(&ids, dir.path());
        let plan = SplitPlan {
            keep_sequences: true,
            ..share(0.25)
        };
        let [train, val] = lists(&set, &plan);
        assert_eq!((train.len(), val.len()), (9, 3));
        let of = |ids: &[String]| {
            ids.iter()
                .map(|id| sequence(id).to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert!(of(&train).is_disjoint(&of(&val)));
        let one = SplitPlan {
            keep_sequences: true,
            images: Some(3),
            ..share(0.5)
        };
        let err = split(&set, &one, &mut |_, _| true).expect_err("one sequence");
        assert!(
            err.to_string().contains("validate on") || err.to_string().contains("train on"),
            "{err}"
        );
    }

    #[test]
    fn rare_classes_are_in_both_lists_where_that_is_asked_for() {
        let dir = tempfile::tempdir().expect("a folder");
        let ids = numbered(20);
        let set = dataset(&ids, dir.path());
        // A class in 4 of 20 images: in 1 of 5, whatever the seed.
        write_text(&dir.path().join("classes.txt"), "a\nb\nc\nd\ne\nf\ng\nh\n");
        let set = Dataset::open(&set.root).expect("with eight classes");
        for id in &ids[..4] {
            write_voc(dir.path(), &[id], [0, 7]);
        }
        for seed in 0..8 {
            let plan = SplitPlan {
                seed,
                stratified: true,
                ..share(0.25)
            };
            let [train, val] = lists(&set, &plan);
            let rare = |list: &[String]| list.iter().filter(|id| ids[..4].contains(id)).count();
            assert_eq!((rare(&train), rare(&val)), (3, 1), "seed {seed}");
            assert_eq!((train.len(), val.len()), (15, 5), "seed {seed}");
        }
    }

    #[test]
    fn a_quick_trial_takes_a_few_images() {
        let dir = tempfile::tempdir().expect("a folder");
        let set = dataset(&numbered(20), dir.path());
        let plan = SplitPlan {
            images: Some(6),
            ..share(0.5)
        };
        assert_eq!(lists(&set, &plan).map(|list| list.len()), [3, 3]);
        let plan = SplitPlan {
            images: Some(1),
            ..share(0.5)
        };
        split(&set, &plan, &mut |_, _| true).expect_err("one image");
    }
}
