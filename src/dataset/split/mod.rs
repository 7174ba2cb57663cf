//! Lists made anew: which images are trained on, and which validated on.
//!
//! Images are dealt to parts one group after the other. A group goes where its rarest class is
//! still wanted most: iterative stratification (Sechidis, Tsoumakas and Vlahavas, ECML PKDD 2011),
//! here with groups of frames instead of single examples.

mod plan;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rayon::prelude::*;

pub use plan::{PlanValue, SplitPlan, ValidationPart};

use super::{Dataset, DatasetError, DatasetItem, MaskReader, Rng, VOID};

/// Masks that are read between two reports of progress.
const CHUNK: usize = 16;

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

/// All images once, in the order of their names. Those of a test stay what they are.
fn groups(dataset: &Dataset, keep_sequences: bool) -> Vec<Vec<DatasetItem>> {
    let mut groups: BTreeMap<String, Vec<DatasetItem>> = BTreeMap::new();
    let mut seen: BTreeSet<_> = dataset
        .test
        .iter()
        .map(|item| (&item.image, &item.mask))
        .collect();
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
                let labels = reader.read_mask_of(item)?.labels;
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
