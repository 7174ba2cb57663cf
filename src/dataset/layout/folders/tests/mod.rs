mod left_out;

use super::super::tests::{write_pair, write_text};
use super::*;
use crate::dataset::ClassList;

/// Writes pairs at these paths below a folder, the labels 0 and 1.
fn write(root: &Path, pairs: &[(&str, &str)]) {
    for (image, mask) in pairs {
        write_pair(&root.join(image), &root.join(mask), [0, 1]);
    }
}

/// The training and the validation items as image and mask below the root.
fn lists(root: &Path) -> [Vec<(String, String)>; 2] {
    let dataset = Dataset::open(root).unwrap_or_else(|err| panic!("{err}"));
    let below = |path: &Path| {
        let shown = path.strip_prefix(root).expect("below the root");
        shown.to_string_lossy().replace('\\', "/")
    };
    [&dataset.train, &dataset.val].map(|items| {
        let pair = |item: &DatasetItem| (below(&item.image), below(&item.mask));
        items.iter().map(pair).collect()
    })
}

fn assert_lists(root: &Path, train: &[(&str, &str)], val: &[(&str, &str)]) {
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(image, mask)| ((*image).to_owned(), (*mask).to_owned()))
            .collect()
    };
    assert_eq!(lists(root), [owned(train), owned(val)]);
}

#[test]
fn folders_of_images_and_masks_are_paired_however_they_are_nested() {
    for (train, val) in [
        (
            ("images/train/a.png", "masks/train/a.png"),
            ("images/val/b.png", "masks/val/b.png"),
        ),
        (
            ("train/images/a.png", "train/labels/a.png"),
            ("valid/images/b.png", "valid/labels/b.png"),
        ),
        (
            ("train/a.png", "trainannot/a.png"),
            ("val/b.png", "valannot/b.png"),
        ),
        (
            ("train_images/a.png", "train_masks/a.png"),
            ("val_images/b.png", "val_masks/b.png"),
        ),
        (
            (
                "leftImg8bit/train/ulm/u_0_leftImg8bit.png",
                "gtFine/train/ulm/u_0_gtFine_labelTrainIds.png",
            ),
            (
                "leftImg8bit/val/bonn/b_0_leftImg8bit.png",
                "gtFine/val/bonn/b_0_gtFine_labelTrainIds.png",
            ),
        ),
        (
            ("train/1_sat.png", "train/1_mask.png"),
            ("val/2_sat.png", "val/2_mask.png"),
        ),
        (
            ("img/train/x/a.png", "ann/train/a_gt.png"),
            ("img/val/y/b.png", "ann/val/b_gt.png"),
        ),
    ] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write(dir.path(), &[train, val]);
        assert_lists(dir.path(), &[train], &[val]);
    }
}

#[test]
fn one_folder_with_suffixes_is_split_and_what_is_alone_is_said() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    let (a, b) = (("a.png", "a_mask.png"), ("b.png", "b_mask.png"));
    write(root, &[a, b]);
    std::fs::copy(root.join("a.png"), root.join("c.png")).expect("copied");
    std::fs::copy(root.join("a.png"), root.join("._a.png")).expect("copied");
    assert_lists(root, &[a], &[b]);
    let dataset = Dataset::open(root).expect("a dataset");
    assert_eq!(dataset.layout, Layout::Folders);
    assert_eq!(
        (dataset.classes.len(), dataset.classes.name(1)),
        (2, "class 1")
    );
    let notes: Vec<String> = dataset
        .notes
        .iter()
        .filter(|note| note.assumed)
        .map(ToString::to_string)
        .collect();
    for part in [
        "class names: numbered from 0 to 1",
        "split: every fifth image",
        "2 pairs of image and mask by names that are equal without their ends (\"_mask\"",
        "1 images without a mask are left out",
    ] {
        assert!(
            notes.iter().any(|note| note.contains(part)),
            "{part}: {notes:?}"
        );
    }
}

