//! An engine with a catalogue of one small dataset, and folders of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fcn_workbench::engine::{
    DatasetRef, DatasetState, Dirs, Engine, EngineOptions, EntryState, Layout, Notice,
    PublicDataset,
};
use tempfile::TempDir;

use crate::catalogue::bench::LIMIT;

/// An engine with one public dataset, and folders of its own.
pub struct Bench {
    pub engine: Engine,
    pub dir: TempDir,
    pub dataset: PublicDataset,
}

fn engine(dir: &Path, dataset: &PublicDataset) -> Engine {
    let options = EngineOptions {
        dirs: Dirs {
            data: dir.join("data"),
            runs: dir.join("runs"),
        },
        waker: Arc::new(|| {}),
        probe_program: None,
        live_masks: false,
    };
    Engine::with_catalogues(options, Vec::new(), vec![dataset.clone()])
}

impl Bench {
    pub fn new(dataset: PublicDataset) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let engine = engine(dir.path(), &dataset);
        let mut bench = Self {
            engine,
            dir,
            dataset,
        };
        bench.settle();
        bench
    }

    pub fn restart(&mut self) {
        self.engine = engine(self.dir.path(), &self.dataset);
        self.settle();
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn downloads(&self, name: &str) -> PathBuf {
        self.data().join("downloads").join(name)
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.downloads(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    pub fn state(&self) -> EntryState {
        self.engine.public_datasets().items()[0].state.clone()
    }

    #[track_caller]
    pub fn until(&mut self, holds: impl Fn(&Engine) -> bool) {
        let since = Instant::now();
        while !holds(&self.engine) {
            assert!(since.elapsed() < LIMIT, "still {:?}", self.state());
            self.engine.wait(Duration::from_millis(20));
        }
    }

    #[track_caller]
    pub fn settle(&mut self) {
        self.until(|engine| {
            let datasets = engine.public_datasets();
            datasets.is_known() && datasets.is_idle()
        });
    }

    #[track_caller]
    pub fn get(&mut self) {
        self.engine.get_dataset("tiny").expect("a start");
        self.settle();
    }

    /// Adds a file of this name with these bytes, which lies somewhere else.
    #[track_caller]
    pub fn add(&mut self, name: &str, bytes: &[u8]) {
        let path = self.dir.path().join(name);
        fs::write(&path, bytes).expect("a file");
        self.engine
            .add_dataset("tiny", vec![path])
            .expect("a start");
        self.settle();
    }

    /// It opens in this layout, and nothing but the dataset is left.
    #[track_caller]
    pub fn assert_opens(&mut self, layout: Layout) {
        let state = self.state();
        let path = state.path().unwrap_or_else(|| panic!("{state:?}"));
        assert!(
            path.starts_with(self.data().join("tiny")),
            "{}",
            path.display()
        );
        self.engine
            .open_dataset(DatasetRef::Folder(path.to_owned()));
        self.until(|engine| !matches!(engine.dataset(), DatasetState::Opening { .. }));
        let DatasetState::Ready(open) = self.engine.dataset() else {
            panic!("{:?}", self.engine.dataset())
        };
        assert_eq!(open.dataset.layout, layout);
        assert_eq!(self.left(), ["tiny"]);
    }

    /// It failed with all of `words`, and nothing was unpacked.
    #[track_caller]
    pub fn assert_failed(&mut self, words: &[&str]) {
        let EntryState::Failed { message } = self.state() else {
            panic!("{:?}", self.state())
        };
        for word in words {
            assert!(message.contains(word), "no {word:?} in: {message}");
        }
        let notices = self.engine.take_notices();
        let is_it = |notice: &&Notice| notice.text == message;
        assert_eq!(notices.iter().filter(is_it).count(), 1, "{notices:?}");
        assert!(
            !self
                .data()
                .join("tiny/.fcn-workbench-dataset.json")
                .exists()
        );
    }

    /// What is in the folder of the data, but for downloads that are empty.
    pub fn left(&self) -> Vec<String> {
        let names = |folder: PathBuf| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut names: Vec<String> = entries
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .filter(|name| name != "downloads" && name != ".tiny.lock")
                .collect();
            names.sort();
            names
        };
        [names(self.data()), names(self.data().join("downloads"))].concat()
    }
}
