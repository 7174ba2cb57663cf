use super::super::tests::{write_pair, write_text, write_voc};
use super::*;
use crate::dataset::{Class, LabelMap, voc_color, write_index_png};

fn ids(items: &[DatasetItem]) -> Vec<&str> {
    items.iter().map(|item| item.id.as_str()).collect()
}

#[test]
fn lists_say_what_is_trained_and_validated() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_voc(root, &["a", "b", "c", "unlisted"], [0, 20]);
    write_text(
        &root.join("ImageSets/Segmentation/train.txt"),
        "b\r\na\r\n\r\n",
    );
    write_text(&root.join("ImageSets/Segmentation/val.txt"), "c");
    let dataset = Dataset::open(root).expect("a VOC set");
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["b", "a"], vec!["c"])
    );
    // VOC's labels and palette, but not its names of images.
    assert_eq!(
        (dataset.classes.len(), dataset.classes.name(20)),
        (21, "class 20")
    );
    assert_eq!(dataset.train[0].image, root.join("JPEGImages/b.png"));
    assert_eq!(dataset.train[0].mask, root.join("SegmentationClass/b.png"));
    assert_eq!(dataset.layout.to_string(), "VOC layout");
}

#[test]
fn without_lists_every_fifth_image_validates() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write_voc(dir.path(), &["f", "e", "d", "c", "b", "a"], [0, 1]);
    fs::write(dir.path().join("JPEGImages/maskless.png"), "").expect("written");
    let dataset = Dataset::open(dir.path()).expect("a VOC set");
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["a", "b", "c", "d", "f"], vec!["e"])
    );
}

#[test]
fn a_missing_list_is_what_the_other_leaves() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write_voc(dir.path(), &["a", "b", "c"], [0, 1]);
    write_text(&dir.path().join("ImageSets/Segmentation/train.txt"), "b\n");
    let dataset = Dataset::open(dir.path()).expect("a VOC set");
    assert_eq!(
        (ids(&dataset.train), ids(&dataset.val)),
        (vec!["b"], vec!["a", "c"])
    );
}

#[test]
fn a_single_image_is_not_enough() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write_voc(dir.path(), &["a"], [0, 1]);
    let message = Dataset::open(dir.path()).unwrap_err().to_string();
    assert!(
        message.contains("1 pair of image and mask, but"),
        "{message}"
    );
}

#[test]
fn the_folder_around_is_taken_when_it_holds_one_set() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let inner = dir.path().join("VOCdevkit").join("VOC2012");
    write_voc(&inner, &["a", "b"], [0, 1]);
    for root in [dir.path(), &dir.path().join("VOCdevkit"), &inner] {
        let dataset = Dataset::open(root).expect("a VOC set");
        assert_eq!((dataset.name.as_str(), &dataset.root), ("VOC2012", &inner));
    }
    write_voc(
        &dir.path().join("VOCdevkit").join("VOC2007"),
        &["a", "b"],
        [0, 1],
    );
    let message = Dataset::open(&dir.path().join("VOCdevkit"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("VOC2007, VOC2012"), "{message}");
}

#[test]
fn a_listed_id_without_its_files_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_voc(root, &["a", "b"], [0, 1]);
    write_text(&root.join("ImageSets/Segmentation/val.txt"), "b\n");
    write_text(
        &root.join("ImageSets/Segmentation/train.txt"),
        "a\n2007_000032\n",
    );
    let message = Dataset::open(root).unwrap_err().to_string();
    assert!(
        message.contains("train.txt: line 2: 2007_000032 has no file in JPEGImages"),
        "{message}"
    );
    fs::copy(
        root.join("JPEGImages/a.png"),
        root.join("JPEGImages/2007_000032.JPG"),
    )
    .expect("copied");
    let message = Dataset::open(root).unwrap_err().to_string();
    assert!(
        message.contains("no file in SegmentationClass"),
        "{message}"
    );
}

#[test]
fn classes_come_from_the_list_or_the_masks() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_voc(root, &["a", "b"], [0, 1]);
    let image = root.join("JPEGImages/c.png");
    let mask = root.join("SegmentationClass/c.png");
    write_pair(&image, &mask, [0, 1]);
    let mut colors = Vec::<Class>::from(ClassList::numbered(31));
    colors[30].color = [1, 2, 3];
    let colors = ClassList::new(colors).expect("few enough");
    write_index_png(
        &mask,
        &LabelMap {
            width: 2,
            height: 1,
            labels: vec![30, VOID],
        },
        &colors,
    )
    .expect("written");
    let classes = Dataset::open(root).expect("a VOC set").classes;
    assert_eq!((classes.len(), classes.name(30)), (31, "class 30"));
    assert_eq!(
        (classes.color(1), classes.color(30)),
        (voc_color(1), [1, 2, 3])
    );

    write_text(&root.join("classes.txt"), "ground\nobject 9 8 7\n");
    let classes = Dataset::open(root).expect("a VOC set").classes;
    assert_eq!(
        (classes.len(), classes.name(0), classes.color(1)),
        (2, "ground", [9, 8, 7])
    );
    write_text(&root.join("classes.txt"), "# none\n");
    assert!(
        Dataset::open(root)
            .unwrap_err()
            .to_string()
            .contains("classes.txt: there is no class")
    );
}

