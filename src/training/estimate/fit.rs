//! Changes after which a run fits into memory.

use super::data_facts::DataFacts;
use super::memory::MemoryEstimate;
use super::room::{MemoryFit, MemoryRoom};
use crate::dataset::Size;
use crate::model::{Trunk, Variant};
use crate::training::config::{InitialWeights, RunConfig};
use crate::training::machine::memory_text;

/// A change after which a run takes less memory.
#[derive(Debug, Clone, PartialEq)]
pub struct FittingChange {
    /// `batch size 4, accumulation 16`
    pub text: String,
    /// The settings with it.
    pub config: RunConfig,
    /// Bytes that they take.
    pub bytes: u64,
}

/// A change of one kind: the smallest that fits, as the last parameter says, else the largest.
type Kind = fn(&RunConfig, &DataFacts, &dyn Fn(&RunConfig) -> bool) -> Option<RunConfig>;

/// Smallest side of a crop that is offered: two cells of stride 32.
const SMALLEST_CROP: u32 = 64;

/// Changes after which a run fits into `room`, each by itself, the one that changes the
/// least first; all of them together where none is enough, and none where that is not either.
pub fn fitting_changes(
    config: &RunConfig,
    facts: &DataFacts,
    room: MemoryRoom,
) -> Vec<FittingChange> {
    let fits = |config: &RunConfig| {
        let estimate = MemoryEstimate::new(config, facts);
        let fit = MemoryFit::of(&estimate, room);
        fit.refusal(&estimate).is_none()
    };
    let whole = within_an_epoch(config, facts);
    if whole.batch_size < config.batch_size && fits(&whole) {
        // It trains as before: there are no more images.
        return vec![change(config, whole, facts)];
    }
    let kinds: [Kind; 4] = [recomputing, smaller_batch, smaller_crop, slimmer];
    let single: Vec<FittingChange> = kinds
        .iter()
        .filter_map(|kind| kind(&whole, facts, &fits))
        .filter(fits)
        .map(|changed| change(config, changed, facts))
        .collect();
    if !single.is_empty() {
        return single;
    }
    let mut changed = whole;
    for kind in kinds {
        if let Some(smaller) = kind(&changed, facts, &fits) {
            changed = smaller;
        }
        if fits(&changed) {
            return vec![change(config, changed, facts)];
        }
    }
    Vec::new()
}

/// The settings with no more images in a batch, and in a step, than an epoch has: each training image is in it
/// once, as a crop or whole.
fn within_an_epoch(config: &RunConfig, facts: &DataFacts) -> RunConfig {
    let mut changed = config.clone();
    let images = facts.train_images.max(1);
    changed.batch_size = config.batch_size.min(images);
    if changed.batch_size < config.batch_size {
        changed.learning.accumulation = 1;
    }
    changed
}

fn recomputing(
    config: &RunConfig,
    _: &DataFacts,
    _: &dyn Fn(&RunConfig) -> bool,
) -> Option<RunConfig> {
    let possible = config.trunk.has_stages() && !config.recompute_activations;
    possible.then(|| RunConfig {
        recompute_activations: true,
        ..config.clone()
    })
}

/// The largest of half the batch, a quarter, and so on that fits, else 1; with as many images a
/// step.
fn smaller_batch(
    config: &RunConfig,
    _: &DataFacts,
    fits: &dyn Fn(&RunConfig) -> bool,
) -> Option<RunConfig> {
    let images = config.images_per_step();
    let mut changed = config.clone();
    while changed.batch_size > 1 {
        changed.batch_size /= 2;
        changed.learning.accumulation = images.div_ceil(changed.batch_size);
        if fits(&changed) {
            break;
        }
    }
    (changed.batch_size < config.batch_size).then_some(changed)
}

/// The largest crop of the same shape that fits, else the smallest.
fn smaller_crop(
    config: &RunConfig,
    facts: &DataFacts,
    fits: &dyn Fn(&RunConfig) -> bool,
) -> Option<RunConfig> {
    let whole = config.augment.crop.unwrap_or(facts.largest);
    let mut changed = config.clone();
    for eighths in (1..8).rev() {
        let side = |side: u32| (side * eighths / 8 / 32 * 32).max(SMALLEST_CROP).min(side);
        let size = Size::new(side(whole.width), side(whole.height));
        if size == whole {
            continue;
        }
        changed.augment.crop = Some(size);
        // Validation sees images of that size too where they are too large as they are.
        if fits(&changed) {
            break;
        }
        let resized = RunConfig {
            test_size: Some(size),
            ..changed.clone()
        };
        if fits(&resized) {
            return Some(resized);
        }
    }
    (changed.augment.crop != config.augment.crop).then_some(changed)
}

fn slimmer(config: &RunConfig, _: &DataFacts, _: &dyn Fn(&RunConfig) -> bool) -> Option<RunConfig> {
    let (trunk, variant) = match config.trunk {
        Trunk::Vgg16 | Trunk::Vgg16Bn => (Trunk::Vgg16Slim, config.variant),
        Trunk::Resnet101 => (Trunk::Resnet50, Variant::FcnResnet50),
        _ => return None,
    };
    Some(RunConfig {
        trunk,
        variant,
        init: InitialWeights::Random,
        ..config.clone()
    })
}