#[test]
fn images_of_one_name_in_different_folders_are_told_apart() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let pairs = [
        ("images/day0/x.png", "masks/day0/x.png"),
        ("images/day1/x.png", "masks/day1/x.png"),
    ];
    write(dir.path(), &pairs);
    let dataset = Dataset::open(dir.path()).expect("a dataset");
    assert_eq!(
        (dataset.train[0].id.as_str(), dataset.val[0].id.as_str()),
        ("day0_x", "day1_x")
    );
    assert!(dataset.train[0].mask.ends_with("masks/day0/x.png"));
}

#[test]
fn cityscapes_ids_become_train_ids_and_other_files_are_left() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    for (split, name) in [("train", "ulm_0"), ("val", "bonn_0")] {
        let image = root.join(format!("leftImg8bit/{split}/c/{name}_leftImg8bit.png"));
        let mask = |end: &str| root.join(format!("gtFine/{split}/c/{name}_gtFine_{end}.png"));
        // 7 is the road, 33 the bicycle, 0 and 4 are not trained on.
        write_pair(&image, &mask("labelIds"), [7, 4]);
        write_pair(&image, &mask("instanceIds"), [7, 4]);
        write_pair(&image, &mask("color"), [7, 4]);
    }
    let dataset = Dataset::open(root).expect("Cityscapes");
    assert_eq!(dataset.layout, Layout::Cityscapes);
    assert_eq!(
        (dataset.classes.len(), dataset.classes.name(0)),
        (19, "road")
    );
    let (_, labels) = dataset
        .mask_reader()
        .read_pair(&dataset.train[0])
        .expect("read");
    assert_eq!(labels.labels, [0, VOID]);
}

#[test]
fn the_trimaps_of_pets_count_from_one() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    for name in ["Abyssinian_1", "beagle_2"] {
        let mask = root.join(format!("annotations/trimaps/{name}.png"));
        write_pair(&root.join(format!("images/{name}.png")), &mask, [1, 3]);
    }
    write_text(
        &root.join("annotations/trainval.txt"),
        "# a comment\nAbyssinian_1 1 1 1\n",
    );
    write_text(&root.join("annotations/test.txt"), "beagle_2 5 2 1\n");
    write_text(
        &root.join("annotations/list.txt"),
        "#Image CLASS-ID SPECIES BREED ID\n",
    );
    let dataset = Dataset::open(root).expect("the pets");
    assert_eq!(dataset.layout, Layout::OxfordPets);
    assert_eq!(
        (dataset.train[0].id.as_str(), dataset.val[0].id.as_str()),
        ("Abyssinian_1", "beagle_2")
    );
    let (_, labels) = dataset
        .mask_reader()
        .read_pair(&dataset.train[0])
        .expect("read");
    assert_eq!(
        (labels.labels, dataset.classes.name(0)),
        (vec![0, 2], "pet")
    );
}

#[test]
fn label_0_of_ade20k_is_void() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    for (split, name) in [
        ("training", "ADE_train_00000001"),
        ("validation", "ADE_val_00000001"),
    ] {
        let mask = root.join(format!("annotations/{split}/{name}.png"));
        write_pair(
            &root.join(format!("images/{split}/{name}.png")),
            &mask,
            [0, 150],
        );
    }
    let dataset = Dataset::open(root).expect("ADE20K");
    assert_eq!(
        (dataset.layout, dataset.classes.len()),
        (Layout::Ade20k, 150)
    );
    let (_, labels) = dataset
        .mask_reader()
        .read_pair(&dataset.val[0])
        .expect("read");
    assert_eq!(labels.labels, [VOID, 149]);
}

