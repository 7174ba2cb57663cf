//! Public weights from a web server on this machine, good and bad ones.

mod bench;
mod datasets;
mod local_files;
mod server;
mod window;

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use bench::{Bench, entry, file, public_file, sha256, weights};
use fcn_workbench::engine::{EngineError, EntryState, NoticeLevel, PublicFile};
use server::{Server, content_range, length, send, serve, serve_whole, stall};

const HALF: usize = 150_000;

#[expect(
    clippy::unnecessary_wraps,
    reason = "ranges are compared with what a server was asked, which may be none"
)]
fn range_from(start: usize) -> Option<String> {
    Some(format!("bytes={start}-"))
}

fn set_modified(path: &Path, time: SystemTime) {
    let file = File::options().write(true).open(path).expect("the file");
    file.set_modified(time).expect("a time");
}

#[test]
fn a_file_is_downloaded_checked_and_remembered() {
    let server = Server::good(file());
    let mut bench = Bench::new(entry(server.url()));
    assert_eq!(bench.state(), &EntryState::Missing);
    assert!(
        !bench.folder().exists() && server.ranges().is_empty(),
        "nothing happens without a call"
    );
    bench.download();
    bench.assert_ready();
    assert_eq!(server.ranges(), [None]);
    let notices = bench.engine.take_notices();
    assert!(
        notices
            .iter()
            .any(|notice| notice.level == NoticeLevel::Info),
        "{notices:?}"
    );

    // Ready once more asks nobody.
    bench.download();
    bench.assert_ready();
    assert_eq!(server.ranges().len(), 1);
}

#[test]
fn a_checked_file_is_read_again_only_when_it_changed() {
    let server = Server::good(file());
    let mut bench = Bench::new(entry(server.url()));
    bench.download();
    let modified = fs::metadata(bench.path())
        .and_then(|meta| meta.modified())
        .expect("a time");
    let mut damaged = file().to_vec();
    damaged[1000] ^= 1;
    fs::write(bench.path(), &damaged).expect("a file");
    set_modified(&bench.path(), modified);
    bench.restart();
    // Nobody looked inside, which is what the record is for.
    assert_eq!(bench.state(), &EntryState::Ready { path: bench.path() });
    set_modified(&bench.path(), modified + Duration::from_secs(1));
    bench.restart();
    let EntryState::Failed { message } = bench.state() else {
        panic!("{:?}", bench.state())
    };
    assert!(message.contains(&sha256(&damaged)), "{message}");
    assert!(
        bench.path().exists(),
        "a file that people put there is theirs"
    );
}

#[test]
fn a_download_goes_on_where_it_ended() {
    let server = Server::good(file());
    let mut bench = Bench::new(entry(server.url()));
    bench.put_part(&file()[..100_000]);
    bench.restart();
    assert_eq!(bench.state(), &EntryState::Partial { bytes: 100_000 });
    bench.download();
    bench.assert_ready();
    assert_eq!(server.ranges(), [range_from(100_000)]);
}

#[test]
fn a_server_without_ranges_begins_again() {
    let server = Server::start(|_, stream| serve_whole(file(), stream));
    let mut bench = Bench::new(entry(server.url()));
    bench.put_part(&vec![7; 100_000]);
    bench.download();
    bench.assert_ready();
    assert_eq!(server.ranges(), [range_from(100_000)]);
}

#[test]
fn another_range_than_asked_for_is_not_appended() {
    let server = Server::start(|range, stream| match range {
        Some(_) => {
            let headers = [length(10), content_range(&format!("5-14/{}", file().len()))];
            send(stream, "206 Partial Content", &headers, &file()[5..15]);
        }
        None => serve_whole(file(), stream),
    });
    let mut bench = Bench::new(entry(server.url()));
    bench.put_part(&file()[..HALF]);
    bench.download();
    bench.assert_ready();
    assert_eq!(server.ranges(), [range_from(HALF), None]);

    // A server that never gives what was asked for is not asked for ever.
    let server = Server::start(|_, stream| {
        send(
            stream,
            "206 Partial Content",
            &[length(10), content_range("5-14/*")],
            &file()[5..15],
        );
    });
    let mut bench = Bench::new(entry(server.url()));
    bench.download();
    bench.assert_failed(&["another part", &server.url()]);
}

#[test]
fn a_part_that_is_whole_or_too_long_needs_no_rest() {
    let server = Server::good(file());
    let unsized_file = PublicFile {
        size: None,
        ..public_file(server.url())
    };
    let mut bench = Bench::new(weights("tiny", unsized_file.clone()));
    bench.put_part(file());
    bench.download();
    bench.assert_ready();
    assert_eq!(server.ranges(), [range_from(file().len())]);

    let mut bench = Bench::new(weights("tiny", unsized_file));
    bench.put_part(&vec![7; 300_001]);
    bench.download();
    bench.assert_ready();

    // Where the size is known, the server is not even asked.
    let mut bench = Bench::new(entry("http://127.0.0.1:9/"));
    bench.put_part(file());
    bench.download();
    bench.assert_ready();
}