/// In words, and what it takes.
fn change(from: &RunConfig, to: RunConfig, facts: &DataFacts) -> FittingChange {
    let mut parts = Vec::new();
    if to.recompute_activations != from.recompute_activations {
        parts.push("recompute activations".to_owned());
    }
    if to.batch_size != from.batch_size {
        parts.push(format!("batch size {}", to.batch_size));
        parts.push(format!("accumulation {}", to.learning.accumulation));
    }
    if let (true, Some(crop)) = (to.augment.crop != from.augment.crop, to.augment.crop) {
        parts.push(format!("crops of {crop}"));
    }
    if let (true, Some(size)) = (to.test_size != from.test_size, to.test_size) {
        parts.push(format!("validation images of {size}"));
    }
    if to.trunk != from.trunk {
        parts.push(format!("trunk {}", to.trunk));
    }
    FittingChange {
        text: parts.join(", "),
        bytes: MemoryEstimate::new(&to, facts).total(),
        config: to,
    }
}

/// What would fit, in words.
pub fn advice_text(changes: &[FittingChange]) -> String {
    let texts: Vec<String> = changes
        .iter()
        .map(|change| format!("{} ({})", change.text, memory_text(change.bytes)))
        .collect();
    if texts.is_empty() {
        "Choose smaller images or another network".to_owned()
    } else {
        format!("What would fit: {}", texts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::preset;

    const GIB: u64 = 1 << 30;

    fn within(bytes: u64) -> MemoryRoom {
        MemoryRoom::default().within(bytes)
    }

    const FACTS: DataFacts = DataFacts {
        train_images: 100,
        val_images: 10,
        classes: 21,
        usual: Size::new(500, 375),
        largest: Size::new(500, 500),
    };

    #[test]
    fn what_would_fit_is_found_and_fits() {
        // What hung before: a batch of 64 of 2048x2048.
        let config = RunConfig {
            batch_size: 64,
            augment: crate::dataset::Augment::none(Some(Size::new(2048, 2048))),
            ..preset(Trunk::Vgg16)
        };
        let needed = MemoryEstimate::new(&config, &FACTS).total();
        assert!(needed > 100 * GIB, "{needed}");
        for limit in [12 * GIB, 40 * GIB] {
            let changes = fitting_changes(&config, &FACTS, within(limit));
            assert!(!changes.is_empty());
            for change in &changes {
                assert!(change.bytes <= limit, "{}", change.text);
                assert!(change.config.validate().is_ok(), "{}", change.text);
            }
        }
        let changes = fitting_changes(&config, &FACTS, within(40 * GIB));
        let batch = changes
            .iter()
            .find(|change| change.text.starts_with("batch size"))
            .expect("a smaller batch");
        let learning = &batch.config.learning;
        assert_eq!(batch.config.batch_size * learning.accumulation, 64);
        assert!(fitting_changes(&config, &FACTS, within(1 << 20)).is_empty());
        let text = advice_text(&changes);
        assert!(text.starts_with("What would fit: "), "{text}");
        assert!(text.contains("batch size 4, accumulation 16 ("), "{text}");
        assert!(advice_text(&[]).starts_with("Choose smaller images"));
    }

    #[test]
    fn no_batch_is_offered_that_the_dataset_cannot_fill() {
        let facts = DataFacts {
            train_images: 200,
            ..FACTS
        };
        let config = RunConfig {
            batch_size: 4096,
            ..preset(Trunk::Vgg16Slim)
        };
        let needed = |batch_size| {
            let config = RunConfig {
                batch_size,
                ..config.clone()
            };
            MemoryEstimate::new(&config, &facts).total()
        };
        // Half of it would fit, but there are only 200 images: they are one batch.
        let changes = fitting_changes(&config, &facts, within(2 * needed(2048)));
        let [whole] = &changes[..] else {
            panic!("{changes:?}")
        };
        assert_eq!(whole.text, "batch size 200, accumulation 1");
        assert_eq!(whole.bytes, needed(200));
        // Where these do not fit either, a step has all of them.
        for room in [needed(100), needed(25), needed(1)] {
            let changes = fitting_changes(&config, &facts, within(2 * room));
            assert!(!changes.is_empty());
            for change in &changes {
                let (batch, learning) = (change.config.batch_size, &change.config.learning);
                assert!(batch <= 200, "{}", change.text);
                let images = batch * learning.accumulation;
                assert!((200..200 + batch).contains(&images), "{}", change.text);
            }
        }
    }

    #[test]
    fn several_changes_are_made_where_one_is_not_enough() {
        let config = RunConfig {
            batch_size: 32,
            augment: crate::dataset::Augment::none(Some(Size::new(2048, 2048))),
            ..preset(Trunk::Vgg16)
        };
        let changes = fitting_changes(&config, &FACTS, within(3 * GIB));
        let [change] = &changes[..] else {
            panic!("{changes:?}")
        };
        assert!(
            change
                .text
                .contains("recompute activations, batch size 1, accumulation 32"),
            "{}",
            change.text
        );
    }

    #[test]
    fn a_gpu_has_memory_of_its_own_and_pieces_of_a_size() {
        let config = RunConfig {
            batch_size: 8,
            device: crate::training::DeviceId::Gpu(0),
            ..preset(Trunk::Vgg16)
        };
        let changes = fitting_changes(&config, &FACTS, within(6 * GIB));
        assert!(!changes.is_empty());
        for change in &changes {
            assert!(change.bytes <= 6 * GIB, "{}", change.text);
        }
        // The weights of fc6 are 392 MiB in one piece, whatever the batch is.
        let room = MemoryRoom {
            largest: Some(256 << 20),
            ..within(100 * GIB)
        };
        let estimate = MemoryEstimate::new(&config, &FACTS);
        let fit = MemoryFit::of(&estimate, room);
        let changes = fitting_changes(&config, &FACTS, room);
        let text = fit.refusal(&estimate).expect("a refusal");
        assert!(
            text.contains("392 MiB of memory in one piece, and the device gives pieces of 256 MiB"),
            "{text}"
        );
        let texts: Vec<&str> = changes.iter().map(|change| change.text.as_str()).collect();
        assert_eq!(texts, ["trunk VGG16 slim"]);
    }
}
