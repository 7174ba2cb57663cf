//! What is said of annotations that are none, or that may be of another image.

use super::*;
use crate::dataset::{Confidence, Depth, FindingKind, check};

fn labelme(image: &str) -> String {
    format!(
        r#"{{"imagePath": "{image}", "imageData": null, "imageHeight": 3, "imageWidth": 4,
        "shapes": [{{"label": "road", "points": [[0, 0], [2, 0], [2, 3], [0, 3]], "shape_type": "polygon"}}]}}"#
    )
}

#[test]
fn a_document_that_names_another_image_than_its_own_is_in_doubt() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path().join("own"), dir.path().join("cache"));
    for name in ["a", "b", "c"] {
        write_image(&root.join(format!("{name}.png")));
        write_text(
            &root.join(format!("{name}.json")),
            &labelme(&format!("{name}.png")),
        );
    }
    let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
    assert_eq!(dataset.review, None);
    // A copy of a document beside a copy of its image.
    write_image(&root.join("A_flip.png"));
    write_text(&root.join("a_flip.json"), &labelme("a.png"));
    let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
    let review = dataset.review.clone().expect("a doubt");
    assert_eq!(
        (review.pairs.len(), review.count(Confidence::Medium)),
        (4, 1)
    );
    let doubt = &review.pairs[0];
    assert_eq!(doubt.image, root.join("a.png"));
    assert_eq!(
        doubt.reason,
        "a_flip.json says that it is of a.png, but there is A_flip.png too"
    );
    // The finding names what people have written, and shows the masks that were drawn.
    let report = check(&dataset, Depth::Labels, &mut |_, _| true).expect("not stopped");
    let mut findings = report.findings.iter();
    let guessed = findings.find(|found| found.kind == FindingKind::GuessedPairs);
    let guessed = guessed.expect("a guess");
    assert_eq!(
        (guessed.count, &guessed.files),
        (1, &vec![root.join("a_flip.json")])
    );
    assert_eq!(guessed.all_files.to_vec(), vec![doubt.mask.clone()]);
    // A list of the pairs names documents: when one is corrected, the mask that is drawn anew counts.
    let list = review.list_text(&root, &review);
    assert!(list.contains("\na.png\ta_flip.json\tmedium\t"), "{list}");
    write_text(
        &root.join("mine.txt"),
        &list.replace("a.png\ta_flip", "A_flip.png\ta_flip"),
    );
    write_text(&root.join("class-map.toml"), "pairs = \"mine.txt\"\n");
    let drawn = || {
        let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
        let item = dataset.train.iter().chain(&dataset.val);
        let item = item
            .clone()
            .find(|item| item.image == root.join("A_flip.png"));
        let mask = &item.expect("the pair of the list").mask;
        (
            mask.clone(),
            dataset.mask_reader().read(mask).expect("a mask").labels,
        )
    };
    let (mask, labels) = drawn();
    assert_eq!((&mask, &labels[..4]), (&doubt.mask, &[1, 1, 0, 0][..]));
    let wider = labelme("a.png").replace("[2, 0], [2, 3]", "[3, 0], [3, 3]");
    write_text(&root.join("a_flip.json"), &wider);
    let (mask, labels) = drawn();
    assert_ne!(mask, doubt.mask);
    assert_eq!(labels[..4], [1, 1, 1, 0]);
    // The document is corrected until nothing is in doubt, and the list still names it.
    write_text(&root.join("a_flip.json"), &labelme("A_flip.png"));
    let (_, labels) = drawn();
    assert_eq!(labels[..4], [1, 1, 0, 0]);
    // No mask is drawn from what is no document of a pair.
    write_text(&root.join("other.json"), "{}");
    write_text(&root.join("mine.txt"), "a.png\tother.json\n");
    let message = open(&root, &cache).expect_err("no mask").to_string();
    assert!(
        message.contains("mine.txt: line 1") && message.contains("other.json is a document"),
        "{message}"
    );
    for file in ["class-map.toml", "mine.txt", "other.json"] {
        fs::remove_file(root.join(file)).expect("removed");
    }
    // Names of documents that no image has are no doubt, and images elsewhere are not meant.
    fs::remove_file(root.join("A_flip.png")).expect("removed");
    write_image(&root.join("others/a_flip.png"));
    let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
    assert_eq!(dataset.review, None);
}

#[test]
fn masks_are_drawn_anew_for_another_list_of_classes_and_without_images() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path().join("own"), dir.path().join("cache"));
    for name in ["a", "b"] {
        write_image(&root.join(format!("{name}.png")));
        let with_image = labelme(&format!("{name}.png")).replace("null", "\"\"");
        write_text(&root.join(format!("{name}.json")), &with_image);
    }
    let opened = |list: &str| {
        write_text(&root.join("classes.txt"), list);
        open(&root, &cache).unwrap_or_else(|err| panic!("{err}"))
    };
    let dataset = opened("background\ncar\nroad\n");
    let mask = dataset.train[0].mask.clone();
    assert_eq!(read(&dataset).1[0], 2);
    let dataset = opened("background\nroad\ncar\n");
    assert_eq!(read(&dataset).1[0], 1, "another order");
    let dataset = opened("background\ncar\nroad\n");
    assert_eq!(read(&dataset).1[0], 2);
    assert_eq!(
        dataset.train[0].mask, mask,
        "those of before are still there"
    );
    // From now on the images are those in the documents.
    for name in ["a.png", "b.png"] {
        fs::remove_file(root.join(name)).expect("removed");
    }
    let dataset = opened("background\ncar\nroad\n");
    let image = &dataset.train[0].image;
    assert!(
        image.starts_with(&cache) && image.is_file(),
        "{}",
        image.display()
    );
}