#[test]
fn a_broken_connection_keeps_what_has_come() {
    let server = Server::start(|range, stream| match range {
        Some(range) => serve(file(), Some(range), stream),
        None => send(stream, "200 OK", &[length(file().len())], &file()[..HALF]),
    });
    for size in [None, Some(file().len() as u64)] {
        let sized = PublicFile {
            size,
            ..public_file(server.url())
        };
        let mut bench = Bench::new(weights("tiny", sized));
        bench.download();
        bench.assert_failed(&[&server.url(), "150000 bytes", "tiny.pth", "again"]);
        assert_eq!(fs::read(bench.part()).expect("the part"), &file()[..HALF]);
        bench.restart();
        assert_eq!(bench.state(), &EntryState::Partial { bytes: HALF as u64 });
        bench.download();
        bench.assert_ready();
        assert_eq!(server.ranges().last(), Some(&range_from(HALF)));
    }
}

#[test]
fn a_wrong_file_is_thrown_away() {
    let server = Server::start(|_, stream| serve_whole(&vec![7; 300_000], stream));
    let mut bench = Bench::new(entry(server.url()));
    bench.download();
    bench.assert_failed(&[
        &sha256(file()),
        &sha256(&vec![7; 300_000]),
        "was deleted",
        "tiny.pth",
    ]);
    assert_eq!(bench.files(), Vec::<String>::new());
}

#[test]
fn a_wrong_start_is_thrown_away_and_downloaded_again() {
    let server = Server::good(file());
    let mut bench = Bench::new(entry(server.url()));
    bench.put_part(&vec![7; HALF]);
    bench.download();
    bench.assert_failed(&["SHA-256", "from its start"]);
    assert_eq!(bench.files(), Vec::<String>::new());
    bench.download();
    bench.assert_ready();
}

#[test]
fn another_size_is_noticed_before_it_comes() {
    let server = Server::start(|_, stream| serve_whole(b"<html>Sign in</html>", stream));
    let mut bench = Bench::new(entry(server.url()));
    bench.put_part(&file()[..HALF]);
    bench.download();
    bench.assert_failed(&[&server.url(), "20 bytes", "300000", "browser"]);
    assert_eq!(
        fs::metadata(bench.part()).expect("the part").len(),
        HALF as u64,
        "it is kept"
    );
}

#[test]
fn answers_other_than_the_file_are_named() {
    for (status, code) in [("404 Not Found", "404"), ("503 Service Unavailable", "503")] {
        let server = Server::start(move |_, stream| send(stream, status, &[length(4)], b"gone"));
        let mut bench = Bench::new(entry(server.url()));
        bench.download();
        bench.assert_failed(&[&server.url(), code, "tiny.pth"]);
        assert_eq!(bench.files(), Vec::<String>::new(), "nothing of it is kept");
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port();
    let url = format!("http://127.0.0.1:{port}/tiny.pth");
    let mut bench = Bench::new(entry(url.clone()));
    bench.download();
    bench.assert_failed(&[&url, "cannot be reached", "network"]);
}

#[test]
fn a_download_can_be_cancelled_and_goes_on_later() {
    let server = Server::start(|range, stream| match range {
        Some(range) => serve(file(), Some(range), stream),
        None => stall(file().len(), &file()[..HALF], stream),
    });
    let mut bench = Bench::new(entry(server.url()));
    bench.engine.download_weights("tiny").expect("a start");
    let part = bench.part();
    bench.until(|engine| {
        let coming = matches!(
            engine.catalogue().items()[0].state,
            EntryState::Downloading {
                total: Some(300_000),
                ..
            }
        );
        coming && fs::metadata(&part).is_ok_and(|meta| meta.len() == HALF as u64)
    });
    // A second one at the same time would write into the same file.
    let second = bench.engine.download_weights("tiny");
    assert!(matches!(
        second,
        Err(EngineError::EntryBusy { label: "tiny.pth" })
    ));
    assert_eq!(server.ranges().len(), 1);

    let since = Instant::now();
    bench.engine.cancel_download("tiny");
    bench.settle();
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "it waited for the server: {:?}",
        since.elapsed()
    );
    assert_eq!(bench.state(), &EntryState::Partial { bytes: HALF as u64 });
    assert!(
        bench.engine.take_notices().is_empty(),
        "a requested stop is no failure"
    );
    bench.download();
    bench.assert_ready();
}

#[test]
fn two_programs_do_not_write_into_one_file() {
    let server = Server::good(file());
    let mut bench = Bench::new(entry(server.url()));
    bench.put_part(&file()[..HALF]);
    let other = File::options()
        .write(true)
        .open(bench.part())
        .expect("the part");
    other.lock().expect("a lock");
    bench.download();
    bench.assert_failed(&["tiny.pth.part", "another download"]);
    assert!(server.ranges().is_empty());
    // Closing it would not do: a program that another test starts has it open too, for a moment.
    other.unlock().expect("unlocked");
    bench.download();
    bench.assert_ready();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named() {
    let server = Server::good(file());
    let mut bench = Bench::new(entry(server.url()));
    fs::create_dir_all(bench.folder()).expect("a folder");
    std::os::unix::fs::symlink("/dev/full", bench.part()).expect("a link");
    bench.download();
    bench.assert_failed(&["tiny.pth.part", "Free some space"]);
}
