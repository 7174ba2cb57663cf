//! Lists as people have them: their forms, encodings, names and headings.

use super::*;

#[test]
fn lists_are_read_in_every_form() {
    for (train, val) in [
        ("img_0\r\nimg_1\r\n", "img_2\r\n"),
        ("\u{feff}img_0\nimg_1\n", "img_2"),
        (
            "/JPEGImages/img_0.jpg /SegmentationClass/img_0.png\n/JPEGImages/img_1.jpg /SegmentationClass/img_1.png\n",
            "/JPEGImages/img_2.jpg /SegmentationClass/img_2.png\n",
        ),
        ("img_0.jpg\nimg_1.png\n", "img_2.jpg\n"),
        ("img_0 1 1 1\nimg_1 1 1 1\n", "img_2 1 1 1\n"),
        ("img_0,1\nimg_1,2\n", "img_2,1\n"),
        ("IMG_0\nImg_1\n", "img_2\n"),
    ] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write_set(dir.path());
        write_text(&dir.path().join(LISTS).join("train.txt"), train);
        write_text(&dir.path().join(LISTS).join("val.txt"), val);
        let dataset = opened(dir.path());
        assert_eq!(ids(&dataset.train), ["img_0", "img_1"], "{train}");
        assert_eq!(ids(&dataset.val), ["img_2"], "{val}");
        assert!(has_note(
            &dataset,
            false,
            "split: from train.txt and val.txt"
        ));
    }
}

#[test]
fn other_encodings_are_read_or_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_set(root);
    let lists = root.join(LISTS);
    let utf16 = |text: &str| -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xff, 0xfe].into_iter().chain(units).collect()
    };
    std::fs::create_dir_all(&lists).expect("created");
    std::fs::write(lists.join("train.txt"), utf16("img_0\r\nimg_1\r\n")).expect("written");
    std::fs::write(lists.join("val.txt"), utf16("img_2\r\n")).expect("written");
    assert_eq!(ids(&opened(root).train), ["img_0", "img_1"]);
    std::fs::write(lists.join("val.txt"), b"stra\xdfe_1\r\n").expect("written");
    let of_list = message(root);
    assert!(
        of_list.contains("val.txt") && of_list.contains("Save the file as UTF-8"),
        "{of_list}"
    );
    std::fs::write(lists.join("val.txt"), "img_2\n").expect("written");
    std::fs::write(root.join("classes.txt"), b"\xb1\xb3\xbe\xb0\r\n").expect("written");
    let of_classes = message(root);
    assert!(
        of_classes.contains("classes.txt") && of_classes.contains("UTF-8"),
        "{of_classes}"
    );
}

#[test]
fn lists_of_other_names_are_used_and_said() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_set(root);
    let lists = root.join(LISTS);
    write_text(&lists.join("trainval.txt"), "img_0\nimg_1\n");
    write_text(&lists.join("test.txt"), "img_2\n");
    let dataset = opened(root);
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["img_0", "img_1"], vec!["img_2"])
    );
    assert!(has_note(&dataset, true, "from trainval.txt and test.txt"));
    // A public test set has no masks.
    write_text(&lists.join("test.txt"), "img_9\n");
    let dataset = opened(root);
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["img_0"], vec!["img_1"])
    );
    assert!(has_note(&dataset, true, "test.txt have no masks"));
    // CVAT lists everything in one file.
    std::fs::remove_file(lists.join("test.txt")).expect("removed");
    std::fs::rename(lists.join("trainval.txt"), lists.join("default.txt")).expect("renamed");
    write_text(&lists.join("default.txt"), "img_0\nimg_1\nimg_2\n");
    let dataset = opened(root);
    assert_eq!((dataset.train.len(), ids(&dataset.val)), (2, vec!["img_2"]));
    assert!(has_note(&dataset, true, "default.txt lists everything"));
}

#[test]
fn lists_of_other_extensions_and_longer_names_are_lists() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    let lists = root.join(LISTS);
    for (train, val) in [
        ("train.lst", "val.lst"),
        ("Train.TXT", "Valid.list"),
        ("train_list.txt", "val_list.txt"),
        ("train_ids.csv", "val_ids.csv"),
        ("trainlist.txt", "testlist.txt"),
    ] {
        write_set(root);
        write_text(&lists.join(train), "img_2\n");
        write_text(&lists.join(val), "img_0\nimg_1\n");
        let dataset = opened(root);
        assert_eq!(ids(&dataset.train), ["img_2"], "{train}");
        assert_eq!(ids(&dataset.val), ["img_0", "img_1"], "{val}");
        std::fs::remove_dir_all(&lists).expect("removed");
    }
    // A table about other things is no list.
    write_text(
        &root.join("train.csv"),
        "image,x,y\nother_1,3,4\nimg_0,1,2\n",
    );
    let dataset = opened(root);
    assert_eq!((dataset.train.len(), dataset.val.len()), (2, 1));
    assert!(has_note(&dataset, true, "train.csv is not used as a list"));
}

