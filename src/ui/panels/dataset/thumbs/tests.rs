use std::collections::BTreeSet;

use eframe::egui::ScrollArea;
use egui_kittest::Harness;

use super::*;
use crate::ui::test_engine::Bench;

#[test]
fn a_lost_thumbnail_has_failed() {
    let bench = Bench::new();
    let (ctx, classes) = (egui::Context::default(), ClassList::numbered(2));
    let at = key(Split::Train, 0);
    let mut thumbs = Thumbs::default();
    let thumb = Thumb::Loading(bench.lost());
    thumbs.cached.insert(at, Cached { thumb, seen: 0 });
    bench.until(|panel| {
        thumbs.update(panel, &ctx, &classes, Split::Train, &[0]);
        !matches!(thumbs.cached[&at].thumb, Thumb::Loading(_))
    });
    let tooltip = tooltip(Some(&thumbs.cached[&at].thumb), "a");
    assert!(tooltip.contains("ended unexpectedly"), "{tooltip}");
}

/// A gallery of images that are not there, and which of them were ever asked for.
struct Gallery {
    bench: Bench,
    thumbs: Thumbs,
    items: Vec<DatasetItem>,
    classes: ClassList,
    places: Option<Vec<u32>>,
    offset: f32,
    asked: BTreeSet<usize>,
    most_kept: usize,
}

impl Gallery {
    fn new(images: usize) -> Self {
        let item = |number: usize| DatasetItem {
            id: number.to_string(),
            image: format!("{number}.png").into(),
            mask: format!("{number}-mask.png").into(),
        };
        Self {
            bench: Bench::new(),
            thumbs: Thumbs::default(),
            items: (0..images).map(item).collect(),
            classes: ClassList::numbered(2),
            places: None,
            offset: 0.0,
            asked: BTreeSet::new(),
            most_kept: 0,
        }
    }

    fn ui(&mut self, ui: &mut Ui) {
        let part = Part {
            split: Split::Train,
            items: &self.items,
            places: self.places.as_deref(),
            classes: &self.classes,
        };
        ScrollArea::vertical()
            .auto_shrink(false)
            .vertical_scroll_offset(self.offset)
            .show(ui, |ui| {
                self.thumbs.grid_ui(&self.bench.ctx(), ui, part, false);
            });
        let cached = self.thumbs.cached.keys().map(|key| key.index);
        self.asked.extend(cached);
        self.most_kept = self.most_kept.max(self.thumbs.cached.len());
    }

    fn window(self) -> Harness<'static, Self> {
        Harness::builder()
            .with_size(vec2(330.0, 400.0))
            .build_ui_state(|ui, gallery: &mut Self| gallery.ui(ui), self)
    }
}

#[test]
fn only_what_is_in_sight_of_100_000_images_is_read() {
    let mut window = Gallery::new(100_000).window();
    let (mut end, mut before) = (0, BTreeSet::new());
    for offset in [0.0, 20_000.0, 1_000_000.0, 2_000_000.0] {
        window.state_mut().offset = offset;
        for _ in 0..40 {
            window.step();
        }
        let asked = std::mem::take(&mut window.state_mut().asked);
        let new: Vec<usize> = asked.difference(&before).copied().collect();
        before.extend(asked);
        let (Some(&first), Some(&last)) = (new.first(), new.last()) else {
            panic!("nothing is read at {offset}");
        };
        // Of three columns, with rows of 70 points and more, at most 7 rows are in sight.
        assert!(last - first < 3 * 7, "{first} to {last} at {offset}");
        assert!(first >= end, "{first} at {offset} was passed over before");
        end = last + 1;
    }
    // 2,000,000 points are about 80,000 images down.
    assert!((60_000..100_000).contains(&end), "{end}");
    assert!(window.state().most_kept <= KEPT);
}

#[test]
fn a_filtered_gallery_reads_the_places_that_are_left() {
    let mut gallery = Gallery::new(5000);
    gallery.places = Some(vec![7, 4000, 4999]);
    let mut window = gallery.window();
    window.step();
    let asked: Vec<usize> = window.state().asked.iter().copied().collect();
    assert_eq!(asked, [7, 4000, 4999]);
}
