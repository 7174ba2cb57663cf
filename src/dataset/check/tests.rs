//! Each finding has a set that triggers it; the sound set triggers none.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::*;
use crate::dataset::{DatasetError, Rgb, VOID, write_rgb_png};

const WIDTH: u32 = 64;
const HEIGHT: u32 = 48;

/// A dataset in VOC's layout, of three classes.
struct Set {
    dir: tempfile::TempDir,
    lists: [Vec<String>; 2],
}

impl Set {
    /// Four images to train on and two to validate on; all have all three classes.
    fn sound() -> Self {
        let mut set = Self::empty();
        for (number, split) in [0, 0, 0, 0, 1, 1].into_iter().enumerate() {
            let name = format!("img{number}");
            set.image(&name, number as u64);
            set.gray_mask(&name, |x, y| stripes(x, y));
            set.lists[split].push(name);
        }
        set
    }

    /// The same with these labels instead of 0, 1 and 2.
    fn with_labels(labels: [u8; 3]) -> Self {
        let set = Self::sound();
        for name in set.names() {
            set.gray_mask(&name, |x, y| labels[usize::from(stripes(x, y))]);
        }
        set
    }

    fn empty() -> Self {
        let set = Self {
            dir: tempfile::tempdir().expect("a folder"),
            lists: [Vec::new(), Vec::new()],
        };
        for folder in ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"] {
            fs::create_dir_all(set.root().join(folder)).expect("a folder");
        }
        set.classes("ground 0 0 0\nsquare 128 0 0\nbar 0 128 0\n");
        set
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("set")
    }

    fn names(&self) -> Vec<String> {
        self.lists.concat()
    }

    fn image_path(&self, name: &str) -> PathBuf {
        self.root().join("JPEGImages").join(format!("{name}.png"))
    }

    fn mask_path(&self, name: &str) -> PathBuf {
        self.root()
            .join("SegmentationClass")
            .join(format!("{name}.png"))
    }

    fn classes(&self, text: &str) {
        fs::write(self.root().join("classes.txt"), text).expect("a list");
    }

    fn image(&self, name: &str, seed: u64) {
        write_rgb_png(&self.image_path(name), &picture(seed, WIDTH, HEIGHT)).expect("an image");
    }

    fn gray_mask(&self, name: &str, label: impl Fn(u32, u32) -> u8) {
        self.mask(name, png::ColorType::Grayscale, None, |x, y| {
            vec![label(x, y)]
        });
    }

    fn rgb_mask(&self, name: &str, color: impl Fn(u32, u32) -> [u8; 3]) {
        self.mask(name, png::ColorType::Rgb, None, |x, y| color(x, y).to_vec());
    }

    fn indexed_mask(&self, name: &str, palette: &[[u8; 3]]) {
        let label = |x, y| vec![stripes(x, y)];
        self.mask(name, png::ColorType::Indexed, Some(palette), label);
    }

    fn mask(
        &self,
        name: &str,
        kind: png::ColorType,
        palette: Option<&[[u8; 3]]>,
        sample: impl Fn(u32, u32) -> Vec<u8>,
    ) {
        let file = File::create(self.mask_path(name)).expect("a file");
        let mut encoder = png::Encoder::new(file, WIDTH, HEIGHT);
        encoder.set_color(kind);
        if let Some(palette) = palette {
            encoder.set_palette(palette.concat());
        }
        let samples: Vec<u8> = (0..WIDTH * HEIGHT)
            .flat_map(|at| sample(at % WIDTH, at / WIDTH))
            .collect();
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&samples).expect("pixels");
    }

    fn open(&self) -> Dataset {
        for (list, names) in ["train", "val"].iter().zip(&self.lists) {
            let path = self
                .root()
                .join(format!("ImageSets/Segmentation/{list}.txt"));
            fs::write(path, names.join("\n") + "\n").expect("a list");
        }
        Dataset::open(&self.root()).expect("a dataset")
    }

    fn check(&self) -> CheckReport {
        check(&self.open(), Depth::Everything, &mut |_, _| true).expect("not stopped")
    }

    /// The only finding.
    #[track_caller]
    fn only(&self) -> Finding {
        let mut findings = self.check().findings;
        assert_eq!(findings.len(), 1, "{findings:#?}");
        findings.remove(0)
    }

    #[track_caller]
    fn fixed(&self, plan: &FixPlan) -> Dataset {
        let out = self.dir.path().join("fixed");
        let fixed = fix(&self.open(), plan, &out, &mut |_, _| true).expect("written");
        Dataset::open(&fixed.expect("not stopped").root).expect("a dataset")
    }
}

