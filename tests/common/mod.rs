//! A dataset that a tiny network learns in a few steps, and ears for the training loop.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![expect(
    clippy::expect_used,
    reason = "helpers outside #[test] functions; a failure here is a failed test"
)]

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Distribution, Tensor};
use fcn_workbench::dataset::{
    Class, ClassList, Dataset, ImageReading, LabelMap, Rgb, Size, write_index_png, write_rgb_png,
};
use fcn_workbench::model::{Network, Trunk};
use fcn_workbench::training::checkpoint::{RunFolder, RunMeta};
use fcn_workbench::training::{
    DatasetRef, Outcome, RunConfig, StepRecord, TrainEvent, TrainSink, preset,
};
use tempfile::TempDir;

/// Width and height of the images.
pub const SIZE: u32 = 32;

/// Held by every test that trains: the processor has one generator of random numbers for
/// the whole program, and results depend on the order of the draws.
pub fn exclusive() -> MutexGuard<'static, ()> {
    static ORDER: Mutex<()> = Mutex::new(());
    ORDER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder with a dataset in VOC layout: a colored square (class 1 or 2) on gray
/// (class 0), and a row of void.
pub struct TinySet {
    pub dir: TempDir,
    _order: MutexGuard<'static, ()>,
}

impl TinySet {
    pub fn new(train: usize, val: usize) -> Self {
        let set = Self {
            dir: tempfile::tempdir().expect("a folder"),
            _order: exclusive(),
        };
        let root = set.root();
        let lists = root.join("ImageSets/Segmentation");
        for folder in [
            root.join("JPEGImages"),
            root.join("SegmentationClass"),
            lists.clone(),
        ] {
            fs::create_dir_all(folder).expect("a folder");
        }
        fs::write(
            root.join("classes.txt"),
            "ground\nred square\nblue square\n",
        )
        .expect("a list");
        let ids: Vec<String> = (0..train + val).map(|n| format!("image{n}")).collect();
        for (n, id) in ids.iter().enumerate() {
            set.write_pair(id, n as u32);
        }
        fs::write(lists.join("train.txt"), ids[..train].join("\n")).expect("a list");
        fs::write(lists.join("val.txt"), ids[train..].join("\n")).expect("a list");
        set
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("tiny")
    }

    pub fn mask_path(&self, n: usize) -> PathBuf {
        self.root().join(format!("SegmentationClass/image{n}.png"))
    }

    pub fn image_path(&self, n: usize) -> PathBuf {
        self.root().join(format!("JPEGImages/image{n}.png"))
    }

    fn write_pair(&self, id: &str, n: u32) {
        let label = 1 + (n % 2) as u8;
        let color = if label == 1 {
            [220, 40, 30]
        } else {
            [30, 60, 230]
        };
        let (left, top) = (4 + n * 3 % 9, 4 + n * 5 % 9);
        let inside =
            |x: u32, y: u32| (left..left + 16).contains(&x) && (top..top + 16).contains(&y);
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for y in 0..SIZE {
            for x in 0..SIZE {
                pixels.extend(if inside(x, y) { color } else { [120, 120, 120] });
                labels.push(if y == 0 {
                    255
                } else if inside(x, y) {
                    label
                } else {
                    0
                });
            }
        }
        let image = Rgb {
            width: SIZE,
            height: SIZE,
            pixels,
        };
        write_rgb_png(&self.root().join(format!("JPEGImages/{id}.png")), &image).expect("an image");
        self.write_mask(id, labels);
    }

    pub fn write_mask(&self, id: &str, labels: Vec<u8>) {
        let mask = LabelMap {
            width: SIZE,
            height: SIZE,
            labels,
        };
        let class = |n: u8| Class {
            name: format!("class {n}"),
            color: [n * 60, n, 255 - n],
        };
        let classes = ClassList::new((0..3).map(class).collect()).expect("three classes");
        let path = self.root().join(format!("SegmentationClass/{id}.png"));
        write_index_png(&path, &mask, &classes).expect("a mask");
    }

    pub fn open(&self) -> Dataset {
        Dataset::open(&self.root()).expect("a dataset")
    }

    /// A configuration small enough for a test.
    pub fn config(&self) -> RunConfig {
        let mut config = preset(Trunk::Vgg16Slim);
        config.dataset = DatasetRef::Folder(self.root());
        config.augment.crop = Some(Size::new(SIZE, SIZE));
        config.epochs = 1;
        config.batch_size = 2;
        config.preview_images = 1;
        config
    }

    pub fn runs(&self) -> PathBuf {
        self.dir.path().join("runs")
    }

    /// The folder of a run that can be trained.
    pub fn run(&self, edit: impl FnOnce(&mut RunConfig)) -> RunFolder {
        let mut config = self.config();
        edit(&mut config);
        let classes = self.open().classes;
        let meta = RunMeta {
            config,
            classes,
            images: ImageReading::default(),
            dataset_name: "tiny".to_owned(),
            created: 0,
        };
        RunFolder::create(&self.runs(), "run", &meta).expect("a folder")
    }
}

/// Keeps all events; after `act` steps it does what it was told.
#[derive(Default)]
pub struct Recorder {
    pub events: Vec<TrainEvent>,
    pub act: Option<(usize, Box<dyn FnMut() + Send>)>,
    /// Whether nobody looks at live masks.
    pub unwatched: bool,
}

impl Recorder {
    pub fn after(steps: usize, act: impl FnMut() + Send + 'static) -> Self {
        Self {
            act: Some((steps, Box::new(act))),
            ..Self::default()
        }
    }

    pub fn outcome(&self) -> Option<&Outcome> {
        match self.events.last() {
            Some(TrainEvent::Ended(outcome)) => Some(outcome),
            _ => None,
        }
    }

    pub fn steps(&self) -> Vec<&StepRecord> {
        let steps = self.events.iter().filter_map(|event| match event {
            TrainEvent::Step(step) => Some(step),
            _ => None,
        });
        steps.collect()
    }

    pub fn losses(&self) -> Vec<f64> {
        self.steps().iter().map(|step| step.loss).collect()
    }
}

impl TrainSink for Recorder {
    fn wants_previews(&self) -> bool {
        !self.unwatched
    }

    fn send(&mut self, event: TrainEvent) {
        if let (TrainEvent::Step(step), Some((after, act))) = (&event, &mut self.act)
            && step.step == *after
        {
            act();
        }
        self.events.push(event);
    }
}

/// The network with its zero score layers drawn at random, so that logits say something.
pub fn with_random_scores(net: Network) -> Network {
    struct Fill;
    impl ModuleMapper for Fill {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|tensor| {
                let silent = D == 4 && tensor.clone().abs().sum().into_scalar::<f32>() == 0.0;
                if !silent {
                    return tensor;
                }
                Tensor::random(
                    tensor.shape(),
                    Distribution::Normal(0.0, 0.1),
                    &tensor.device(),
                )
            })
        }
    }
    net.map(&mut Fill)
}
