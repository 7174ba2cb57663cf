use std::fs;

use super::*;
use crate::dataset::{Confidence, MappedClass, SampleSpec, Split, ValidationPart, ensure_sample};
use crate::engine::{Dirs, EngineOptions};

struct Desk {
    dir: tempfile::TempDir,
    engine: Engine,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let spec = SampleSpec {
            train: 4,
            val: 1,
            ..SampleSpec::default()
        };
        ensure_sample(&dir.path().join("set"), &spec, &mut |_, _| true).expect("a dataset");
        let engine = Engine::new(EngineOptions {
            dirs: Dirs {
                data: dir.path().join("data"),
                runs: dir.path().join("runs"),
            },
            waker: Arc::new(|| {}),
            probe_program: None,
            live_masks: false,
        });
        Self { dir, engine }
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("set")
    }

    fn edit(&self) -> Arc<DatasetEdit> {
        let which = DatasetRef::Folder(self.root());
        let task = self.engine.edit_dataset(which);
        task.wait().expect("a dataset")
    }

    fn open(&self) -> Dataset {
        Dataset::open(&self.root()).expect("a dataset")
    }
}

fn plan(share: f64) -> SplitPlan {
    SplitPlan {
        part: ValidationPart::Share(share),
        seed: 3,
        stratified: false,
        keep_sequences: false,
        images: None,
    }
}

#[test]
fn a_saved_map_is_what_the_command_line_reads() {
    let desk = Desk::new();
    let edit = desk.edit();
    assert_eq!(edit.map, ClassMap::default());
    let map = ClassMap {
        void: vec![0],
        classes: edit
            .base
            .classes
            .iter()
            .skip(1)
            .map(|class| MappedClass {
                name: class.name.to_uppercase(),
                from: vec![class.name.clone()],
                ..MappedClass::default()
            })
            .collect(),
        ..ClassMap::default()
    };
    let save = |map: ClassMap| desk.engine.save_edit(desk.edit(), map, None, None).wait();
    let saved = save(map.clone()).expect("saved");
    assert_eq!(saved.kept, None);
    let open = desk.open();
    assert_eq!((open.classes.len(), open.classes.name(0)), (6, "MEADOW"));
    assert_eq!(desk.edit().map.classes, map.classes);
    // What does not fit leaves the map as it was.
    let wrong = ClassMap {
        classes: vec![MappedClass {
            name: "x".to_owned(),
            from: vec!["nothing".to_owned()],
            ..MappedClass::default()
        }],
        ..ClassMap::default()
    };
    let message = save(wrong).expect_err("no such class").to_string();
    assert!(message.contains("\"nothing\""), "{message}");
    assert_eq!(desk.open().classes.len(), 6);
    // Nor is one saved that says two things of a label: the dataset could not be opened any more.
    let twice = ClassMap {
        void: vec![1],
        classes: vec![MappedClass {
            name: "x".to_owned(),
            labels: vec![0, 1],
            ..MappedClass::default()
        }],
        ..ClassMap::default()
    };
    let message = save(twice).expect_err("void and a class").to_string();
    assert!(message.contains("label 1 is in \"void\""), "{message}");
    assert_eq!(desk.open().classes.len(), 6);
    // A map that was written by hand is kept.
    fs::write(desk.root().join("class-map.toml"), "# mine\nvoid = [3]\n").expect("written");
    let saved = save(map).expect("saved");
    let kept = saved.kept.expect("the old map");
    assert!(kept.ends_with("class-map-2.toml"));
    assert!(
        fs::read_to_string(kept)
            .expect("read")
            .starts_with("# mine")
    );
}

#[test]
fn lists_are_made_moved_and_saved() {
    let desk = Desk::new();
    let edit = desk.edit();
    assert_eq!(edit.lists.len(), 2, "{:?}", edit.lists);
    let task = desk.engine.make_lists(Arc::clone(&edit), plan(0.4));
    let mut made = task.wait().expect("lists");
    let lens =
        |made: &MadeLists| [MadeList::Train, MadeList::Val].map(|list| made.items(list).len());
    assert_eq!(lens(&made), [3, 2]);
    // One image is moved by hand.
    let moved = made.items(MadeList::Train)[0].clone();
    made.move_to_other(MadeList::Train, 0);
    assert_eq!(made.in_both(MadeList::Val), [false; 3]);
    let task = desk
        .engine
        .save_edit(edit, ClassMap::default(), Some(Arc::new(made)), None);
    task.wait().expect("saved");
    let open = desk.open();
    assert_eq!((open.train.len(), open.val.len()), (2, 3));
    assert!(open.items(Split::Val).contains(&moved));
    let notes: Vec<String> = open.notes.iter().map(ToString::to_string).collect();
    assert!(
        notes.contains(&"split: from images-to-train.txt and images-to-validate.txt".to_owned()),
        "{notes:?}"
    );
    // The lists that the dataset came with are offered still.
    let edit = desk.edit();
    assert_eq!(edit.base.train.len(), 4);
    let own = ChosenLists {
        train: "ImageSets/Segmentation/val.txt".into(),
        val: "ImageSets/Segmentation/train.txt".into(),
    };
    let read = desk.engine.read_lists(edit, own).wait().expect("lists");
    assert_eq!(lens(&read), [1, 4]);
}

#[test]
fn guessed_pairs_are_accepted_or_changed() {
    let desk = Desk::new();
    let root = desk.dir.path().join("pairs");
    let from = desk.root();
    for (number, name) in ["a", "b", "c"].iter().enumerate() {
        let id = &desk.open().train[number].id;
        for (source, end, target) in [
            ("JPEGImages", "jpg", format!("images/{name}.jpg")),
            ("SegmentationClass", "png", format!("masks/{name}_mask.png")),
        ] {
            let target = root.join(target);
            fs::create_dir_all(target.parent().expect("a folder")).expect("created");
            fs::copy(from.join(format!("{source}/{id}.{end}")), target).expect("copied");
        }
    }
    let which = DatasetRef::Folder(root.clone());
    let edit = desk.engine.edit_dataset(which).wait().expect("a dataset");
    let mut review = edit.review.as_deref().cloned().expect("a guess");
    assert_eq!(review.count(Confidence::High), 3);
    assert!(review.pairs[0].reason.contains("_mask"), "{review:?}");
    // The masks of two images are changed for each other.
    let (first, second) = (review.pairs[0].mask.clone(), review.pairs[1].mask.clone());
    review.pairs[0].mask = second.clone();
    review.pairs[1].mask = first;
    let image = review.pairs[0].image.clone();
    let task = desk
        .engine
        .save_edit(edit, ClassMap::default(), None, Some(Arc::new(review)));
    task.wait().expect("saved");
    let open = Dataset::open(&root).expect("a dataset");
    assert_eq!(open.review, None, "nothing is guessed any more");
    let item = open
        .train
        .iter()
        .chain(&open.val)
        .find(|item| item.image == image);
    assert_eq!(item.expect("the image").mask, second);
}