/// Three vertical stripes of classes 0, 1 and 2.
fn stripes(x: u32, _y: u32) -> u8 {
    (x * 3 / WIDTH) as u8
}

/// Blocks in random colors.
fn picture(seed: u64, width: u32, height: u32) -> Rgb {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(7);
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let colors: Vec<[u8; 3]> = (0..192).map(|_| [next(), next(), next()]).collect();
    let color =
        |at: u32| colors[(at / width * 12 / height * 16 + at % width * 16 / width) as usize];
    Rgb {
        width,
        height,
        pixels: (0..width * height).flat_map(color).collect(),
    }
}

#[test]
fn a_sound_set_has_no_findings() {
    let report = Set::sound().check();
    assert_eq!(report.findings, []);
    assert_eq!(report.pairs, 6);
}

#[test]
fn a_stopped_check_gives_nothing() {
    let dataset = Set::sound().open();
    assert_eq!(check(&dataset, Depth::Labels, &mut |_, _| false), None);
}

#[test]
fn objects_in_255_are_an_error_that_can_be_fixed() {
    let set = Set::with_labels([0, 255, 255]);
    set.classes("background\nlesion\n");
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Error, FindingKind::ObjectsAreVoid)
    );
    assert_eq!(found.count, 6);
    assert!(found.reason.contains("lesion"), "{found}");
    assert!(found.to_string().contains("img0.png and 5 more"), "{found}");
    let plan = FixPlan::of(&set.check());
    let fixed = set.fixed(&plan);
    assert_eq!(
        check(&fixed, Depth::Everything, &mut |_, _| true)
            .expect("checked")
            .findings,
        []
    );
    let labels = fixed
        .mask_reader()
        .read(&fixed.train[0].mask)
        .expect("a mask")
        .labels;
    assert_eq!((labels[0], labels[63]), (0, 1));
    // The same with gray values in a palette.
    let gray: Vec<[u8; 3]> = (0..=255).map(|value| [value; 3]).collect();
    for name in set.names() {
        set.mask(&name, png::ColorType::Indexed, Some(&gray), |x, y| {
            vec![if stripes(x, y) == 0 { 0 } else { 255 }]
        });
    }
    assert_eq!(set.only().kind, FindingKind::ObjectsAreVoid);
}

#[test]
fn nothing_labeled_and_one_class_are_errors() {
    let all = Set::with_labels([255; 3]).only();
    assert_eq!(
        (all.severity, all.kind),
        (Severity::Error, FindingKind::NothingLabeled)
    );
    let one = Set::with_labels([1, 1, 255]).only();
    assert_eq!(
        (one.severity, one.kind),
        (Severity::Error, FindingKind::OneClass)
    );
    assert!(one.reason.contains("square (label 1)"), "{one}");
}

#[test]
fn a_list_without_labels_is_an_error_and_a_void_mask_is_not() {
    let set = Set::sound();
    set.gray_mask("img0", |_, _| VOID);
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, FindingKind::VoidMasks)
    );
    assert_eq!(found.files, [set.mask_path("img0")]);
    for name in &set.lists[1] {
        set.gray_mask(name, |_, _| VOID);
    }
    let report = set.check();
    let kinds: Vec<FindingKind> = report.findings.iter().map(|found| found.kind).collect();
    assert_eq!(
        kinds,
        [FindingKind::NothingToValidateOn, FindingKind::VoidMasks]
    );
    // To score the other list is fine.
    let dataset = set.open();
    let train = check_split(&dataset, Split::Train, &mut |_, _| true).expect("checked");
    assert_eq!(train.error(), None);
    let val = check_split(&dataset, Split::Val, &mut |_, _| true).expect("checked");
    assert_eq!(
        val.error().map(|found| found.kind),
        Some(FindingKind::NothingLabeled)
    );
}

