//! Public datasets from a web server on this machine, as archives that are made here.

mod archives;
mod dataset_bench;

use std::fs;

use fcn_workbench::engine::{EntryState, KnownHash, Layout, NoticeLevel};

use super::bench::sha256;
use super::server::{Server, length, send, serve, serve_whole, stall};
use archives::{append, archive, camvid_files, dataset, gzip, png, tar_of, voc_files, zip_of};
pub use archives::{voc_archive, voc_dataset};
use dataset_bench::Bench;

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

    // Nothing is read or written through a link out of the archive. Where it stands for data that is an error.
    let linked = |name: &str| {
        let mut tar = tar::Builder::new(Vec::new());
        let name = format!("TrainVal/VOCdevkit/VOC2011/{name}");
        append(&mut tar, &name, tar::EntryType::Symlink, b"");
        for (name, content) in voc_files() {
            append(&mut tar, &name, tar::EntryType::Regular, &content);
        }
        let linked = tar.into_inner().expect("a tar");
        let file = archive("linked.tar", "http://127.0.0.1:9/", &linked);
        let mut bench = Bench::new(dataset(vec![file], &[Layout::Voc]));
        bench.add("linked.tar", &linked);
        let path = bench.data().join("tiny").join(name);
        assert!(path.symlink_metadata().is_err());
        bench
    };
    linked("classes.txt").assert_failed(&["linked.tar", "classes.txt", "/etc/hostname"]);
    linked("tool.sh").assert_opens(Layout::Voc);
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
