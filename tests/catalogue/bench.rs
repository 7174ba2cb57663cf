//! An engine with a catalogue of one small file, and a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fcn_workbench::engine::{
    Dirs, Engine, EngineOptions, EntryState, KnownHash, NoticeLevel, PublicFile, PublicWeights,
};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// Past this something hangs; the slowest takes a small share of it.
pub const LIMIT: Duration = Duration::from_mins(1);

/// The file, 300,000 bytes that do not repeat.
pub fn file() -> &'static [u8] {
    static FILE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    FILE.get_or_init(|| {
        (0..37_500_u64)
            .flat_map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes())
            .collect()
    })
}

pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// The entry of [`file`], at `url`.
pub fn entry(url: impl Into<String>) -> PublicWeights {
    weights("tiny", public_file(url))
}

/// An entry of this file.
pub fn weights(id: &'static str, file: PublicFile) -> PublicWeights {
    PublicWeights {
        id,
        what: "A file for tests",
        file,
        layout: String::new(),
        source: "",
    }
}

/// [`file`], at `url`.
pub fn public_file(url: impl Into<String>) -> PublicFile {
    PublicFile {
        name: "tiny.pth",
        urls: vec![url.into()],
        page: None,
        size: Some(file().len() as u64),
        hash: KnownHash::Sha256(sha256(file())),
    }
}

pub struct Bench {
    pub engine: Engine,
    pub dir: TempDir,
    pub entry: PublicWeights,
}

impl Bench {
    pub fn new(entry: PublicWeights) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let engine = engine(dir.path(), &entry);
        let mut bench = Self { engine, dir, entry };
        bench.settle();
        bench
    }

    /// Closes the program and starts it again.
    pub fn restart(&mut self) {
        self.engine = engine(self.dir.path(), &self.entry);
        self.settle();
    }

    pub fn folder(&self) -> PathBuf {
        self.dir.path().join("runs/pretrained")
    }

    pub fn path(&self) -> PathBuf {
        self.folder().join("tiny.pth")
    }

    pub fn part(&self) -> PathBuf {
        self.folder().join("tiny.pth.part")
    }

    /// Puts `bytes` where a download was broken off.
    pub fn put_part(&self, bytes: &[u8]) {
        fs::create_dir_all(self.folder()).expect("a folder");
        fs::write(self.part(), bytes).expect("a part");
    }

    pub fn state(&self) -> &EntryState {
        &self
            .engine
            .catalogue()
            .find("tiny")
            .expect("the entry")
            .state
    }

    /// Waits until nothing is going on.
    #[track_caller]
    pub fn settle(&mut self) {
        self.until(|engine| engine.catalogue().is_known() && engine.catalogue().is_idle());
    }

    #[track_caller]
    pub fn until(&mut self, holds: impl Fn(&Engine) -> bool) {
        let since = Instant::now();
        while !holds(&self.engine) {
            assert!(
                since.elapsed() < LIMIT,
                "not in time, still {:?}",
                self.state()
            );
            self.engine.wait(Duration::from_millis(20));
        }
    }

    /// Downloads to the end, whatever that is.
    #[track_caller]
    pub fn download(&mut self) {
        self.engine.download_weights("tiny").expect("a start");
        assert!(self.engine.catalogue().is_busy("tiny"));
        self.settle();
    }

    /// Adds a file with these bytes to the end; its path is somewhere else.
    #[track_caller]
    pub fn add(&mut self, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join("mine.bin");
        fs::write(&path, bytes).expect("a file");
        self.engine.add_weights("tiny", &path).expect("a start");
        self.settle();
        path
    }

    /// The file is there, whole and ready, and nothing else is.
    #[track_caller]
    pub fn assert_ready(&self) {
        assert_eq!(self.state(), &EntryState::Ready { path: self.path() });
        assert_eq!(fs::read(self.path()).expect("the file"), file());
        assert_eq!(self.files(), ["tiny.pth", "tiny.pth.json"]);
    }

    /// It failed with a message that has all of `words` in it, and there is no file.
    #[track_caller]
    pub fn assert_failed(&mut self, words: &[&str]) {
        self.assert_refused(words);
        assert!(!self.path().exists());
    }

    /// It failed with a message that has all of `words` in it.
    #[track_caller]
    pub fn assert_refused(&mut self, words: &[&str]) {
        let EntryState::Failed { message } = self.state().clone() else {
            panic!("{:?}", self.state())
        };
        for word in words {
            assert!(message.contains(word), "no {word:?} in: {message}");
        }
        let notices = self.engine.take_notices();
        let told = notices
            .iter()
            .any(|notice| notice.level == NoticeLevel::Error && notice.text == message);
        assert!(told, "{notices:?}");
    }

    /// Names of the files in the folder.
    pub fn files(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder()) else {
            return Vec::new();
        };
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry
                .expect("a folder that can be read")
                .file_name()
                .to_string_lossy()
                .into_owned()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }
}

fn engine(dir: &Path, entry: &PublicWeights) -> Engine {
    let dirs = Dirs {
        data: dir.join("data"),
        runs: dir.join("runs"),
    };
    let options = EngineOptions {
        dirs,
        waker: Arc::new(|| {}),
        probe_program: None,
        live_masks: false,
    };
    Engine::with_catalogues(options, vec![entry.clone()], Vec::new())
}