#[test]
fn labels_that_are_no_class_are_told_apart() {
    let off = Set::with_labels([1, 2, 3]);
    let found = off.only();
    assert_eq!(found.kind, FindingKind::OffByOne);
    let fixed = off.fixed(&FixPlan::of(&off.check()));
    let labels = fixed
        .mask_reader()
        .read(&fixed.val[0].mask)
        .expect("a mask")
        .labels;
    assert_eq!((labels[0], labels[32], labels[63]), (0, 1, 2));

    let count = Set::with_labels([0, 1, 3]);
    let found = count.only();
    assert_eq!(found.kind, FindingKind::LabelIsClassCount);
    let map = std::collections::BTreeMap::from([(3, VOID)]);
    assert_eq!(found.fix, Some(Fix::Remap { map }));

    let found = Set::with_labels([0, 7, 128]).only();
    assert_eq!((found.kind, found.fix), (FindingKind::UnknownLabels, None));
    assert!(
        found.reason.contains("7, 128") && found.reason.contains("0 to 2"),
        "{}",
        found.reason
    );
}

#[test]
fn smoothed_masks_are_named_as_such() {
    let set = Set::sound();
    // Edges that fade, in gray and in color.
    set.gray_mask("img0", |x, y| {
        if y < 40 {
            (x / 32) as u8
        } else {
            (x * 4) as u8
        }
    });
    set.rgb_mask("img1", |x, y| {
        if y < 44 {
            [0; 3]
        } else {
            [(x * 4) as u8, (y * 2) as u8, 0]
        }
    });
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Error, FindingKind::BlendedMasks)
    );
    assert_eq!(found.count, 2);
}

#[test]
fn palettes_in_another_order_are_told() {
    let right = [[0, 0, 0], [128, 0, 0], [0, 128, 0]];
    let set = Set::sound();
    for name in set.names() {
        set.indexed_mask(&name, &right);
    }
    assert_eq!(set.check().findings, []);
    for name in set.names() {
        set.indexed_mask(&name, &[[0, 0, 0], [0, 128, 0], [128, 0, 0]]);
    }
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, FindingKind::PaletteOrder)
    );
    assert!(
        found
            .reason
            .contains("label 1 (square) is shown in the color of bar"),
        "{found}"
    );
    let map = std::collections::BTreeMap::from([(1, 2), (2, 1)]);
    assert_eq!(found.fix, Some(Fix::Remap { map }));
    // Colors that are no class's say nothing about classes.
    for name in set.names() {
        set.indexed_mask(&name, &[[9, 9, 9], [0, 128, 0], [128, 0, 0]]);
    }
    assert_eq!(set.check().findings, []);
}

#[test]
fn classes_that_are_not_where_they_should_be_are_named() {
    let set = Set::sound();
    set.classes("ground\nsquare\nbar\nghost\n");
    let never = set.only();
    assert_eq!(
        (never.kind, never.count),
        (FindingKind::ClassNeverOccurs, 1)
    );
    assert!(never.reason.contains("ghost (3)"), "{never}");
    set.classes("ground\nsquare\nbar\n");
    for name in &set.lists[0] {
        set.gray_mask(name, |x, y| stripes(x, y).min(1));
    }
    let one = set.only();
    assert_eq!(one.kind, FindingKind::ClassInOneSplit);
    assert!(
        one.reason.contains("training list") && one.reason.contains("bar (2)"),
        "{one}"
    );
    // One pixel of 4 * 3072.
    set.gray_mask("img0", |x, y| {
        if (x, y) == (0, 0) {
            2
        } else {
            stripes(x, y).min(1)
        }
    });
    let rare = set.only();
    assert_eq!(
        (rare.severity, rare.kind),
        (Severity::Info, FindingKind::ClassIsRare)
    );
}

#[test]
fn areas_of_void_are_a_warning_and_lines_are_not() {
    let set = Set::sound();
    for name in set.names() {
        set.gray_mask(&name, |x, y| if x % 21 < 3 { VOID } else { stripes(x, y) });
    }
    assert_eq!(set.check().findings, []);
    for name in set.names() {
        set.gray_mask(&name, |x, y| if y < 24 { VOID } else { stripes(x, y) });
    }
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, FindingKind::MuchVoid)
    );
    assert!(found.reason.contains("50 %"), "{found}");
}

