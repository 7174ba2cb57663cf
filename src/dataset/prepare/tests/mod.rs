mod archives;
mod told;

use super::*;
use crate::dataset::layout::tests::{write_pair, write_text};
use crate::dataset::{Layout, VOID};

fn open(path: &Path, cache: &Path) -> Result<Dataset, DatasetError> {
    Dataset::open_any(path, cache, &mut |_, _| true)
}

/// The ids of both lists and the labels of the first training mask.
fn read(dataset: &Dataset) -> (Vec<String>, Vec<u8>) {
    let items = dataset.train.iter().chain(&dataset.val);
    let (_, labels) = dataset
        .mask_reader()
        .read_pair(&dataset.train[0])
        .unwrap_or_else(|err| panic!("{err}"));
    (items.map(|item| item.id.clone()).collect(), labels.labels)
}

/// An image of 4x3 pixels.
fn write_image(path: &Path) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("created");
    image::RgbImage::new(4, 3).save(path).expect("written");
}

fn class_names(dataset: &Dataset) -> Vec<&str> {
    let classes = dataset.classes.iter();
    classes.map(|class| class.name.as_str()).collect()
}

#[test]
fn outlines_of_labelme_become_masks() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path().join("own"), dir.path().join("cache"));
    for name in ["a", "b"] {
        write_image(&root.join(format!("{name}.png")));
        let text = format!(
            r#"{{"version": "5.4", "imagePath": "{name}.png", "imageData": null, "imageHeight": 3, "imageWidth": 4,
            "shapes": [{{"label": "road", "points": [[0, 0], [2, 0], [2, 3], [0, 3]], "shape_type": "polygon"}},
            {{"label": "car", "points": [[1, 1], [3, 2]], "shape_type": "rectangle"}},
            {{"label": "__ignore__", "points": [[3, 0], [4, 1]], "shape_type": "rectangle"}},
            {{"label": "car", "points": [[1, 1]], "shape_type": "point"}}]}}"#
        );
        write_text(&root.join(format!("{name}.json")), &text);
    }
    // A program's settings, before them by name.
    write_text(&root.join("_project.json"), "{\"zoom\": 2}");
    let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
    let names = class_names(&dataset);
    assert_eq!(
        (dataset.layout, names),
        (Layout::Labelme, vec!["background", "car", "road"])
    );
    let mut notes = dataset.notes.iter();
    assert!(notes.any(|note| {
        note.text
            .contains("1 document is not annotations of labelme")
    }));
    let expected = [2, 2, 0, VOID, 2, 1, 1, 0, 2, 2, 0, 0];
    assert_eq!(
        read(&dataset),
        (vec!["a".to_owned(), "b".to_owned()], expected.to_vec())
    );
    assert!(
        dataset
            .notes
            .iter()
            .any(|note| note.text.contains("2 shapes of the type \"point\""))
    );
    // A changed annotation is drawn anew.
    let text = fs::read_to_string(root.join("a.json")).expect("read");
    write_text(
        &root.join("a.json"),
        &text.replace("[[3, 0], [4, 1]]", "[[3, 0], [4, 3]]"),
    );
    let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
    assert_eq!(read(&dataset).1[11], VOID);
    // Annotations that are cut off are not left out.
    write_text(&root.join("a.json"), &text[..text.len() - 9]);
    let message = open(&root, &cache).expect_err("cut off").to_string();
    assert!(
        message.contains("a.json: not a document of labelme"),
        "{message}"
    );
    write_text(&root.join("a.json"), &text);
    write_text(&root.join("classes.txt"), "background\ncar\n");
    let message = open(&root, &cache).expect_err("no such class").to_string();
    assert!(
        message.contains("\"road\" is not in the class list"),
        "{message}"
    );
}

#[test]
fn labelmes_background_is_one_class_however_it_is_called() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let cache = dir.path().join("cache");
    for name in ["bg", "Background", "_background_"] {
        let root = dir.path().join(name);
        for id in ["a", "b"] {
            write_image(&root.join(format!("{id}.png")));
            let text = format!(
                r#"{{"imagePath": "{id}.png", "imageHeight": 3, "imageWidth": 4, "shapes":
                [{{"label": "car", "points": [[0, 0], [4, 2]], "shape_type": "rectangle"}},
                {{"label": "{name}", "points": [[1, 1], [3, 2]], "shape_type": "rectangle"}},
                {{"label": "_ignore_", "points": [[0, 0], [1, 1]], "shape_type": "rectangle"}}]}}"#
            );
            write_text(&root.join(format!("{id}.json")), &text);
        }
        let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{name}: {err}"));
        assert_eq!(class_names(&dataset), ["background", "car"], "{name}");
        let labels = [VOID, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(read(&dataset).1, labels, "{name}");
        // A list may have the background at another place, or not at all.
        let said = |dataset: &Dataset| {
            let mut notes = dataset.notes.iter().filter(|note| note.assumed);
            notes.any(|note| note.text.contains("of its first class, \"car\""))
        };
        write_text(&root.join("classes.txt"), "car\nbackground\n");
        let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{name}: {err}"));
        let labels = [VOID, 0, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1];
        assert_eq!((read(&dataset).1, said(&dataset)), (labels.to_vec(), false));
        write_text(&root.join("classes.txt"), "car\ntree\n");
        let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{name}: {err}"));
        let labels = [&[VOID][..], &[0; 11]].concat();
        assert_eq!((read(&dataset).1, said(&dataset)), (labels, true));
    }
}

