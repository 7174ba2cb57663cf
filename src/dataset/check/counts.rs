//! Counts of pixels and sizes, from the same reading as the findings.

use super::Facts;
use super::facts::{Counts, ItemFacts};
use crate::dataset::{DatasetStats, Size};

/// The counts of all sound pairs; findings say what is wrong with the others.
pub(super) fn count(facts: &Facts<'_>) -> DatasetStats {
    let mut stats = DatasetStats {
        class_pixels: vec![0; facts.classes.len()],
        class_images: vec![0; facts.classes.len()],
        ..DatasetStats::default()
    };
    for item in &facts.items {
        match sound(item) {
            Some((labels, size)) => stats.add(item.split, labels, size),
            None => stats.add_unsound(item.split),
        }
    }
    stats
}

/// The labels of a pair and its size; `None` = it cannot be used.
fn sound(item: &ItemFacts) -> Option<(&Counts, Size)> {
    let (header, labels) = (item.image.as_ref().ok()?, item.labels.as_ref().ok()?);
    let is_sound = item.band_problem.is_none() && labels.size == header.size;
    is_sound.then_some((&labels.counts, header.size))
}

#[cfg(test)]
mod tests {
    use super::super::{Depth, Severity, check_and_count};
    use super::*;
    use crate::dataset::layout::tests::{write_text, write_voc};
    use crate::dataset::{Dataset, Split, VOID};

    #[test]
    fn pixels_and_sizes_of_sound_pairs_are_counted_and_the_others_are_errors() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        write_voc(root, &["a", "b"], [0, VOID]);
        write_voc(root, &["c"], [2, 2]);
        write_voc(root, &["d", "e"], [0, 7]);
        write_text(&root.join("classes.txt"), "x\ny\nz\n");
        std::fs::write(root.join("JPEGImages/e.png"), "broken").expect("written");
        let dataset = Dataset::open(root).expect("a VOC set");
        let mut calls = Vec::new();
        let (report, stats) = check_and_count(&dataset, Depth::Labels, &mut |done, total| {
            calls.push((done, total));
            true
        })
        .expect("not stopped");
        assert_eq!(calls, [(0, 5), (5, 5)]);
        assert_eq!(stats.class_pixels, [2, 0, 2]);
        assert_eq!((stats.void_pixels, stats.images), (2, 3));
        // Class 0 is in a and b, class 2 in c; d and e are not sound.
        assert_eq!(stats.class_images, [2, 0, 1]);
        assert_eq!(
            [0, 1, 2, 9, VOID].map(|label| stats.image_share(label)),
            [2.0 / 3.0, 0.0, 1.0 / 3.0, 0.0, 2.0 / 3.0]
        );
        assert_eq!(stats.sizes, [([2, 1], 3)].into());
        let labels: Vec<[bool; 3]> = [Split::Train, Split::Val]
            .iter()
            .flat_map(|split| stats.labels_of(*split))
            .map(|labels| [0, 2, VOID].map(|label| labels.contains(label)))
            .collect();
        let (both, last, none) = ([true, false, true], [false, true, false], [false; 3]);
        let all = dataset.train.iter().chain(&dataset.val);
        let expected: Vec<[bool; 3]> = all
            .map(|item| match item.id.as_str() {
                "a" | "b" => both,
                "c" => last,
                _ => none,
            })
            .collect();
        assert_eq!(labels, expected);
        assert_eq!(
            (stats.min_size, stats.max_size),
            (Size::new(2, 1), Size::new(2, 1))
        );
        assert_eq!(
            (stats.share(0), stats.share(1), stats.share(9)),
            (0.5, 0.0, 0.0)
        );
        let named: Vec<String> = report
            .of(Severity::Error)
            .flat_map(|error| error.all_files.iter())
            .map(|file| file.display().to_string())
            .collect();
        for unsound in ["d.png", "e.png"] {
            let is_named = named.iter().any(|file| file.ends_with(unsound));
            assert!(is_named, "{unsound}: {named:?}");
        }
    }

    #[test]
    fn a_stopped_scan_gives_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write_voc(dir.path(), &["a", "b"], [0, 1]);
        let dataset = Dataset::open(dir.path()).expect("a VOC set");
        assert_eq!(
            check_and_count(&dataset, Depth::Labels, &mut |_, _| false),
            None
        );
    }
}
