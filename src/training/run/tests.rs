//! What the training thread itself does to the disk.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::dataset::{
    ClassList, Dataset, ImageReading, LabelMap, Rgb, Size, write_index_png, write_rgb_png,
};
use crate::files::{Operation, watched};
use crate::model::Trunk;
use crate::training::checkpoint::{RunFolder, RunMeta};
use crate::training::config::DatasetRef;
use crate::training::control::Control;
use crate::training::event::{Outcome, TrainEvent, TrainSink};
use crate::training::preset;

const SIDE: u32 = 16;

/// Images of one color, in VOC's layout: eight to train on and one to validate on.
fn dataset(root: &Path) -> Dataset {
    let lists = root.join("ImageSets/Segmentation");
    for folder in [
        root.join("JPEGImages"),
        root.join("SegmentationClass"),
        lists.clone(),
    ] {
        fs::create_dir_all(folder).expect("a folder");
    }
    fs::write(root.join("classes.txt"), "one\ntwo\n").expect("a list");
    let pixels = (SIDE * SIDE) as usize;
    for n in 0..9u8 {
        let image = Rgb {
            width: SIDE,
            height: SIDE,
            pixels: vec![20 * n; 3 * pixels],
        };
        let mask = LabelMap {
            width: SIDE,
            height: SIDE,
            labels: vec![n % 2; pixels],
        };
        write_rgb_png(&root.join(format!("JPEGImages/{n}.png")), &image).expect("an image");
        let path = root.join(format!("SegmentationClass/{n}.png"));
        write_index_png(&path, &mask, &ClassList::numbered(2)).expect("a mask");
    }
    fs::write(lists.join("train.txt"), "0\n1\n2\n3\n4\n5\n6\n7").expect("a list");
    fs::write(lists.join("val.txt"), "8").expect("a list");
    Dataset::open(root).expect("a dataset")
}

/// Tells whether steps are being made.
struct Steps {
    running: Arc<AtomicBool>,
    saved: Vec<usize>,
    outcome: Option<Outcome>,
}

impl TrainSink for Steps {
    fn wants_previews(&self) -> bool {
        false
    }

    fn send(&mut self, event: TrainEvent) {
        match event {
            TrainEvent::Step(step) => self.running.store(step.step < 8, Ordering::SeqCst),
            TrainEvent::Saved { step } => self.saved.push(step),
            TrainEvent::Ended(outcome) => self.outcome = Some(outcome),
            _ => {}
        }
    }
}

#[test]
fn a_step_adds_lines_to_the_logs_and_waits_for_no_disk() {
    let dir = tempfile::tempdir().expect("a folder");
    let dataset = dataset(&dir.path().join("tiny"));
    let mut config = preset(Trunk::Vgg16Slim);
    config.dataset = DatasetRef::Folder(dataset.root.clone());
    config.augment.crop = Some(Size::new(SIDE, SIDE));
    (config.batch_size, config.epochs, config.preview_images) = (2, 2, 0);
    // Each step is due for a checkpoint.
    config.checkpoints.steps = Some(1);
    let meta = RunMeta {
        config,
        classes: dataset.classes.clone(),
        images: ImageReading::default(),
        dataset_name: "tiny".to_owned(),
        created: 0,
    };
    let folder = RunFolder::create(&dir.path().join("runs"), "run", &meta).expect("a folder");
    let running = Arc::new(AtomicBool::new(false));
    let done: Rc<RefCell<Vec<String>>> = Rc::default();
    let mut sink = Steps {
        running: Arc::clone(&running),
        saved: Vec::new(),
        outcome: None,
    };
    let noting = Rc::clone(&done);
    // Sees what this thread does, on which the steps are made, and no other.
    let watch = move |operation: Operation<'_>| {
        if running.load(Ordering::SeqCst) {
            let what = match operation {
                Operation::Write(path, _) => {
                    let name = path.file_name().expect("a name");
                    name.to_string_lossy().into_owned()
                }
                other => format!("{other:?}"),
            };
            noting.borrow_mut().push(what);
        }
        Ok(())
    };
    watched(watch, || {
        super::train(&folder, &dataset, &Control::default(), &mut sink);
    });
    assert_eq!(sink.outcome, Some(Outcome::Finished));
    // That of the first epoch, which waits for none before it, and that of the end.
    assert!(
        sink.saved.contains(&8) && sink.saved.len() >= 2,
        "{:?}",
        sink.saved
    );
    // Of steps 2 to 8, and of the epoch between them; creates, syncs, renames and removes nothing.
    let mut done = done.take();
    done.sort();
    let steps = ["steps.jsonl"; 7];
    assert_eq!(done, [&["epochs.jsonl"][..], &steps].concat());
}