#[test]
fn masks_of_one_class_are_a_note() {
    let set = Set::sound();
    set.gray_mask("img1", |_, _| 0);
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Info, FindingKind::OneClassMasks)
    );
}

#[test]
fn damaged_files_are_named() {
    let set = Set::sound();
    for (path, kind) in [
        (set.image_path("img0"), FindingKind::UnreadableImages),
        (set.mask_path("img1"), FindingKind::UnreadableMasks),
    ] {
        let bytes = fs::read(&path).expect("read");
        fs::write(&path, &bytes[..bytes.len() / 2]).expect("cut");
        let found = set.only();
        assert_eq!((found.severity, found.kind), (Severity::Error, kind));
        assert!(
            found.reason.contains(&path.display().to_string()),
            "{found}"
        );
        // Left out on request, and only then.
        let out = set.dir.path().join("out");
        let plan = FixPlan::of(&set.check());
        fix(&set.open(), &plan, &out, &mut |_, _| true).expect_err("damaged");
        assert!(!out.exists());
        let plan = FixPlan {
            leave_out: true,
            ..plan
        };
        let fixed = fix(&set.open(), &plan, &out, &mut |_, _| true)
            .expect("written")
            .expect("all");
        assert_eq!((fixed.train, fixed.val, fixed.left_out.len()), (3, 2, 1));
        fs::remove_dir_all(&out).expect("removed");
        fs::write(&path, bytes).expect("whole again");
    }
}

#[test]
fn sizes_that_differ_are_an_error_and_exif_is_named() {
    let set = Set::sound();
    write_rgb_png(&set.image_path("img0"), &picture(9, 60, 40)).expect("an image");
    let found = set.only();
    assert_eq!(found.kind, FindingKind::SizeMismatch);
    assert!(
        found.reason.contains("64x48") && found.reason.contains("60x40"),
        "{found}"
    );

    let set = Set::sound();
    let exif = turned_jpeg(&set.root().join("JPEGImages"), "img0");
    fs::remove_file(set.image_path("img0")).expect("removed");
    let found = set.only();
    assert_eq!(
        (found.kind, found.fix.clone()),
        (FindingKind::TurnedByExif, Some(Fix::TurnMasks))
    );
    let fixed = set.fixed(&FixPlan::of(&set.check()));
    let item = fixed
        .train
        .iter()
        .find(|item| item.id == "img0")
        .expect("the pair");
    let (image, labels) = fixed.mask_reader().read_pair(item).expect("they fit");
    assert_eq!(
        (image.width, labels.width, labels.height),
        (HEIGHT, HEIGHT, WIDTH)
    );
    // Turned to the right: what was at the left is on top.
    assert_eq!(
        (labels.labels[0], labels.labels.last().copied()),
        (0, Some(2))
    );
    assert!(exif.exists());
}

/// A JPEG that EXIF turns by a quarter to the right.
fn turned_jpeg(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(format!("{name}.jpg"));
    let rgb = picture(20, WIDTH, HEIGHT);
    let image = image::RgbImage::from_raw(rgb.width, rgb.height, rgb.pixels).expect("an image");
    image.save(&path).expect("a JPEG");
    let bytes = fs::read(&path).expect("read");
    // APP1 with "Exif", a big-endian TIFF header and one entry: 0x0112 (orientation) is 6.
    let tiff = b"MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00";
    let length = (2 + 6 + tiff.len()) as u16;
    let exif = [
        b"\xff\xe1",
        &length.to_be_bytes()[..],
        b"Exif\x00\x00",
        tiff,
    ]
    .concat();
    fs::write(&path, [&bytes[..2], &exif, &bytes[2..]].concat()).expect("written");
    path
}