#[test]
fn a_line_of_headings_is_said_and_no_image() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_set(root);
    let train = root.join(LISTS).join("train.txt");
    write_text(&root.join(LISTS).join("val.txt"), "filename\nimg_2\n");
    for text in [
        "image\nimg_0\nimg_1\n",
        "id\r\nimg_0\r\nimg_1\r\n",
        "image,mask\nJPEGImages/img_0.png,SegmentationClass/img_0.png\nimg_1\n",
        "# of 2026\nBildname\nimg_0\nimg_1\n",
    ] {
        write_text(&train, text);
        let dataset = opened(root);
        assert_eq!(ids(&dataset.train), ["img_0", "img_1"], "{text}");
        assert_eq!(ids(&dataset.val), ["img_2"]);
        let is_comment = text.starts_with('#');
        let said = has_note(&dataset, true, "of train.txt names no file");
        assert!(said, "{text}: {:?}", dataset.notes);
        let line = if is_comment {
            "in line 2 of"
        } else {
            "in line 1 of"
        };
        assert!(has_note(&dataset, true, line), "{text}");
        assert!(has_note(
            &dataset,
            true,
            "\"filename\" in line 1 of val.txt"
        ));
    }
    // An image that is missing is no heading.
    write_text(&train, "img_7\nimg_0\nimg_1\n");
    let message = message(root);
    assert!(
        message.contains("train.txt: line 1: img_7 has no file"),
        "{message}"
    );
    // The same in lists of pairs, and in folders.
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    for name in ["a1", "a2", "a3"] {
        let mask = root.join(format!("seg/{name}.png"));
        write_pair(&root.join(format!("pic/{name}.png")), &mask, [0, 1]);
    }
    write_text(
        &root.join("train.txt"),
        "image mask\npic/a1.png seg/a1.png\npic/a2.png seg/a2.png\n",
    );
    write_text(&root.join("val.txt"), "image mask\npic/a3.png seg/a3.png\n");
    let dataset = opened(root);
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["a1", "a2"], vec!["a3"])
    );
    assert!(has_note(
        &dataset,
        true,
        "\"image mask\" in line 1 of train.txt"
    ));
    std::fs::rename(root.join("pic"), root.join("images")).expect("renamed");
    std::fs::rename(root.join("seg"), root.join("masks")).expect("renamed");
    write_text(&root.join("train.txt"), "name\na1\na2\n");
    write_text(&root.join("val.txt"), "name\na3\n");
    let dataset = opened(root);
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["a1", "a2"], vec!["a3"])
    );
    assert!(has_note(&dataset, true, "\"name\" in line 1 of train.txt"));
}

#[test]
fn lists_in_json_are_read() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_set(root);
    let lists = root.join(LISTS);
    let write = |files: &[(&str, &str)]| {
        std::fs::remove_dir_all(&lists).ok();
        for (name, text) in files {
            write_text(&lists.join(name), text);
        }
        let dataset = opened(root);
        assert_eq!(ids(&dataset.train), ["img_2", "img_0"], "{files:?}");
        assert_eq!(ids(&dataset.val), ["img_1"], "{files:?}");
        dataset
    };
    write(&[
        ("train.json", r#"["img_2", "img_0.png"]"#),
        ("val.json", r#"["img_1"]"#),
    ]);
    write(&[("train.txt", r#"["img_2", "img_0"]"#), ("val.txt", "img_1")]);
    let dataset = write(&[(
        "splits.json",
        r#"{"train": ["img_2", "img_0"], "val": [{"image": "JPEGImages/img_1.png"}], "seed": 3}"#,
    )]);
    assert!(has_note(&dataset, false, "from splits.json"));
    // The mask that an entry names counts, as in other lists.
    let dataset = write(&[
        (
            "train.json",
            r#"[{"image": "img_2.png", "mask": "img_0.png"}, {"image": "JPEGImages/img_0.png", "mask": "SegmentationClass/img_1.png"}]"#,
        ),
        ("val.json", r#"["img_1"]"#),
    ]);
    assert_eq!(
        dataset.train[0].mask,
        root.join("SegmentationClass/img_0.png")
    );
    assert_eq!(
        dataset.train[1].mask,
        root.join("SegmentationClass/img_1.png")
    );
    write_text(&lists.join("train.json"), r#"["img_2", "img_9"]"#);
    let absent = message(root);
    assert!(
        absent.contains("train.json: entry 2: img_9 has no file"),
        "{absent}"
    );
}

#[test]
fn documents_with_images_and_masks_are_datasets() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    for name in ["a", "b", "c d"] {
        let mask = root.join(format!("labelsTr/{name}.png"));
        write_pair(&root.join(format!("imagesTr/{name}.png")), &mask, [0, 1]);
    }
    let document = root.join("dataset.json");
    write_text(
        &document,
        r#"{"name": "x", "labels": {"0": "background", "1": "tumor"}, "numTraining": 2,
        "training": [{"image": "./imagesTr/c d.png", "label": "./labelsTr/b.png"}, {"image": "imagesTr/b.png", "label": "labelsTr/c d.png"}],
        "validation": [{"image": "imagesTr/a.png", "label": "labelsTr/a.png"}], "test": ["./imagesTs/e.png"]}"#,
    );
    let dataset = opened(root);
    assert_eq!(dataset.layout, Layout::Table);
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["c d", "b"], vec!["a"])
    );
    assert_eq!(dataset.train[0].mask, root.join("labelsTr/b.png"));
    assert_eq!(names(&dataset), ["background", "tumor"]);
    assert!(has_note(&dataset, false, "class names: from dataset.json"));
    assert!(has_note(
        &dataset,
        true,
        "1 image of a test list has no mask"
    ));
    // One list is split, and a mask that is missing is named.
    write_text(
        &document,
        r#"[{"img": "imagesTr/a.png", "seg": "labelsTr/a.png"}, {"img": "imagesTr/b.png", "seg": "labelsTr/b.png"}]"#,
    );
    let dataset = opened(root);
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["a"], vec!["b"])
    );
    write_text(
        &document,
        r#"[{"img": "imagesTr/a.png", "seg": "labelsTr/a.png"}, {"img": "imagesTr/b.png", "seg": "labelsTr/z.png"}]"#,
    );
    let absent = message(root);
    assert!(
        absent.contains("dataset.json: entry 2: the mask labelsTr/z.png is not in this folder"),
        "{absent}"
    );
}