#[test]
fn documents_of_coco_without_annotations_are_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path().join("own"), dir.path().join("cache"));
    write_image(&root.join("images/a.png"));
    let images = r#""images": [{"id": 7, "file_name": "a.png", "width": 4, "height": 3}]"#;
    let categories = r#""categories": [{"id": 1, "name": "car"}]"#;
    for text in [
        format!("{{{images}, {categories}, \"annotations\": []}}"),
        // As COCO's own lists of test images are.
        format!("{{{images}, {categories}}}"),
        format!(
            "{{{images}, {categories}, \"annotations\": [{{\"image_id\": 8, \"category_id\": 1, \"segmentation\": []}}]}}"
        ),
    ] {
        write_text(&root.join("test.json"), &text);
        let err = open(&root, &cache).expect_err("no masks");
        // Its images can still be predicted on.
        assert!(
            matches!(err, DatasetError::NoMasks { images: 1, .. }),
            "{err}"
        );
        let message = err.to_string();
        assert!(
            message.contains("test.json is a document of COCO without an annotation"),
            "{message}"
        );
    }
    fs::remove_dir_all(root.join("images")).expect("removed");
    let message = open(&root, &cache).expect_err("no images").to_string();
    assert!(
        message.contains("test.json is a document of COCO without an annotation"),
        "{message}"
    );
}

#[test]
fn labelmes_documents_of_other_programs_and_old_versions_are_drawn() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path().join("own"), dir.path().join("cache"));
    for name in ["a", "b"] {
        write_image(&root.join(format!("{name}.png")));
        // No size, a blank behind a name, and rectangles by all corners.
        let text = format!(
            r#"{{"imagePath": "{name}.png", "imageData": null, "shapes": [
            {{"label": "road ", "points": [[0, 0], [2, 0], [2, 3], [0, 3]], "shape_type": "rectangle"}},
            {{"label": " road", "points": [[3, 0], [4, 0], [4, 1], [3, 1]], "shape_type": "rotation"}}]}}"#
        );
        write_text(&root.join(format!("{name}.json")), &text);
    }
    let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
    assert_eq!(class_names(&dataset), ["background", "road"]);
    assert_eq!(read(&dataset).1, [1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0]);
    // Where the image is in the document alone, nothing says the size.
    fs::remove_file(root.join("a.png")).expect("removed");
    let path = root.join("a.json");
    let text = fs::read_to_string(&path).expect("a document");
    write_text(&path, &text.replace("null", "\"\""));
    let message = open(&root, &cache).expect_err("no size").to_string();
    assert!(
        message.contains("a.json") && message.contains("does not say the size"),
        "{message}"
    );
}

#[test]
fn a_category_of_coco_that_is_called_background_is_the_background() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path().join("own"), dir.path().join("cache"));
    let categories =
        r#"{"id": 0, "name": "Background"}, {"id": 1, "name": "road"}, {"id": 2, "name": "car"}"#;
    for name in ["a", "b"] {
        write_image(&root.join(format!("{name}.png")));
        let object = format!(r#""category_id": 2, {LEFT}"#);
        write_text(
            &root.join(format!("{name}.json")),
            &coco(name, categories, &object),
        );
    }
    let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
    assert_eq!(class_names(&dataset), ["background", "road", "car"]);
    assert_eq!(read(&dataset).1[..4], [2, 2, 0, 0]);
}

#[test]
fn a_class_list_beside_annotations_of_coco_is_not_passed_over_in_silence() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path().join("own"), dir.path().join("cache"));
    for name in ["a", "b"] {
        write_image(&root.join(format!("{name}.png")));
        let categories = r#"{"id": 1, "name": "road"}, {"id": 2, "name": "car"}"#;
        let object = format!(r#""category_id": 2, {LEFT}"#);
        write_text(
            &root.join(format!("{name}.json")),
            &coco(name, categories, &object),
        );
    }
    for (list, is_told) in [
        ("street\nvehicle\n", true),
        ("car\nroad\n", true),
        ("road 1 2 300\n", true),
        ("road\ncar\n", false),
        ("background\nroad\ncar\n", false),
    ] {
        write_text(&root.join("classes.txt"), list);
        let dataset = open(&root, &cache).unwrap_or_else(|err| panic!("{err}"));
        assert_eq!(class_names(&dataset), ["background", "road", "car"]);
        let mut notes = dataset.notes.iter();
        let told = notes.any(|note| {
            note.assumed
                && note
                    .text
                    .starts_with("classes.txt is not read, since the annotations name the classes")
        });
        assert_eq!(told, is_told, "{list}");
    }
}