#[test]
fn a_name_with_two_images_and_an_image_of_another_format_are_said() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write_voc(dir.path(), &["a", "b"], [0, 1]);
    let images = dir.path().join("JPEGImages");
    fs::copy(images.join("a.png"), images.join("a.bmp")).expect("copied");
    let dataset = Dataset::open(dir.path()).expect("a dataset");
    let note =
        "1 name with more than one image file; the first by its name is taken, such as a.bmp";
    let texts: Vec<String> = dataset.notes.iter().map(|note| note.text.clone()).collect();
    assert!(texts.iter().any(|text| text == note), "{texts:?}");
    fs::write(images.join("c.heic"), b"ftypheic").expect("written");
    let lists = dir.path().join("ImageSets/Segmentation");
    write_text(&lists.join("train.txt"), "a\nc\n");
    write_text(&lists.join("val.txt"), "b\n");
    let message = Dataset::open(dir.path())
        .expect_err("no such image")
        .to_string();
    assert!(
        message.contains("line 2: c has no file")
            && message.contains("c.heic is of another format"),
        "{message}"
    );
}

#[test]
fn the_mask_that_a_list_names_is_taken_before_the_one_of_the_name() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_voc(root, &["a", "b", "c"], [0, 1]);
    for name in ["a", "b"] {
        let copied = fs::create_dir_all(root.join("SegmentationClassAug")).and_then(|()| {
            let from = root.join(format!("SegmentationClass/{name}.png"));
            fs::copy(from, root.join(format!("SegmentationClassAug/{name}.png")))
        });
        copied.expect("copied");
    }
    let lists = root.join("ImageSets/Segmentation");
    write_text(
        &lists.join("train.txt"),
        "/JPEGImages/a.png /SegmentationClassAug/a.png\nSegmentationClassAug\\b.png JPEGImages\\b.png\n",
    );
    write_text(
        &lists.join("val.txt"),
        "/JPEGImages/c.png /SegmentationClassAug/c.png\n",
    );
    let dataset = Dataset::open(root).expect("a VOC set");
    let masks: Vec<String> = dataset
        .train
        .iter()
        .chain(&dataset.val)
        .map(|item| {
            let shown = item.mask.strip_prefix(root).expect("below");
            shown.to_string_lossy().replace('\\', "/")
        })
        .collect();
    assert_eq!(
        masks,
        [
            "SegmentationClassAug/a.png",
            "SegmentationClassAug/b.png",
            "SegmentationClass/c.png"
        ]
    );
    let has = |assumed: bool, part: &str| {
        let mut notes = dataset.notes.iter();
        notes.any(|note| note.assumed == assumed && note.text.contains(part))
    };
    assert!(has(false, "2 images with the mask that the list names"));
    assert!(has(true, "not there, such as /SegmentationClassAug/c.png"));
    // A mask of another name in the list.
    write_text(
        &lists.join("train.txt"),
        "JPEGImages/a.png SegmentationClass/b.png\n",
    );
    let dataset = Dataset::open(root).expect("a VOC set");
    assert_eq!(
        (dataset.train[0].id.as_str(), &dataset.train[0].mask),
        ("a", &root.join("SegmentationClass/b.png"))
    );
}

#[test]
fn lists_of_main_are_used_where_all_their_images_have_masks() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_voc(root, &["a", "b", "c"], [0, 1]);
    let main = root.join("ImageSets/Main");
    write_text(&main.join("train.txt"), "c\n");
    write_text(&main.join("val.txt"), "a\nb\n");
    let dataset = Dataset::open(root).expect("a VOC set");
    assert_eq!(ids(&dataset.val), ["a", "b"]);
    let has = |dataset: &Dataset, part: &str| {
        let mut notes = dataset.notes.iter();
        notes.any(|note| note.assumed && note.text.contains(part))
    };
    assert!(has(&dataset, "those of ImageSets/Main"));
    write_text(&main.join("val.txt"), "a\nwithout_mask\n");
    let dataset = Dataset::open(root).expect("a VOC set");
    assert_eq!(ids(&dataset.val), ["c"]);
    assert!(has(&dataset, "name images without masks"));
}
