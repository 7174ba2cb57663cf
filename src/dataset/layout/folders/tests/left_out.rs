//! What is in a folder and is no pair, and what is said of it.

use super::*;
use crate::dataset::{LabelMap, write_index_png};

#[test]
fn what_is_missing_is_said() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    let message = || Dataset::open(root).unwrap_err().to_string();
    assert!(message().contains("the folder is empty"), "{}", message());
    write_text(&root.join("notes.docx"), "");
    assert!(
        message().contains("no image in it, only notes.docx"),
        "{}",
        message()
    );
    write(root, &[("photos/a.png", "photos/b.png")]);
    let only_images = message();
    assert!(
        only_images.contains("2 in photos")
            && only_images.contains("nothing looks like masks of photos"),
        "{only_images}"
    );
    let labels = LabelMap {
        width: 2,
        height: 1,
        labels: vec![0, 1],
    };
    std::fs::create_dir(root.join("masks")).expect("created");
    write_index_png(&root.join("masks/z.png"), &labels, &ClassList::voc()).expect("written");
    assert!(
        message().contains("no image has the name of a mask"),
        "{}",
        message()
    );
}

#[test]
fn the_export_of_cvat_that_is_read_is_named() {
    let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n  <version>1.1</version>\n</annotations>\n";
    let dir = tempfile::tempdir().expect("a temporary folder");
    write_text(&dir.path().join("annotations.xml"), text);
    let alone = Dataset::open(dir.path()).unwrap_err().to_string();
    write(dir.path(), &[("images/a.png", "images/b.png")]);
    let beside = Dataset::open(dir.path()).unwrap_err().to_string();
    for message in [alone, beside] {
        for part in [
            "annotations.xml",
            "CVAT's own format",
            "Segmentation mask 1.1",
            "COCO 1.0",
        ] {
            assert!(message.contains(part), "no {part}: {message}");
        }
    }
}

#[test]
fn annotations_that_are_not_read_are_named() {
    let cases = [
        ("masks/a.npy", "masks/a.npy are NumPy arrays"),
        ("ds0/ann/a.jpg.json", "neither labelme nor COCO"),
        ("Annotations/a.xml", "boxes at most"),
        ("train.csv", "run lengths"),
        ("labels/train/a.txt", "YOLO"),
    ];
    for (file, part) in cases {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write(dir.path(), &[("images/a.png", "images/b.png")]);
        write_text(&dir.path().join(file), "ImageId,EncodedPixels\n");
        let message = Dataset::open(dir.path()).unwrap_err().to_string();
        assert!(
            message.contains(part) && message.contains("2 in images"),
            "{message}"
        );
    }
}

#[test]
fn copies_of_masks_beside_them_are_left_out_and_said() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    let all = [
        ("ds0/img/a.png", "ds0/masks_machine/a.png"),
        ("ds0/img/b.png", "ds0/masks_machine/b.png"),
    ];
    write(root, &all);
    let copies = [
        ("ds0/masks_human/a.png", "labels_rgb/a.png"),
        ("instances/b.png", "labels/colormaps/b.png"),
    ];
    write(root, &copies);
    assert_lists(root, &all[..1], &all[1..]);
    let dataset = Dataset::open(root).expect("folders");
    let mut notes = dataset.notes.iter();
    assert!(notes.any(|note| note.assumed && note.text.contains("4 files in folders of colored")));
    // Two that fit are a guess, and said as such.
    write(root, &[("ds1/labels/a.png", "ds1/labels/b.png")]);
    std::fs::remove_dir_all(root.join("ds0/img")).expect("removed");
    write(root, &[("img/a.png", "img/b.png")]);
    let message = Dataset::open(root).expect_err("ambiguous").to_string();
    assert!(
        message.contains("several masks have the name of img"),
        "{message}"
    );
}

#[test]
fn a_folder_of_images_may_hold_their_masks() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let all = [
        ("images/a.png", "images/a_mask.png"),
        ("images/b.png", "images/b_mask.png"),
    ];
    write(dir.path(), &all);
    assert_lists(dir.path(), &all[..1], &all[1..]);
}

#[test]
fn ids_of_cityscapes_are_those_of_its_names_and_classes_only() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let opened = |names: &str, list: Option<&str>| {
        let root = dir
            .path()
            .join(format!("{}{}", names, list.map_or(0, str::len)));
        for id in ["a", "b"] {
            let mask = root.join(format!("masks/{id}{names}.png"));
            write_pair(&root.join(format!("images/{id}.png")), &mask, [7, 1]);
        }
        if let Some(list) = list {
            write_text(&root.join("classes.txt"), list);
        }
        let dataset = Dataset::open(&root).unwrap_or_else(|err| panic!("{err}"));
        let read = dataset.mask_reader().read_pair(&dataset.train[0]);
        let labels = read.unwrap_or_else(|err| panic!("{err}")).1.labels;
        (dataset.layout, labels)
    };
    let own = "animal\nboat\ncup\ndog\negg\nfish\ngoat\nhat\n";
    let published = ClassList::cityscapes();
    let published: Vec<&str> = published.iter().map(|class| class.name.as_str()).collect();
    let published = published.join("\n");
    // 7 is the road, label 0 of the 19; 1 is not trained on.
    for list in [None, Some(published.as_str())] {
        let found = opened("_gtFine_labelIds", list);
        assert_eq!(found, (Layout::Cityscapes, vec![0, VOID]), "{list:?}");
    }
    for names in ["_labelIds", "_gtFine_labelIds"] {
        let found = opened(names, Some(own));
        assert_eq!(found, (Layout::Folders, vec![7, 1]), "{names}");
    }
    assert_eq!(opened("_labelIds", None), (Layout::Folders, vec![7, 1]));
}

#[test]
fn a_folder_with_nothing_but_test_images_is_not_trained_on() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    for id in ["a", "b", "c"] {
        let mask = root.join(format!("test/masks/{id}.png"));
        write_pair(&root.join(format!("test/images/{id}.png")), &mask, [0, 1]);
    }
    let message = Dataset::open(root).expect_err("a test alone").to_string();
    assert!(
        message.contains("all 3 pairs of image and mask are for a test by the folders"),
        "{message}"
    );
    // The folder itself says nothing of a test, and lists say what is trained on.
    let inner = Dataset::open(&root.join("test")).expect("a dataset");
    assert_eq!((inner.train.len(), inner.val.len()), (2, 1));
    write_text(&root.join("train.txt"), "a\nb\n");
    write_text(&root.join("val.txt"), "c\n");
    let listed = Dataset::open(root).expect("a dataset");
    assert_eq!((listed.train.len(), listed.val.len()), (2, 1));
}