fn base64_of(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |bytes: &[u8]| -> Vec<u8> {
        let bits = (0..3).fold(0, |bits, at| {
            bits << 8 | u32::from(*bytes.get(at).unwrap_or(&0))
        });
        let digits = (0..=bytes.len()).map(|at| DIGITS[(bits >> (18 - 6 * at) & 63) as usize]);
        digits.collect()
    };
    String::from_utf8(bytes.chunks(3).flat_map(group).collect()).expect("letters")
}

#[test]
fn masks_and_images_inside_of_labelmes_documents_are_read() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path().join("own"), dir.path().join("cache"));
    let png = |image: image::DynamicImage| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image
            .write_to(&mut bytes, image::ImageFormat::Png)
            .expect("encoded");
        base64_of(&bytes.into_inner())
    };
    let photo = png(image::RgbImage::from_pixel(4, 3, image::Rgb([9, 8, 7])).into());
    // Two by two, without the upper right; it begins at column 3, so that half of it is outside.
    let mask = image::GrayImage::from_raw(2, 2, vec![255, 0, 255, 255]).expect("a mask");
    let mask = png(mask.into());
    for name in ["a", "b"] {
        let text = format!(
            r#"{{"imagePath": "{name}.jpg", "imageData": "{photo}", "imageHeight": 3, "imageWidth": 4,
            "shapes": [{{"label": "car", "points": [[1, 0], [2, 1]], "shape_type": "mask", "mask": "{mask}"}},
            {{"label": "road", "points": [[3, 1], [4, 2]], "shape_type": "mask", "mask": "{mask}"}}]}}"#
        );
        write_text(&root.join(format!("{name}.json")), &text);
    }
    let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
    let expected = [0, 1, 0, 0, 0, 1, 1, 2, 0, 0, 0, 2];
    assert_eq!(read(&dataset).1, expected);
    let image = dataset
        .images
        .read(&dataset.train[0].image)
        .expect("an image");
    assert_eq!(image.pixels[..3], [9, 8, 7]);
    let text = fs::read_to_string(root.join("a.json")).expect("read");
    write_text(&root.join("a.json"), &text.replace(&mask, "%"));
    let message = open(&root, &cache).expect_err("no mask").to_string();
    assert!(
        message.contains("a.json") && message.contains("base 64"),
        "{message}"
    );
}

#[test]
fn outlines_and_runs_of_coco_become_masks() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path().join("own"), dir.path().join("cache"));
    for (split, name) in [("train", "a"), ("val", "b")] {
        write_image(&root.join(format!("images/{split}/{name}.png")));
        let text = format!(
            r#"{{"info": {{}}, "images": [{{"id": 7, "file_name": "{name}.png", "width": 4, "height": 3}}],
            "categories": [{{"id": 30, "name": "car"}}, {{"id": 2, "name": "road"}}],
            "annotations": [
            {{"image_id": 7, "category_id": 2, "segmentation": [[0, 0, 2, 0, 2, 3, 0, 3]], "iscrowd": 0}},
            {{"image_id": 7, "category_id": 30, "segmentation": {{"counts": [9, 1, 2], "size": [3, 4]}}, "iscrowd": 0}},
            {{"image_id": 7, "category_id": 30, "segmentation": {{"counts": "N1", "size": [3, 4]}}, "iscrowd": true}}]}}"#
        );
        // Outside of it: 11 pixels down the columns, then one.
        let text = text.replace("\"N1\"", "\";1\"");
        write_text(
            &root.join(format!("annotations/instances_{split}2017.json")),
            &text,
        );
    }
    let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
    let names = class_names(&dataset);
    assert_eq!(
        (dataset.layout, names),
        (Layout::Coco, vec!["background", "road", "car"])
    );
    assert_eq!(
        (dataset.train[0].id.as_str(), dataset.val[0].id.as_str()),
        ("a", "b")
    );
    assert_eq!(read(&dataset).1, [1, 1, 0, 2, 1, 1, 0, 0, 1, 1, 0, VOID]);
    let bad = r#"{"images": [{"id": 1}], "categories": [], "annotations": []}"#;
    write_text(&root.join("annotations/instances_val2017.json"), bad);
    let message = open(&root, &cache).expect_err("damaged").to_string();
    assert!(
        message.contains("instances_val2017.json: not a document of COCO"),
        "{message}"
    );
}