#[test]
fn images_of_both_lists_are_found_by_file_and_by_content() {
    let mut set = Set::sound();
    set.lists[1].push("img0".to_owned());
    let found = set.only();
    assert_eq!((found.kind, found.count), (FindingKind::SameFileInBoth, 1));
    let fixed = set.fixed(&FixPlan::default());
    assert_eq!((fixed.train.len(), fixed.val.len()), (4, 3));

    let set = Set::sound();
    // img4 is validated on; a copy of another size is still a copy.
    write_rgb_png(&set.image_path("img4"), &picture(1, WIDTH, HEIGHT)).expect("an image");
    let found = set.only();
    assert_eq!(found.kind, FindingKind::SameImageInBoth);
    assert!(
        found.reason.contains("img1.png") && found.files == [set.image_path("img4")],
        "{found}"
    );

    let mut set = Set::sound();
    set.lists[0].push("img0".to_owned());
    assert_eq!(set.only().kind, FindingKind::ListedTwice);
}

#[test]
fn files_without_their_other_half_are_told() {
    let set = Set::sound();
    set.gray_mask("alone", stripes);
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, FindingKind::MasksWithoutImage)
    );
    fs::remove_file(set.mask_path("alone")).expect("removed");
    set.image("alone", 30);
    fs::write(set.root().join("JPEGImages/._alone.png"), "").expect("written");
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Info, FindingKind::ImagesWithoutMask)
    );
    assert_eq!(found.count, 1);
}

#[test]
fn odd_images_are_told() {
    let set = Set::sound();
    let rgb = picture(0, WIDTH, HEIGHT);
    let rgb = image::RgbImage::from_raw(WIDTH, HEIGHT, rgb.pixels).expect("an image");
    let image = image::DynamicImage::ImageRgb8(rgb);
    let save = |image: image::DynamicImage| image.save(set.image_path("img0")).expect("saved");
    save(image.to_luma8().into());
    assert_eq!(set.only().kind, FindingKind::GrayImages);
    save(image.to_rgb16().into());
    assert_eq!(set.only().kind, FindingKind::DeepImages);
    let mut rgba = image.to_rgba8();
    save(rgba.clone().into());
    assert_eq!(set.check().findings, [], "opaque");
    rgba.pixels_mut().for_each(|pixel| pixel.0[3] = pixel.0[0]);
    save(rgba.into());
    assert_eq!(set.only().kind, FindingKind::FourthBand);
    let fixed = set.fixed(&FixPlan::of(&set.check()));
    let item = &fixed.train[0];
    let colors = crate::dataset::read_rgb(&item.image)
        .expect("an image")
        .pixels;
    assert_eq!(colors, image.to_rgb8().into_raw());
}

#[test]
fn very_small_images_are_a_note() {
    let set = Set::sound();
    write_rgb_png(&set.image_path("img0"), &picture(0, 400, 20)).expect("an image");
    let report = set.check();
    assert_eq!(
        report
            .of(Severity::Info)
            .map(|found| found.kind)
            .collect::<Vec<_>>(),
        [FindingKind::ExtremeSizes]
    );
}

#[test]
fn a_change_since_a_run_is_told() {
    let mut set = Set::sound();
    let record = DatasetRecord::of(&set.open());
    assert_eq!(record.changes(&set.open()), None);
    set.lists[0].pop();
    let found = record.changes(&set.open()).expect("a change");
    assert!(
        found
            .reason
            .contains("training list has 3 images instead of 4"),
        "{found}"
    );
    let text = serde_json::to_string(&record).expect("JSON");
    assert_eq!(
        serde_json::from_str::<DatasetRecord>(&text).expect("a record"),
        record
    );
}

#[test]
fn a_fixed_dataset_replaces_nothing() {
    let set = Set::sound();
    let out = set.dir.path().join("fixed");
    fs::create_dir(&out).expect("a folder");
    let message = fix(&set.open(), &FixPlan::default(), &out, &mut |_, _| true)
        .expect_err("it is there")
        .to_string();
    assert!(
        message.contains("fixed") && message.contains("new folder"),
        "{message}"
    );
    fs::remove_dir(&out).expect("removed");
    assert_eq!(
        fix(&set.open(), &FixPlan::default(), &out, &mut |_, _| false).ok(),
        Some(None)
    );
    assert!(!out.exists(), "a stop leaves nothing");
    let wrong = FixPlan {
        remap: [(0, 9)].into(),
        ..FixPlan::default()
    };
    let err = fix(&set.open(), &wrong, &out, &mut |_, _| true).expect_err("no class");
    assert!(
        matches!(err, DatasetError::LabelOutOfRange { label: 9, .. }),
        "{err}"
    );
}