#[test]
fn the_original_camvid_is_read_by_its_colors() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    let stems = ["0001TP_000000", "0016E5_000001"];
    for stem in stems {
        let mask = root.join(format!("LabeledApproved_full/{stem}_L.png"));
        write_pair(
            &root.join(format!("701_StillsRaw_full/{stem}.png")),
            &mask,
            [0, 0],
        );
        // Void and Wall.
        let colors = image::RgbImage::from_raw(2, 1, vec![0, 0, 0, 64, 192, 0]).expect("2 pixels");
        colors.save(&mask).expect("written");
    }
    let first = |dataset: &Dataset| {
        let (_, labels) = dataset
            .mask_reader()
            .read_pair(&dataset.train[0])
            .expect("read");
        labels.labels
    };
    let dataset = Dataset::open(root).expect("CamVid");
    assert_eq!(dataset.classes, ClassList::camvid_original());
    assert_eq!(first(&dataset), [VOID, 30]);
    write_text(
        &root.join("label_colors.txt"),
        "64 128 64\tAnimal\n0 0 0\t\tVoid\n64 192 0\tWall\n",
    );
    let dataset = Dataset::open(root).expect("CamVid");
    assert_eq!((dataset.classes.len(), first(&dataset)), (2, vec![VOID, 1]));
}

#[test]
fn colors_without_a_class_list_are_classes_of_their_own() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write(
        root,
        &[
            ("images/a.png", "masks/a.png"),
            ("images/b.png", "masks/b.png"),
        ],
    );
    for name in ["a", "b"] {
        let colors = image::RgbImage::from_raw(2, 1, vec![0, 0, 0, 200, 9, 9]).expect("2 pixels");
        colors
            .save(root.join(format!("masks/{name}.png")))
            .expect("written");
    }
    let dataset = Dataset::open(root).expect("a dataset");
    assert_eq!(
        (dataset.classes.len(), dataset.classes.name(1)),
        (2, "color 200 9 9")
    );
    let (_, labels) = dataset
        .mask_reader()
        .read_pair(&dataset.train[0])
        .expect("read");
    assert_eq!(labels.labels, [0, 1]);
}

#[test]
fn lists_of_names_beside_folders_are_the_split() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    let pairs = ["a", "b", "c"].map(|name| (format!("img/{name}.png"), format!("ann/{name}.png")));
    for (image, mask) in &pairs {
        write(root, &[(image, mask)]);
    }
    write_text(&root.join("train.txt"), "c.png\na.png\n");
    write_text(&root.join("val.txt"), "b\n");
    assert_lists(
        root,
        &[("img/c.png", "ann/c.png"), ("img/a.png", "ann/a.png")],
        &[("img/b.png", "ann/b.png")],
    );
}

#[test]
fn class_lists_of_roboflow_are_found() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write(
        dir.path(),
        &[
            ("train/a.png", "train/a_mask.png"),
            ("valid/b.png", "valid/b_mask.png"),
        ],
    );
    write_text(
        &dir.path().join("train/_classes.csv"),
        "Pixel Value, Class\n0, background\n1, lesion\n",
    );
    let dataset = Dataset::open(dir.path()).expect("a dataset");
    let names: Vec<&str> = dataset
        .classes
        .iter()
        .map(|class| class.name.as_str())
        .collect();
    assert_eq!(names, ["background", "lesion"]);
    let other = dir.path().join("valid/_classes.csv");
    write_text(&other, "Pixel Value, Class\n0, background\n1, lesion\n");
    Dataset::open(dir.path()).expect("the same classes");
    write_text(&other, "Pixel Value, Class\n0, lesion\n1, background\n");
    let message = Dataset::open(dir.path()).unwrap_err().to_string();
    let expected = format!(
        "{}: label 0 is \"lesion\" here but \"background\" in {}, and",
        other.display(),
        dir.path().join("train/_classes.csv").display()
    );
    assert!(message.contains(&expected), "{message}");
}

#[test]
fn the_prefix_of_an_image_stays_where_its_mask_has_it() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let all = [
        ("IMG_1.png", "IMG_1_mask.png"),
        ("image_2.png", "mask_2.png"),
        ("img_3.png", "img_3_mask.png"),
        ("photo_4.png", "photo_4_mask.png"),
    ];
    write(dir.path(), &all);
    assert_lists(dir.path(), &all[..3], &all[3..]);
}