/// A document of COCO's kind about the image `name.png`, with one object that fills its left half.
fn coco(name: &str, categories: &str, object: &str) -> String {
    format!(
        r#"{{"images": [{{"id": 7, "file_name": "{name}.png", "width": 4, "height": 3}}],
        "categories": [{categories}], "annotations": [{{"image_id": 7, {object}}}]}}"#
    )
}

const LEFT: &str = r#""segmentation": [[0, 0, 2, 0, 2, 3, 0, 3]]"#;

#[test]
fn documents_of_coco_may_number_categories_differently_and_share_images() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path().join("own"), dir.path().join("cache"));
    for name in ["train/a", "valid/b", "test/c"] {
        write_image(&root.join(format!("{name}.png")));
    }
    let (car, road) = (
        r#"{"id": 1, "name": "car"}"#,
        r#"{"id": 1, "name": "road"}"#,
    );
    let write = |split: &str, name: &str, categories: &str, object: &str| {
        let path = root.join(format!("{split}/_annotations.coco.json"));
        write_text(&path, &coco(name, categories, object));
    };
    let object = format!(r#""category_id": 1, {LEFT}"#);
    write(
        "train",
        "a",
        &format!(r#"{car}, {{"id": 2, "name": "road"}}"#),
        &object,
    );
    write("valid", "b", road, &object);
    write(
        "test",
        "c",
        road,
        r#""category_id": 1, "bbox": [0, 0, 2, 3], "segmentation": []"#,
    );
    // The same image with another class, as in a document for each class.
    let right = r#""category_id": 1, "segmentation": [[2, 0, 4, 0, 4, 3, 2, 3]]"#;
    write_text(&root.join("train/more.json"), &coco("a", road, right));
    let mut dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
    let names = class_names(&dataset);
    assert_eq!(names, ["background", "road", "car"]);
    dataset.read_test_list().expect("the test images");
    let reader = dataset.mask_reader();
    let labels = |items: &[crate::dataset::DatasetItem]| {
        let masks = items
            .iter()
            .map(|item| reader.read(&item.mask).expect("a mask").labels);
        masks.collect::<Vec<_>>()
    };
    assert_eq!(labels(&dataset.train), [[2, 2, 1, 1].repeat(3)]);
    assert_eq!(labels(&dataset.val), [[1, 1, 0, 0].repeat(3)]);
    assert_eq!(labels(&dataset.test), [vec![0; 12]]);
    for text in [
        "1 image is in several files of annotations",
        "categories of one name are one class",
        "1 object without an outline",
        "1 image is for a test",
    ] {
        assert!(
            dataset.notes.iter().any(|note| note.text.contains(text)),
            "{text}: {:?}",
            dataset.notes
        );
    }
}

#[test]
fn matrices_of_sbd_become_masks() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (
        dir.path().join("benchmark_RELEASE"),
        dir.path().join("cache"),
    );
    for name in ["2008_000002", "2008_000003"] {
        write_image(&root.join(format!("dataset/img/{name}.jpg")));
        let columns = [0, 0, 0, 0, 20, 0, 0, 0, 0, 15, 0, 0];
        let path = root.join(format!("dataset/cls/{name}.mat"));
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        fs::write(path, mat::tests::file([3, 4], &columns)).expect("written");
    }
    write_text(&root.join("dataset/train.txt"), "2008_000003\n");
    write_text(&root.join("dataset/val.txt"), "2008_000002\n");
    let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
    assert_eq!(
        (dataset.layout, dataset.classes.name(20)),
        (Layout::Sbd, "tvmonitor")
    );
    assert_eq!(dataset.train[0].id, "2008_000003");
    assert_eq!(read(&dataset).1, [0, 0, 0, 15, 0, 20, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn what_is_no_dataset_is_still_described() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let [image, mask] = ["x/a.png", "y/b.png"].map(|file| dir.path().join(file));
    write_pair(&image, &mask, [0, 1]);
    write_text(&dir.path().join("notes.json"), "{}");
    let message = open(dir.path(), &dir.path().join("cache"))
        .expect_err("nothing")
        .to_string();
    assert!(
        message.contains("there are images: 1 in x, 1 in y"),
        "{message}"
    );
}
