use rand::SeedableRng as _;

use super::change::PADDING;
use super::*;
use crate::dataset::VOID;

mod scaled;
mod warped;

const PLAIN: Augment = Augment {
    random_crop: true,
    ..Augment::none(Some(Size::new(3, 2)))
};

impl Augment {
    /// Draws a change and makes it.
    fn apply(&self, rgb: &Rgb, labels: &LabelMap, rng: &mut Rng) -> (Rgb, LabelMap) {
        self.draw(rgb.size(), rng).apply(rgb, labels)
    }
}

/// A 3x2 image whose red channel counts the pixels, and labels that do too.
fn counted() -> (Rgb, LabelMap) {
    let pixels = (0..6).flat_map(|value| [value, 100, 200]).collect();
    (
        Rgb {
            width: 3,
            height: 2,
            pixels,
        },
        LabelMap {
            width: 3,
            height: 2,
            labels: (0..6).collect(),
        },
    )
}

fn reds(rgb: &Rgb) -> Vec<u8> {
    rgb.pixels.iter().step_by(3).copied().collect()
}

#[test]
fn nothing_changes_when_all_is_off() {
    let (rgb, labels) = counted();
    let changed = PLAIN.apply(&rgb, &labels, &mut Rng::seed_from_u64(1));
    assert_eq!(changed, (rgb, labels));
}

#[test]
fn smaller_images_are_padded_with_void() {
    let (rgb, labels) = counted();
    let augment = Augment {
        crop: Some(Size::new(5, 4)),
        ..PLAIN
    };
    for seed in 0..20 {
        let (padded, padded_labels) = augment.apply(&rgb, &labels, &mut Rng::seed_from_u64(seed));
        assert_eq!(
            (padded.width, padded.height, padded.pixels.len()),
            (5, 4, 60)
        );
        let kept: Vec<u8> = padded_labels
            .labels
            .iter()
            .copied()
            .filter(|label| *label != VOID)
            .collect();
        assert_eq!(kept, [0, 1, 2, 3, 4, 5]);
        for (pixel, label) in padded
            .pixels
            .as_chunks::<3>()
            .0
            .iter()
            .zip(&padded_labels.labels)
        {
            assert_eq!(
                *pixel,
                if *label == VOID {
                    PADDING
                } else {
                    [*label, 100, 200]
                }
            );
        }
    }
}

#[test]
fn larger_images_are_cut_at_every_place() {
    let (rgb, labels) = counted();
    let augment = Augment {
        crop: Some(Size::new(2, 1)),
        ..PLAIN
    };
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let (cut, cut_labels) = augment.apply(&rgb, &labels, &mut Rng::seed_from_u64(seed));
        assert_eq!(reds(&cut), cut_labels.labels);
        seen.insert(cut_labels.labels);
    }
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        [[0, 1], [1, 2], [3, 4], [4, 5]]
    );
}

#[test]
fn without_augmentation_the_middle_is_cut_and_the_rest_padded() {
    let (rgb, labels) = counted();
    for (crop, expected) in [
        ([1, 1], vec![1]),
        ([2, 2], vec![0, 1, 3, 4]),
        ([1, 3], vec![VOID, 1, 4]),
        ([4, 1], vec![VOID, 0, 1, 2]),
    ] {
        for seed in 0..5 {
            let mut rng = Rng::seed_from_u64(seed);
            let (_, cut) = Augment::none(Some(Size::from(crop))).apply(&rgb, &labels, &mut rng);
            assert_eq!(
                ([cut.width, cut.height], cut.labels),
                (crop, expected.clone())
            );
        }
    }
}

#[test]
fn whole_images_keep_the_size_they_are_scaled_to() {
    let (rgb, labels) = counted();
    let mut rng = Rng::seed_from_u64(1);
    assert_eq!(
        Augment::none(None).apply(&rgb, &labels, &mut rng),
        (rgb.clone(), labels.clone())
    );
    let augment = Augment {
        scale: [2.0, 2.0],
        flip: true,
        ..Augment::none(None)
    };
    let (scaled, scaled_labels) = augment.apply(&rgb, &labels, &mut rng);
    assert_eq!([scaled.width, scaled.height], [6, 4]);
    assert_eq!([scaled_labels.width, scaled_labels.height], [6, 4]);
    assert!(!scaled_labels.labels.contains(&VOID));
}

#[test]
fn image_and_mask_are_mirrored_alike() {
    let (rgb, labels) = counted();
    let augment = Augment {
        flip: true,
        ..PLAIN
    };
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let (flipped, flipped_labels) = augment.apply(&rgb, &labels, &mut Rng::seed_from_u64(seed));
        assert_eq!(reds(&flipped), flipped_labels.labels);
        seen.insert(flipped_labels.labels);
    }
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        [[0, 1, 2, 3, 4, 5], [2, 1, 0, 5, 4, 3]]
    );
}

#[test]
fn scaling_keeps_labels_whole() {
    let (rgb, labels) = counted();
    let augment = Augment {
        crop: Some(Size::new(6, 4)),
        scale: [2.0, 2.0],
        ..PLAIN
    };
    let (scaled, scaled_labels) = augment.apply(&rgb, &labels, &mut Rng::seed_from_u64(3));
    assert_eq!((scaled.width, scaled.height), (6, 4));
    assert_eq!(
        scaled_labels.labels[..12],
        [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]
    );
    assert_eq!(scaled_labels.labels[12..18], [3, 3, 4, 4, 5, 5]);
    let half = Augment {
        scale: [0.5, 0.5],
        ..PLAIN
    };
    let (_, small) = half.apply(&rgb, &labels, &mut Rng::seed_from_u64(3));
    assert_eq!(
        small.labels.iter().filter(|label| **label != VOID).count(),
        2
    );
}

#[test]
fn brightness_stays_in_its_limits() {
    let rgb = Rgb {
        width: 1,
        height: 1,
        pixels: vec![127, 128, 255],
    };
    let labels = LabelMap {
        width: 1,
        height: 1,
        labels: vec![1],
    };
    let augment = Augment {
        crop: Some(Size::new(1, 1)),
        brightness: 0.1,
        ..PLAIN
    };
    let mut values = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let (changed, same) = augment.apply(&rgb, &labels, &mut Rng::seed_from_u64(seed));
        assert_eq!(same, labels);
        assert!(
            (101..=154).contains(&changed.pixels[0]),
            "{:?}",
            changed.pixels
        );
        values.insert(changed.pixels[0]);
    }
    assert!(values.len() > 10);
}

#[test]
fn strange_scales_do_not_panic() {
    let (rgb, labels) = counted();
    for scale in [[2.0, 0.5], [0.0, 0.0], [1e9, 1e9], [f32::NAN, 1.0]] {
        let (changed, _) =
            Augment { scale, ..PLAIN }.apply(&rgb, &labels, &mut Rng::seed_from_u64(0));
        assert_eq!((changed.width, changed.height), (3, 2));
    }
}
